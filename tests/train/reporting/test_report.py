"""The report of a made-up network that reads the digit of the brightest pixel."""

import hashlib
import html.parser
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from train import report
from train.evaluation import robustness
from train.reporting import render, write
from train.samples import prepare
from train.samples.prepare import TestSet

MODELS = Path(__file__).parents[3] / "models"

RUN = {
    "refusal": {"threshold": 0.5, "validation": {"mnist": 0.01}},
    "temperature": 1.5,
    "settings": {"arch": "fabricated", "seed": 3},
    "trained_on": ["mnist: 12 of its <images>", "UNIPEN: 4 inks"],
    "parameters": 7850,
    "seconds": 2,
}
HISTORY = [
    {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.3, "val_accuracy": 0.9},
    {"epoch": 2, "loss": 0.2, "accuracy": 0.9, "val_loss": 0.1, "val_accuracy": 0.95},
]


def network(offset: int = 0, rejects: bool = False) -> keras.Model:
    """Return a network that reads d + offset if pixel d of row 14 is the brightest of ten.

    With `rejects` it also rejects an image if pixel 20 of row 14 is bright.
    """
    image = keras.Input((28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    digits = keras.layers.Dense(10, activation="softmax", name="digits")
    score = keras.layers.Dense(1, activation="sigmoid", name="not_a_digit")
    both = {"digits": digits(pixels), "not_a_digit": score(pixels)}
    made = keras.Model(image, both if rejects else both["digits"])
    kernel = np.zeros((784, 10))
    for digit in range(10):
        kernel[14 * 28 + digit, (digit + offset) % 10] = 5
    digits.set_weights([kernel, np.zeros(10)])
    if rejects:
        kernel = np.zeros((784, 1))
        kernel[14 * 28 + 20] = 8
        score.set_weights([kernel, np.full(1, -4)])
    return made


def images(readings: np.ndarray, rejected: int = 0) -> np.ndarray:
    """Return images that `network()` reads as `readings`, rejecting the first `rejected`."""
    made = np.zeros((len(readings), 28, 28), np.uint8)
    made[np.arange(len(readings)), 14, readings] = 255
    made[:rejected, 14, 20] = 255
    return made


@pytest.fixture(scope="module")
def tests() -> list[TestSet]:
    """Return forty digits, 2 misread and 4 rejected; and forty of four writers, 6 and 2."""
    labels = np.tile(np.arange(10), 4)
    plain, inked = labels.copy(), labels.copy()
    plain[[4, 14]] = 9
    inked[:6] = 7
    writers = np.repeat(["aga/first", "aga/second", "gmd/third", "gmd/<fourth>"], 10)
    drawings = [[[[0, 0], [1, 5], [2, 9]]]] * len(labels)
    return [
        TestSet("mnist test", images(plain, 4), labels),
        TestSet("UNIPEN test writers", images(inked, 2), labels, writers, drawings),
    ]


NON_DIGITS = {  # 15 of 20 letters and all 10 pairs are rejected; no symbols
    "letters": images(np.arange(20) % 10, 15),
    "pairs of pictures": images(np.arange(10), 10),
    "symbols": np.zeros((0, 28, 28), np.uint8),
}


@pytest.fixture(scope="module")
def written(tests, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a models folder with a network and its full report."""
    out = tmp_path_factory.mktemp("models")
    (made := network(rejects=True)).save(out / "digits.keras")
    write.write(
        out,
        made,
        tests,
        negatives=NON_DIGITS,
        run=RUN,
        history=HISTORY,
        reference=network(offset=1),
        compare_to=("other.keras (trained on mnist)", network(offset=1)),
    )
    return out


@pytest.fixture
def models(written, tmp_path) -> Path:
    """Return a copy of that folder that the test may change."""
    return shutil.copytree(written, tmp_path / "models")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure robustness with one corruption and one pen width only."""
    monkeypatch.setattr(robustness, "CORRUPTIONS", robustness.CORRUPTIONS[-1:])
    monkeypatch.setattr(robustness, "PEN_WIDTHS", robustness.PEN_WIDTHS[:1])


def read(out: Path) -> dict:
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


def contents(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


class References(html.parser.HTMLParser):
    """The references, element names and ids of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found, self.elements, self.anchors = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.found += [value for name, value in attrs if name in ("src", "href", "srcset")]
        self.anchors += [value for name, value in attrs if name == "id"]


def test_every_figure_is_in_the_json(written):
    found = read(written)
    assert (found["run"], found["history"]) == (RUN, HISTORY)
    assert found["trained_on"] == RUN["trained_on"]
    plain, inked = found["tests"]["mnist test"], found["tests"]["UNIPEN test writers"]
    assert (plain["samples"], plain["errors"], plain["accuracy"]) == (40, 2, 0.95)
    assert plain["confusion"][4][9] == 2
    assert plain["classes"][4]["recall"] == 0.5
    assert "writers" not in plain
    assert (inked["errors"], inked["writers"]["count"]) == (6, 4)
    assert inked["writers"]["worst"] == [
        {"writer": "aga/first", "samples": 10, "errors": 6, "accuracy": pytest.approx(0.4)}
    ]
    assert inked["writers"]["macro"] == pytest.approx(0.85)
    low, high = inked["writers"]["macro_interval"]
    assert low < 0.85 < high


def test_the_report_and_the_card_hold_the_models_hash(written):
    expected = hashlib.sha256((written / "digits.keras").read_bytes()).hexdigest()
    assert read(written)["model_sha256"] == expected
    assert expected in (written / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_each_network_has_robustness_curves_with_pen_widths_for_ink_only(written):
    curves = read(written)["robustness"]
    names = {name: [trial["name"] for trial in found["trials"]] for name, found in curves.items()}
    assert "pen width" not in names["mnist test"]
    assert "pen width" in names["UNIPEN test writers"]
    for trial in curves["mnist test"]["trials"]:
        assert list(trial["accuracy"]) == ["this network", "baseline"]
        assert all(len(line) == len(trial["levels"]) for line in trial["accuracy"].values())
    harmless = [
        0.95 in trial["accuracy"]["this network"] for trial in curves["mnist test"]["trials"]
    ]
    assert all(harmless)


def test_networks_are_compared_on_the_same_digits(written):
    found = read(written)["comparison"]
    assert found["against"] == "other.keras (trained on mnist)"
    assert found["tests"]["mnist test"]["errors_against"] == 40
    assert found["tests"]["UNIPEN test writers"]["macro"]["reduction"] == pytest.approx(0.85)


def test_rejections_are_counted_by_test_set_and_by_kind(written):
    found = read(written)["refusal"]
    assert found["threshold"] == 0.5
    plain, inked = found["digits"]["mnist test"], found["digits"]["UNIPEN test writers"]
    assert (plain["refused"], plain["answered"]["errors"]) == (0.1, 2)
    assert plain["answered"]["accuracy"] == pytest.approx(34 / 36)
    assert (inked["refused"], inked["misread_and_refused"]) == (0.05, 2)
    assert (plain["interval_over"], inked["interval_over"]) == ("samples", "writers")
    counted = {kind: each["refused"] for kind, each in found["negatives"].items()}
    assert counted == {"letters": 0.75, "pairs of pictures": 1}
    assert {tuple(point["negatives"]) for point in found["curve"]} == {tuple(counted)}


def test_the_page_and_the_card_describe_rejection(written):
    text = (written / "report" / "index.html").read_text(encoding="utf-8")
    card = (written / "MODEL_CARD.md").read_text(encoding="utf-8")
    for document in (text, card):
        assert "Rejection of non-digits" in document
        assert "75.0%" in document, "the rejected letters"
        assert "94.44%" in document, "the accuracy on accepted digits"
    assert "every letter and scribble is read as a digit" in " ".join(card.split())
    assert "scribbles are read as digits too" not in " ".join(card.split())
    names = {path.name for path in (written / "report").iterdir()}
    assert {
        *("refusal.png", "strangers.png"),
        *("refused-mnist-test.png", "refused-unipen-test-writers.png"),
    } <= names
    assert "All 4: what was meant" in text
    assert "Of the 2, 2 would have been misread" in text


def test_calibration_is_measured_before_and_after(written):
    found = read(written)["tests"]["mnist test"]
    assert found["uncalibrated"]["negative_log_likelihood"] != found["negative_log_likelihood"]
    text = (written / "report" / "index.html").read_text(encoding="utf-8")
    assert "one temperature, 1.500" in text
    for scores in (found, found["uncalibrated"]):
        assert f"{scores['negative_log_likelihood']:.4f}" in text
        assert f"{scores['brier']:.4f}" in text


def test_the_page_refers_only_to_existing_files_and_runs_no_scripts(written):
    text = (written / "report" / "index.html").read_text(encoding="utf-8")
    page_of = References(text)
    assert "script" not in page_of.elements
    pictures = {path.name for path in (written / "report").glob("*.png")}
    local = [each for each in page_of.found if not each.startswith(("https://", "#"))]
    assert pictures < set(local), "a picture is written but not shown"
    for reference in local:
        assert (written / "report" / reference).is_file(), reference
    for reference in page_of.found:
        assert not reference.startswith("#") or reference[1:] in page_of.anchors
    assert {"img", "table"} <= set(page_of.elements)


def test_names_in_the_data_are_escaped(written):
    text = (written / "report" / "index.html").read_text(encoding="utf-8")
    assert "&lt;images&gt;" in text
    assert "<images>" not in text


def test_the_card_names_licences_and_attributions_of_the_data_used(written):
    card = (written / "MODEL_CARD.md").read_text(encoding="utf-8")
    for part in ("CC", "10.5281/zenodo.1195803", "Yann LeCun", "95.00%", "Out of scope"):
        assert part in card.replace("Creative Commons", "CC")
    without = read(written) | {"trained_on": ["own: 9 pictures"]}
    without["tests"] = {"own test": without["tests"]["mnist test"]}
    assert "zenodo" not in render.model_card(without)
    assert "Yann" not in render.model_card(without)


def test_the_committed_card_matches_the_committed_report():
    card = (MODELS / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card == render.model_card(read(MODELS))


def test_the_report_opens_from_disk_with_every_picture(written, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto((written / "report" / "index.html").as_uri())
    broken = "[...document.images].filter(each => !each.naturalWidth).map(each => each.src)"
    assert opened.evaluate(broken) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_reports_files_stay_small(written):
    assert sum(path.stat().st_size for path in (written / "report").iterdir()) < 1_500_000


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("broken", ["page", "numbers"])
def test_a_failed_report_keeps_the_old_one(models, tests, monkeypatch, broken):
    before = contents(models)
    run = dict(RUN)
    if broken == "page":
        monkeypatch.setattr(render, "report_html", lambda *_: 1 / 0)
    else:
        run["loss"] = float("nan")
    with pytest.raises((ZeroDivisionError, ValueError)):
        write.write(models, network(), tests[:1], run=run, history=HISTORY)
    assert contents(models) == before


@pytest.mark.usefixtures("quick")
def test_a_new_report_replaces_all_of_the_old_one(models, tests):
    (models / "report" / "stale.png").touch()
    write.write(models, network(), tests[:1], run=RUN, history=[])
    assert sorted(path.name for path in models.iterdir()) == [
        *("MODEL_CARD.md", "digits.keras", "report", "report.json")
    ]
    names = {path.name for path in (models / "report").iterdir()}
    assert "stale.png" not in names
    assert "learning.png" not in names


@pytest.mark.usefixtures("quick")
def test_a_network_without_errors_has_a_report_too(tmp_path, tests):
    labels = tests[1].labels
    perfect = TestSet("own", images(labels), labels, tests[1].writers)
    (made := network(rejects=True)).save(tmp_path / "digits.keras")
    found = write.write(tmp_path, made, [perfect], run=RUN, history=[])
    assert found["tests"]["own"]["writers"]["worst"] == []
    assert found["refusal"]["digits"]["own"]["refused"] == 0
    assert "100.00%" in write.summary(found)
    for never in ("misread*", "refus*", "strangers*"):
        assert not list((tmp_path / "report").glob(never)), "nothing was misread or rejected"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("lacking", ["score", "threshold", "all of it"])
def test_without_a_score_or_a_threshold_the_report_omits_rejection(tmp_path, tests, lacking):
    (made := network(rejects=lacking == "threshold")).save(tmp_path / "digits.keras")
    run = RUN if lacking == "score" else {"refusal": None, "temperature": None}
    if lacking == "all of it":
        run = {}
    found = write.write(tmp_path, made, tests[:1], negatives=NON_DIGITS, run=run, history=[])
    assert found["refusal"] is None
    assert (found["tests"]["mnist test"]["uncalibrated"] is None) == (lacking != "score")
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "Rejection of non-digits" not in text
    assert ("<td>before</td>" in text) == (lacking == "score")
    card = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "scribbles are read as digits too" in " ".join(card.split())


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tests: list[TestSet]) -> None:
    """Replace the test data by forty digits and a few non-digits."""
    monkeypatch.setattr(report, "read_test_sets", lambda source, ink: (tests[:1], NON_DIGITS))


@pytest.mark.usefixtures("quick", "loaded")
def test_a_new_report_keeps_the_run_and_history_of_the_old_one(models, capsys):
    network(offset=1).save(models / "other.keras")
    status = report.main(["--out", str(models), "--against", str(models / "other.keras")])
    captured = capsys.readouterr()
    assert (status, captured.err) == (0, "")
    assert "mnist test: 95.00% of 40 read right" in captured.out
    assert "letters: 75.00% of 20 rejected" in captured.out
    found = read(models)
    assert (found["run"], found["history"]) == (RUN, HISTORY)
    assert list(found["tests"]) == ["mnist test"]
    assert found["comparison"]["against"] == "other.keras"


@pytest.mark.usefixtures("quick", "loaded")
def test_the_report_of_another_model_is_not_carried_over(models, capsys):
    network(offset=1).save(models / "digits.keras")
    assert report.main(["--out", str(models)]) == 0
    assert "no report of" in capsys.readouterr().err
    found = read(models)
    assert (found["trained_on"], found["refusal"]) == ([], None)


@pytest.mark.usefixtures("quick", "loaded")
def test_the_report_is_written_next_to_its_model(models, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert report.main(["--model", str(models / "digits.keras")]) == 0
    assert read(models)["run"] == RUN
    assert not Path("models").exists()


@pytest.mark.usefixtures("quick")
def test_the_command_evaluates_the_digits_and_non_digits_of_a_source(
    models, shapes_file, monkeypatch
):
    few = {"scribbles": 1, "fragments": 1, "pairs": 1, "pictures": 6}
    monkeypatch.setattr(prepare, "NON_DIGIT_COUNTS", {"test": few})
    assert report.main(["--out", str(models), "--data", str(shapes_file)]) == 0
    found = read(models)
    ((name, digits),) = found["refusal"]["digits"].items()
    assert digits["samples"] == found["tests"][name]["samples"] == 200
    counted = {kind: each["samples"] for kind, each in found["refusal"]["negatives"].items()}
    assert counted == {f"{kind} of pictures": 6 for kind in ("scribbles", "fragments", "pairs")}


def test_a_missing_model_is_reported_in_one_line(tmp_path, capsys):
    assert report.main(["--out", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("train.report: ")
    assert "digits.keras" in line
