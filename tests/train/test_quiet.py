"""TensorFlow's start."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from train import quiet

ROOT = Path(__file__).parents[2]


def run(program: str) -> list[str]:
    """Return the lines that a new process prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.slow
def test_keras_is_imported_without_packages_that_can_be_imported_later():
    program = """import sys, gc
from train.quiet import UNUSED, import_keras
import_keras()
print([name for name in UNUSED if name in sys.modules], "keras" in sys.modules, gc.isenabled())
import pandas, matplotlib.figure
print([name for name in UNUSED if name in sys.modules], "keras" in sys.modules, gc.isenabled())
"""
    assert run(program) == ["[] True True", "['pandas', 'matplotlib'] True True"]


@pytest.mark.slow
def test_options_are_parsed_without_tensorflow():
    program = "import sys, train.__main__; print('tensorflow' in sys.modules)"
    assert run(program) == ["False"]


@pytest.fixture
def before_tensorflow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)


def exit_unless(process: int) -> str:
    if os.getpid() != process:
        os._exit(1)
    return "called here"


@pytest.mark.usefixtures("before_tensorflow")
def test_a_function_is_called_in_another_process_meanwhile():
    with quiet.meanwhile(os.getpid) as wait:
        assert wait() != os.getpid()


@pytest.mark.usefixtures("before_tensorflow")
def test_an_error_of_the_other_process_is_raised_here():
    with quiet.meanwhile(int, "seven") as wait, pytest.raises(ValueError, match="seven"):
        wait()


@pytest.mark.usefixtures("before_tensorflow")
def test_a_function_whose_process_dies_is_called_here():
    with quiet.meanwhile(exit_unless, os.getpid()) as wait:
        assert wait() == "called here"


@pytest.mark.usefixtures("before_tensorflow")
def test_nothing_waits_for_a_process_whose_result_is_not_asked_for():
    with quiet.meanwhile(time.sleep, 600):
        pass


def test_a_function_is_called_here_where_tensorflow_is_imported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with quiet.meanwhile(os.getpid) as wait:
        assert wait() == os.getpid()


def test_imported_packages_stay(monkeypatch: pytest.MonkeyPatch):
    import pandas

    monkeypatch.setattr(quiet, "UNUSED", ("pandas", "no_such_package"))
    quiet.import_keras()
    assert sys.modules["pandas"] is pandas and "no_such_package" not in sys.modules


def test_operations_get_half_of_the_cores_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(quiet.os, "environ", {})
    for cores, threads in ((1, "1"), (2, "1"), (8, "4"), (None, "1")):
        monkeypatch.setattr(quiet.os, "cpu_count", lambda cores=cores: cores)
        quiet.os.environ.clear()
        quiet.share_cores()
        assert quiet.os.environ["TF_NUM_INTRAOP_THREADS"] == threads
    quiet.os.environ["TF_NUM_INTRAOP_THREADS"] = "7"
    quiet.share_cores()
    assert quiet.os.environ["TF_NUM_INTRAOP_THREADS"] == "7"
