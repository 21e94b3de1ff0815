"""Run long randomised tests: `make soak`.

    python -m tests.soak                       all parts
    python -m tests.soak properties monkey     some of them
    python -m tests.soak monkey --minutes 2 --seed 7

Writes the results to tests/soak/last-run.md. After a failure the exit status is 1, and the report
has the command that repeats it.
"""

import argparse
import importlib
import os
import platform
import secrets
import subprocess
import sys
import time
import traceback
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAST = Path(__file__).with_name("last-run.md")
PARTS = {"http": "requests", "properties": "cases", "monkey": "minutes"}  # option for the amount
REQUESTS = 10_000
CASES = 5_000  # per reader
MINUTES = 10


def main(arguments: list[str] | None = None) -> int:
    """Run the named parts, all by default; return the exit status."""
    options = read_options(arguments)
    names = list(dict.fromkeys(options.names)) or list(PARTS)
    sections, failed = [], []
    for name in names:
        print(f"{name}: seed {options.seed}", flush=True)
        began = time.monotonic()
        amount = getattr(options, PARTS[name])
        lines = run(name, amount, options.seed)
        if lines is None:
            failed.append(name)
            command = f"python -m tests.soak {name} --{PARTS[name]} {amount} --seed {options.seed}"
            lines = [f"FAILED: repeat with `{command}`"]
        print(*lines, sep="\n", flush=True)
        seconds = time.monotonic() - began
        sections.append("\n".join([f"## {name}, {seconds:.0f} s", "", *(f"- {x}" for x in lines)]))
    verdict = f"{' and '.join(failed)} failed" if failed else "no failure"
    LAST.write_text("\n\n".join([heading(options.seed, verdict), *sections]) + "\n")
    print(f"{verdict}; wrote {LAST.relative_to(ROOT)}")
    return 1 if failed else 0


def run(name: str, amount: float, seed: int) -> list[str] | None:
    """Return the report of a part; print the exception and return None if it fails."""
    try:
        return importlib.import_module(f"tests.soak.{name}").run(amount, seed)
    except Exception:
        traceback.print_exc()
        return None


def heading(seed: int, verdict: str) -> str:
    """Return title, date, commit, machine and seed."""
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(command, capture_output=True, text=True).stdout.strip() or "unknown"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    python = f"Python {platform.python_version()}"
    return (
        f"# The last `make soak`: {verdict}\n\n"
        f"{date.today()}, commit {commit}, {machine}, {python}, seed {seed}."
    )


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    made = argparse.ArgumentParser(
        "python -m tests.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("names", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    made.add_argument("--requests", type=int, default=REQUESTS, help="clients (%(default)s)")
    made.add_argument("--cases", type=int, default=CASES, help="inputs per reader (%(default)s)")
    made.add_argument("--minutes", type=float, default=MINUTES, help="of the monkey (%(default)s)")
    made.add_argument(
        "--seed", type=int, default=secrets.randbelow(10**6), help="another one in each run"
    )
    options = made.parse_args(arguments)
    if unknown := [name for name in options.names if name not in PARTS]:
        made.error(f"unknown part {unknown[0]}: choose from {', '.join(PARTS)}")
    if min(options.requests, options.cases, options.minutes) <= 0:
        made.error("--requests, --cases and --minutes must be above 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
