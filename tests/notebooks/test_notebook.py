"""The notebook runs from top to bottom, and its committed outputs match its cells."""

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

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "number_recognition.ipynb"
HINT = "run it again: `.venv/bin/jupyter execute --inplace notebooks/number_recognition.ipynb`"


@pytest.fixture(scope="module")
def committed() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a folder for the notebook with the project beside it, as after a clone."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "digitpad").symlink_to(ROOT)
    return folder


@pytest.fixture(scope="module")
def executed(session: Path) -> NotebookNode:
    """Run the whole notebook with one epoch."""
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
    """Return the outputs of each code cell."""
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: list[NotebookNode]) -> str:
    return "".join(output.get("text", "") for output in cell)


def kinds(cell: list[NotebookNode]) -> list[list[str]]:
    """Return the media types of each output, except printed text."""
    return [sorted(output.data) for output in cell if "data" in output]


def words(cell: list[NotebookNode]) -> set[str]:
    """Return the lines that a cell printed, with numbers replaced by #."""
    return {
        re.sub(r"[\d.,]+[a-z]*", "#", " ".join(line.split())) for line in printed(cell).splitlines()
    }


def frames(notebook: NotebookNode) -> list[str]:
    """Return the HTML of the pads."""
    data = [output.data for cell in outputs(notebook) for output in cell if "data" in output]
    return [each["text/html"] for each in data if "text/html" in each]


def test_the_notebook_trains_saves_loads_and_reads(executed: NotebookNode, session: Path) -> None:
    text = "".join(map(printed, outputs(executed)))
    share = float(text.split("% of 10,000 test digits")[0].split()[-1])
    assert share > 97
    assert (session / "lesson/final_mnist_cnn.h5").is_file()
    assert (session / "lesson/web-model/meta.json").is_file()


def test_the_committed_outputs_match_the_cells(
    executed: NotebookNode, committed: NotebookNode
) -> None:
    for shown, made in zip(outputs(committed), outputs(executed), strict=True):
        assert kinds(shown) == kinds(made), HINT
        # With a single epoch, Keras does not print its number.
        assert words(shown) == words(made) | (words(shown) & {"Epoch #/#"}), HINT


def test_the_committed_cells_were_run_once_in_order(committed: NotebookNode) -> None:
    counts = [cell.execution_count for cell in committed.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), HINT


def test_the_committed_outputs_have_no_error_warning_or_path(committed: NotebookNode) -> None:
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


def test_the_notebooks_pad_agrees_with_its_h5_file(executed, session, page, draw, drawings) -> None:
    page.set_content(frames(executed)[0])
    pad = page.locator("iframe").content_frame.locator("digit-pad")
    draw(page, drawings["3"], pad)
    expect(pad).not_to_have_js_property("value", "")
    network = keras.saving.load_model(session / "lesson/final_mnist_cnn.h5", compile=False)
    field = render(pad.evaluate("pad => pad.drawing"))
    probabilities_in_keras = network.predict(field[None, ..., None], verbose=0)[0]
    expect(pad).to_have_js_property("value", str(probabilities_in_keras.argmax()))
    [probabilities] = pad.evaluate(
        "pad => pad.reading.symbols.map(symbol => Array.from(symbol.probabilities))"
    )
    assert np.abs(np.array(probabilities) - probabilities_in_keras).max() < 0.05  # 8-bit weights
