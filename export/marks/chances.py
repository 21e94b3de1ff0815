"""Small networks for what the page measures: is a group a mark, a digit or neither?

One sees all inputs. The other, the gate, sees size and place alone, without the image: the page
asks it first, so that it classifies the images of few groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from train.network.build import MARK_LABELS

DIGIT, NEITHER = len(MARK_LABELS), len(MARK_LABELS) + 1
IMAGE_INPUTS = len(MARK_LABELS) + 3  # the first inputs: marks, anything else, digit, rejection
HIDDEN, EPOCHS = 128, 30
GATE_HIDDEN, GATE_EPOCHS = 16, 12
BATCH_SIZE = 256
LEARNING_RATE = 0.004
WEIGHT_DECAY = 0.002
SMOOTHING = 0.03
NOISE = 0.05  # added to inputs, in their standard deviations


@dataclass(frozen=True)
class Line:
    """A line of writing, as the page measured it.

    `strokes` is their number, `order` their indices from left to right; `groups` hold indices of
    strokes, `middles` (groups,) are theirs. `inputs` (groups, inputs) are those of the network
    here. `best` are the groups' scores as digits, `scores` (groups, 10) as each digit.
    `shape` (groups, 3) are spread, nearness and interruptions. `truth` maps groups to characters
    of the text, joined digits left out; None if nothing is known.
    """

    text: str
    strokes: int
    groups: list[tuple[int, ...]]
    order: list[int]
    inputs: np.ndarray
    scores: np.ndarray
    best: np.ndarray
    shape: np.ndarray
    middles: np.ndarray
    truth: dict[tuple[int, ...], str] | None


@dataclass(frozen=True)
class Network:
    """A network with one hidden layer: weights for standardised inputs."""

    mean: np.ndarray
    deviation: np.ndarray
    layers: list[np.ndarray]

    def of(self, inputs: np.ndarray) -> np.ndarray:
        """Return (n, classes) probabilities."""
        hidden, hidden_bias, last, bias = self.layers
        scaled = (inputs - self.mean) / self.deviation
        logits = np.tanh(scaled @ hidden + hidden_bias) @ last + bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def facts(self) -> dict[str, Any]:
        """Return the weights as the page reads them, for inputs as they are."""
        hidden, hidden_bias, last, bias = self.layers
        kernel = hidden / self.deviation[:, None]
        shift = hidden_bias - self.mean @ kernel
        names = ("hidden", "hidden_bias", "kernel", "bias")
        return {
            name: [rounded(row) for row in each] if each.ndim == 2 else rounded(each)
            for name, each in zip(names, (kernel, shift, last, bias), strict=True)
        }


@dataclass(frozen=True)
class Chances:
    """What tells marks from digits: `network`, and the `gate`."""

    network: Network
    gate: Network

    def of(self, inputs: np.ndarray) -> np.ndarray:
        """Return (n, 13) probabilities: of each mark, a digit, and neither."""
        return self.network.of(inputs)

    def facts(self) -> dict[str, Any]:
        """Return the weights as the page reads them."""
        return {**self.network.facts(), "gate": self.gate.facts()}


def rounded(values: np.ndarray) -> list[float]:
    """Round to three significant digits."""
    return [float(f"{value:.3g}") for value in values]


def class_of(label: str | None) -> int:
    """Return the class of a group: of a mark or a digit, or of no symbol at all."""
    if label is None:
        return NEITHER
    return DIGIT if label.isdigit() else MARK_LABELS.index(label)


def fit_chances(lines: Sequence[Line], weights: Sequence[float], seed: int) -> Chances:
    """Fit the network to all groups of lines whose symbols are known.

    Args:
        lines: of writing.
        weights: of each line.
        seed: of initial weights, noise and order.
    """
    known = [
        (line, weight)
        for line, weight in zip(lines, weights, strict=True)
        if line.truth is not None
    ]
    inputs = np.concatenate([line.inputs for line, _ in known])
    classes = np.array(
        [class_of(line.truth.get(each)) for line, _ in known for each in line.groups]
    )
    sample_weights = np.repeat([w for _, w in known], [len(line.groups) for line, _ in known])
    marks = (classes < DIGIT).astype(int)
    return Chances(
        fit_network(inputs, classes, sample_weights, HIDDEN, EPOCHS, seed, NEITHER + 1),
        fit_network(
            inputs[:, IMAGE_INPUTS:], marks, sample_weights, GATE_HIDDEN, GATE_EPOCHS, seed
        ),
    )


def fit_network(
    inputs: np.ndarray,
    classes: np.ndarray,
    sample_weights: np.ndarray,
    hidden: int,
    epochs: int,
    seed: int,
    count: int = 2,
) -> Network:
    """Fit a network with one hidden layer to `count` classes."""
    import keras

    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 1e-2
    keras.utils.set_random_seed(seed)
    given = keras.Input(inputs.shape[1:])
    x = keras.layers.GaussianNoise(NOISE, seed=seed)(given)
    x = keras.layers.Dense(hidden, activation="tanh")(x)
    network = keras.Model(given, keras.layers.Dense(count, activation="softmax")(x))
    steps = epochs * -(-len(inputs) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    network.compile(
        keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY),
        keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING),
    )
    network.fit(
        (inputs - mean) / deviation,
        keras.utils.to_categorical(classes, count),
        BATCH_SIZE,
        epochs,
        verbose=0,
        sample_weight=sample_weights,
    )
    return Network(mean, deviation, network.get_weights())
