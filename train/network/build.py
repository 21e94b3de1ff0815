"""Build a network: an architecture, a classification head and a rejection head."""

import math

import keras
from keras import layers

from train.ink import SIZE
from train.network.architectures import ARCHITECTURES

CLASSES = 10

JUDGES = 32  # hidden units between the features and "not a digit"


def build(arch: str = "default") -> keras.Model:
    """Build a network: (batch, 28, 28, 1) float32 in [0, 1] to (batch, 10) probabilities.

    Its layer `not_a_digit` gives the (batch, 1) rejection score in [0, 1]; `scorer` returns a model
    of both outputs.

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
    digits = layers.Softmax(name="digits")(logits)
    judges = layers.Dense(JUDGES, activation="relu", name="judges")(features)
    doubt = layers.Dense(1, name="doubt")(judges)
    nothing = layers.Activation("sigmoid", name="not_a_digit")(doubt)
    return keras.Model(image, carry(digits, nothing), name=arch)


def architecture(network: keras.Model) -> str | None:
    """Recognise the architecture of a network by its weights; None if it is none of ours."""
    shapes = [weight.shape for weight in network.weights]
    names = sorted(
        ARCHITECTURES, key=lambda name: name != network.name
    )  # the name is usually right
    return next((name for name in names if [w.shape for w in build(name).weights] == shapes), None)


def carry(digits: keras.KerasTensor, nothing: keras.KerasTensor) -> keras.KerasTensor:
    """The (batch, 10) probabilities, with the (batch, 1) score in their train.

    A saved network keeps only the layers that lead to its output. So that the score is kept, the
    two are joined and the score is cut off again.
    """
    both = layers.Concatenate(name="both")([digits, nothing])
    column = layers.Reshape((CLASSES + 1, 1), name="column")(both)
    return layers.Reshape((CLASSES,), name="probabilities")(
        layers.Cropping1D((0, 1), name="cut")(column)
    )


def knows_digits(network: keras.Model) -> bool:
    """Whether a network says what is no digit; those of others, or of before, need not."""
    return any(layer.name == "not_a_digit" for layer in network.layers)


def scorer(network: keras.Model) -> keras.Model:
    """The same network with two outputs: (batch, 10) probabilities and (batch, 1) "not a digit"."""
    outputs = [network.get_layer(name).output for name in ("digits", "not_a_digit")]
    return keras.Model(network.input, outputs, name=network.name)


def count_macs(model: keras.Model) -> int:
    """Count the MACs per image in convolutions and dense layers, as exported."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D | layers.Dense):
            places = 1 if isinstance(layer, layers.Dense) else math.prod(layer.output.shape[1:3])
            total += places * math.prod(layer.kernel.shape)
    return total
