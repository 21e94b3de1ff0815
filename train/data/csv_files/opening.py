"""Open a CSV file as text: plain, gzipped, or in a zip archive such as Kaggle's."""

import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TextIO

from files.drawings import DataError
from files.limits import MAX_UNPACKED, check_size
from files.quoting import shorten
from train.data.idx import gunzip

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"  # first bytes
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # byte order marks
# Latin-1 accepts any bytes. Characters beyond it can crash np.loadtxt, which passes them to C's
# isdigit (numpy 2.1; found by hypothesis).
ENCODING = "latin-1"
UNZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError),
    *(NotImplementedError, RuntimeError),  # an unknown compression, a password
)


def open_text(path: Path, wanted: str) -> TextIO:
    """Open a CSV file; `wanted` is its name if an archive holds several.

    Raises DataError that names the file, and OSError.
    """
    check_size(path)
    with open(path, "rb") as file:
        start = file.read(4)
    if start.startswith(UTF_16):
        raise DataError(f"{path} is in UTF-16: save it as CSV in UTF-8")
    if start.startswith(GZIP):
        return as_text(unpack_gzip(path))
    if start == ZIP:
        return as_text(unpack_zip(path, wanted))
    return open(path, encoding=ENCODING)


def as_text(content: bytes) -> TextIO:
    """Return a text file of these bytes."""
    return io.TextIOWrapper(io.BytesIO(content), encoding=ENCODING)


def unpack_gzip(path: Path) -> bytes:
    """Decompress a gzip file. Raises DataError that names it."""
    try:
        return gunzip(path.read_bytes())
    except DataError as problem:
        raise DataError(f"{path} {problem}: split it") from None
    except (OSError, EOFError, zlib.error):
        raise DataError(f"{path} is damaged: download or compress it again") from None


def unpack_zip(path: Path, wanted: str) -> bytes:
    """Return the content of the archive's file `wanted`, or else of its only CSV file.

    Raises DataError that names the archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = choose(path, archive, wanted)
            if member.file_size > MAX_UNPACKED:
                raise DataError(f"{path} unpacks to more than {MAX_UNPACKED:,} bytes: split it")
            return archive.read(member)
    except UNZIP_ERRORS:
        raise DataError(f"{path} is damaged, or has a password: unpack it by hand") from None


def choose(path: Path, archive: zipfile.ZipFile, wanted: str) -> zipfile.ZipInfo:
    """Choose a CSV file of an archive. Raises DataError if there is none, or no telling which."""
    found = {
        member.filename: member
        for member in archive.infolist()
        if member.filename.lower().endswith((".csv", ".tsv"))
        and not member.filename.startswith("__MACOSX/")
    }
    files = {name: PurePosixPath(name).name.lower() for name in found}
    named = [name for name in found if files[name] == wanted]
    named = named or [name for name in found if files[name].endswith(wanted)]  # mnist_train.csv
    names = named or list(found)
    if len(names) == 1:
        return found[names[0]]
    held = f"holds {', '.join(map(shorten, sorted(names)[:4]))}" if names else "holds no CSV file"
    raise DataError(f"{path} {held}: unpack it, and give the file with the digits")
