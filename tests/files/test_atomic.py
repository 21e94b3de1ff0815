"""The cache folder, and replacing a file without ever losing the old one."""

import os
import subprocess
import sys
import time
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


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    return path


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
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        atomic.write_atomically(kept, fail)
    assert kept.read_bytes() == b"old"
    assert list(kept.parent.iterdir()) == [kept]


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
