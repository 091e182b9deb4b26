"""What the sweep adds up, taken apart: against numbers by hand, sums, and differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from autograd_tape import Tape, TapeError, Variable, checkpoint
from autograd_tape.entry import Entry
from autograd_tape.replay import evaluate, primal
from autograd_tape.testing import programs
from autograd_tape.view.arithmetic import Contribution, add, contributions


def last(y: Variable, seed: Any = None) -> list[Contribution]:
    """Those of the newest operation, after a sweep from it."""
    y.backward(seed)
    return contributions(y._entry, y._entry.adjoint)


def test_the_example_by_hand() -> None:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    f.backward()
    _, _, plus, times = f.tape
    to_sum, to_b = contributions(times, times.adjoint)
    assert (to_sum.parent, to_sum.position, to_sum.partial, to_sum.value) == (plus, 0, 3.0, 3.0)
    assert (to_b.parent, to_b.position, to_b.partial, to_b.value) == (b._entry, 1, 5.0, 5.0)
    to_a, to_b = contributions(plus, plus.adjoint)
    assert (to_a.parent, to_a.partial, to_a.raw, to_a.value) == (a._entry, 1.0, 3.0, 3.0)
    assert (to_b.parent, to_b.partial, to_b.raw, to_b.value) == (b._entry, 1.0, 3.0, 3.0)
    assert contributions(a._entry, a.adjoint) == []


def test_one_value_used_twice_is_two_contributions() -> None:
    x = Variable(3.0)
    first, second = last(x * x)
    assert (first.position, second.position) == (0, 1)
    assert first.parent is second.parent
    assert first.partial == second.partial == 3.0


def test_what_broadcasting_stretched_is_summed() -> None:
    w, b = Variable(np.ones((4, 2))), Variable(np.array([1.0, 2.0]))
    seed = np.arange(8.0).reshape(4, 2)
    _, to_b = last(w * b, seed)
    assert to_b.summed == (0,)
    np.testing.assert_array_equal(to_b.partial, np.ones((4, 2)))
    np.testing.assert_array_equal(to_b.raw, seed)
    np.testing.assert_array_equal(to_b.value, [12.0, 16.0])
    to_column, _ = last(
        Variable(np.ones((2, 1))) + Variable(np.ones((3, 2, 5))), np.ones((3, 2, 5))
    )
    assert to_column.summed == (0, 2)
    np.testing.assert_array_equal(to_column.value, [[15.0], [15.0]])
    (to_number,) = last(Variable(2.0) * np.array([1.0, 2.0, 4.0]), np.ones(3))
    assert (to_number.summed, to_number.value) == ((0,), 7.0)
    np.testing.assert_array_equal(to_number.partial, [1.0, 2.0, 4.0])


def test_a_number_of_an_array_has_the_partials_of_its_elements() -> None:
    x = Variable(np.array([1.0, 2.0, 5.0]))
    (c,) = last(np.mean(x), 6.0)
    np.testing.assert_allclose(c.partial, [1 / 3] * 3)
    np.testing.assert_allclose(c.value, [2.0] * 3)
    (c,) = last(x[1])
    np.testing.assert_array_equal(c.partial, [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(c.value, [0.0, 1.0, 0.0])


def test_a_real_function_of_a_complex_number_has_no_single_partial() -> None:
    z = Variable(np.array([1 + 2j, 3 - 1j]))
    for f in (np.abs, np.real, np.imag):
        assert last(f(z), np.ones(2))[0].partial is None
    np.testing.assert_allclose(last(z * z, np.ones(2) + 0j)[0].partial, z.value)


@pytest.mark.parametrize(
    "f", [np.transpose, np.cumsum, np.sort, np.fft.rfft, lambda x: x @ x, lambda x: x[[0, 0]]]
)
def test_a_rule_that_mixes_elements_is_no_product(f: Any) -> None:
    x = Variable(np.array([[2.0, 1.0], [0.5, 3.0]]))
    y = f(x)
    for c in last(y, np.arange(1.0, 1.0 + y.size).reshape(y.shape)):
        assert c.partial is None


def test_picking_out_of_several_outputs() -> None:
    x = Variable(np.array([[2.0, 1.0], [1.0, 3.0]]))
    w, _ = np.linalg.eigh(x)
    pick = last(w, np.array([1.0, 5.0]))[0]
    assert pick.partial is None
    values, vectors = pick.value
    np.testing.assert_array_equal(values, [1.0, 5.0])
    np.testing.assert_array_equal(vectors, np.zeros((2, 2)))
    (eigh,) = contributions(w.tape[1], w.tape[1].adjoint)
    assert eigh.value.shape == (2, 2)


def test_a_checkpoint_is_one_operation() -> None:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    to_a, to_b = last(checkpoint(lambda x, y: (x + y) * y)(a, b))
    assert (to_a.position, to_b.position) == (0, 1)
    assert (to_a.value, to_b.value) == (3.0, 8.0)


def test_a_spent_tape_has_none() -> None:
    x = Variable(2.0)
    with Tape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(TapeError, match="freed"):
        contributions(y._entry, 1.0)


def check_sums(program: Any) -> None:
    y = program.record()
    y.backward(np.ones(y.shape, y.dtype))
    sums: dict[Entry, Any] = {}
    for entry in y.tape:
        for c in contributions(entry, entry.note("adjoint")):
            assert entry.inputs[c.position] is c.parent
            sums[c.parent] = add(sums.get(c.parent), c.value)
    for entry, total in sums.items():
        if isinstance(total, tuple):
            kept = entry.adjoint
            assert isinstance(kept, list)
            for a, b in zip(total, kept, strict=True):
                np.testing.assert_allclose(a, 0.0 if b is None else b, rtol=1e-9, atol=1e-9)
        else:
            np.testing.assert_allclose(total, entry.adjoint, rtol=1e-9, atol=1e-9)
            assert np.shape(total) == entry.shape


@given(programs(smooth=False))
def test_contributions_add_up_to_the_adjoints(program: Any) -> None:
    check_sums(program)


@given(programs(smooth=False, complex=True))
@settings(max_examples=30)
def test_contributions_add_up_to_the_adjoints_of_complex_programs(program: Any) -> None:
    check_sums(program)


@given(programs(anchored=False))
def test_partials_are_what_differences_say(program: Any) -> None:
    check_partials(program)


@given(programs(anchored=False, complex=True))
@settings(max_examples=30)
def test_partials_of_complex_programs(program: Any) -> None:
    check_partials(program)


def check_partials(program: Any) -> None:
    y = program.record()
    y.backward(np.ones(y.shape, y.dtype))
    rng = np.random.default_rng(0)
    for entry in y.tape:
        for c in contributions(entry, entry.note("adjoint")):
            if c.partial is None:
                continue
            args = [primal(x) if isinstance(x, Entry) else x for x in entry.inputs]
            step = rng.uniform(-1.0, 1.0, c.parent.shape)
            h = 1e-6 * max(1.0, float(np.max(np.abs(args[c.position]), initial=0.0)))
            moved = []
            for sign in (1.0, -1.0):
                args_h = list(args)
                args_h[c.position] = args[c.position] + sign * h * step
                moved.append(evaluate(entry, args_h))
            change = (moved[0] - moved[1]) / (2 * h)
            predicted = c.partial * step
            if entry.shape == () and c.parent.shape:
                predicted = np.sum(predicted)
            size = 1.0 + np.max(np.abs(change), initial=0.0)
            np.testing.assert_allclose(predicted, change, rtol=1e-4, atol=1e-4 * size)
