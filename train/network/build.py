"""Build a network: an architecture, a classification head and a rejection head."""

import math

import keras
import numpy as np
from keras import layers

from train.ink import SIZE
from train.network.architectures import ARCHITECTURES

CLASSES = 10

REJECT_UNITS = 32  # hidden units of the rejection head
DIGITS, REJECTION = "digits", "not_a_digit"  # the outputs, and the layers that give them
MARKS = "marks"  # an output that a trained network may get, and its layer
MARK_LABELS = ".,-+/:()#%$"  # its classes; the last class after them is everything else


def build(arch: str = "default") -> keras.Model:
    """Build a network of two outputs for (batch, 28, 28, 1) float32 images in [0, 1].

    `digits` are (batch, 10) probabilities, `not_a_digit` is the (batch, 1) rejection score in
    [0, 1].

    Args:
        arch: a name from ARCHITECTURES.

    Raises:
        ValueError: no such architecture.
    """
    if arch not in ARCHITECTURES:
        raise ValueError(f"no architecture '{arch}': choose one of {', '.join(ARCHITECTURES)}")
    image = keras.Input((SIZE, SIZE, 1), name="image")
    features = ARCHITECTURES[arch](image)
    # Separate from the softmax, since calibration scales this layer and the export names it.
    logits = layers.Dense(CLASSES, name="logits")(features)
    hidden = layers.Dense(REJECT_UNITS, activation="relu", name="reject_hidden")(features)
    reject_logit = layers.Dense(1, name="reject_logit")(hidden)
    outputs = {
        DIGITS: layers.Softmax(name=DIGITS)(logits),
        REJECTION: layers.Activation("sigmoid", name=REJECTION)(reject_logit),
    }
    return keras.Model(image, outputs, name=arch)


def with_marks(network: keras.Model, kernel: np.ndarray, bias: np.ndarray) -> keras.Model:
    """Return the network with a further output, `marks`: (batch, 12) probabilities.

    Args:
        network: has the outputs that `build` gives; a head for marks is replaced.
        kernel: (features, 12) weights of the head.
        bias: (12,).
    """
    logits = layers.Dense(len(MARK_LABELS) + 1, name="mark_logits")
    network = without_marks(network)
    marks = layers.Softmax(name=MARKS)(logits(network.get_layer("features").output))
    logits.set_weights([kernel, bias])
    return keras.Model(network.input, network.output | {MARKS: marks}, name=network.name)


def without_marks(network: keras.Model) -> keras.Model:
    """Return the network without the head for marks; the network itself if it has none."""
    if not has_marks(network):
        return network
    outputs = {name: network.output[name] for name in (DIGITS, REJECTION)}
    return keras.Model(network.input, outputs, name=network.name)


def has_marks(network: keras.Model) -> bool:
    """Tell whether a network has the output `marks`."""
    return has_rejection_head(network) and MARKS in network.output


def architecture(network: keras.Model) -> str | None:
    """Recognise the architecture of a network by its weights; None if it is none of ours."""
    shapes = [weight.shape for weight in without_marks(network).weights]
    names = sorted(
        ARCHITECTURES, key=lambda name: name != network.name
    )  # the name is usually right
    return next((name for name in names if [w.shape for w in build(name).weights] == shapes), None)


def has_rejection_head(network: keras.Model) -> bool:
    """Tell whether a network has the output `not_a_digit`; networks made elsewhere need not."""
    return isinstance(network.output, dict)


def classifier(network: keras.Model) -> keras.Model:
    """Return the network with the (batch, 10) probabilities as its only output."""
    if not has_rejection_head(network):
        return network
    return keras.Model(network.input, network.output[DIGITS], name=network.name)


def count_macs(model: keras.Model) -> int:
    """Count the MACs per image in convolutions and dense layers, as exported."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D | layers.Dense):
            places = 1 if isinstance(layer, layers.Dense) else math.prod(layer.output.shape[1:3])
            total += places * math.prod(layer.kernel.shape)
    return total
