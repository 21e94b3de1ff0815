"""Atomic writes: a reader finds the old file or folder or the new one, never half of either."""

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

STALE_AFTER = 3600  # seconds; a temporary file that is still being written is younger than this


def cache_dir() -> Path:
    """Return the folder for downloads and renders: `DIGITPAD_CACHE` or `~/.cache/digitpad`."""
    named = os.environ.get("DIGITPAD_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "digitpad"


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write `path` through a temporary file beside it, then rename that over `path`.

    After a kill or a power cut `path` holds either its complete old or its complete new contents.

    Args:
        path: missing parent folders are created.
        write: called with the temporary file, opened for binary writing.

    Raises:
        OSError: the file cannot be written. What `write` raises passes through as well; in both
            cases `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale_temp_files(path)
    temp_path = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with open(temp_path, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp_path, path)
    except BaseException:
        temp_path.unlink(missing_ok=True)
        raise


def require_free_space(folder: Path, size: int) -> None:
    """Raise OSError, one line, unless `size` more bytes can be written into `folder`.

    For libraries that do not survive a full disk: HDF5 crashes the interpreter.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        needed = f"{size / 1e6:.1f} MB are needed in {folder}"
        raise OSError(f"{needed} ({error.strerror}): free some space there") from error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; the system releases it however the process ends.

    Raises:
        BlockingIOError: another process holds the lock.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove_stale_temp_files(path: Path) -> None:
    """Remove temporary files that killed writers of `path` left behind."""
    for temp_path in path.parent.glob(f"{path.name}.*.partial"):
        with contextlib.suppress(OSError):
            if time.time() - temp_path.stat().st_mtime > STALE_AFTER:
                temp_path.unlink()


@contextlib.contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `folder` when the block ends without an error.

    A killed run leaves temporary folders behind; the next run removes them, and restores the old
    folder if the run was killed between the two renames.

    Raises:
        BlockingIOError: another run is replacing a folder in the same parent.
        OSError: the parent folder cannot be written.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent):
        recover(folder)
        # In the same parent, because a rename does not cross file systems.
        temp_folder = Path(tempfile.mkdtemp(".partial", f".{folder.name}-", folder.parent))
        try:
            yield temp_folder
            temp_folder.chmod(0o755)  # mkdtemp's 0o700 would keep a web server out
            swap(temp_folder, folder)
        finally:
            shutil.rmtree(temp_folder, ignore_errors=True)


def swap(temp_folder: Path, folder: Path) -> None:
    """Rename `temp_folder` to `folder`, which may be missing, and delete the old one."""
    backup = backup_path(folder)
    if folder.exists():
        folder.rename(backup)
    temp_folder.rename(folder)
    shutil.rmtree(backup, ignore_errors=True)


def recover(folder: Path) -> None:
    """Restore `folder` after a killed run and remove that run's temporary folders."""
    backup = backup_path(folder)
    if backup.exists() and not folder.exists():
        backup.rename(folder)
    for left in [backup, *folder.parent.glob(f".{folder.name}-*.partial")]:
        shutil.rmtree(left, ignore_errors=True)


def backup_path(folder: Path) -> Path:
    """Return where the old folder is kept while the new one is renamed into place."""
    return folder.with_name(f".{folder.name}.old.partial")
