"""Train Keras' MNIST example as published, on this project's training and validation split.

    python -m bench.training.keras_example [--seed N] [--epochs N] [--data SOURCE]

https://keras.io/examples/vision/mnist_convnet/ by F. Chollet: its layers, loss, optimizer, batch
size and epochs, validated after each epoch. Seed, source and split are those of
`train.samples.prepare`, so that both are validated on the same digits.
"""

import argparse
import sys
from collections.abc import Sequence

from files.drawings import DataError
from train.quiet import quiet

with quiet():
    import keras
    import numpy as np
    from keras import layers

    from train import data
    from train.samples.prepare import SPLIT_SEED

EPOCHS = 15
BATCH_SIZE = 128
CLASSES = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as published; Keras prints a line per epoch. Return the exit status."""
    options = parser().parse_args(arguments)
    try:
        digits = data.load(options.data)
    except (DataError, OSError) as error:
        print(f"bench.training.keras_example: {error}", file=sys.stderr)
        return 1
    keras.utils.set_random_seed(options.seed)
    count = min(5000, len(digits.train_labels) // 6)  # as in `train.samples.prepare`
    train, validation = data.validation_split(digits.train_labels, SPLIT_SEED, count)
    images, labels = inputs(digits.train_images), keras.utils.to_categorical(digits.train_labels)
    model = example()
    model.fit(
        images[train],
        labels[train],
        batch_size=BATCH_SIZE,
        epochs=options.epochs,
        validation_data=(images[validation], labels[validation]),
        verbose=2,
    )
    return 0


def inputs(images: np.ndarray) -> np.ndarray:
    """Convert (n, 28, 28) uint8 to (n, 28, 28, 1) float32 in [0, 1], as the example does."""
    return np.expand_dims(images.astype("float32") / 255, -1)


def example() -> keras.Model:
    """Return the example's network, compiled as there, with 34,826 parameters."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m bench.training.keras_example",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    made.add_argument(
        "--seed", type=int, default=0, metavar="N", help="random seed (default: %(default)s)"
    )
    made.add_argument(
        "--epochs", type=int, default=EPOCHS, metavar="N", help="(default: %(default)s)"
    )
    made.add_argument("--data", default="mnist", metavar="SOURCE", help="as for python -m train")
    return made


if __name__ == "__main__":
    sys.exit(main())
