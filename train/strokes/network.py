"""Build the second network: convolutions along the path, with the layers of the first network."""

import keras
from keras import layers

from train.network.build import CLASSES
from train.strokes.paths import CHANNELS, POINTS

# Filters, length of the kernel and stride of each convolution.
CONVOLUTIONS = ((16, 5, 1), (20, 5, 2), (24, 3, 1), (28, 3, 2), (32, 3, 1))
HIDDEN = 32
DROPOUT = 0.1
NAME = "strokes"
MOMENTUM = 0.95  # of batch normalisation: an epoch has only a few hundred steps


def build() -> keras.Model:
    """Build a network of (batch, POINTS, 1, CHANNELS) paths, see `train.strokes.paths.features`.

    Its output is (batch, 11): the probabilities of the ten digits, and of a non-digit.
    """
    path = keras.Input((POINTS, 1, CHANNELS), name="path")
    hidden = path
    for number, (filters, length, stride) in enumerate(CONVOLUTIONS, 1):
        hidden = layers.Conv2D(
            filters, (length, 1), (stride, 1), padding="same", use_bias=False, name=f"conv{number}"
        )(hidden)
        hidden = activate(hidden, f"conv{number}")
    hidden = layers.SpatialDropout2D(DROPOUT, name="drop_channels")(hidden)
    # One weight for each place and channel, for a sixteenth of a dense layer's weights.
    places = hidden.shape[1]
    hidden = layers.DepthwiseConv2D((places, 1), use_bias=False, name="place")(hidden)
    hidden = layers.Flatten(name="flatten")(activate(hidden, "place"))
    hidden = layers.Dropout(DROPOUT, name="drop")(hidden)
    hidden = layers.Dense(HIDDEN, activation="relu", name="hidden")(hidden)
    logits = layers.Dense(CLASSES + 1, name="logits")(hidden)
    return keras.Model(path, layers.Softmax(name="classes")(logits), name=NAME)


def activate(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Normalise over the batch, then rectify."""
    normalised = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(tensor)
    return layers.ReLU(name=f"{name}_relu")(normalised)
