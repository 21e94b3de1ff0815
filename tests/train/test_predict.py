"""`python -m train.predict`: readings of pictures, Kaggle submissions and errors."""

import itertools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw

from train import data, predict

ROOT = Path(__file__).parents[2]
COLUMNS = ["label", *(f"pixel{number}" for number in range(784))]  # of Kaggle's train.csv
BAR = np.zeros((1, 28, 28), np.uint8)
BAR[:, 4:24, 12:16] = 255
PREDICTED = 7  # the digit that the made-up network reads in every picture


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a network that reads every picture as PREDICTED; more ink lowers its confidence."""
    image = keras.Input((28, 28, 1))
    total = keras.layers.GlobalAveragePooling2D()(image)
    network = keras.Model(image, keras.layers.Dense(10, activation="softmax")(total))
    kernel, bias = np.zeros((1, 10)), np.zeros(10)
    bias[PREDICTED], kernel[0, PREDICTED] = 9, -20
    network.layers[-1].set_weights([kernel, bias])
    path = tmp_path_factory.mktemp("model") / "digits.keras"
    network.save(path)
    return path


def draw_picture(path: Path, paper: str = "white", ink: str = "black", mode: str = "RGB") -> Path:
    picture = Image.new(mode, (60, 90), paper)
    ImageDraw.Draw(picture).line([(30, 15), (32, 75)], fill=ink, width=7)
    picture.save(path)
    return path


def run(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[int, list[str], list[str]]:
    status = predict.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err.splitlines()


def test_each_picture_gets_a_line_with_its_digit_and_ten_probabilities(tmp_path, model, capsys):
    pictures = [draw_picture(tmp_path / "one.png"), draw_picture(tmp_path / "another.jpg")]
    status, lines, errors = run(capsys, *pictures, "--model", model)
    assert (status, errors, len(lines)) == (0, [], 3)
    for picture, line in zip(pictures, lines[1:], strict=True):
        name, digit, *cells = line.split()
        assert (name, digit, len(cells)) == (str(picture), str(PREDICTED), 10)
        assert [cell.startswith("*") for cell in cells] == [d == PREDICTED for d in range(10)]
        assert sum(float(cell.strip("*%")) for cell in cells) == pytest.approx(100, abs=0.1)
    assert len({len(line) for line in lines}) == 1, "columns do not line up"


def test_light_on_dark_and_transparent_pictures_read_like_dark_on_light(tmp_path, model, capsys):
    plain = draw_picture(tmp_path / "plain.png")
    reverse = draw_picture(tmp_path / "reverse.png", "black", "white")
    clear = draw_picture(tmp_path / "clear.png", (0, 0, 0, 0), (0, 0, 0, 255), "RGBA")
    _, lines, _ = run(capsys, plain, reverse, clear, "--model", model)
    assert lines[1].split()[1:] == lines[2].split()[1:] == lines[3].split()[1:]


def test_a_photo_is_rotated_by_its_exif_orientation(tmp_path):
    upright, tags = draw_picture(tmp_path / "upright.png"), Image.Exif()
    tags[0x0112] = 6  # the camera was rotated by 90 degrees
    turned = Image.open(upright).rotate(90, expand=True)
    turned.save(tmp_path / "turned.png", exif=tags)
    _, images, problems = predict.read_images([upright, tmp_path / "turned.png"])
    assert not problems
    np.testing.assert_allclose(images[0], images[1], atol=1e-6)


def test_a_bad_picture_is_reported_and_the_others_are_still_read(tmp_path, model, capsys):
    good, broken, blank = (
        draw_picture(tmp_path / "good.png"),
        tmp_path / "bad.png",
        tmp_path / "blank.png",
    )
    broken.write_bytes(b"no picture at all")
    Image.new("L", (40, 40), 255).save(blank)
    absent = tmp_path / "absent.png"
    status, lines, errors = run(capsys, broken, blank, good, absent, "--model", model)
    assert status == 1
    assert [line.split()[0] for line in lines[1:]] == [str(good)]
    assert len(errors) == 3
    for path, line in zip((broken, blank, absent), errors, strict=True):
        assert str(path) in line
    assert "no ink" in errors[1]


def test_a_missing_model_is_reported_with_a_remedy(tmp_path, capsys):
    picture = draw_picture(tmp_path / "one.png")
    status, lines, errors = run(capsys, picture, "--model", tmp_path / "digits.keras")
    assert (status, lines, len(errors)) == (1, [], 1)
    assert "make train" in errors[0]
    assert str(tmp_path / "digits.keras") in errors[0]


def test_a_missing_model_is_reported_before_tensorflow_is_imported(tmp_path):
    picture = draw_picture(tmp_path / "one.png")
    test_csv = write_kaggle_csv(tmp_path / "test.csv", BAR, 2)
    program = f"""import sys
from train.predict import main
for more in (["{picture}"], ["--submission", "{test_csv}"]):
    assert main([*more, "--model", "nowhere.keras"]) == 1
print("tensorflow" in sys.modules)"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "False\n")
    assert done.stderr.count("nowhere.keras: no such model") == 2


def test_a_file_that_is_not_a_model_is_reported_in_one_line(tmp_path, capsys):
    picture, wrong = draw_picture(tmp_path / "one.png"), tmp_path / "wrong.keras"
    wrong.write_bytes(b"not a network")
    status, lines, errors = run(capsys, picture, "--model", wrong)
    assert (status, lines, len(errors)) == (1, [], 1)
    assert str(wrong) in errors[0]


def test_the_command_prints_only_its_table(tmp_path, model):
    picture = draw_picture(tmp_path / "one.png")
    command = [sys.executable, "-m", "train.predict", str(picture), "--model", str(model)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1800)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


def write_kaggle_csv(path: Path, images: np.ndarray, rows: int) -> Path:
    """Write Kaggle's test.csv with (n, 28, 28) uint8 images, repeated up to the number of rows."""
    texts = [",".join(map(str, image)) for image in images.reshape(len(images), -1).tolist()]
    lines = itertools.islice(itertools.cycle(texts), rows)
    path.write_text("\n".join([",".join(COLUMNS[1:]), *lines]) + "\n")
    return path


def test_a_submission_has_kaggles_format_and_reads_the_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(predict.kaggle, "TEST_ROWS", 2800)  # a tenth of the competition's
    digits = data.load("mnist")
    test_csv = write_kaggle_csv(tmp_path / "test.csv", digits.test_images[:2800], 2800)
    shipped = ROOT / "models" / "digits.keras"
    out = tmp_path / "submission.csv"
    status, lines, errors = run(capsys, "--submission", test_csv, "--out", out, "--model", shipped)
    assert (status, errors) == (0, [])
    assert lines == [f"reading the 2,800 digits of {test_csv}", f"wrote {out}"]
    header, *rows = out.read_text().split("\n")
    assert (header, len(rows), rows.pop()) == ("ImageId,Label", 2801, "")
    numbers, labels = zip(*(map(int, row.split(",")) for row in rows), strict=True)
    assert list(numbers) == list(range(1, 2801))
    assert (np.array(labels) == digits.test_labels[:2800]).mean() >= 0.99


def test_an_unexpected_number_of_rows_is_written_with_a_warning(tmp_path, model, capsys):
    test_csv = write_kaggle_csv(tmp_path / "test.csv", BAR, 2)
    out = tmp_path / "submission.csv"
    status, _, errors = run(capsys, "--submission", test_csv, "--out", out, "--model", model)
    assert (status, len(errors)) == (0, 1)
    assert "2 rows, the competition's 28,000" in errors[0]
    assert out.read_text() == f"ImageId,Label\n1,{PREDICTED}\n2,{PREDICTED}\n"


def test_a_test_csv_of_another_scale_and_polarity_is_put_right_and_said(tmp_path, model, capsys):
    test_csv = write_kaggle_csv(tmp_path / "test.csv", 1 - BAR // 255, 3)
    out = tmp_path / "submission.csv"
    status, lines, _ = run(capsys, "--submission", test_csv, "--out", out, "--model", model)
    assert status == 0 and len(out.read_text().splitlines()) == 4
    changed = "pixels 0 or 1 were scaled to 0 to 255, and dark ink on light paper was inverted"
    assert lines[0] == f"{test_csv}: {changed}"


@pytest.mark.parametrize("fault", ["labels", "model", "itself"])
def test_a_failed_submission_keeps_the_old_file(tmp_path, model, capsys, fault):
    test_csv = write_kaggle_csv(tmp_path / "test.csv", BAR, 1)
    out = tmp_path / "submission.csv"
    out.write_text("of last week\n")
    if fault == "labels":
        test_csv.write_text(",".join(COLUMNS) + "\n")
    if fault == "itself":
        out = test_csv
    before = out.read_text()
    model = tmp_path / "nowhere.keras" if fault == "model" else model
    status, _, errors = run(capsys, "--submission", test_csv, "--out", out, "--model", model)
    messages = {"labels": "give its test.csv", "model": "no such model", "itself": "another file"}
    assert status == 1 and messages[fault] in errors[-1]
    assert out.read_text() == before and not list(tmp_path.glob("*.partial"))


def test_a_network_of_the_wrong_shape_is_reported_in_one_line(tmp_path, capsys):
    foreign = tmp_path / "foreign.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(foreign)
    status, lines, errors = run(capsys, draw_picture(tmp_path / "one.png"), "--model", foreign)
    assert (status, lines, len(errors)) == (1, [], 1)
    assert "foreign.keras: maps (None, 3) to (None, 2)" in errors[0]


@pytest.mark.parametrize(
    "arguments", [[], ["one.png", "--submission", "test.csv"], ["one.png", "--out", "x.csv"]]
)
def test_pictures_and_a_submission_cannot_be_combined(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(capsys, *arguments)
    assert "--submission" in capsys.readouterr().err
