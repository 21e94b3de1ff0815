"""Store drawings in a folder, a file for each request, and the token that permits sending.

A file is called `20261123T193500.123456Z-1f9c2e07.jsonl`, by the time in UTC, so that names sort by
time, and by a random id, so that several servers can use one folder. It is written aside and
renamed, so a kill or a power failure leaves it whole or not at all. It is on disk before `keep`
returns.
"""

import os
import re
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile

from files.atomic import fsync_folder, remove_stale_temporaries, write_atomically
from files.drawings import LabelledDrawing, to_line

SUFFIX = ".jsonl"  # of the files that count, and that training reads
MAX_BYTES = 256 << 20  # of a folder: about 250,000 drawings
MAX_FILES = 100_000  # of a folder: small files take more room than their bytes
RECOUNT_AFTER = 10  # seconds; counting MAX_FILES takes half a second
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # the format of secrets.token_urlsafe(32)


class CollectionError(Exception):
    """The folder cannot be used. The message is one line: reason and remedy."""


class StorageFull(Exception):
    """The drawings do not fit into the folder."""


class Collection:
    """The drawings in a folder, which is created if it is missing."""

    def __init__(self, folder: Path) -> None:
        """Create or check the folder. Raises CollectionError."""
        self.folder = folder
        self._lock = threading.Lock()
        self._files = self._bytes = 0
        self._counted_at = -float("inf")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.token = load_or_create_token(folder)
            with TemporaryFile(dir=folder):  # fails now rather than at the first drawing
                pass
            has_room = self._has_room(0)
        except OSError as error:
            fault = f"{error.filename or folder}: {error.strerror}"
            raise CollectionError(f"{fault}: make it writable or choose another folder") from None
        if not has_room:
            fault = f"{folder} is full: {self._files:,} files with {self._bytes:,} bytes"
            raise CollectionError(f"{fault}: move its *{SUFFIX} elsewhere and start again")

    def keep(self, drawings: Sequence[LabelledDrawing]) -> None:
        """Write drawings to a new file.

        Raises:
            StorageFull: they do not fit into the folder.
            OSError: they could not be written; no file is left.
        """
        lines = b"".join(map(to_line, drawings))
        with self._lock:
            if not self._has_room(len(lines)):
                raise StorageFull
            self._write(lines)
            self._files += 1
            self._bytes += len(lines)

    def _write(self, lines: bytes) -> None:
        """Write a new file. Raises OSError; no file is left."""
        now = datetime.now(UTC)
        path = self.folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}{SUFFIX}"
        try:
            write_atomically(path, lambda file: file.write(lines), mode=0o600, remove_stale=False)
            fsync_folder(self.folder)  # else a power cut could take the file's name
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _has_room(self, size: int) -> bool:
        """Tell whether one more file of `size` bytes fits; count again from time to time.

        In between, files may be moved away, and other servers may write.
        """
        if time.monotonic() - self._counted_at >= RECOUNT_AFTER:
            remove_stale_temporaries(self.folder, f"*{SUFFIX}.*.partial")
            sizes = file_sizes(self.folder)
            self._files, self._bytes = len(sizes), sum(sizes)
            self._counted_at = time.monotonic()
        return self._files < MAX_FILES and self._bytes + size <= MAX_BYTES


def file_sizes(folder: Path) -> list[int]:
    """Return the bytes of each file of drawings in a folder."""
    sizes = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # it was just moved away
                if entry.name.endswith(SUFFIX):
                    sizes.append(entry.stat().st_size)
    return sizes


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
    with open(made, "wb") as file:
        file.write(token.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return token
