"""The picture that needs no Graphviz: nothing overlaps or is lost, and anything can be drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape.view.graph import Edge, Graph, Node
from autograd_tape.view.layered import layout, rows, svg
from autograd_tape.view.placing import Box
from tests.counting import calls

SVG = "{http://www.w3.org/2000/svg}"


def node(key: str, kind: str = "operation", title: str = "", **more: object) -> Node:
    return Node(key, kind, title or key, **more)  # type: ignore[arg-type]


def example() -> Graph:
    """(a + b) * b"""
    a, b = node("a", "input", value=2.0, adjoint=3.0), node("b", "input", value=3.0, adjoint=8.0)
    add = node("v2", title="v2 = add(a, b)", value=5.0, adjoint=3.0)
    f = node("v3", "target", title="v3 = multiply(v2, b)", value=15.0, adjoint=1.0)
    return Graph([a, b, add, f], [Edge(a, add), Edge(b, add), Edge(add, f), Edge(b, f)])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any acyclic graph with up to 25 nodes, with double edges and labels."""
    kinds = st.sampled_from(["input", "operation", "constant", "target", "group", "more"])
    nodes = [
        node(f"n{i}", draw(kinds), "x" * draw(st.integers(1, 40)))
        for i in range(draw(st.integers(0, 25)))
    ]
    edges = []
    for i in range(1, len(nodes)):
        for tail in draw(st.lists(st.integers(0, i - 1), max_size=4)):
            label = draw(st.lists(st.sampled_from(["×2.0", "Σ over axis 0"]), max_size=2))
            edges.append(Edge(nodes[tail], nodes[i], label))
    return Graph(nodes, edges)


def overlap(a: Box, b: Box) -> bool:
    return abs(a.x - b.x) * 2 < a.width + b.width and abs(a.y - b.y) * 2 < a.height + b.height


@given(graphs(), st.sampled_from(["LR", "TB"]))
def test_nothing_overlaps_and_arrows_point_forward(graph: Graph, rankdir: str) -> None:
    where = layout(graph, rankdir=rankdir)
    labels = [b for b in where.labels if b is not None]
    assert len(labels) == sum(bool(e.label) for e in graph.edges)
    for a, b in combinations([*where.boxes.values(), *labels], 2):
        assert not overlap(a, b)
    for box in [*where.boxes.values(), *labels]:
        assert box.width / 2 <= box.x <= where.width - box.width / 2
        assert box.height / 2 <= box.y <= where.height - box.height / 2
    for edge, path in zip(graph.edges, where.paths, strict=True):
        along = [p[0] if rankdir == "LR" else p[1] for p in path]
        assert along == pytest.approx(sorted(along))
        tail, head = where.boxes[edge.tail], where.boxes[edge.head]
        if rankdir == "LR":
            assert path[0] == pytest.approx((tail.x + tail.width / 2, tail.y))
            assert path[-1][0] == pytest.approx(head.x - head.width / 2)
            assert abs(path[-1][1] - head.y) < head.height / 2
        else:
            assert path[0] == pytest.approx((tail.x, tail.y + tail.height / 2))
            assert abs(path[-1][0] - head.x) < head.width / 2


@given(graphs())
def test_edges_pass_between_nodes(graph: Graph) -> None:
    """A straight piece of a long edge never runs through a node that is not its own."""
    where = layout(graph, rankdir="TB")
    for edge, path in zip(graph.edges, where.paths, strict=True):
        for (x, y), (to_x, to_y) in pairwise(path):
            for other, box in where.boxes.items():
                if other not in (edge.tail, edge.head) and x == to_x:
                    beside = abs(x - box.x) >= box.width / 2
                    assert beside or to_y <= box.y - box.height / 2 or y >= box.y + box.height / 2


def test_two_uses_of_a_value_are_two_arrows() -> None:
    x, y = node("x", "input"), node("y", "target")
    graph = Graph([x, y], [Edge(x, y), Edge(x, y)])
    first, second = layout(graph).paths
    assert first != second
    assert svg(graph).count('class="edge"') == 2


def test_no_edge_of_the_example_crosses() -> None:
    where = layout(example())
    assert where.across
    a, b, add, f = (where.boxes[n] for n in example_nodes(where.boxes))
    assert a.y < b.y
    assert a.x == b.x < add.x < f.x


def example_nodes(boxes: dict[Node, Box]) -> list[Node]:
    return sorted(boxes, key=lambda n: n.key)


def test_what_is_too_wide_runs_down_the_page() -> None:
    chain = [node(f"n{i}") for i in range(3)]
    assert layout(Graph(chain, [Edge(a, b) for a, b in pairwise(chain)])).across
    chain = [node(f"n{i}") for i in range(30)]
    where = layout(Graph(chain, [Edge(a, b) for a, b in pairwise(chain)]))
    assert not where.across
    assert len({round(where.boxes[n].x) for n in chain}) == 1, "a chain is a straight line"


def test_an_input_stands_before_its_first_use() -> None:
    x, w = node("x", "input"), node("w", "input")
    a, b, c = node("a"), node("b"), node("c", "target")
    where = layout(
        Graph([x, w, a, b, c], [Edge(x, a), Edge(a, b), Edge(b, c), Edge(w, c)]), rankdir="LR"
    )
    assert where.boxes[w].x == where.boxes[b].x


def test_well_formed_with_a_shape_for_each_kind() -> None:
    kinds = ["input", "parameter", "operation", "constant", "target", "group", "more"]
    tree = ET.fromstring(svg(Graph([node(k, k) for k in kinds], [])))
    shapes = {}
    for g in tree.iter(f"{SVG}g"):
        found = [e.tag.removeprefix(SVG) for e in g if e.tag.removeprefix(SVG) != "text"]
        shapes[g.get("data-key")] = found[1:]
    assert shapes["input"] == ["ellipse"]
    assert shapes["operation"] == ["rect"]
    assert shapes["constant"] == ["path", "path"]
    assert shapes["target"] == ["rect", "rect"]
    assert shapes["more"] == []


def test_each_node_has_a_title_and_the_whole_a_label() -> None:
    tree = ET.fromstring(svg(example(), title="f of a < b"))
    assert tree.get("role") == "img"
    assert tree.get("aria-label") == "f of a < b"
    titles = [g.findtext(f"{SVG}title") for g in tree.iter(f"{SVG}g") if g.get("data-key")]
    assert titles[0] == "input a\nprimal 2.0\nadjoint 3.0"
    assert titles[3] == "target v3 = multiply(v2, b)\nprimal 15.0\nadjoint 1.0"


def test_scopes_and_source_lines_are_in_the_title() -> None:
    picture = svg(Graph([node("n", scopes=("net", "0: Linear"), place="train.py:7")], []))
    assert "in net / 0: Linear\ntrain.py:7" in picture


def test_several_pictures_may_stand_on_one_page() -> None:
    assert " id=" not in svg(example())
    assert "<style" not in svg(example())


@given(st.text(st.characters(), max_size=60))
def test_any_text_can_be_drawn(text: str) -> None:
    named = node("n", title=text, scopes=(text,), type=text, place=text)
    graph = Graph([named, node("m")], [])
    graph.edges.append(Edge(named, graph.nodes[1], [text]))
    ET.fromstring(svg(graph, title=text, note=text).encode())


def test_the_page_is_opaque_light_and_dark() -> None:
    for dark, page in ((False, "#ffffff"), (True, "#1b1f24")):
        assert f'<rect class="page" width="100%" height="100%" fill="{page}"' in svg(
            example(), dark=dark
        )


def test_a_note_and_the_number_of_alike_blocks_are_seen() -> None:
    assert ">drawn plainly</text>" in svg(example(), note="drawn plainly")
    assert rows(node("n", "group", title="layer", times=12))[0] == ("title", "layer ×12")


@pytest.mark.parametrize(
    ("value", "marked"), [(np.nan, True), (np.array([1.0, np.inf]), True), ((1.0, np.nan), True),
                          (2.0, False), (np.arange(3), False)],
)  # fmt: skip
def test_what_is_not_finite_bears_a_sign(value: object, marked: bool) -> None:
    assert ("⚠" in dict(rows(node("n", value=value)))["primal"]) == marked


def test_nothing_can_be_drawn() -> None:
    ET.fromstring(svg(Graph([], [])))


def test_300_nodes_are_placed_quickly() -> None:
    """In less than a second, which are a million calls of functions."""
    rng = np.random.default_rng(0)
    nodes = [node(f"n{i}", value=float(i)) for i in range(300)]
    edges = [
        Edge(nodes[j], nodes[i])
        for i in range(1, 300)
        for j in {*rng.integers(max(0, i - 40), i, 2)}
    ]
    assert calls(lambda: svg(Graph(nodes, edges))) < 1_000_000
    picture = svg(Graph(nodes, edges))
    assert len(re.findall('class="node', picture)) == 300
