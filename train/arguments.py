"""Argument types for argparse."""

import argparse


def positive(text: str) -> int:
    """Parse an integer of 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def seed(text: str) -> int:
    """Parse a seed that both NumPy and Keras accept: 0 to 2**32 - 1."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"must be from 0 to {2**32 - 1}, not {number}")
    return number


def rate(text: str) -> float:
    """Parse a number above 0 and below 1."""
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and below 1, not {number:g}")
    return number


def add_unipen(parser: argparse.ArgumentParser, help: str, **settings) -> None:
    """Add `--unipen`, which takes several paths and may be repeated; none is an empty list.

    With `nargs=1` it takes one path each time, for commands that also have positional arguments.
    """
    settings = {"nargs": "+", "metavar": "PATH", "default": []} | settings
    parser.add_argument("--unipen", action="extend", help=help, **settings)
