"""Every notebook runs from top to bottom, and is the same as its script."""

from __future__ import annotations

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
jupytext = pytest.importorskip("jupytext")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(notebook):
    return [(c.cell_type, c.source.strip()) for c in notebook.cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_script_and_notebook_are_the_same(path):
    """``jupytext --sync notebooks/*.py`` mends a difference."""
    assert cells(nbformat.read(path, as_version=4)) == cells(jupytext.read(path.with_suffix(".py")))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_committed_with_outputs_and_without_errors(path):
    notebook = nbformat.read(path, as_version=4)
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert outputs, "run it before committing: jupytext --to ipynb --execute"
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o.text for o in outputs if o.get("name") == "stderr"], "a warning"
    assert not [o for o in outputs if "/tmp/" in str(o) or "/home/" in str(o)]


# (zmq and asyncio warn of their own machinery)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_from_top_to_bottom(path):
    notebook = nbformat.read(path, as_version=4)
    here = {"metadata": {"path": FOLDER}}
    nbclient.NotebookClient(notebook, timeout=120, resources=here).execute()


def test_every_script_has_its_notebook():
    assert {p.stem for p in FOLDER.glob("*.py")} == {p.stem for p in NOTEBOOKS} != set()
