"""Distributed training on loopback matches a single process, and resumes after a failure."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from train.distributed.launcher import describe_failure
from train.distributed.options import JOINED_MARKER, ClusterError, ProcessSpec, read_process_spec
from train.distributed.process_group import ProcessGroup, check_port_is_free, wait_for_coordinator
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.batches import BatchLoader
from train.fitting.settings import Settings
from train.options import check_distributed_options, parser
from train.samples.augment import Strength, augment_images, draw_parameters
from train.samples.training_set import NOT_A_DIGIT, TrainingSet

ROOT = Path(__file__).parents[3]
WEIGHT_TOLERANCE = 2e-3  # float32 sums in another order, over 18 steps
TIMEOUT_SECONDS = 3600  # only for hangs
# Makes few non-digits and brief reports, in the process that trains.
BRIEF = """
from train.distributed import worker
from tests.train.conftest import FEW_NON_DIGITS
from train.evaluation import robustness
from train.samples import prepare

prepare.NON_DIGIT_COUNTS = FEW_NON_DIGITS
robustness.CORRUPTIONS = robustness.CORRUPTIONS[-1:]
robustness.PEN_WIDTHS = robustness.PEN_WIDTHS[:1]
"""
# Does what `python -m train --distributed` does, with a brief worker.
LAUNCHER = f"""
import sys
from train.distributed import launcher

launcher.WORKER_SCRIPT = {BRIEF!r} + launcher.WORKER_SCRIPT
sys.exit(launcher.launch_worker(sys.argv[1:]))
"""
# Kills a worker at the end of its second epoch: process 0 has a checkpoint of the first by then.
KILLED_WORKER = f"""
import os, signal, sys
os.environ["KERAS_BACKEND"] = "jax"
{BRIEF}
from train.__main__ import main
from train.fitting import fit

def kill_in_second_epoch(backup, epoch, logs=None):
    if epoch > 0:
        os.kill(os.getpid(), signal.SIGKILL)

fit.EpochCheckpoint.on_epoch_end = kill_in_second_epoch
sys.exit(worker.work(main, sys.argv[1:]))
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Processes:
    """Starts processes of a distributed training on one small data set."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.data, self.errors = data, folder
        self.environment = os.environ | {
            "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),  # later processes start faster
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
        }

    def start(
        self, count: int, out: Path, *more: str, last: str = LAUNCHER
    ) -> list[subprocess.Popen]:
        """Start `count` processes; `last` is the program of the last one."""
        port = free_port()
        programs = [*[LAUNCHER] * (count - 1), last]
        return [
            subprocess.Popen(
                [
                    *(sys.executable, "-c", program, "--distributed"),
                    *("--coordinator", f"127.0.0.1:{port}", "--join-timeout", "1800"),
                    *("--data", str(self.data), "--out", str(out)),
                    *("--arch", "quick", "--epochs", "3", "--batch-size", "60", *more),
                ],
                env=self.environment
                | {"DIGITPAD_NUM_PROCESSES": str(count), "DIGITPAD_PROCESS_ID": str(k)},
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for k, program in enumerate(programs)
        ]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory, shapes_file: Path) -> Processes:
    folder = tmp_path_factory.mktemp("processes")
    shapes = np.load(shapes_file)
    few = {name: shapes[name][: 360 if "train" in name else 50] for name in shapes}
    np.savez(folder / "few.npz", **few)
    return Processes(folder, folder / "few.npz")


@pytest.fixture(scope="module")
def resumed(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output of two processes, resumed after one was killed in epoch 2 of 3."""
    out = tmp_path_factory.mktemp("resumed")
    first, second = processes.start(2, out, last=KILLED_WORKER)
    _, error = first.communicate(timeout=TIMEOUT_SECONDS)
    _, reason = second.communicate(timeout=TIMEOUT_SECONDS)
    assert second.returncode == -signal.SIGKILL, reason
    assert first.returncode == 1
    assert error.count("\n") == 1 and "--resume" in error, error
    assert "lost its connection to another process" in error, error
    assert list((out / ".training").glob("epoch-*")), "nothing was backed up to resume from"
    assert not (out / "digits.keras").exists()
    for process in processes.start(2, out, "--resume"):
        _, error = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == 0 and not error, error
    return out


def probabilities(file: Path, images: np.ndarray) -> np.ndarray:
    outputs = keras.saving.load_model(file, compile=False).predict(images, verbose=0)
    return outputs["digits"] if isinstance(outputs, dict) else outputs


def test_two_resumed_processes_train_the_same_network_as_one_process(
    processes: Processes, resumed: Path, tmp_path: Path
):
    (one,) = processes.start(1, tmp_path)
    _, error = one.communicate(timeout=TIMEOUT_SECONDS)
    assert one.returncode == 0, error
    networks = [
        keras.saving.load_model(out / "digits.keras", compile=False) for out in (resumed, tmp_path)
    ]
    for ours, theirs in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=WEIGHT_TOLERANCE)


def test_both_files_predict_the_same_with_jax_and_tensorflow(resumed: Path, tmp_path: Path):
    images = np.random.default_rng(0).random((32, 28, 28, 1), np.float32)
    np.save(tmp_path / "images.npy", images)
    script = """import sys, keras, numpy
network = keras.saving.load_model(sys.argv[1], compile=False)
numpy.save(sys.argv[3], network.predict(numpy.load(sys.argv[2]), verbose=0)["digits"])"""
    files = [resumed / "digits.keras", tmp_path / "images.npy", tmp_path / "expected.npy"]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", script, *files], env=environment, check=True)
    expected = np.load(tmp_path / "expected.npy")
    assert keras.backend.backend() == "tensorflow"
    for name in ("digits.keras", "final_mnist_cnn.h5"):
        np.testing.assert_allclose(probabilities(resumed / name, images), expected, atol=1e-5)


class Peer(SingleProcess):
    """One of several processes, simulated without the others."""

    def __init__(self, process: int, processes: int) -> None:
        self.process_id, self.num_processes = process, processes

    def local_rows(self, batch_size: int) -> slice:
        count = batch_size // self.num_processes
        return slice(self.process_id * count, (self.process_id + 1) * count)


def test_the_rows_of_all_processes_make_up_the_batches_of_one():
    images = np.random.default_rng(1).integers(0, 255, (50, 28, 28), np.uint8)
    training_set = TrainingSet(images, np.arange(50) % 10, num_images=50)
    settings = Settings(batch_size=12)
    one = BatchLoader(training_set, settings, process_group=Peer(0, 1))
    several = [
        BatchLoader(training_set, settings, process_group=Peer(process, 3)) for process in range(3)
    ]
    plain = BatchLoader(training_set, settings)
    assert len(one) == len(plain) == 5
    for number in range(5):
        parts = [batches[number] for batches in several]
        for whole, rows in zip(one[number], zip(*parts, strict=True), strict=True):
            np.testing.assert_allclose(np.concatenate(rows), whole, atol=1e-4)
            assert len(whole) == 12  # also the last one
    for ours, theirs in zip(one[3], plain[3], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_of_a_batch_get_the_same_noise_as_in_the_whole_batch():
    images = np.full((9, 28, 28), 128, np.uint8)
    rows = draw_parameters(9, 3, 1, replace(Strength().scaled(0), noise=1.0))
    whole = augment_images(images, rows).numpy()
    np.testing.assert_array_equal(
        augment_images(images[4:], rows[4:], rows[0], 4).numpy(), whole[4:]
    )
    noise = tf.random.stateless_normal((9, 28, 28), tf.bitcast(rows[0, 9:11], tf.int32))
    noisy = 128 / 255 + noise * np.maximum(rows[:, 8], 0)[:, None, None]
    np.testing.assert_allclose(whole[..., 0], np.clip(noisy, 0, 1), atol=1e-6)


def test_padding_of_the_validation_shards_has_no_weight():
    images, labels = np.ones((7, 28, 28, 1), np.float32), np.array([1, 2, 3, 4, 5, 10, 10])
    truth = np.eye(11, dtype=np.float32)[labels]
    parts = [
        ProcessGroup(ProcessSpec("127.0.0.1:7000", 3, process)).shard_validation(images, truth, 4)
        for process in range(3)
    ]
    assert [each for _, each in parts] == [2, 2, 2]
    _, truths, weights = (np.concatenate(them) for them in zip(*(p[0] for p in parts), strict=True))
    assert len(weights) == 12 and weights.mean() == pytest.approx(1)
    assert (weights == 0).sum() == 5
    assert (truths[weights == 0].argmax(axis=1) == NOT_A_DIGIT).all()


ARGUMENTS = ["--distributed", "--coordinator", "h:1", "--num-processes", "2", "--process-id", "1"]


def test_a_process_spec_comes_from_the_options_or_else_the_environment():
    assert read_process_spec(ARGUMENTS, {"DIGITPAD_PROCESS_ID": "0"}) == ProcessSpec("h:1", 2, 1)
    environment = {"COORDINATOR": "[::1]:99", "NUM_PROCESSES": "8", "PROCESS_ID": "7"}
    environment["JOIN_TIMEOUT"] = "5"
    named = {f"DIGITPAD_{name}": value for name, value in environment.items()}
    assert read_process_spec(["--distributed", "--epochs", "3"], named) == ProcessSpec(
        "[::1]:99", 8, 7, 5
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--coordinator": None}, "--coordinator, or DIGITPAD_COORDINATOR"),
        ({"--num-processes": None}, "--num-processes, or DIGITPAD_NUM_PROCESSES"),
        ({"--process-id": None}, "--process-id, or DIGITPAD_PROCESS_ID"),
        ({"--coordinator": "host"}, "HOST:PORT"),
        ({"--coordinator": "host:0"}, "HOST:PORT"),
        ({"--num-processes": "0"}, "1 or more"),
        ({"--num-processes": "two"}, "two"),
        ({"--process-id": "2"}, "from 0 to 1"),
        ({"--process-id": "-1"}, "-1"),
    ],
)
def test_an_invalid_process_spec_is_reported_in_one_line(change: dict, message: str):
    given = dict(zip(ARGUMENTS[1::2], ARGUMENTS[2::2], strict=True)) | change
    arguments = [f"{name}={value}" for name, value in given.items() if value is not None]
    with pytest.raises(ClusterError, match=r"^--[^\n]*$") as raised:
        read_process_spec(arguments, {})
    assert message in str(raised.value)


def test_a_missing_coordinator_is_reported_in_one_line():
    spec = ProcessSpec(f"127.0.0.1:{free_port()}", 2, 1, join_timeout=0)
    line = r"^process 1 of 2: nothing listens at 127[^\n]*--join-timeout\.$"
    with pytest.raises(ClusterError, match=line):
        wait_for_coordinator(spec)


def test_the_command_reports_missing_options_in_one_line():
    command = [sys.executable, "-m", "train", "--distributed"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.startswith("train: ") and run.stderr.count("\n") == 1
    assert "--coordinator" in run.stderr


def test_a_port_in_use_is_reported_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        spec = ProcessSpec(f"127.0.0.1:{server.getsockname()[1]}", 2, 0)
        with pytest.raises(ClusterError, match=r"^process 0 of 2: cannot listen.*in use.*$"):
            check_port_is_free(spec)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-processes", "2"], "need --distributed"),
        (["--distrib"], "spelled out"),
    ],
)
def test_incompatible_options_are_rejected(arguments: list, message: str):
    with pytest.raises(ClusterError, match=message):
        check_distributed_options(parser().parse_args(arguments), SINGLE_PROCESS)


def test_options_for_a_single_process_are_rejected_with_several():
    options = parser().parse_args(["--distributed", "--teachers", "a.keras"])
    with pytest.raises(ClusterError, match="--teachers"):
        check_distributed_options(options, ProcessGroup(ProcessSpec("h:1", 2, 0)))


@pytest.mark.parametrize(
    ("status", "output", "message"),
    [
        (1, "W0000 noise\ntrain: nowhere.npz: no such file\n", "train: nowhere.npz: no such file"),
        (-6, "F0000 one\nE0000 of many lines\n", "not all processes connected to h:1 within 300 s"),
        (
            -6,
            f"{JOINED_MARKER}\nF0 one\nE0 of many lines\n",
            "lost its connection to another process",
        ),
        (-9, "", "killed (SIGKILL)"),
        (1, "Traceback\n  File\nTypeError: no\n", "failed: TypeError: no"),
        (1, "", "no reason given"),
    ],
)
def test_every_failure_is_described_in_one_line(status: int, output: str, message: str):
    line = describe_failure(ProcessSpec("h:1", 2, 1), status, output, Path("a.log"))
    assert line.startswith("train: ") and message in line and "\n" not in line


def test_a_batch_size_that_does_not_divide_evenly_is_rejected(monkeypatch):
    monkeypatch.setattr("jax.device_count", lambda: 3)
    with pytest.raises(ClusterError, match="--batch-size 129"):
        ProcessGroup(ProcessSpec("127.0.0.1:7000", 3, 0)).local_rows(128)


def test_a_single_process_has_all_rows():
    assert SINGLE_PROCESS.is_primary and SINGLE_PROCESS.local_rows(7) == slice(0, 7)
    assert SINGLE_PROCESS.broadcast(3) == 3
