"""Where labelled pictures of digits come from: `load` is all that the rest of training calls."""

from train import mnist
from train.digits import DataError, Digits, validation_split

__all__ = ["DataError", "Digits", "load", "validation_split"]


def load(source: str = "mnist", seed: int = 0) -> Digits:
    """The digits that `--data` names."""
    if source == "mnist":
        return mnist.load()
    raise DataError(f"--data {source}: not known")
