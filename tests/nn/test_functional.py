"""Activation functions against their formulas, far out, at their kinks, and in their errors."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable, grad
from autograd_tape.testing import check_grads
from nn import functional as F

rng = np.random.default_rng(0)
x = rng.standard_normal((5, 3)) * 2

FORMULAS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (F.relu, lambda x: np.maximum(x, 0)),
    (F.abs, np.abs),
    (F.tanh, np.tanh),
    (F.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    (lambda x: F.sigmoid(x, 3.0), lambda x: 1 / (1 + np.exp(-3 * x))),
    (F.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
    (lambda x: F.leaky_relu(x, 0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
    (F.elu, lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    (lambda x: F.elu(x, 0.5), lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1))),
    (F.softplus, lambda x: np.log(1 + np.exp(x))),
    (F.silu, lambda x: x / (1 + np.exp(-x))),
    (F.mish, lambda x: x * np.tanh(np.log(1 + np.exp(x)))),
    (lambda x: F.gelu(x, "tanh"), lambda x: 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5
     * (x + 0.044715 * x**3)))),
    (F.logsigmoid, lambda x: -np.log(1 + np.exp(-x))),
    (F.softsign, lambda x: x / (1 + np.abs(x))),
    (F.sinc, lambda x: np.sin(x) / x),
    (F.identity, lambda x: x),
    (F.softmax, lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)),
    (lambda x: F.softmax(x, dim=0), lambda x: np.exp(x) / np.exp(x).sum(axis=0)),
    (F.log_softmax, lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))),
]  # fmt: skip
ACTIVATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        F.relu, F.abs, F.leaky_relu, F.elu, F.selu, F.softplus, F.silu, F.mish,
        F.sigmoid, F.logsigmoid, F.softsign, F.sinc, F.identity, F.softmax, F.log_softmax, F.tanh,
    )
} | {
    "gelu": lambda x: F.gelu(x, "tanh"),
    "sharp sigmoid": lambda x: F.sigmoid(x, 5.0),
    "prelu": lambda x: F.prelu(x, np.array([0.25], np.float32)),
}  # fmt: skip


@pytest.mark.parametrize(("f", "formula"), FORMULAS)
def test_values_and_gradients(f: Any, formula: Any) -> None:
    np.testing.assert_allclose(f(Variable(x)).value, formula(x), rtol=1e-12)
    np.testing.assert_allclose(f(x), formula(x), rtol=1e-12)
    check_grads(f, (x,))


def test_exact_gelu_and_selu() -> None:
    pytest.importorskip("scipy")
    phi = np.vectorize(lambda x: 0.5 * math.erfc(-x / 2**0.5))
    np.testing.assert_allclose(F.gelu(Variable(x)).value, x * phi(x), rtol=1e-12)
    check_grads(F.gelu, (x,))
    np.testing.assert_allclose(F.gelu(x), F.gelu(x, "tanh"), atol=5e-4)
    np.testing.assert_allclose(F.selu(np.array([2.0]))[0], 2 * 1.0507009873554805)
    check_grads(F.selu, (x,))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_far_out_and_of_the_same_dtype(name: str, dtype: Any) -> None:
    far = Variable(np.array([[-1e4, -100, -20, -1e-3], [0, 20, 100, 1e4]], dtype))
    with Tape() as tape:
        y = ACTIVATIONS[name](far)
        total = np.sum(y)
    slope = tape.gradient(total, far)
    assert y.dtype == slope.dtype == dtype
    assert np.isfinite(y.value).all()
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_python_numbers_and_empty_arrays(name: str) -> None:
    if "softm" not in name:
        single = ACTIVATIONS[name](np.array([0.3], np.float64 if name != "prelu" else np.float32))
        np.testing.assert_allclose(np.ravel(float(ACTIVATIONS[name](Variable(0.3)))), single)
    assert ACTIVATIONS[name](Variable(np.zeros((0, 3)))).shape == (0, 3)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (F.relu, 0.0), (F.abs, 0.0), (F.leaky_relu, 0.01), (F.elu, 1.0),
        (lambda x: F.elu(x, 0.3), 0.3), (F.sinc, 0.0), (F.softsign, 1.0), (F.softplus, 0.5),
        (lambda x: F.prelu(x, np.array([0.2])), 0.2),
    ],
)  # fmt: skip
def test_slopes_at_zero(f: Any, slope: float) -> None:
    assert grad(f)(0.0) == pytest.approx(slope, abs=1e-15)


def test_a_replayed_activation_does_not_remember_its_branch() -> None:
    """x > 0 at first and x < 0 later: nothing of the first run may be left."""
    for name in ("leaky_relu", "elu", "selu", "softplus", "prelu"):
        f = ACTIVATIONS[name]
        with Tape() as tape:
            v = Variable(np.array([2.0, 30.0]))
            f(v)
        conditions = [e.params for e in tape if e.params and "condition" in e.params]
        assert not conditions, name


def test_steps_cut_the_graph() -> None:
    v = Variable(np.array([-1.0, 0.0, 2.0], np.float32))
    assert F.step(v).tolist() == [0.0, 1.0, 1.0]
    assert F.step(v, 1.0).tolist() == [0.0, 0.0, 1.0]
    assert F.step(v).dtype == np.float32
    assert F.step(Variable(0.5)) == 1.0
    assert F.sign(v).tolist() == [-1.0, 0.0, 1.0]
    unreached = np.sum(Variable(F.step(v)))
    assert "the comparison >=" in v.explain(unreached).reason


def test_prelu_learns_its_slopes() -> None:
    check_grads(F.prelu, (x, np.array([0.25])))
    check_grads(F.prelu, (x, np.array([0.1, 0.2, 0.3])))
    image = rng.standard_normal((2, 3, 4, 4))
    slopes = np.array([0.1, 0.2, 0.3])
    expected = np.where(image > 0, image, slopes[:, None, None] * image)
    np.testing.assert_allclose(F.prelu(image, slopes), expected)
    np.testing.assert_allclose(F.prelu(image[0, :, 0, 0], slopes), expected[0, :, 0, 0])
    with pytest.raises(ValueError, match=r"shape \(2,\), and must have \(1,\) or \(3,\)"):
        F.prelu(x, np.array([0.1, 0.2]))


def test_a_masked_row_gives_zero() -> None:
    masked = np.array([[-np.inf, -np.inf], [0.0, 0.0]])
    assert F.softmax(Variable(masked)).value.tolist() == [[0.0, 0.0], [0.5, 0.5]]
    assert grad(lambda z: np.sum(F.softmax(z) ** 2))(masked).tolist() == [[0.0, 0.0]] * 2


def test_wrong_options() -> None:
    with pytest.raises(ValueError, match='must be "none" or "tanh"'):
        F.gelu(x, "erf")


def test_exact_gelu_says_that_it_needs_scipy() -> None:
    code = "import sys; sys.modules['scipy'] = None; from nn import functional as F; F.gelu(1.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "needs SciPy: pip install scipy" in done.stderr


def test_linear() -> None:
    w, b = rng.standard_normal((2, 3)), rng.standard_normal(2)
    np.testing.assert_allclose(F.linear(x, w, b), x @ w.T + b)
    check_grads(F.linear, (x, w, b))
