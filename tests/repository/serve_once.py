"""Start `server.py` in .venv, ask for its health, stop it: the last step of the workflow's serving.

    python -m tests.repository.serve_once

needs no package, so that any Python can run it after `python environment.py serve`.
"""

import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import environment

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Serve once; return 0 if the page and its model are complete."""
    command = [environment.venv_python(), ROOT / "server.py", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = re.search(r"http://\S+", process.stdout.readline())[0]
            with urlopen(f"{address}/healthz", timeout=60) as answer:
                print(f"{address}: {answer.read().decode().strip()}")
            with urlopen(f"{address}/app.js", timeout=60) as answer:
                print(f"app.js: {answer.headers['Content-Type']}")
        finally:
            process.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
