"""Pictures of a diagram, and what happens where nothing can render."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograd_tape import Variable
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
    assert list(bundle) == ["image/svg+xml"]
    assert "multiply" in bundle["image/svg+xml"]
    assert "<svg" in example().diagram()._repr_html_()


# -- nothing to render with -----------------------------------------------------------------------


def test_without_any_graphviz_the_error_says_what_to_install(
    without_anything: None, tmp_path: Path
) -> None:
    diagram = example().diagram()
    with pytest.raises(RuntimeError, match=r'pip install "autograd_tape\[diagrams\]"'):
        diagram.pipe("svg")
    with pytest.raises(RuntimeError, match="neither the dot program nor pygraphviz"):
        diagram.render("f", directory=tmp_path, format="png")
    assert "digraph" in diagram.source


def test_without_any_graphviz_a_notebook_gets_the_table(without_anything: None) -> None:
    x = Variable(2.0, name="<x>")
    diagram = (x * x).diagram()
    bundle = diagram._repr_mimebundle_()
    assert "neither the dot program" in bundle["text/html"]
    assert "&lt;x&gt;" in bundle["text/html"]
    assert "multiply" in diagram._repr_html_()
    assert "pip install" in bundle["text/plain"]


def test_the_notebook_repr_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Diagram, *args: object, **kw: object) -> bytes:
        raise OSError("no space <left>")

    monkeypatch.setattr(Diagram, "pipe", broken)
    assert "no space &lt;left&gt;" in example().diagram()._repr_mimebundle_()["text/html"]
