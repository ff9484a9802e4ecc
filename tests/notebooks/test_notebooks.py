"""Every notebook runs from start to end."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

from synthesis.tasks.digits import find_mnist

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.notebook
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_runs_from_start_to_end(file):
    nbformat = pytest.importorskip("nbformat", reason="needs the extra 'notebook'")
    nbclient = pytest.importorskip("nbclient", reason="needs the extra 'notebook'")
    notebook = nbformat.read(file, as_version=4)
    _skip_without_data("".join(cell.source for cell in notebook.cells if cell.cell_type == "code"))
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    with warnings.catch_warnings():
        # Jupyter's own event loop and directories warn; notebooks are judged by their cells.
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    errors = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]
    assert not errors


def _skip_without_data(code):
    """A notebook that falls back on the small digits runs everywhere; others need MNIST."""
    if "heartpy" in code and not find_spec("heartpy"):
        pytest.skip("reads recordings of heartpy: needs the extra 'pulse'")
    if "load_mnist" in code and "small_digits" not in code:
        try:
            find_mnist()
        except FileNotFoundError as error:
            pytest.skip(f"shown on MNIST only: {error}")


def test_there_are_notebooks_and_their_outputs_are_committed():
    import json

    assert NOTEBOOKS, "no notebook in notebooks/"
    for file in NOTEBOOKS:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert any(cell["outputs"] for cell in code), f"{file.name} has no outputs"
