from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from autograd_tape import (
    Tape,
    TapeError,
    Variable,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    ravel,
    stop_gradient,
    value_and_grad,
    vjp,
)
from autograd_tape.containers import flatten

X = np.array([0.3, -1.2, 0.7])


def f(x):
    return np.sum(np.tanh(x) * x**2)


def test_results_are_plain_where_nothing_outside_can_ask():
    value, gradient = value_and_grad(f)(X)
    assert type(gradient) is np.ndarray
    assert isinstance(value, float)
    assert not isinstance(value, Variable)
    assert type(grad(lambda x: x * x)(3.0)) is float


@pytest.mark.parametrize(
    ("make", "leaves"),
    [
        (lambda a, b: {"a": a, "b": [b, None]}, lambda t: (t["a"], t["b"][0])),
        (lambda a, b: (a, {"b": b}), lambda t: (t[0], t[1]["b"])),
        (lambda a, b: [a, b], lambda t: t),
        (lambda a, b: (a, b), lambda t: t),
        (lambda a, b: [a, (b, None)], lambda t: (t[0], t[1][0])),
        (lambda a, b: Point(a, b), lambda t: (t.x, t.y)),
        (lambda a, b: Params(a, b), lambda t: (t.w, t.b)),
    ],
    ids=["dict", "nested", "list", "tuple", "list of tuple", "namedtuple", "dataclass"],
)
def test_nested_containers(make, leaves):
    def loss(tree):
        a, b = leaves(tree)
        return np.sum(a * b**2)

    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    gradient = grad(loss)(make(a, b))
    assert type(gradient) is type(make(a, b))
    np.testing.assert_allclose(leaves(gradient)[0], b**2)
    np.testing.assert_allclose(leaves(gradient)[1], 2 * a * b)


class Point(NamedTuple):
    x: object
    y: object


@dataclass
class Params:
    w: object
    b: object


def test_argnums():
    def g(a, b, c):
        return a * b**2 * c

    assert grad(g, 1)(2.0, 3.0, 1.0) == 12.0
    assert grad(g, (2, 0))(2.0, 3.0, 1.0) == (18.0, 9.0)
    assert grad(g, -1)(2.0, 3.0, 1.0) == 18.0
    with pytest.raises(TypeError, match="argnums 3 is out of range"):
        grad(g, 3)(2.0, 3.0, 1.0)


def test_has_aux():
    (value, aux), gradient = value_and_grad(lambda x: (np.sum(x**2), {"y": x * 2}), has_aux=True)(X)
    np.testing.assert_allclose(gradient, 2 * X)
    np.testing.assert_allclose(aux["y"], 2 * X)
    assert type(aux["y"]) is np.ndarray
    assert value == np.sum(X**2)
    gradient, _ = grad(lambda x: (np.sum(x**2), 1), has_aux=True)(X)
    np.testing.assert_allclose(gradient, 2 * X)


def test_any_order():
    d = [np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]
    g = np.sin
    for expected in d:
        assert g(0.7) == pytest.approx(expected(0.7), rel=1e-14)
        g = grad(g)
    power = grad(grad(grad(lambda x: x**4)))
    assert power(2.0) == 48.0


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_jacobian(mode):
    def g(x, A):
        return np.tanh(A @ x)

    A = np.arange(6.0).reshape(2, 3) / 7
    y = g(X, A)
    got = jacobian(g, mode=mode)(X, A)
    np.testing.assert_allclose(got, (1 - y**2)[:, None] * A, rtol=1e-13)
    both = jacobian(g, (0, 1), mode=mode)(X, A)
    assert both[1].shape == (2, 2, 3)
    np.testing.assert_allclose(both[1], np.einsum("ij,k->ijk", np.diag(1 - y**2), X), atol=1e-15)


def test_jacobian_of_scalars_empty_and_unreached():
    assert jacobian(lambda x: x * 3.0)(2.0) == 3.0
    assert jacobian(lambda x: x[:0] * 2.0)(X).shape == (0, 3)
    np.testing.assert_array_equal(
        jacobian(lambda x, y: x * 2.0, (0, 1))(X, np.ones(2))[1], np.zeros((3, 2))
    )
    with pytest.raises(ValueError, match="mode is 'reverse' or 'forward'"):
        jacobian(f, mode="sideways")


def test_hessian_and_hvp():
    A = np.array([[2.0, 1.0], [1.0, 5.0]])
    q = lambda x: 0.5 * x @ A @ x  # noqa: E731
    x = np.array([0.4, -2.0])
    np.testing.assert_allclose(hessian(q)(x), A)
    np.testing.assert_allclose(hvp(q, x, np.array([1.0, 2.0])), A @ [1.0, 2.0])
    h = hessian(f)(X)
    np.testing.assert_allclose(h, h.T, rtol=1e-13)
    np.testing.assert_allclose(jacobian(jacobian(f))(X), h, rtol=1e-12)


def test_reverse_over_forward_over_reverse():
    def directional(x):
        return jvp(f, (x,), (np.ones(3),))[1]

    np.testing.assert_allclose(grad(directional)(X), hessian(f)(X) @ np.ones(3), rtol=1e-12)
    third = grad(lambda x: np.sum(hvp(f, x, np.ones(3))))(X)
    step = 1e-5
    numeric = [
        (np.sum(hvp(f, X + step * e, np.ones(3))) - np.sum(hvp(f, X - step * e, np.ones(3))))
        / (2 * step)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(third, numeric, rtol=1e-7)


def test_vjp_and_jvp():
    y, pullback = vjp(lambda x, w: {"s": x * w, "t": np.sum(x)}, X, 2.0)
    np.testing.assert_allclose(y["s"], 2 * X)
    for _ in range(2):  # any number of times
        dx, dw = pullback({"s": np.ones(3), "t": 10.0})
        np.testing.assert_allclose(dx, np.full(3, 12.0))
        assert dw == pytest.approx(X.sum())
    with pytest.raises(ValueError, match="ct has 1"):
        pullback([np.ones(3)])
    y, dy = jvp(lambda x, w: (x * w, 5), (X, 2.0), (np.ones(3), 1.0))
    np.testing.assert_allclose(dy[0], 2.0 + X)
    assert dy[1] == 0
    with pytest.raises(TypeError, match="1 primals but 2 tangents"):
        jvp(f, (X,), (X, X))
    with pytest.raises(ValueError, match="shape"):
        jvp(f, (X,), (np.ones(2),))


def test_a_constant_function_has_gradient_zero():
    np.testing.assert_array_equal(grad(lambda x: 3.0)(X), np.zeros(3))
    np.testing.assert_array_equal(grad(lambda x: np.sum(stop_gradient(x)))(X), np.zeros(3))
    np.testing.assert_array_equal(grad(lambda x: np.float64(np.sum(x > 0)))(X), np.zeros(3))


def test_perturbations_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6.0
    inner = grad(lambda x: grad(lambda y: x * y**2)(x))
    assert inner(3.0) == 12.0  # d/dx 2x·x


def test_what_is_closed_over_keeps_its_gradient():
    w = Variable(3.0)
    slope = grad(lambda y: w * y**2)(2.0)
    assert isinstance(slope, Variable)
    slope.backward()
    assert w.adjoint == 4.0
    value, _ = value_and_grad(lambda y: w * y)(2.0)
    value.backward()
    assert w.adjoint == 2.0
    out = grad(lambda y: y * 0.0 + 1.0)(2.0)
    assert type(out) is float


def test_variables_in_variables_out():
    x = Variable(2.0)
    d = grad(lambda x: x**3)(x)
    d.backward()
    assert x.adjoint == 12.0
    with no_grad():
        assert type(grad(lambda x: x**3)(x)) is float


def test_nested_tapes_are_differentiated():
    x = Variable(2.0)
    with Tape() as outer:
        with Tape() as inner:
            y = x**3
        (dy,) = inner.gradient(y, [x])
    assert isinstance(dy, Variable)
    assert dy.value == 12.0
    (d2y,) = outer.gradient(dy, [x])
    assert d2y == 12.0


def test_elementwise_grad():
    np.testing.assert_allclose(elementwise_grad(np.tanh)(X), 1 - np.tanh(X) ** 2)
    z = np.array([0.3 + 1j, -0.2j])
    np.testing.assert_allclose(elementwise_grad(np.exp)(z), np.exp(z))
    np.testing.assert_allclose(
        elementwise_grad(elementwise_grad(np.sin))(X), -np.sin(X), rtol=1e-14
    )


def test_targets_that_are_no_scalar_say_so():
    with pytest.raises(TapeError, match=r"shape \(3,\).*seed="):
        grad(lambda x: x * 2)(X)
    with pytest.raises(TypeError, match="must be a Variable"):
        grad(lambda x: np.ones(3))(X)
    np.testing.assert_array_equal(elementwise_grad(np.floor)(X), np.zeros(3))


def test_integers_are_not_differentiated():
    with pytest.raises(TypeError, match=r"3 is not differentiated.*write 3\.0"):
        grad(lambda x: x * 2.0)(3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ravel(dtype):
    tree = {"w": np.arange(6, dtype=dtype).reshape(2, 3), "b": [np.ones((), dtype), 2.5]}
    z, unravel = ravel(tree)
    assert z.shape == (8,)
    back = unravel(z)
    np.testing.assert_array_equal(back["w"], tree["w"])
    assert back["w"].dtype == dtype
    gradient = grad(lambda z: np.sum(unravel(z)["w"] ** 2))(z)
    np.testing.assert_array_equal(gradient, [0, 2, 4, 6, 8, 10, 0, 0])  # w first, then b
    with pytest.raises(ValueError, match=r"shape \(8,\), got shape \(3,\)"):
        unravel(X)


def test_scipy_minimises_nested_parameters():
    optimize = pytest.importorskip("scipy.optimize")
    start, unravel = ravel({"a": np.zeros(3), "b": np.zeros((2, 2))})

    def loss(z):
        p = unravel(z)
        return np.sum((p["a"] - X) ** 2) + np.sum((p["b"] - np.eye(2)) ** 4)

    result = optimize.minimize(value_and_grad(loss), start, jac=True, options={"gtol": 1e-10})
    np.testing.assert_allclose(unravel(result.x)["a"], X, atol=1e-8)

    def rosenbrock(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    start = np.tile([-1.2, 1.0], 50)
    result = optimize.minimize(value_and_grad(rosenbrock), start, jac=True, method="L-BFGS-B",
                               options={"maxiter": 5000, "maxfun": 10000})  # fmt: skip
    assert result.fun < 1e-8
    np.testing.assert_allclose(result.x, np.ones(100), atol=1e-3)


def test_the_mean_of_a_python_number_in_forward_mode():
    assert jvp(np.mean, (2.0,), (1.0,)) == (2.0, 1.0)


@pytest.mark.parametrize("make", [list, tuple, lambda pair: {"a": pair[0], "b": [pair[1], None]}])
def test_gradients_come_in_the_container_of_the_sources(make):
    sources = make((Variable(2.0), Variable(3.0)))
    with Tape() as tape:
        a, b = flatten(sources)[0]
        target = a * b**2
    gradients = tape.gradient(target, sources)
    assert type(gradients) is type(sources)
    assert flatten(gradients)[0] == [9.0, 12.0]
