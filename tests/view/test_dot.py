"""The source of a diagram: what is drawn, and as what."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET

import graphviz
import numpy as np
import pytest

from autograd_tape import Tape, Variable
from autograd_tape.view.diagram import draw


def example() -> Variable:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    f.backward()
    return f


def nodes(source: str) -> dict[str, str]:
    """Node id -> its line of DOT."""
    return dict(re.findall(r"^\t([\w.]+) \[(.*)\]$", source, re.MULTILINE))


def edges(source: str) -> list[tuple[str, str]]:
    return re.findall(r"^\t([\w.]+) -> ([\w.]+)", source, re.MULTILINE)


# -- the source -----------------------------------------------------------------------------------


def test_the_example() -> None:
    f = example()
    diagram = f.diagram()
    assert isinstance(diagram, graphviz.Digraph)
    a, b, add, multiply = (str(e.index) for e in f.tape)
    found = nodes(diagram.source)
    assert [n for n in found if n.isdigit()] == [a, b, add, multiply]
    assert edges(diagram.source) == [(a, add), (b, add), (add, multiply), (b, multiply)]
    assert "<B>a</B>" in found[a]
    assert ";8.0<" in found[b]
    assert "= add(a, b)" in found[add]
    assert ";15.0<" in found[multiply]


def test_kinds_of_node_differ_in_shape() -> None:
    x = Variable(np.ones(3), name="x")
    source = np.sum(x * 2.0).diagram().source
    found = nodes(source)
    shapes = {
        re.search(r"shape=(\w+)", text)[1] + str("peripheries" in text)  # type: ignore[index]
        for key, text in found.items()
        if key[0].isdigit()
    }
    assert shapes == {"ellipseFalse", "noteFalse", "boxFalse", "boxTrue"}


def test_using_a_variable_twice_draws_two_edges() -> None:
    x = Variable(3.0, name="x")
    y = x * x
    assert edges(y.diagram().source) == [(str(x.tape[0].index), str(y.tape[1].index))] * 2


def test_the_page_is_opaque_light_and_dark() -> None:
    assert 'bgcolor="#ffffff"' in example().diagram().source
    assert 'bgcolor="#1b1f24"' in example().diagram(dark=True).source


def test_a_deep_graph_runs_down_the_page_and_a_short_one_across() -> None:
    x = y = Variable(0.5)
    for _ in range(7):
        y = np.tanh(y)
    assert "rankdir=TB" in y.diagram().source
    assert "rankdir=LR" in (x * x).diagram().source


def test_the_summary_of_an_array_stands_under_its_words() -> None:
    x = Variable(np.arange(8.0), name="x")
    np.sum(x * x).backward()
    words = re.findall(r"[\w.(),]+(?=<)", x.diagram().source)
    assert words == ["x", "(8,)", "min", "max", "mean", "primal", "0.0", "7.0", "3.5",
                     "adjoint", "0.0", "14.0", "7.0"]  # fmt: skip


def test_options_reach_graphviz() -> None:
    assert "rankdir=TB" in example().diagram(rankdir="TB").source
    assert 'size="6,4"' in example().diagram(size="6,4").source
    assert example().diagram(format="pdf").format == "pdf"


def test_an_explicit_tape_draws_all_that_it_recorded() -> None:
    x = Variable(2.0, name="x")
    with Tape() as tape:
        x * 2.0
        x * 3.0
    source = tape.diagram().source
    assert source.count("peripheries=2") == 2


@pytest.mark.parametrize(
    "name", ['<b>&"', "a\nb", r"\N\G", "\x00\x07", "ünï ∂", "\ud800", "x" * 99, ""]
)
def test_any_name_can_be_drawn(name: str) -> None:
    x = Variable(2.0, name=name)
    svg = (x * x).diagram().pipe("svg", encoding="utf-8")
    ET.fromstring(svg)  # well-formed


def test_a_name_is_drawn_literally() -> None:
    x = Variable(2.0, name=r'\N <i>"&')
    svg = ET.fromstring((x * 2.0).diagram().pipe("svg"))
    words = "".join(t.text or "" for t in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert r'\N <i>"&' in words.replace("\xa0", " ")


def test_nothing_recorded_can_be_drawn() -> None:
    assert draw([]).source.startswith("digraph")
    assert nodes(Variable(1.0).diagram().source)


# -- big graphs -----------------------------------------------------------------------------------


def test_the_middle_of_a_big_graph_is_left_out_and_counted() -> None:
    x = Variable(0.5, name="x")
    y = x
    for _ in range(2000):
        y = np.tanh(y * x)
    start = time.perf_counter()
    diagram = y.diagram()
    svg = diagram.pipe("svg", encoding="utf-8")
    assert time.perf_counter() - start < 20
    shown = [n for n in nodes(diagram.source) if n.isdigit()]
    assert len(shown) == 300
    assert f"… {4001 - 300} more …" in svg
    assert "<B>x</B>" in diagram.source
    assert diagram.source.count("peripheries=2") == 1
    assert ("more", shown[-1]) not in edges(diagram.source)


def test_constants_count_and_the_limit_can_be_set() -> None:
    x = Variable(0.5)
    for _ in range(100):
        x = x * 1.5
    few = nodes(x.diagram(limit=20).source)
    assert 10 <= len([n for n in few if n[0].isdigit()]) <= 24
    assert "more" in few
    assert "more" not in nodes(x.diagram().source)
