"""Training, validation and test samples of a run never overlap."""

import json
from pathlib import Path

import numpy as np
import pytest

from files.drawings import DataError
from tests.train.conftest import FEW_NON_DIGITS
from train.data.unipen import characters
from train.samples import prepare
from train.samples.prepare import prepare_data
from train.samples.training_set import NOT_A_DIGIT, VARIANTS_PER_DRAWING
from train.samples.unipen_ink import read_ink

ONE_STROKE = [[[0, 0, 0], [1, 9, 20]]]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(prepare, "NON_DIGIT_COUNTS", FEW_NON_DIGITS)


def writer_of(split: str) -> str:
    names = (f"lab/w{number}" for number in range(1000))
    return next(name for name in names if characters.split(name) == split)


def ink(split: str, label: int, x: float) -> characters.Ink:
    return characters.Ink([[[0, 0], [x, 5], [3, 9]]], str(label), writer_of(split), f"{split} {x}")


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[characters.Ink]]:
    """Replace UNIPEN by four digits for training, two for validation and three for testing."""
    counts = {"train": 4, "validation": 2, "test": 3}
    inks = [
        ink(split, label, 10 * place + label)
        for place, (split, count) in enumerate(counts.items())
        for label in range(count)
    ]
    letters = [
        characters.Ink([[[0, 0], [4, 9], [x, ord(label)]]], label, writer_of(split), label)
        for x, split in enumerate(characters.SPLITS)
        for label in "MO"
    ]
    read = {"1a": inks, "1b": letters, "1c": [], "1d": [], "7": []}
    monkeypatch.setattr(characters, "read", lambda path, category: iter(read[category]))
    return read


def test_validation_images_are_not_trained_on(shapes_file: Path):
    run_data = prepare_data(str(shapes_file), [], [], seed=0, num_validation=100)
    images, labels = run_data.validation_data
    training_images = {image.tobytes() for image in run_data.training_set.images}
    assert len(images) == len(labels) and (labels[:100] < NOT_A_DIGIT).all()
    assert (labels[100:] == NOT_A_DIGIT).all() and len(labels) > 200
    assert not training_images & {image.tobytes() for image in images}
    assert run_data.training_set.num_images == 1100


def test_without_ink_all_non_digits_are_made_from_images(shapes_file: Path):
    """Otherwise any drawn line would be a non-digit, and the page would reject every drawing."""
    run_data = prepare_data(str(shapes_file), [], [], seed=0, num_validation=100)
    kinds = {f"{kind} of pictures" for kind in ("scribbles", "fragments", "pairs")}
    assert set(run_data.validation_non_digits) == set(run_data.test_non_digits) == kinds


def test_blank_images_are_not_used_for_non_digits(tmp_path: Path):
    images = np.zeros((60, 28, 28), np.uint8)
    images[::2, 5:20, 10:14] = images[::2, 5:9, 4:20] = 200
    file, labels = tmp_path / "half.npz", np.arange(60) % 10
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)
    run_data = prepare_data(str(file), [], [], seed=0, num_validation=10)
    assert len(run_data.validation_non_digits["pairs of pictures"]) == 40


def test_a_set_without_any_ink_is_refused(tmp_path: Path):
    images = np.zeros((60, 28, 28), np.uint8)
    images[:, 5:20, 10:14] = 200
    file, labels = tmp_path / "blank.npz", np.arange(60) % 10
    np.savez(file, x_train=images, y_train=labels, x_test=images * 0, y_test=labels)
    with pytest.raises(DataError, match="every pixel is 0, so there is no ink"):
        prepare_data(str(file), [], [], seed=0, num_validation=10)


def test_each_drawing_is_sampled_once_before_any_repeats():
    rng = np.random.default_rng(0)
    sampled = prepare.sample_with_repeats(list("abc"), 8, rng)
    assert sorted(sampled[:3]) == sorted(sampled[3:6]) == list("abc") and len(sampled) == 8
    assert len(set(prepare.sample_with_repeats(list("abcdef"), 4, rng))) == 4
    assert prepare.sample_with_repeats([], 4, rng) == []


def test_letters_are_non_digits_unless_they_look_like_digits(shapes_file, writers: dict):
    run_data = prepare_data(str(shapes_file), ["archive"], [], seed=0, num_validation=100)
    assert len(run_data.test_non_digits["letters"]) == 1  # M, but not O
    assert len(run_data.validation_non_digits["letters"]) == 1
    assert "1 letters" in run_data.summary


def test_the_validation_images_do_not_depend_on_the_seed(shapes_file: Path):
    first, second = (
        prepare_data(str(shapes_file), [], [], seed, 100).validation_data[0] for seed in (0, 1)
    )
    np.testing.assert_array_equal(first, second)


def test_each_writer_is_in_one_split_only(shapes_file: Path, writers: dict):
    run_data = prepare_data(str(shapes_file), ["archive"], [], seed=0, num_validation=100)
    assert run_data.training_set.num_drawings == 4
    assert len(run_data.validation_sets["UNIPEN"][1]) == 2
    ink_test = run_data.test_sets[1]
    assert ink_test.name == "UNIPEN test writers" and len(ink_test.labels) == 3
    assert {characters.split(writer) for writer in ink_test.writers} == {"test"}
    assert run_data.facts["unipen"]["splits"]["train"] == {"digits": 4, "writers": 1}
    assert "4 digits" in " ".join(run_data.trained_on)


def test_digits_among_words_follow_the_same_split_and_are_tested_apart(
    shapes_file: Path, writers: dict
):
    without = prepare_data(str(shapes_file), ["archive"], [], seed=0, num_validation=100)
    writers["7"] += [
        characters.Ink([[[0, 0], [x, 5], [9, k]]], label, writer_of(split), f"7/hpp/a.dat#{x}")
        for k, split in enumerate(characters.SPLITS)
        for x, label in enumerate(("3", "8", "20", "5/27"), start=1)
    ]
    run_data = prepare_data(str(shapes_file), ["archive"], [], seed=0, num_validation=100)
    assert run_data.training_set.num_drawings == 4 + 2
    sizes = {name: len(labels) for name, (_, labels) in run_data.validation_sets.items()}
    assert sizes["UNIPEN"] == sizes["UNIPEN 7 single digits"] == 2
    assert set(run_data.writers) == {"UNIPEN", "UNIPEN 7 single digits"}
    names = [test.name for test in run_data.test_sets]
    assert names[1:] == ["UNIPEN test writers", "UNIPEN 7 single digits"]
    np.testing.assert_array_equal(run_data.test_sets[1].images, without.test_sets[1].images)
    assert {kind: len(images) for kind, images in run_data.test_non_digits.items()} == {
        kind: len(images) for kind, images in without.test_non_digits.items()
    }
    for kind, images in run_data.test_non_digits.items():
        np.testing.assert_array_equal(images, without.test_non_digits[kind])
    assert run_data.facts["unipen"] == without.facts["unipen"]
    assert run_data.facts["unipen_words"]["splits"]["test"] == {"words": 4, "writers": 1}
    assert "UNIPEN train_r01_v07 7: 2 single digits of training writers" in run_data.trained_on


def test_numbers_are_kept_apart_from_single_digits(writers: dict):
    writers["7"] += [
        characters.Ink([[[0, 0], [x, 5], [3, 9]]], label, writer_of("test"), f"7/hpp/a.dat#{x}")
        for x, label in enumerate(("3", "20", "5/27"), start=1)
    ]
    ink = read_ink(["archive"])
    assert [each.label for each in ink.numbers["test"]] == ["20"]
    assert [each.label for each in ink.single_digits["test"]] == ["3"]
    assert len(ink.words["test"]) == 3 and not ink.numbers["train"]


def test_drawings_of_single_digits_are_trained_on_and_others_are_counted(
    shapes_file: Path, tmp_path: Path
):
    file = tmp_path / "drawings.jsonl"
    lines = [{"label": label, "strokes": ONE_STROKE} for label in ("1", "12", "7")]
    file.write_text("\n".join(map(json.dumps, lines)))
    run_data = prepare_data(str(shapes_file), [], [file], seed=0, num_validation=100)
    assert run_data.training_set.num_drawings == 2
    training_set = run_data.training_set
    ink = training_set.labels[training_set.num_images :][: 2 * training_set.num_variants]
    assert list(ink[:2]) == [1, 7]
    assert "2 drawings" in run_data.summary
    assert "1 drawings of more than one symbol" in run_data.summary


def test_images_and_non_digits_can_be_limited(shapes_file: Path, writers: dict, tmp_path: Path):
    everything = prepare_data(str(shapes_file), [], [], seed=0, num_validation=100)
    few = prepare_data(
        str(shapes_file), [], [], seed=0, num_validation=100, non_digit_fraction=0, max_images=90
    )
    assert (few.training_set.num_images, few.training_set.num_non_digits) == (90, 0)
    assert len(few.trained_on) == 1 and "90 of its 1,200" in few.trained_on[0]
    all_images = {image.tobytes() for image in everything.training_set.images}
    assert {image.tobytes() for image in few.training_set.images} <= all_images
    np.testing.assert_array_equal(few.validation_data[0][:100], everything.validation_data[0][:100])
    limit = 2 * VARIANTS_PER_DRAWING
    ink = prepare_data(
        str(shapes_file), ["unipen"], [], seed=0, num_validation=100, max_images=limit
    ).training_set
    assert (ink.num_images, ink.num_drawings) == (limit, 2)
