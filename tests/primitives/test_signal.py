"""Differences, quadrature, interpolation and convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, jacobian
from tests.helpers import check

_rng = np.random.default_rng(7)
A, B = _rng.standard_normal((4, 5)), _rng.standard_normal((3, 4, 5))
V, W = _rng.standard_normal(6), _rng.standard_normal(3)
Z, Y = W + 1j * _rng.standard_normal(3), V + 1j * _rng.standard_normal(6)
KNOTS = np.array([-1.0, 0.0, 0.5, 2.0])
HEIGHTS = np.array([0.3, -1.0, 2.0, 0.7])
INSIDE = np.array([[-0.7, 0.2, 1.1], [0.6, 1.9, -0.1]])
COORDINATES = np.array([0.0, 0.4, 1.5, 1.9, 3.2])

DIFFERENCES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("diff", np.diff, (V,)),
    ("diff, n", lambda a: np.diff(a, 3), (V,)),
    ("diff, n=0", lambda a: np.diff(a, n=0) * 2, (V,)),
    ("diff, n too large", lambda a: np.diff(a, n=7), (V,)),
    ("diff, axis", lambda a: np.diff(a, axis=0, n=2), (A,)),
    ("diff, axis -2", lambda a: np.diff(a, 1, -2), (B,)),
    ("diff, prepend scalar", lambda a, p: np.diff(a, prepend=p), (A, 2.0)),
    ("diff, append array", lambda a, p: np.diff(a, append=p, axis=0), (A, A[:2])),
    ("diff, both", lambda a: np.diff(a, 2, prepend=0.0, append=[1.0, 2.0]), (V,)),
    ("diff, complex", np.diff, (Y,)),
    ("diff, Fortran", lambda a: np.diff(a, axis=0), (np.asfortranarray(A),)),
    ("diff, reversed", np.diff, (V[::-1],)),
    ("diff, empty", lambda a: np.diff(a, axis=0), (np.zeros((3, 0)),)),
    ("ediff1d", np.ediff1d, (A,)),
    ("ediff1d, ends", lambda a, e, b: np.ediff1d(a, e, b), (V, W, 2.0)),
    ("ediff1d, list", lambda a: np.ediff1d(a, to_begin=[1.0, 2.0]), (V,)),
    ("gradient", np.gradient, (V,)),
    ("gradient, two axes", np.gradient, (A,)),
    ("gradient, spacing", lambda f: np.gradient(f, 0.3), (A,)),
    ("gradient, spacings", lambda f: np.gradient(f, 0.3, 2.0), (A,)),
    ("gradient, axis", lambda f: np.gradient(f, axis=-1), (A,)),
    ("gradient, axes", lambda f: np.gradient(f, 2.0, 0.5, axis=(2, 0)), (B,)),
    ("gradient, edge_order", lambda f: np.gradient(f, edge_order=2), (A,)),
    ("gradient, two points", np.gradient, (V[:2],)),
    ("gradient, three points", lambda f: np.gradient(f, edge_order=2), (W,)),
    ("gradient, complex", np.gradient, (Y,)),
    ("gradient, step differentiated", lambda f, h: np.gradient(f, h, edge_order=2), (V, 0.7)),
    ("gradient, coordinates", lambda f, x: np.gradient(f, x, axis=1), (A, COORDINATES)),
    (
        "gradient, coordinates, edge_order",
        lambda f, x: np.gradient(f, 0.5, x, edge_order=2),
        (A, COORDINATES),
    ),
]

QUADRATURE: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("trapezoid", np.trapezoid, (V,)),
    ("trapezoid, dx", lambda y, dx: np.trapezoid(y, dx=dx), (A, 0.3)),
    ("trapezoid, axis", lambda y: np.trapezoid(y, axis=0), (A,)),
    ("trapezoid, x", lambda y, x: np.trapezoid(y, x), (A, COORDINATES)),
    ("trapezoid, x, axis", lambda y, x: np.trapezoid(y, x, axis=1), (B, COORDINATES[:4])),
    ("trapezoid, x of y's shape", lambda y, x: np.trapezoid(y, x, axis=0), (A, A**3)),
    ("trapezoid, only x", lambda x: np.trapezoid([1.0, 2.0, 4.0, 3.0, 0.0], x), (COORDINATES,)),
    ("trapezoid, complex", np.trapezoid, (Y,)),
    ("trapezoid, one point", np.trapezoid, (V[:1],)),
]

INTERPOLATION: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("interp", np.interp, (INSIDE, KNOTS, HEIGHTS)),
    ("interp, scalar", lambda x: np.interp(x, KNOTS, HEIGHTS), (0.3,)),
    ("interp, fp only", lambda fp: np.interp([0.1, 3.0], KNOTS, fp), (HEIGHTS,)),
    ("interp, outside", np.interp, (np.array([-3.0, 0.2, 5.0]), KNOTS, HEIGHTS)),
    (
        "interp, left and right",
        lambda x, fp, a, b: np.interp(x, KNOTS, fp, left=a, right=b),
        (np.array([-3.0, 0.2, 5.0]), HEIGHTS, 0.5, -2.0),
    ),
    (
        "interp, period",
        lambda x, xp, fp: np.interp(x, xp, fp, period=4.0),
        (np.array([-3.1, 0.2, 5.3, 3.9]), np.array([0.5, 5.0, 2.0, -1.5]), HEIGHTS),
    ),
    ("interp, complex fp", np.interp, (INSIDE, KNOTS, HEIGHTS * (1 + 2j))),
    ("interp, two knots", np.interp, (np.array([0.2, 0.6]), KNOTS[1:3], HEIGHTS[:2])),
    ("interp, one knot", lambda x, fp: np.interp(x, [1.0], fp), (INSIDE, HEIGHTS[:1])),
    ("interp, empty", lambda x: np.interp(x, KNOTS, HEIGHTS), (np.zeros((0, 2)),)),
]

CONVOLUTION: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    (f"{f.__name__}, {mode}, {len(a)} by {len(v)}", lambda a, v, f=f, m=mode: f(a, v, m), (a, v))
    for f in (np.convolve, np.correlate)
    for mode in ("full", "same", "valid")
    for a, v in ((V, W), (W, V), (V[:4], V[:4]))
] + [
    ("convolve, default", np.convolve, (V, W)),
    ("correlate, default", np.correlate, (V, W)),
    ("convolve, complex", np.convolve, (Y, Z)),
    ("correlate, complex", lambda a, v: np.correlate(a, v, "full"), (Y, Z)),
    ("correlate, real and complex", lambda a, v: np.correlate(a, v, "same"), (V, Z)),
    ("convolve, scalar", lambda a, v: np.convolve(a, v), (V, 2.0)),
    ("convolve, list", lambda a: np.convolve([1.0, -2.0, 1.0], a, mode="valid"), (V,)),
    ("correlate, self", lambda a: np.correlate(a, a, "full"), (V,)),
    ("convolve, strided", lambda a, v: np.convolve(a, v), (V[::-2], W[::-1])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "args"),
    [
        pytest.param(f, args, id=name)
        for name, f, args in DIFFERENCES + QUADRATURE + INTERPOLATION + CONVOLUTION
    ],
)
def test_value_and_derivatives(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    check(f, *args)


@pytest.mark.parametrize("shapes", [(m, n) for m in range(1, 6) for n in range(1, 6)])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_every_alignment_of_a_convolution(shapes: tuple[int, int], mode: Any) -> None:
    a, v = Y[: shapes[0]], Y[6 - shapes[1] :]
    for f in (np.convolve, np.correlate):
        np.testing.assert_allclose(f(Variable(a), v, mode).value, f(a, v, mode), atol=1e-14)


def test_interp_takes_the_slope_on_the_right_of_a_knot() -> None:
    slope = grad(lambda x: np.interp(x, [0.0, 1.0, 3.0], [0.0, 2.0, -4.0]))
    assert [slope(x) for x in (0.0, 0.5, 1.0, 3.0, -1.0, 4.0)] == [2.0, 2.0, -3.0, -3.0, 0.0, 0.0]


def test_interp_at_a_repeated_knot() -> None:
    xp, fp = np.array([0.0, 1.0, 1.0, 2.0, 2.0]), np.array([0.0, 1.0, 5.0, 6.0, 9.0])
    x = np.array([0.5, 1.0, 1.5, 2.0])
    np.testing.assert_array_equal(np.interp(Variable(x), xp, fp).value, np.interp(x, xp, fp))
    weights = jacobian(lambda fp: np.interp(x, xp, fp))(fp)
    np.testing.assert_array_equal(weights @ fp, np.interp(x, xp, fp))


def test_the_transpose_of_a_convolution_is_exact() -> None:
    expected = np.array([[2.0, 0, 0], [1, 2, 0], [0, 1, 2], [0, 0, 1]])
    np.testing.assert_array_equal(
        jacobian(lambda a: np.convolve(a, [2.0, 1.0]))(np.ones(3)), expected
    )


def test_a_sum_of_differences_is_the_ends() -> None:
    np.testing.assert_array_equal(grad(lambda a: np.sum(np.diff(a)))(V), [-1, 0, 0, 0, 0, 1])


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda v: np.diff(v, n=-1), ValueError, "non-negative"),
        (lambda v: np.diff(v[0]), ValueError, "at least one dimensional"),
        (lambda v: np.diff(v, axis=1), np.exceptions.AxisError, "axis 1"),
        (lambda v: np.ediff1d([1, 2], to_end=v), TypeError, "to_end of dtype float64"),
        (lambda v: np.gradient(v[:1]), ValueError, "too small"),
        (lambda v: np.gradient(v, edge_order=3), ValueError, "edge_order"),
        (lambda v: np.gradient(v, 1.0, 2.0), TypeError, "2 spacings for 1 axes"),
        (lambda v: np.gradient(v, [1.0, 2.0]), ValueError, "length"),
        (lambda v: np.gradient(v, np.ones((2, 2))), ValueError, "scalars or 1d"),
        (lambda v: np.interp(v, [0.0, 1.0], [1.0]), ValueError, "same length"),
        (lambda v: np.interp(v, [], []), ValueError, "empty"),
        (lambda v: np.interp(v, [0.0], [1.0], period=0.0), ValueError, "non-zero"),
        (lambda v: np.convolve(v, []), ValueError, "empty"),
        (lambda v: np.convolve(v, np.ones((2, 2))), ValueError, "1-D"),
        (lambda v: np.convolve(v, v, "periodic"), ValueError, "'periodic'"),
    ],
)
def test_errors(f: Callable[..., Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        f(Variable(V))
