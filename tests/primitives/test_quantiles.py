"""Medians, percentiles and quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from tests.helpers import check

rng = np.random.default_rng(9)
A = rng.standard_normal((3, 5))
B = rng.standard_normal((2, 3, 4))
WITH_NAN = np.array([[1.0, np.nan, 3.0, 7.0], [2.0, 5.0, 4.0, 1.5], [np.nan, np.nan, 6.0, np.nan]])
METHODS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher",
    "midpoint", "nearest",
]  # fmt: skip
QUANTILES = [np.quantile, np.percentile, np.nanquantile, np.nanpercentile]
by_name: Any = {"ids": lambda f: f.__name__}


def places(function: Any, q: Any) -> Any:
    return np.multiply(q, 100) if "percentile" in function.__name__ else q


@pytest.mark.parametrize("function", [np.median, np.nanmedian], **by_name)
@pytest.mark.parametrize("x", [A, B, A[0], A[0, :4], np.float64(2.0), B[::-1, :, ::2].T])
def test_median(function: Any, x: Any) -> None:
    check(function, x)
    check(lambda a: function(a, keepdims=True), x)
    if np.ndim(x):
        check(lambda a: function(a, axis=0), x)
        check(lambda a: function(a, -1, keepdims=True), x)
    if np.ndim(x) == 3:
        check(lambda a: function(a, axis=(0, 2)), x)
        check(lambda a: function(a, axis=(2, 0), keepdims=True), x)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("function", QUANTILES, **by_name)
def test_methods(function: Any, method: str) -> None:
    for q in (0.0, 0.3, 0.5, 0.87, 1.0):
        check(lambda x, q=q: function(x, places(function, q), axis=1, method=method), A)
    check(lambda x: function(x, places(function, [0.1, 0.9]), method=method), A)


@pytest.mark.parametrize("function", QUANTILES, **by_name)
def test_arguments(function: Any) -> None:
    q = places(function, 0.4)
    many = places(function, np.array([[0.1, 0.5, 0.25], [1.0, 0.0, 0.7]]))
    check(lambda x: function(x, q), B)
    check(lambda x: function(x, q, (0, 2)), B)
    check(lambda x: function(x, q, axis=(2, 0), keepdims=True), B)
    check(lambda x: function(x, many, axis=1), B)
    check(lambda x: function(x, many, keepdims=True), B)
    check(lambda x: function(x, many, axis=0), np.zeros((2, 0)))
    check(lambda x: function(x, q), np.float64(2.0))
    narrow = A.astype(np.float32)
    for p in (q, np.asarray(q), many):
        got = function(Variable(narrow), p)
        assert got.dtype == function(narrow, p).dtype
        np.testing.assert_allclose(got.value, function(narrow, p), rtol=1e-6)


@pytest.mark.parametrize("function", QUANTILES, **by_name)
def test_errors(function: Any) -> None:
    v, q = Variable(A), places(function, 0.5)
    with pytest.raises(TypeError, match="weights="):
        function(v, q, method="inverted_cdf", axis=0, weights=np.ones(3))
    with pytest.raises(TypeError, match=r"q\.value"):
        function(v, Variable(0.5))
    with pytest.raises(TypeError, match="out="):
        function(v, q, out=np.zeros(()))
    with pytest.raises(TypeError, match="real"):
        function(Variable(A + 0j), q)
    with pytest.raises(ValueError, match="range"):
        function(v, 101.0)
    with pytest.raises(ValueError, match="method"):
        function(v, q, method="guess")
    with pytest.raises(np.exceptions.AxisError):
        function(v, q, axis=2)


def test_a_nan_makes_the_row_nan() -> None:
    for f in (np.median, lambda a, axis: np.quantile(a, 0.25, axis=axis)):
        got = f(Variable(WITH_NAN), axis=1)
        np.testing.assert_array_equal(got.value, f(WITH_NAN, axis=1))


@pytest.mark.parametrize(
    "f",
    [np.nanmedian, lambda a, axis=None: np.nanquantile(a, [0.3, 0.8], axis),
     lambda a, axis=None: np.nanpercentile(a, 45, axis, keepdims=True)],
)  # fmt: skip
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_nan_is_left_out(f: Any, axis: Any) -> None:
    v = Variable(WITH_NAN)
    y = f(v, axis=axis)
    np.testing.assert_allclose(y.value, f(WITH_NAN, axis=axis), rtol=1e-14)
    np.sum(y).backward()
    missing = np.isnan(WITH_NAN)
    assert np.all(v.adjoint[missing] == 0)
    h = 1e-6
    for i in zip(*np.nonzero(~missing), strict=True):
        moved = [np.array(WITH_NAN) for _ in range(2)]
        moved[0][i] += h
        moved[1][i] -= h
        slope = (np.sum(f(moved[0], axis=axis)) - np.sum(f(moved[1], axis=axis))) / (2 * h)
        assert v.adjoint[i] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("f", [np.nanmedian, lambda a, axis: np.nanquantile(a, 0.3, axis=axis)])
def test_rows_of_nan(f: Any) -> None:
    x = np.array([[np.nan, np.nan], [1.0, 3.0]])
    with pytest.warns(RuntimeWarning, match="All-NaN"):
        y = f(Variable(x), axis=1)
    with pytest.warns(RuntimeWarning, match="All-NaN"):
        np.testing.assert_allclose(y.value, f(x, axis=1))


def test_median_of_nothing_warns_as_numpy_does() -> None:
    with pytest.warns(RuntimeWarning):
        y = np.median(Variable(np.zeros((2, 0))), axis=1)
    assert np.all(np.isnan(y.value))
    assert y.shape == (2,)


def test_ties_share_evenly() -> None:
    np.testing.assert_allclose(grad(np.median)(np.array([2.0, 1.0, 2.0, 2.0, 5.0])),
                               [1 / 3, 0, 1 / 3, 1 / 3, 0])  # fmt: skip
    np.testing.assert_allclose(grad(np.median)(np.array([1.0, 2.0, 2.0, 3.0])), [0, 0.5, 0.5, 0])
    g = grad(lambda x: np.quantile(x, 0.25, method="higher"))(np.array([1.0, 1.0, 4.0]))
    np.testing.assert_allclose(g, [0.5, 0.5, 0])


def test_huge_and_infinite_medians() -> None:
    assert np.median(Variable([np.inf, np.inf])).value == np.inf
    np.testing.assert_array_equal(grad(np.median)(np.array([np.inf, np.inf, 1.0])), [0.5, 0.5, 0])
