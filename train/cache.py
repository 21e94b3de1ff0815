"""Files kept between runs, and how a good file is replaced by a better one."""

import contextlib
import fcntl
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

HOUR = 3600  # seconds; a file still being written is younger than this


def folder() -> Path:
    """The folder for fetched and rendered data: `DIGITPAD_CACHE`, or `~/.cache/digitpad`."""
    named = os.environ.get("DIGITPAD_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "digitpad"


def replace(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Give `path` new contents at once: `write(file)` fills a file beside it, which is swapped in.

    A reader, or whoever comes after a kill or a power cut, finds the old file whole or the new one
    whole. Raises what `write` raises, and OSError; `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with open(aside, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def require_room(folder: Path, size: int) -> None:
    """Raise OSError, one line, unless `size` more bytes can be written into `folder`.

    For libraries that a full disk takes by surprise: HDF5 brings the interpreter down with it.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        wanted = f"{size / 1e6:.1f} MB are wanted in {folder}"
        raise OSError(f"{wanted} ({error.strerror}): make room there") from error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder, which the system lets go of however the process ends.

    Raises BlockingIOError where another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _sweep(path: Path) -> None:
    """Remove what killed writers of `path` left behind."""
    for aside in path.parent.glob(f"{path.name}.*.partial"):
        with contextlib.suppress(OSError):
            if time.time() - aside.stat().st_mtime > HOUR:
                aside.unlink()
