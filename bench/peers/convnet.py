"""Build the peers' network: that of Keras' example (`bench.training.keras_example`), float32.

It is trained for a minute on varied copies of the fixtures, because neither speed nor size depends
on the weights. It is converted for each of the peers, and the result is cached.
"""

import hashlib
import random
import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.peers import drawings, onnx
from export.convert import import_keras, run_converter
from train.ink import render
from train.quiet import quiet

if TYPE_CHECKING:
    import keras

PEERS = Path(__file__).parent / "js"
BUILT = PEERS / "built"
SEED = 0
COPIES, EPOCHS, BATCH = 2500, 4, 50
SOURCES = (
    *(Path(__file__), Path(__file__).parents[1] / "training" / "keras_example.py"),
    *(Path(onnx.__file__), drawings.FIXTURE),
)


class PeerError(RuntimeError):
    """The peers are not available. The message is one line: reason and remedy."""


def built() -> Path:
    """Return the folder with the peers' network in each format; build it unless it is cached.

    Raises PeerError or ExportError.
    """
    if not (PEERS / "node_modules/.installed").is_file():
        raise PeerError("the peers' packages are not installed: run `make peers`")
    key = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:12]
    folder = BUILT / f"convnet-{key}"
    if folder.is_dir():
        return folder
    BUILT.mkdir(exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="staging-", dir=BUILT))
    try:
        write(staging)
        staging.rename(folder)
    except OSError:  # another process was faster
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def write(folder: Path) -> None:
    """Train the convnet and write it in each format."""
    network = trained()
    with tempfile.TemporaryDirectory(prefix="digitpad-") as saved:
        network.export(saved, verbose=False)
        run_converter(Path(saved), folder / "convnet", [])
    (folder / "convnet.onnx").write_bytes(onnx.encode(network.get_weights()))
    (folder / "convnet.tflite").write_bytes(to_tflite(network))


def trained() -> "keras.Model":
    """Train the example's network until it reads varied copies of the fixtures."""
    keras = import_keras()
    from bench.training.keras_example import example

    keras.utils.set_random_seed(SEED)
    network = example()
    network.compile(loss="sparse_categorical_crossentropy", optimizer="adam", jit_compile=False)
    copies = list(islice(drawings.digits(random.Random(SEED)), COPIES))
    images = np.stack([render(strokes) for _, strokes in copies]).reshape(-1, 28, 28, 1)
    labels = np.array([int(label) for label, _ in copies])
    network.fit(images, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return network


def to_tflite(network: "keras.Model") -> bytes:
    """Convert the network to a .tflite file with a batch size of 1."""
    with tempfile.TemporaryDirectory(prefix="digitpad-") as saved, quiet():
        import tensorflow as tf

        one = tf.TensorSpec((1, 28, 28, 1), name="image")
        network.export(saved, verbose=False, input_signature=[one])
        return tf.lite.TFLiteConverter.from_saved_model(saved).convert()
