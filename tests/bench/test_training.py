"""The training benchmark treats all contenders alike; times are not checked."""

import pytest
from PIL import Image

from bench.training import keras_example
from bench.training.measure import EXAMPLE, OURS, time_table
from bench.training.time_to_accuracy import Run, run_until


def test_both_contenders_are_timed_for_growing_epochs(smoked):
    data = smoked("training")["data"]
    assert list(data["runs"]) == [OURS.name, EXAMPLE.name]
    for runs in data["runs"].values():
        for run in runs:
            assert run["peak"] > 50e6 and run["processor"] > 0
            assert all(seconds > 0 and 0 <= share <= 1 for seconds, share in run["epochs"])
    assert len(data["epochs"]["quick"]) == 2 and len(data["epochs"]["example"]) == 1
    for by_size in data["epochs"].values():
        for size, taken in by_size.items():
            assert all(each["images"] == int(size) and each["seconds"] > 0 for each in taken)


def test_tables_and_plot_name_both_contenders(smoked):
    found = smoked("training")
    for name in (OURS.name, EXAMPLE.name):
        assert f"| {name} |" in found["page"]
    with Image.open(found["folder"] / "training.png") as picture:
        picture.verify()


def test_the_time_is_that_of_the_first_epoch_above_the_target():
    run = Run([(10.0, 0.97), (20.0, 0.991), (30.0, 0.989)], 50.0, 10**9)
    assert run.seconds(0.99) == 20 and run.seconds(0.995) is None
    other = Run([(80.0, 0.99)], 150.0, 10**9)
    table = time_table({OURS.name: [run, run], EXAMPLE.name: [other]}, 0.99)
    assert "| 2 of 2 | 20.0 (20.0–20.0) | 1.0x |" in table
    assert "| 1 of 1 | 80.0 (80.0–80.0) | 4.0x |" in table


def test_a_target_that_nobody_reaches_is_still_a_table():
    never = Run([(10.0, 0.9)], 15.0, 10**9)
    assert "| 0 of 1 | - | - |" in time_table({OURS.name: [never], EXAMPLE.name: [never]}, 0.99)


def test_a_failed_training_is_reported_in_one_line():
    failing = ["-m", "train.data.unipen", "nowhere.npz"]  # fails early, without TensorFlow
    with pytest.raises(OSError, match=r": train\.data\.unipen: nowhere\.npz does not exist[^\n]*$"):
        run_until(failing, 0.99, 1)


def test_the_example_is_the_published_one():
    model = keras_example.example()
    assert model.count_params() == 34_826
    assert model.optimizer.name == "adam" and model.loss == "categorical_crossentropy"
    assert (keras_example.BATCH_SIZE, keras_example.EPOCHS) == (128, 15)
