"""Polynomials as arrays of coefficients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, jacobian
from tests.helpers import check

P, Q = np.array([2.0, -1.0, 0.5, 3.0]), np.array([1.5, -0.3])
X = np.array([[0.3, -1.2, 0.0], [2.0, 0.7, -0.4]])
POINTS = np.array([-1.0, -0.3, 0.2, 0.8, 1.4, 2.1])
VALUES = np.array([0.4, -1.0, 0.3, 2.0, 1.1, -0.6])
WEIGHTS = np.array([1.0, 0.5, 2.0, 1.5, 0.7, 1.2])

CASES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("polyval", np.polyval, (P, X)),
    ("polyval, scalar x", np.polyval, (P, 0.7)),
    ("polyval, plain list", lambda x: np.polyval([1, 0, -2], x), (X,)),
    ("polyval, integer x", lambda p: np.polyval(p, [1, 2, 3]), (P,)),
    ("polyval, empty x", np.polyval, (P, np.zeros((2, 0)))),
    ("polyval, several polynomials", np.polyval, (np.outer(P, Q), np.array([0.3, 0.9]))),
    ("polyval, complex", np.polyval, (P * (1 + 0.5j), X * (0.3 - 1j))),
    ("polyval, strided", np.polyval, (P[::-1], X.T)),
    ("polyadd", np.polyadd, (P, Q)),
    ("polyadd, reversed", np.polyadd, (Q, P)),
    ("polyadd, equal lengths", np.polyadd, (P, P[::-1])),
    ("polyadd, scalar", lambda p: np.polyadd(p, 2), (P,)),
    ("polysub", np.polysub, (P, Q)),
    ("polysub, reversed", lambda q: np.polysub(q, [1.0, 2.0, 3.0]), (Q,)),
    ("polymul", np.polymul, (P, Q)),
    ("polymul, complex", np.polymul, (P, Q * 1j)),
    ("polymul, leading zero", lambda p: np.polymul([0.0, 0.0, 2.0, 1.0], p), (P,)),
    ("polymul, zero", lambda p: np.polymul([0.0, 0.0], p), (P,)),
    ("polyder", np.polyder, (P,)),
    ("polyder, m", lambda p: np.polyder(p, 2), (P,)),
    ("polyder, m=0", lambda p: np.polyder(p, m=0) * 2, (P,)),
    ("polyder, m too large", lambda p: np.polyder(p, 6), (P,)),
    ("polyint", np.polyint, (P,)),
    ("polyint, k", lambda p, k: np.polyint(p, 2, k), (P, Q)),
    ("polyint, one k", lambda p, k: np.polyint(p, m=3, k=k), (P, 2.0)),
    ("polyint, list k", lambda p: np.polyint(p, 2, [1.0, 2.0]), (P,)),
    ("polyint, m=0", lambda p: np.polyint(p, 0) * 2, (P,)),
    ("polyfit", lambda x, y: np.polyfit(x, y, 2), (POINTS, VALUES)),
    ("polyfit, exact", lambda x, y: np.polyfit(x, y, 3), (POINTS[:4], VALUES[:4])),
    ("polyfit, constant", lambda y: np.polyfit(POINTS, y, 0), (VALUES,)),
    ("polyfit, w", lambda x, y, w: np.polyfit(x, y, 2, w=w), (POINTS, VALUES, WEIGHTS)),
    (
        "polyfit, several y",
        lambda x, y: np.polyfit(x, y, 2, w=WEIGHTS, rcond=1e-12),
        (POINTS, np.stack([VALUES, WEIGHTS], 1)),
    ),
    ("polyfit, list x", lambda y: np.polyfit([0, 1, 2, 3, 4, 5], y, deg=1), (VALUES,)),
]


@pytest.mark.parametrize(("f", "args"), [pytest.param(f, a, id=name) for name, f, a in CASES])
def test_value_and_derivatives(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    check(f, *args)


def test_polyval_at_zero() -> None:
    assert grad(lambda x: np.polyval([3.0, 2.0, 1.0], x))(0.0) == 2.0
    assert grad(grad(lambda x: np.polyval([3.0, 2.0, 1.0], x)))(0.0) == 6.0


def test_a_fit_is_linear_in_y() -> None:
    weights = jacobian(lambda y: np.polyfit(POINTS, y, 2))(VALUES)
    np.testing.assert_allclose(weights, np.linalg.pinv(np.vander(POINTS, 3)), atol=1e-13)


def test_too_few_points_warn_as_in_numpy() -> None:
    with pytest.warns(np.exceptions.RankWarning):
        np.polyfit(np.ones(3), Variable(VALUES[:3]), 1)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda v: np.polyfit(POINTS, v, 1, full=True), TypeError, "full=True is not supported"),
        (lambda v: np.polyfit(POINTS, v, 1, cov=True), TypeError, "cov=True is not supported"),
        (lambda v: np.polyfit(POINTS, v, -1), ValueError, "deg"),
        (lambda v: np.polyfit(POINTS[:3], v, 1), TypeError, "expected y of shape"),
        (lambda v: np.polyfit(v.reshape(2, 3), v, 1), TypeError, "1D"),
        (lambda v: np.polyfit(POINTS, v, 1, w=WEIGHTS[:2]), TypeError, "expected w"),
        (lambda v: np.polyder(v, -1), ValueError, "positive"),
        (lambda v: np.polyint(v, -1), ValueError, "positive"),
        (lambda v: np.polyint(v, 3, k=[1.0, 2.0]), ValueError, "k must be"),
        (lambda v: np.roots(v), TypeError, "roots has no derivative rule"),
        (lambda v: np.poly(v), TypeError, "poly has no derivative rule"),
    ],
)
def test_errors(f: Callable[..., Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        f(Variable(VALUES))
