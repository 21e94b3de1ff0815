"""Fit the head that tells marks apart, on the features of a trained network.

It sees the image of a symbol alone, in the same box as a digit's: a dot and a bracket are told
apart by the page, which knows the line that they stand on (`web/marks/reader.js`).
"""

from collections.abc import Sequence

import keras
import numpy as np

from train.data.unipen.characters import Ink
from train.network.build import MARK_LABELS, MARKS
from train.samples.training_set import as_pixels, inputs
from train.samples.unipen_ink import UnipenInk

EPOCHS = 30
BATCH_SIZE = 256
LEARNING_RATE = 0.003
WEIGHT_DECAY = 0.001
WEIGHT_OF_MARKS = 4.0  # else a slash is a 1, and a dot a letter without its stem
SHARE_OF_LETTERS = 0.1  # there are many more of them than of marks

OTHER = len(MARK_LABELS)


def labelled(ink: UnipenInk, split: str, seed: int) -> tuple[list[Ink], np.ndarray]:
    """Return characters of a split and their classes: marks, digits, letters and other symbols."""
    symbols = ink.non_digits["symbols"][split]
    letters = ink.non_digits["letters"][split]
    chosen = np.random.default_rng(seed).random(len(letters)) < SHARE_OF_LETTERS
    inks = [
        *symbols,
        *ink.all_digits(split),
        *(each for each, taken in zip(letters, chosen, strict=True) if taken),
    ]
    classes = [MARK_LABELS.index(i.label) if i.label in MARK_LABELS else OTHER for i in inks]
    return inks, np.array(classes)


def features(network: keras.Model, inks: Sequence[Ink]) -> np.ndarray:
    """Return the (n, features) that the last layers of a network take."""
    trunk = keras.Model(network.input, network.get_layer("features").output)
    images = inputs(as_pixels([each.strokes for each in inks]))
    return trunk.predict(images, batch_size=500, verbose=0)


def fit_head(network: keras.Model, ink: UnipenInk, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit a multinomial logistic regression to the characters of the training writers.

    Returns its (features, 12) kernel and (12,) bias.
    """
    inks, classes = labelled(ink, "train", seed)
    values = features(network, inks)
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-3
    keras.utils.set_random_seed(seed)
    given = keras.Input(values.shape[1:])
    head = keras.Model(given, keras.layers.Dense(OTHER + 1)(given))
    steps = EPOCHS * -(-len(classes) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    head.compile(
        keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    weights = np.where(classes == OTHER, 1.0, WEIGHT_OF_MARKS)
    scaled = (values - mean) / deviation
    head.fit(scaled, classes, BATCH_SIZE, EPOCHS, verbose=0, sample_weight=weights)
    kernel, bias = head.get_weights()
    kernel = kernel / deviation[:, None]
    return kernel, bias - mean @ kernel


def count_recognised(network: keras.Model, ink: UnipenInk, split: str, seed: int) -> dict:
    """Count by mark how many characters of a split there are, and how many are told right."""
    inks, classes = labelled(ink, split, seed)
    images = inputs(as_pixels([each.strokes for each in inks]))
    right = network.predict(images, batch_size=500, verbose=0)[MARKS].argmax(axis=1) == classes
    return {
        name: {"characters": int(own.sum()), "right": int(right[own].sum())}
        for k, name in enumerate([*MARK_LABELS, "other"])
        for own in [classes == k]
    }
