"""The interface of a process group, for training in one process."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np


class SingleProcess:
    """Stand in for `process_group.ProcessGroup` when there is only one process."""

    process_id, num_processes, is_primary = 0, 1, True

    def join(self) -> None:
        """Connect to the other processes."""

    def check_same_on_all_processes(self, *_: object) -> None:
        """Raise ClusterError unless all processes hold the same values."""

    def distributed_scope(self) -> contextlib.AbstractContextManager:
        """Return a context in which variables and batches are shared by all processes."""
        return contextlib.nullcontext()

    def local_scope(self) -> contextlib.AbstractContextManager:
        """Return a context in which variables belong to this process only."""
        return contextlib.nullcontext()

    def broadcast(self, value: int) -> int:
        """Return process 0's value."""
        return value

    def load_weights(self, model: object, file: Path) -> None:
        """Load a weights file that lies on process 0's disk."""
        model.load_weights(file)

    def local_rows(self, batch_size: int) -> slice:
        """Return the rows of a batch that this process computes."""
        return slice(0, batch_size)

    def shard_validation(
        self, images: np.ndarray, truth: np.ndarray, batch_size: int
    ) -> tuple[Sequence[np.ndarray], int]:
        """Return this process's `validation_data` for Keras, and its batch size."""
        return (images, truth), batch_size

    def detach(self, network: object) -> object:
        """Disconnect from the other processes; return the network as this process's own."""
        return network


SINGLE_PROCESS = SingleProcess()
