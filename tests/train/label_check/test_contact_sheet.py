"""The contact sheet shows drawings with any label and frames suspicious ones."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.train.conftest import SHAPES
from train.data.drawings import LabelledDrawing
from train.label_check import contact_sheet

ORANGE = (0xD5, 0x5E, 0x00)


def count_orange(path: Path) -> int:
    """Count the pixels of about a frame's colour."""
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    return int((np.abs(pixels - ORANGE).sum(axis=2) < 30).sum())


def test_suspicious_drawings_are_framed(tmp_path: Path):
    entries = [LabelledDrawing(str(digit), SHAPES[digit]) for digit in range(10)]
    assert contact_sheet.write(tmp_path / "plain.png", entries) == 10
    contact_sheet.write(tmp_path / "framed.png", entries, {4})
    assert count_orange(tmp_path / "plain.png") == 0 < count_orange(tmp_path / "framed.png")


def test_any_label_and_any_size_can_be_shown(tmp_path: Path):
    labels = ["$x_", "٣", "\n", "\ud800", "9" * 64]
    drawings = [[[[0, 0]]], [[[1e11, 0], [-1e11, 1]]], [[[5, 5, 9], [5, 5, 20]]], SHAPES[4]]
    entries = [LabelledDrawing(label, each) for label in labels for each in drawings]
    assert contact_sheet.write(tmp_path / "sheet.png", entries) == 20


def test_the_number_of_drawings_on_a_sheet_is_limited(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(contact_sheet, "MAX_DRAWINGS", 30)
    assert contact_sheet.write(tmp_path / "s.png", [LabelledDrawing("1", SHAPES[1])] * 100) == 30
