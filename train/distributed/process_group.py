"""A group of processes that train one network, data-parallel: Keras on JAX."""

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

from train.distributed.options import JOINED_MARKER, ClusterError, ProcessSpec
from train.distributed.single_process import SingleProcess
from train.quiet import quiet
from train.samples.training_set import NOT_A_DIGIT

HEARTBEAT_TIMEOUT_SECONDS = 30  # after which JAX considers a silent process lost


class ProcessGroup(SingleProcess):
    """The processes of a distributed run, as seen from one of them.

    Every process holds the whole network and computes a share of each batch; gradients are summed
    over all processes, so that all take the same step.
    """

    def __init__(self, spec: ProcessSpec) -> None:
        """Prepare the process without connecting it."""
        self.spec = spec
        self.process_id, self.num_processes = spec.process_id, spec.num_processes
        self.is_primary = not spec.process_id

    def join(self) -> None:
        """Connect to the other processes. Raises ClusterError when they do not join in time."""
        check_port_is_free(self.spec) if self.is_primary else wait_for_coordinator(self.spec)
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        # Makes dropout's random numbers independent of how a batch is divided among devices.
        jax.config.update("jax_threefry_partitionable", True)
        try:
            jax.distributed.initialize(
                self.spec.coordinator,
                self.num_processes,
                self.process_id,
                initialization_timeout=self.spec.join_timeout,
                heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_SECONDS,
                cluster_detection_method="deactivate",
            )
            with quiet(1):  # Gloo prints its number of peers
                multihost_utils.sync_global_devices("joined")
        except RuntimeError as error:
            raise ClusterError(self.spec.timeout_message) from error
        print(JOINED_MARKER, file=sys.stderr, flush=True)

    def check_same_on_all_processes(self, *values: object) -> None:
        """Compare arrays and reprs by hash. Raises ClusterError where processes differ."""
        digest = hashlib.sha256()
        for value in values:
            is_array = isinstance(value, np.ndarray)
            digest.update(np.ascontiguousarray(value) if is_array else repr(value).encode())
        local = np.frombuffer(digest.digest(), np.uint8)
        if not (multihost_utils.process_allgather(local, tiled=False) == local).all():
            raise ClusterError(
                "the processes differ in settings or data. Start all of them with the same "
                "options and the same files."
            )

    def distributed_scope(self) -> contextlib.AbstractContextManager:
        """Return a context that replicates variables and divides batches over all devices."""
        return keras.distribution.DataParallel(auto_shard_dataset=False).scope()

    @contextlib.contextmanager
    def local_scope(self) -> Iterator[None]:
        """Suspend the distribution, so that new variables belong to this process only."""
        distribution = keras.distribution.distribution()
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(distribution)

    def broadcast(self, value: int) -> int:
        """Return process 0's value."""
        return int(multihost_utils.broadcast_one_to_all(np.int32(value)))

    def load_weights(self, model: keras.Model, file: Path | None) -> None:
        """Load a weights file from process 0's disk; `file` is None on the other processes."""
        content = np.frombuffer(file.read_bytes(), np.uint8) if file else np.zeros(0, np.uint8)
        content = content if self.is_primary else np.zeros(self.broadcast(0), np.uint8)
        if self.is_primary:
            self.broadcast(len(content))
        content = multihost_utils.broadcast_one_to_all(content)
        with tempfile.TemporaryDirectory(prefix="digitpad-") as folder:
            copy = Path(folder) / "state.weights.h5"
            copy.write_bytes(content.tobytes())
            model.load_weights(copy)

    def local_rows(self, batch_size: int) -> slice:
        """Return the rows of a batch that this process computes.

        Raises ClusterError when the batch cannot be divided evenly among all devices.
        """
        if batch_size % jax.device_count():
            raise ClusterError(
                f"a batch of {batch_size} cannot be divided evenly among {jax.device_count()} "
                "devices. Try --batch-size "
                f"{-(-batch_size // jax.device_count()) * jax.device_count()}."
            )
        count = batch_size // self.num_processes
        return slice(self.process_id * count, (self.process_id + 1) * count)

    def shard_validation(
        self, images: np.ndarray, truth: np.ndarray, batch_size: int
    ) -> tuple[Sequence[np.ndarray], int]:
        """Return this process's images, labels and sample weights, and its batch size.

        The last batch is padded with rows of weight 0. Keras divides the loss by all rows, so real
        rows get a weight slightly above 1. The padding is labelled as a non-digit, which the
        accuracy ignores.
        """
        devices = jax.local_device_count()
        local_batch_size = -(-batch_size // (self.num_processes * devices)) * devices
        padding = -len(images) % (local_batch_size * self.num_processes)
        non_digits = np.eye(truth.shape[1], dtype=truth.dtype)[np.full(padding, NOT_A_DIGIT)]
        count = len(images) + padding
        weights = np.zeros(count, np.float32)
        weights[: len(images)] = count / len(images)
        padded = np.concatenate([images, np.zeros_like(images[:1]).repeat(padding, axis=0)])
        shard = slice(self.process_id, None, self.num_processes)
        labels = np.concatenate([truth, non_digits])
        return (padded[shard], labels[shard], weights[shard]), local_batch_size

    def detach(self, network: keras.Model) -> keras.Model:
        """Disconnect from the other processes; return a copy with variables of this one only."""
        weights = network.get_weights()
        jax.distributed.shutdown()
        local = keras.models.clone_model(network)
        local.set_weights(weights)
        return local


def check_port_is_free(spec: ProcessSpec) -> None:
    """Raise ClusterError if process 0 cannot listen at its port, where JAX might crash."""
    try:
        socket.create_server(("", int(spec.coordinator.rpartition(":")[2]))).close()
    except OSError as error:
        raise ClusterError(
            f"{spec.name}: cannot listen at {spec.coordinator} ({os.strerror(error.errno)}). "
            "Choose a free port."
        ) from None


def wait_for_coordinator(spec: ProcessSpec) -> None:
    """Wait until process 0 listens. Raises ClusterError when it does not in time."""
    host, _, port = spec.coordinator.rpartition(":")
    deadline = time.monotonic() + spec.join_timeout
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{spec.name}: nothing listens at {spec.coordinator} after "
                    f"{spec.join_timeout} s ({error.strerror or error}). Start process 0 there, or "
                    "raise --join-timeout."
                ) from None
        time.sleep(0.2)
