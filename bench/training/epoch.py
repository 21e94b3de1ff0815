"""One epoch of training on so many images: what it takes, as one line of JSON.

    python -m bench.training.epoch quick 240000        as python -m train --quick learns
    python -m bench.training.epoch default 60000       as python -m train learns
    python -m bench.training.epoch example 60000       as Keras' example learns

The images are MNIST's training images, over and over. Reading them, building the network and the
first steps, in which TensorFlow traces, are not in the seconds.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from files.drawings import DataError
from train.quiet import quiet

with quiet():
    import keras
    import numpy as np

    from bench.training import keras_example
    from train import data
    from train.fitting.batches import BatchLoader
    from train.fitting.fit import compile_for_training, logits_model
    from train.fitting.profile import peak_memory
    from train.network.build import build
    from train.network.normalisation import fused_batch_norm
    from train.options import parser as train_parser
    from train.options import settings_of
    from train.samples.training_set import TrainingSet

KINDS = {"quick": ["--quick"], "default": [], "example": None}
TRACED = 4  # steps before the clock starts


def main(arguments: Sequence[str] | None = None) -> int:
    """Train for an epoch and say what it took."""
    options = parser().parse_args(arguments)
    try:
        digits = data.load(options.data)
    except (DataError, OSError) as error:
        print(f"bench.training.epoch: {error}", file=sys.stderr)
        return 1
    chosen = np.arange(options.images) % len(digits.train_labels)
    images, labels = digits.train_images[chosen], digits.train_labels[chosen]
    if options.kind == "example":
        seconds = of_example(images, labels)
    else:
        seconds = of_ours(images, labels, KINDS[options.kind])
    print(json.dumps({"images": options.images, "seconds": seconds, "peak": peak_memory()}))
    return 0


def of_ours(images: np.ndarray, labels: np.ndarray, words: list[str]) -> float:
    """Seconds of an epoch over (n, 28, 28) uint8 digits, with the settings of a command line."""
    settings = replace(settings_of(train_parser().parse_args(words)), epochs=1)
    batches = BatchLoader(TrainingSet(images, labels, num_images=len(images)), settings)
    network = build(settings.arch)
    trainer = logits_model(network)
    compile_for_training(trainer, settings, len(batches))
    with fused_batch_norm(network):
        trainer.fit(batches, steps_per_epoch=TRACED, shuffle=False, verbose=0)
        return timed(trainer, batches, shuffle=False)


def of_example(images: np.ndarray, labels: np.ndarray) -> float:
    """Seconds of an epoch of Keras' example over (n, 28, 28) uint8 digits."""
    model = keras_example.example()
    pictures, truth = keras_example.inputs(images), keras.utils.to_categorical(labels, 10)
    batch = {"batch_size": keras_example.BATCH}
    model.fit(pictures[: TRACED * 128], truth[: TRACED * 128], verbose=0, **batch)
    return timed(model, pictures, truth, **batch)


def timed(model: keras.Model, *what: object, **options: object) -> float:
    """Seconds that `model.fit` takes for an epoch."""
    began = time.perf_counter()
    model.fit(*what, epochs=1, verbose=0, **options)
    return time.perf_counter() - began


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m bench.training.epoch",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    made.add_argument("kind", choices=KINDS, help="who learns")
    made.add_argument("images", type=int, metavar="IMAGES", help="how many images an epoch has")
    made.add_argument("--data", default="mnist", metavar="SOURCE", help="as for python -m train")
    return made


if __name__ == "__main__":
    sys.exit(main())
