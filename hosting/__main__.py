"""Build the site for static hosts: `python -m hosting`, or `make site BASE=/digitpad/`."""

import argparse
import sys
from pathlib import Path

from files.atomic import describe_fault
from hosting.build.dist import build
from hosting.build.relink import SiteError

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    out = options.out
    try:
        built = build(ROOT / "web", out, options.base)
    except SiteError as error:
        sys.exit(f"digitpad: {error}")
    except BlockingIOError:
        sys.exit(f"digitpad: another build is writing {out}. Wait until it has finished.")
    except OSError as error:
        sys.exit(f"digitpad: {describe_fault(error, out)}")
    print(f"wrote {out}/: {built.files} files, {built.size / 1e6:.1f} MB with compressed variants")
    print(f"{out}/{built.folder}/ can be cached forever: its name changes with its content")
    for name in built.kept:
        print(f"{out}/{name}/ is kept for tabs that are still open")
    print(f"publish {out}/, all of it, at {options.base} (see docs/hosting.md)")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m hosting",
        description="Build the site for static hosts from web/.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--base",
        default="/",
        help="path of the site on its host, for example /digitpad/ (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("dist"),
        help="folder to write; an earlier build in it is replaced (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    main()
