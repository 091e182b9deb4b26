"""Activations and losses against their formulas, at their edges, and in their errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from autograd_tape.testing import check_grads
from nn import functional as F

rng = np.random.default_rng(0)
logits = rng.standard_normal((5, 3))
target = np.array([0, 2, 1, 1, 0])


@pytest.mark.parametrize(
    ("f", "formula"),
    [
        (F.relu, lambda x: np.maximum(x, 0)),
        (F.tanh, np.tanh),
        (F.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
        (F.log_softmax, lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))),
    ],
)
def test_values_and_gradients(f: Any, formula: Any) -> None:
    np.testing.assert_allclose(f(Variable(logits)).value, formula(logits), rtol=1e-12)
    np.testing.assert_allclose(f(logits), formula(logits), rtol=1e-12)
    check_grads(f, (logits,))


def test_relu_has_derivative_zero_at_zero() -> None:
    assert grad(F.relu)(0.0) == 0.0


def test_cross_entropy_is_the_negative_log_likelihood() -> None:
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(p[np.arange(5), target])
    each = F.cross_entropy(Variable(logits), target, reduction="none")
    np.testing.assert_allclose(each.value, expected, rtol=1e-12)
    np.testing.assert_allclose(float(F.cross_entropy(Variable(logits), target)), expected.mean())
    np.testing.assert_allclose(F.cross_entropy(logits, target, reduction="sum"), expected.sum())
    one = F.cross_entropy(Variable(logits[1]), 2)
    np.testing.assert_allclose(float(one), expected[1])


def test_its_adjoint_is_softmax_minus_one_hot() -> None:
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = (p - np.eye(3)[target]) / 5
    got = grad(lambda z: F.cross_entropy(z, target))(logits)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
    check_grads(lambda z: F.cross_entropy(z, target), (logits,))


def test_cross_entropy_is_stable() -> None:
    z = np.array([[1e4, 0.0], [-1e4, 0.0]])
    assert float(F.cross_entropy(Variable(z), [0, 0], reduction="sum")) == 1e4
    np.testing.assert_array_equal(
        grad(lambda z: F.cross_entropy(z, [0, 0], reduction="sum"))(z), [[0, 0], [-1, 1]]
    )


def test_float32_stays_float32() -> None:
    z = logits.astype(np.float32)
    assert F.cross_entropy(Variable(z), target).dtype == np.float32
    assert grad(lambda z: F.cross_entropy(z, target))(z).dtype == np.float32


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (np.zeros(5), TypeError, "class indices"),
        (np.zeros(4, int), ValueError, r"shape \(4,\) and logits \(5, 3\)"),
        (np.full(5, 3), ValueError, "have 3 classes"),
        (np.full(5, -1), ValueError, "from -1 to -1"),
    ],
)
def test_wrong_targets(wrong: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        F.cross_entropy(Variable(logits), wrong)


def test_mse_loss() -> None:
    y, d = Variable([1.0, 3.0]), np.array([0.0, 1.0])
    assert float(F.mse_loss(y, d)) == 2.5
    assert float(F.mse_loss(y, d, reduction="sum")) == 5.0
    assert F.mse_loss(y, d, reduction="none").value.tolist() == [1.0, 4.0]
    check_grads(lambda y: F.mse_loss(y, d), (y.value,))
    with pytest.raises(ValueError, match=r"shape \(2,\) and target \(2, 1\)"):
        F.mse_loss(y, d[:, None])
    with pytest.raises(ValueError, match="'mean', 'sum' or 'none', not 'average'"):
        F.mse_loss(y, d, reduction="average")
