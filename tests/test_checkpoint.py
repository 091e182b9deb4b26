import tracemalloc

import numpy as np
import pytest

from autograd_tape import Tape, TapeError, Variable, checkpoint, grad, hvp, jvp, value_and_grad
from autograd_tape.testing import check_grads


def layer(x, w):
    return np.tanh(x * w + 0.1)


def segment(x, w):
    for _ in range(4):
        x = layer(x, w)
    return x


@pytest.fixture
def xw():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 4)), rng.standard_normal(4)


def test_gradients_equal_the_plain_ones(xw):
    def loss(f, x, w):
        return np.sum(f(f(x, w), w) ** 2)

    plain = grad(lambda x, w: loss(segment, x, w), argnums=(0, 1))(*xw)
    saved = grad(lambda x, w: loss(checkpoint(segment), x, w), argnums=(0, 1))(*xw)
    for a, b in zip(plain, saved, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_second_order_and_forward_mode(xw):
    check_grads(lambda x, w: checkpoint(segment)(x, w), xw)
    x, w = xw
    plain = jvp(lambda x: segment(x, w), (x,), (np.ones_like(x),))[1]
    np.testing.assert_allclose(
        jvp(lambda x: checkpoint(segment)(x, w), (x,), (np.ones_like(x),))[1], plain, rtol=1e-14
    )
    np.testing.assert_allclose(
        hvp(lambda x: np.sum(checkpoint(segment)(x, w)), x, x),
        hvp(lambda x: np.sum(segment(x, w)), x, x),
        rtol=1e-12,
    )


def test_variables_closed_over_get_their_gradients(xw):
    x, w0 = xw
    w = Variable(w0)
    derived = w * 2.0  # an intermediate and the leaf it comes from: nothing may be counted twice

    def f(x):
        return np.tanh(x * derived) * w

    with Tape() as tape:
        loss = np.sum(checkpoint(f)(Variable(x)))
    (got,) = tape.gradient(loss, [w])
    expected = grad(lambda w: np.sum(np.tanh(x * (w * 2.0)) * w))(w0)
    np.testing.assert_allclose(got, expected, rtol=1e-14)
    np.sum(checkpoint(f)(Variable(x))).backward()
    np.testing.assert_allclose(w.adjoint, expected, rtol=1e-14)
    dot = jvp(lambda w: np.sum(checkpoint(lambda x: np.tanh(x * w))(x)), (w0,), (w0,))[1]
    np.testing.assert_allclose(dot, grad(lambda w: np.sum(np.tanh(x * w)))(w0) @ w0, rtol=1e-12)


def test_containers_several_outputs_and_nesting(xw):
    @checkpoint
    def f(args, *, power):
        inner = checkpoint(segment)(args["x"], args["w"])
        return {"a": inner**power, "b": [np.sum(inner), 7]}

    def loss(x, w):
        y = f({"x": x, "w": w}, power=2)
        assert y["b"][1] == 7
        return np.sum(y["a"]) + y["b"][0] * 3.0

    def plain(x, w):
        inner = segment(x, w)
        return np.sum(inner**2) + np.sum(inner) * 3.0

    for a, b in zip(grad(loss, (0, 1))(*xw), grad(plain, (0, 1))(*xw), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_plain_arguments_and_results_pass_through():
    assert checkpoint(lambda x: x + 1)(2) == 3


def test_one_entry_on_an_enclosing_tape(xw):
    with Tape() as tape:
        y = checkpoint(segment)(Variable(xw[0]), Variable(xw[1]))
    assert [e.primitive.name for e in tape if e.primitive] == ["checkpoint"]
    np.testing.assert_array_equal(y.tape[-1].primitive.forward(*xw, **y.tape[-1].params), y.value)


def test_changed_state_is_an_error():
    w = Variable(np.ones(3))
    y = checkpoint(lambda x: x * w)(Variable(np.ones(3)))
    w.value = np.full(3, 2.0)
    with pytest.raises(TapeError, match="read other variables"):
        np.sum(y).backward()


def test_memory_of_a_deep_chain_is_a_tenth():
    x0 = np.linspace(0, 1, 100_000)

    def chain(x, n=32):
        for _ in range(n):
            x = np.tanh(x * 1.1)
        return x

    def deep(f, x):
        for _ in range(1024 // 32):
            x = f(x)
        return np.sum(x)

    def peak(f):
        tracemalloc.start()
        result = value_and_grad(lambda x: deep(f, x))(x0)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top, result

    plain, (value, gradient) = peak(chain)
    saved, (value2, gradient2) = peak(checkpoint(chain))
    assert value == value2
    np.testing.assert_array_equal(gradient, gradient2)
    assert saved <= plain / 10, (saved, plain)


def test_a_function_that_returns_what_it_was_given():
    x = Variable(np.ones(3))
    w = x * 2.0
    np.sum(checkpoint(lambda v: v)(w) * w).backward()
    np.testing.assert_array_equal(x.adjoint, np.full(3, 8.0))
    same, closed, new = checkpoint(lambda v: (v, w, v * w))(w)
    assert same is w
    assert closed is w
    np.sum(same * closed + new).backward()
    np.testing.assert_array_equal(x.adjoint, np.full(3, 16.0))
    second = grad(
        lambda x: np.sum(grad(lambda x: np.sum(checkpoint(lambda v: (v, v**3))(x)[1]))(x))
    )
    np.testing.assert_allclose(second(np.full(2, 2.0)), [12.0, 12.0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_segment_that_draws_random_numbers_is_an_error_and_not_a_wrong_gradient(dtype):
    rng = np.random.default_rng(0)
    x = Variable(np.ones(8, dtype))
    y = checkpoint(lambda x: x * rng.integers(0, 2, 8))(x)
    with pytest.raises(TapeError, match="gave another result"):
        np.sum(y).backward()


def test_a_segment_whose_result_is_not_finite_is_let_through():
    x = Variable(np.array([0.0, 1.0]))
    with np.errstate(divide="ignore"):
        np.sum(checkpoint(np.log)(x)).backward()
    np.testing.assert_array_equal(x.adjoint, [np.inf, 1.0])
