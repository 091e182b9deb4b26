"""From tape to graph: what becomes a node, an edge, or is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_tape import Tape, Variable, checkpoint, primitive, scope, stop_gradient
from autograd_tape.testing import programs
from autograd_tape.view.build import build
from autograd_tape.view.graph import Graph, Node


def graph_of(v: Variable, **options: Any) -> Graph:
    return build(v.tape.entries, **options)


def kinds(graph: Graph) -> list[str]:
    return [node.kind for node in graph.nodes]


def uses(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.tail.title, edge.head.title) for edge in graph.edges]


def check(graph: Graph, entries: list[Any]) -> None:
    """What is true of every graph."""
    keys = [node.key for node in graph.nodes]
    assert len(set(keys)) == len(keys)
    place = {node: i for i, node in enumerate(graph.nodes)}
    for edge in graph.edges:
        assert place[edge.tail] < place[edge.head]
    held = [e for node in graph.nodes for e in node.entries]
    assert len(set(held)) == len(held)
    assert set(held) == set(entries)
    assert not graph.edges or {"target", "group", "more"} & set(kinds(graph))


def test_the_example() -> None:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    f.backward()
    graph = graph_of(f)
    assert kinds(graph) == ["input", "input", "operation", "target"]
    assert [n.title for n in graph.nodes] == ["a", "b", "v2 = add(a, b)", "v3 = multiply(v2, b)"]
    assert [n.value for n in graph.nodes] == [2.0, 3.0, 5.0, 15.0]
    assert [n.adjoint for n in graph.nodes] == [3.0, 8.0, 3.0, 1.0]
    assert [(e.tail.key, e.head.key, e.position) for e in graph.edges] == [
        ("n0", "n2", 0), ("n1", "n2", 1), ("n2", "n3", 0), ("n1", "n3", 1),
    ]  # fmt: skip
    assert [n.terms for n in graph_of(f, edges="arithmetic").nodes] == [(), (3.0, 5.0), (), ()]
    assert graph.note == ""


def test_one_value_used_twice_is_two_edges() -> None:
    x = Variable(3.0, name="x")
    assert uses(graph_of(x * x)) == [("x", "v1 = multiply(x, x)")] * 2


def test_constants_are_nodes_of_their_own() -> None:
    x = Variable(np.ones(3), name="x")
    graph = graph_of(x * 2.0 + np.zeros((4, 3)))
    assert [n.title for n in graph.nodes if n.kind == "constant"] == ["2.0", "float64 (4, 3)"]
    y = stop_gradient(x) * x
    assert kinds(graph_of(y)) == ["input", "input", "target"]


def test_several_outputs() -> None:
    x = Variable(np.array([[2.0, 1.0], [1.0, 3.0]]), name="x")
    w, v = np.linalg.eigh(x)
    y = np.sum(w) + np.sum(v)
    y.backward()
    graph = graph_of(y, edges="arithmetic")
    check(graph, y.tape.entries)
    calls = [n.title.split(" = ")[1].split("(")[0] for n in graph.nodes if n.kind == "operation"]
    assert calls == ["eigh", "pick", "pick", "sum", "sum"]


def test_nothing_and_a_lone_leaf() -> None:
    assert build([]).nodes == []
    assert kinds(graph_of(Variable(1.0))) == ["input"]


def test_a_spent_tape() -> None:
    x = Variable(2.0, name="x")
    with Tape() as tape:
        y = x * x + 1.0
    tape.gradient(y, x)
    for edges in ("none", "partial", "arithmetic"):
        graph = graph_of(y, edges=edges)
        assert [n.title for n in graph.nodes] == ["v0 = computed on a freed tape"]
        assert graph.nodes[0].value in (None, 5.0)


def test_a_broken_rule_does_not_break_the_picture() -> None:
    @primitive
    def odd(x: Any) -> Any:
        return x + 1

    odd.defvjp(lambda ct, output, x: 1 / 0)
    assert [e.label for e in graph_of(odd(Variable(2.0))).edges] == [[]]


def test_a_checkpoint_is_one_node() -> None:
    x = Variable(2.0, name="x")
    graph = graph_of(checkpoint(lambda x: np.sin(x) * x)(x))
    assert kinds(graph) == ["input", "target"]


def test_an_option_that_does_not_exist() -> None:
    x = Variable(2.0)
    with pytest.raises(ValueError, match=r"edges='all'.*'partial'"):
        graph_of(x, edges="all")
    with pytest.raises(ValueError, match="depth=-1"):
        graph_of(x, depth=-1)
    with pytest.raises(ValueError, match="limit=-5"):
        graph_of(x, limit=-5)


def test_large_arrays_are_not_differentiated_unasked() -> None:
    x = Variable(np.ones(200_000), name="x")
    y = np.sum(x * x)
    assert all(e.label == [] for e in graph_of(y).edges)
    assert graph_of(y, edges="arithmetic").edges[0].label


def test_an_operation_of_very_many_inputs() -> None:
    leaves = [Variable(float(i)) for i in range(500)]
    y = np.stack([*leaves, *range(500)]).sum()
    graph = graph_of(y)
    check(graph, y.tape.entries)
    assert len(graph.nodes) < 100
    assert [n.title for n in graph.nodes if n.kind == "more"] == ["… 460 more …", "… 460 more …"]


def test_the_middle_is_left_out() -> None:
    leaves = [Variable(0.1 * i) for i in range(400)]
    y = leaves[0]
    for k, v in enumerate(leaves[1:]):
        y = (np.sin, np.cos, np.tanh, np.exp)[k * k % 7 % 4](y) * v
    graph = graph_of(y, limit=50, fold=False)
    check(graph, y.tape.entries)
    assert 40 <= len(graph.nodes) <= 55
    (more,) = [n for n in graph.nodes if n.kind == "more"]
    assert more.title == f"… {len(more.entries)} more …"
    assert any(e.tail is more for e in graph.edges)
    assert any(e.head is more for e in graph.edges)
    assert len(graph_of(y).nodes) <= 302
    check(graph_of(y, limit=0), y.tape.entries)


@given(
    programs(smooth=False),
    st.integers(0, 12),
    st.booleans(),
    st.sampled_from(["none", "partial", "arithmetic"]),
)
@settings(max_examples=40)
def test_every_program(program: Any, limit: int, fold: bool, edges: str) -> None:
    with Tape(persistent=True) as tape, scope("all"):
        y = program.record()
    y.backward(np.ones(y.shape, y.dtype))
    for depth in (0, 1, None):
        graph = build(tape.entries, depth=depth, limit=limit * 5, fold=fold, edges=edges)
        check(graph, tape.entries)
    whole = build(tape.entries, depth=5, limit=10_000, fold=False)
    inputs = sum(len(e.inputs) for e in tape.entries)
    assert len(whole.edges) == inputs
    assert all(isinstance(n, Node) for n in whole.nodes)


def test_a_tape_that_goes_on_from_what_was_recorded_before() -> None:
    y = Variable(2.0, name="x") * 3
    with Tape() as tape:
        y * 2
    titles = [n.title for n in build(tape.entries).nodes]
    assert [t for t in titles if "v0" in t] == ["v0 = multiply(x, 3)", "v1 = multiply(v0, 2)"]
    assert tape.diagram().source
    assert [r.name for r in tape.cost().rows] == ["v0", "v1"]
