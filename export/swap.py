"""A folder written aside and swapped in: whoever looks finds the old one or the new one, whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from train.cache import locked


@contextmanager
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
