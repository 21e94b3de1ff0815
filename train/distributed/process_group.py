"""Processes that train one network together: Keras on JAX, every process a part of each batch."""

import contextlib
import hashlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from train.distributed.options import JOINED, ClusterError, Place
from train.distributed.single_process import Alone
from train.quiet import quiet
from train.samples.training_set import NOT_A_DIGIT

SILENT = 30  # seconds without a sign of life after which a process is taken for lost


class Crew(Alone):
    """The processes, as one of them sees them.

    All hold the whole network; a step's gradients are summed over all of them, so that every one
    makes the same step.
    """

    even = True  # XLA compiles anew for every size

    def __init__(self, place: Place) -> None:
        """Take this process's place."""
        self.place = place
        self.process, self.processes = place.process, place.processes
        self.leads = not place.process

    def join(self) -> None:
        """Meet the others. Raises ClusterError when they do not come in time."""
        vacant(self.place) if self.leads else reach(self.place)
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        # Dropout draws what it would draw for the whole batch, however that is divided.
        jax.config.update("jax_threefry_partitionable", True)
        try:
            jax.distributed.initialize(
                self.place.coordinator,
                self.processes,
                self.process,
                initialization_timeout=self.place.wait,
                heartbeat_timeout_seconds=SILENT,
                cluster_detection_method="deactivate",
            )
            with quiet(1):  # Gloo counts its peers aloud
                multihost_utils.sync_global_devices("joined")
        except RuntimeError as error:
            raise ClusterError(self.place.late) from error
        print(JOINED, file=sys.stderr, flush=True)

    def agree(self, *things: object) -> None:
        """Make sure that all have the same in hand: arrays, or what has a repr. Or ClusterError."""
        digest = hashlib.sha256()
        for thing in things:
            array = isinstance(thing, np.ndarray)
            digest.update(np.ascontiguousarray(thing) if array else repr(thing).encode())
        mine = np.frombuffer(digest.digest(), np.uint8)
        if not (multihost_utils.process_allgather(mine, tiled=False) == mine).all():
            raise ClusterError(
                "the processes differ in settings or data: give all of them the same options, and "
                "the same files"
            )

    def together(self) -> contextlib.AbstractContextManager:
        """Within it, variables lie on all devices of all processes, batches are divided."""
        return keras.distribution.DataParallel(auto_shard_dataset=False).scope()

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Within it, what this process alone makes is its own."""
        shared = keras.distribution.distribution()
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(shared)

    def told(self, number: int) -> int:
        """A number as process 0 knows it."""
        return int(multihost_utils.broadcast_one_to_all(np.int32(number)))

    def load(self, trainer: keras.Model, file: Path | None) -> None:
        """Load what process 0 has in a file of weights, which lies on its disk alone."""
        content = np.frombuffer(file.read_bytes(), np.uint8) if file else np.zeros(0, np.uint8)
        content = content if self.leads else np.zeros(self.told(0), np.uint8)
        if self.leads:
            self.told(len(content))
        content = multihost_utils.broadcast_one_to_all(content)
        with tempfile.TemporaryDirectory(prefix="digitpad-") as folder:
            copy = Path(folder) / "state.weights.h5"
            copy.write_bytes(content.tobytes())
            trainer.load_weights(copy)

    def part(self, count: int) -> slice:
        """The rows of a batch of `count` that are this process's own."""
        if count % jax.device_count():
            raise ClusterError(
                f"a batch of {count} cannot be divided evenly among {jax.device_count()} devices: "
                f"try --batch {-(-count // jax.device_count()) * jax.device_count()}"
            )
        own = count // self.processes
        return slice(self.process * own, (self.process + 1) * own)

    def watched(
        self, images: np.ndarray, truth: np.ndarray, together: int
    ) -> tuple[Sequence[np.ndarray], int]:
        """This process's share of what is evaluated, with weights, and how much of it at once.

        Rows without weight fill up the last batch. The loss is divided by all rows, so that those
        that count weigh a little more than 1; the accuracy leaves out what is no digit.
        """
        devices = jax.local_device_count()
        each = -(-together // (self.processes * devices)) * devices
        missing = -len(images) % (each * self.processes)
        nothing = np.eye(truth.shape[1], dtype=truth.dtype)[np.full(missing, NOT_A_DIGIT)]
        count = len(images) + missing
        weights = np.zeros(count, np.float32)
        weights[: len(images)] = count / len(images)
        filled = np.concatenate([images, np.zeros_like(images[:1]).repeat(missing, axis=0)])
        own = slice(self.process, None, self.processes)
        return (filled[own], np.concatenate([truth, nothing])[own], weights[own]), each

    def released(self, network: keras.Model) -> keras.Model:
        """Part with the others; the network as this process's own."""
        weights = network.get_weights()
        jax.distributed.shutdown()
        own = keras.models.clone_model(network)
        own.set_weights(weights)
        return own


def vacant(place: Place) -> None:
    """Raise ClusterError where process 0 could not listen; JAX may crash there."""
    try:
        socket.create_server(("", int(place.coordinator.rpartition(":")[2]))).close()
    except OSError as error:
        raise ClusterError(
            f"{place.name}: cannot listen at {place.coordinator} ({os.strerror(error.errno)}): "
            "name a port that is free"
        ) from None


def reach(place: Place) -> None:
    """Wait until process 0 listens. Raises ClusterError when it does not in time."""
    host, _, port = place.coordinator.rpartition(":")
    deadline = time.monotonic() + place.wait
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{place.name}: nobody listens at {place.coordinator} after {place.wait} s "
                    f"({error.strerror or error}): start process 0 there, or give more time with "
                    "--wait"
                ) from None
        time.sleep(0.2)
