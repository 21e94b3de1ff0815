"""What an interrupted run goes on from."""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import keras

from files.atomic import require_room
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.settings import FitError, Settings
from train.network.saving import FLOAT, OVERHEAD

STATES = 4  # numbers kept of each weight: itself, the optimiser's two moments, its average


def check_work(work: Path, settings: Settings, resume: bool) -> None:
    """Make `work` this run's own, or raise FitError where another run would be lost or mixed in."""
    file = work / "settings.json"
    mine = asdict(settings)
    if any(work.glob("epoch-*")):
        if not resume:
            raise FitError(f"{work} holds an unfinished run: go on with --resume, or delete it")
        if json.loads(file.read_text()) != mine:
            raise FitError(f"{work} holds a run with other settings: use those, or delete it")
    else:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        file.write_text(json.dumps(mine))


class Backup(keras.callbacks.Callback):
    """Keep the last finished epoch: weights, optimiser and history, under one name at once.

    Keras' BackupAndRestore writes weights and epoch into two files; a kill between the two leaves
    a pair that does not match. Here both stand in a directory that is renamed into place.
    """

    def __init__(self, work: Path, process_group: SingleProcess = SINGLE_PROCESS) -> None:
        """Find the last whole backup in `work`, which is the first process's."""
        super().__init__()
        self.work, self.process_group = work, process_group
        found = sorted(work.glob("epoch-???")) if process_group.is_primary else []
        self.latest = found[-1] if found else None
        self.epoch = process_group.broadcast(
            int(self.latest.name.removeprefix("epoch-")) if self.latest else 0
        )
        self.history = json.loads((self.latest / "history.json").read_text()) if self.latest else []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restore weights and optimiser."""
        if self.epoch:
            self.model.optimizer.build(self.model.trainable_variables)
            self.process_group.load_weights(
                self.model, self.latest and self.latest / "state.weights.h5"
            )

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write aside, rename, and only then drop the backup before."""
        if not self.process_group.is_primary:
            return
        self.history.append({"epoch": epoch + 1} | {k: float(v) for k, v in (logs or {}).items()})
        aside = self.work / "unfinished"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        require_room(aside, STATES * FLOAT * self.model.count_params() + OVERHEAD)
        with self.process_group.local_scope():
            self.model.save_weights(aside / "state.weights.h5")
        (aside / "history.json").write_text(json.dumps(self.history))
        before, self.latest = self.latest, self.work / f"epoch-{epoch + 1:03}"
        os.rename(aside, self.latest)
        if before:
            shutil.rmtree(before)


class Reseed(keras.callbacks.Callback):
    """Let dropout draw from the seed and the epoch, so that a resumed run drops the same.

    Saved weights leave the state of the layers' generators out.
    """

    def __init__(self, seed: int) -> None:
        """Take the run's seed."""
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set every generator; each step counts the second number up by one."""
        for number, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                generator.state.assign([self.seed + number, epoch << 20])
