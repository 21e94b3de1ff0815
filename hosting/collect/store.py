"""Drawings that people send, in a folder: `drawings.jsonl`, and the token that lets them in.

What is kept is on the disk before `keep` returns. A write that fails leaves the file as it was. One
that is cut short, by a kill or a power cut, leaves a last line without an end: it is set aside, in
`torn.txt`, before anything follows it; whole lines of a request that was never answered stay.
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
except ImportError:  # Windows, where a folder is for one server alone
    fcntl = None

LARGEST = 256 << 20  # bytes of the file: a quarter of a million drawings, and all can be trained on
BLOCK = 1 << 16  # bytes; a digit's line has about one thousand
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # as secrets.token_urlsafe makes it


class CollectionError(Exception):
    """The folder cannot be used: one line that says why and what to do."""


class Full(Exception):
    """No room is left in the file."""


class Collection:
    """The drawings in a folder, which is made where there is none."""

    def __init__(self, folder: Path) -> None:
        """Look that all is well. Raises CollectionError."""
        self.file = folder / "drawings.jsonl"
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.token = token_in(folder)
            self.keep([])  # better now than at the first drawing
        except OSError as error:
            fault = f"{error.filename or folder}: {error.strerror}"
            raise CollectionError(f"{fault}: make it writable, or choose another folder") from None
        except Full:
            fault = f"{self.file} has more than {LARGEST:,} bytes"
            raise CollectionError(f"{fault}: move it elsewhere, and a new one is begun") from None

    def keep(self, drawings: Sequence[LabelledDrawing]) -> None:
        """Append drawings.

        Raises:
            Full: no room is left in the file; it is as it was.
            OSError: they could not be written; it is as it was.
        """
        lines = b"".join(map(to_line, drawings))
        with self._lock, opened(self.file) as file:
            mend(file, self.file.with_name("torn.txt"))
            if file.seek(0, SEEK_END) + len(lines) > LARGEST:
                raise Full
            append(file, lines)


def token_in(folder: Path) -> str:
    """The token of a folder.

    It is kept there, readable by its owner alone, so that links that were handed out, and tabs that
    are open, outlast a restart; who deletes the file gets another. Raises OSError, CollectionError.
    """
    path = folder / "token"
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        token = path.read_text(encoding="utf-8", errors="replace").strip()
        if not TOKEN.fullmatch(token):
            raise CollectionError(f"{path} holds no token: delete it, and one is made") from None
        path.chmod(0o600)
        return token
    token = secrets.token_urlsafe(32)
    with open(made, "wb", buffering=0) as file:
        append(file, token.encode() + b"\n")
    return token


@contextmanager
def opened(path: Path) -> Iterator[FileIO]:
    """A file to read and to append to, which no other server opens meanwhile."""

    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    with open(path, "a+b", buffering=0, opener=private) as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)  # closing ends it
        if file.seek(0, SEEK_END) == 0:
            settle(path.parent)  # it may be new
        yield file


def append(file: FileIO, content: bytes) -> None:
    """Put content at the end, and on the disk. Raises OSError; the file is then as it was."""
    size = file.seek(0, SEEK_END)
    try:
        while content:
            content = content[file.write(content) :]  # a full disk takes a part, and then none
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):  # what cannot be cut off is mended later
            file.truncate(size)
            os.fsync(file.fileno())
        raise


def mend(file: FileIO, aside: Path) -> None:
    """Give the last line its end; where it is torn, move it to the end of another file."""
    tail = tail_of(file)
    if not tail:
        return
    try:
        parse(tail.decode(), "the last line")
        append(file, b"\n")  # an editor left it out
    except (UnicodeDecodeError, DataError):
        with opened(aside) as torn:
            append(torn, tail + b"\n")
        file.truncate(file.seek(0, SEEK_END) - len(tail))


def tail_of(file: FileIO) -> bytes:
    """What follows the last line's end."""
    size, reach = file.seek(0, SEEK_END), BLOCK
    while True:
        file.seek(max(0, size - reach))
        end = file.read()
        if b"\n" in end or reach >= size:
            return end.rpartition(b"\n")[2]
        reach *= 2


def settle(folder: Path) -> None:
    """Bring the names in a folder to the disk, where a system has a way to."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
