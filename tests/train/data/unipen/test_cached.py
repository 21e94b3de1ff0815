"""UNIPEN's cache equals the archive, and archives and directories can be combined."""

import lzma
import os
import tarfile
from pathlib import Path

import pytest

from train.data.unipen import cached, characters
from train.data.unipen.cached import read_clean
from train.data.unipen.characters import UnipenError

FILES = Path(__file__).parents[3] / "fixtures" / "unipen"


def pack(path: Path, *folders: str) -> Path:
    with lzma.open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as made:
        for folder in folders:
            made.add(FILES / folder, f"unipen/{folder}")
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(tmp_path / "unipen.tar.xz", ".")


def without_times(inks: list) -> list:
    return [
        ([[point[:2] for point in stroke] for stroke in ink.strokes], ink.label, ink.writer)
        for ink in inks
    ]


def test_the_cache_equals_the_archive(archive: Path):
    expected, dropped = characters.clean(characters.read(archive, "1a"))
    for _ in range(2):
        inks, counted = read_clean([archive], "1a")
        assert without_times(inks) == without_times(expected) and counted == dropped
        assert [ink.source for ink in inks] == [ink.source for ink in expected]


def test_an_archive_is_read_once_until_it_changes(archive: Path, monkeypatch):
    reads = []
    read = characters.read
    monkeypatch.setattr(characters, "read", lambda *args: reads.append(args) or read(*args))
    read_clean([archive], "1a")
    read_clean([archive], "1a")
    assert len(reads) == 1
    os.utime(archive, (1, 1))
    read_clean([archive], "1a")
    assert len(reads) == 2
    read_clean([FILES], "1a")
    read_clean([FILES], "1a")
    assert len(reads) == 4  # a directory may change undetected


def test_a_damaged_cache_is_replaced(archive: Path):
    first, _ = read_clean([archive], "1a")
    (file,) = cached.cache_dir().glob("unipen-*.npz")
    file.write_bytes(b"half a file")
    assert without_times(read_clean([archive], "1a")[0]) == without_times(first)


def test_archives_and_directories_are_combined(tmp_path: Path):
    digits = pack(tmp_path / "digits.tar.xz", "data/1a", "include")
    words = pack(tmp_path / "words.tar.xz", "data/7", "include")
    for paths in ([digits, words], [words, digits], [digits, FILES], [str(digits), str(FILES)]):
        for category in ("1a", "7"):
            inks, _ = read_clean(paths, category)
            assert without_times(inks) == without_times(read_clean([FILES], category)[0])


def test_duplicates_between_paths_are_dropped_and_counted(archive: Path):
    inks, dropped = read_clean([archive, FILES], "1a")
    once, before = read_clean([archive], "1a")
    assert without_times(inks) == without_times(once)
    assert dropped["duplicate"] == before["duplicate"] + len(once)


def test_a_missing_category_is_empty_if_optional_or_a_one_line_error(tmp_path: Path, monkeypatch):
    digits = pack(tmp_path / "digits.tar.xz", "data/1a", "include")
    reads = []
    read = characters.read
    monkeypatch.setattr(characters, "read", lambda *args: reads.append(args) or read(*args))
    for _ in range(2):
        assert read_clean([digits], "7", required=False) == ([], {})
        with pytest.raises(UnipenError, match="digits.tar.xz, .*no data/7/") as error:
            read_clean([digits, tmp_path], "7")
        assert "\n" not in str(error.value)
    assert [path for path, _ in reads].count(digits) == 1


def test_a_missing_path_among_others_is_an_error(archive: Path):
    with pytest.raises(UnipenError, match="nowhere does not exist"):
        read_clean([archive, "nowhere"], "1a")
