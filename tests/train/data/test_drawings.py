"""Files of drawings from the page: reading them, and errors that name the line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files import limits
from files.drawings import DataError
from train.data.drawings import digits, find_files, parse, read

GOOD = {"label": "7", "strokes": [[[0, 0, 0], [5, 0, 16], [2, 9, 40]]]}


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


def test_drawings_are_read_as_they_were_written(tmp_path: Path):
    file = write(tmp_path / "d.jsonl", GOOD, "", GOOD | {"label": "2026"})
    found = list(read(file))
    assert [entry.label for entry in found] == ["7", "2026"]
    assert found[0].strokes == GOOD["strokes"]


def test_single_digits_are_returned_and_other_drawings_are_counted(tmp_path: Path):
    lines = [GOOD, GOOD | {"label": "12"}, GOOD | {"label": "x"}, GOOD | {"label": "٣"}]
    drawings, labels, others = digits([write(tmp_path / "d.jsonl", *lines)])
    assert (len(drawings), labels, others) == (1, [7], 3)


def test_the_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path):
    folder = tmp_path / "collected"
    folder.mkdir()
    for name, label in (("b", "2"), ("a", "1"), ("drawings", "3")):
        write(folder / f"{name}.jsonl", GOOD | {"label": label})
    for other in ("token", "a.jsonl.0.partial", "torn.txt", "._a.jsonl"):
        (folder / other).write_text("no drawing")
    last = write(tmp_path / "mine.jsonl", GOOD)
    names = [path.name for path in find_files([folder, last])]
    assert names == ["a.jsonl", "b.jsonl", "drawings.jsonl", "mine.jsonl"]
    assert digits([folder, last])[1] == [1, 2, 3, 7]


@pytest.mark.parametrize("fault", ["nothing there", "forbidden"])
def test_a_folder_without_drawings_is_reported_in_one_line(tmp_path: Path, monkeypatch, fault: str):
    def forbid(folder: Path):
        raise PermissionError(13, "Permission denied", str(folder))

    if fault == "forbidden":
        monkeypatch.setattr("os.listdir", forbid)
    (tmp_path / "sub.txt").touch()
    with pytest.raises(DataError) as raised:
        digits([tmp_path])
    assert str(raised.value).startswith(f"{tmp_path}: ") and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: not JSON"),
        ("[" * 100_000, "line 2: not JSON"),
        ("[]", 'needs "label" and "strokes"'),
        ({"label": "7"}, 'needs "label" and "strokes"'),
        (GOOD | {"label": 7}, "label must be a string"),
        (GOOD | {"label": ""}, "label must be a string"),
        (GOOD | {"label": "1" * 65}, "label must be a string"),
        (GOOD | {"strokes": "M0 0"}, "strokes must be lists"),
        (GOOD | {"strokes": []}, "no strokes"),
        (GOOD | {"strokes": [[[0, 0]], []]}, "stroke 2 has no points"),
        (GOOD | {"strokes": [[["x", 0]]]}, "stroke 1 has a point"),
        (GOOD | {"strokes": [[[True, 0]]]}, "stroke 1 has a point"),
        (GOOD | {"strokes": [[[0, 0, 0, 0]]]}, "stroke 1 has a point"),
        (GOOD | {"strokes": [[[0, 0, "late"]]]}, "stroke 1 has a point"),
        (GOOD | {"strokes": [[[0, 0]]] * 301}, "more than 300 strokes"),
        ('{"label": "7", "strokes": [[[1e400, 0]]]}', "not a finite number"),
        ('{"label": "7", "strokes": [[[NaN, 0]]]}', "not a finite number"),
    ],
)
def test_a_bad_line_is_reported_with_its_number(tmp_path: Path, line: object, message: str):
    file = write(tmp_path / "d.jsonl", GOOD, line)
    with pytest.raises(DataError, match="line 2: ") as raised:
        list(read(file))
    assert message in str(raised.value)


def test_a_byte_order_mark_is_ignored(tmp_path: Path):
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert [entry.label for entry in read(path)] == ["7"]


def test_a_file_above_the_size_limit_is_not_read(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE", 50)
    with pytest.raises(DataError, match=r"d\.jsonl has [0-9]+ bytes, more than the limit of 50"):
        list(read(write(tmp_path / "d.jsonl", GOOD)))


def test_a_file_that_is_not_text_is_reported(tmp_path: Path):
    (tmp_path / "d.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a readable file of drawings"):
        list(read(tmp_path / "d.jsonl"))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["label", "strokes", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json_values | st.fixed_dictionaries({"label": st.just("1"), "strokes": json_values}))
def test_any_json_is_either_a_drawing_or_a_one_line_error(value: object):
    try:
        entry = parse(json.dumps(value), "here")
    except DataError as error:
        assert "\n" not in str(error) and str(error).startswith("here: ")
    else:
        assert entry.strokes and all(len(stroke) for stroke in entry.strokes)
