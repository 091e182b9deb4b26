"""The explorer in a real browser, with the network off: saved, and in an exported notebook."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd_tape import Variable
from autograd_tape.view import layered
from autograd_tape.view.build import build

from .conftest import SCHEMES, WIDTHS, Open, export

DARK, LIGHT = "rgb(27, 31, 36)", "rgb(255, 255, 255)"


def example() -> Variable:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    return (a + b) * b


def network() -> Variable:
    model = nn.MLP([2, 8, 8, 2], rng=0)
    return nn.functional.cross_entropy(  # type: ignore[no-any-return]
        model(np.linspace(-1, 1, 10, dtype=np.float32).reshape(5, 2)), np.array([0, 1, 0, 1, 1])
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of their own, and an exported notebook with three explorers, two of them the same."""
    folder = tmp_path_factory.mktemp("pages")
    f = example()
    f.explore().save(folder / "example.html")
    network().explore().save(folder / "network.html")
    (folder / "blank.html").write_text("<!DOCTYPE html><title>Blank</title>")
    (folder / "dark.html").write_text(
        f'<!DOCTYPE html><body style="background:#111">{f.explore()._repr_html_()}'
    )
    nbformat = pytest.importorskip("nbformat")
    cells = [
        nbformat.v4.new_code_cell(
            "f.explore()",
            outputs=[nbformat.v4.new_output("display_data", {"text/html": explorer._repr_html_()})],
        )
        for explorer in (f.explore(), network().explore(), f.explore())
    ]
    for theme in SCHEMES:
        notebook = nbformat.v4.new_notebook(cells=cells)
        (folder / f"notebook-{theme}.html").write_text(export(notebook, theme))
    return folder


def state(page: Any) -> tuple[str, str]:
    return page.locator(".count").first.inner_text(), page.locator(".title").first.inner_text()


def cells(page: Any, column: str) -> list[str]:
    return [t.replace("\xa0", " ") for t in page.locator(f"td.{column}").all_inner_texts()]


# -- the slider -----------------------------------------------------------------------------------


def test_the_slider_moves_through_both_sweeps(open_page: Open) -> None:
    page = open_page("example")
    slider = page.locator("input")
    assert state(page) == ("1 / 8", "The inputs have their values")
    assert cells(page, "primal") == ["2.0", "3.0", "·", "·"]
    assert cells(page, "adjoint") == ["·"] * 4
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert state(page) == ("6 / 8", "∂ multiply(v2, b) / ∂ b")
    assert page.locator(".lines").inner_text() == (
        "adjoint 1.0 × partial 5.0 = 5.0\nadjoint of b: 5.0 (pending: 1 of 2 contributions)"
    )
    assert cells(page, "primal") == ["2.0", "3.0", "5.0", "15.0"]
    assert cells(page, "adjoint") == ["·", "5.0", "3.0", "1.0"]
    assert cells(page, "state") == ["", "pending 1/2", "final", "final"]
    assert page.locator("g.node text.adjoint").all_text_contents() == ["·", "5.0", "3.0", "1.0"]
    assert page.locator("g.edge.flow").count() == 1
    page.keyboard.press("End")
    assert cells(page, "adjoint") == ["3.0", "8.0", "3.0", "1.0"]
    assert cells(page, "state") == ["final"] * 4
    page.keyboard.press("Home")
    assert state(page)[0] == "1 / 8"
    page.mouse.click(*centre(slider))
    assert state(page)[0] in ("4 / 8", "5 / 8")


def centre(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_buttons_step_and_play(open_page: Open) -> None:
    page = open_page("example")
    assert page.locator(".back").is_disabled()
    page.locator(".on").click()
    page.locator(".on").click()
    page.locator(".back").click()
    assert state(page) == ("2 / 8", "v2 = add(a, b)")
    page.clock.install()
    page.locator(".play").click()
    assert page.locator(".play").inner_text() == "Pause"
    page.clock.run_for(2500)
    assert state(page)[0] == "4 / 8"
    page.locator(".play").click()
    page.clock.run_for(5000)
    assert state(page)[0] == "4 / 8"
    page.locator(".play").click()
    page.clock.run_for(60_000)
    assert state(page)[0] == "8 / 8"
    assert page.locator(".play").inner_text() == "Play"


# -- graph and table are linked -------------------------------------------------------------------


def linked(page: Any) -> list[str]:
    return page.locator(".linked").evaluate_all(  # type: ignore[no-any-return]
        "those => those.map(e => e.tagName.toLowerCase() + ' ' + e.dataset.key)"
    )


def test_a_node_and_its_row_light_up_together(open_page: Open) -> None:
    page = open_page("example")
    keys = page.locator("tr[data-key]").evaluate_all("rows => rows.map(r => r.dataset.key)")
    for key in keys:
        page.locator(f"tr[data-key={key}]").hover()
        assert sorted(linked(page)) == [f"g {key}", f"tr {key}"]
        page.locator(f"g.node[data-key={key}]").hover()
        assert sorted(linked(page)) == [f"g {key}", f"tr {key}"]
    page.mouse.move(1, 1)
    assert linked(page) == []


def test_the_current_node_and_row_are_marked_together(open_page: Open) -> None:
    page = open_page("network")
    page.locator("input").focus()
    count = int(page.locator(".count").inner_text().split("/")[1])
    for _ in range(count - 1):
        page.keyboard.press("ArrowRight")
        keys = page.locator(".now[data-key]").evaluate_all("a => a.map(e => e.dataset.key)")
        assert len(keys) == 2
        assert keys[0] == keys[1]
        assert page.locator("g.node").evaluate_all(OUTSIDE) == [], "pending adjoints fit, too"
    box = page.locator(".graph").bounding_box()
    x, y = centre(page.locator("g.now"))
    assert box["x"] < x < box["x"] + box["width"], "it was brought into view"
    assert box["y"] < y < box["y"] + box["height"]


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page("example")
    page.evaluate("() => { window.heard = []; document.onkeydown = e => heard.push(e.key); }")
    for _ in range(20):  # buttons, slider, then one node and one row
        page.keyboard.press("Tab")
        if page.locator("g.node:focus").count():
            break
    first = linked(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert linked(page) != first
    assert page.locator("g.node:focus text.title").text_content() == "v2 = add(a, b)"
    outline = page.locator("g.node:focus .shape").evaluate("e => getComputedStyle(e).strokeWidth")
    assert outline == "4px", "the focus is seen"
    page.keyboard.press("Enter")
    assert state(page)[1] == "v2 = add(a, b)"
    page.keyboard.press("Enter")
    assert state(page)[1] == "∂ add(a, b) / ∂ a"
    page.keyboard.press("ArrowLeft")
    assert state(page)[1] == "∂ multiply(v2, b) / ∂ b"
    page.keyboard.press("Tab")
    assert page.locator("tr:focus").count() == 1
    page.keyboard.press("ArrowDown")
    assert linked(page) != []
    heard = set(page.evaluate("heard"))
    assert not heard & {"ArrowDown", "ArrowLeft", "Enter"}, "a notebook's shortcuts stay out of it"


def test_a_screen_reader_is_told(open_page: Open) -> None:
    page = open_page("example")
    page.locator(".on").click()
    slider = page.locator("input")
    assert slider.get_attribute("aria-label") == "Step of the two sweeps"
    assert slider.get_attribute("aria-valuetext") == "step 2 of 8: v2 = add(a, b)"
    assert page.locator("[aria-live=polite] .title").inner_text() == "v2 = add(a, b)"
    tree = page.locator("section").aria_snapshot()
    assert 'region "Explorer of v3, 4 entries"' in tree
    assert 'button "One step back"' in tree
    assert "input a" in tree, "nodes are named"


# -- how it looks ---------------------------------------------------------------------------------

OVERFLOWS = """panel => {
  const outer = panel.getBoundingClientRect();
  const inside = [...panel.querySelectorAll("*")].filter(e => !e.closest(".graph *, .table *"));
  return inside.filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > outer.right + 1 || box.left < outer.left - 1);
  }).map(e => e.className);
}"""


@pytest.mark.parametrize("name", ["example", "network", "notebook-light", "notebook-dark"])
def test_nothing_overflows(open_page: Open, name: str) -> None:
    page = open_page(name)
    schemes = [s for s in SCHEMES if name.endswith(s)] or SCHEMES  # a notebook has its own
    for panel in page.locator(".explorer").all():
        panel.locator("input").focus()
        page.keyboard.press("End")
    for scheme, width in product(schemes, WIDTHS):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for panel in page.locator(".explorer").all():
            assert panel.evaluate(OVERFLOWS) == []
            expected = DARK if scheme == "dark" else LIGHT
            assert panel.evaluate("e => getComputedStyle(e).backgroundColor") == expected
            graph, table = (panel.locator(f".{c}").bounding_box() for c in ("graph", "table"))
            beside = graph["y"] == table["y"]
            assert beside == (width == 1400)
            assert min(graph["height"], table["height"]) > 60
            assert table["height"] <= 642, "it scrolls inside of its box"


def test_the_page_s_own_background_decides_before_the_system_s(open_page: Open) -> None:
    page = open_page("dark", scheme="light")
    panel = page.locator(".explorer")
    assert panel.evaluate("e => getComputedStyle(e).backgroundColor") == DARK
    page = open_page("notebook-light", scheme="dark")
    panel = page.locator(".explorer").first
    assert panel.evaluate("e => getComputedStyle(e).backgroundColor") == LIGHT


OUTSIDE = """nodes => nodes.flatMap(g => {
  const shape = g.querySelector(".shape").getBBox();
  return [...g.querySelectorAll("text")].filter(t => {
    const box = t.getBBox();
    return box.x < shape.x || box.x + box.width > shape.x + shape.width
      || box.y < shape.y || box.y + box.height > shape.y + shape.height + 1;
  }).map(t => t.textContent);
})"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_stays_inside_of_its_node(browser: Any, dark: bool) -> None:
    """Widths are estimated in Python; here they are measured."""
    f = network()
    f.backward()
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.set_content(layered.svg(build(f.tape.entries, fold=False, edges="partial"), dark=dark))
    out = page.locator("g.node").evaluate_all(OUTSIDE)
    context.close()
    assert out == []


# -- on one page, and without scripts -------------------------------------------------------------


def test_several_on_one_page_do_not_meet(open_page: Open) -> None:
    page = open_page("notebook-light")
    assert page.locator(".explorer").count() == 3
    page.locator(".explorer").nth(2).locator(".on").click()
    counts = [t.split(" / ") for t in page.locator(".count").all_inner_texts()]
    assert [c[0] for c in counts] == ["1", "1", "2"]
    colour = "e => getComputedStyle(e).fontFamily"
    assert "Helvetica" in page.locator(".explorer .title").first.evaluate(colour)


def test_a_notebook_that_puts_scripts_in_by_hand_and_twice(open_page: Open) -> None:
    """JupyterLab sets innerHTML, then copies each script; a second view does it again."""
    page = open_page("blank")
    page.evaluate(
        """text => { for (const _ of [1, 2]) {
          const place = document.body.appendChild(document.createElement("div"));
          place.innerHTML = text;
          const old = place.querySelector("script");
          const script = document.createElement("script");
          script.textContent = old.textContent;
          old.replaceWith(script);
        } }""",
        example().explore()._repr_html_(),
    )
    assert page.locator(".explorer").count() == 2
    page.locator(".on").nth(1).click()
    assert page.locator(".count").all_inner_texts() == ["1 / 8", "2 / 8"]
    assert page.locator("[data-lm-suppress-shortcuts=true]").count() == 2


@pytest.mark.parametrize("name", ["example", "notebook-light"])
def test_without_scripts_picture_and_table_are_there(open_page: Open, name: str) -> None:
    page = open_page(name, 800, java_script_enabled=False)
    assert page.locator(".explorer").count() == 0
    image = page.locator("img[alt^='Graph of']").first
    assert image.bounding_box()["height"] > 100
    assert cells(page, "adjoint")[:4] == ["3.0", "8.0", "3.0", "1.0"]
