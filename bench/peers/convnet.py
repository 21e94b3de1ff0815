"""The peers' network: that of Keras' example (`bench.training.keras_example`), float32.

Its weights come from a minute's copies of the fixtures' ink, because
neither its speed nor its size depends on what they say. Converted for each of the peers, and kept.
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
    """The peers cannot be had: one line that says why."""


def built() -> Path:
    """The folder with the peers' network in each format, made if it is not there.

    Raises PeerError, ExportError.
    """
    if not (PEERS / "node_modules/.installed").is_file():
        raise PeerError("the peers' packages are not installed: run `make peers`")
    key = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:12]
    folder = BUILT / f"convnet-{key}"
    if folder.is_dir():
        return folder
    BUILT.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="aside-", dir=BUILT))
    try:
        write(aside)
        aside.rename(folder)
    except OSError:  # another process was quicker
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def write(folder: Path) -> None:
    """Train the convnet and write it for each of the peers."""
    network = trained()
    with tempfile.TemporaryDirectory(prefix="digitpad-") as saved:
        network.export(saved, verbose=False)
        run_converter(Path(saved), folder / "convnet", [])
    (folder / "convnet.onnx").write_bytes(onnx.encode(network.get_weights()))
    (folder / "convnet.tflite").write_bytes(flat(network))


def trained() -> "keras.Model":
    """The example's network, as well taught as it takes to read copies of the fixtures."""
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


def flat(network: "keras.Model") -> bytes:
    """The network as a .tflite file, for one field at a time."""
    with tempfile.TemporaryDirectory(prefix="digitpad-") as saved, quiet():
        import tensorflow as tf

        one = tf.TensorSpec((1, 28, 28, 1), name="image")
        network.export(saved, verbose=False, input_signature=[one])
        return tf.lite.TFLiteConverter.from_saved_model(saved).convert()
