"""Extremes, clipping, signs, steps, and the conventions at their kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, elementwise_grad, grad, jvp, vjp
from autograd_tape.primitives.piecewise import masked, relu, where_safe

from ..helpers import check

rng = np.random.default_rng(4)
X = rng.permutation(np.linspace(-2.0, 2.0, 12)).reshape(3, 4)
Y = rng.permutation(np.linspace(-1.9, 1.8, 12)).reshape(3, 4)
NAN = np.nan

EXTREMES: list[Any] = [np.maximum, np.minimum, np.fmax, np.fmin]


def name(x: Any) -> str | None:
    return getattr(x, "__name__", None)


# -- extremes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", EXTREMES, ids=name)
def test_extremes(f: Any) -> None:
    check(f, X, Y)
    check(f, X[:, :1], Y)
    check(f, Y[0], X)
    check(f, np.asfortranarray(X)[::-1], Y[:, ::-1])
    check(f, np.zeros((0, 4)), Y[0])
    check(f, np.array(0.3), np.array(-0.7))
    check(f, 0.3, -0.7)
    check(f, 0.31, X)
    check(f, X, np.float64(0.31))
    check(lambda x: f(x, 0.31), X)
    check(lambda x: f(-0.31, x), X)
    check(lambda x: f(x, 1), 0.3)
    check(lambda x: f(x, np.array([0, 1, 2, 3])), X + 0.03, float32=False)
    check(f, X + 1j * Y, Y - 1j * X)
    assert f(Variable(0.3), 0.2).value.__class__ is float
    assert f(Variable(X.astype(np.float32)), 0.0).dtype == np.float32


@pytest.mark.parametrize("f", EXTREMES, ids=name)
def test_ties_share_evenly(f: Any) -> None:
    x, y = np.array([1.0, 2.0, -np.inf]), np.array([1.0, 2.0, -np.inf])
    for adjoint in vjp(f, x, y)[1](np.array([1.0, 3.0, 1.0])):
        np.testing.assert_array_equal(adjoint, [0.5, 1.5, 0.5])
    assert vjp(f, 1.0, 1.0)[1](1.0) == (0.5, 0.5)
    assert vjp(f, 1j, 1j)[1](1.0 + 0j) == (0.5, 0.5)
    tangent = jvp(f, (x, y), (np.array([1.0, 0, 1]), np.array([1.0, 1, 0])))[1]
    np.testing.assert_array_equal(tangent, [1, 0.5, 0.5])
    np.testing.assert_array_equal(elementwise_grad(lambda v: f(v, 0.0))(np.zeros(2)), [0.5, 0.5])
    np.testing.assert_array_equal(elementwise_grad(lambda v: f(v, v))(x[:2]), [1, 1])
    assert grad(lambda v: np.sum(f(v, np.zeros((2, 3)))))(0.0) == 3.0


def test_fmax_and_fmin_ignore_nan() -> None:
    x, y = np.array([NAN, 1.0, 2.0, 0.0]), np.array([1.0, NAN, 2.0, 1.0])
    for f, last in ((np.fmax, 0), (np.fmin, 1)):
        to_x, to_y = vjp(f, x, y)[1](np.ones(4))
        np.testing.assert_array_equal(to_x, [0, 1, 0.5, last])
        np.testing.assert_array_equal(to_y, [1, 0, 0.5, 1 - last])
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            assert f(Variable(a), Variable(b)).value == f(a, b)
        assert vjp(f, NAN, 1.0)[1](1.0) == (0, 1)
        assert vjp(f, 1.0, NAN)[1](1.0) == (1, 0)


def test_an_infinite_adjoint_does_not_leak_through_the_operand_that_lost() -> None:
    with np.errstate(divide="ignore"):
        for f in (lambda v: np.maximum(v, 0.0), relu, lambda v: np.clip(v, 0.0, None)):
            for dtype in (np.float32, np.float64):
                x = np.array([-1.0, -2.0], dtype)
                np.testing.assert_array_equal(elementwise_grad(lambda v: np.sqrt(f(v)))(x), 0)  # noqa: B023
            assert grad(lambda v: np.sqrt(f(v)))(-1.0) == 0  # noqa: B023


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128]
)
def test_masked(dtype: Any) -> None:
    ct = np.array([[1, -2, np.inf], [-np.inf, np.nan, 3]], dtype)
    mask = np.array([[True, False, False], [False, False, True]])
    reverse = np.s_[::-1]
    views = [(ct, mask), (ct.T, mask.T), (ct[reverse], mask[reverse]), (ct[0, 0], mask)]
    for c, m in (*views, (ct, mask[1])):
        result = masked(c, m)
        expected = np.where(m, c, np.zeros((), dtype))
        np.testing.assert_array_equal(result, expected)
        assert result.dtype == dtype
    assert masked(ct, np.True_) is ct
    np.testing.assert_array_equal(masked(ct, False), np.zeros_like(ct))


@pytest.mark.parametrize("f", EXTREMES, ids=name)
def test_extremes_of_python_floats_are_those_of_arrays(f: Any) -> None:
    values = [NAN, -np.inf, -1.0, 0.0, 2.0, np.inf]
    for a in values:
        for b in values:
            np.testing.assert_array_equal(f(Variable(a), b).value, f(a, b))
        np.testing.assert_array_equal(np.clip(Variable(a), -1.0, 1.5).value, np.clip(a, -1.0, 1.5))
        np.testing.assert_array_equal(np.clip(Variable(0.5), a, 1.0).value, np.clip(0.5, a, 1.0))
        np.testing.assert_array_equal(np.clip(Variable(0.5), 0.0, a).value, np.clip(0.5, 0.0, a))


def test_relu() -> None:
    check(relu, X + 0.07)
    check(relu, 0.3)
    check(relu, -0.3)
    check(relu, np.array(0.3))
    check(relu, np.zeros((0, 3)))
    x = np.array([-1.0, 0.0, -0.0, 2.0, NAN])
    np.testing.assert_array_equal(relu(x), [0, 0, 0, 2, NAN])
    np.testing.assert_array_equal(elementwise_grad(relu)(x), [0, 0, 0, 1, 0])
    assert grad(relu)(0.0) == 0.0
    assert np.isnan(relu(Variable(NAN)).value)
    assert relu(Variable(X))._entry.output is not None
    v = Variable(X) * 1.0
    relu(v)
    assert v._entry.output is None, "its rule reads the output only"


# -- clipping -------------------------------------------------------------------------------------

LOW, HIGH = np.array([-1.05, -0.55, 0.05, -0.95]), np.array([[0.15], [0.65], [1.15]])

CLIPS: list[Any] = [
    ("scalars", lambda a: np.clip(a, -0.9, 0.8), X),
    ("min", lambda a: np.clip(a, -0.9, None), X),
    ("max", lambda a: np.clip(a, None, 0.8), X),
    ("keywords", lambda a: np.clip(a, a_min=-0.9, a_max=0.8), X),
    ("new-keywords", lambda a: np.clip(a, min=-0.9, max=0.8), X),
    ("new-min", lambda a: np.clip(a, min=-0.9), X),
    ("new-max", lambda a: np.clip(a=a, max=0.8), X),
    ("neither", lambda a: np.clip(a, None, None), X),
    ("arrays", lambda a: np.clip(a, LOW, HIGH), X),
    ("integers", lambda a: np.clip(a, -1, 1), X),
    ("method", lambda a: a.clip(-0.9, 0.8), X),
    ("method-keywords", lambda a: a.clip(max=0.8), X),
    ("casting", lambda a: np.clip(a, -0.9, 0.8, casting="same_kind"), X),
    ("strides", lambda a: np.clip(a, -0.9, 0.8), np.asfortranarray(X)[::-1, ::2]),
    ("0-d", lambda a: np.clip(a, -0.9, 0.8), np.array(0.3)),
    ("float", lambda a: np.clip(a, -0.9, 0.8), 0.3),
    ("float-out", lambda a: np.clip(a, -0.9, 0.8), 1.3),
    ("empty", lambda a: np.clip(a, -0.9, 0.8), np.zeros((0, 3))),
    ("crossed", lambda a: np.clip(a, 1.0, 0.5), X),
]


@pytest.mark.parametrize(("label", "f", "a"), CLIPS, ids=[c[0] for c in CLIPS])
def test_clip(label: str, f: Any, a: Any) -> None:
    check(f, a)


def test_clip_with_recorded_bounds() -> None:
    check(np.clip, X, LOW, HIGH)
    check(np.clip, X, -0.9, 0.8)
    check(np.clip, 1.3, -0.9, 0.8)
    check(np.clip, 0.3, LOW, HIGH)
    check(lambda low: np.clip(X, low, None), LOW)
    check(lambda high: np.clip(X, None, high), HIGH)
    check(lambda low, high: np.clip(X, low, high), 1.01, 0.52)  # crossed: high wins
    check(lambda low: np.clip(np.array([1, 2, 3]), low, None), 1.7)


def test_clip_at_the_boundary() -> None:
    x = np.array([-1.0, -0.5, 1.0, 2.0, NAN])
    to_x, to_low, to_high = vjp(np.clip, x, -1.0, 1.0)[1](np.ones(5))
    np.testing.assert_array_equal(to_x, [1, 1, 1, 0, 0])
    assert (to_low, to_high) == (0, 1)
    assert vjp(np.clip, 1.0, -1.0, 1.0)[1](1.0) == (1, 0, 0)
    assert np.clip(Variable(2.0), 0, 1).value.__class__ is float
    assert np.clip(Variable(x.astype(np.float32)), -1.0, 1).dtype == np.float32


def test_clip_refuses() -> None:
    with pytest.raises(TypeError, match="out="):
        np.clip(Variable(X), 0, 1, out=X)
    with pytest.raises(ValueError, match="no bound twice"):
        np.clip(Variable(X), 0, 1, min=0)
    with pytest.raises(TypeError, match="both"):
        np.clip(Variable(X), 0)
    with pytest.raises(TypeError, match="where="):
        np.clip(Variable(X), 0, 1, where=X > 0)
    with pytest.raises(TypeError, match="signature"):
        np.clip(Variable(X), 0, 1, signature="dd->d")
    assert np.clip(Variable(X), -1, 1, dtype=np.float32).dtype == np.float32


# -- signs and steps ------------------------------------------------------------------------------


def test_sign_is_plain_for_real_numbers() -> None:
    np.testing.assert_array_equal(np.sign(Variable(X)), np.sign(X))
    assert np.sign(Variable(X)).__class__ is np.ndarray
    assert np.sign(Variable(-2.0)) == -1.0


def test_sign_of_complex_numbers() -> None:
    check(np.sign, X + 1j * Y)
    check(np.sign, 0.3 + 0.4j)
    z = np.array([0j, 3 + 4j])
    np.testing.assert_allclose(np.sign(Variable(z)).value, [0, 0.6 + 0.8j])
    assert np.all(np.isfinite(vjp(np.sign, z)[1](np.ones(2) + 0j)[0]))
    assert np.sign(Variable(z.astype(np.complex64))).dtype == np.complex64


def test_copysign() -> None:
    check(np.copysign, X, Y)
    check(np.copysign, X[:, :1], Y[0])
    check(np.copysign, 0.3, -0.7)
    check(lambda x: np.copysign(x, -1), X)
    check(lambda x: np.copysign(x, np.array([1, -1, 2, -2])), X)
    check(lambda y: np.copysign(2.0, y), Y)
    x, y = np.array([0.0, -0.0, -2.0, 2.0]), np.array([-1.0, 1.0, -0.0, -3.0])
    to_x, to_y = vjp(np.copysign, x, y)[1](np.ones(4))
    np.testing.assert_array_equal(to_x, [0, 0, 1, -1])
    np.testing.assert_array_equal(to_y, 0)


def test_heaviside() -> None:
    check(np.heaviside, X, Y)
    check(np.heaviside, X, 0.5)
    check(np.heaviside, 0.3, -0.7)
    check(lambda h: np.heaviside(np.array([-1.0, 0, 1, 0]), h), Y)
    x, h = np.array([-1.0, 0.0, 1.0]), 0.5
    to_x, to_h = vjp(np.heaviside, x, h)[1](np.array([1.0, 2.0, 4.0]))
    np.testing.assert_array_equal(to_x, 0)
    assert to_h == 2.0


@pytest.mark.parametrize("f", [np.nextafter, np.floor_divide, np.greater], ids=name)
def test_plain(f: Any) -> None:
    assert f(Variable(X), Y).__class__ is np.ndarray


# -- replacing ------------------------------------------------------------------------------------

HOLES = np.array([1.0, NAN, np.inf, -np.inf, -2.0])


@pytest.mark.parametrize(
    "options",
    [{}, {"nan": 3.0}, {"posinf": 4.0, "neginf": -5.0}, {"copy": False}, {"nan": 1, "posinf": 2}],
    ids=str,
)
def test_nan_to_num(options: dict[str, Any]) -> None:
    x = HOLES.copy()
    y, pullback = vjp(lambda v: np.nan_to_num(v, **options), x)
    np.testing.assert_array_equal(y, np.nan_to_num(HOLES, **{**options, "copy": True}))
    np.testing.assert_array_equal(x, HOLES)
    np.testing.assert_array_equal(pullback(np.arange(5.0))[0], [0, 0, 0, 0, 4])
    z = np.array([complex(a, b) for a, b in zip(HOLES, HOLES[::-1], strict=True)])
    y, pullback = vjp(lambda v: np.nan_to_num(v, **options), z)
    np.testing.assert_array_equal(y, np.nan_to_num(z, **{**options, "copy": True}))
    check(lambda v: np.nan_to_num(v, **options), X)
    check(lambda v: np.nan_to_num(v, **options), X + 1j * Y)


def test_nan_to_num_of_complex_numbers_has_adjoints_by_part() -> None:
    z = np.array([complex(NAN, 1.0), complex(2.0, np.inf)])
    (adjoint,) = vjp(np.nan_to_num, z)[1](np.array([3 + 4j, 3 + 4j]))
    np.testing.assert_array_equal(adjoint, [4j, 3])
    assert np.nan_to_num(Variable(z.astype(np.complex64))).dtype == np.complex64


def test_nan_to_num_positionally() -> None:
    np.testing.assert_array_equal(
        np.nan_to_num(Variable(HOLES), True, 7.0, 8.0, 9.0).value, [1, 7, 8, 9, -2]
    )


# -- the branch not taken -------------------------------------------------------------------------


def test_where_safe() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    for f in (np.log, np.sqrt, lambda v: 1 / v):
        expected = np.array([0, 0, elementwise_grad(f)(4.0)])
        value, pullback = vjp(lambda v: where_safe(x > 0, f, v, 7.0), x)  # noqa: B023
        np.testing.assert_array_equal(value, [7, 7, f(4.0)])
        np.testing.assert_array_equal(pullback(np.ones(3))[0], expected)
    check(lambda v: where_safe(v > 0, np.log, v, 0.5), X)
    check(lambda v, w: where_safe(v > 0, np.log, v, w), X, Y)
    check(lambda v, w: where_safe(v > 0, np.log, v, w), X, 0.3)
    check(lambda v: where_safe(np.array([True, False]), np.exp, v, 0.5), 0.3)


def test_where_safe_of_all_and_of_none() -> None:
    check(lambda v: where_safe(v > -9, np.exp, v, 0.5), X)
    check(lambda v: where_safe(v > 9, np.log, v, 0.5), X)
    check(lambda v: where_safe(v > 9, np.log, v, v), X)
    check(lambda v: where_safe(v > 0, np.log, v, 0.5), np.zeros((0, 3)))
    np.testing.assert_array_equal(where_safe(X > 0, np.sqrt, X, 0.0), np.sqrt(np.maximum(X, 0)))
