"""Print statistics of a category of UNIPEN: `python -m train.data.unipen PATH`."""

import argparse
import sys

from train.data.unipen.characters import UnipenError, clean, read, summary
from train.data.unipen.files import CATEGORIES


def main() -> None:
    """Print statistics of a category: segments, splits, labels, and drops by reason."""
    parser = argparse.ArgumentParser(prog="python -m train.data.unipen", description=main.__doc__)
    parser.add_argument("path", help="the archive (.tar.xz) or its directory")
    parser.add_argument("--category", choices=CATEGORIES, default="1a", help="default: 1a, digits")
    options = parser.parse_args()
    try:
        inks = list(read(options.path, options.category))
    except UnipenError as error:
        sys.exit(f"train.data.unipen: {error}")
    print(f"segments: {len(inks)}")
    print(summary(*clean(inks)))


if __name__ == "__main__":
    main()
