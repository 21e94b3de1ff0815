"""Checkpoints from which an interrupted run is resumed."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from files.atomic import replace_folder, require_free_space
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.batches import BatchLoader
from train.fitting.settings import FitError, Settings
from train.network.saving import FLOAT, OVERHEAD

VALUES_PER_WEIGHT = 4  # the weight, two moments of the optimiser, the moving average


def claim_directory(checkpoint_dir: Path, settings: Settings, resume: bool) -> None:
    """Prepare a run's directory. Raises FitError if that would lose or mix in another run."""
    file = checkpoint_dir / "settings.json"
    own_settings = asdict(settings)
    if any(checkpoint_dir.glob("epoch-*")):
        if not resume:
            raise FitError(
                f"{checkpoint_dir} holds an unfinished run. Continue it with --resume, or delete "
                "the directory."
            )
        if json.loads(file.read_text()) != own_settings:
            raise FitError(
                f"{checkpoint_dir} holds a run with other settings. Use those, or delete the "
                "directory."
            )
    else:
        shutil.rmtree(checkpoint_dir, ignore_errors=True)
        checkpoint_dir.mkdir(parents=True)
        file.write_text(json.dumps(own_settings))


class EpochCheckpoint(keras.callbacks.Callback):
    """Save weights, optimiser and history after each epoch, in one atomic step.

    Keras' BackupAndRestore writes weights and epoch into two files, which do not match if the
    process is killed in between. Here both are in one directory that is renamed into place.
    """

    def __init__(self, checkpoint_dir: Path, process_group: SingleProcess = SINGLE_PROCESS) -> None:
        """Find the last complete checkpoint, which only process 0 can read."""
        super().__init__()
        self.checkpoint_dir, self.process_group = checkpoint_dir, process_group
        found = sorted(checkpoint_dir.glob("epoch-???")) if process_group.is_primary else []
        self.latest = found[-1] if found else None
        epoch = int(self.latest.name.removeprefix("epoch-")) if self.latest else 0
        self.epoch = process_group.broadcast(epoch)
        self.history = json.loads((self.latest / "history.json").read_text()) if self.latest else []
        self.losses = np.load(self.latest / "losses.npy") if self.latest else None
        self.loader: BatchLoader | None = None  # whose losses of images are saved, too

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restore weights and optimiser."""
        if self.epoch:
            self.model.optimizer.build(self.model.trainable_variables)
            file = self.latest and self.latest / "state.weights.h5"
            self.process_group.load_weights(self.model, file)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write a checkpoint, rename it into place, then delete the previous one."""
        if not self.process_group.is_primary:
            return
        self.history.append({"epoch": epoch + 1} | {k: float(v) for k, v in (logs or {}).items()})
        previous, self.latest = self.latest, self.checkpoint_dir / f"epoch-{epoch + 1:03}"
        with replace_folder(self.latest) as temp_folder:
            size = VALUES_PER_WEIGHT * FLOAT * self.model.count_params() + OVERHEAD
            require_free_space(temp_folder, size)
            with self.process_group.local_scope():
                self.model.save_weights(temp_folder / "state.weights.h5")
            (temp_folder / "history.json").write_text(json.dumps(self.history))
            np.save(temp_folder / "losses.npy", self.loader.losses)
        if previous:
            shutil.rmtree(previous)


class Reseed(keras.callbacks.Callback):
    """Seed dropout from seed and epoch, so that a resumed run drops the same units.

    Saved weights do not include the state of the layers' generators.
    """

    def __init__(self, seed: int) -> None:
        """Take the run's seed."""
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set the state of every generator; each step increments its second number."""
        for number, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                generator.state.assign([self.seed + number, epoch << 20])
