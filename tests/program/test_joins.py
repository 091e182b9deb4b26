"""Parts that fill an array of zeros are joined, and nothing else is; no bit changes."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import compile, value_and_grad
from autograd_tape.program import passes
from nn import functional as F
from tests.program.agreement import assert_same

X = np.linspace(-1.0, 2.0, 24).reshape(4, 6)


def compiled(f, *args, argnums=0, **options):
    """The program of ``f`` and its derivatives, which are the engine's to the last bit."""
    program = compile(f, *args, argnums=argnums, **options)
    for k in (1.0, 0.0, -0.0, -2.5):
        at = [k * x for x in args]
        assert_same(program(*at), (f if argnums is None else value_and_grad(f, argnums))(*at))
    return program


def parts(*indices, of=np.tanh):
    """A function of slices of ``of(x)``; where x is 0, their adjoints are 0.0, -0.0, 0.0 …"""

    def f(x):
        y = of(x)
        return sum(np.sum((-1.0) ** k * y[i] ** 2) for k, i in enumerate(indices))

    return f


FULL = slice(None)
LEFT, RIGHT = (..., slice(None, 2)), (..., slice(2, None))


@pytest.mark.parametrize(
    "f",
    [
        parts(LEFT, RIGHT), parts(RIGHT, LEFT), parts((FULL, slice(4)), (FULL, slice(-2, None))),
        parts(slice(1), slice(1, 3), slice(3, None)),
        lambda x: np.sum(np.stack(np.split(np.sin(x), 3, axis=1)) ** 3),
    ],
)  # fmt: skip
def test_slices_side_by_side_are_joined(f):
    program = compiled(f, X)
    assert "np.concatenate" in program.source
    assert "np.zeros" not in program.source
    assert "np_concatenate" in program.optimized


@pytest.mark.parametrize(
    "f",
    [
        parts(LEFT), parts(LEFT, LEFT), parts(LEFT, (..., slice(1, None))), parts((..., FULL)),
        parts((..., slice(2)), (..., slice(3, None))), parts((..., slice(4)), (..., slice(2))),
        parts((..., slice(0, None, 2)), (..., slice(1, None, 2))),
        parts((..., slice(1, None, -1)), (..., slice(2, None))),
        parts(0, 1, 2, 3), parts([0, 1], [2, 3]),
        parts((slice(2), slice(3)), (slice(2), slice(3, None)), slice(2, None)),
        parts((slice(2), slice(3)), (slice(2), slice(3)), (slice(2, None), FULL)),
        parts(LEFT, RIGHT, of=lambda x: np.tanh(x).T),
        parts((slice(1, None),), (slice(1), FULL, None)),
    ],
)  # fmt: skip
def test_others_are_added(f):
    assert "np.concatenate" not in compiled(f, X).source


def test_empty_parts():
    compiled(parts(slice(4, 9), slice(0, 4), slice(4, 4)), X)
    compiled(parts(slice(0, 2), slice(2, 2), slice(2, 4)), X)
    compiled(parts(slice(0), slice(0)), X[:0])


def test_what_is_added_later_stays():
    def f(x):
        y = np.tanh(x)
        return np.sum(y[:2] * y[2:]) + np.sum(y[1:3] ** 2) + np.sum(y)

    compiled(f, X)


def filled(*changes, shape=(4, 6), **options):
    """A function that adds parts of x to zeros."""

    def f(x):
        t = np.zeros(shape, like=x, **options)
        seen = [change(t, x) for change in changes]
        return [s for s in seen if s is not None], t * x

    return f


def added(index, of=lambda x: x * 1.5):
    def change(t, x):
        t[index] += of(x[index])

    return change


def taken(index, of=lambda x: x * 1.5):
    def change(t, x):
        t[index] -= of(x[index])

    return change


FIRST, LAST = slice(2), slice(2, None)


def test_zeros_of_the_function_itself():
    program = compiled(filled(added(FIRST), added(LAST)), X, argnums=None)
    assert "np.concatenate" in program.source


@pytest.mark.parametrize(
    "f",
    [
        filled(lambda t, x: np.sum(t), added(FIRST), added(LAST)),
        filled(added(FIRST), lambda t, x: np.sum(t * 3.0), added(LAST)),
        filled(added(FIRST), lambda t, x: t.copy(), added(LAST)),  # a result
        filled(added(FIRST), taken(LAST)), filled(taken(FIRST), added(LAST)),
        filled(added(FIRST, lambda x: x[:1] + 1.0), added(LAST)),  # spread over the part
        filled(added(FIRST), lambda t, x: t.__setitem__(LAST, t[LAST] + 1.0)),
        filled(*[added(i, lambda x: x.astype(np.float32)) for i in (FIRST, LAST)]),
        filled(added(FIRST), added(LAST), order="F"),
    ],
)  # fmt: skip
def test_zeros_that_are_filled_otherwise(f):
    assert "np.zeros" in compiled(f, X, argnums=None).source


def test_places_that_are_computed():
    def f(x, i):
        t = np.zeros((2, 6), like=x)
        t[i : i + 1] += x[:1]
        t[1 - i : 2 - i] += x[1:2]
        return t

    program = compile(f, X, np.array(0), argnums=None)
    for i in (0, 1, 0):
        assert_same(program(X, np.array(i)), f(X, np.array(i)))


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.int64])
def test_zeros_of_every_dtype(dtype):
    def f(x):
        t = np.zeros((4, 6), dtype, like=x)
        t[:2] += x[2:]
        t[2:] += x[:2]
        return t

    x = (10 * X).astype(dtype)
    program = compile(f, x, argnums=None)
    assert_same(program(x - x), f(x - x))
    assert_same(program(-x), f(-x))
    assert ("np.concatenate" in program.source) == (dtype is not np.int64)


def test_the_source_says_which_line_asks_for_it():
    def f(x):
        y = np.tanh(x)
        a, b = np.split(y, 2)
        return np.sum(a * b)

    forward, reverse = compiled(f, X).source.split("\n\n    ")
    at = f.__code__.co_firstlineno + 2
    joined = rf"dy = np\.concatenate\(\(t2, t1\), axis=0\) \+ 0\.0 +# test_joins\.py:{at}"
    assert re.fullmatch(joined, reverse.splitlines()[0])
    assert "tanh" in forward


def test_the_gates_of_an_lstm():
    def f(z, c):
        i, f, g, o = np.split(z, 4, axis=-1)
        c = F.sigmoid(f) * c + F.sigmoid(i) * np.tanh(g)
        return np.sum((F.sigmoid(o) * np.tanh(c)) ** 2)

    program = compiled(f, np.ones((3, 8)), np.ones((3, 2)), argnums=(0, 1))
    assert program.source.count("np.concatenate") == 1


def test_joining_can_be_left_out():
    f = parts(LEFT, RIGHT)
    without = tuple(p for p in passes.EXACT if p is not passes.joins)
    assert "np.concatenate" not in compiled(f, X, passes=without).source
    assert "np.concatenate" in compiled(f, X, passes=(*without, passes.joins), reuse=False).source


@st.composite
def cuts(draw):
    """Slices along one axis of a small array, side by side as a rule."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    n = shape[axis] = draw(st.integers(2, 6))
    at = sorted(draw(st.lists(st.integers(0, n), min_size=1, max_size=3)))
    pairs = list(zip([0, *at], [*at, n], strict=True))
    if draw(st.integers(0, 3)) == 3:  # a gap, or a piece that is there twice
        i = draw(st.integers(0, len(pairs) - 1))
        pairs[i] = draw(st.tuples(st.integers(0, n), st.integers(0, n)))
    indices = [(slice(None),) * axis + (slice(*p),) for p in draw(st.permutations(pairs))]
    return shape, indices


@given(
    cuts(), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]),
    st.sampled_from([{}, {"reuse": False}, {"in_place": False}]),
    st.sampled_from([False, False, True]),
)  # fmt: skip
def test_any_slices(given_cuts, seed, dtype, options, transposed):
    shape, indices = given_cuts
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 4, len(indices))

    def f(x):
        y = np.transpose(np.sin(x)) if transposed else np.sin(x)
        total = 0.0
        for k, i in zip(kinds, indices, strict=True):
            part = y[i]
            total = total + np.sum([part * part, -np.sin(part), part**2 * -0.0, np.exp(part)][k])
        return total

    x = rng.standard_normal(shape[::-1] if transposed else shape).astype(dtype)
    program = compile(f, x, **options)
    for at in (x, 0.0 * x, -0.0 * x, rng.standard_normal(x.shape).astype(dtype)):
        assert_same(program(at), value_and_grad(f)(at))
