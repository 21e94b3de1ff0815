"""The cache folder, and replacing a file or a folder without ever losing the old one."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from files import atomic

WRITE_FOREVER = """
import sys, time
from pathlib import Path
from files import atomic

def write(file):
    file.write(b"half of the new")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)

atomic.write_atomically(Path(sys.argv[1]), write)
"""


DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


def fail_with(error):
    def fail(*_):
        raise error

    return fail


def contents(folder):
    """What each file in the folder holds, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with a file, alone in its parent."""
    path = tmp_path / "parent" / "folder"
    path.mkdir(parents=True)
    (path / "old").write_text("old")
    return path


@pytest.fixture(params=["exchanged", "renamed"])
def swap(request, monkeypatch):
    """Both ways to swap two folders: in one step, and as on systems that cannot."""
    if request.param == "renamed":
        monkeypatch.setattr(atomic, "exchange", lambda *_: False)


@pytest.fixture
def entries(folder):
    """A folder with a file and a folder to replace, and a file to keep."""
    (folder / "sub").mkdir()
    (folder / "sub" / "old").write_text("old")
    (folder / "other").write_text("other")
    return folder


def test_the_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path))
    assert atomic.cache_dir() == tmp_path


def test_the_default_folder_is_in_the_users_cache(monkeypatch):
    monkeypatch.delenv("DIGITPAD_CACHE", raising=False)
    assert atomic.cache_dir() == Path.home() / ".cache" / "digitpad"


def test_a_file_is_replaced_atomically(kept):
    atomic.write_atomically(kept, lambda file: file.write(b"new"))
    assert kept.read_bytes() == b"new"
    assert list(kept.parent.iterdir()) == [kept]


def test_missing_folders_are_made(tmp_path):
    atomic.write_atomically(tmp_path / "a" / "b", lambda file: file.write(b"new"))
    assert (tmp_path / "a" / "b").read_bytes() == b"new"


def test_a_failing_writer_leaves_the_old_file(kept):
    def fail(file):
        file.write(b"half of the new")
        raise DISK_FULL

    with pytest.raises(OSError, match="No space left"):
        atomic.write_atomically(kept, fail)
    assert kept.read_bytes() == b"old"
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_disk_that_fails_at_the_end_leaves_the_old_file(kept, monkeypatch, failing):
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, failing, fail_with(DISK_FULL))
        atomic.write_atomically(kept, lambda file: file.write(b"new"))
    assert kept.read_bytes() == b"old"
    assert list(kept.parent.iterdir()) == [kept]


def test_a_file_is_on_disk_before_it_takes_the_place_of_the_old_one(kept, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _, sync=os.fsync: seen.append(kept.read_bytes()))
    atomic.write_atomically(kept, lambda file: file.write(b"new"))
    assert (seen, kept.read_bytes()) == ([b"old"], b"new")


def test_a_file_can_be_its_owners_business_alone(kept):
    atomic.write_atomically(kept, lambda file: file.write(b"new"), mode=0o600)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_killed_writer_leaves_the_old_file_and_its_temporary_file_is_removed_later(kept):
    command = [sys.executable, "-c", WRITE_FOREVER, str(kept)]
    root = Path(atomic.__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as writer:
        assert writer.stdout.readline() == b"writing\n"
        writer.kill()
    assert kept.read_bytes() == b"old"

    (aside,) = set(kept.parent.iterdir()) - {kept}
    atomic.write_atomically(kept, lambda file: file.write(b"new"))
    assert aside.exists(), "it may belong to a writer at work"
    an_hour_ago = time.time() - atomic.STALE_AFTER - 1
    os.utime(aside, (an_hour_ago, an_hour_ago))
    atomic.write_atomically(kept, lambda file: file.write(b"newer"))
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.usefixtures("swap")
def test_a_folder_is_replaced_whole(folder):
    with atomic.replace_folder(folder) as temp_folder:
        (temp_folder / "new").write_text("new")
        assert contents(folder) == {"old": "old"}
    assert contents(folder) == {"new": "new"}
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot exchange two folders")
def test_a_folder_that_is_replaced_is_never_missing(folder):
    def replace():
        for _ in range(500):
            with atomic.replace_folder(folder) as temp_folder:
                (temp_folder / "old").write_text("old")

    looks = missing = 0
    with ThreadPoolExecutor() as pool:
        replacing = pool.submit(replace)
        while not replacing.done():
            looks += 1
            missing += not (folder / "old").exists()
        replacing.result()
    assert looks > 500
    assert missing == 0


def test_an_error_while_writing_aside_leaves_the_old_folder(folder):
    with pytest.raises(RuntimeError), atomic.replace_folder(folder) as temp_folder:
        (temp_folder / "new").write_text("half")
        raise RuntimeError
    assert contents(folder) == {"old": "old"}
    assert list(folder.parent.iterdir()) == [folder]


def test_a_swapped_in_folder_can_be_read_by_a_web_server(tmp_path):
    with atomic.replace_folder(tmp_path / "folder") as temp_folder:
        (temp_folder / "new").write_text("new")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o755


def test_two_runs_do_not_replace_a_folder_at_once(folder):
    with atomic.replace_folder(folder) as temp_folder:
        (temp_folder / "new").write_text("new")
        with pytest.raises(BlockingIOError), atomic.replace_folder(folder):
            pytest.fail("two runs hold the lock")
    assert contents(folder) == {"new": "new"}


def test_killed_between_the_two_renames_the_old_folder_comes_back(folder):
    killed_in_the_swap = f"""
import os, pathlib, signal
from files import atomic
rename = pathlib.Path.rename
def rename_and_die(self, target):
    rename(self, target)
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.rename = rename_and_die
atomic.exchange = lambda *_: False
with atomic.replace_folder(pathlib.Path({str(folder)!r})) as temp_folder:
    (temp_folder / "new").write_text("new")
"""
    root = Path(atomic.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", killed_in_the_swap], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()
    with pytest.raises(RuntimeError), atomic.replace_folder(folder):
        assert contents(folder) == {"old": "old"}
        raise RuntimeError
    assert contents(folder) == {"old": "old"}
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.usefixtures("swap")
def test_entries_are_replaced_whole_and_others_are_left_alone(entries):
    with atomic.replace_entries(entries) as temp_folder:
        (temp_folder / "old").write_text("new")
        (temp_folder / "sub").mkdir()
        (temp_folder / "sub" / "new").write_text("new")
        (temp_folder / "more").write_text("more")
    changed = {"old": "new", "sub/new": "new", "more": "more"}
    assert contents(entries) == changed | {"other": "other"}
    assert sorted(path.name for path in entries.iterdir()) == ["more", "old", "other", "sub"]


@pytest.mark.parametrize("failing", ["write", "rename"])
def test_entries_that_fail_leave_the_old_ones(entries, monkeypatch, failing):
    before, rename = contents(entries), Path.rename

    def rename_or_fail(source, target):
        if source.parent.name.endswith(".partial"):
            raise DISK_FULL
        return rename(source, target)

    with (
        monkeypatch.context() as patch,
        pytest.raises(OSError, match="No space left"),
        atomic.replace_entries(entries) as temp_folder,
    ):
        (temp_folder / "old").write_text("new")
        (temp_folder / "sub").mkdir()
        if failing == "write":
            raise DISK_FULL
        patch.setattr(Path, "rename", rename_or_fail)
        patch.setattr(atomic, "exchange", lambda *_: False)
    assert contents(entries) == before
    assert sorted(path.name for path in entries.iterdir()) == ["old", "other", "sub"]


def test_entries_of_a_killed_run_are_cleared_away_later(entries):
    left = entries / ".new-0.partial"
    (left / "sub").mkdir(parents=True)
    with atomic.replace_entries(entries):
        assert left.exists(), "it may belong to a run at work"
    an_hour_ago = time.time() - atomic.STALE_AFTER - 1
    os.utime(left, (an_hour_ago, an_hour_ago))
    with atomic.replace_entries(entries):
        assert not left.exists()
