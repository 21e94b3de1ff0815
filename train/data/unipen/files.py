"""Read UNIPEN's files from a directory or, without unpacking it to disk, from the archive."""

import lzma
import os
import posixpath
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from files.quoting import quote, shorten

CATEGORIES = ("1a", "1b", "1c", "1d", "7")
# Data files whose ink, a file that they include, is not in the archive of category 7.
WITHOUT_INK = frozenset({"data/7/att/att0/41412304.dat"})
MAX_FILE = 64 << 20  # bytes; the largest of train_r01_v07 has 2 MB
MAX_ARCHIVE = 2 << 30  # bytes, decompressed; categories 1a to 1d have 93 MB
MAX_MEMBERS = 200_000  # categories 1a to 1d have 8,293 files
MAX_INCLUDED = 1000  # includes in one data file; those of 1a to 1d have 3
# Exceptions raised on damage in the compressed stream or in tar's headers.
DECODE_ERRORS = (
    *(OSError, EOFError, ValueError, ArithmeticError, LookupError, MemoryError),
    *(lzma.LZMAError, tarfile.TarError),
)


class UnipenError(ValueError):
    """UNIPEN data that cannot be read. The message is one line: which file and why."""


class MissingCategoryError(UnipenError):
    """A path that holds no data file of the category."""


@dataclass(frozen=True)
class Files:
    """Contents by name (`data/1a/…`, `include/…`), files on disk as paths; names of data files."""

    content: dict[str, bytes | Path]
    data: list[str]

    def text(self, name: str) -> str:
        """Return a file's text with LF line ends; Latin-1, because it decodes any bytes."""
        content = self.content[name]
        if isinstance(content, Path):
            try:
                if content.stat().st_size > MAX_FILE:
                    raise UnipenError(f"{content} is too large for a UNIPEN file")
                content = content.read_bytes()
            except OSError as error:
                raise UnipenError(f"cannot read {content}: {error.strerror}") from None
        return content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")

    def included(self, path: str, name: str) -> str:
        """Resolve a path that file `name` includes; paths start at `include/`."""
        target = posixpath.normpath(posixpath.join("include", path))
        if target not in self.content:
            raise UnipenError(
                f"UNIPEN file {shorten(name)} includes {quote(path)}, which is not under include/"
            )
        return target


def find(path: str | os.PathLike, category: str) -> Files:
    """Return a category's data files and all includes.

    Raises UnipenError, which is a MissingCategoryError if there are no data files.
    """
    if category not in CATEGORIES:
        raise UnipenError(f"UNIPEN category {category!r} is not one of {', '.join(CATEGORIES)}")
    path = Path(path)
    entries = _walk(path) if path.is_dir() else _unpack(path)
    wanted = re.compile(rf"(?:.*?/)?(data/{category}/.+|include/.+)")
    content: dict[str, bytes | Path] = {}
    for name, body in entries:
        match = wanted.fullmatch(name)
        if not match:
            continue
        if match[1] in content:
            raise UnipenError(
                f"{path} holds {shorten(match[1])} twice; give one UNIPEN directory or archive"
            )
        content[match[1]] = body() if callable(body) else body
    data = sorted(name for name in content if name.startswith("data/") and name not in WITHOUT_INK)
    if not data:
        raise MissingCategoryError(
            f"{path} holds no data/{category}/ with files of UNIPEN category {category}"
        )
    return Files(content, data)


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            yield file.relative_to(root).as_posix(), file


def _unpack(path: Path) -> Iterator[tuple[str, object]]:
    """Yield names and readers of an archive's files; call each reader before the next item."""
    try:
        # tarfile accepts a truncated stream as the end of the archive; lzma raises.
        with BoundedArchive(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            total = 0
            for count, member in enumerate(archive):
                total += member.size
                if member.size > MAX_FILE or total > MAX_ARCHIVE or count >= MAX_MEMBERS:
                    raise UnipenError(
                        f"{path} is too large for a UNIPEN archive, at {quote(member.name)}"
                    )
                if member.name.startswith("/") or ".." in member.name.split("/"):
                    raise UnipenError(f"{path} holds a file outside itself, {quote(member.name)}")
                if member.isreg():
                    yield posixpath.normpath(member.name), partial(_read, path, archive, member)
            while stream.read(1 << 20):
                pass
    except FileNotFoundError:
        raise UnipenError(
            f"{path} does not exist; UNIPEN is at doi.org/10.5281/zenodo.1195803"
        ) from None
    except UnipenError:
        raise
    except DECODE_ERRORS as error:
        raise _damaged(path, error) from None


def _read(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """Read one file of an archive. Raises UnipenError if the archive ends inside it."""
    try:
        return archive.extractfile(member).read()
    except DECODE_ERRORS as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> UnipenError:
    return UnipenError(
        f"{path} cannot be read as a .tar.xz archive, download it again ({_line(error)})"
    )


class BoundedArchive(lzma.LZMAFile):
    """A decompressed archive, limited to MAX_ARCHIVE bytes."""

    def __init__(self, path: Path):
        super().__init__(path)
        self.path = path

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes. Raises UnipenError beyond MAX_ARCHIVE."""
        if self.tell() > MAX_ARCHIVE:
            raise UnipenError(f"{self.path} is too large for a UNIPEN archive")
        return super().read(size)


def _line(error: Exception) -> str:
    return shorten(" ".join(str(error).split()))
