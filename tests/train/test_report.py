"""The report of a fabricated network that reads what a lit pixel tells it to."""

import hashlib
import html.parser
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from train import page, report, robustness
from train.digits import Digits
from train.material import HeldOut

RUN = {
    "settings": {"arch": "fabricated", "seed": 3},
    "trained_on": ["mnist: 12 of its <images>", "UNIPEN: 4 inks"],
    "parameters": 7850,
    "seconds": 2,
}
HISTORY = [
    {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.3, "val_accuracy": 0.9},
    {"epoch": 2, "loss": 0.2, "accuracy": 0.9, "val_loss": 0.1, "val_accuracy": 0.95},
]


def network(turn: int = 0) -> keras.Model:
    """Reads digit d + turn where pixel d of row 14 is the brightest of the first ten."""
    image = keras.Input((28, 28, 1))
    dense = keras.layers.Dense(10, activation="softmax")
    made = keras.Model(image, dense(keras.layers.Flatten()(image)))
    kernel = np.zeros((784, 10))
    for digit in range(10):
        kernel[14 * 28 + digit, (digit + turn) % 10] = 5
    dense.set_weights([kernel, np.zeros(10)])
    return made


def images(readings: np.ndarray) -> np.ndarray:
    """Images that `network()` reads so."""
    made = np.zeros((len(readings), 28, 28), np.uint8)
    made[np.arange(len(readings)), 14, readings] = 255
    return made


@pytest.fixture(scope="module")
def tests() -> list[HeldOut]:
    """Forty digits with two misread, and forty by four writers with six misread."""
    labels = np.tile(np.arange(10), 4)
    plain, inked = labels.copy(), labels.copy()
    plain[[4, 14]] = 9
    inked[:6] = 7
    writers = np.repeat(["aga/first", "aga/second", "gmd/third", "gmd/<fourth>"], 10)
    drawings = [[[[0, 0], [1, 5], [2, 9]]]] * len(labels)
    return [
        HeldOut("mnist test", images(plain), labels),
        HeldOut("UNIPEN test writers", images(inked), labels, writers, drawings),
    ]


@pytest.fixture(scope="module")
def written(tests, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models' folder with a network and its whole report."""
    out = tmp_path_factory.mktemp("models")
    (made := network()).save(out / "digits.keras")
    other = ("other.keras (trained on mnist)", network(turn=1))
    report.write(
        out, made, tests, run=RUN, history=HISTORY, baseline=network(turn=1), against=other
    )
    return out


@pytest.fixture
def models(written, tmp_path) -> Path:
    """A copy of that folder, to be changed."""
    return shutil.copytree(written, tmp_path / "models")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave all robustness trials out but one."""
    monkeypatch.setattr(robustness, "TRIALS", robustness.TRIALS[-1:])
    monkeypatch.setattr(robustness, "WIDTHS", robustness.WIDTHS[:1])


def read(out: Path) -> dict:
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


def contents(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


class References(html.parser.HTMLParser):
    """What a page refers to, and the names of its elements."""

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


def test_the_report_names_the_models_bytes(written):
    expected = hashlib.sha256((written / "digits.keras").read_bytes()).hexdigest()
    assert read(written)["model_sha256"] == expected
    assert expected in (written / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_robustness_has_a_curve_for_each_network_and_pens_only_for_ink(written):
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


def test_a_comparison_is_on_the_same_digits(written):
    found = read(written)["comparison"]
    assert found["against"] == "other.keras (trained on mnist)"
    assert found["tests"]["mnist test"]["errors_against"] == 40
    assert found["tests"]["UNIPEN test writers"]["macro"]["reduction"] == pytest.approx(0.85)


def test_the_page_refers_only_to_files_that_exist_and_runs_nothing(written):
    text = (written / "report" / "index.html").read_text(encoding="utf-8")
    page_of = References(text)
    assert "script" not in page_of.elements
    pictures = {path.name for path in (written / "report").glob("*.png")}
    local = [each for each in page_of.found if not each.startswith(("https://", "#"))]
    assert pictures < set(local), "a picture is written and not shown"
    for reference in local:
        assert (written / "report" / reference).is_file(), reference
    for reference in page_of.found:
        assert not reference.startswith("#") or reference[1:] in page_of.anchors
    assert {"img", "table"} <= set(page_of.elements)


def test_names_from_data_cannot_become_markup(written):
    text = (written / "report" / "index.html").read_text(encoding="utf-8")
    assert "&lt;images&gt;" in text
    assert "<images>" not in text


def test_the_card_names_licences_and_attributions_of_what_was_used(written):
    card = (written / "MODEL_CARD.md").read_text(encoding="utf-8")
    for part in ("CC", "10.5281/zenodo.1195803", "Yann LeCun", "95.00%", "What it is not for"):
        assert part in card.replace("Creative Commons", "CC")
    without = read(written) | {"trained_on": ["own: 9 pictures"]}
    without["tests"] = {"own test": without["tests"]["mnist test"]}
    assert "zenodo" not in page.card(without)
    assert "Yann" not in page.card(without)


def test_the_report_opens_from_disk_with_every_picture(written, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto((written / "report" / "index.html").as_uri())
    broken = "[...document.images].filter(each => !each.naturalWidth).map(each => each.src)"
    assert opened.evaluate(broken) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_pictures_are_small_enough_to_be_kept(written):
    assert sum(path.stat().st_size for path in (written / "report").iterdir()) < 1_500_000


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("broken", ["page", "numbers", "swap"])
def test_a_report_that_fails_leaves_the_old_one(models, tests, monkeypatch, broken):
    before = contents(models)
    run = dict(RUN)
    if broken == "page":
        monkeypatch.setattr(page, "html", lambda *_: 1 / 0)
    elif broken == "numbers":
        run["loss"] = float("nan")
    else:
        rename = report.os.rename

        def fail(source, target):
            if Path(source).parent.name.endswith(".partial") and Path(source).name == "report":
                raise OSError("the disk is full")
            rename(source, target)

        monkeypatch.setattr(report.os, "rename", fail)
    with pytest.raises((ZeroDivisionError, ValueError, OSError)):
        report.write(models, network(), tests[:1], run=run, history=HISTORY)
    assert contents(models) == before


@pytest.mark.usefixtures("quick")
def test_a_new_report_leaves_nothing_of_the_old_one_or_of_a_killed_one(models, tests):
    (models / "report" / "stale.png").touch()
    (models / "report.0.partial" / "report").mkdir(parents=True)
    report.write(models, network(), tests[:1], run=RUN, history=[])
    assert sorted(path.name for path in models.iterdir()) == [
        *("MODEL_CARD.md", "digits.keras", "report", "report.json")
    ]
    names = {path.name for path in (models / "report").iterdir()}
    assert "stale.png" not in names
    assert "learning.png" not in names


@pytest.mark.usefixtures("quick")
def test_a_network_without_mistakes_has_a_report_too(tmp_path, tests):
    labels = tests[1].labels
    perfect = HeldOut("own", images(labels), labels, tests[1].writers)
    network().save(tmp_path / "digits.keras")
    found = report.write(tmp_path, network(), [perfect], run={}, history=[])
    assert found["tests"]["own"]["writers"]["worst"] == []
    assert "100.00%" in report.summary(found)
    assert not list((tmp_path / "report").glob("misread*"))


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tests: list[HeldOut]) -> None:
    """MNIST is forty digits."""
    pixels, labels = tests[0].images, tests[0].labels
    digits = Digits("mnist", pixels, labels, pixels, labels, "fabricated")
    monkeypatch.setattr(report.data, "load", lambda source: digits)


@pytest.mark.usefixtures("quick", "loaded")
def test_the_command_makes_the_report_again_with_what_the_old_one_knew(models, capsys):
    network(turn=1).save(models / "other.keras")
    status = report.main(["--out", str(models), "--against", str(models / "other.keras")])
    said = capsys.readouterr()
    assert (status, said.err) == (0, "")
    assert "mnist test: 95.00% of 40 read right" in said.out
    found = read(models)
    assert (found["run"], found["history"]) == (RUN, HISTORY)
    assert list(found["tests"]) == ["mnist test"]
    assert found["comparison"]["against"] == "other.keras"


@pytest.mark.usefixtures("quick", "loaded")
def test_what_an_old_report_knew_is_not_said_of_another_model(models, capsys):
    network(turn=1).save(models / "digits.keras")
    assert report.main(["--out", str(models)]) == 0
    assert "no report of" in capsys.readouterr().err
    assert read(models)["trained_on"] == []


def test_a_missing_model_is_one_line(tmp_path, capsys):
    assert report.main(["--out", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("train.report: ")
    assert "digits.keras" in line
