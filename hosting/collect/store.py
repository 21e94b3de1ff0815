"""Store drawings in a folder: `drawings.jsonl` and the token that permits sending.

Drawings are on disk before `keep` returns. A failed write leaves the file unchanged. A write cut
short by a kill or a power failure leaves a last line without a newline; the next write first moves
it to `torn.txt`. Complete lines of an unanswered request stay.
"""

import os
import re
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import SEEK_END, FileIO
from pathlib import Path

from files.drawings import DataError, LabelledDrawing, parse, to_line

try:
    import fcntl
except ImportError:  # Windows: only one server may use a folder
    fcntl = None

MAX_BYTES = 256 << 20  # about 250,000 drawings; training reads files up to this size
READ_BLOCK = 1 << 16  # bytes; the line of a digit has about 1,000
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # the format of secrets.token_urlsafe(32)


class CollectionError(Exception):
    """The folder cannot be used. The message is one line: reason and remedy."""


class StorageFull(Exception):
    """The drawings do not fit into the file."""


class Collection:
    """The drawings in a folder, which is created if it is missing."""

    def __init__(self, folder: Path) -> None:
        """Create or check the folder. Raises CollectionError."""
        self.file = folder / "drawings.jsonl"
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.token = load_or_create_token(folder)
            self.keep([])  # fails now rather than at the first drawing
        except OSError as error:
            fault = f"{error.filename or folder}: {error.strerror}"
            raise CollectionError(f"{fault}: make it writable or choose another folder") from None
        except StorageFull:
            fault = f"{self.file} has more than {MAX_BYTES:,} bytes"
            raise CollectionError(f"{fault}: move it elsewhere and start again") from None

    def keep(self, drawings: Sequence[LabelledDrawing]) -> None:
        """Append drawings to the file.

        Raises:
            StorageFull: they do not fit into the file, which is unchanged.
            OSError: they could not be written; the file is unchanged.
        """
        lines = b"".join(map(to_line, drawings))
        with self._lock, open_locked(self.file) as file:
            repair_last_line(file, self.file.with_name("torn.txt"))
            if file.seek(0, SEEK_END) + len(lines) > MAX_BYTES:
                raise StorageFull
            append(file, lines)


def load_or_create_token(folder: Path) -> str:
    """Return the token of a folder, created at the first call.

    It is stored there, readable only by its owner, so that shared links and open tabs keep working
    after a restart. Deleting the file revokes it. Raises OSError, CollectionError.
    """
    path = folder / "token"
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        token = path.read_text(encoding="utf-8", errors="replace").strip()
        if not TOKEN.fullmatch(token):
            raise CollectionError(f"{path} holds no token: delete it and start again") from None
        path.chmod(0o600)
        return token
    token = secrets.token_urlsafe(32)
    with open(made, "wb", buffering=0) as file:
        append(file, token.encode() + b"\n")
    return token


@contextmanager
def open_locked(path: Path) -> Iterator[FileIO]:
    """Open a file for reading and appending, locked against other servers."""

    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    with open(path, "a+b", buffering=0, opener=private) as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)  # released on close
        if file.seek(0, SEEK_END) == 0:
            fsync_directory(path.parent)  # the file may be new
        yield file


def append(file: FileIO, content: bytes) -> None:
    """Append content and fsync. Raises OSError, with the file unchanged."""
    size = file.seek(0, SEEK_END)
    try:
        while content:
            content = content[file.write(content) :]  # a full disk accepts a part, then nothing
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):  # repair_last_line handles the rest
            file.truncate(size)
            os.fsync(file.fileno())
        raise


def repair_last_line(file: FileIO, torn_file: Path) -> None:
    """Append a missing newline, or move an incomplete last line to `torn_file`."""
    tail = read_last_line(file)
    if not tail:
        return
    try:
        parse(tail.decode(), "the last line")
        append(file, b"\n")  # an editor omitted it
    except (UnicodeDecodeError, DataError):
        with open_locked(torn_file) as torn:
            append(torn, tail + b"\n")
        file.truncate(file.seek(0, SEEK_END) - len(tail))


def read_last_line(file: FileIO) -> bytes:
    """Return what follows the last newline."""
    size, reach = file.seek(0, SEEK_END), READ_BLOCK
    while True:
        file.seek(max(0, size - reach))
        end = file.read()
        if b"\n" in end or reach >= size:
            return end.rpartition(b"\n")[2]
        reach *= 2


def fsync_directory(folder: Path) -> None:
    """Flush the entries of a folder to disk, on POSIX."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
