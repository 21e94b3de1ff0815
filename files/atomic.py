"""Replace a file or a folder at once: a reader finds the old one or the new one, whole."""

import contextlib
import fcntl
import os
import shutil
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


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes `folder`'s place at the end; after an error, nothing does.

    A run that was killed leaves its folders aside behind; the next one clears them up, and
    brings the old folder back where the swap itself was cut off.

    Raises:
        BlockingIOError: another run is at it.
        OSError: the place cannot be written.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent):
        recover(folder)
        # In the same parent, because a rename does not cross file systems.
        aside = Path(tempfile.mkdtemp(".partial", f".{folder.name}-", folder.parent))
        try:
            yield aside
            aside.chmod(0o755)  # mkdtemp's is for the owner alone; a web server reads this one
            swap(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def swap(aside: Path, folder: Path) -> None:
    """Put `aside` in the place of `folder`, which may be missing."""
    old = old_of(folder)
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Undo what a killed run left beside `folder`."""
    old = old_of(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)
    for left in [old, *folder.parent.glob(f".{folder.name}-*.partial")]:
        shutil.rmtree(left, ignore_errors=True)


def old_of(folder: Path) -> Path:
    """Return where the old folder waits while the new one takes its place."""
    return folder.with_name(f".{folder.name}.old.partial")
