"""Datasets of labelled digits; the rest of training calls `load`, which raises DataError."""

from files.drawings import DataError
from train.data.dataset import Digits, hold_out, validation_split
from train.data.sources import load

__all__ = ["DataError", "Digits", "hold_out", "load", "validation_split"]
