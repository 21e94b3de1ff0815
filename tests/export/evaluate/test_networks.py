"""The table and the comparison of several networks, and an evaluation in a browser."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from export import meta
from export.convert import predictor
from export.evaluate import __main__ as evaluate
from export.evaluate.__main__ import Evaluation, comparison, tables, validation_accuracy
from train.evaluation.predictions import Predictions
from train.samples.prepare import TestSet

LABELS = np.tile(np.arange(10), 10)
WRITERS = np.repeat([f"lab/w{k}" for k in range(10)], 10)


def with_errors(wrong: int) -> np.ndarray:
    """Return (100, 10) probabilities that misread the first of every `100 // wrong` samples."""
    readings = LABELS.copy()
    readings[:: len(LABELS) // wrong] += 1
    return np.eye(10, dtype=np.float32)[readings % 10]


@pytest.fixture
def tests() -> list[TestSet]:
    images = np.zeros((100, 28, 28), np.uint8)
    return [TestSet("MNIST test", images, LABELS), TestSet("ink", images, LABELS, WRITERS)]


def evaluation(name: str, plain: int, inked: int, threshold: float | None = None) -> Evaluation:
    """Return an evaluation with these errors in 100; scores are 0, 0.01, …, scribbles' 1 and 0."""
    scores = None if threshold is None else np.arange(100) / 100
    return Evaluation(
        Path(name),
        {"MNIST": 0.995},
        {
            "MNIST test": Predictions(with_errors(plain), scores),
            "ink": Predictions(with_errors(inked), scores),
        },
        {"MNIST test": with_errors(1), "ink": with_errors(5)},
        threshold,
        {} if threshold is None else {"scribbles": np.array([1.0, 1.0, 1.0, 0.0])},
    )


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of a table's rows by the rows' names."""
    split = [re.split(r"  +", line.strip()) for line in text.splitlines() if line.strip()]
    return {name: cells for name, *cells in split}


def test_unipen_may_be_repeated_and_does_not_take_the_networks_paths():
    options = evaluate.parser().parse_args(["--unipen", "a", "--unipen", "b", "c.keras"])
    assert options.unipen == ["a", "b"] and options.models == [Path("c.keras")]


def test_a_table_has_a_column_per_network_and_one_for_mean_and_deviation(tests):
    text = tables([evaluation("a.keras", 2, 10), evaluation("b.keras", 4, 20)], tests, {})
    found = rows(text)
    assert found["Accuracy"] == ["a.keras", "b.keras", "mean ± standard deviation"]
    assert found["MNIST, validation"] == ["99.50%", "99.50%", "99.50 ± 0.00%"]
    assert found["MNIST test"] == ["98.00%", "96.00%", "97.00 ± 1.41%"]
    assert found["ink"] == ["90.00%", "80.00%", "85.00 ± 7.07%"]
    assert found["ink, mean over writers"] == found["ink"]
    assert "MNIST test: 100 digits" in text
    assert "Rejected" not in text
    assert max(map(len, text.splitlines())) < 100


def test_the_table_lists_the_accuracy_before_quantisation(tests):
    text = tables([evaluation("a.keras", 2, 10)], tests, {})
    assert rows(text)["MNIST test, Keras in float32"] == ["99.00%"]
    assert rows(text)["ink, Keras in float32"] == ["95.00%"]


def test_each_network_rejects_at_its_own_threshold_and_one_without_rejects_nothing(tests):
    networks = [evaluation("a.keras", 2, 10, 0.97), evaluation("b.keras", 2, 10, 0.9)]
    others = {"scribbles": np.zeros((4, 28, 28), np.uint8)}
    text = tables([*networks, evaluation("old.keras", 2, 10)], tests, others)
    found = rows(text[text.index("Rejected") : text.index("Confidence")])
    assert found["threshold"][:3] == ["0.9700", "0.9000", "–"]
    assert found["MNIST test"][:3] == ["2.00%", "9.00%", "–"]
    assert found["scribbles"] == ["75.00%", "75.00%", "–", "75.00 ± 0.00%"]
    assert "scribbles: 4" in text


def test_low_confidence_readings_are_listed_with_their_accuracy(tests):
    probabilities = with_errors(2)  # 0 and 50 are wrong
    for row, top in ((0, 0.5), (1, 0.8), (2, 0.89), (3, 0.9)):
        probabilities[row] = probabilities[row] * top + (1 - probabilities[row]) * (1 - top) / 9
    network = evaluation("a.keras", 2, 10)
    network.in_browser["MNIST test"] = Predictions(probabilities)
    found = rows(tables([network], tests, {}))
    assert found["MNIST test, 50% to 90% sure"] == ["3"]
    assert found["MNIST test, 50% to 90% sure: mean confidence"] == ["73.00%"]
    assert found["MNIST test, 50% to 90% sure: accuracy"] == ["66.67%"]
    assert found["ink, 50% to 90% sure"] == ["0"]
    of_labels = np.maximum(probabilities[np.arange(100), LABELS], 1e-12)
    assert found["MNIST test, negative log-likelihood"] == [f"{-np.log(of_labels).mean():.4f}"]


def test_a_comparison_gives_the_reduction_of_errors(tests):
    text = comparison(evaluation("a.keras", 2, 5), evaluation("b.keras", 4, 20), tests)
    assert "MNIST test, micro: 98.00%" in text and "50.0%" in text
    assert "ink, macro: 95.00%" in text and "against 80.00%" in text and ": 75.0% (" in text


def test_a_comparison_to_a_network_without_errors_has_no_reduction(tests):
    perfect = evaluation("b.keras", 2, 5)
    perfect.in_browser.update(
        {name: Predictions(np.eye(10)[LABELS]) for name in perfect.in_browser}
    )
    lines = comparison(evaluation("a.keras", 2, 5), perfect, tests).splitlines()[1:]
    assert len(lines) == 3
    assert all(
        "against 100.00%" in line and line.endswith(": – (–) fewer errors") for line in lines
    )


def test_validation_accuracy_comes_from_the_report_of_the_same_network(tmp_path: Path):
    file = tmp_path / "digits.keras"
    file.write_bytes(b"weights")
    report = {"run": {"validation": {"MNIST": {"samples": 10, "accuracy": 0.9}}}}
    (tmp_path / "report.json").write_text(json.dumps(report | {"model_sha256": meta.sha256(file)}))
    assert validation_accuracy(file) == {"MNIST": 0.9}
    file.write_bytes(b"others")
    assert validation_accuracy(file) == {}


def test_networks_are_evaluated_in_a_browser_as_they_are_shipped(
    monkeypatch, capfd, converter_here, keras_file, network, fields
):
    images = np.rint(fields[..., 0] * 255).astype(np.uint8)
    few = TestSet("MNIST test", images[:30], np.arange(30) % 10)
    others = {"blots": images[30:]}
    monkeypatch.setattr(evaluate, "read_test_sets", lambda source, ink: ([few], others))
    files = [str(keras_file("baseline")), str(keras_file("plain"))]
    evaluate.main([*files, "--against", files[0]])
    printed, logged = capfd.readouterr()
    # When it starts here, TensorFlow also reports that there is no GPU.
    lines = [line for line in logged.splitlines() if line.startswith("evaluating ")]
    assert lines == [f"evaluating {file}" for file in files]
    assert "MNIST test: 30 digits, blots: 10" in printed
    limit = meta.threshold(keras_file("baseline"))
    scores = predictor(network("baseline"))(fields).scores
    found = rows(printed[printed.index("Rejected") : printed.index("Confidence")])
    for name, part in (("MNIST test", scores[:30]), ("blots", scores[30:])):
        shipped, plain, _ = found[name]
        assert plain == "–"
        assert float(shipped[:-1]) == pytest.approx(100 * (part > limit).mean(), abs=10.1), name
    accuracies = re.search(r"micro: ([\d.]+%) .* against ([\d.]+%)", printed)
    assert accuracies[1] == accuracies[2]


def test_a_missing_file_is_reported_in_one_line(monkeypatch):
    monkeypatch.setattr(evaluate, "read_test_sets", lambda source, ink: ([], {}))
    with pytest.raises(SystemExit, match="digitpad: there is no nowhere.keras"):
        evaluate.main(["nowhere.keras"])
