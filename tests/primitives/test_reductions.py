"""Sums and extremes: every argument, and what happens at ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from tests.helpers import check

rng = np.random.default_rng(7)
A = rng.standard_normal((3, 4))
B = rng.standard_normal((2, 3, 4))
Z = A + 1j * rng.standard_normal((3, 4))
MASK = rng.uniform(size=(3, 4)) < 0.6
MASK[:, 0] = True
ROW = np.array([True, False, True, True])
WITH_NAN = np.where(rng.uniform(size=(3, 4)) < 0.3, np.nan, A)
WITH_NAN[:, 1] = A[:, 1]

SUMS: list[tuple[str, Any, Any]] = [
    ("all", lambda f, x: f(x), B),
    ("axis", lambda f, x: f(x, 1), B),
    ("axes", lambda f, x: f(x, axis=(0, -1)), B),
    ("no axes", lambda f, x: f(x, axis=()), A),
    ("all axes", lambda f, x: f(x, axis=(0, 1)), A),
    ("keepdims", lambda f, x: f(x, axis=1, keepdims=True), B),
    ("keepdims of all", lambda f, x: f(x, keepdims=True), B),
    ("one element kept", lambda f, x: f(x, axis=1), A[:1]),
    ("where", lambda f, x: f(x, where=MASK, initial=0.5), A),
    ("where broadcast", lambda f, x: f(x, axis=0, where=ROW, initial=0.5), A),
    ("where axis keepdims", lambda f, x: f(x, 1, keepdims=True, where=MASK, initial=-0.2), A),
    ("initial", lambda f, x: f(x, axis=0, initial=0.25), A),
    ("0-d", lambda f, x: f(x), np.array(1.5)),
    ("NumPy scalar", lambda f, x: f(x), np.float64(1.5)),
    ("size 0", lambda f, x: f(x, axis=0, initial=1.0), np.zeros((0, 3))),
    ("rows of size 0", lambda f, x: f(x, axis=1, initial=1.0), np.zeros((2, 0))),
    ("Fortran", lambda f, x: f(x, axis=1), np.asfortranarray(B)),
    ("strided", lambda f, x: f(x, axis=0), B[::-1, :, ::2]),
]


@pytest.mark.parametrize(("f", "x"), [c[1:] for c in SUMS], ids=[c[0] for c in SUMS])
@pytest.mark.parametrize(
    "function", [np.sum, np.prod, np.max, np.min, np.amax, np.amin, np.nansum, np.nanprod,
                 np.nanmax, np.nanmin], ids=lambda f: f.__name__,
)  # fmt: skip
def test_arguments(function: Any, f: Any, x: Any) -> None:
    check(lambda a: f(function, a), x)


@pytest.mark.parametrize("function", [np.sum, np.prod, np.max, np.min, np.nansum, np.nanprod])
def test_complex(function: Any) -> None:
    check(lambda z: function(z, axis=1), Z)
    check(lambda z: function(z, keepdims=True), Z)


@pytest.mark.parametrize("function", [np.nansum, np.nanprod, np.nanmax, np.nanmin])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_nan_counts_for_nothing(function: Any, axis: Any) -> None:
    good = ~np.isnan(WITH_NAN)

    x = Variable(WITH_NAN)
    y = function(x, axis=axis)
    np.testing.assert_allclose(y.value, function(WITH_NAN, axis=axis))
    np.sum(y).backward()
    assert np.all(x.adjoint[~good] == 0)
    assert np.all(np.isfinite(x.adjoint))
    check(lambda a: function(np.where(good, a, np.nan), axis=axis), np.where(good, A, 0.3))


@pytest.mark.parametrize("function", [np.sum, np.prod, np.nansum, np.nanprod])
def test_dtype_is_computed_in(function: Any) -> None:
    x = Variable(A.astype(np.float32))
    y = function(x, dtype=np.float64)
    assert y.dtype == np.float64
    y.backward()
    assert x.adjoint.dtype == np.float32
    assert not isinstance(function(x, dtype=int), Variable)


def test_python_floats() -> None:
    for f in (np.sum, np.prod, np.max, np.min, np.nansum, np.nanmax, np.add.reduce):
        v = Variable(2.0)
        f(v).backward()
        assert v.adjoint == 1.0, f
    for f in (np.sum, np.mean, np.prod, np.max):
        z = Variable(2.0 + 1j)
        f(z).backward(1.0 + 2j)
        assert z.adjoint == 1.0 + 2j, f


def test_the_adjoint_of_a_sum_is_the_callers_own() -> None:
    g = grad(np.sum)(A)
    g += 1.0
    np.testing.assert_array_equal(g, np.full((3, 4), 2.0))


TIES: list[tuple[Any, Any, Any]] = [
    (lambda x: np.max(x), [1.0, 3.0, 3.0, 2.0], [0, 0.5, 0.5, 0]),
    (lambda x: np.min(x), [1.0, 1.0, 1.0, 2.0], [1 / 3, 1 / 3, 1 / 3, 0]),
    (lambda x: np.max(x, initial=3.0), [1.0, 3.0], [0, 0.5]),
    (lambda x: np.max(x, initial=4.0), [1.0, 3.0], [0, 0]),
    (lambda x: np.max(x, initial=0.0, where=np.array([True, False, True])), [3.0, 3.0, 3.0],
     [0.5, 0, 0.5]),
    (lambda x: np.nanmax(x), [np.nan, 2.0, 2.0], [0, 0.5, 0.5]),
    (lambda x: np.max(x), [np.inf, 2.0, np.inf], [0.5, 0, 0.5]),
    (lambda x: np.prod(x), [0.0, 2.0, 3.0], [6, 0, 0]),
    (lambda x: np.prod(x), [0.0, 2.0, 0.0], [0, 0, 0]),
    (lambda x: np.sum(x, where=np.array([True, False, True])), [1.0, np.nan, 2.0], [1, 0, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x", "expected"), TIES)
def test_ties_and_kinks(f: Any, x: Any, expected: Any) -> None:
    np.testing.assert_allclose(grad(f)(np.array(x)), expected, rtol=1e-15)


def test_max_of_nan_has_a_finite_adjoint() -> None:
    v = Variable([1.0, np.nan])
    np.max(v).backward()
    np.testing.assert_array_equal(v.adjoint, [0, 0])


def test_integer_arguments_with_a_recorded_initial() -> None:
    v = Variable(A)
    s = Variable(2.0)
    y = np.sum(v, initial=s) * np.prod(v, initial=s)
    y.backward()
    total, product = np.sum(A), np.prod(A)
    assert s.adjoint == pytest.approx(2 * product + total * product + 2 * product)


@pytest.mark.parametrize(
    "function", [np.sum, np.prod, np.max, np.min, np.nansum, np.nanprod, np.nanmax],
)  # fmt: skip
def test_out_is_refused_by_name(function: Any) -> None:
    with pytest.raises(TypeError, match=rf"np\.{function.__name__}: out="):
        function(Variable(A), out=np.zeros(()))
    with pytest.raises(np.exceptions.AxisError):
        function(Variable(A), axis=2)


def test_the_initial_of_an_extreme_is_a_constant() -> None:
    with pytest.raises(TypeError, match=r"initial\.value"):
        np.max(Variable(A), initial=Variable(1.0))
