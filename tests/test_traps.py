"""The known traps of this field, each pinned by a number; conventions as in docs/conventions.md."""

import numpy as np
import pytest

from autograd_tape import Variable, elementwise_grad, grad, hessian
from autograd_tape.primitives.piecewise import relu, where_safe
from autograd_tape.primitives.reductions import log_softmax, logsumexp, softmax


def slope(f, x, order=1):
    for _ in range(order):
        f = elementwise_grad(f)
    return f(x)


ZERO, ZEROS = np.array([0.0]), np.zeros(3)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (relu, ZERO, 0.0),
        (np.abs, ZERO, 0.0),
        (np.fabs, ZERO, 0.0),
        (lambda x: np.maximum(x, 0.0), ZERO, 0.5),
        (lambda x: np.minimum(0.0, x), ZERO, 0.5),
        (lambda x: np.clip(x, 0.0, 1.0), ZERO, 1.0),
        (lambda x: np.clip(x, -1.0, 0.0), ZERO, 1.0),
        (lambda x: np.clip(x, 1.0, 2.0), ZERO, 0.0),
        (np.sinc, ZERO, 0.0),
        (lambda x: np.hypot(x, 0.0), ZERO, 0.0),
        (lambda x: x**0, ZERO, 0.0),
        (lambda x: x**0.0, ZERO, 0.0),
        (lambda x: x**1, ZERO, 1.0),
        (lambda x: x**1.0, ZERO, 1.0),
        (lambda x: x**2, ZERO, 0.0),
        (lambda x: x ** np.array([1.0]), ZERO, 1.0),
        (lambda x: x ** np.array([0.0]), ZERO, 0.0),
        (lambda x: x**-1.0, np.array([2.0]), -0.25),
        (lambda x: x**3, np.array([-2.0]), 12.0),
        (lambda x: np.cbrt(x), np.array([-8.0]), 1 / 12),
    ],
)
def test_first_derivatives_at_kinks(f, x, expected):
    np.testing.assert_allclose(slope(f, x), [expected], rtol=1e-14)
    np.testing.assert_allclose(slope(f, float(x[0])), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("f", "order", "expected"),
    [
        (lambda x: x**1.0, 2, 0.0),
        (lambda x: x**2.0, 2, 2.0),
        (lambda x: x**2, 3, 0.0),
        (lambda x: x**3, 3, 6.0),
        (lambda x: x**3.0, 4, 0.0),
        (lambda x: x ** np.array([2.0]), 2, 2.0),
        (lambda x: np.square(x), 2, 2.0),
        (lambda x: np.sinc(x), 2, -(np.pi**2) / 3),
        (np.abs, 2, 0.0),
        (relu, 2, 0.0),
    ],
)
def test_higher_derivatives_at_zero(f, order, expected):
    np.testing.assert_allclose(slope(f, ZERO, order), [expected], atol=1e-12)


def test_sqrt_stays_infinite():
    with np.errstate(divide="ignore"):
        assert slope(np.sqrt, ZERO) == np.inf
        assert slope(np.sqrt, 0.0) == np.inf


def test_a_power_in_both_arguments_at_zero():
    for b, da in ((0.0, 0.0), (1.0, 1.0), (2.0, 0.0)):
        ga, gb = grad(lambda a, b: a**b, (0, 1))(0.0, b)
        assert (ga, gb) == (da, 0.0)


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.norm,
        lambda x: np.linalg.norm(x) ** 2,
        np.std,
        lambda x: np.std(x, ddof=1),
        np.var,
        lambda x: np.sum(np.abs(x)),
        lambda x: np.sqrt(np.sum(x**2) + 1.0),
    ],
)
def test_constant_input_has_gradient_zero(f):
    np.testing.assert_array_equal(grad(f)(ZEROS), ZEROS)


def test_norm_squared_has_its_hessian_away_from_zero():
    x = np.array([3.0, 4.0])
    np.testing.assert_allclose(
        hessian(lambda x: np.linalg.norm(x) ** 2)(x), 2 * np.eye(2), atol=1e-12
    )


def test_std_at_a_constant_other_than_zero():
    np.testing.assert_array_equal(grad(np.std)(np.full(4, 7.0)), np.zeros(4))


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (np.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
        (np.min, [2.0, 2.0, 2.0, 5.0], [1 / 3, 1 / 3, 1 / 3, 0.0]),
        (lambda x: np.sort(x)[-1], [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
        (lambda x: np.maximum(x[0], x[1]), [2.0, 2.0], [0.5, 0.5]),
        (lambda x: np.fmax(x[0], x[1]), [2.0, 2.0], [0.5, 0.5]),
        (lambda x: np.maximum.reduce(x), [2.0, 2.0], [0.5, 0.5]),
    ],
)
def test_ties_share_evenly(f, x, expected):
    np.testing.assert_allclose(grad(f)(np.array(x)), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
        ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ([2.0, 5.0, 3.0], [15.0, 6.0, 10.0]),
    ],
)
def test_products_with_zeros(x, expected):
    x = np.array(x)
    np.testing.assert_array_equal(grad(np.prod)(x), expected)
    np.testing.assert_array_equal(grad(lambda x: np.cumprod(x)[-1])(x), expected)
    np.testing.assert_array_equal(grad(lambda x: np.multiply.reduce(x))(x), expected)
    h = hessian(np.prod)(x)
    exact = np.array([[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]])
    np.testing.assert_array_equal(h, exact)


def test_repeated_indices_add_up():
    g = grad(lambda x: np.sum(x[[0, 0, 2]] * np.array([1.0, 10.0, 100.0])))(ZEROS)
    np.testing.assert_array_equal(g, [11.0, 0.0, 100.0])
    g = grad(lambda x: np.sum(np.take(x, [1, 1])))(ZEROS)
    np.testing.assert_array_equal(g, [0.0, 2.0, 0.0])


def test_einsum_with_a_broadcast_operand():
    x, y = np.array([2.0]), np.array([1.0, 3.0, 5.0])
    gx, gy = grad(lambda x, y: np.einsum("i,i", x, y), (0, 1))(x, y)
    np.testing.assert_array_equal(gx, [9.0])
    np.testing.assert_array_equal(gy, [2.0, 2.0, 2.0])


def test_where_and_the_branch_not_taken():
    x = np.array([0.0, 4.0])

    def naive(x):
        return np.sum(np.where(x < 1, x, np.sqrt(x)))

    with np.errstate(all="ignore"):
        assert np.isnan(grad(naive)(x)[0])  # 0 · inf, as in every framework, but diagnosed:
        v = Variable(x, name="x")
        f = naive(v)
        f.backward()
        text = v.explain(f).reason
    assert "the rule of sqrt" in text
    assert "made nan at index (0,) where its argument was 0.0" in text
    assert "use where_safe" in text

    def safe(x):
        return np.sum(where_safe(x >= 1, np.sqrt, x, x))

    np.testing.assert_array_equal(grad(safe)(x), [1.0, 0.25])


def test_a_fully_masked_softmax_row():
    x = np.array([[-np.inf, -np.inf], [0.0, 1.0]])
    np.testing.assert_array_equal(softmax(x, axis=-1)[0], [0.0, 0.0])
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    g = grad(lambda x: np.sum(softmax(x, axis=-1) * weights))(x)
    assert np.all(np.isfinite(g))
    np.testing.assert_array_equal(g[0], [0.0, 0.0])
    g = grad(lambda x: logsumexp(x[1]) + np.sum(np.exp(logsumexp(x, axis=1))))(x)
    assert np.all(np.isfinite(g))
    assert np.all(np.isfinite(grad(lambda x: np.sum(log_softmax(x, axis=-1)[1]))(x)))


def test_a_second_backward_changes_nothing():
    x = Variable(np.array([1.0, 2.0]))
    y = np.sum(x**3)
    for _ in range(3):
        y.backward()
        np.testing.assert_array_equal(x.adjoint, [3.0, 12.0])


def test_float32_is_kept_by_the_common_loss():
    x = np.ones(5, np.float32)
    assert grad(lambda x: np.mean(x**2))(x).dtype == np.float32
    assert grad(lambda x: np.mean((x * 2.0 - 1) ** 2) * 0.5)(x).dtype == np.float32


def test_nan_goes_in_and_comes_out_and_is_not_hidden():
    x = np.array([np.nan, 2.0])
    g = grad(lambda x: np.sum(x * x))(x)
    assert np.isnan(g[0])
    assert g[1] == 4.0


def test_empty_arrays():
    e = np.zeros((0, 3))
    for f in (np.sum, np.prod, lambda x: np.sum(x @ np.ones(3)), lambda x: np.sum(np.tanh(x).T)):
        assert grad(f)(e).shape == (0, 3)
    with pytest.raises(ValueError, match="zero-size"):
        grad(np.max)(e)


def test_axes_out_of_range_are_numpy_s_error():
    v = Variable(np.ones((2, 3)))
    for f in (np.sum, np.prod, np.max, np.cumsum, np.mean, np.var, np.sort, np.expand_dims):
        with pytest.raises(np.exceptions.AxisError):
            f(v, axis=5)
    with pytest.raises(IndexError):
        v[7]
    with pytest.raises(ValueError, match="reshape"):
        v.reshape(4, 4)


def test_plain_and_recorded_contributions_to_one_adjoint_add_up():
    """In a recorded sweep linear uses contribute arrays and others Variables, in any order."""

    def f(x):
        first, curved, second, third = x * 2.0, np.exp(x), x * 3.0, x * 4.0
        return np.sum(first + curved + second + third)

    x = np.array([0.5, 1.0])
    penalty = grad(lambda x: np.sum(grad(f)(x) ** 2))(x)
    np.testing.assert_allclose(penalty, 2 * (9 + np.exp(x)) * np.exp(x), rtol=1e-14)
