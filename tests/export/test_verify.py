import json
import shutil

import numpy as np
import pytest

from export import __main__ as command
from export import convert, meta, verify
from export.browser.page import SiteError, browser_predictions
from export.convert import predictor
from export.verify import Comparison, VerifyError, compare
from train.evaluation.predictions import Predictions

CONVERTER = convert.run_converter  # runs in another process, unless a fixture replaces it


@pytest.fixture
def few_digits(monkeypatch, fields):
    """Replace MNIST's test set by `fields`, with arbitrary labels."""
    digits = fields, np.arange(len(fields)) % 10
    monkeypatch.setattr(command, "mnist_test_digits", lambda: digits)
    return digits


def arguments(keras_file, out):
    return ["--model", str(keras_file("baseline")), "--out", str(out)]


def test_a_comparison_counts_different_classifications():
    expected = np.eye(10)[[3, 4, 5, 6]]
    measured = expected.copy()
    measured[1] = np.eye(10)[9] * 0.75 + np.eye(10)[4] * 0.25
    compared = compare(Predictions(expected), Predictions(measured), np.array([3, 4, 5, 0]))
    assert compared == Comparison(0.75, 0.5, 4, 1, 0.75)
    assert "rejected" not in str(compared)


def test_a_comparison_counts_different_rejections():
    probabilities, labels = np.eye(10)[[3, 4, 5, 6]], np.array([3, 4, 5, 6])
    expected = Predictions(probabilities, np.array([0.1, 0.5, 0.6, 0.9]))
    measured = Predictions(probabilities, np.array([0.1, 0.6, 0.5, 0.65]))
    compared = compare(expected, measured, labels, threshold=0.5)  # equal scores are accepted
    assert (compared.refused, compared.refusals_differing) == (0.5, 2)
    assert compared.largest_score_difference == pytest.approx(0.25)
    assert "rejected in the browser" in str(compared) and "50.00%" in str(compared)
    unlimited = compare(expected, measured, labels)
    assert (unlimited.refused, unlimited.refusals_differing) == (None, None)
    assert unlimited.largest_score_difference == pytest.approx(0.25)


@pytest.mark.parametrize(("expected", "measured"), [(None, np.zeros(1)), (np.zeros(1), None)])
def test_a_score_that_only_one_of_the_two_has_is_an_error(expected, measured):
    probabilities = np.eye(10)[:1]
    who = "the browser" if expected is None else "Keras"
    with pytest.raises(VerifyError, match=f"only {who} has a rejection score"):
        compare(
            Predictions(probabilities, expected), Predictions(probabilities, measured), np.zeros(1)
        )


@pytest.mark.parametrize(("differing", "passes"), [(None, True), (20, True), (21, False)])
def test_twenty_rejections_in_ten_thousand_may_differ(differing, passes):
    compared = Comparison(0.995, 0.995, 10_000, 0, 0.1, 0.1, 0.01, differing)
    assert compared.passes is passes


@pytest.mark.parametrize(
    ("disagreements", "browser", "passes"),
    [(5, 0.995, True), (6, 0.995, False), (5, 0.994, True), (0, 0.9939, False), (0, 0.999, True)],
)
def test_up_to_five_disagreements_in_ten_thousand_and_a_tenth_of_a_point_pass(
    disagreements, browser, passes
):
    assert Comparison(0.995, browser, 10_000, disagreements, 0.1).passes is passes


def test_nan_probabilities_do_not_pass():
    assert not Comparison(0.098, 0.098, 10_000, 0, float("nan")).passes


def test_export_verifies_in_the_browser_and_records_the_comparison(
    tmp_path, exported, keras_file, monkeypatch, few_digits, capsys
):
    here = exported("baseline", "uint8")
    monkeypatch.setattr(convert, "run_converter", CONVERTER)
    out = tmp_path / "model"
    command.main(arguments(keras_file, out))
    for name, facts in meta.read(here)["files"].items():
        assert meta.facts(out / name) == facts, "another process gives the same bytes"
    described = meta.read(out)
    found = described["accuracy"]["mnist"]
    assert described["verified"] is True
    assert found["samples"] == len(few_digits[0])
    assert found["disagreements"] <= 1
    assert 0 < found["largest_difference"] < 0.15
    assert 0 < found["largest_score_difference"] < 0.15
    assert 0.25 <= found["refused"] <= 0.75
    assert found["refusals_differing"] <= 1
    printed = capsys.readouterr().out
    assert "correct in the browser" in printed and "rejected in the browser" in printed


def test_a_model_without_a_score_is_verified_by_its_probabilities(
    tmp_path, exported, keras_file, quick_convert, few_digits
):
    quick_convert(exported("plain"))
    out = tmp_path / "model"
    command.main(["--model", str(keras_file("plain")), "--out", str(out)])
    found = meta.read(out)["accuracy"]["mnist"]
    assert found["disagreements"] == 0
    assert found["refused"] is None


def test_a_model_that_disagrees_with_keras_does_not_replace_the_old_one(
    tmp_path, exported, keras_file, quick_convert, few_digits
):
    out = tmp_path / "model"
    shutil.copytree(exported("baseline", "uint8"), out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    quick_convert(exported("default", "float32"))  # another network
    with pytest.raises(SystemExit, match="digitpad: browser and Keras read a drawn . differently"):
        command.main(arguments(keras_file, out))
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_model_that_does_not_run_does_not_replace_the_old_one(
    tmp_path, exported, keras_file, model_copy, quick_convert, few_digits
):
    out = tmp_path / "model"
    shutil.copytree(exported("baseline", "uint8"), out)
    document = json.loads((model_copy / "model.json").read_text())
    document["weightsManifest"][0]["weights"].pop(0)
    (model_copy / "model.json").write_text(json.dumps(document))
    quick_convert(model_copy)
    with pytest.raises(SystemExit, match="digitpad: the model does not run in the ") as raised:
        command.main(arguments(keras_file, out))
    assert "\n" not in str(raised.value.code)
    assert meta.read(out)["precision"] == "uint8"


def test_progress_reaches_the_end_and_rows_stay_in_order(exported, network, fields):
    many = np.tile(fields, (7, 1, 1, 1))
    calls = []
    measured, scores = browser_predictions(
        many, model_dir=exported(), progress=lambda done, total: calls.append((done, total))
    )
    assert calls[-1] == (280, 280)
    assert sorted(calls) == calls
    expected = predictor(network("baseline"))(many)
    np.testing.assert_allclose(measured, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(scores, expected.scores, atol=1e-5)


def test_no_images_give_no_probabilities(exported):
    predictions = browser_predictions(np.empty((0, 28, 28)), model_dir=exported())
    assert predictions.probabilities.shape == (0, 10)


def test_the_first_failure_ends_the_run(model_copy, fields):
    (model_copy / "model.json").unlink()
    with pytest.raises(SiteError, match="model.json could not be fetched"):
        browser_predictions(fields, model_dir=model_copy)


def test_the_command_prints_the_table(monkeypatch, exported, keras_file, few_digits, capsys):
    monkeypatch.setattr(verify, "mnist_test_digits", lambda limit: few_digits)
    verify.main(["--model", str(keras_file("baseline")), "--web-model", str(exported())])
    assert "MNIST test digits" in capsys.readouterr().out


def test_the_command_fails_if_the_browser_disagrees(monkeypatch, exported, keras_file, few_digits):
    monkeypatch.setattr(verify, "mnist_test_digits", lambda limit: few_digits)
    other = exported("default", "float32")
    with pytest.raises(SystemExit, match="digitpad: browser and Keras read a drawn"):
        verify.main(["--model", str(keras_file("baseline")), "--web-model", str(other)])
