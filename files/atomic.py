"""Atomic writes: a reader finds the old file or folder or the new one, never half of either."""

import contextlib
import ctypes
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

STALE_AFTER = 3600  # seconds; what is still being written has changed more recently
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of renameat2(2): relative to the current folder, both names


def cache_dir() -> Path:
    """Return the folder for downloads and renders: `DIGITPAD_CACHE` or `~/.cache/digitpad`."""
    named = os.environ.get("DIGITPAD_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "digitpad"


def write_atomically(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    mode: int = 0o666,
    remove_stale: bool = True,
) -> None:
    """Write `path` through a temporary file beside it, then rename that over `path`.

    After a kill or a power cut `path` holds either its complete old or its complete new contents.

    Args:
        path: missing parent folders are created.
        write: called with the temporary file, opened for binary writing.
        mode: permissions of the file, from which the umask is subtracted.
        remove_stale: also remove what killed writers of `path` left behind, which lists the folder.

    Raises:
        OSError: the file cannot be written. What `write` raises passes through as well; in both
            cases `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if remove_stale:
        remove_stale_temporaries(path.parent, f"{path.name}.*.partial")
    temp_path = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with open(temp_path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp_path, path)
    except BaseException:
        temp_path.unlink(missing_ok=True)
        raise


def fsync_folder(folder: Path) -> None:
    """Flush the names of a folder's files to disk, on POSIX: a new file survives a power cut."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_stale_temporaries(folder: Path, pattern: str) -> None:
    """Remove temporary files and folders that killed processes left, by pattern and age."""
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_AFTER:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


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
    import fcntl  # missing on Windows, where server.py runs but nothing takes a lock

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `folder` when the block ends without an error.

    Where the system cannot exchange two folders, `folder` is missing for a moment. A killed run
    leaves temporary folders behind; the next run removes them, and restores the old folder if the
    run was killed in that moment.

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


@contextlib.contextmanager
def replace_entries(folder: Path) -> Iterator[Path]:
    """Yield an empty folder; its entries replace those of the same names in `folder` at the end.

    For several files that belong together, in a folder that holds others as well. They are renamed
    one after another when the block ends without an error: folders, then files by name. The caller
    prevents two runs from replacing the same entries, for example with `locked(folder)`.

    Raises:
        OSError: an entry cannot be written or renamed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_stale_temporaries(folder, ".new-*.partial")
    temp_folder = Path(tempfile.mkdtemp(".partial", ".new-", folder))
    try:
        yield temp_folder
        for entry in sorted(temp_folder.iterdir(), key=lambda entry: (entry.is_file(), entry.name)):
            if entry.is_dir():
                recover(folder / entry.name)
                swap(entry, folder / entry.name)
            else:
                os.replace(entry, folder / entry.name)
    finally:
        shutil.rmtree(temp_folder, ignore_errors=True)


def swap(temp_folder: Path, folder: Path) -> None:
    """Rename `temp_folder` to `folder`, which may be missing, and delete the old one.

    Or leave that at `temp_folder`, which the caller deletes. Raises OSError; the old folder is
    still there.
    """
    if exchange(temp_folder, folder):
        return
    backup = backup_path(folder)
    if folder.exists():
        folder.rename(backup)
    try:
        temp_folder.rename(folder)
    except OSError:
        if backup.exists():
            backup.rename(folder)
        raise
    shutil.rmtree(backup, ignore_errors=True)


def exchange(a: Path, b: Path) -> bool:
    """Exchange the names of two folders in one step, so that neither is ever missing.

    Returns False, and changes nothing, if one is missing or the system cannot: other systems than
    Linux, and some network file systems. Python has no function for it.
    """
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):  # TypeError: Windows
        return False
    return renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE) == 0


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


def describe_fault(error: OSError, out: Path) -> str:
    """Say in one line which file, or else `out`, could not be read or written, and what to do."""
    where = error.filename or out
    return f"{where}: {error.strerror}: choose another --out or free disk space there"
