"""Choose the TensorFlow.js runtime for a model by the graph operations that it needs.

web/vendor/tfjs.js contains only the operations of the shipped network. COMPLETE contains every
operation of CATALOGUE, so exporting never needs Node.js. export/runtime/build.mjs writes both;
their first lines name the operations.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from files.atomic import write_atomically
from files.node_tools import tool

RUNTIME = Path(__file__).parent / "runtime"
CATALOGUE = RUNTIME / "operations.json"
NAME = "tfjs.js"
COMPLETE = RUNTIME / "complete" / NAME


class ExportError(RuntimeError):
    """A model cannot be exported. The message is one line: reason and remedy."""


def operations_of(model_dir: Path, graph: str = "model.json") -> frozenset[str]:
    """Return the operations of the graph in a file of a folder."""
    document = json.loads((model_dir / graph).read_text())
    return frozenset(node["op"] for node in document["modelTopology"]["node"])


def operations_in(bundle: Path) -> frozenset[str]:
    """Return the operations that a built runtime names in its first lines."""
    found = re.search(r"^ \* Operations: (.+)$", bundle.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(found[1].split()) if found else frozenset()


def check(operations: Iterable[str]) -> None:
    """Raise ExportError for operations that are not in the catalogue."""
    missing = sorted(set(operations) - json.loads(CATALOGUE.read_text()).keys())
    if missing:
        raise ExportError(
            f"the browser's runtime lacks {', '.join(missing)}: add to {CATALOGUE.name} in "
            "export/runtime, then export again"
        )


def runtime_for(operations: frozenset[str], page_runtime: Path) -> Path:
    """Return the page's runtime if it has all operations, else the complete runtime."""
    return page_runtime if operations <= operations_in(page_runtime) else COMPLETE


def run(program: str, *arguments: str) -> str:
    """Run a Node.js program of export/runtime and return its stdout. Raises ExportError."""
    node = tool("node")
    if node is None or not (RUNTIME / "node_modules").is_dir():
        raise ExportError(
            "Node.js or the packages of export/runtime are not installed: install them with "
            "`make runtime`"
        )
    done = subprocess.run(
        [node, str(RUNTIME / program), *arguments], capture_output=True, encoding="utf-8"
    )
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "Error" in line]
        reason = (errors or ["no reason given"])[0].strip()
        raise ExportError(f"the browser's runtime could not be built ({reason})")
    return done.stdout


def fetch_parts() -> None:
    """Install the build's npm packages unless they are up to date, as `make runtime` does.

    Raises ExportError if npm is missing or fails.
    """
    lock, stamp = RUNTIME / "package-lock.json", RUNTIME / "node_modules/.installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    npm = tool("npm")
    if npm is None:
        raise ExportError("there is no npm to install the runtime's packages: install Node.js 20")
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
        reason = next((line for line in lines if len(line.split()) > 3), "no reason given")
        raise ExportError(f"npm could not install the runtime's packages ({reason}): try again")
    stamp.parent.mkdir(exist_ok=True)
    shutil.copy(lock, stamp)


def install(operations: frozenset[str], page_runtime: Path) -> frozenset[str]:
    """Replace the page's runtime by the complete one if it lacks any of the operations.

    The complete runtime also runs the model that the page has now.

    Returns:
        The missing operations.
    """
    missing = operations - operations_in(page_runtime)
    if missing:
        write_atomically(page_runtime, lambda file: file.write(COMPLETE.read_bytes()))
    return missing
