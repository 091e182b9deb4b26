"""The source of a diagram: what is drawn, and as what."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import graphviz
import numpy as np
import pytest

import nn
from autograd_tape import Tape, Variable
from autograd_tape.view.diagram import draw
from tests.counting import calls


def example() -> Variable:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    f.backward()
    return f


def nodes(source: str) -> dict[str, str]:
    """Node id -> its line of DOT."""
    found = re.findall(r"^\t+(\w+) \[(.*)\]$", source, re.MULTILINE)
    return {key: text for key, text in found if key not in ("graph", "node", "edge")}


def edges(source: str) -> list[tuple[str, str]]:
    return re.findall(r"^\t+(\w+) -> (\w+)", source, re.MULTILINE)


# -- the source -----------------------------------------------------------------------------------


def test_the_example() -> None:
    f = example()
    diagram = f.diagram()
    assert isinstance(diagram, graphviz.Digraph)
    found = nodes(diagram.source)
    assert set(found) == {"n0", "n1", "n2", "n3"}  # as in the table
    assert edges(diagram.source) == [("n0", "n2"), ("n1", "n2"), ("n2", "n3"), ("n1", "n3")]
    assert "<B>a</B>" in found["n0"]
    assert ";8.0<" in found["n1"]
    assert "= add(a, b)" in found["n2"]
    assert ";15.0<" in found["n3"]


def test_kinds_of_node_differ_in_shape() -> None:
    x = Variable(np.ones(3), name="x")
    source = np.sum(x * 2.0).diagram().source
    shapes = {
        re.search(r"shape=(\w+)", text)[1] + str("peripheries" in text)  # type: ignore[index]
        for text in nodes(source).values()
    }
    assert shapes == {"ellipseFalse", "noteFalse", "boxFalse", "boxTrue"}


def test_parameters_have_lines_across_their_corners() -> None:
    model = nn.Linear(2, 3, rng=0)
    y = np.sum(model(np.ones((4, 2), np.float32)))
    styles = {text: "diagonals" in text for text in nodes(y.diagram().source).values()}
    assert [text.split("<B>")[1].split("<")[0] for text in styles if styles[text]] == [
        "weight",
        "bias",
    ]
    assert "shape=tab" in y.diagram(depth=0).source


def test_using_a_variable_twice_draws_two_edges() -> None:
    x = Variable(3.0, name="x")
    y = x * x
    assert edges(y.diagram().source) == [("n0", "n1")] * 2


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
    words = re.findall(r"[\w.(),]+(?=<)", nodes(x.diagram().source)["n0"])
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


# -- numbers --------------------------------------------------------------------------------------


def labels(source: str) -> list[str]:
    """The texts beside the edges."""
    return [text.strip() for text in re.findall(r'-> \w+ \[label="(.*?)"', source, re.DOTALL)]


def test_edges_bear_the_local_derivatives() -> None:
    assert labels(example().diagram().source) == ["∂ 1.0", "∂ 1.0", "∂ 3.0", "∂ 5.0"]
    assert labels(example().diagram(edges="none").source) == []


def test_the_arithmetic_of_the_sweep_is_spelt_out() -> None:
    source = example().diagram(edges="arithmetic").source
    expected = ["3.0 × 1.0 = 3.0", "3.0 × 1.0 = 3.0", "1.0 × 3.0 = 3.0", "1.0 × 5.0 = 5.0"]
    assert labels(source) == expected
    assert ";3.0 + 5.0 = 8.0<" in nodes(source)["n1"]
    assert " + " not in nodes(source)["n0"]


def test_many_terms_are_counted() -> None:
    x = Variable(2.0, name="x")
    y = x + x + x + x + x + x
    y.backward()
    assert ";1.0 + 1.0 + … 3 more … + 1.0 = 6.0<" in y.diagram(edges="arithmetic").source


def test_the_sum_behind_broadcasting_stands_on_the_edge() -> None:
    x, b = Variable(np.ones((4, 2)), name="x"), Variable(np.ones(2), name="b")
    y = np.sum(x * b)
    y.backward()
    to_b = labels(y.diagram().source)[1].split(" \n ")
    assert to_b == ["∂ all 1.0", "Σ over axis 0"]
    to_b = labels(y.diagram(edges="arithmetic").source)[1].split(" \n ")
    assert to_b == ["all 1.0", "× all 1.0", "= all 1.0", "Σ over axis 0", "= [4.0, 4.0]"]


def test_what_is_not_finite_is_marked_in_words_and_by_its_border() -> None:
    x = Variable(np.array([0.0, 1.0, -1.0, 4.0]), name="x")
    with np.errstate(all="ignore"):
        y = np.sum(np.sqrt(x) / x)
        y.backward()
        found = nodes(y.diagram().source)
    assert "primal: 1 NaN" in found["n1"]
    assert "penwidth=3" in found["n1"]
    assert "adjoint: 1 Inf" in found["n1"]
    assert "adjoint: 2 NaN" in found["n0"]
    assert "× -1.0 … 1.0, 1 not finite" in labels(y.diagram(edges="arithmetic").source)[1]
    assert "penwidth" not in nodes(example().diagram().source)["n0"]


def test_the_magnitude_of_adjoints_is_a_shade_on_a_logarithmic_scale() -> None:
    y = Variable(0.5, name="x")
    for _ in range(5):
        y = y * 1e-3
    y.backward()
    for dark, increasing in ((False, False), (True, True)):
        source = y.diagram(dark=dark).source
        shades = [re.search(r'BGCOLOR="#(\w+)"', nodes(source)[f"n{i}"]) for i in range(6)]
        light = [sum(int(s[1][k : k + 2], 16) for k in (0, 2, 4)) for s in shades if s]
        assert len(set(light)) == 6
        assert light == sorted(light, reverse=not increasing)
        assert "|adjoint| 1e-15" in source


def test_before_a_sweep_there_is_no_scale() -> None:
    a = Variable(2.0, name="a")
    assert "BGCOLOR" not in (a * a).diagram().source


def test_ink_contrasts_with_every_shade() -> None:
    from autograd_tape.view.colour import Scale, ink

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    for dark in (False, True):
        scale = Scale(example().diagram().graph, dark=dark)
        for part in np.linspace(0, 1, 21):
            low, high = sorted(luminance(c) for c in (scale.at(part), ink(scale.at(part))))
            assert (high + 0.05) / (low + 0.05) > 4.5  # WCAG AA


# -- places, ids ----------------------------------------------------------------------------------


def test_the_tooltip_says_where_an_entry_was_recorded() -> None:
    a = Variable(2.0, name="a")
    with Tape(places=True) as tape:
        y = a * a
    source = tape.diagram().source
    assert re.search(r'tooltip="v1 = multiply\(a, a\)\n[^"]*test_dot.py:\d+"', source)
    assert "test_dot.py" not in (a * a).diagram().source
    svg = y.diagram().pipe("svg", encoding="utf-8")
    assert "test_dot.py:" in svg


def test_two_pictures_on_a_page_share_no_id() -> None:
    f = example()
    first, second = (f.diagram().pipe("svg", encoding="utf-8") for _ in range(2))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert len(ids[0]) == len(ids[1]) > 8
    assert not ids[0] & ids[1]


# -- big graphs -----------------------------------------------------------------------------------


def chain(n: int) -> Variable:
    x = Variable(0.5, name="x")
    y = x
    for _ in range(n):
        y = np.tanh(y * x)
    return y


def test_the_middle_of_a_big_graph_is_left_out_and_counted() -> None:
    diagram = chain(2000).diagram(fold=False, limit=100)
    svg = diagram.pipe("svg", encoding="utf-8")
    shown = [n for n in nodes(diagram.source) if n != "more"]
    assert 98 <= len(shown) <= 102
    assert f"… {4001 - len(shown)} more …" in svg
    assert "<B>x</B>" in diagram.source
    assert diagram.source.count("peripheries=2") == 1
    assert "style=dashed" in diagram.source


def test_constants_count_and_the_limit_can_be_set() -> None:
    x = Variable(0.5)
    for _ in range(100):
        x = x * 1.5
    few = nodes(x.diagram(limit=20, fold=False).source)
    assert 10 <= len(few) <= 24
    assert "more" in few
    assert "more" not in nodes(x.diagram(fold=False).source)


def test_a_hundred_thousand_entries_are_drawn() -> None:
    assert "×50000" in chain(50_000).diagram().pipe("svg", encoding="utf-8")


def test_a_long_tape_takes_a_time_in_proportion_to_it() -> None:
    """10 s for 100,000 entries, of which the last test draws as many, are 200 calls an entry."""
    short, long = chain(1_000), chain(4_000)
    of_short = calls(lambda: short.diagram().source)
    of_long = calls(lambda: long.diagram().source)
    assert of_long < 4.2 * of_short
    assert of_long / 8_000 < 200
