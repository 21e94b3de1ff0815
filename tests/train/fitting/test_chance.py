"""A run that reads no better than by guessing stops after an epoch, and replaces nothing."""

from pathlib import Path

import numpy as np
import pytest

from tests.train.conftest import render_shapes
from train.__main__ import main
from train.fitting.chance import ChanceCheck, chance_bound
from train.fitting.settings import FitError

IMAGES = np.zeros((500, 28, 28), np.uint8)
LABELS = np.arange(500) % 10


def check(
    sets: dict, accuracies: list[tuple[float, float]], steps: int = 100, epochs: int | None = None
) -> int:
    """Feed a check with training and validation accuracies; return the number of epochs passed."""
    checking = ChanceCheck(sets)
    checking.set_params({"steps": steps, "epochs": epochs or len(accuracies)})
    for epoch, (training, validation) in enumerate(accuracies):
        logs = {"loss": 1.0, "accuracy": training, "val_accuracy": validation}
        try:
            checking.on_epoch_end(epoch, logs)
        except FitError as problem:
            assert "\n" not in str(problem) and "polarity" in str(problem)
            return epoch
    return len(accuracies)


OWN = {"own.csv": (IMAGES, LABELS)}


def test_a_run_at_chance_stops_after_its_first_epoch():
    assert check(OWN, [(0.1, 0.11)] * 5) == 0
    assert check(OWN, [(0.12, 0.2)] * 5) == 0


def test_a_run_that_learns_goes_on():
    assert check(OWN, [(0.6, 0.9), (0.9, 0.95)]) == 2
    assert check(OWN, [(0.6, 0.9), (0.1, 0.1)]) == 2, "once is enough"


def test_averages_that_lag_behind_are_waited_for_but_not_beyond_the_last_epoch():
    assert check(OWN, [(0.6, 0.1), (0.8, 0.1), (0.9, 0.9)]) == 3
    assert check(OWN, [(0.6, 0.1), (0.8, 0.1), (0.9, 0.1)]) == 2


def test_a_few_steps_say_nothing():
    assert check(OWN, [(0.1, 0.1)] * 2, steps=14, epochs=9) == 2
    assert check(OWN, [(0.1, 0.1)] * 3, steps=14, epochs=9) == 2
    assert check(OWN, [(0.1, 0.1)], steps=9) == 1, "a trial of nine steps"
    assert check(OWN, [(0.1, 0.1)] * 2, steps=9) == 1
    assert check(OWN, [(0.3, 0.1)] * 2, steps=40) == 2


@pytest.mark.parametrize("labels", [np.arange(4), LABELS % 3, np.zeros(500, int), LABELS[:0]])
def test_too_few_digits_or_kinds_of_digits_say_nothing(labels: np.ndarray):
    assert check({"few": (IMAGES[: len(labels)], labels)}, [(0.1, 0.1)] * 3) == 3


def test_the_bound_follows_from_chance_and_the_number_of_digits():
    assert chance_bound(np.arange(100_000) % 10) == pytest.approx(0.2)
    assert chance_bound(np.arange(20) % 10) == pytest.approx(0.1 + 3 * np.sqrt(0.09 / 20))
    assert chance_bound(np.arange(1000) % 4) == pytest.approx(0.5)


def test_a_diverged_run_is_left_to_its_own_message():
    checking = ChanceCheck(OWN)
    checking.set_params({"steps": 100, "epochs": 1})
    checking.on_epoch_end(0, {"loss": np.nan, "accuracy": 0.1, "val_accuracy": 0.1})


class Reader:
    """A network that reads only blank images, as the digit 3."""

    def predict(self, images: np.ndarray, **_: object) -> np.ndarray:
        logits = np.zeros((len(images), 11))
        logits[:, 3] = images.max(axis=(1, 2, 3)) == 0
        return logits


def test_a_source_at_chance_is_not_hidden_by_another_one():
    sets = {"own.csv": (IMAGES + 1, LABELS), "pens": (IMAGES, np.arange(500) % 6)}
    checking = ChanceCheck(sets)
    checking.set_params({"steps": 100, "epochs": 9})
    checking.set_model(Reader())
    assert set(checking.accuracies({})) == {"own.csv", "pens"}
    with pytest.raises(FitError, match=r"10\.0% of the validation digits of own\.csv"):
        checking.on_epoch_end(0, {"loss": 1.0, "accuracy": 0.1, "val_accuracy": 0.6})


@pytest.mark.usefixtures("few_non_digits", "brief_reports")
def test_shuffled_labels_stop_the_command_and_replace_nothing(tmp_path: Path, capsys):
    images, labels = render_shapes(1500, 1)
    mixed = np.random.default_rng(0).permutation(labels)
    own = tmp_path / "mixed.npz"
    np.savez(own, x_train=images, y_train=mixed, x_test=images[:50], y_test=mixed[:50])
    out = tmp_path / "models"
    out.mkdir()
    (out / "digits.keras").write_bytes(b"the old network")
    command = ["--data", own, "--out", out, "--arch", "baseline", "--epochs", "9"]
    for _ in range(2):  # what is left behind does not stop the next run with another message
        assert main([*map(str, command), "--batch-size", "32"]) == 1
        said = capsys.readouterr().err
        assert said.startswith("train: after epoch 1 the network reads ") and said.count("\n") == 1
        assert "validation digits of mixed" in said and "label" in said
    assert (out / "digits.keras").read_bytes() == b"the old network"
    assert not (out / "report.json").exists() and not (out / ".training").exists()
