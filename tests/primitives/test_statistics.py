"""Means, spreads and covariances: every argument, constants, complex and nan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, hessian, hvp
from tests.helpers import check

rng = np.random.default_rng(4)
A = rng.standard_normal((3, 4))
B = rng.standard_normal((2, 3, 4))
Z = A + 1j * rng.standard_normal((3, 4))
MASK = rng.uniform(size=(3, 4)) < 0.7
MASK[:, :2] = True
MASK[:2] = True
ROW = np.array([True, False, True, True])

CASES: list[tuple[str, Any, Any]] = [
    ("all", lambda f, x: f(x), B),
    ("axis", lambda f, x: f(x, 1), B),
    ("axes", lambda f, x: f(x, axis=(0, -1)), B),
    ("keepdims", lambda f, x: f(x, axis=1, keepdims=True), B),
    ("keepdims of all", lambda f, x: f(x, keepdims=True), B),
    ("where", lambda f, x: f(x, where=MASK), A),
    ("where axis", lambda f, x: f(x, axis=0, where=MASK), A),
    ("where broadcast", lambda f, x: f(x, axis=1, keepdims=True, where=ROW), A),
    ("complex", lambda f, x: f(x, axis=1), Z),
    ("complex where", lambda f, x: f(x, where=MASK), Z),
    ("Fortran", lambda f, x: f(x, axis=1), np.asfortranarray(B)),
    ("strided", lambda f, x: f(x, axis=0), B[::-1, :, ::2]),
    ("no rows", lambda f, x: f(x, axis=1), np.zeros((0, 3))),
]
SPREADS = [np.var, np.std, np.nanvar, np.nanstd]
by_name: Any = {"ids": lambda f: f.__name__}


@pytest.mark.parametrize(("f", "x"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("function", [np.mean, np.nanmean, *SPREADS], **by_name)
def test_arguments(function: Any, f: Any, x: Any) -> None:
    check(lambda a: f(function, a), x)


@pytest.mark.parametrize("function", SPREADS, **by_name)
def test_degrees_of_freedom(function: Any) -> None:
    check(lambda x: function(x, ddof=1), A)
    check(lambda x: function(x, axis=0, ddof=1, where=MASK), A)
    check(lambda x: function(x, axis=1, correction=1.5), A)
    with pytest.raises(ValueError, match="simultaneously"):
        function(Variable(A), ddof=1, correction=1)


@pytest.mark.parametrize("function", SPREADS, **by_name)
def test_a_given_mean(function: Any) -> None:
    check(lambda x: function(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)), A)
    check(lambda x: function(x, mean=np.mean(x, keepdims=True), keepdims=True), A)
    check(lambda x, m: function(x, axis=0, mean=m, ddof=1), A, np.array([[0.3, 0.2, 0.1, 0.4]]))
    check(lambda x, m: function(x, mean=m, where=MASK), A, np.array([[0.3]]))
    check(lambda x: function(x, axis=0, mean=np.mean(x, axis=0, keepdims=True)), Z)


@pytest.mark.parametrize("function", [np.mean, np.nanmean, *SPREADS], **by_name)
def test_dtype_and_out(function: Any) -> None:
    x = Variable(A.astype(np.float32))
    y = function(x, axis=0)
    assert y.dtype == np.float32
    y = function(x, dtype=np.float64)
    assert y.dtype == np.float64
    y.backward()
    assert x.adjoint.dtype == np.float32
    half = A.astype(np.float16)
    assert function(Variable(half)).dtype == np.float16
    assert function(Variable(half)).value == function(half)
    with pytest.raises(TypeError, match=rf"{function.__name__}: out="):
        function(x, out=np.zeros(()))


def test_python_floats_and_scalars() -> None:
    for f, slope in ((np.mean, 1), (np.nanmean, 1), (np.var, 0), (np.std, 0), (np.ptp, 0)):
        for v in (Variable(2.0), Variable(np.float64(2.0)), Variable(np.array(2.0))):
            f(v).backward()
            assert v.adjoint == slope


def test_the_mean_equals_numpys_to_the_last_bit() -> None:
    for dtype in (np.float16, np.float32, np.float64, np.complex64):
        x = rng.standard_normal((37, 11)).astype(dtype)
        for axis in (None, 0, 1):
            np.testing.assert_array_equal(np.mean(Variable(x), axis).value, np.mean(x, axis))


@pytest.mark.parametrize("function", [np.std, np.nanstd], **by_name)
@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -1e6 / 3, 1e-300])
def test_std_of_a_constant(function: Any, value: float) -> None:
    """0.1 + 0.1 + 0.1 is not 0.3, so that the deviations are not exactly 0: no matter."""
    x = np.full(3, value)
    np.testing.assert_array_equal(grad(function)(x), np.zeros(3))
    np.testing.assert_array_equal(hessian(function)(x), np.zeros((3, 3)))
    np.testing.assert_array_equal(hvp(function, x, np.ones(3)), np.zeros(3))
    two = np.stack([x, [1.0, 2.0, 4.0]])
    g = grad(lambda a: np.sum(function(a, axis=1)))(two)
    np.testing.assert_array_equal(g[0], np.zeros(3))
    np.testing.assert_allclose(g[1], grad(np.std)(two[1]), rtol=1e-14)
    masked = grad(lambda a: function(a, where=np.array([True, True, False])))
    np.testing.assert_array_equal(masked(np.array([value, value, 7.0])), np.zeros(3))


def test_std_of_nearly_constant() -> None:
    """One unit in the last place is a deviation: the slopes are ±1/2, as ever for two."""
    x = np.array([1.0, 1.0 + 2 * np.finfo(float).eps])
    np.testing.assert_allclose(grad(np.std)(x), [-0.5, 0.5])
    assert grad(np.var)(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]


def test_spread_of_masked_nan() -> None:
    x = np.array([1.0, np.nan, 4.0, 6.0])
    there = ~np.isnan(x)
    for f in (np.mean, np.var, np.std):
        g = grad(lambda a, f=f: f(a, where=there))(x)
        np.testing.assert_allclose(g[there], grad(f)(x[there]), rtol=1e-14)
        assert g[1] == 0
    for f, nan_f in ((np.mean, np.nanmean), (np.var, np.nanvar), (np.std, np.nanstd)):
        assert nan_f(Variable(x)).value == pytest.approx(nan_f(x), rel=1e-15)
        np.testing.assert_array_equal(grad(nan_f)(x), grad(lambda a, f=f: f(a, where=there))(x))


@pytest.mark.parametrize("function", [np.nanmean, np.nanvar, np.nanstd], **by_name)
def test_rows_of_nan(function: Any) -> None:
    x = np.array([[np.nan, np.nan], [1.0, 3.0]])
    v = Variable(x)
    with pytest.warns(RuntimeWarning):
        y = function(v, axis=1)
    with pytest.warns(RuntimeWarning):
        np.testing.assert_allclose(y.value, function(x, axis=1))
    y[1].backward()
    assert np.all(np.isfinite(v.adjoint))
    assert np.all(v.adjoint[0] == 0)
    with pytest.warns(RuntimeWarning):
        assert np.isnan(function(Variable(x[0])).value)


def test_mean_of_nothing_warns_as_numpy_does() -> None:
    v = Variable(np.zeros(0))
    with pytest.warns(RuntimeWarning):
        y = np.mean(v)
    assert np.isnan(y.value)
    y.backward()
    assert v.adjoint.shape == (0,)


@pytest.mark.parametrize("axis", [None, 0, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_ptp(axis: Any, keepdims: bool) -> None:
    check(lambda x: np.ptp(x, axis=axis, keepdims=keepdims), B)
    np.testing.assert_array_equal(grad(np.ptp)(np.array([3.0, 3.0])), [0, 0])
    np.testing.assert_array_equal(grad(np.ptp)(np.array([3.0, 3.0, 1.0])), [0.5, 0.5, -1])


def test_by_complex_step() -> None:
    """Of the analytic formula: NumPy's own var takes |x|², which is not."""
    x, h = rng.standard_normal(5), 1e-30

    def std(z: Any) -> Any:
        return np.sqrt(np.mean((z - np.mean(z)) ** 2))

    step = [np.imag(std(x + 1j * h * np.eye(5)[i])) / h for i in range(5)]
    np.testing.assert_allclose(grad(np.std)(x), step, rtol=1e-12)
