"""Training learns, is reproducible, survives interruptions and ends calibrated."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from train.evaluation.metrics import negative_log_likelihood
from train.evaluation.predict import predict
from train.fitting.batches import BatchLoader, one_hot
from train.fitting.calibration import apply_temperature, fit_temperature
from train.fitting.distillation import teacher_ensemble
from train.fitting.fit import fit
from train.fitting.losses import Accuracy, losses
from train.fitting.settings import FitError, Settings
from train.network.architectures import ARCHITECTURES
from train.network.build import build
from train.samples.training_set import NOT_A_DIGIT, TrainingSet, build_training_set, inputs

SHORT = Settings(arch="baseline", epochs=3, batch_size=64, seed=4)


@pytest.fixture(scope="module")
def shapes(shapes_file: Path) -> dict[str, np.ndarray]:
    return dict(np.load(shapes_file))


@pytest.fixture(scope="module")
def training_set(shapes: dict) -> TrainingSet:
    return TrainingSet(shapes["x_train"], shapes["y_train"], num_images=len(shapes["y_train"]))


@pytest.fixture(scope="module")
def validation(shapes: dict) -> tuple[np.ndarray, np.ndarray]:
    return shapes["x_test"], shapes["y_test"]


@pytest.fixture(scope="module")
def undisturbed(training_set: TrainingSet, validation: tuple, tmp_path_factory):
    return fit(training_set, validation, SHORT, tmp_path_factory.mktemp("work") / "run")


@pytest.fixture(scope="module")
def one_epoch(training_set: TrainingSet, validation: tuple, tmp_path_factory) -> tuple:
    """Return the network, folder and log keys of a one-epoch run with another seed."""
    work, logged = tmp_path_factory.mktemp("work") / "run", []
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: logged.append(logs.keys()),
        on_epoch_end=lambda epoch, logs: logged.append(logs.keys()),
    )
    settings = replace(SHORT, seed=5, epochs=1)
    network, *_ = fit(training_set, validation, settings, work, callbacks=[callback])
    return network, work, logged


@pytest.fixture(scope="module")
def unsaved(training_set: TrainingSet, validation: tuple, tmp_path_factory) -> tuple:
    """Return the network of a run that a full disk kept from being saved, and its folder."""
    work, networks = tmp_path_factory.mktemp("work") / "run", []

    def fill_the_disk(result):
        networks.append(result.network)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fit(training_set, validation, SHORT, work, on_finished=fill_the_disk)
    return networks[0], work


def test_a_few_epochs_learn_ten_shapes(undisturbed, validation: tuple):
    network, history, _ = undisturbed
    readings = predict(network, inputs(validation[0])).probabilities.argmax(axis=1)
    assert (readings == validation[1]).mean() > 0.9
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]


def test_a_run_without_averaging_keeps_its_last_weights(
    training_set, validation, tmp_path: Path
):
    settings = replace(SHORT, ema_fraction=0.0)
    network, history, _ = fit(training_set, validation, settings, tmp_path / "run")
    readings = predict(network, inputs(validation[0])).probabilities.argmax(axis=1)
    assert (readings == validation[1]).mean() == pytest.approx(history[-1]["val_accuracy"])
    assert history[-1]["val_accuracy"] > 0.9


class FixedTeacher:
    """A teacher that reads every image as the same digit."""

    def __init__(self, digit: int) -> None:
        self.probabilities = one_hot(np.array([digit]))[:, :10]

    def __call__(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        assert not training
        return tf.repeat(tf.constant(self.probabilities), tf.shape(images)[0], axis=0)


def test_teachers_change_only_the_labels_of_digits():
    images = np.zeros((6, 28, 28), np.uint8)
    training_set = TrainingSet(
        images, np.array([1, 2, 3, 4, NOT_A_DIGIT, NOT_A_DIGIT]), 4, num_non_digits=2
    )
    settings = replace(SHORT, non_digits_per_digit=1.0, distillation_weight=0.5)
    teacher = teacher_ensemble([FixedTeacher(7), FixedTeacher(8)])
    taught = BatchLoader(training_set, settings, teacher=teacher)[0][1]
    alone = BatchLoader(training_set, settings)[0][1]
    digits = alone[:, 10] == 0
    np.testing.assert_array_equal(taught[~digits], alone[~digits])
    expected = alone[digits] / 2
    expected[:, [7, 8]] += 0.25
    np.testing.assert_allclose(taught[digits], expected)


def test_a_network_learns_from_teachers_alone(
    undisturbed, training_set, validation, tmp_path: Path
):
    wrong = TrainingSet(
        training_set.images, np.roll(training_set.labels, 1), training_set.num_images
    )
    taught, *_ = fit(
        wrong,
        validation,
        replace(SHORT, distillation_weight=1.0),
        tmp_path / "run",
        teachers=[undisturbed[0]],
    )
    readings = predict(taught, inputs(validation[0])).probabilities.argmax(axis=1)
    assert (readings == validation[1]).mean() > 0.9


def test_the_same_seed_trains_the_same_network(undisturbed, unsaved):
    again, _ = unsaved
    # Runs with the same kernels are equal to the last bit. Other kernels (AVX2, oneDNN) differ by
    # up to 0.1 after this many steps, so weights are never compared across machines.
    for ours, theirs in zip(again.get_weights(), undisturbed[0].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_another_seed_trains_another_network(undisturbed, one_epoch):
    kernels = [network.get_weights()[0] for network in (one_epoch[0], undisturbed[0])]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01


def test_an_unfinished_run_is_neither_overwritten_nor_resumed_with_other_settings(
    training_set, validation, tmp_path
):
    (tmp_path / "run" / "epoch-001").mkdir(parents=True)
    (tmp_path / "run" / "settings.json").write_text(json.dumps({"arch": "another"}))
    with pytest.raises(FitError, match="--resume"):
        fit(training_set, validation, SHORT, tmp_path / "run")
    with pytest.raises(FitError, match="other settings"):
        fit(training_set, validation, SHORT, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "epoch-001").exists()


def test_a_finished_run_leaves_no_checkpoints(one_epoch):
    _, work, _ = one_epoch
    assert work.parent.exists() and not work.exists()


def test_a_diverged_network_is_not_saved(training_set, validation, tmp_path: Path):
    init_from = build(SHORT.arch)
    init_from.set_weights([np.full_like(weights, np.nan) for weights in init_from.get_weights()])
    kept = []
    with pytest.raises(FitError, match="diverged"):
        fit(
            training_set,
            validation,
            replace(SHORT, epochs=1),
            tmp_path / "run",
            init_from=init_from,
            on_finished=kept.append,
        )
    assert kept == []


def test_callbacks_receive_the_metrics(one_epoch):
    _, _, logged = one_epoch
    assert {"loss", "accuracy"} <= logged[0]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= logged[-1]


def test_a_run_that_fails_to_save_can_be_resumed(undisturbed, unsaved, training_set, validation):
    _, work = unsaved
    again, history, _ = fit(training_set, validation, SHORT, work, resume=True)
    assert len(history) == 3
    for ours, theirs in zip(again.get_weights(), undisturbed[0].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_batches_depend_only_on_sample_epoch_and_seed(training_set: TrainingSet):
    first, resumed = BatchLoader(training_set, SHORT), BatchLoader(training_set, SHORT, epoch=1)
    before = first[0][0]
    np.testing.assert_array_equal(before, BatchLoader(training_set, SHORT)[0][0])
    first.on_epoch_end()
    np.testing.assert_array_equal(first[3][0], resumed[3][0])
    assert np.abs(first[0][0] - before).max() > 0.1


def test_without_augmentation_images_stay_unchanged(training_set: TrainingSet):
    plain = BatchLoader(training_set, replace(SHORT, augmentation_strength=0.0))
    images, labels = plain[0]
    first = plain.order[: SHORT.batch_size]
    np.testing.assert_array_equal(images, inputs(training_set.images[first]))
    np.testing.assert_array_equal(labels.argmax(axis=1), training_set.labels[first])


def test_an_epoch_has_every_image_once_and_several_renders_of_a_drawing(tmp_path: Path):
    drawings = [[[[0, 0], [k + 1, 9]]] for k in range(5)]
    pictures = np.zeros((7, 28, 28), np.uint8)
    mixed = build_training_set(
        pictures, np.zeros(7, int), drawings, [1] * 5, seed=0, cache=tmp_path
    )
    epochs = [mixed.epoch_indices(epoch, 0, 3, 0.25) for epoch in range(2)]
    for indices in epochs:
        assert sorted(indices[:7]) == list(range(7))
        assert len(indices) == len(set(indices)) == 7 + 3 * 5
        assert (mixed.labels[indices[7:]] == 1).all()
    assert not set(epochs[0][7:]) & set(epochs[1][7:])
    variants = mixed.images[7:].reshape(mixed.num_variants, 5, 28, 28)
    assert np.abs(variants[0].astype(int) - variants[1]).max() > 50


def test_each_epoch_has_another_subset_of_the_non_digits(tmp_path: Path):
    pictures, non_digits = np.zeros((40, 28, 28), np.uint8), np.ones((30, 28, 28), np.uint8)
    mixed = build_training_set(
        pictures, np.zeros(40, int), non_digits=non_digits, seed=0, cache=tmp_path
    )
    first, second = (mixed.epoch_indices(epoch, 0, 3, 0.25)[40:] for epoch in range(2))
    assert len(first) == len(set(first)) == 10
    assert (mixed.labels[first] == NOT_A_DIGIT).all() and (mixed.images[first] == 1).all()
    assert set(first) != set(second)
    np.testing.assert_array_equal(first, mixed.epoch_indices(0, 0, 3, 0.25)[40:])
    assert len(mixed.epoch_indices(0, 0, 3, 2.0)) == 70


def test_non_digits_are_rejected_without_lowering_the_accuracy(
    shapes: dict, validation: tuple, tmp_path: Path
):
    digits, labels = shapes["x_train"], shapes["y_train"]
    bars = np.zeros((300, 28, 28), np.uint8)
    bars[np.arange(300)[:, None], np.arange(300)[:, None] % 20 + np.arange(8)] = 255
    with_bars = build_training_set(digits, labels, non_digits=bars, seed=0, cache=tmp_path)
    network, *_ = fit(with_bars, validation, replace(SHORT, epochs=4), tmp_path / "run")
    probabilities, of_digits = predict(network, inputs(validation[0]))
    of_bars = predict(network, inputs(bars)).scores
    assert np.median(of_bars) > 0.9 > 0.1 > np.median(of_digits)
    assert (probabilities.argmax(axis=1) == validation[1]).mean() > 0.9


def test_non_digits_change_neither_the_digit_loss_nor_the_accuracy():
    truth, logits = one_hot(np.array([3, NOT_A_DIGIT])), np.zeros((2, 11), np.float32)
    logits[0, 3] = logits[1, 5] = 9
    truth, logits = tf.constant(truth), tf.Variable(logits)
    with tf.GradientTape() as tape:
        whole = losses(replace(SHORT, rejection_loss_weight=0.0))(truth, logits)
    assert (np.abs(tape.gradient(whole, logits)[:, :10]).max(axis=1) > 0).tolist() == [True, False]
    whole = whole.numpy()
    assert whole[0] == pytest.approx(np.log(1 + 9 * np.exp(-9)), rel=1e-3) and whole[1] == 0
    with_rejection = losses(replace(SHORT, rejection_loss_weight=2.0))(truth, logits).numpy()
    np.testing.assert_allclose(with_rejection - whole, 2 * np.log(2), rtol=1e-5)
    measured = Accuracy()
    measured.update_state(truth, logits)
    assert measured.result() == 1


def test_training_cannot_start_from_another_architecture(training_set, validation, tmp_path):
    with pytest.raises(FitError, match="not built like baseline"):
        fit(training_set, validation, SHORT, tmp_path / "run", init_from=build("default"))


def test_renders_are_cached_and_a_damaged_cache_is_replaced(tmp_path: Path):
    def mixed() -> np.ndarray:
        pictures, drawings = np.zeros((1, 28, 28), np.uint8), [[[[0, 0], [3, 9]]]]
        return build_training_set(
            pictures, np.zeros(1, int), drawings, [1], seed=0, cache=tmp_path
        ).images

    fresh = mixed()
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    np.testing.assert_array_equal(mixed(), fresh)
    assert file.stat().st_mtime_ns == written
    file.write_bytes(b"half a file")
    np.testing.assert_array_equal(mixed(), fresh)


def labelled_logits(scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Return logits, (4000, 10), and labels sampled from their softmax."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 10)) * scale
    return logits, np.array([rng.choice(10, p=row) for row in softmax(logits, axis=1)])


def test_the_temperature_is_the_factor_that_made_logits_overconfident():
    logits, labels = labelled_logits(2)
    assert fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.1)
    sharp, calm = (negative_log_likelihood(labels, softmax(logits * s, axis=1)) for s in (3, 1))
    assert calm < sharp


@pytest.mark.parametrize("factor", [0.1, 0.6, 1.7, 3.9, 9])
def test_no_other_temperature_is_more_likely(factor: float):
    logits, labels = labelled_logits(1.5)
    overconfident = (logits * factor).astype(np.float32)
    losses = {
        temperature: negative_log_likelihood(labels, softmax(overconfident / temperature, axis=1))
        for temperature in np.geomspace(0.25, 4, 401)  # steps of 0.7%
    }
    best = min(losses, key=losses.get)
    assert fit_temperature(overconfident, labels) == pytest.approx(best, rel=0.007)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_applying_a_temperature_divides_the_logits(arch: str):
    network = build(arch)
    image = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    before = np.log(predict(network, image).probabilities)
    apply_temperature(network, 2.0)
    after = np.log(predict(network, image).probabilities)
    centred = [logs - logs.mean(axis=1, keepdims=True) for logs in (before, after)]
    np.testing.assert_allclose(centred[1], centred[0] / 2, atol=1e-4)


def test_an_unknown_architecture_is_reported_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no architecture 'huge'.*default.*baseline"):
        build("huge")
