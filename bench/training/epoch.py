"""Measure one epoch of training on a number of images; print one line of JSON.

    python -m bench.training.epoch quick 240000        as python -m train --quick
    python -m bench.training.epoch default 60000       as python -m train
    python -m bench.training.epoch example 60000       as Keras' example

The images are MNIST's training images, repeated. The seconds exclude reading them, building the
network and the first steps, in which TensorFlow traces.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from files.drawings import DataError
from train.quiet import import_keras, quiet, share_cores

import_keras()  # as `python -m train` does
with quiet():
    import keras
    import numpy as np

    from bench.training import keras_example
    from train import data
    from train.fitting.batches import BatchLoader
    from train.fitting.fit import training_model
    from train.fitting.profile import peak_memory
    from train.network.build import build
    from train.network.normalisation import fused_batch_norm
    from train.options import parser as train_parser
    from train.options import settings_of
    from train.samples.training_set import TrainingSet

KINDS = {"quick": ["--quick"], "default": [], "example": None}
WARM_UP_STEPS = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Train for an epoch and print images, seconds and peak memory; return the exit status."""
    options = parser().parse_args(arguments)
    try:
        digits = data.load(options.data)
    except (DataError, OSError) as error:
        print(f"bench.training.epoch: {error}", file=sys.stderr)
        return 1
    chosen = np.arange(options.images) % len(digits.train_labels)
    images, labels = digits.train_images[chosen], digits.train_labels[chosen]
    if options.kind == "example":
        seconds = time_example(images, labels)
    else:
        seconds = time_ours(images, labels, KINDS[options.kind])
    print(json.dumps({"images": options.images, "seconds": seconds, "peak": peak_memory()}))
    return 0


def time_ours(images: np.ndarray, labels: np.ndarray, arguments: list[str]) -> float:
    """Return the seconds of an epoch of `python -m train ARGUMENTS`.

    `images` are (n, 28, 28) uint8, `labels` (n,).
    """
    share_cores()
    settings = replace(settings_of(train_parser().parse_args(arguments)), epochs=1)
    batches = BatchLoader(TrainingSet(images, labels, num_images=len(images)), settings)
    network = build(settings.arch)
    trainer = training_model(network, settings, len(batches))
    with fused_batch_norm(network):
        trainer.fit(batches, steps_per_epoch=WARM_UP_STEPS, shuffle=False, verbose=0)
        return time_epoch(trainer, batches, shuffle=False)


def time_example(images: np.ndarray, labels: np.ndarray) -> float:
    """Return the seconds of an epoch of Keras' example on (n, 28, 28) uint8 images."""
    model = keras_example.example()
    inputs, one_hot = keras_example.inputs(images), keras.utils.to_categorical(labels, 10)
    batch = {"batch_size": keras_example.BATCH_SIZE}
    warm_up = slice(WARM_UP_STEPS * keras_example.BATCH_SIZE)
    model.fit(inputs[warm_up], one_hot[warm_up], verbose=0, **batch)
    return time_epoch(model, inputs, one_hot, **batch)


def time_epoch(model: keras.Model, *data: object, **options: object) -> float:
    """Return the seconds that `model.fit` takes for an epoch."""
    began = time.perf_counter()
    model.fit(*data, epochs=1, verbose=0, **options)
    return time.perf_counter() - began


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m bench.training.epoch",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    made.add_argument("kind", choices=KINDS, help="what to train")
    made.add_argument("images", type=int, metavar="IMAGES", help="images per epoch")
    made.add_argument("--data", default="mnist", metavar="SOURCE", help="as for python -m train")
    return made


if __name__ == "__main__":
    sys.exit(main())
