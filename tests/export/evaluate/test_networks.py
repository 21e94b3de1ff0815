"""Networks side by side: the table and the comparison, and one network all the way."""

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


def answers(wrong: int) -> np.ndarray:
    """(100, 10) probabilities with the first of every `100 // wrong` samples misread."""
    readings = LABELS.copy()
    readings[:: len(LABELS) // wrong] += 1
    return np.eye(10, dtype=np.float32)[readings % 10]


@pytest.fixture
def tests() -> list[TestSet]:
    images = np.zeros((100, 28, 28), np.uint8)
    return [TestSet("MNIST test", images, LABELS), TestSet("ink", images, LABELS, WRITERS)]


def evaluation(name: str, plain: int, inked: int, threshold: float | None = None) -> Evaluation:
    """A network with so many mistakes in 100; it scores them 0, 0.01, … and scribbles 1 and 0."""
    scores = None if threshold is None else np.arange(100) / 100
    return Evaluation(
        Path(name),
        {"MNIST": 0.995},
        {
            "MNIST test": Predictions(answers(plain), scores),
            "ink": Predictions(answers(inked), scores),
        },
        {"MNIST test": answers(1), "ink": answers(5)},
        threshold,
        {} if threshold is None else {"scribbles": np.array([1.0, 1.0, 1.0, 0.0])},
    )


def rows(text: str) -> dict[str, list[str]]:
    """The cells of a table's rows, by what they are of."""
    split = [re.split(r"  +", line.strip()) for line in text.splitlines() if line.strip()]
    return {name: cells for name, *cells in split}


def test_unipen_is_repeated_for_several_paths_and_leaves_the_networks_alone():
    options = evaluate.parser().parse_args(["--unipen", "a", "--unipen", "b", "c.keras"])
    assert options.unipen == ["a", "b"] and options.models == [Path("c.keras")]


def test_a_table_has_a_column_a_network_and_their_spread(tests):
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


def test_what_quantising_costs_stands_below_what_is_read(tests):
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


def test_unsure_answers_are_counted_and_held_to_what_they_say(tests):
    probabilities = answers(2)  # 0 and 50 are wrong
    for row, sure in ((0, 0.5), (1, 0.8), (2, 0.89), (3, 0.9)):
        probabilities[row] = probabilities[row] * sure + (1 - probabilities[row]) * (1 - sure) / 9
    network = evaluation("a.keras", 2, 10)
    network.in_browser["MNIST test"] = Predictions(probabilities)
    found = rows(tables([network], tests, {}))
    assert found["MNIST test, 50% to 90% sure"] == ["3"]
    assert found["MNIST test, 50% to 90% sure: mean confidence"] == ["73.00%"]
    assert found["MNIST test, 50% to 90% sure: accuracy"] == ["66.67%"]
    assert found["ink, 50% to 90% sure"] == ["0"]
    meant = np.maximum(probabilities[np.arange(100), LABELS], 1e-12)
    assert found["MNIST test, negative log-likelihood"] == [f"{-np.log(meant).mean():.4f}"]


def test_a_comparison_says_how_many_errors_are_spared(tests):
    text = comparison(evaluation("a.keras", 2, 5), evaluation("b.keras", 4, 20), tests)
    assert "MNIST test, micro: 98.00%" in text and "50.0%" in text
    assert "ink, macro: 95.00%" in text and "against 80.00%" in text and ": 75.0% (" in text


def test_a_network_without_errors_leaves_no_share_to_spare(tests):
    perfect = evaluation("b.keras", 2, 5)
    perfect.in_browser.update(
        {name: Predictions(np.eye(10)[LABELS]) for name in perfect.in_browser}
    )
    lines = comparison(evaluation("a.keras", 2, 5), perfect, tests).splitlines()[1:]
    assert len(lines) == 3
    assert all(
        "against 100.00%" in line and line.endswith(": – (–) fewer errors") for line in lines
    )


def test_validation_is_taken_from_the_report_of_the_very_network(tmp_path: Path):
    file = tmp_path / "digits.keras"
    file.write_bytes(b"weights")
    said = {"run": {"validation": {"MNIST": {"samples": 10, "accuracy": 0.9}}}}
    (tmp_path / "report.json").write_text(json.dumps(said | {"model_sha256": meta.sha256(file)}))
    assert validation_accuracy(file) == {"MNIST": 0.9}
    file.write_bytes(b"others")
    assert validation_accuracy(file) == {}


def test_networks_are_read_by_a_browser_as_they_would_be_shipped(
    monkeypatch, capfd, converter_here, keras_file, network, fields
):
    images = np.rint(fields[..., 0] * 255).astype(np.uint8)
    few = TestSet("MNIST test", images[:30], np.arange(30) % 10)
    others = {"blots": images[30:]}
    monkeypatch.setattr(evaluate, "read_test_sets", lambda source, ink: ([few], others))
    files = [str(keras_file("baseline")), str(keras_file("plain"))]
    evaluate.main([*files, "--against", files[0]])
    said, noise = capfd.readouterr()
    # Where this is TensorFlow's first work, it says that there is no GPU.
    lines = [line for line in noise.splitlines() if line.startswith("evaluating ")]
    assert lines == [f"evaluating {file}" for file in files]
    assert "MNIST test: 30 digits, blots: 10" in said
    limit = meta.threshold(keras_file("baseline"))
    scores = predictor(network("baseline"))(fields).scores
    found = rows(said[said.index("Rejected") : said.index("Confidence")])
    for name, part in (("MNIST test", scores[:30]), ("blots", scores[30:])):
        shipped, plain, _ = found[name]
        assert plain == "–"
        assert float(shipped[:-1]) == pytest.approx(100 * (part > limit).mean(), abs=10.1), name
    accuracies = re.search(r"micro: ([\d.]+%) .* against ([\d.]+%)", said)
    assert accuracies[1] == accuracies[2]


def test_a_file_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(evaluate, "read_test_sets", lambda source, ink: ([], {}))
    with pytest.raises(SystemExit, match="digitpad: there is no nowhere.keras"):
        evaluate.main(["nowhere.keras"])
