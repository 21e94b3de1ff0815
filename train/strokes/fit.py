"""Train the second network on UNIPEN's digits, and on non-digits."""

from collections.abc import Callable

import keras
import numpy as np

from train.samples.training_set import NOT_A_DIGIT
from train.samples.unipen_ink import UnipenInk
from train.strokes.network import build
from train.strokes.paths import features, sample_paths, vary_paths
from train.strokes.samples import make_non_digits, vary_digits

EPOCHS = 60
BATCH_SIZE = 128
LEARNING_RATE = 0.003  # the highest, after a tenth of the steps
WEIGHT_DECAY = 0.002
SMOOTHING = 0.02  # of labels, some of which are wrong
COPIES = 2  # of each digit in an epoch, varied differently
NON_DIGITS_PER_DIGIT = 0.5
NON_DIGIT_STRENGTH = 3.0  # of the variation of paths that are not varied as strokes


def fit(ink: UnipenInk, epochs: int, seed: int, show: Callable[[str], None] = print) -> keras.Model:
    """Train a network on the digits and non-digits of the training writers.

    Args:
        ink: of which that of the training writers is used.
        epochs: number of epochs.
        seed: of everything that is random.
        show: is called with a line after each epoch.
    """
    inks = ink.all_digits("train")
    labels = np.array([int(each.label) for each in inks])
    others = sample_paths(make_non_digits(ink, "train", np.random.default_rng([seed, 1])))
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    network = build()
    num_others = min(len(others), round(NON_DIGITS_PER_DIGIT * COPIES * len(inks)))
    steps = epochs * -(-(COPIES * len(inks) + num_others) // BATCH_SIZE)
    compile_network(network, steps)
    targets = np.concatenate([*[labels] * COPIES, np.full(num_others, NOT_A_DIGIT)])
    for epoch in range(epochs):
        digits = np.concatenate([vary_digits(inks, rng) for _ in range(COPIES)])
        chosen = others[rng.permutation(len(others))[:num_others]]
        paths = np.concatenate(
            [vary_paths(digits, 1, rng), vary_paths(chosen, NON_DIGIT_STRENGTH, rng)]
        )
        history = network.fit(
            features(paths),
            keras.utils.to_categorical(targets, NOT_A_DIGIT + 1),
            batch_size=BATCH_SIZE,
            verbose=0,
        )
        show(f"epoch {epoch + 1} of {epochs}: loss {history.history['loss'][0]:.4f}")
    return network


def compile_network(network: keras.Model, steps: int) -> None:
    """Set loss and optimiser: AdamW, its rate rising, then falling along a cosine."""
    warm_up = steps // 10
    rate = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 100, steps - warm_up, warmup_target=LEARNING_RATE, warmup_steps=warm_up
    )
    network.compile(
        keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY),
        keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING),
    )
