"""One process by itself, in the place of a group."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np


class Alone:
    """One process by itself; `train.distributed.process_group` has several."""

    process, processes, leads = 0, 1, True
    even = False  # whether every batch has to be of one size

    def join(self) -> None:
        """Meet the others."""

    def agree(self, *_: object) -> None:
        """Make sure that all have the same in hand."""

    def together(self) -> contextlib.AbstractContextManager:
        """Within it, what is built and computed belongs to all."""
        return contextlib.nullcontext()

    def apart(self) -> contextlib.AbstractContextManager:
        """Within it, what is built and saved is this process's own."""
        return contextlib.nullcontext()

    def told(self, number: int) -> int:
        """A number as process 0 knows it."""
        return number

    def load(self, trainer: object, file: Path) -> None:
        """Load a file of weights, which is process 0's."""
        trainer.load_weights(file)

    def part(self, count: int) -> slice:
        """The rows of a batch of `count` that are this process's own."""
        return slice(0, count)

    def watched(
        self, images: np.ndarray, truth: np.ndarray, together: int
    ) -> tuple[Sequence[np.ndarray], int]:
        """What this process evaluates, for Keras' `validation_data`, and how much at once."""
        return (images, truth), together

    def released(self, network: object) -> object:
        """Part with the others; the network as this process's own."""
        return network


ALONE = Alone()
