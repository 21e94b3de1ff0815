"""Where labelled digits come from: `load` is all that the rest of training calls."""

from train.data.dataset import Digits, hold_out, validation_split
from train.data.sources import load

__all__ = ["Digits", "hold_out", "load", "validation_split"]
