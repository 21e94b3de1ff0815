"""The notebook runs from top to bottom and ends with what it promises."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "number_recognition.ipynb"


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    return client.execute()


def printed(notebook: nbformat.NotebookNode) -> str:
    """Everything that its cells wrote to their output."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_the_notebook_trains_saves_loads_and_reads(executed: nbformat.NotebookNode):
    text = printed(executed)
    assert "final_mnist_cnn.h5" in text
    share = float(text.split("% of 10,000 test digits")[0].split()[-1])
    assert share > 97


def test_the_notebook_exports_a_web_model(executed: nbformat.NotebookNode):
    text = printed(executed)
    assert "model.json" in text and "verified:" in text


def test_the_notebook_shows_its_pictures(executed: nbformat.NotebookNode):
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 5
