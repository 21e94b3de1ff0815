import json
import shutil

import numpy as np
import pytest

from export import __main__ as command
from export import meta, verify
from export.site import SiteError, browser_probabilities
from export.verify import Comparison, compare


@pytest.fixture
def few_digits(monkeypatch, fields):
    """MNIST's test set is these fields, with arbitrary labels."""
    digits = fields, np.arange(len(fields)) % 10
    monkeypatch.setattr(command, "mnist_test_digits", lambda: digits)
    return digits


def arguments(keras_file, out):
    return ["--model", str(keras_file("baseline")), "--out", str(out)]


def test_a_comparison_counts_what_the_browser_reads_differently():
    expected = np.eye(10)[[3, 4, 5, 6]]
    measured = expected.copy()
    measured[1] = np.eye(10)[9] * 0.75 + np.eye(10)[4] * 0.25
    compared = compare(expected, measured, np.array([3, 4, 5, 0]))
    assert compared == Comparison(0.75, 0.5, 4, 1, 0.75)


@pytest.mark.parametrize(
    ("disagreements", "browser", "passes"),
    [(5, 0.995, True), (6, 0.995, False), (5, 0.994, True), (0, 0.9939, False), (0, 0.999, True)],
)
def test_five_disagreements_in_ten_thousand_and_a_tenth_of_a_point_pass(
    disagreements, browser, passes
):
    assert Comparison(0.995, browser, 10_000, disagreements, 0.1).passes is passes


def test_export_verifies_in_the_browser_and_writes_what_it_found(
    tmp_path, exported, keras_file, quick_convert, few_digits, capsys
):
    quick_convert(exported("baseline", "uint8"))
    out = tmp_path / "model"
    command.main(arguments(keras_file, out))
    described = meta.read(out)
    found = described["accuracy"]["mnist"]
    assert described["verified"] is True
    assert found["samples"] == len(few_digits[0])
    assert found["disagreements"] <= 1
    assert 0 < found["largest_difference"] < 0.15
    assert "read right in a browser" in capsys.readouterr().out


def test_a_model_that_reads_otherwise_than_keras_leaves_the_old_one_as_it_was(
    tmp_path, exported, keras_file, quick_convert, few_digits
):
    out = tmp_path / "model"
    shutil.copytree(exported("baseline", "uint8"), out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    quick_convert(exported("default", "float32"))  # another network under this one's name
    with pytest.raises(SystemExit, match="digitpad: the browser reads a drawn . unlike Keras"):
        command.main(arguments(keras_file, out))
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_model_that_does_not_run_leaves_the_old_one_as_it_was(
    tmp_path, exported, keras_file, model_copy, quick_convert, few_digits
):
    out = tmp_path / "model"
    shutil.copytree(exported("baseline", "uint8"), out)
    document = json.loads((model_copy / "model.json").read_text())
    document["weightsManifest"][0]["weights"].pop(0)
    (model_copy / "model.json").write_text(json.dumps(document))
    quick_convert(model_copy)
    with pytest.raises(SystemExit, match="digitpad: the model does not run in the browser") as told:
        command.main(arguments(keras_file, out))
    assert "\n" not in str(told.value.code)
    assert meta.read(out)["precision"] == "uint8"


def test_progress_reaches_the_end_and_rows_stay_in_order(exported, network, fields):
    many = np.tile(fields, (7, 1, 1, 1))
    told = []
    measured = browser_probabilities(
        many, model_dir=exported(), progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (280, 280)
    assert sorted(told) == told
    np.testing.assert_allclose(measured, network("baseline").predict(many, verbose=0), atol=1e-5)


def test_no_images_are_no_probabilities(exported):
    assert browser_probabilities(np.empty((0, 28, 28)), model_dir=exported()).shape == (0, 10)


def test_the_first_failure_ends_the_run(model_copy, fields):
    (model_copy / "model.json").unlink()
    with pytest.raises(SiteError, match="model.json could not be fetched"):
        browser_probabilities(fields, model_dir=model_copy)


def test_the_command_prints_the_table(monkeypatch, exported, keras_file, few_digits, capsys):
    monkeypatch.setattr(verify, "mnist_test_digits", lambda limit: few_digits)
    verify.main(["--model", str(keras_file("baseline")), "--web-model", str(exported())])
    assert "MNIST test digits" in capsys.readouterr().out


def test_the_command_fails_where_the_browser_reads_otherwise(
    monkeypatch, exported, keras_file, few_digits
):
    monkeypatch.setattr(verify, "mnist_test_digits", lambda limit: few_digits)
    other = exported("default", "float32")
    with pytest.raises(SystemExit, match="digitpad: the browser reads a drawn"):
        verify.main(["--model", str(keras_file("baseline")), "--web-model", str(other)])
