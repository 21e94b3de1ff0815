"""Build the site for static hosts: `python -m hosting`, or `make site BASE=/digitpad/`."""

import argparse
import sys
from pathlib import Path

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
        sys.exit(f"digitpad: another build is writing beside {out}: wait for it")
    except OSError as error:
        where = error.filename or out
        sys.exit(f"digitpad: {where}: {error.strerror}: choose another --out, or make room there")
    print(f"wrote {out}/: {built.files} files, {built.size / 1e6:.1f} MB with compressed variants")
    print(f"{out}/{built.folder}/ can be cached for ever; it changes its name when it changes")
    for name in built.kept:
        print(f"{out}/{name}/ stays for tabs that were opened before")
    print(f"publish {out}/, all of it, at {options.base}: see README.md, Host it")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m hosting",
        description="Build the site for static hosts out of web/.",
        allow_abbrev=False,
    )
    made.add_argument(
        "--base",
        default="/",
        help="where the site will live on its host, as /digitpad/ (default: %(default)s)",
    )
    made.add_argument(
        "--out",
        type=Path,
        default=Path("dist"),
        help="folder to write; what it held of an earlier build is replaced (default: %(default)s)",
    )
    return made


if __name__ == "__main__":
    main()
