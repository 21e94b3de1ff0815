"""The files of UNIPEN, from a directory or from the archive, read once and never unpacked."""

import lzma
import os
import posixpath
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

CATEGORIES = ("1a", "1b", "1c", "1d")
MAX_FILE = 64 << 20  # bytes; the largest of train_r01_v07 has 2 MB
MAX_ARCHIVE = 2 << 30  # bytes unpacked; categories 1a to 1d have 93 MB
MAX_MEMBERS = 200_000  # categories 1a to 1d have 8,293 files
LONGEST = 80  # characters of a file's in a message
MAX_INCLUDED = 1000  # times that one data file includes others; those of 1a to 1d do so 3 times
# What damage turns into, in the compressed stream or in tar's headers.
DAMAGE = (
    *(OSError, EOFError, ValueError, ArithmeticError, LookupError, MemoryError),
    *(lzma.LZMAError, tarfile.TarError),
)


class UnipenError(ValueError):
    """UNIPEN data that cannot be read; the message is one line that says which and why."""


@dataclass(frozen=True)
class Files:
    """Files by their name from the root, `data/1a/…` and `include/…`; those on disk as paths."""

    content: dict[str, bytes | Path]
    data: list[str]

    def text(self, name: str) -> str:
        """Return a file's text with plain line ends; Latin-1, so that any byte is a character."""
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
        """Return the name of the file that `name` includes; paths start at `include/`."""
        found = posixpath.normpath(posixpath.join("include", path))
        if found not in self.content:
            raise UnipenError(
                f"UNIPEN file {name} includes {shown(path)}, which is not under include/"
            )
        return found


def find(path: str | os.PathLike, category: str) -> Files:
    """Return the files of a category and all they may include; UnipenError if there are none."""
    if category not in CATEGORIES:
        raise UnipenError(f"UNIPEN category {category!r} is not one of {', '.join(CATEGORIES)}")
    path = Path(path)
    found = _walk(path) if path.is_dir() else _unpack(path)
    wanted = re.compile(rf"(?:.*?/)?(data/{category}/.+|include/.+)")
    content: dict[str, bytes | Path] = {}
    for name, body in found:
        match = wanted.fullmatch(name)
        if not match:
            continue
        if match[1] in content:
            raise UnipenError(
                f"{path} holds {match[1]} twice; name one UNIPEN directory or archive"
            )
        content[match[1]] = body() if callable(body) else body
    data = sorted(name for name in content if name.startswith("data/"))
    if not data:
        raise UnipenError(
            f"{path} holds no data/{category}/ with files of UNIPEN category {category}"
        )
    return Files(content, data)


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            yield file.relative_to(root).as_posix(), file


def _unpack(path: Path) -> Iterator[tuple[str, object]]:
    """Yield names and readers of an archive's files; read each before asking for the next."""
    try:
        # tarfile takes the end of a truncated stream for the end of the archive; lzma does not.
        with Bounded(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            total = 0
            for count, member in enumerate(archive):
                total += member.size
                if member.size > MAX_FILE or total > MAX_ARCHIVE or count >= MAX_MEMBERS:
                    raise UnipenError(
                        f"{path} is too large for a UNIPEN archive, at {shown(member.name)}"
                    )
                if member.name.startswith("/") or ".." in member.name.split("/"):
                    raise UnipenError(f"{path} holds a file outside itself, {shown(member.name)}")
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
    except DAMAGE as error:
        raise _damaged(path, error) from None


def _read(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """One file of an archive, which may end in it. Raises UnipenError."""
    try:
        return archive.extractfile(member).read()
    except DAMAGE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> UnipenError:
    said = f"{path} cannot be read as a .tar.xz archive, fetch it again ({_line(error)})"
    return UnipenError(said)


class Bounded(lzma.LZMAFile):
    """An archive that is unpacked so far and no further than any of UNIPEN's."""

    def __init__(self, path: Path):
        super().__init__(path)
        self.path = path

    def read(self, size: int = -1) -> bytes:
        """Read as files do. Raises UnipenError."""
        if self.tell() > MAX_ARCHIVE:
            raise UnipenError(f"{self.path} is too large for a UNIPEN archive")
        return super().read(size)


def shown(text: str) -> str:
    """What a file says, for a message: quoted, and not too long."""
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _line(error: Exception) -> str:
    return shown(" ".join(str(error).split()))[1:-1]
