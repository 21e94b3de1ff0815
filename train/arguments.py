"""Argument types for argparse."""

import argparse
from pathlib import Path

from train.samples.stroke_variations import VARIATIONS


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


def require_network(path: Path) -> None:
    """Raise FileNotFoundError, in one line, if no network is there.

    Importing TensorFlow, to load it, takes seconds: commands ask before.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such model. `make train` writes one.")


def add_unipen(parser: argparse.ArgumentParser, help: str, **settings) -> None:
    """Add `--unipen`, which takes several paths and may be repeated; none is an empty list.

    With `nargs=1` it takes one path each time, for commands that also have positional arguments.
    """
    settings = {"nargs": "+", "metavar": "PATH", "default": []} | settings
    parser.add_argument("--unipen", action="extend", help=help, **settings)


def add_stroke_variations(parser: argparse.ArgumentParser) -> None:
    """Add `--stroke-variations`, by default None; the value is as in `Settings`."""
    parser.add_argument(
        "--stroke-variations",
        type=stroke_variations,
        metavar="NAMES",
        help=f"how drawings to train on are varied as strokes: some of {', '.join(VARIATIONS)},\n"
        "separated by commas, or all, or none (default: none)",
    )


def stroke_variations(text: str) -> str:
    """Parse comma-separated names of variations, `all` or `none`; return them with spaces."""
    names = {"none": [], "all": list(VARIATIONS)}.get(text, text.split(","))
    if unknown := [name for name in names if name not in VARIATIONS]:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is none of {', '.join(VARIATIONS)}; give names, all or none"
        )
    return " ".join(name for name in VARIATIONS if name in names)
