"""Products and running functions: zeros, second order, every argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, hessian
from autograd_tape.primitives.cumulative import recurrence
from tests.helpers import check

rng = np.random.default_rng(3)
A = rng.standard_normal((3, 4))
Z = A + 1j * rng.standard_normal((3, 4))

CASES: list[tuple[str, Any, Any]] = [
    ("flattened", lambda f, x: f(x), A),
    ("axis 0", lambda f, x: f(x, 0), A),
    ("axis -1", lambda f, x: f(x, axis=-1), A),
    ("middle axis", lambda f, x: f(x, axis=1), rng.standard_normal((2, 3, 2))),
    ("complex", lambda f, x: f(x, axis=1), Z),
    ("0-d", lambda f, x: f(x), np.array(1.5)),
    ("0-d axis", lambda f, x: f(x, axis=0), np.array(1.5)),
    ("size 0", lambda f, x: f(x, axis=0), np.zeros((0, 2))),
    ("Fortran", lambda f, x: f(x, axis=0), np.asfortranarray(A)),
    ("reversed", lambda f, x: f(x, axis=1), A[:, ::-2]),
]


@pytest.mark.parametrize(("f", "x"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize(
    "function", [np.cumsum, np.cumprod, np.nancumsum, np.nancumprod], ids=lambda f: f.__name__
)
def test_arguments(function: Any, f: Any, x: Any) -> None:
    check(lambda a: f(function, a), x)


@pytest.mark.parametrize("function", [np.cumulative_sum, np.cumulative_prod])
def test_array_api_names(function: Any) -> None:
    check(lambda x: function(x, axis=0), A)
    check(lambda x: function(x, axis=-1, include_initial=True), A)
    check(lambda x: function(x, axis=0, include_initial=True), Z)
    check(lambda x: function(x), A[0])
    check(lambda x: function(x, include_initial=True), A[0])
    with pytest.raises(ValueError, match="axis="):
        function(Variable(A))


@pytest.mark.parametrize("function", [np.nancumsum, np.nancumprod])
def test_nan_counts_for_nothing(function: Any) -> None:
    x = np.array([1.0, np.nan, 3.0])
    v = Variable(x)
    y = function(v)
    np.testing.assert_array_equal(y.value, function(x))
    np.sum(y).backward()
    np.testing.assert_array_equal(v.adjoint, [3 if function is np.nancumsum else 5, 0, 1])


@pytest.mark.parametrize("function", [np.cumsum, np.cumprod, np.nancumsum, np.cumulative_sum])
def test_dtype_and_out(function: Any) -> None:
    v = Variable(A[0].astype(np.float32))
    assert function(v, dtype=np.float64).dtype == np.float64
    assert not isinstance(function(v, dtype=int), Variable)
    with pytest.raises(TypeError, match=rf"np\.{function.__name__}: out="):
        function(v, out=np.zeros(4))


@pytest.mark.parametrize("zeros", [[], [1], [0, 3], [0, 1, 2, 3]])
@pytest.mark.parametrize("function", [np.prod, np.cumprod])
def test_products_with_zeros(function: Any, zeros: list[int]) -> None:
    x = rng.uniform(0.5, 1.5, 4)
    x[zeros] = 0.0
    check(function, x)
    check(lambda a: function(a, axis=1), np.stack([x, x + 1]))


def test_second_derivatives_of_a_product_with_zeros() -> None:
    """∂²Πx/∂x_i∂x_j is the product of the others: exact, for nothing is divided."""
    x = np.array([0.0, 2.0, 0.0, 3.0])
    expected = np.zeros((4, 4))
    expected[0, 2] = expected[2, 0] = 6.0
    np.testing.assert_array_equal(hessian(np.prod)(x), expected)
    last = hessian(lambda a: np.cumprod(a)[-1])(x)
    np.testing.assert_array_equal(last, expected)


def test_product_by_complex_step() -> None:
    x, h = rng.uniform(0.5, 1.5, 5), 1e-30
    for f in (np.prod, lambda a: np.sum(np.cumprod(a)), lambda a: np.sum(np.cumsum(a) * a)):
        step = [np.imag(f(x + 1j * h * np.eye(5)[i])) / h for i in range(5)]
        np.testing.assert_allclose(grad(f)(x), step, rtol=1e-12)


def test_the_adjoint_stays_finite_where_division_would_not() -> None:
    g = grad(lambda x: np.sum(np.cumprod(x)))(np.array([1e-200, 1e-200, 1.0]))
    np.testing.assert_array_equal(g, [1 + 2e-200, 2e-200, 0.0])


@pytest.mark.parametrize("n", [0, 1, 2, 7, 16])
@pytest.mark.parametrize("reverse", [False, True])
def test_recurrence_is_the_loop(n: int, reverse: bool) -> None:
    a, b = rng.standard_normal((2, 3, n))
    s, last = np.zeros((3, n)), np.zeros(3)
    for k in range(n)[:: -1 if reverse else 1]:
        last = s[:, k] = b[:, k] + a[:, k] * last
    np.testing.assert_allclose(recurrence(a, b, reverse=reverse), s, rtol=1e-12)
    check(lambda a, b: recurrence(a, b, reverse=reverse), a, b)
