"""Named parts of a tape: what they are called, how deep they are opened, and what is alike."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd_tape import Tape, Variable, checkpoint, scope
from autograd_tape.view.build import build
from autograd_tape.view.graph import Graph
from nn import functional as F


def graph_of(v: Variable, **options: Any) -> Graph:
    return build(v.tape.entries, **options)


def scopes(graph: Graph) -> list[tuple[str, ...]]:
    """Those that are opened, in order."""
    return list(dict.fromkeys(node.scopes for node in graph.nodes if node.scopes))


def groups(graph: Graph) -> list[tuple[str, int]]:
    """Those that are shown as one node, and how often."""
    return [(node.title, node.times) for node in graph.nodes if node.kind == "group"]


# -- scopes ---------------------------------------------------------------------------------------


def test_a_scope_by_hand() -> None:
    x = Variable(2.0, name="x")
    with scope("outer"):
        y = x * x
        with scope("inner"):
            y = np.sin(y)
        y = y + 1.0
    y = y * 3.0
    whole = graph_of(y)
    found = {n.title.split(" = ")[-1]: n.scopes for n in whole.nodes if n.kind != "constant"}
    assert found == {
        "x": (), "multiply(x, x)": ("outer",), "sin(v1)": ("outer", "inner"),
        "add(v2, 1.0)": ("outer",), "multiply(v3, 3.0)": (),
    }  # fmt: skip
    assert groups(graph_of(y, depth=0)) == [("outer", 1)]
    assert groups(graph_of(y, depth=1)) == [("inner", 1)]
    outer = graph_of(y, depth=0).nodes[1]
    assert outer.value == pytest.approx(np.sin(4.0) + 1)
    assert len(outer.entries) == 3


def test_a_scope_of_a_tape() -> None:
    x = Variable(2.0)
    with Tape() as tape, tape.scope("part"):
        x * x
    assert scopes(build(tape.entries)) == [("part",)]


def test_scopes_side_by_side_are_told_apart() -> None:
    y = Variable(2.0)
    for _ in range(2):
        with scope("again"):
            y = np.sin(y) * 2.0
    assert scopes(graph_of(y)) == [("again",), ("again #2",)]


def test_a_scope_leaves_no_gap_in_the_order_of_recording() -> None:
    """On which a sweep relies: see Tape.newest_first."""
    x = Variable(2.0)
    with Tape() as tape:
        with scope("a"):
            y = x * x
        with scope("b"):
            y = y * x
    assert tape.newest_first(y._entry) == tape._recorded[::-1]


def test_nothing_is_kept_of_a_scope_that_recorded_nothing() -> None:
    from autograd_tape.scope import finished

    before = finished()
    with scope("empty"):
        pass
    assert nn.Dropout(0.5).eval()(np.ones(3, np.float32)).shape == (3,)
    assert finished() == before


@pytest.mark.parametrize("name", [3, None, "", b"x"])
def test_a_scope_needs_a_name(name: Any) -> None:
    with pytest.raises(TypeError, match=r'scope\("encoder"\)'):
        scope(name)


@pytest.mark.parametrize("name", ['a "b"', "<b>&amp;", r"\N|{}", "two\nlines", "🙂", "\ud800", " "])
def test_any_name_can_be_drawn(name: str) -> None:
    x = Variable(2.0, name=name)
    with scope(name):
        y = x * x
    for depth in (0, 1):
        svg = y.diagram(depth=depth).pipe("svg", encoding="utf-8")
        assert "<svg" in svg


def test_scopes_of_threads_that_record_at_once_do_no_harm() -> None:
    barrier = threading.Barrier(2)
    results = []

    def work() -> None:
        x = Variable(2.0)
        barrier.wait()
        with scope("thread"):
            barrier.wait()
            y = x * x
            barrier.wait()
            y = y + x
        results.append(y)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for y in results:
        assert len(graph_of(y, depth=9).nodes) == 3


def test_very_deep_scopes() -> None:
    def down(x: Any, n: int) -> Any:
        with scope(f"level {n}"):
            return np.sin(down(x, n - 1)) if n else x * 2.0

    y = down(Variable(1.0), 300)
    assert len(graph_of(y).nodes) < 302
    assert y.diagram().pipe("svg")


# -- modules --------------------------------------------------------------------------------------


class Twins(nn.Module):
    def __init__(self) -> None:
        self.parts = {"left": nn.Linear(2, 2, rng=0), "right": [nn.Linear(2, 2, rng=1)]}
        self._norm = nn.LayerNorm(2)

    def forward(self, x: Any) -> Any:
        y = self.parts["left"](x) * self.parts["right"][0](x)  # type: ignore[index]
        return self._norm(y)


def test_modules_are_scopes_with_the_names_of_their_attributes() -> None:
    model = Twins()
    y = np.sum(model(np.ones((3, 2), np.float32)))
    assert scopes(graph_of(y)) == [
        ("Twins", "parts.left: Linear"),
        ("Twins", "parts.right.0: Linear"),
        ("Twins",),
        ("Twins", "_norm: LayerNorm"),
    ]
    titles = [title for title, _ in groups(graph_of(y, depth=1))]
    assert titles == ["parts.left: Linear", "parts.right.0: Linear", "_norm: LayerNorm"]


def test_parameters_are_told_from_inputs() -> None:
    model = nn.Linear(2, 3, rng=0)
    x = Variable(np.ones((4, 2), np.float32), name="x")

    def kinds(y: Variable) -> dict[str, tuple[str, tuple[str, ...]]]:
        return {n.title: (n.kind, n.scopes) for n in graph_of(y).nodes if not n.title.count("=")}

    expected = {
        "weight": ("parameter", ("Linear",)), "bias": ("parameter", ("Linear",)),
        "x": ("input", ()),
    }  # fmt: skip
    y = np.sum(model(x))
    assert kinds(y) == expected
    for p in model.parameters():  # a step: they have new entries
        p.value = p.value + 1.0
    assert kinds(y) == expected
    collapsed = graph_of(y, depth=0)
    assert [n.title for n in collapsed.nodes if n.kind in ("input", "parameter")] == ["x"]
    (group,) = [n for n in collapsed.nodes if n.kind == "group"]
    assert len(group.entries) == 5  # three operations, two parameters


def test_a_module_that_is_gone_is_remembered_by_its_class() -> None:
    def call() -> Any:
        return nn.Linear(2, 3, rng=0)(np.ones((4, 2), np.float32))

    y = np.sum(call())
    gc.collect()
    assert scopes(graph_of(y)) == [("Linear",)]


def test_a_module_in_a_checkpoint() -> None:
    model = nn.Linear(2, 2, rng=0)
    x = Variable(np.ones((4, 2), np.float32))
    y = np.sum(checkpoint(model)(x))
    assert [n.kind for n in graph_of(y).nodes].count("operation") == 1


# -- alike parts ----------------------------------------------------------------------------------


def test_layers_fold() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, rng=0)
    model = nn.TransformerEncoder(layer, 5)
    y = np.mean(model(np.ones((3, 2, 8), np.float32)))
    y.backward()
    folded = ("layers.0 … layers.4: TransformerEncoderLayer", 5)
    assert groups(graph_of(y, depth=1)) == [folded]
    (node,) = [n for n in graph_of(y, depth=1).nodes if n.kind == "group"]
    np.testing.assert_array_equal(node.adjoint, np.full((3, 2, 8), 1 / 48, np.float32))
    assert len(groups(graph_of(y, depth=1, fold=False))) == 5
    opened = graph_of(y, depth=2)
    inside = ("TransformerEncoder", f"{folded[0]} ×5")
    assert [(n.title, n.scopes) for n in opened.nodes if n.kind == "group"] == [
        (title, inside)
        for title in ("self_attn: MultiheadAttention", "norm1: LayerNorm", "linear1: Linear",
                      "linear2: Linear", "norm2: LayerNorm")
    ]  # fmt: skip
    everything = graph_of(y, depth=9)
    parameters = [n for n in everything.nodes if n.kind == "parameter"]
    assert len(parameters) == 12
    assert all(len(n.entries) == 5 for n in parameters)


def test_two_layers_that_differ_do_not_fold() -> None:
    model = nn.Sequential(nn.Linear(4, 4, rng=0), nn.Linear(4, 4, rng=1), nn.Linear(4, 3, rng=2))
    y = np.sum(model(np.ones((2, 4), np.float32)))
    assert groups(graph_of(y, depth=1)) == [("0 … 1: Linear", 2), ("2: Linear", 1)]


def test_parts_that_are_wired_otherwise_do_not_fold() -> None:
    x = Variable(np.ones(3), name="x")
    values = [x]
    for k in (0, 0, 1, 0, 1):
        with scope("part"):
            a = np.sin(values[-1])
            values.append(np.cos(a * (values[-1] if k else a)))
    assert [times for _, times in groups(graph_of(values[-1], depth=0))] == [2, 1, 1, 1]


def test_the_steps_of_a_recurrent_network_fold() -> None:
    for kind, steps in ((nn.RNN, 3), (nn.LSTM, 7), (nn.GRU, 5)):
        model = kind(2, 4, rng=0)
        y = np.sum(model(np.ones((steps, 2, 2), np.float32))[0])
        assert groups(graph_of(y, depth=1)) == [(f"step 0 … step {steps - 1}", steps)]
    model = nn.LSTM(2, 4, 2, bidirectional=True, rng=0)
    y = np.sum(model(np.ones((5, 1, 2), np.float32))[0])
    ways = [("step 0 … step 4", 5), ("step 4 … step 0", 5)]
    assert groups(graph_of(y, depth=1)) == ways * 2


def rnn(steps: int, start: Any) -> Variable:
    rng = np.random.default_rng(0)
    W = Variable(rng.normal(size=(4, 4)), name="W")
    U = Variable(rng.normal(size=(3, 4)), name="U")
    h = start
    for x in rng.normal(size=(steps, 2, 3)):
        h = np.tanh(h @ W + x @ U)
    return np.sum(h * h)  # type: ignore[no-any-return]


@pytest.mark.parametrize("start", [np.zeros, lambda shape: Variable(np.zeros(shape), name="h")])
def test_a_loop_without_scopes_folds(start: Callable[[Any], Any]) -> None:
    y = rnn(20, start((2, 4)))
    graph = graph_of(y, fold=True)
    inside = [n.title.split(" = ")[1].split("(")[0] for n in graph.nodes
              if n.scopes == ("×20",) and n.kind == "operation"]  # fmt: skip
    assert inside == ["matmul", "matmul", "add", "tanh"]
    assert [e.head.scopes for e in graph.edges if e.tail.title == "W"] == [("×20",)]
    assert "×20" not in str(scopes(graph_of(y, fold=False)))
    assert graph_of(y).note == "of ×N alike parts in a row the last is shown"


def test_a_loop_in_a_loop_folds() -> None:
    x = Variable(0.5, name="x")
    y = x
    for _ in range(6):
        for _ in range(9):
            y = np.sin(y)
            y = np.cos(y)
        y = y * x + 1.0
    graph = graph_of(y, fold=True)
    assert scopes(graph) == [("×6", "×9"), ("×6",)]
    assert len([n for n in graph.nodes if n.kind in ("operation", "target")]) == 4


def test_a_cell_that_is_read_one_step_later_gets_no_false_edge() -> None:
    """Between two steps there is an edge from an early operation to a late one."""
    x = Variable(0.5, name="x")
    old = new = x
    for _ in range(20):
        a = np.sin(new)
        b = np.cos(a)
        new, old = b * old, a
    graph = graph_of(new, fold=True)
    pairs = {(e.tail.title.split(" = ")[-1][:3], e.head.title.split(" = ")[-1][:3])
             for e in graph.edges if e.tail.scopes and e.head.scopes}  # fmt: skip
    assert pairs == {("sin", "cos"), ("cos", "mul")}


# -- how deep -------------------------------------------------------------------------------------


def test_a_small_graph_is_shown_whole_and_a_big_one_as_deep_as_fits() -> None:
    rng = np.random.default_rng(0)
    model = nn.MLP([2, 8, 3], rng=0)
    y = F.cross_entropy(model(np.ones((5, 2), np.float32)), np.zeros(5, int))
    assert not groups(graph_of(y))
    gpt = nn.GPT(nn.GPTConfig(20, 8, 8, 6, 2, 0.0), rng=0)
    y = F.cross_entropy(gpt(rng.integers(0, 20, (2, 6))).reshape(-1, 20), np.zeros(12, int))
    graph = graph_of(y)
    assert ("transformer.h.0 … transformer.h.5: _Block", 6) in groups(graph)
    assert graph.note.startswith("depth=1; deeper: v.diagram(depth=2)")
    assert len(graph.nodes) < 20
    assert "v.diagram(depth=2)" in y.diagram().pipe("svg", encoding="utf-8").replace("&#45;", "-")


def test_transformers_at_depth_one_fit_a_page() -> None:
    model = nn.Transformer(8, 2, 6, 6, 16, 0.0, rng=0)
    x = np.ones((3, 2, 8), np.float32)
    y = np.mean(model(x, x))
    assert groups(graph_of(y, depth=1)) == [
        ("encoder: TransformerEncoder", 1), ("decoder: TransformerDecoder", 1)
    ]  # fmt: skip
    assert len(graph_of(y).nodes) < 10
    assert len(graph_of(y, depth=2).nodes) < 10
