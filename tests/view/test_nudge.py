"""Predicted and actual change of every value, against NumPy run again at the nudged arguments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from autograd_tape import Tape, TapeError, Variable
from autograd_tape.primitives.exponential import sigmoid
from autograd_tape.primitives.piecewise import relu
from autograd_tape.testing import programs


def test_the_example_by_hand():
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    found = f.nudge({a: 0.5, b: 1.0})
    assert [r.name for r in found.rows] == ["a", "b", "v2", "v3"]
    assert [r.predicted for r in found.rows] == [0.5, 1.0, 1.5, 3 * 0.5 + 8 * 1.0]
    assert [r.after for r in found.rows] == [2.5, 4.0, 6.5, 26.0]
    assert found.predicted == 9.5
    assert found.actual == 11.0
    assert found.rows[-1].error == 1.5
    assert found.rows[-1].relative == 1.5 / 11.0
    assert str(found).splitlines() == [
        "Nudge of a by 0.5, b by 1.0",
        "name  operation        value  predicted  actual  error  relative",
        "a     input            2.0    0.5        0.5     0.0    0.0",
        "b     input            3.0    1.0        1.0     0.0    0.0",
        "v2    add(a, b)        5.0    1.5        1.5     0.0    0.0",
        "v3    multiply(v2, b)  15.0   9.5        11.0    1.5    0.136",
    ]
    assert "<td" in found._repr_html_()
    assert (a.value, f.value) == (2.0, 15.0)


@given(programs(margin=0.03))
def test_as_numpy_at_the_nudged_arguments(program):
    rng = np.random.default_rng(0)
    leaves = [Variable(x, name=f"x{i}") for i, x in enumerate(program.leaves)]
    steps = [1e-6 * rng.uniform(-1, 1, np.shape(x)) for x in program.leaves]
    result = program(*leaves)
    if not isinstance(result, Variable):
        return
    path = set(result.tape)
    steps = [s * (v._entry in path) for v, s in zip(leaves, steps, strict=True)]
    found = result.nudge({v: s for v, s in zip(leaves, steps, strict=True) if v._entry in path})
    before = program(*program.leaves)
    after = program(*(x + s for x, s in zip(program.leaves, steps, strict=True)))
    scale = float(np.max(np.abs(before), initial=1.0))
    np.testing.assert_allclose(found.actual, after - before, rtol=1e-7, atol=1e-11 * scale)
    np.testing.assert_allclose(found.predicted, found.actual, rtol=0.05, atol=1e-8 * scale)
    assert repr(found)


def test_only_what_moves_is_shown():
    a, b = Variable(1.0, name="a"), Variable(2.0, name="b")
    y = a * 2.0
    f = y * b
    assert [r.name for r in f.nudge({b: 0.1}).rows] == ["b", "v3"]
    assert [r.name for r in f.nudge({y: 0.1}).rows] == ["v2", "v3"]  # from the middle, too


def test_a_kink_shows():
    x = Variable(np.array([-0.1, 1.0]), name="x")
    found = np.sum(relu(x)).nudge({x: 0.3})
    assert [r.error == pytest.approx(0.2) for r in found.rows] == [False, True, True]
    assert found.actual == pytest.approx(0.5)
    assert found.predicted == pytest.approx(0.3)


def test_several_outputs_and_large_arrays():
    x = Variable(np.diag([1.0, 2.0, 3.0, 4.0]), name="x")
    values, _ = np.linalg.eigh(x)
    found = np.sum(values).nudge({x: 1e-6 * np.eye(4)})
    assert found.predicted == pytest.approx(4e-6)
    assert found.actual == pytest.approx(4e-6)
    assert "float64 (4, 4)" in str(found)
    assert "max |.| 1e-06" in str(found)


def test_infinities_that_stay_are_no_change():
    x = Variable(np.array([1.0, 2.0]), name="x")
    found = np.sum(np.exp(x + np.array([0.0, -np.inf]))).nudge({x: 0.1})
    assert found.rows[1].actual == pytest.approx([0.1, 0.0])
    assert found.actual == pytest.approx(np.e * (np.exp(0.1) - 1))
    overflow = (x * 8e307).nudge({x: 1.0})
    assert overflow.actual[1] == np.inf
    assert "inf" in repr(overflow)


def test_single_precision_moves_by_what_it_can():
    x = Variable(np.array([1.0, 2.0], np.float32), name="x")
    found = (x * 2.0).nudge({x: 1e-5})
    assert found.rows[0].predicted.dtype == np.float32
    assert found.rows[0].error == 0  # the step as it is rounded, not as it was asked for
    assert found.rows[1].error == 0


def test_a_long_path_is_shortened():
    x = y = Variable(1.0, name="x")
    for _ in range(500):
        y = y * 1.001
    text = repr(y.nudge({x: 1e-3}))
    assert "… 441 more …" in text
    assert len(text.splitlines()) == 63


def test_errors_say_what_to_do():
    a, z = Variable(2.0, name="a"), Variable(1.0, name="z")
    f = np.sqrt(a * 1.0)
    with pytest.raises(TypeError, match="give the steps of some variables"):
        f.nudge({})
    with pytest.raises(TypeError, match="'a' is no Variable"):
        f.nudge({"a": 1e-3})
    with pytest.raises(ValueError, match="z is not on the path"):
        f.nudge({z: 1e-3})
    with pytest.raises(ValueError, match=r"shape \(\), but its step \(3,\)"):
        f.nudge({a: np.ones(3)})
    with pytest.raises(ValueError, match="changes nothing in a"):
        f.nudge({a: 1e-30})
    with pytest.raises(TypeError, match="a is float, but its step complex128"):
        f.nudge({a: 1j})
    m = Variable(np.eye(2), name="m")
    with pytest.raises(ValueError, match="cannot be computed at the nudged values"):
        np.sum(np.linalg.cholesky(m)).nudge({m: -2.0})
    with Tape() as tape:
        y = a * a
    tape.gradient(y, [a])
    with pytest.raises(TapeError, match="were freed"):
        y.nudge({a: 1e-3})


def test_infinite_numbers_are_shown_without_a_warning():
    z = Variable(-800.0, name="z")
    with np.errstate(all="ignore"):
        f = np.log(sigmoid(z)) ** 2
    found = f.nudge({z: 0.1})
    assert found.actual == 0.0, "inf before and after"
    assert "inf" in str(found)
