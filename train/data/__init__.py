"""Datasets of labelled digits; the rest of training calls `load`."""

from train.data.dataset import Digits, hold_out, validation_split
from train.data.sources import load

__all__ = ["Digits", "hold_out", "load", "validation_split"]
