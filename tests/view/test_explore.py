"""The explorer's data: each number of both sweeps, and HTML that is safe wherever it is put."""

from __future__ import annotations

import html.parser
import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_tape
import nn
from autograd_tape import Tape, TapeError, Variable, checkpoint
from autograd_tape.adjoint import default_seed
from autograd_tape.view.explore import Explorer
from autograd_tape.view.graph import Edge, Graph, Node
from autograd_tape.view.steps import Step, steps
from tests.counting import calls


def example() -> Variable:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    return (a + b) * b


def described(step: Step) -> tuple[str, str, list[str]]:
    return step.phase, step.title, step.lines


# -- the numbers of each step ---------------------------------------------------------------------


def test_every_step_of_the_appendix_by_hand() -> None:
    """f = (a + b)·b at a = 2, b = 3: ∂f/∂a = b = 3 and ∂f/∂b = (a + b) + b = 8."""
    assert [described(s) for s in example().explore().steps] == [
        ("inputs", "The inputs have their values", ["a = 2.0", "b = 3.0"]),
        ("forward", "v2 = add(a, b)", ["add(2.0, 3.0) = 5.0"]),
        ("forward", "v3 = multiply(v2, b)", ["multiply(5.0, 3.0) = 15.0"]),
        ("seed", "The adjoint of v3, the target, is given", ["∂ v3 / ∂ v3 = 1.0"]),
        (
            "reverse",
            "∂ multiply(v2, b) / ∂ v2",
            ["adjoint 1.0 × partial 3.0 = 3.0", "adjoint of v2: 3.0 (final)"],
        ),
        (
            "reverse",
            "∂ multiply(v2, b) / ∂ b",
            [
                "adjoint 1.0 × partial 5.0 = 5.0",
                "adjoint of b: 5.0 (pending: 1 of 2 contributions)",
            ],
        ),
        (
            "reverse",
            "∂ add(a, b) / ∂ a",
            ["adjoint 3.0 × partial 1.0 = 3.0", "adjoint of a: 3.0 (final)"],
        ),
        (
            "reverse",
            "∂ add(a, b) / ∂ b",
            ["adjoint 3.0 × partial 1.0 = 3.0", "adjoint of b: 5.0 + 3.0 = 8.0 (final)"],
        ),
    ]


def test_what_each_step_changes_and_which_edge_it_uses() -> None:
    f = example()
    *_, add, multiply = f.tape
    found = f.explore().steps
    key = {e: n.key for s in found if s.node for n in [s.node] for e in n.entries}
    assert [s.edges for s in found] == [[], [0, 1], [2, 3], [], [2], [3], [0], [1]]
    assert list(found[0].primals.values()) == ["2.0", "3.0"]
    assert found[1].primals == {key[add]: "5.0"}
    assert found[3].adjoints == {key[multiply]: ("1.0", 1, 1)}
    (first,), (second,) = found[5].adjoints.values(), found[7].adjoints.values()
    assert (first, second) == (("5.0", 1, 2), ("8.0", 2, 2))
    assert found[5].adjoints.keys() == found[7].adjoints.keys()


def test_two_uses_by_one_operation_are_two_steps() -> None:
    x = Variable(3.0, name="x")
    *_, first, second = (x * x).explore().steps
    assert first.title == "∂ multiply(x, x) / ∂ x, as argument 1"
    assert second.title == "∂ multiply(x, x) / ∂ x, as argument 2"
    assert second.lines[-1] == "adjoint of x: 3.0 + 3.0 = 6.0 (final)"
    assert (first.edges, second.edges) == ([0], [1])


def test_the_sum_behind_broadcasting_is_named() -> None:
    x, b = Variable(np.ones((3, 2)), name="x"), Variable(np.array([1.0, 2.0]), name="b")
    (step,) = [s for s in np.sum(x + b).explore().steps if s.title.endswith("∂ b")]
    assert "Σ over axis 0, where b was broadcast: [3.0, 3.0]" in step.lines
    assert step.lines[-1] == "adjoint of b: [3.0, 3.0] (final)"


def test_a_rule_that_is_no_product_shows_what_goes_in_and_out() -> None:
    A = Variable(np.array([[1.0, 2.0], [3.0, 4.0]]), name="A")
    x = Variable(np.array([1.0, 2.0]), name="x")
    (step,) = [s for s in np.sum(A @ x).explore().steps if s.title.endswith("∂ x")]
    assert step.lines[0] == "adjoint [1.0, 1.0] → contribution [4.0, 6.0]"


def test_several_outputs_and_checkpoints_are_passed() -> None:
    x = Variable(np.diag([1.0, 2.0]), name="x")
    values, _ = np.linalg.eigh(x)
    found = (np.sum(values) + np.sum(checkpoint(np.sin)(x))).explore().steps
    assert "final" in found[-1].lines[-1]


def values_of(f: Variable) -> dict[Any, Any]:
    f.backward()
    return {e: e.note("adjoint") for e in f.tape}


@st.composite
def programs(draw: st.DrawFn) -> Variable:
    """A scalar made of a few sums, products and squashings of arrays of two shapes."""
    values = [
        Variable(np.array([0.5, -1.0]), name="x"),
        Variable(np.array([[1.0, 2.0], [0.3, 0.7]]), name="y"),
        Variable(np.array(0.8), name="z"),
    ]
    for _ in range(draw(st.integers(1, 8))):
        a, b = (values[draw(st.integers(0, len(values) - 1))] for _ in range(2))
        kind = draw(st.sampled_from(["add", "multiply", "tanh", "matmul", "sum"]))
        if kind in ("add", "multiply"):
            values.append(getattr(np, kind)(a, b))
        elif kind == "matmul":
            values.append(values[1] @ a if a.ndim else a * b)
        else:
            values.append(getattr(np, kind)(a))
    return np.sum(values[-1])  # type: ignore[no-any-return]


@given(programs())
def test_adjoints_are_those_of_backward_and_end_final(f: Variable) -> None:
    entries = f.tape.entries
    graph = plain(entries)
    found = steps(graph, entries, f._entry, default_seed(f._entry, None))
    assert all(e.note("adjoint") is None for e in entries), "nothing is left on the tape"
    expected = values_of(f)
    for node in graph.nodes:
        np.testing.assert_allclose(node.adjoint, expected[node.entries[0]], rtol=1e-12)
    state: dict[str, tuple[str, int, int]] = {}
    for step in found:
        for key, (_, so_far, total) in step.adjoints.items():
            assert so_far == state.get(key, ("", 0, 0))[1] + 1 <= total
        state |= step.adjoints
        if step.phase == "reverse":
            assert step.node is not None
            assert state[step.node.key][1] == state[step.node.key][2], "passes on what is final"
    assert all(so_far == total for _, so_far, total in state.values())
    assert {e for s in found for e in s.edges} == set(range(len(graph.edges)))


def plain(entries: Any) -> Graph:
    """A node for each entry and an edge for each use, without constants."""
    nodes = {e: Node(f"n{e.index}", "operation", str(e), entries=(e,)) for e in entries}
    uses = ((e, i, x) for e in entries for i, x in enumerate(e.inputs) if x in nodes)
    return Graph([*nodes.values()], [Edge(nodes[x], nodes[e], position=i) for e, i, x in uses])


# -- folded blocks --------------------------------------------------------------------------------


def test_a_folded_block_is_one_step_each_way() -> None:
    """y = tanh(w·x + w) in one block, f = y·w: what comes out of the block, and no more."""
    w, x = Variable(0.5, name="w"), Variable(2.0, name="x")
    y = np.tanh(w * x + w)
    f = y * w
    entries = f.tape.entries
    nodes = [
        Node("w", "input", "w", entries=(w._entry,)),
        Node("x", "input", "x", entries=(x._entry,)),
        Node("block", "group", "block", value=y.value, entries=tuple(entries[2:5])),
        Node("f", "target", "f = multiply(v4, w)", entries=(f._entry,)),
    ]
    tails = ((0, 2), (1, 2), (2, 3), (0, 3))
    found = steps(
        Graph(nodes, [Edge(nodes[t], nodes[h]) for t, h in tails]), entries, f._entry, 1.0
    )
    assert [(s.phase, s.node and s.node.key) for s in found] == [
        ("inputs", None), ("forward", "block"), ("forward", "f"), ("seed", "f"),
        ("reverse", "f"), ("reverse", "f"), ("reverse", "block"),
    ]  # fmt: skip
    assert (found[1].title, found[1].lines) == ("block: 3 operations", ["= 0.905148"])
    assert found[-1].title == "block: 3 operations"
    slope = 0.5 * (1 - np.tanh(1.5) ** 2)
    assert found[-1].lines == [
        f"adds {slope * 3:.6g} to the adjoint of w",
        f"adds {slope * 0.5:.6g} to the adjoint of x",
    ]
    assert sorted(found[-1].edges) == [0, 1]
    assert found[-1].adjoints["w"][1:] == (3, 3)
    assert nodes[2].adjoint == 0.5
    assert nodes[0].adjoint == pytest.approx(np.tanh(1.5) + slope * 3)


def test_of_a_loop_the_last_turn_is_shown_and_the_rest_is_one_step() -> None:
    x = Variable(0.5, name="x")
    y = x
    for _ in range(40):
        y = np.tanh(y * x)
    found = y.explore().steps
    assert [s.title for s in found] == [
        "The inputs have their values",
        "Alike parts that are folded: 78 operations",
        "v79 = multiply(v78, x)",
        "v80 = tanh(v79)",
        "The adjoint of v80, the target, is given",
        "∂ tanh(v79) / ∂ v79",
        "∂ multiply(v78, x) / ∂ v78",
        "∂ multiply(v78, x) / ∂ x",
        "Alike parts that are folded: 78 operations",
    ]
    y.backward()
    ((text, so_far, total),) = found[-1].adjoints.values()
    assert text == f"{x.adjoint:.6g}"
    assert so_far == total == 41


def test_modules_are_blocks() -> None:
    model = nn.MLP([2, 4, 4, 4, 1], rng=0)
    loss = np.sum(model(np.ones((3, 2), np.float32)) ** 2)
    explorer = loss.explore(depth=1)
    blocks = [s for s in explorer.steps if s.node is not None and s.node.kind == "group"]
    assert {s.phase for s in blocks} == {"forward", "reverse"}
    loss.backward()
    for step in explorer.steps:
        if step.node is not None:
            e = step.node.entries[-1]
            if step.node.kind in ("operation", "target"):
                np.testing.assert_allclose(step.node.adjoint, e.note("adjoint"))


def test_how_to_see_more_is_said() -> None:
    model = nn.Transformer(8, 2, 2, 2, 16, rng=0)
    x = np.ones((4, 1, 8), np.float32)
    explorer = np.sum(model(x, x) ** 2).explore(depth=None)
    assert "v.explore(depth=" in explorer._repr_html_()
    assert len(explorer.steps) < 400


def chain(n: int) -> Variable:
    y = x = Variable(0.5)
    for _ in range(n):
        y = np.tanh(y * x)
    return y


@pytest.mark.slow
def test_100_000_entries_make_a_small_page() -> None:
    assert len(chain(50_000).explore()._repr_html_()) < 1e6


def test_a_long_tape_takes_a_time_in_proportion_to_it() -> None:
    """10 s for 100,000 entries, of which the last test shows as many, are 250 calls an entry."""
    short, long = chain(1_000), chain(4_000)
    of_short = calls(lambda: short.explore()._repr_html_())
    of_long = calls(lambda: long.explore()._repr_html_())
    assert of_long < 4.2 * of_short
    assert of_long / 8_000 < 250


# -- asking ---------------------------------------------------------------------------------------


def test_a_seed_is_needed_and_checked_where_the_target_is_no_scalar() -> None:
    x = Variable(np.array([1.0, 2.0]), name="x")
    with pytest.raises(TapeError, match="pass seed="):
        (x * x).explore()
    assert "[4.0, 16.0]" in (x * x).explore(np.array([2.0, 4.0]))._repr_html_()
    with pytest.raises(ValueError, match="seed has shape"):
        (x * x).explore(np.ones(3))


def test_a_leaf_and_a_tape_can_be_explored() -> None:
    assert [s.phase for s in Variable(2.0, name="x").explore().steps] == ["inputs", "seed"]
    x = Variable(3.0, name="x")
    with Tape() as tape:
        y = x * 2.0
        z = y + 1.0
    assert tape.explore().steps[-1].lines[-1] == "adjoint of x: 2.0 (final)"
    assert "v1" in tape.explore(y).title
    assert z.explore().steps[1].lines == ["multiply(3.0, 2.0) = 6.0"]
    with Tape() as tape:
        z = y * 2.0  # y was recorded before, and the sweep goes on to x
    assert tape.explore().steps[-1].lines[-1] == "adjoint of x: 4.0 (final)"


def test_what_cannot_be_explored_says_so() -> None:
    with Tape() as tape:
        pass
    with pytest.raises(TapeError, match="nothing was recorded"):
        tape.explore()
    with pytest.raises(TypeError, match="target must be a Variable, not int"):
        tape.explore(7)
    with pytest.raises(ValueError, match="edges='all': it is one of"):
        example().explore(edges="all")


def test_a_freed_tape_says_so() -> None:
    x = Variable(3.0, name="x")
    with Tape() as tape:
        y = x * x
    tape.gradient(y, [x])
    with pytest.raises(TapeError, match="freed"):
        y.explore()
    with pytest.raises(TapeError, match="freed"):
        tape.explore()


def test_nothing_is_left_on_the_tape() -> None:
    f = example()
    f.explore()
    assert all(e.note("adjoint") is None for e in f.tape)


def test_a_function_with_its_names_and_its_lines() -> None:
    def loss(w: Any, x: Any, *, power: int = 2) -> Any:
        error = w["slope"] * x - 1.0
        return np.sum(error**power)

    explorer = autograd_tape.explore(loss, {"slope": 2.0}, np.array([1.0, 2.0]))
    assert explorer.steps[0].lines == ["w = 2.0", "x = [1.0, 2.0]"]
    places = [s.place for s in explorer.steps if s.phase == "forward"]
    assert [re.sub(r":\d+", "", p) for p in places] == [
        'test_explore.py: error = w["slope"] * x - 1.0',
        'test_explore.py: error = w["slope"] * x - 1.0',
        "test_explore.py: return np.sum(error**power)",
        "test_explore.py: return np.sum(error**power)",
    ]
    assert "/" not in places[0], "no folder of this machine"


def test_arguments_that_are_no_floats_are_passed_on() -> None:
    explorer = autograd_tape.explore(lambda f, n, x: f(x[0]) ** n + x[1], np.sin, 2, [0.5, 1.5])
    assert explorer.steps[0].lines == ["x[0] = 0.5", "x[1] = 1.5"]
    v = Variable(2.0, name="v")
    assert autograd_tape.explore(np.multiply, v, 3.0).steps[0].lines == ["v = 2.0", "x2 = 3.0"]


def test_a_result_without_a_gradient_says_so() -> None:
    with pytest.raises(TypeError, match="the function's result must be a Variable, not float"):
        autograd_tape.explore(lambda x: 1.0, 2.0)
    with pytest.raises(TypeError, match=r"Integers are not differentiated .* write 2.0 for 2"):
        autograd_tape.explore(lambda x: x * x, 3)
    with pytest.raises(TypeError, match=r"takes a function, not float; .* v.explore"):
        autograd_tape.explore(3.0)  # type: ignore[arg-type]


# -- HTML -----------------------------------------------------------------------------------------


class Tags(html.parser.HTMLParser):
    """All start tags with their attributes, and the text of the scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)
        else:
            self.text += data

    def data(self) -> Any:
        (script,) = (s for s in self.scripts if "explore(host, " in s)
        begin = script.index("explore(host, {") + len("explore(host, ")
        return json.JSONDecoder().raw_decode(script[begin:])[0]


def test_readable_with_scripts_stripped() -> None:
    page = Tags(example().explore()._repr_html_())
    (image,) = (attrs for tag, attrs in page.tags if tag == "img")
    assert image["alt"] == "Graph of Explorer of v3, 4 entries"
    svg = b64decode((image["src"] or "").split(",")[1]).decode()
    assert "multiply(v2, b)" in svg
    assert ">8.0<" in svg
    rows = [attrs["data-key"] for tag, attrs in page.tags if tag == "tr" and attrs]
    assert len(rows) == 4
    assert all(f'data-key="{key}"' in svg for key in rows), "rows and nodes belong together"
    assert "8.0" in page.text
    assert "final values" in page.text


def test_it_needs_no_network_and_clashes_with_nothing() -> None:
    text = example().explore()._repr_html_()
    page = Tags(text)
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "//cdn" not in text
    assert "@import" not in text
    assert not any("id" in attrs for _, attrs in page.tags)
    assert not any(tag in ("style", "link", "iframe") for tag, _ in page.tags)


@given(st.text(st.characters(), max_size=30))
def test_no_name_breaks_out(name: str) -> None:
    hostile = name + "</script><script>alert(1)</script>\"'<!--" + name
    x = Variable(2.0, name=hostile)
    explorer = (x * x).explore()
    page = Tags(explorer._repr_html_())
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert page.data()["steps"][0]["lines"] == explorer.steps[0].lines
    repr(explorer)


def test_the_same_explorer_has_the_same_html() -> None:
    """So that a notebook that is run again does not change."""
    assert re.sub("n?[0-9]+", "", example().explore().title) == "Explorer of v,  entries"
    f = example()
    assert f.explore()._repr_html_() == f.explore()._repr_html_()


def test_saving_and_the_plain_repr(tmp_path: Path) -> None:
    explorer = example().explore()
    path = explorer.save(tmp_path / "deeper" / "sweep.html")
    text = Path(path).read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert explorer._repr_html_() in text
    assert repr(explorer) == (
        "<Explorer of v3, 4 entries, 8 steps: a notebook shows it; elsewhere "
        "explorer.save('sweep.html') writes a page for the browser>"
    )
    assert isinstance(explorer, Explorer)


def test_values_that_are_not_finite_bear_a_sign() -> None:
    x = Variable(0.0, name="x")
    with np.errstate(all="ignore"):
        found = np.log(x).explore().steps
    assert found[1].lines == ["log(0.0) = ⚠ -inf"]
    assert "⚠ inf" in found[-1].lines[-1]
