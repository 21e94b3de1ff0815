"""Training in halves of batches, and on the images with the highest losses."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from train.fitting.batches import BatchLoader
from train.fitting.checkpoint import EpochCheckpoint
from train.fitting.fit import fit, logits_model, training_model
from train.fitting.halves import HalvesModel
from train.fitting.losses import losses
from train.fitting.settings import FitError, Settings
from train.network.build import build
from train.samples.training_set import TrainingSet

SETTINGS = Settings(
    arch="quick", epochs=3, batch_size=40, seed=3, augmentation_strength=0.0, ema_fraction=0.0
)
HARD = replace(SETTINGS, epoch_fraction=0.6)


@pytest.fixture(scope="module")
def shapes(shapes_file: Path) -> dict[str, np.ndarray]:
    return dict(np.load(shapes_file))


@pytest.fixture(scope="module")
def training_set(shapes: dict) -> TrainingSet:
    return TrainingSet(shapes["x_train"][:300], shapes["y_train"][:300], num_images=300)


@pytest.fixture(scope="module")
def validation(shapes: dict) -> tuple[np.ndarray, np.ndarray]:
    return shapes["x_test"][:100], shapes["y_test"][:100]


def test_a_step_is_the_mean_of_both_halves_steps(training_set: TrainingSet):
    network = build("quick")
    model = logits_model(network, HalvesModel)
    model.compile(keras.optimizers.SGD(1.0), losses(SETTINGS), metrics=[])
    before = [weights.numpy() for weights in model.trainable_variables]
    images, truth = BatchLoader(training_set, SETTINGS)[0]
    gradients = []
    for half in (slice(0, 20), slice(20, 40)):
        with tf.GradientTape() as tape:
            logits = model(tf.constant(images[half]), training=True)
            loss = tf.reduce_mean(losses(SETTINGS)(truth[half], logits))
        gradients.append(tape.gradient(loss, model.trainable_variables))
    model.train_on_batch(images, truth)
    after = [weights.numpy() for weights in model.trainable_variables]
    moved = 0.0
    for old, new, first, second in zip(before, after, *gradients, strict=True):
        np.testing.assert_allclose(old - new, (first + second) / 2, atol=2e-4)
        moved = max(moved, np.abs(old - new).max())
    assert moved > 0.01


@pytest.mark.parametrize(("batch_size", "kind"), [(40, HalvesModel), (41, keras.Model)])
def test_batches_of_odd_size_are_trained_on_whole(batch_size: int, kind: type):
    model = training_model(build("quick"), replace(SETTINGS, batch_size=batch_size), 4)
    assert isinstance(model, HalvesModel) == (kind is HalvesModel)


def test_losses_are_recorded_in_the_order_of_the_epoch(training_set: TrainingSet):
    loader = BatchLoader(training_set, SETTINGS)
    model = training_model(build("quick"), SETTINGS, len(loader))
    model.record_losses(len(loader.order))
    assert np.isinf(model.sample_losses.numpy()).all()
    expected = []
    for number in range(len(loader)):
        images, truth = loader[number]
        halves = [
            losses(SETTINGS)(labels, model(half, training=True)).numpy()
            for half, labels in zip(np.split(images, 2), np.split(truth, 2), strict=True)
        ]
        expected += halves
        model.train_on_batch(images, truth)
    np.testing.assert_allclose(model.sample_losses.numpy(), np.concatenate(expected), atol=1e-3)


def test_an_epoch_takes_new_images_first_and_then_those_with_the_highest_loss(
    training_set: TrainingSet,
):
    loader = BatchLoader(training_set, HARD)
    first = set(loader.indices)
    assert len(first) == len(loader.indices) == 180
    loader.sample_losses = tf.constant(loader.order.astype(np.float32))  # the later, the harder
    positions = dict(zip(loader.indices[loader.order], loader.order, strict=True))
    loader.on_epoch_end()
    second = set(loader.indices)
    assert set(range(300)) - first <= second
    again = sorted(second & first, key=lambda index: positions[index])
    assert len(again) == 60
    assert min(positions[index] for index in again) == 120


def test_losses_that_are_not_known_leave_an_image_new(training_set: TrainingSet):
    loader = BatchLoader(training_set, HARD)
    loader.sample_losses = tf.fill([len(loader.order)], np.inf)  # as before the first epoch
    loader.on_epoch_end()
    assert np.isinf(loader.losses).all()


def test_a_run_on_hard_images_resumes_with_the_same_images(
    training_set: TrainingSet, validation: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole, *_ = fit(training_set, validation, HARD, tmp_path / "whole")

    save = EpochCheckpoint.on_epoch_end

    def stop_after_the_first(self, epoch: int, logs: dict | None = None) -> None:
        save(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EpochCheckpoint, "on_epoch_end", stop_after_the_first)
        fit(training_set, validation, HARD, tmp_path / "run")
    known = np.isfinite(np.load(tmp_path / "run" / "epoch-001" / "losses.npy"))
    assert known.sum() == 180
    resumed, history, _ = fit(training_set, validation, HARD, tmp_path / "run", resume=True)
    assert [row["epoch"] for row in history] == [1, 2, 3]
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_a_checkpoint_without_losses_is_not_resumed(
    training_set: TrainingSet, validation: tuple, tmp_path: Path
):
    (tmp_path / "run" / "epoch-001").mkdir(parents=True)
    (tmp_path / "run" / "settings.json").write_text("{}")
    with pytest.raises(FitError, match="other settings"):
        fit(training_set, validation, HARD, tmp_path / "run", resume=True)
