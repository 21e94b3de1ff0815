"""The folder of a collection: what is kept, and what a fault leaves behind."""

import errno
import json
import os
import re
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from files import atomic
from files.drawings import LabelledDrawing, parse
from files.limits import MAX_FILE
from hosting.collect import store as module
from hosting.collect.store import Collection, CollectionError, StorageFull
from tests.hosting.running_server import collected
from train.data.drawings import digits, find_files, read

SEVEN = LabelledDrawing("7", [[[0, 0, 0], [5, 0, 16.5], [2, 9, 40]]])
LINE = b'{"label":"7","strokes":[[[0,0,0],[5,0,16.5],[2,9,40]]]}\n'
NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}\.jsonl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "collected"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let folders hold one drawing; return the seconds that their clock shows, to be moved on."""
    seconds = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(module, "MAX_BYTES", len(LINE))
    return seconds


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_made_and_is_its_owners_business_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        made = Collection(folder)
        assert [path.name for path in folder.iterdir()] == ["token"]
        made.keep([SEVEN])
    finally:
        os.umask(before)
    assert (folder / "token").read_text() == f"{made.token}\n"
    assert [mode(path) for path in folder.iterdir()] == [0o600, 0o600]


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
    first, second = find_files([folder])
    assert [list(read(first)), list(read(second))] == [[SEVEN, odd], [SEVEN]]
    assert first.read_bytes().isascii()
    assert first.read_bytes().startswith(LINE)


def test_each_request_has_a_file_and_names_sort_by_time(folder: Path) -> None:
    made = Collection(folder)
    each = [LabelledDrawing(str(number), SEVEN.strokes) for number in range(30)]
    for drawing in each:
        made.keep([drawing])
    names = [path.name for path in find_files([folder])]
    assert len(names) == 30 and all(map(NAME.fullmatch, names))
    assert [entry for path in find_files([folder]) for entry in read(path)] == each


def test_servers_that_write_at_the_same_moment_do_not_meet(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = module.datetime.now(module.UTC)

    class Clock:
        @staticmethod
        def now(zone: object) -> object:
            return moment

    monkeypatch.setattr(module, "datetime", Clock)
    servers = [Collection(folder) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda server: [server.keep([SEVEN]) for _ in range(10)], servers))
    assert collected(folder) == LINE.decode() * 40
    assert len(find_files([folder])) == 40


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("failing", ["write", "rename", "folder"])
def test_a_write_that_fails_leaves_the_folder_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    made = Collection(folder)
    made.keep([SEVEN])
    before = sorted(folder.iterdir())
    with monkeypatch.context() as patch:
        fail = failer(OSError(number, os.strerror(number)))
        if failing == "folder":
            patch.setattr(module, "fsync_folder", fail)
        else:
            patch.setattr(os, "fsync" if failing == "write" else "replace", fail)
        with pytest.raises(OSError, match=os.strerror(number)):
            made.keep([SEVEN, SEVEN])
    assert sorted(folder.iterdir()) == before
    made.keep([SEVEN])
    assert collected(folder) == LINE.decode() * 2


def failer(fault: OSError) -> Callable[..., None]:
    def fail(*arguments: object) -> None:
        raise fault

    return fail


def test_what_a_killed_server_wrote_in_part_does_not_count_and_goes_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECOUNT_AFTER", 0)
    made = Collection(folder)
    torn = folder / "20261123T193500.123456Z-1f9c2e07.jsonl.0123.partial"
    torn.write_bytes(LINE[:20])
    made.keep([SEVEN])
    assert torn.exists(), "another server may be writing it"
    assert [path.read_bytes() for path in find_files([folder])] == [LINE]
    an_hour_ago = time.time() - atomic.STALE_AFTER - 1
    os.utime(torn, (an_hour_ago, an_hour_ago))
    made.keep([SEVEN])
    assert not torn.exists()


def test_the_file_of_an_earlier_version_stays_and_training_reads_it_too(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "drawings.jsonl").write_bytes(LINE * 2)
    (folder / "torn.txt").write_bytes(LINE[:20])
    Collection(folder).keep([SEVEN])
    assert (folder / "drawings.jsonl").read_bytes() == LINE * 2
    assert digits([folder]) == ([SEVEN.strokes] * 3, [7] * 3, 0)


def test_a_full_folder_takes_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.MAX_BYTES <= MAX_FILE, "training has to read it when it is merged"
    monkeypatch.setattr(module, "MAX_BYTES", 2 * len(LINE))
    made = Collection(folder)
    made.keep([SEVEN])
    with pytest.raises(StorageFull):
        made.keep([SEVEN, SEVEN])
    made.keep([SEVEN])
    assert collected(folder) == LINE.decode() * 2
    (folder / "drawings.jsonl").write_bytes(LINE)
    with pytest.raises(CollectionError, match=r"full: 3 files with [0-9]+ bytes: move its \*.jso"):
        Collection(folder)


def test_a_folder_with_too_many_files_takes_no_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 2)
    made = Collection(folder)
    made.keep([SEVEN])
    made.keep([SEVEN])
    with pytest.raises(StorageFull):
        made.keep([SEVEN])
    assert len(find_files([folder])) == 2


def test_room_is_there_again_once_files_are_moved_away(
    folder: Path, now: list[float]
) -> None:
    made = Collection(folder)
    made.keep([SEVEN])
    (file,) = find_files([folder])
    file.rename(folder.parent / "yesterday.jsonl")
    now[0] += module.RECOUNT_AFTER
    made.keep([SEVEN])
    assert collected(folder) == LINE.decode()


def test_what_another_server_wrote_counts_too(
    folder: Path, now: list[float]
) -> None:
    one, other = Collection(folder), Collection(folder)
    other.keep([SEVEN])
    now[0] += module.RECOUNT_AFTER
    with pytest.raises(StorageFull):
        one.keep([SEVEN])


@pytest.mark.parametrize("place", ["file", "token", "read-only"])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = tmp_path / "collected"
    if place == "file":
        folder.write_text("in the way")
    elif place == "token":
        (folder / place).mkdir(parents=True)
    else:
        Collection(folder)
        fault = OSError(errno.EROFS, "Read-only file system")
        monkeypatch.setattr(module, "TemporaryFile", lambda dir: failer(fault)())
    with pytest.raises(CollectionError, match="choose another folder") as raised:
        Collection(folder)
    assert "\n" not in str(raised.value) and str(folder) in str(raised.value)


def test_a_line_is_what_parse_reads_again() -> None:
    assert json.loads(LINE) == {"label": "7", "strokes": SEVEN.strokes}
    assert parse(LINE.decode(), "here") == SEVEN
