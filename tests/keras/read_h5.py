"""Load an HDF5 network and compare its probabilities with the expected ones.

    python read_h5.py NETWORK.h5 EXPECTED.npz

Runs in an environment that has Keras and NumPy alone, with Python 3.8 or newer. Prints a line of
JSON: versions of Python and packages, the backend, the largest difference of a probability.
"""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import numpy as np

PACKAGES = ("tensorflow", "tensorflow-cpu", "tf-keras", "keras", "jax", "torch", "numpy", "h5py")


def main(network: str, expected: str) -> None:
    """Load the network as the documentation does, predict the images, and print the facts."""
    try:
        from tensorflow.keras.models import load_model
    except ImportError:  # without TensorFlow
        from keras.models import load_model

    arrays = np.load(expected)
    model = load_model(network)
    probabilities = model.predict(arrays["images"], verbose=0)
    if probabilities.shape != arrays["probabilities"].shape:
        sys.exit(f"the probabilities have the shape {probabilities.shape}")
    difference = float(np.abs(probabilities - arrays["probabilities"]).max())
    facts = {"python": platform.python_version(), "packages": versions(), "backend": backend(model)}
    print(json.dumps({**facts, "difference": difference}))


def versions():
    """Return the version of each package that is installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def backend(model):
    """Return the backend of Keras 3; Keras 2 has TensorFlow alone."""
    # keras.src of Keras 3; keras.engine, keras.src.engine or tf_keras of Keras 2.
    if type(model).__module__ != "keras.src.models.functional":
        return "tensorflow (Keras 2)"
    import keras

    return keras.backend.backend()


if __name__ == "__main__":
    main(*sys.argv[1:])
