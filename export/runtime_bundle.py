"""The page's TensorFlow.js: which graph operations a build holds, and the complete build.

web/vendor/tfjs.js holds what the page's own network needs and no more. COMPLETE holds every
operation of CATALOGUE, so that any network that can be exported at all is exported without
Node.js. export/runtime/build.mjs writes both; their first lines name the operations.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from files.atomic import write_atomically

RUNTIME = Path(__file__).parent / "runtime"
CATALOGUE = RUNTIME / "operations.json"
NAME = "tfjs.js"
COMPLETE = RUNTIME / "complete" / NAME


class ExportError(RuntimeError):
    """A model that cannot be exported: one line that says what is wrong and what to do."""


def operations_of(model_dir: Path) -> frozenset[str]:
    """Return the kinds of nodes in a folder's model.json."""
    document = json.loads((model_dir / "model.json").read_text())
    return frozenset(node["op"] for node in document["modelTopology"]["node"])


def operations_in(bundle: Path) -> frozenset[str]:
    """Return the operations that a built runtime names in its first lines."""
    found = re.search(r"^ \* Operations: (.+)$", bundle.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(found[1].split()) if found else frozenset()


def check(operations: Iterable[str]) -> None:
    """Raise ExportError for operations that build.mjs does not know how to carry out."""
    lacking = sorted(set(operations) - json.loads(CATALOGUE.read_text()).keys())
    if lacking:
        raise ExportError(
            f"the browser's runtime lacks {', '.join(lacking)}: add to {CATALOGUE.name} in "
            "export/runtime, then export again"
        )


def runtime_for(operations: frozenset[str], page_runtime: Path) -> Path:
    """Return a runtime that carries the operations out: the page's own, or the complete one."""
    return page_runtime if operations <= operations_in(page_runtime) else COMPLETE


def run(program: str, *arguments: str) -> str:
    """Run a program of export/runtime, which builds for the browser; return what it wrote."""
    node = tool("node")
    if node is None or not (RUNTIME / "node_modules").is_dir():
        raise ExportError(
            "what is built for the browser here takes packages that are not installed: get them "
            "with `make runtime`"
        )
    done = subprocess.run(
        [node, str(RUNTIME / program), *arguments], capture_output=True, encoding="utf-8"
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "Error" in line] or ["no reason given"]
        raise ExportError(f"the browser's runtime could not be built ({said[0].strip()})")
    return done.stdout


def tool(name: str) -> str | None:
    """Return where Node.js' `node` or `npm` is: the Python packages' own, else an installed one."""
    return shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)


def fetch_parts() -> None:
    """Fetch what runtimes are built from, as `make runtime` does; nothing where it is there."""
    lock, stamp = RUNTIME / "package-lock.json", RUNTIME / "node_modules/.installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    npm = tool("npm")
    if npm is None:
        raise ExportError("there is no npm to fetch the runtime's parts with: install Node.js 20")
    # npm's packages look for `node` on the PATH.
    path = os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [npm, "ci", "--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(RUNTIME)],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    if done.returncode != 0:
        lines = [line.removeprefix("npm error ") for line in done.stderr.splitlines()]
        said = [line for line in lines if len(line.split()) > 3] or ["no reason given"]
        raise ExportError(f"npm could not fetch the runtime's parts ({said[0]}): try again")
    stamp.parent.mkdir(exist_ok=True)
    shutil.copy(lock, stamp)


def install(operations: frozenset[str], page_runtime: Path) -> frozenset[str]:
    """Replace the page's runtime by the complete one if it lacks any of the operations.

    Returns:
        The operations that it lacked. The complete runtime also runs the model that was there.
    """
    lacking = operations - operations_in(page_runtime)
    if lacking:
        write_atomically(page_runtime, lambda file: file.write(COMPLETE.read_bytes()))
    return lacking
