"""Each notebook as an exported page, in a real browser with the network off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import SCHEMES, WIDTHS, Open, export

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

OUTSIDE = """() => [...document.querySelectorAll(".jp-OutputArea-output :is(svg, img)")].filter(
  e => e.getBoundingClientRect().right > innerWidth).length"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    nbformat = pytest.importorskip("nbformat")
    return nbformat.read(request.param, as_version=4)


@pytest.mark.parametrize("theme", SCHEMES)
def test_it_fits_the_page_and_its_explorers_move(
    open_page: Open, folder: Path, notebook: Any, theme: str
) -> None:
    (folder / "page.html").write_text(export(notebook, theme), encoding="utf-8")
    page = open_page("page", scheme=theme)
    expected = sum(".explore(" in c.source for c in notebook.cells if c.cell_type == "code")
    explorers = page.locator(".explorer").all()
    assert len(explorers) == expected
    for explorer in explorers:
        count = explorer.locator(".count")
        last = count.inner_text().removeprefix("1 / ")
        explorer.locator("input").focus()
        page.keyboard.press("ArrowRight")
        assert count.inner_text() == f"2 / {last}"
        page.keyboard.press("End")
        assert count.inner_text() == f"{last} / {last}"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert page.evaluate(OUTSIDE) == 0, "at 1,400 px every picture is seen as a whole"
