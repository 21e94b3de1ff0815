"""UNIPEN's characters are read once, and are the same from the cache."""

import lzma
import os
import tarfile
from pathlib import Path

import pytest

from train.data.unipen import cached, characters
from train.data.unipen.cached import read_clean

FILES = Path(__file__).parents[3] / "fixtures" / "unipen"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "unipen.tar.xz"
    with lzma.open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as made:
        made.add(FILES, "unipen")
    return path


def bare(inks: list) -> list:
    return [
        ([[point[:2] for point in stroke] for stroke in ink.strokes], ink.label, ink.writer)
        for ink in inks
    ]


def test_the_cache_holds_what_the_archive_holds(archive: Path):
    expected, dropped = characters.clean(characters.read(archive, "1a"))
    for _ in range(2):
        inks, counted = read_clean(archive, "1a")
        assert bare(inks) == bare(expected) and counted == dropped
        assert [ink.source for ink in inks] == [ink.source for ink in expected]


def test_an_archive_is_read_once_until_it_changes(archive: Path, monkeypatch):
    reads = []
    read = characters.read
    monkeypatch.setattr(characters, "read", lambda *args: reads.append(args) or read(*args))
    read_clean(archive, "1a")
    read_clean(archive, "1a")
    assert len(reads) == 1
    os.utime(archive, (1, 1))
    read_clean(archive, "1a")
    assert len(reads) == 2
    read_clean(FILES, "1a")
    read_clean(FILES, "1a")
    assert len(reads) == 4  # a directory may change without a sign


def test_a_broken_cache_is_made_again(archive: Path):
    first, _ = read_clean(archive, "1a")
    (file,) = cached.cache_dir().glob("unipen-*.npz")
    file.write_bytes(b"half a file")
    assert bare(read_clean(archive, "1a")[0]) == bare(first)
