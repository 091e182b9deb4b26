"""Why is it zero, NaN or missing?  The culprit that was planted is the one that is named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Tape, Variable, checkpoint, no_grad, primitive, stop_gradient
from autograd_tape.primitives.exponential import sigmoid
from autograd_tape.primitives.piecewise import relu
from autograd_tape.testing import programs
from autograd_tape.view.explain import Explanation

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def named(*values: Any) -> list[Variable]:
    return [Variable(v, name=n) for v, n in zip(values, "abc", strict=False)]


def blamed(found: Explanation) -> str:
    """The primitive of the culprit."""
    assert found.culprit is not None
    return found.culprit.primitive.name if found.culprit.primitive else "input"


# -- nothing wrong, or nothing there --------------------------------------------------------------


def test_on_the_path():
    a, b = named(2.0, 3.0)
    f = (a + b) * b
    f.backward()
    found = a.explain()
    assert (found.kind, found.culprit) == ("reaches", None)
    assert [e.primitive and e.primitive.name for e in found.path] == [None, "add", "multiply"]
    assert str(found).splitlines() == [
        "a reaches v3; its adjoint is 3.0",
        "index  name  operation        primal  adjoint",
        "    0  a     input            2.0     3.0",
        "    2  v2    add(a, b)        5.0     3.0",
        "    3  v3    multiply(v2, b)  15.0    1.0",
    ]
    assert f.explain().reason == "v3 is the target; its adjoint is 1.0"


def test_it_shows_itself_in_a_notebook():
    (a,) = named(np.array([1.0, -1.0]))
    html = a.explain(np.sum(relu(a)))._repr_html_()
    assert "&lt;- here" in html
    assert html.count("<tr>") == 4


def test_no_sweep_yet():
    (a,) = named(2.0)

    def elsewhere():
        f = a * 2.0
        f.backward()

    elsewhere()
    assert "its target is gone" in a.explain().reason


def test_not_on_the_path():
    a, b = named(2.0, 3.0)
    f = a * 2.0
    f.backward()
    assert "b is not on the path" in b.explain().reason
    assert "depends only on a" in b.explain().reason
    late = Variable(1.0, name="late")
    assert "made after" in late.explain(f).reason
    assert late.explain(f).kind == "not reached"


def test_cut_where():
    def cut_by(how):
        (a,) = named(np.array([1.0, -2.0]))
        b = Variable(1.0, name="b")
        middle = a * 3.0
        f = np.sum(how(middle) * b)
        f.backward()
        assert a.adjoint is None
        return a.explain(f).reason

    assert "cut by stop_gradient() at" in cut_by(stop_gradient)
    assert "test_explain.py:" in cut_by(stop_gradient)
    assert "cut by the comparison > at" in cut_by(lambda m: m > 0)
    assert "cut by sign" in cut_by(np.sign)
    assert "cut by astype(int64)" in cut_by(lambda m: m.astype(int))
    assert "cut by greater" in cut_by(lambda m: np.greater(m, 0.0))
    assert "cut by float()" in cut_by(lambda m: float(m[0]))

    def paused(m):
        with no_grad():
            return m * 2.0

    assert "cut by no_grad()" in cut_by(paused)


def test_a_freed_tape_and_a_missing_rule_are_told():
    (a,) = named(2.0)
    with Tape() as tape:
        y = a * a
    tape.gradient(y, [a])
    assert "were freed" in a.explain(y * 2.0).reason

    @primitive
    def odd(x):
        return x**3

    assert "odd has no vjp rule" in a.explain(odd(a) * 2.0).reason


# -- values ---------------------------------------------------------------------------------------

MAKERS: dict[str, Callable[[Any], Any]] = {
    "log": lambda x: np.log(x * 0.0),
    "divide": lambda x: 1.0 / (x - x),
    "power": lambda x: (x - x) ** -1.0,
    "exp": lambda x: np.exp(x * 0.0 + 1000.0),
    "sqrt": lambda x: np.sqrt(x * 0.0 - 1.0),
    "arccosh": lambda x: np.arccosh(x * 0.0),
    "sum": lambda x: np.sum(x * 0.0 + 1e308) * np.ones(3),
}
HARMLESS: list[Callable[[Any], Any]] = [
    lambda x: x * 1.5, lambda x: x + 0.25, np.tanh, lambda x: -x, lambda x: x[::-1],
    lambda x: np.concatenate([x[:1], x[1:]]), lambda x: x - np.mean(x), lambda x: x * x,
]  # fmt: skip


@given(
    planted=st.sampled_from(sorted(MAKERS)),
    before=st.lists(st.sampled_from(HARMLESS), max_size=4),
    after=st.lists(st.sampled_from(HARMLESS), max_size=4),
    aside=st.booleans(),
)
def test_the_value_that_is_not_finite_has_the_planted_culprit(planted, before, after, aside):
    with np.errstate(all="ignore"):
        x = y = Variable(np.array([0.5, 1.5, 2.0]), name="x")
        for step in before:
            y = step(y)
        wrong = y = MAKERS[planted](y)
        for step in after:
            y = step(y)
        f = np.sum(y + x if aside else y)
        if np.isfinite(f.value):  # tanh(inf) is 1
            return
        for v in (x, f, *([] if np.all(np.isfinite(wrong.value)) else [wrong])):
            found = v.explain(f)
            assert found.kind == "not finite"
            assert blamed(found) == planted
            assert found.culprit in found.path


def test_the_arguments_at_the_bad_element():
    a, b = named(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 0.0]))
    f = np.sum(a / b)
    found = f.explain(f)
    assert found.index == (0, 1)
    assert "inf at index (0, 1) where its arguments were a = 2.0, b = 0.0" in found.reason
    assert found.reason.startswith("v3 is inf;")


def test_an_input_or_a_constant_may_be_the_culprit():
    a, b = named(np.array([1.0, np.nan]), 2.0)
    f = np.sum(a * b)
    assert "the input a holds nan at index (1,)" in b.explain(f).reason
    assert a.explain().culprit is a.explain(f).culprit  # without a target, too
    g = b * np.inf - b * np.inf
    assert blamed(b.explain(g)) == "subtract"
    assert "where its arguments were v1 = inf, v2 = inf" in b.explain(g).reason


def test_a_mask_of_infinities_is_no_culprit():
    (a,) = named(np.array([1.0, 2.0]))
    weights = np.exp(a + np.array([0.0, -np.inf]))
    f = np.sum(weights / np.sum(weights) * a)
    assert a.explain(f).kind == "partly zero"  # the masked one; nothing is NaN


def test_where_infinity_turns_into_nan():
    (a,) = named(np.array([0.0, 1.0]))
    f = np.sum(np.log(a) * a)
    found = a.explain(f)
    assert blamed(found) == "log"
    assert "it turns into nan in v2 = multiply(v1, a)" in found.reason


# -- adjoints that are not finite -----------------------------------------------------------------


def test_not_finite():
    (a,) = named(0.0)
    f = a**0.5
    with np.errstate(all="ignore"):
        f.backward()
        found = a.explain(f)
    assert found.kind == "not finite"
    assert "the rule of power" in found.reason


def test_only_what_reaches_the_variable_counts():
    a, b = named(np.array([0.0, 1.0]), np.array([0.0, 4.0]))
    f = np.sum(np.sqrt(b) + np.cbrt(a) * 2.0)
    assert blamed(a.explain(f)) == "cbrt"
    assert blamed(b.explain(f)) == "sqrt"
    assert "in 1 of 2 elements, first at index (0,)" in a.explain(f).reason


def test_an_overflow_that_the_value_does_not_show():
    (a,) = named(np.array([-1000.0, 1.0]))
    f = np.sum(1.0 / (1.0 + np.exp(-a)))  # 0.0 and 0.73
    found = a.explain(f)
    assert found.kind == "not finite"
    assert blamed(found) == "exp"
    assert "where its argument was 1000.0" in found.reason


def test_contributions_that_overflow_when_they_are_added():
    (a,) = named(1.0)
    f = a * 1e308 + (a - 1.0) * 1e308
    found = a.explain(f)
    assert found.kind == "not finite"
    assert "what a is given by 1e+308 from v" in found.reason
    assert found.reason.endswith("overflows")


# -- zero -----------------------------------------------------------------------------------------

STOPPERS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: relu(-np.abs(x) - 1.0),
    "maximum": lambda x: np.maximum(-np.abs(x), 1.0),
    "clip": lambda x: np.clip(x, 50.0, 60.0),
    "sigmoid": lambda x: sigmoid(x * x + 900.0),
    "tanh": lambda x: np.tanh(x * x + 30.0),
    "where": lambda x: np.where(np.ones(3, bool), 1.0, x),
    "multiply": lambda x: x * np.zeros(3),
    "matmul": lambda x: x @ np.zeros((3, 3)),
    "getitem": lambda x: np.concatenate([x, np.ones(3)])[3:],
}
SMOOTH: list[Callable[[Any], Any]] = [
    lambda x: x * 1.5, lambda x: x + 0.25, np.arctan, lambda x: -x, lambda x: x[::-1],
    lambda x: x @ np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 1.0], [1.0, 0.0, 3.0]]),
]  # fmt: skip


@given(
    planted=st.sampled_from(sorted(STOPPERS)),
    before=st.lists(st.sampled_from(SMOOTH), max_size=4),
    after=st.lists(st.sampled_from(SMOOTH), max_size=4),
    twice=st.booleans(),
)
def test_the_zero_has_the_planted_culprit(planted, before, after, twice):
    x = y = Variable(np.array([0.5, 1.5, 2.0]), name="x")
    for step in before:
        y = step(y)
    stopped = STOPPERS[planted](y)
    y = stopped
    for step in after:
        y = step(y)
    f = np.sum(y * np.array([1.0, -3.0, 0.5]) + (stopped if twice else 0.0))
    f.backward()
    assert not np.any(x.adjoint)
    found = x.explain()
    assert found.kind == "zero"
    assert blamed(found) == planted
    assert "its local derivative is zero" in found.reason
    assert found.culprit in found.path


def test_what_the_dead_unit_saw():
    (a,) = named(np.array([-1.0, -2.0]))
    f = np.sum(relu(a + 0.5) * 3.0)
    assert a.explain(f).reason == (
        "the adjoint of a is zero: v2 = relu(v1) passes nothing on to v1: its local derivative is "
        "zero at index (0,) where its argument was -0.5"
    )


def test_paths_that_cancel():
    (c,) = named(2.0)
    f = c * 3.0 - c * 3.0
    found = c.explain(f)
    assert found.kind == "zero"
    assert "the contributions to a cancel" in found.reason
    assert "-3.0 from v2 = multiply(a, 3.0)" in found.reason
    assert " 3.0 from v1 = multiply(a, 3.0)" in found.reason
    inner = np.tanh(c)
    g = inner - inner
    assert "the contributions to v1 cancel" in c.explain(g).reason


def test_a_sum_that_cancels_inside_one_operation():
    w, x = named(np.array([[1.0], [-1.0]]), np.array([2.0]))
    f = np.sum(w @ x)
    found = x.explain(f)
    assert found.kind == "zero"
    assert "the sum inside it cancels" in found.reason


def test_underflow():
    (a,) = named(1.0)
    f = (a * 1e-200) * 1e-200
    found = a.explain(f)
    assert "underflows" in found.reason
    assert blamed(found) == "multiply"
    assert "1e-200" in found.reason


def test_partly_zero_follows_the_first_such_element():
    (a,) = named(np.array([[1.0, -3.0, 2.0], [-1.0, 1.0, 1.0]]))
    f = np.sum(relu(a @ np.eye(3)) * 2.0)
    found = a.explain(f)
    assert (found.kind, found.index) == ("partly zero", (0, 1))
    assert "is zero in 2 of 6 elements, first at index (0, 1)" in found.reason
    assert blamed(found) == "relu"
    assert "where its argument was -3.0" in found.reason
    unread = a[:, :2]
    assert blamed(a.explain(np.sum(unread))) == "getitem"


def test_several_outputs_on_the_way():
    (a,) = named(np.array([[2.0, 1.0], [1.0, 3.0]]))
    values, _ = np.linalg.eigh(a)
    assert blamed(a.explain(np.sum(values) * 0.0)) == "multiply"
    found = a.explain(np.sum(values**2))  # it reads the lower triangle only
    assert (blamed(found), found.index) == ("eigh", (0, 1))


def test_without_a_forward_rule():
    (a,) = named(np.array([1.0, 2.0]))

    @primitive
    def cube(x):
        return x**3

    cube.defvjp(lambda ct, output, x: ct * 3 * x**2)
    assert blamed(a.explain(np.sum(cube(a) * 0.0))) == "multiply"
    assert blamed(a.explain(np.sum(cube(a * 0.0)))) == "multiply"
    assert blamed(a.explain(np.sum(cube(a - a.value)))) == "cube"


def test_through_a_checkpoint():
    (a,) = named(np.array([1.0, 2.0]))
    f = np.sum(checkpoint(lambda x: relu(x * -1.0))(a) * 2.0)
    assert blamed(a.explain(f)) == "checkpoint"


def test_a_long_path_shows_its_ends_and_the_culprit():
    x = y = Variable(1.0, name="x")
    for i in range(2000):
        y = y * (0.0 if i == 1000 else 1.0)
    found = x.explain(y)
    lines = str(found).splitlines()
    assert len(lines) < 90
    assert sum("<- here" in line for line in lines) == 1
    assert len(found.path) == 2001
    assert found.culprit is found.path[1001]


@given(st.one_of(programs(margin=0.0), programs(complex=True), programs(dtype=np.float32)))
def test_any_program_can_be_explained(program):
    leaves = [Variable(x, name=f"x{i}") for i, x in enumerate(program.leaves)]
    f = program(*leaves)
    for v in [f, *leaves] if isinstance(f, Variable) else []:
        found = v.explain(f)
        assert repr(found) == found.table().text()
        assert (found.kind in ("zero", "partly zero", "not finite")) == (found.culprit is not None)


def test_complex_and_single_precision():
    z = Variable(1 + 2j, name="z")
    assert blamed(z.explain(np.real(z * 0.0))) == "multiply"
    s = Variable(np.array([1.0, -1.0], np.float32), name="s")
    assert s.explain(np.sum(relu(s))).index == (1,)


def test_the_answer_is_all_that_is_said():
    z = Variable(-800.0, name="z")
    with np.errstate(all="ignore"):
        f = np.log(sigmoid(z))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "-inf" in z.explain(f).reason
