"""Operators, powers, remainders, magnitudes."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, elementwise_grad, grad, hvp, jvp, vjp

from ..helpers import check

rng = np.random.default_rng(0)
A = rng.uniform(0.5, 2.0, (3, 4))
B = rng.uniform(0.5, 2.0, (3, 4))
ROW = rng.uniform(0.5, 2.0, 4)
COLUMN = rng.uniform(0.5, 2.0, (2, 3, 1))
Z = A + 1j * rng.standard_normal((3, 4))
W = B + 1j * rng.standard_normal((3, 4))
SIGNED = rng.uniform(0.2, 2.0, (3, 4)) * rng.choice([-1.0, 1.0], (3, 4))

BINARY: list[Any] = [np.add, np.subtract, np.multiply, np.divide, np.true_divide, np.power, np.pow]
BINARY_REAL: list[Any] = [np.float_power, np.remainder, np.mod, np.fmod]
OPERATORS: list[Any] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod,
]  # fmt: skip
UNARY: list[Any] = [
    np.negative, np.positive, np.reciprocal, np.square, np.absolute, np.abs,
    operator.neg, operator.pos, operator.abs,
]  # fmt: skip


def name(x: Any) -> str | None:
    return getattr(x, "__name__", None)


@pytest.mark.parametrize("f", BINARY, ids=name)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (A, B), (COLUMN, A), (ROW, A), (np.float64(0.7), A), (A, np.float64(1.3)), (Z, W),
        (A, W), (Z, ROW), (np.asfortranarray(A), B[::-1, ::-1]), (np.zeros((0, 4)), ROW),
        (np.array(0.7), np.array(1.3)), (0.7, 1.3), (0.7, A),
    ],
    ids=[
        "same", "column", "row", "scalar-left", "scalar-right", "complex", "real-complex",
        "complex-real", "strides", "empty", "0-d", "floats", "float-array",
    ],
)  # fmt: skip
def test_binary(f: Any, x: Any, y: Any) -> None:
    check(f, x, y)


@pytest.mark.parametrize("f", BINARY_REAL, ids=name)
def test_binary_of_real_numbers(f: Any) -> None:
    x, y = np.array([[0.7, 2.3, 5.9]]), np.array([[0.6], [0.85]])
    check(f, x, y, float32=f is not np.float_power)
    check(f, x[0], 0.85, float32=False)
    check(f, np.float64(2.3), y, float32=f is not np.float_power)
    check(f, 2.3, 0.85, float32=False)


@pytest.mark.parametrize("f", OPERATORS, ids=name)
def test_operators_with_constants(f: Any) -> None:
    if f is operator.mod:
        for constant in (0.61, 2, np.float64(0.61), np.array([0.61, 0.66]), np.array([2, 3])):
            check(lambda x: f(x, constant), np.array([[2.71], [3.15]]))  # noqa: B023
            check(lambda x: f(constant, x), np.array([[0.47], [0.55]]))  # noqa: B023
            check(lambda x: f(x, constant), 3.31)  # noqa: B023
            check(lambda x: f(constant, x), 0.47)  # noqa: B023
        return
    for constant in (1.7, 2, np.float64(1.7), ROW, np.array([1, 2, 3, 4]), np.float32(1.5)):
        check(lambda x: f(x, constant), A * 1.07)  # noqa: B023
        check(lambda x: f(constant, x), A * 1.07)  # noqa: B023
        check(lambda x: f(x, constant), 0.77)  # noqa: B023
        check(lambda x: f(constant, x), 0.77)  # noqa: B023


@pytest.mark.parametrize("f", UNARY, ids=name)
@pytest.mark.parametrize(
    "x",
    [SIGNED, Z, np.asfortranarray(SIGNED)[::-1], np.array(-0.7), np.zeros((0, 3)), np.float64(0.3),
     0.7, -0.7, np.array(0.3 - 0.4j), Z[:, ::2]],
    ids=["real", "complex", "strides", "0-d", "empty", "np-float", "float", "negative",
         "0-d-complex", "complex-strides"],
)  # fmt: skip
def test_unary(f: Any, x: Any) -> None:
    check(f, x)


def test_fabs() -> None:
    check(np.fabs, SIGNED)
    check(np.fabs, -0.7)


def test_float32_stays() -> None:
    x = Variable(A.astype(np.float32))
    for y in (x * 2.0, 2.0 * x, x**2, x**2.0, 2.0**x, x / 3, 1.0 / x, x * Variable(2.0), x % 0.7):
        assert y.dtype == np.float32
    c = Variable(Z.astype(np.complex64))
    for y in (c * 2.0, c**2, c**0.5, c ** (1 + 2j), abs(c)):
        assert y.dtype in (np.complex64, np.float32)
        (adjoint,) = vjp(lambda v: np.power(v, 1 + 2j), c.value)[1](np.ones_like(c.value))
        assert adjoint.dtype == np.complex64


def test_float32_with_integer_arrays() -> None:
    x = A.astype(np.float32)
    integers: list[Any] = [np.arange(4, dtype=np.uint8), np.arange(4, dtype=np.int8)]
    for n in (*integers, np.array([True, False] * 2), np.uint8(0)):
        m = np.maximum(n, n.dtype.type(1))
        for f in (lambda v: v**n, lambda v: v * n, lambda v: m**v, lambda v: v / m):  # noqa: B023
            y, pullback = vjp(f, x)
            assert y.dtype == np.float32
            assert pullback(np.ones_like(y))[0].dtype == np.float32


# -- powers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [float, int, np.float64, np.array])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5])
def test_powers_are_exact_at_zero_to_every_order(n: int, kind: Any) -> None:
    exponent = kind(n)

    def f(x: Any) -> Any:
        return np.sum(x**exponent)

    expected = [1.0 if n == 0 else 0.0]
    for k in range(1, 5):
        expected.append(float(np.prod(np.arange(1, k + 1))) if k == n else 0.0)
    derivative: Callable[[Any], Any] = f
    for k in range(1, 5):
        derivative = grad(derivative)
        if n < k:  # a derivative that is constantly 0
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert derivative(np.array(0.0)) == expected[k]
        else:
            assert derivative(np.array(0.0)) == expected[k]


def test_power_with_array_exponents_at_zero() -> None:
    n = np.array([0.0, 1.0, 2.0, 3.0])
    x = np.zeros(4)
    np.testing.assert_array_equal(elementwise_grad(lambda v: v**n)(x), [0, 1, 0, 0])
    second = hvp(lambda v: np.sum(v**n), x, np.ones(4))
    np.testing.assert_array_equal(second, [0, 0, 2, 0])


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 3])
@pytest.mark.parametrize("kind", [float, int, np.array])
def test_negative_bases(n: int, kind: Any) -> None:
    check(lambda x: x ** kind(float(n)), np.array([-1.5, -0.3, 0.4, 2.0]))


def test_negative_bases_with_integer_exponents() -> None:
    check(lambda x: x ** np.array([0, 1, 2, 3]), -A)
    check(lambda x: x ** np.array([[3], [1], [0]], np.uint8), -A)
    check(lambda x: x ** np.array([-1, -2, -3, 0]), -A)
    check(lambda x: np.power(x, -2), -0.7)
    for x, y in ((Variable(-0.5), 0.5), (-2, Variable(0.5)), (-2.0, Variable(0.5))):
        with pytest.warns(RuntimeWarning, match="invalid value"):  # nan, as NumPy, not complex
            assert np.isnan((x**y).value)


def test_power_at_zero_with_a_recorded_exponent() -> None:
    x, y = np.zeros(4), np.array([0.0, 1.0, 2.0, 2.5])
    adjoints = vjp(np.power, x, y)[1](np.ones(4))
    np.testing.assert_array_equal(adjoints[0], [0, 1, 0, 0])
    np.testing.assert_array_equal(adjoints[1], [0, 0, 0, 0])
    for f in (lambda v: 0**v, lambda v: 0.0**v, lambda v: np.zeros(3) ** v):
        assert np.sum(elementwise_grad(f)(np.array([1.0, 2.0, 0.5]))) == 0.0


def test_mixed_second_derivative_of_power() -> None:
    """∂²(x^y)/∂x∂y = x^(y-1)·(1 + y·log x), at y = 0 as well."""
    for y in (0.0, 1.0, 2.0, -1.3):
        mixed = grad(grad(lambda a, b: a**b, 0), 1)(1.7, y)
        assert mixed == pytest.approx(1.7 ** (y - 1) * (1 + y * np.log(1.7)), rel=1e-12)
        mixed = grad(grad(lambda a, b: np.sum(a**b), 0), 1)(np.array(1.7), np.array(y))
        assert mixed == pytest.approx(1.7 ** (y - 1) * (1 + y * np.log(1.7)), rel=1e-12)


def test_roots_stay_infinite_at_zero() -> None:
    with np.errstate(divide="ignore"):
        assert grad(lambda x: x**0.5)(0.0) == np.inf
        assert grad(lambda x: np.sum(x**0.5))(np.zeros(1)) == np.inf
        assert grad(lambda x: 1 / x)(0.0) == -np.inf
        assert grad(np.reciprocal)(0.0) == -np.inf


def test_power_saves_nothing_that_only_a_recorded_exponent_needs() -> None:
    y = Variable(A) ** 2
    assert y._entry.output is None


# -- remainders -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y"), [(7.3, 2.0), (-7.3, 2.0), (7.3, -2.0), (-7.3, -2.0)])
def test_remainders_of_both_signs(x: float, y: float) -> None:
    for kind in (float, np.array):
        assert vjp(np.remainder, kind(x), kind(y))[1](kind(1.0)) == (1, -np.floor(x / y))
        assert vjp(np.fmod, kind(x), kind(y))[1](kind(1.0)) == (1, -np.trunc(x / y))


def test_fmod_counts_what_it_took_away() -> None:
    """1/0.1 rounds to 10, but fmod(1, 0.1) took only 9 away."""
    assert vjp(np.fmod, 1.0, 0.1)[1](1.0)[1] == -9
    assert vjp(np.remainder, 1.0, 0.1)[1](1.0)[1] == -9


def test_divmod() -> None:
    x = Variable(np.array([7.5, -7.5]))
    for floor, rest in (np.divmod(x, 2.0), divmod(x, 2.0)):
        assert floor.__class__ is np.ndarray
        np.testing.assert_array_equal(floor, [3, -4])
        np.testing.assert_array_equal(rest.value, [1.5, 0.5])
    floor, rest = np.divmod(7.5, Variable(2.0))
    assert (floor, rest.value) == (3, 1.5)
    check(lambda a, b: np.divmod(a, b)[1], np.array([7.3, 2.3]), 0.85, float32=False)


def test_modf() -> None:
    x = Variable(np.array([2.25, -1.5, np.inf]))
    fraction, whole = np.modf(x)
    assert whole.__class__ is np.ndarray
    np.testing.assert_array_equal(fraction.value, [0.25, -0.5, 0])
    np.testing.assert_array_equal(whole, [2, -1, np.inf])
    check(lambda v: np.modf(v)[0], SIGNED * 1.01)
    check(lambda v: np.modf(v)[0], 1.3)


def test_ldexp() -> None:
    check(lambda x: np.ldexp(x, np.array([1, -2, 0, 3])), A)
    check(lambda x: np.ldexp(x, np.array([[1], [2]])), ROW)
    check(lambda x: np.ldexp(x, 3), 0.7)
    with pytest.raises(TypeError, match="exponent"):
        np.ldexp(Variable(1.0), Variable(2.0))


def test_frexp_has_no_rule() -> None:
    with pytest.raises(TypeError, match="frexp has no derivative rule"):
        np.frexp(Variable(A))


# -- magnitudes -----------------------------------------------------------------------------------


def test_absolute_at_zero() -> None:
    x = np.array([-2.0, 0.0, -0.0, 3.0])
    for f in (np.absolute, np.fabs):
        np.testing.assert_array_equal(elementwise_grad(f)(x), [-1, 0, 0, 1])
        assert grad(f)(0.0) == 0.0
    z = np.array([3 + 4j, 0j])
    (adjoint,) = vjp(np.abs, z)[1](np.ones(2))
    np.testing.assert_allclose(adjoint, [0.6 - 0.8j, 0])
    assert np.all(np.isfinite(hvp(lambda v: np.sum(np.abs(v) ** 2), z, np.ones(2) + 0j)))


def test_absolute_of_complex_numbers_has_a_second_derivative() -> None:
    """|x + i·0| along the imaginary axis curves by 1/|x|."""
    for kind in (lambda c: np.array(c + 0j), np.complex128, complex):
        z, t = kind(2.0), kind(1j)
        second = jvp(lambda v, t=t: jvp(np.abs, (v,), (t,))[1], (z,), (t,))[1]
        assert second == pytest.approx(0.5)
    check(lambda z: np.abs(z) ** 3, Z)


# -- keywords of a ufunc --------------------------------------------------------------------------


def test_keywords() -> None:
    x = Variable(A)
    assert np.add(x, B, dtype=np.float32).dtype == np.float32
    assert np.multiply(x, B, casting="same_kind", order="K").dtype == np.float64
    with pytest.raises(TypeError, match="out="):
        np.add(x, B, out=np.zeros((3, 4)))
    with pytest.raises(TypeError, match="where="):
        np.add(x, B, where=B > 1)


@pytest.mark.parametrize("f", [np.add, np.multiply, np.divide, np.power, np.arctan2], ids=name)
def test_two_plain_arguments_stay_plain(f: Any) -> None:
    from autograd_tape.dispatch import functions

    assert functions[f](A, B).__class__ is np.ndarray


def test_python_floats_stay_python_floats() -> None:
    x, y = Variable(0.7), Variable(1.3)
    for result in (x + y, x - y, x * y, x / y, x**y, x % y, -x, +x, abs(x), 2 * x, x**2, 1 / x,
                   np.square(x), np.fmod(x, y), np.reciprocal(x), np.modf(x)[0]):  # fmt: skip
        assert result.value.__class__ is float
    f = x * y / (x**y + 2) - abs(x) ** 3 % y
    f.backward()
    assert x.adjoint.__class__ is float
    assert y.adjoint.__class__ is float
