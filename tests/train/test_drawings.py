"""`python -m train.drawings`: counts, duplicates, wrong labels, merging and a contact sheet."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from train import drawings as inventory
from train.data.drawings import read

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "digits.keras"
DIGITS = [json.loads(x) for x in (ROOT / "tests/fixtures/digits.jsonl").read_text().splitlines()]


def write(path: Path, *entries: dict) -> Path:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[int, str, list[str]]:
    status = inventory.main([str(argument) for argument in [*arguments, "--model", MODEL]])
    captured = capsys.readouterr()
    return status, captured.out, captured.err.splitlines()


def test_labels_are_counted_and_a_contact_sheet_is_written(tmp_path: Path, capsys):
    file = write(tmp_path / "mine.jsonl", *DIGITS, DIGITS[7] | {"label": "2026"})
    status, out, errors = run(capsys, file)
    assert (status, errors) == (0, [])
    table = dict(line.split() for line in out.splitlines()[:13])
    assert table == {"label": "drawings"} | dict.fromkeys("0123456789", "1") | {
        "2026": "1",
        "all": "11",
    }
    with Image.open(tmp_path / "mine-sheet.png") as sheet:
        assert sheet.width > 10 * 28


def test_a_wrong_label_is_reported_with_its_line_and_the_networks_reading(tmp_path: Path, capsys):
    relabelled = [entry | ({"label": "4"} if entry["label"] == "0" else {}) for entry in DIGITS]
    number = [entry["label"] for entry in DIGITS].index("0") + 1
    file = write(tmp_path / "mine.jsonl", *relabelled)
    _, out, _ = run(capsys, file)
    assert "1 of 10 single digits" in out
    assert f"{file}, line {number}: labelled 4, reads as a 0 (" in out


def test_a_non_digit_labelled_as_a_digit_is_reported(tmp_path: Path, capsys):
    cross = {"label": "8", "strokes": [[[0, 5], [10, 5]], [[3, 0], [3, 10]], [[7, 0], [7, 10]]]}
    _, out, _ = run(capsys, write(tmp_path / "mine.jsonl", DIGITS[0], cross))
    assert "line 2: labelled 8, reads as no digit (" in out


def test_duplicate_drawings_are_reported_with_both_lines(tmp_path: Path, capsys):
    moved = [[[9 * x + 5, 9 * y] for x, y, *_ in stroke] for stroke in DIGITS[2]["strokes"]]
    first = write(tmp_path / "a.jsonl", *DIGITS)
    second = write(tmp_path / "b.jsonl", DIGITS[1], {"label": "5", "strokes": moved})
    _, out, _ = run(capsys, first, second)
    assert f"{second}, line 1: the same as {first}, line 2\n" in out
    assert f"{second}, line 2: almost the same as {first}, line 3 but '5', not '2'\n" in out


def test_merging_drops_duplicates(tmp_path: Path, capsys):
    first = write(tmp_path / "a.jsonl", *DIGITS[:5], DIGITS[0])
    odd = {"label": "\ud800", "strokes": [[[0, 0.1, 3]]]}
    second = write(tmp_path / "b.jsonl", DIGITS[4], DIGITS[4] | {"label": "7"}, odd)
    status, out, _ = run(capsys, first, second, "--merge", tmp_path / "all.jsonl")
    assert status == 0 and "wrote 7 drawings" in out
    merged = [(entry.label, entry.strokes) for entry in read(tmp_path / "all.jsonl")]
    expected = [*DIGITS[:5], DIGITS[4] | {"label": "7"}, odd]
    assert merged == [(entry["label"], entry["strokes"]) for entry in expected]


def test_merging_into_an_input_file_loses_nothing(tmp_path: Path, capsys):
    files = [write(tmp_path / "a.jsonl", *DIGITS[:3]), write(tmp_path / "b.jsonl", *DIGITS[3:6])]
    assert run(capsys, *files, "--merge", files[0])[0] == 0
    assert [entry.label for entry in read(files[0])] == [entry["label"] for entry in DIGITS[:6]]


def test_a_folder_is_read_and_its_sheet_is_written_there(tmp_path: Path, monkeypatch, capsys):
    folder = tmp_path / "collected"
    folder.mkdir()
    write(folder / "b.jsonl", *DIGITS[3:6])
    write(folder / "a.jsonl", *DIGITS[:3])
    monkeypatch.chdir(folder)
    for path in (folder, "."):
        status, out, errors = run(capsys, path, "--merge", tmp_path / "all.jsonl")
        assert (status, errors) == (0, [])
        assert f"wrote {Path(path) / 'sheet.png'}" in out
        assert (folder / "sheet.png").is_file()
        assert [x.label for x in read(tmp_path / "all.jsonl")] == [x["label"] for x in DIGITS[:6]]
        (tmp_path / "all.jsonl").unlink()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine.jsonl", "--merge", "other.jsonl"], "other.jsonl exists already"),
        (["mine.jsonl", "--sheet", "mine.jsonl"], "give --contact-sheet another name"),
        (["mine.jsonl", "nowhere.jsonl"], "nowhere.jsonl: not a readable file"),
        (["mine.jsonl", "bad.jsonl", "--merge", "new.jsonl"], "bad.jsonl, line 1: not JSON"),
        (["mine.jsonl", "--merge", "new.jsonl", "--sheet", "new.jsonl"], "another name"),
        (["empty.jsonl"], "no drawing found"),
        (["folder"], "folder: this folder has no *.jsonl file of drawings"),
    ],
)
def test_an_error_is_reported_in_one_line_and_nothing_is_written(
    tmp_path: Path, monkeypatch, capsys, arguments: list[str], message: str
):
    monkeypatch.chdir(tmp_path)
    write(Path("mine.jsonl"), *DIGITS[:2])
    write(Path("other.jsonl"), DIGITS[3])
    Path("bad.jsonl").write_text("{")
    Path("empty.jsonl").write_text("\n")
    Path("folder").mkdir()
    before = contents(tmp_path)
    status, _, errors = run(capsys, *arguments)
    assert status == 1 and len(errors) == 1 and message in errors[0]
    assert contents(tmp_path) == before


def test_a_missing_network_is_reported_in_one_line_before_tensorflow_is_imported(tmp_path: Path):
    file = write(tmp_path / "mine.jsonl", DIGITS[0])
    program = (
        "import sys; from train.drawings import main; status = main(); "
        "print('waited' if 'tensorflow' in sys.modules else 'at once'); sys.exit(status)"
    )
    command = [sys.executable, "-c", program, str(file), "--model", "nowhere.keras"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 1 and "drawings" in done.stdout
    assert done.stdout.endswith("at once\n")
    assert done.stderr.startswith("train.drawings: nowhere.keras: no such model")
    assert len(done.stderr.splitlines()) == 1
