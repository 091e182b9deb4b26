"""Pictures of a diagram, and what happens where nothing can render."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.view.graph import Edge, Graph, Node
from autograd_tape.view.render import Diagram


def example() -> Variable:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    f.backward()
    return f


@pytest.fixture
def without_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def without_anything(without_dot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def test_its_repr_says_what_to_do() -> None:
    assert repr(example().diagram()) == (
        "<Diagram of 4 nodes: a notebook shows it; "
        "elsewhere diagram.render('f.svg') writes a picture>"
    )
    assert "of" not in repr(Diagram()).partition(":")[0]


# -- pictures -------------------------------------------------------------------------------------

MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.mark.parametrize("kind", MAGIC)
def test_pictures_without_the_dot_program(without_dot: None, kind: str, tmp_path: Path) -> None:
    diagram = example().diagram()
    assert diagram.pipe(kind).startswith(MAGIC[kind])
    path = diagram.render(tmp_path / "deeper" / f"f.{kind}")
    assert Path(path).read_bytes().startswith(MAGIC[kind])
    assert [p.name for p in (tmp_path / "deeper").iterdir()] == [f"f.{kind}"]


def test_rendering_as_graphviz_names_its_files(without_dot: None, tmp_path: Path) -> None:
    diagram = example().diagram()
    path = diagram.render("f", directory=tmp_path, format="svg")
    assert Path(path) == tmp_path / "f.svg"
    assert (tmp_path / "f").read_text() == diagram.source
    path = diagram.render(tmp_path / "g.gv", cleanup=True)
    assert Path(path) == tmp_path / "g.gv.svg"
    assert not (tmp_path / "g.gv").exists()
    assert diagram.render(outfile=tmp_path / "h.png") == str(tmp_path / "h.png")
    assert (tmp_path / "h.png").read_bytes().startswith(MAGIC["png"])
    assert Path(diagram.save(tmp_path / "s.gv")).read_text() == diagram.source


def test_viewing_opens_what_was_rendered(
    without_dot: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(Diagram, "_view", lambda self, path, **_: opened.append(path))
    path = example().diagram().render("f", directory=tmp_path, view=True)
    path2 = example().diagram().render(tmp_path / "g.svg", view=True)
    assert opened == [path, path2]


def test_dot_renders_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = tmp_path / "dot"
    dot.write_text(f"#!{sys.executable}\nprint('dot was here')\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "dot was here" in example().diagram().pipe("svg", encoding="utf-8")
    path = example().diagram().render("f", directory=tmp_path, format="svg")
    assert Path(path) == tmp_path / "f.svg"


def test_a_notebook_shows_svg(without_dot: None) -> None:
    bundle = example().diagram()._repr_mimebundle_()
    # No HTML: JupyterLab would prefer it, and strip the SVG in it.
    assert list(bundle) == ["image/svg+xml", "image/png"]
    assert "multiply" in bundle["image/svg+xml"]
    assert b64decode(bundle["image/png"]).startswith(b"\x89PNG")


# -- no Graphviz, or one that does not deliver ----------------------------------------------------


def drawn(source: str = "") -> Diagram:
    """A diagram with a graph of its own to fall back on, and DOT that Graphviz may not like."""
    diagram = example().diagram(dark=True)
    x, f = Node("x", "input", "x"), Node("f", "target", "f < g")
    diagram.graph = Graph([x, f], [Edge(x, f)])
    diagram.body.append(source)
    return diagram


def slow() -> Diagram:
    """DOT that takes Graphviz minutes: a thousand nodes with four edges each."""
    rng = np.random.default_rng(0)
    edges = (f"n{t} -> n{h};" for h in range(1, 1000) for t in rng.integers(0, h, 4))
    return drawn("\n".join(edges))


def test_without_any_graphviz_the_error_says_what_to_install(
    without_anything: None, tmp_path: Path
) -> None:
    for kind in ("png", "pdf"):
        with pytest.raises(RuntimeError, match=r'pip install "autograd_tape\[diagrams\]"'):
            drawn().pipe(kind)
        with pytest.raises(RuntimeError, match="no Graphviz was found"):
            drawn().render("f", directory=tmp_path, format=kind)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    assert "digraph" in drawn().source


def test_without_any_graphviz_svg_is_drawn_and_says_so(
    without_anything: None, tmp_path: Path
) -> None:
    bundle = drawn()._repr_mimebundle_()
    words = "".join(ET.fromstring(bundle["image/svg+xml"]).itertext())
    assert "f < g" in words
    assert "Drawn without Graphviz: no Graphviz was found (pip install" in words
    assert 'fill="#1b1f24"' in bundle["image/svg+xml"], "as dark as it was asked for"
    path = drawn().render(tmp_path / "f.svg")
    assert ET.parse(path).getroot().tag.endswith("svg")


def test_what_takes_too_long_is_stopped_and_the_picture_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **kw: (started.append(a), run(*a, **kw))[1])
    diagram = slow()
    diagram.seconds = 0.5
    bundle = diagram._repr_mimebundle_()
    assert "Graphviz was stopped after 0.5 s" in bundle["image/svg+xml"]
    assert "f &lt; g" in bundle["image/svg+xml"]
    assert "image/png" not in bundle
    assert len(started) == 1, "a second try would take as long again"
    with pytest.raises(RuntimeError, match=r"stopped after 0.5 s; set diagram.seconds = 60"):
        diagram.render(tmp_path / "f.pdf")
    assert not (tmp_path / "f.pdf").exists()
    assert Diagram.seconds <= 4, "a notebook waits for this long at most"


def test_a_thread_can_render() -> None:
    with ThreadPoolExecutor(3) as threads:
        pictures = list(threads.map(lambda d: d.pipe("svg"), [drawn() for _ in range(3)]))
    assert all(b"<svg" in p for p in pictures)


@pytest.mark.parametrize("script", ["import sys; sys.exit('boom <&>')", "import os; os.abort()"])
def test_a_graphviz_that_crashes_takes_nothing_with_it(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dot = tmp_path / "dot"
    dot.write_text(f"#!{sys.executable}\n{script}\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    text = "".join(ET.fromstring(drawn()._repr_mimebundle_()["image/svg+xml"]).itertext())
    assert "Graphviz failed: " in text
    with pytest.raises(RuntimeError, match="Graphviz failed: "):
        drawn().pipe("png")


@pytest.mark.parametrize("program", ["", "/nowhere/python"])
def test_an_interpreter_that_cannot_be_started_again(
    program: str, without_dot: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert "Drawn without Graphviz: " in drawn()._repr_mimebundle_()["image/svg+xml"]


def test_a_folder_with_a_pygraphviz_of_its_own_is_no_trap(
    without_dot: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pygraphviz.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    assert b"Drawn without" not in drawn().pipe("svg")


def test_without_a_graph_a_notebook_gets_the_table(without_anything: None) -> None:
    diagram = (Variable(2.0, name="<x>") * 3.0).diagram()
    diagram.graph = None
    bundle = diagram._repr_mimebundle_()
    assert "no Graphviz was found" in bundle["text/html"]
    assert "&lt;x&gt;" in bundle["text/html"]
    assert "multiply" in bundle["text/html"]
    assert "pip install" in bundle["text/plain"]


def test_the_notebook_repr_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Diagram, *args: object, **kw: object) -> bytes:
        raise OSError("no space <left>")

    monkeypatch.setattr(Diagram, "pipe", broken)
    assert "no space &lt;left&gt;" in example().diagram()._repr_mimebundle_()["text/html"]


def test_options_are_those_of_graphviz() -> None:
    with pytest.raises(ValueError, match="unknown format"):
        drawn().pipe("docx")
    with pytest.raises(ValueError, match="unknown engine"):
        drawn().pipe("svg", engine="magic")
    assert b"<svg" in drawn().pipe("svg", engine="neato")
