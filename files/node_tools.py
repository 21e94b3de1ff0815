"""Find Node.js and npm."""

import shutil
import sys
from pathlib import Path


def tool(name: str) -> str | None:
    """Return the path of `node` or `npm`: that of the Python package, else an installed one."""
    return shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
