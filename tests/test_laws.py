"""What is true of every program, over random ones: see autograd_tape/testing/program.py."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_tape import Tape, Variable, checkpoint, grad, jvp, vjp
from autograd_tape.adjoint import conform
from autograd_tape.containers import flatten
from autograd_tape.entry import CONSTANT, Entry, linearize
from autograd_tape.pull import pull
from autograd_tape.replay import evaluate
from autograd_tape.scatter import Scattered
from autograd_tape.testing import check_grads
from autograd_tape.testing.program import Program, programs

RTOL = 1e-11  # of the largest magnitude: the same sums in another order


def law(**options):
    """A test of a random program; one without steps says nothing."""

    def decorate(test):
        @functools.wraps(test)
        def with_program(program, seed):
            assume(program.steps)
            test(program, np.random.default_rng(seed))

        del with_program.__wrapped__  # pytest would ask for the arguments of ``test``
        strategy = programs(smooth=False, **options)
        return given(strategy, st.integers(0, 2**16))(with_program)

    return decorate


def like(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers of the shape and dtype of ``x``."""
    d = rng.uniform(-1, 1, np.shape(x))
    if np.iscomplexobj(x):
        d = d + 1j * rng.uniform(-1, 1, np.shape(x))
    return np.asarray(d, np.result_type(x))[()]


def same(a: Any, b: Any, rtol: float = RTOL) -> None:
    """Equal to rounding: element by element, NaN where NaN is."""
    for x, y in zip(flatten(a)[0], flatten(b)[0], strict=True):
        finite = np.abs(y)[np.isfinite(y)]
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol * np.max(finite, initial=1e-3))


def identical(a: Any, b: Any) -> None:
    for x, y in zip(flatten(a)[0], flatten(b)[0], strict=True):
        np.testing.assert_array_equal(x, y)
        assert np.result_type(x) == np.result_type(y)
        assert np.shape(x) == np.shape(y)


def pulled(f: Any, leaves: Any, ct: Any) -> Any:
    with np.errstate(all="ignore"):
        return vjp(f, *leaves)[1](ct)


# -- the oracle ------------------------------------------------------------------------------------


@given(programs())
def test_derivatives_are_right(program):
    assume(program.steps)
    check_grads(program, program.leaves)


@given(programs(complex=True))
def test_derivatives_in_complex_numbers_are_right(program):
    assume(program.steps)
    check_grads(program, program.leaves)


@given(programs(dtype=np.float32))
def test_derivatives_in_single_precision_are_right(program):
    assume(program.steps)
    check_grads(program, program.leaves, order=1, rtol=2e-2)


# -- values ----------------------------------------------------------------------------------------


@law()
def test_a_variable_gives_what_numpy_gives(program, rng):
    with np.errstate(all="ignore"):
        recorded = program(*map(Variable, program.leaves))
        same(recorded.value, program(*program.leaves), rtol=1e-13)
        assert recorded.shape == np.shape(program(*program.leaves))
        assert recorded.dtype == np.result_type(program(*program.leaves))


@law(complex=True)
def test_replay_gives_what_was_recorded(program, rng):
    """Every entry evaluated anew from its inputs alone, to the last bit."""
    with np.errstate(all="ignore"):
        recorded = program.record()
        values: dict[Entry, Any] = {}
        for entry in linearize(recorded._entry, floor=CONSTANT)[::-1]:
            if entry.primitive is None:
                values[entry] = entry.output
                continue
            args = [values[x] if x.__class__ is Entry else x for x in entry.inputs]
            values[entry] = evaluate(entry, args)
            if entry.output is not None:
                identical(values[entry], entry.output)
        identical(values[recorded._entry], recorded.value)


@law(dtype=np.float32)
def test_single_precision_stays_single(program, rng):
    with np.errstate(all="ignore"):
        plain = program(*program.leaves)
        back = pulled(program, program.leaves, like(plain, rng))
    for x, adjoint in zip(program.leaves, back, strict=True):
        assert adjoint.dtype == x.dtype == np.float32
        assert adjoint.shape == x.shape


# -- linearity, chain and sum ----------------------------------------------------------------------


@law(complex=True)
def test_the_sweep_is_linear_in_the_seed(program, rng):
    y, pullback = vjp(program, *program.leaves)
    a, b, s, t = (*rng.uniform(-2, 2, 2), like(y, rng), like(y, rng))
    left = pullback(a * s + b * t)
    right = [a * p + b * q for p, q in zip(pullback(s), pullback(t), strict=True)]
    same(left, right, rtol=1e-10)


@law()
def test_chain_rule(program, rng):
    y = program(*program.leaves)
    ct = like(y, rng)
    whole = pulled(lambda *xs: np.sin(program(*xs) * 0.5), program.leaves, ct)
    by_hand = pulled(program, program.leaves, np.asarray(ct * 0.5 * np.cos(0.5 * y))[()])
    same(whole, by_hand)


@law(depth=10)
def test_the_gradient_of_a_sum_of_programs_is_the_sum_of_their_gradients(program, rng):
    nodes = range(len(program.leaves) + len(program.steps))
    p, q = (node_of(program, int(i)) for i in (nodes[-1], rng.choice(nodes)))
    with np.errstate(all="ignore"):
        both = grad(lambda xs: p(xs) + q(xs))(tuple(program.leaves))
        apart = [grad(f)(tuple(program.leaves)) for f in (p, q)]
    same(both, [a + b for a, b in zip(*apart, strict=True)])


def node_of(program: Program, node: int) -> Any:
    """The sum of one node, as a function of a tuple of all leaves."""
    part = Program(program.leaves, program.steps, [(node, True)])
    used = [i for i, x in enumerate(program.leaves) if any(x is kept for kept in part.leaves)]
    return lambda xs: part(*(xs[i] for i in used)) * 1.0


# -- the sweep -------------------------------------------------------------------------------------


@law()
def test_an_adjoint_is_the_sum_of_what_flows_in_over_the_edges(program, rng):
    """Every adjoint that backward() left, from the entries that use it, in another order."""
    with np.errstate(all="ignore"):
        y = program.record()
        seed = like(y.value, rng)
        y.backward(seed)
        contributions: dict[Entry, list[Any]] = defaultdict(list)
        contributions[y._entry].append(seed)
        order = linearize(y._entry)
        for entry in order:
            if entry.primitive is None or isinstance(entry.note("adjoint"), (list, tuple)):
                continue
            for parent, c in pull(entry, entry.adjoint, -1, False):
                if isinstance(c, Scattered):
                    full = np.zeros(parent.shape, parent.dtype)
                    np.add.at(full, c.index, c.ct)
                    c = full
                if not isinstance(parent.shape, tuple) or parent.dtype.__class__ is not tuple:
                    contributions[parent].append(conform(c, parent, entry))
        for entry, parts in contributions.items():
            if entry.dtype.__class__ is not tuple:
                same(entry.adjoint, functools.reduce(np.add, parts[::-1]))


@law(complex=True)
def test_reverse_equals_forward(program, rng):
    """⟨ct, J·t⟩ = ⟨Jᵀ·ct, t⟩"""
    with np.errstate(all="ignore"):
        t = tuple(like(x, rng) for x in program.leaves)
        y, y_dot = jvp(program, tuple(program.leaves), t)
        ct = like(y, rng)
        back = pulled(program, program.leaves, ct)
    left = np.real(np.sum(ct * y_dot))
    shares = [np.real(np.sum(b * d)) for b, d in zip(back, t, strict=True)]
    size = np.sum(np.abs(ct * y_dot)) + np.sum(np.abs(shares))
    if np.isfinite(size):
        assert left == pytest.approx(sum(shares), rel=1e-10, abs=max(1e-10 * size, 1e-12))


@law(complex=True)
def test_lean_equals_explorable(program, rng):
    """tape.gradient keeps only what it must, backward() keeps all: the same to the last bit."""
    with np.errstate(all="ignore"):
        leaves = [Variable(x) for x in program.leaves]
        with Tape() as tape:
            y = program(*leaves)
        seed = like(y.value, rng)
        lean = tape.gradient(y, leaves, seed)
        leaves = [Variable(x) for x in program.leaves]
        program(*leaves).backward(seed)
    identical(lean, [v.adjoint for v in leaves])


@law()
def test_checkpoint_equals_plain(program, rng):
    ct = like(program(*program.leaves), rng)
    identical(pulled(checkpoint(program), program.leaves, ct), pulled(program, program.leaves, ct))


@law()
def test_a_recorded_sweep_gives_the_same_numbers(program, rng):
    """Rules that see Variables (for higher derivatives) compute what they compute on arrays."""
    ct = like(program(*program.leaves), rng)
    with np.errstate(all="ignore"):
        leaves = [Variable(x) for x in program.leaves]
        with Tape():
            _, pullback = vjp(program, *leaves)
            recorded = pullback(ct)
    values = [v.value if isinstance(v, Variable) else v for v in recorded]
    same(values, pulled(program, program.leaves, ct))


@law(depth=10)
def test_the_order_of_recording_does_not_matter(program, rng):
    """The same steps in any order that puts operands first."""
    n = len(program.leaves)
    waiting = list(range(len(program.steps)))
    place = {i: i for i in range(n)}
    steps = []
    while waiting:
        ready = [k for k in waiting if all(i in place for i in program.steps[k].operands)]
        k = int(rng.choice(ready))
        waiting.remove(k)
        step = program.steps[k]
        steps.append(step._replace(operands=tuple(place[i] for i in step.operands)))
        place[n + k] = n + len(steps) - 1
    again = Program(program.leaves, steps, [(place[i], summed) for i, summed in program.result])
    ct = like(program(*program.leaves), rng)
    same(pulled(again, program.leaves, ct), pulled(program, program.leaves, ct))


@law()
def test_sources_are_not_changed_and_nothing_is_left_on_them(program, rng):
    before = [np.array(x) for x in program.leaves]
    pulled(program, program.leaves, like(program(*program.leaves), rng))
    identical(program.leaves, before)
