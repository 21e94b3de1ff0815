"""The lesson runs from top to bottom, does what it promises, and its outputs are its own."""

import re
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from playwright.sync_api import expect

from train.ink import render

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "number_recognition.ipynb"
HINT = "execute it anew: `.venv/bin/jupyter execute --inplace notebooks/number_recognition.ipynb`"


@pytest.fixture(scope="module")
def committed() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the notebook runs in, with the project beside it, as after a clone."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "digitpad").symlink_to(ROOT)
    return folder


@pytest.fixture(scope="module")
def executed(session: Path) -> NotebookNode:
    """The notebook, run whole; of its epochs one."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(r"^EPOCHS = \d+$", "EPOCHS = 1", cell.source, flags=re.MULTILINE)
    client = NotebookClient(
        notebook,
        timeout=3600,
        startup_timeout=600,
        iopub_timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(session)}},
    )
    return client.execute()


def outputs(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """What each cell of code put out."""
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: list[NotebookNode]) -> str:
    return "".join(output.get("text", "") for output in cell)


def kinds(cell: list[NotebookNode]) -> list[list[str]]:
    """Of each output what it is: a picture, a frame; text apart."""
    return [sorted(output.data) for output in cell if "data" in output]


def words(cell: list[NotebookNode]) -> set[str]:
    """The lines that a cell printed, whatever the numbers in them."""
    return {
        re.sub(r"[\d.,]+[a-z]*", "#", " ".join(line.split())) for line in printed(cell).splitlines()
    }


def frames(notebook: NotebookNode) -> list[str]:
    """HTML of the pads."""
    data = [output.data for cell in outputs(notebook) for output in cell if "data" in output]
    return [each["text/html"] for each in data if "text/html" in each]


def test_the_lesson_trains_saves_loads_and_reads(executed: NotebookNode, session: Path) -> None:
    text = "".join(map(printed, outputs(executed)))
    share = float(text.split("% of 10,000 test digits")[0].split()[-1])
    assert share > 97
    assert (session / "lesson/final_mnist_cnn.h5").is_file()
    assert (session / "lesson/web-model/meta.json").is_file()


def test_the_committed_outputs_are_those_of_the_committed_cells(
    executed: NotebookNode, committed: NotebookNode
) -> None:
    for shown, made in zip(outputs(committed), outputs(executed), strict=True):
        assert kinds(shown) == kinds(made), HINT
        # Of a single epoch Keras does not say which it is.
        assert words(shown) == words(made) | (words(shown) & {"Epoch #/#"}), HINT


def test_the_committed_cells_ran_once_each_and_in_order(committed: NotebookNode) -> None:
    counts = [cell.execution_count for cell in committed.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), HINT


def test_the_committed_outputs_hold_no_fault_no_noise_and_no_path(committed: NotebookNode) -> None:
    for cell in outputs(committed):
        assert {output.get("name", "stdout") for output in cell} <= {"stdout"}
        assert all(output.output_type != "error" for output in cell)
        assert not re.search(r"(?i)warning|/(home|root|tmp|usr|work|users)/", printed(cell))
    assert not any(str(ROOT) in frame for frame in frames(committed))


def test_the_committed_notebook_stays_small(committed: NotebookNode) -> None:
    assert NOTEBOOK.stat().st_size < 1_500_000
    assert sum(len(found) for cell in outputs(committed) for found in kinds(cell)) > 10


def test_both_committed_pads_read_what_is_drawn(committed, page, draw, drawings) -> None:
    page.set_content("".join(frames(committed)))
    pads = [frame.content_frame.locator("digit-pad") for frame in page.locator("iframe").all()]
    assert len(pads) == 2
    for pad in pads:
        for digit in ("2", "4", "7"):
            draw(page, drawings[digit], pad)
            expect(pad).to_have_js_property("value", digit)
            pad.evaluate("pad => pad.clear()")


def test_the_lesson_s_pad_reads_as_its_file_does(executed, session, page, draw, drawings) -> None:
    page.set_content(frames(executed)[0])
    pad = page.locator("iframe").content_frame.locator("digit-pad")
    draw(page, drawings["3"], pad)
    expect(pad).not_to_have_js_property("value", "")
    network = keras.saving.load_model(session / "lesson/final_mnist_cnn.h5", compile=False)
    field = render(pad.evaluate("pad => pad.drawing"))
    said = network.predict(field[None, ..., None], verbose=0)[0]
    expect(pad).to_have_js_property("value", str(said.argmax()))
    [probabilities] = pad.evaluate(
        "pad => pad.reading.symbols.map(symbol => Array.from(symbol.probabilities))"
    )
    assert np.abs(np.array(probabilities) - said).max() < 0.05  # 8-bit weights
