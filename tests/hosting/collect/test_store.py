"""The folder of a collection: what is kept, and what a fault leaves behind."""

import errno
import fcntl
import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from files.drawings import LabelledDrawing, parse
from files.limits import MAX_FILE
from hosting.collect import store as module
from hosting.collect.store import Collection, CollectionError, StorageFull
from train.data.drawings import read

SEVEN = LabelledDrawing("7", [[[0, 0, 0], [5, 0, 16.5], [2, 9, 40]]])
LINE = b'{"label":"7","strokes":[[[0,0,0],[5,0,16.5],[2,9,40]]]}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "collected"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_made_and_is_its_owners_business_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        made = Collection(folder)
    finally:
        os.umask(before)
    assert (folder / "token").read_text() == f"{made.token}\n"
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "token": 0o600,
        "drawings.jsonl": 0o600,
    }


def test_the_token_outlasts_a_restart_and_is_made_anew_when_it_is_deleted(folder: Path) -> None:
    first = Collection(folder).token
    (folder / "token").chmod(0o644)
    assert Collection(folder).token == first
    assert mode(folder / "token") == 0o600
    (folder / "token").unlink()
    assert Collection(folder).token != first


@pytest.mark.parametrize("text", ["", "short", "a" * 43 + "\nmore"])
def test_a_token_that_is_none_is_not_taken_for_one(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "token").write_text(text)
    with pytest.raises(CollectionError, match="token holds no token: delete it"):
        Collection(folder)


def test_what_is_kept_is_read_by_training_as_it_was_sent(folder: Path) -> None:
    made = Collection(folder)
    odd = LabelledDrawing("../\x1b[2J\ud800\u2028é", [[[1e-320, -0.0]], [[123456789012, 1]]])
    made.keep([SEVEN, odd])
    made.keep([SEVEN])
    assert list(read(made.file)) == [SEVEN, odd, SEVEN]
    assert made.file.read_bytes().isascii()
    assert made.file.read_bytes().startswith(LINE)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_write_that_fails_leaves_the_file_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    made = Collection(folder)
    made.keep([SEVEN])
    with monkeypatch.context() as patch:
        fault = OSError(number, os.strerror(number))
        if failing == "fsync":
            patch.setattr(os, "fsync", failer(fault))
        else:
            patch.setattr(module, "open", lambda *a, **o: Stuttering(fault, *a, **o), raising=False)
        with pytest.raises(OSError, match=os.strerror(number)):
            made.keep([SEVEN, SEVEN])
    assert made.file.read_bytes() == LINE
    made.keep([SEVEN])
    assert made.file.read_bytes() == LINE * 2


def failer(fault: OSError) -> Callable[..., None]:
    def fail(*arguments: object) -> None:
        raise fault

    return fail


class Stuttering(module.FileIO):
    """A file on a disk that fills up after ten bytes."""

    def __init__(self, fault: OSError, path: Path, mode: str, buffering: int, opener: Callable):
        super().__init__(path, mode.replace("b", ""), opener=opener)
        self.fault, self.room = fault, 10

    def write(self, content: bytes) -> int:
        if not self.room:
            raise self.fault
        written = super().write(content[: self.room])
        self.room -= written
        return written


def test_a_torn_last_line_is_set_aside_before_more_is_appended(folder: Path) -> None:
    made = Collection(folder)
    torn = b'{"label": "9", "strokes": [[[' + b"1," * 100_000  # more than is read at once
    for _ in range(2):
        made.file.write_bytes(LINE + torn)
        made.keep([SEVEN])
        assert made.file.read_bytes() == LINE * 2
    assert (folder / "torn.txt").read_bytes() == (torn + b"\n") * 2
    made.file.write_bytes(torn)
    assert Collection(folder).file.read_bytes() == b"", "a restart looks at once"


def test_a_last_line_that_lacks_its_end_alone_is_kept(folder: Path) -> None:
    made = Collection(folder)
    made.file.write_bytes(LINE + LINE.rstrip())
    made.keep([SEVEN])
    assert made.file.read_bytes() == LINE * 3
    assert not (folder / "torn.txt").exists()


def test_a_file_that_is_moved_away_is_begun_anew(folder: Path) -> None:
    made = Collection(folder)
    made.keep([SEVEN])
    made.file.rename(folder / "yesterday.jsonl")
    made.keep([SEVEN])
    assert made.file.read_bytes() == (folder / "yesterday.jsonl").read_bytes() == LINE


def test_a_file_at_its_largest_takes_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.MAX_BYTES <= MAX_FILE, "training has to read it"
    monkeypatch.setattr(module, "MAX_BYTES", 2 * len(LINE))
    made = Collection(folder)
    made.keep([SEVEN])
    with pytest.raises(StorageFull):
        made.keep([SEVEN, SEVEN])
    made.keep([SEVEN])
    assert made.file.read_bytes() == LINE * 2
    made.file.write_bytes(LINE * 3)
    with pytest.raises(CollectionError, match="move it elsewhere"):
        Collection(folder)


def test_a_server_waits_while_another_writes_into_the_same_folder(folder: Path) -> None:
    made, done = Collection(folder), threading.Event()
    with made.file.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = threading.Thread(target=lambda: (made.keep([SEVEN]), done.set()))
        waiting.start()
        assert not done.wait(0.3)
        other.write(LINE[:20])  # and the other is killed
    waiting.join()
    assert made.file.read_bytes() == LINE
    assert (folder / "torn.txt").read_bytes() == LINE[:20] + b"\n"


@pytest.mark.parametrize("place", ["file", "token", "drawings.jsonl"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "collected"
    if place == "file":
        folder.write_text("in the way")
    else:
        (folder / place).mkdir(parents=True)
    with pytest.raises(CollectionError, match="choose another folder") as raised:
        Collection(folder)
    assert "\n" not in str(raised.value) and str(folder) in str(raised.value)


def test_a_line_is_what_parse_reads_again() -> None:
    assert json.loads(LINE) == {"label": "7", "strokes": SEVEN.strokes}
    assert parse(LINE.decode(), "here") == SEVEN
