"""Build the npm package: `python -m hosting.package`, or `make package`."""

import argparse
import sys
from pathlib import Path

from files.atomic import describe_fault
from hosting.package.build import PackageError, build


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    out = parser().parse_args(arguments).out
    try:
        tarball = build(out)
    except PackageError as error:
        sys.exit(f"digitpad: {error}")
    except OSError as error:
        sys.exit(f"digitpad: {describe_fault(error, out)}")
    print(f"wrote {tarball} ({tarball.stat().st_size / 1e3:.0f} kB)")
    print(f"install it in a project with `npm install {tarball}` (see docs/embedding.md)")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m hosting.package",
        description="Build the npm package digitpad from web/.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        help="folder to write the tarball to (default: the current one)",
    )
    return parser


if __name__ == "__main__":
    main()
