"""UNIPEN is read once, is the same from the cache, and may come in several parts."""

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


def bare(inks: list) -> list:
    return [
        ([[point[:2] for point in stroke] for stroke in ink.strokes], ink.label, ink.writer)
        for ink in inks
    ]


def test_the_cache_holds_what_the_archive_holds(archive: Path):
    expected, dropped = characters.clean(characters.read(archive, "1a"))
    for _ in range(2):
        inks, counted = read_clean([archive], "1a")
        assert bare(inks) == bare(expected) and counted == dropped
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
    assert len(reads) == 4  # a directory may change without a sign


def test_a_broken_cache_is_made_again(archive: Path):
    first, _ = read_clean([archive], "1a")
    (file,) = cached.cache_dir().glob("unipen-*.npz")
    file.write_bytes(b"half a file")
    assert bare(read_clean([archive], "1a")[0]) == bare(first)


def test_archives_and_directories_are_joined(tmp_path: Path):
    digits = pack(tmp_path / "digits.tar.xz", "data/1a", "include")
    words = pack(tmp_path / "words.tar.xz", "data/7", "include")
    for paths in ([digits, words], [words, digits], [digits, FILES], [str(digits), str(FILES)]):
        for category in ("1a", "7"):
            inks, _ = read_clean(paths, category)
            assert bare(inks) == bare(read_clean([FILES], category)[0])


def test_what_two_paths_hold_is_kept_once_and_counted(archive: Path):
    inks, dropped = read_clean([archive, FILES], "1a")
    once, before = read_clean([archive], "1a")
    assert bare(inks) == bare(once)
    assert dropped["duplicate"] == before["duplicate"] + len(once)


def test_a_category_that_no_path_holds_is_one_line_or_nothing(tmp_path: Path, monkeypatch):
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


def test_a_path_that_is_not_there_is_an_error_beside_one_that_is(archive: Path):
    with pytest.raises(UnipenError, match="nowhere does not exist"):
        read_clean([archive, "nowhere"], "1a")
