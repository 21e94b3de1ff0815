"""Training: it learns, repeats itself, survives interruption and ends calibrated."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from train.fit import (
    Batches,
    FitError,
    Settings,
    fit,
    inputs,
    negative_log_likelihood,
    temper,
    temperature,
)
from train.model import ARCHITECTURES, build
from train.samples import Samples, mix

SHORT = Settings(arch="baseline", epochs=3, batch=64, seed=4)


@pytest.fixture(scope="module")
def shapes(shapes_file: Path) -> dict[str, np.ndarray]:
    return dict(np.load(shapes_file))


@pytest.fixture(scope="module")
def samples(shapes: dict) -> Samples:
    return Samples(shapes["x_train"], shapes["y_train"], pixels=len(shapes["y_train"]))


@pytest.fixture(scope="module")
def validation(shapes: dict) -> tuple[np.ndarray, np.ndarray]:
    return shapes["x_test"], shapes["y_test"]


@pytest.fixture(scope="module")
def undisturbed(samples: Samples, validation: tuple, tmp_path_factory):
    return fit(samples, validation, SHORT, tmp_path_factory.mktemp("work") / "run")


def test_a_few_epochs_learn_ten_shapes(undisturbed, validation: tuple):
    network, history = undisturbed
    readings = network.predict(inputs(validation[0]), verbose=0).argmax(axis=1)
    assert (readings == validation[1]).mean() > 0.9
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]


def test_the_same_seed_trains_the_same_network(undisturbed, samples, validation, tmp_path: Path):
    again, _ = fit(samples, validation, SHORT, tmp_path / "run")
    for ours, theirs in zip(again.get_weights(), undisturbed[0].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_another_seed_trains_another_network(undisturbed, samples, validation, tmp_path: Path):
    other, _ = fit(samples, validation, replace(SHORT, seed=5, epochs=1), tmp_path / "run")
    kernels = [network.get_weights()[0] for network in (other, undisturbed[0])]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01


def test_an_unfinished_run_is_neither_lost_nor_mixed_with_another(samples, validation, tmp_path):
    (tmp_path / "run" / "epoch-001").mkdir(parents=True)
    (tmp_path / "run" / "settings.json").write_text(json.dumps({"arch": "another"}))
    with pytest.raises(FitError, match="--resume"):
        fit(samples, validation, SHORT, tmp_path / "run")
    with pytest.raises(FitError, match="other settings"):
        fit(samples, validation, SHORT, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "epoch-001").exists()


def test_a_finished_run_leaves_no_backup(samples, validation, tmp_path: Path):
    fit(samples, validation, replace(SHORT, epochs=1), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_network_that_cannot_be_kept_is_not_lost(undisturbed, samples, validation, tmp_path):
    def fill_the_disk(network):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fit(samples, validation, SHORT, tmp_path / "run", keep=fill_the_disk)
    again, history = fit(samples, validation, SHORT, tmp_path / "run", resume=True)
    assert len(history) == 3
    for ours, theirs in zip(again.get_weights(), undisturbed[0].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_batches_depend_on_sample_epoch_and_seed_alone(samples: Samples):
    first, resumed = Batches(samples, SHORT), Batches(samples, SHORT, epoch=1)
    before = first[0][0]
    np.testing.assert_array_equal(before, Batches(samples, SHORT)[0][0])
    first.on_epoch_end()
    np.testing.assert_array_equal(first[3][0], resumed[3][0])
    assert np.abs(first[0][0] - before).max() > 0.1


def test_an_epoch_holds_every_picture_once_and_every_ink_in_several_hands(tmp_path: Path):
    drawings = [[[[0, 0], [k + 1, 9]]] for k in range(5)]
    pictures = np.zeros((7, 28, 28), np.uint8)
    mixed = mix(pictures, np.zeros(7, int), drawings, [1] * 5, seed=0, cache=tmp_path)
    epochs = [mixed.epoch(epoch, 3) for epoch in range(2)]
    for indices in epochs:
        assert sorted(indices[:7]) == list(range(7))
        assert len(indices) == len(set(indices)) == 7 + 3 * 5
        assert (mixed.labels[indices[7:]] == 1).all()
    assert not set(epochs[0][7:]) & set(epochs[1][7:])
    hands = mixed.images[7:].reshape(mixed.hands, 5, 28, 28)
    assert np.abs(hands[0].astype(int) - hands[1]).max() > 50


def test_rendered_ink_comes_from_the_cache_and_a_broken_cache_is_made_again(tmp_path: Path):
    def mixed() -> np.ndarray:
        pictures, drawings = np.zeros((1, 28, 28), np.uint8), [[[[0, 0], [3, 9]]]]
        return mix(pictures, np.zeros(1, int), drawings, [1], seed=0, cache=tmp_path).images

    fresh = mixed()
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    np.testing.assert_array_equal(mixed(), fresh)
    assert file.stat().st_mtime_ns == written
    file.write_bytes(b"half a file")
    np.testing.assert_array_equal(mixed(), fresh)


def test_temperature_finds_the_factor_that_made_logits_overconfident():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 10)) * 2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(10, p=row) for row in chances])
    assert temperature(logits * 3, labels) == pytest.approx(3, rel=0.1)
    sharp, calm = (negative_log_likelihood(logits * s, labels) for s in (3, 1))
    assert calm < sharp


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_folding_a_temperature_divides_the_logits(arch: str):
    network = build(arch)
    image = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    before = np.log(network.predict(image, verbose=0))
    temper(network, 2.0)
    after = np.log(network.predict(image, verbose=0))
    centred = [logs - logs.mean(axis=1, keepdims=True) for logs in (before, after)]
    np.testing.assert_allclose(centred[1], centred[0] / 2, atol=1e-4)


def test_an_unknown_architecture_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no architecture 'huge'.*default.*baseline"):
        build("huge")
