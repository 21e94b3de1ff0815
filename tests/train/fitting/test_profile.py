"""`--profile` measures every part of a run, adds them up and writes no files."""

import os
from pathlib import Path

import numpy as np
import pytest

from train.fitting.profile import Part, Profile, format_duration, measure, peak_memory
from train.fitting.settings import Settings
from train.samples.prepare import prepare_data

PARTS = [Part("imports", 3.0), Part("training, a step", 0.05, 200), Part("evaluation", 2.0, 2)]


def test_parts_add_up_to_a_whole_run():
    lines = Profile(PARTS, 2, 2_500, 700 * 10**6).table().splitlines()
    assert "50.0 ms" in lines[2] and "200" in lines[2] and "10.0 s" in lines[2]
    assert lines[2].endswith("58.8%")
    assert "2 epochs" in lines[4] and lines[4].endswith("17.0 s")
    assert "2,500 images per second" in lines[5] and "700 MB" in lines[5]
    assert max(map(len, lines[:5])) <= 80


@pytest.mark.usefixtures("few_non_digits")
def test_a_profile_measures_every_part_of_a_run_in_a_few_steps(shapes_file: Path, tmp_path: Path):
    settings = Settings(arch="quick", epochs=5, batch_size=64)
    reports = []

    def report(network, run_data, out: Path) -> None:
        (out / "report.json").write_text("{}")
        reports.append(out)

    found = measure(
        settings,
        imports=1.5,
        read=lambda: None,
        prepare=lambda: prepare_data(str(shapes_file), [], [], seed=0, num_validation=100),
        report=report,
        steps=3,
    )
    assert [part.seconds > 0 for part in found.parts].count(False) == 0
    assert found.parts[0].seconds == 1.5
    by_name = {part.name: part.times for part in found.parts}
    assert by_name["training, a step"] % 5 == 0 and by_name["training, a step"] > 5 * 10
    assert by_name["evaluation, an epoch"] == 5 and by_name["report"] == 1
    assert found.images_per_second > 1
    (out,) = reports
    assert not out.exists()


def test_peak_memory_is_in_bytes():
    block = np.ones(2**28, np.uint8)
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert block.nbytes < peak_memory() < installed


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0123, "12.3 ms"), (4.56, "4.6 s"), (306, "5.1 min")]
)
def test_a_duration_is_formatted_in_a_suitable_unit(seconds: float, text: str):
    assert format_duration(seconds) == text
