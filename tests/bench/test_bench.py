import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.medians import format_number, format_ratio, median_and_quartiles, median_and_range
from bench.page import growth
from bench.peers import drawings, onnx
from bench.peers.site import serving
from bench.result import Result, write

ROOT = Path(__file__).parents[2]


def test_an_unknown_benchmark_is_reported_with_the_known_ones():
    asked = [sys.executable, "-m", "bench", "pages"]
    ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2
    names = "page, memory, growth, photo, first-stroke, load, training"
    assert names in ended.stderr.splitlines()[-1]


def test_a_median_is_formatted_with_quartiles():
    assert median_and_quartiles([1, 2, 3, 4, 500]) == "3.0 (2.0–4.0)"


def test_a_median_is_formatted_with_the_range():
    assert median_and_range([3, 1, 500]) == "3.0 (1.0–500)"


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.12"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_numbers_are_rounded_to_meaningful_digits(value, text):
    assert format_number(value) == text


def test_a_ratio_to_zero_is_a_dash():
    assert format_ratio(3, 1.5) == "2.0x"
    assert format_ratio(3, 0) == "-"


def test_digits_of_a_number_are_side_by_side():
    digits = drawings.number("4031", random.Random(0))
    sides = [[x for stroke in digit for x, _ in stroke] for digit in digits]
    assert all(max(a) < min(b) for a, b in zip(sides, sides[1:], strict=False))


def test_drawings_differ_and_a_seed_reproduces_them():
    one, other = (drawings.numbers(2, 50, random.Random(3)) for _ in "ab")
    assert one == other
    assert len({str(number) for number in one}) == 50


def test_a_stroke_has_the_requested_number_of_points():
    (stroke,) = growth.stroke_with_points(1000, random.Random(0))
    assert len(stroke) == 1000


def test_a_protobuf_varint_has_seven_bits_per_byte():
    # Example from https://protobuf.dev/programming-guides/encoding/: 150 in field 1.
    assert onnx.field(1, 150) == bytes.fromhex("089601")
    assert onnx.field(2, "testing") == bytes.fromhex("120774657374696e67")


def test_a_result_without_a_plot_has_two_files(tmp_path):
    result = Result("short", "| a |", {"times": [1, 2]}, None)
    written = write(result, tmp_path, {"date": "today"})
    assert [path.name for path in written] == ["short.json", "short.md"]
    assert sorted(tmp_path.iterdir()) == written
    assert "- date: today" in written[1].read_text(encoding="utf-8")


def test_the_site_logs_responses_and_serves_only_its_folders(browser):
    with serving(quality=1) as site:
        context = browser.new_context()
        page = context.new_page()
        for path, status in (("/ours/app.js", 200), ("/ours/../Makefile", 404), ("/app.js", 404)):
            assert page.goto(f"{site.address}{path}").status == status
        assert page.goto(f"{site.address}/ours/%2e%2e%2fMakefile").status == 404
        context.close()
    sent = {each.path: each.size for each in site.log}
    assert 0 < sent["/ours/app.js"] < (site.folders["ours"][0] / "app.js").stat().st_size / 2


def test_the_onnx_convnet_has_dense_weights_in_channel_first_order():
    rng = np.random.default_rng(0)
    shapes = [(3, 3, 1, 2), (2,), (3, 3, 2, 4), (4,), (100, 10), (10,)]
    weights = [rng.normal(size=shape).astype("f4") for shape in shapes]
    dense = weights[4].reshape(5, 5, 4, 10).transpose(2, 0, 1, 3)
    assert np.ascontiguousarray(dense).tobytes() in onnx.encode(weights)
