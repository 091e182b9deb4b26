"""Losses against their formulas, at their edges, in their errors, and as modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from autograd_tape.testing import check_grads
from nn import activations
from nn import functional as F

rng = np.random.default_rng(0)
logits = rng.standard_normal((5, 3))
target = np.array([0, 2, 1, 1, 0])
p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
nll = -np.log(p[np.arange(5), target])
y, d = np.array([1.0, 3.0, -0.2]), np.array([0.0, 1.0, 0.1])

# -- cross-entropy ---------------------------------------------------------------------------------


def test_cross_entropy_is_the_negative_log_likelihood() -> None:
    each = F.cross_entropy(Variable(logits), target, reduction="none")
    np.testing.assert_allclose(each.value, nll, rtol=1e-12)
    np.testing.assert_allclose(float(F.cross_entropy(Variable(logits), target)), nll.mean())
    np.testing.assert_allclose(F.cross_entropy(logits, target, reduction="sum"), nll.sum())
    np.testing.assert_allclose(float(F.cross_entropy(Variable(logits[1]), 2)), nll[1])
    log_p = Variable(np.log(p))
    np.testing.assert_allclose(float(F.nll_loss(log_p, target)), nll.mean())


def test_its_adjoint_is_softmax_minus_one_hot() -> None:
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


def test_ignored_targets_and_weights() -> None:
    t, w = np.array([0, -100, 1, 1, -100]), np.array([1.0, 2.0, 5.0])
    kept = [-np.log(p[0, 0]), -np.log(p[2, 1]), -np.log(p[3, 1])]
    np.testing.assert_allclose(F.cross_entropy(logits, t), np.mean(kept))
    each = F.cross_entropy(logits, t, reduction="none")
    np.testing.assert_allclose(each, [kept[0], 0, kept[1], kept[2], 0])
    expected = (kept[0] + 2 * kept[1] + 2 * kept[2]) / 5
    np.testing.assert_allclose(F.cross_entropy(logits, t, w), expected)
    check_grads(lambda z: F.cross_entropy(z, t, w), (logits,))
    np.testing.assert_allclose(
        F.cross_entropy(logits, target, ignore_index=1), nll[[0, 1, 4]].mean()
    )


def test_ignored_rows_may_hold_anything() -> None:
    z = logits.copy()
    z[1] = -np.inf
    t = np.where(np.arange(5) == 1, -100, target)
    slope = grad(lambda z: F.cross_entropy(z, t))(z)
    assert np.isfinite(slope).all()
    assert not slope[1].any()


def test_the_mean_of_nothing_is_zero() -> None:
    none = np.full(5, -100)
    assert float(F.cross_entropy(Variable(logits), none)) == 0.0
    assert not grad(lambda z: F.cross_entropy(z, none))(logits).any()
    assert float(F.cross_entropy(Variable(np.zeros((0, 3))), np.zeros(0, int))) == 0.0
    assert float(F.mse_loss(Variable(np.zeros((0, 3))), np.zeros((0, 3)))) == 0.0


def test_probabilities() -> None:
    one_hot = np.eye(3)[target]
    np.testing.assert_allclose(F.cross_entropy(logits, one_hot), nll.mean())
    smooth = 0.7 * one_hot + 0.1
    expected = np.mean(np.sum(-smooth * np.log(p), axis=1))
    np.testing.assert_allclose(F.cross_entropy(logits, smooth), expected)
    check_grads(lambda z: F.cross_entropy(z, smooth), (logits,))
    check_grads(lambda z, q: F.cross_entropy(z, q), (logits, p))  # a target may be learnt from


def test_classes_on_axis_1() -> None:
    z, t = rng.standard_normal((2, 3, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    flat = np.moveaxis(z, 1, -1).reshape(-1, 3)
    expected = F.cross_entropy(flat, t.ravel(), reduction="none").reshape(t.shape)
    np.testing.assert_allclose(F.cross_entropy(z, t, reduction="none"), expected)
    check_grads(lambda z: F.cross_entropy(z, t), (z,))
    q = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    rows = np.moveaxis(q, 1, -1).reshape(-1, 3)
    np.testing.assert_allclose(F.cross_entropy(z, q), F.cross_entropy(flat, rows))
    w = np.array([1.0, 2.0, 5.0])
    check_grads(lambda z, q: F.cross_entropy(z, q, w), (z, q))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (np.zeros(5), TypeError, r"class indices \(integers\) \(5,\), or probabilities \(5, 3\)"),
        (np.zeros(4, int), ValueError, r"shape \(4,\) .* for input \(5, 3\)"),
        (np.full(5, 3), ValueError, "target has index 3, of 3 classes"),
        (np.full(5, -1), ValueError, "target has index -1, of 3 classes"),
        (np.full((5, 3), 2.0), ValueError, r"probabilities and must lie in \[0, 1\]"),
    ],
)
def test_wrong_targets(wrong: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        F.cross_entropy(Variable(logits), wrong)


def test_other_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"logits.reshape\(-1, C\)"):
        F.cross_entropy(np.zeros((2, 7, 3)), np.zeros((2, 7), int))
    with pytest.raises(ValueError, match=r"weight must be \(3,\)"):
        F.cross_entropy(logits, target, np.ones(2))
    with pytest.raises(ValueError, match="index -7"):
        F.cross_entropy(logits[0], np.int8(-7))
    with pytest.raises(ValueError, match=r"shape \(\), and must have \(\.\.\., C\)"):
        F.cross_entropy(np.array(1.0), np.array(0))
    with pytest.raises(TypeError, match="cross_entropy: the input has dtype list"):
        F.cross_entropy([[1.0, 2.0]], [0])
    with pytest.raises(TypeError, match=r"target has shape .* dtype float64"):
        F.nll_loss(logits, target.astype(float))


# -- real values -----------------------------------------------------------------------------------


def test_mse_loss() -> None:
    v = Variable([1.0, 3.0])
    assert float(F.mse_loss(v, d[:2])) == 2.5
    assert float(F.mse_loss(v, d[:2], reduction="sum")) == 5.0
    assert F.mse_loss(v, d[:2], reduction="none").value.tolist() == [1.0, 4.0]
    with pytest.raises(ValueError, match=r"target has shape \(2, 1\), and must have \(2,\)"):
        F.mse_loss(v, d[:2, None])
    with pytest.raises(TypeError, match="mse_loss: the input has dtype int64"):
        F.mse_loss(np.arange(2), d[:2])
    assert float(F.mse_loss(Variable(3.0), 1.0)) == 4.0
    with pytest.raises(ValueError, match="must be 'mean', 'sum' or 'none'"):
        F.mse_loss(v, d[:2], reduction="average")


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (F.mse_loss, np.mean((y - d) ** 2)),
        (F.half_squared_error, 0.5 * np.sum((y - d) ** 2)),
        (F.rmse_loss, np.mean((y - d) ** 2) ** 0.5),
        (F.l1_loss, np.mean(np.abs(y - d))),
    ],
)
def test_of_real_values(f: Any, expected: float) -> None:
    np.testing.assert_allclose(float(f(Variable(y), d)), expected, rtol=1e-12)
    check_grads(lambda y: f(y, d), (y * 1.001,))
    check_grads(f, (y * 1.001, d))
    assert not grad(lambda y: f(y, d))(d).any()  # no slope, and no nan, where nothing is wrong


def test_the_perceptron_criterion_gives_the_fixed_increment_rule() -> None:
    inputs, signs = rng.standard_normal((6, 3)), np.array([1, 1, -1, -1, 1, -1])
    w = rng.standard_normal(3)
    mistakes = signs * (inputs @ w) <= 0
    assert mistakes.any()
    assert not mistakes.all()
    got = grad(lambda w: F.perceptron_loss(inputs @ w, signs, "sum"))(w)
    np.testing.assert_allclose(got, -(signs * mistakes) @ inputs)
    start = grad(lambda w: F.perceptron_loss(inputs @ w, signs, "sum"))(np.zeros(3))
    np.testing.assert_allclose(start, -signs @ inputs)  # undecided counts as a mistake
    with pytest.raises(ValueError, match="-1 or 1"):
        F.perceptron_loss(inputs @ w, signs > 0)


# -- probabilities ---------------------------------------------------------------------------------


def test_both_forms_of_binary_cross_entropy_agree() -> None:
    z, t = rng.standard_normal((4, 2)), rng.random((4, 2))
    q = 1 / (1 + np.exp(-z))
    expected = np.mean(-(t * np.log(q) + (1 - t) * np.log(1 - q)))
    np.testing.assert_allclose(F.binary_cross_entropy(q, t), expected)
    np.testing.assert_allclose(F.binary_cross_entropy_with_logits(z, t), expected)
    check_grads(lambda q, t: F.binary_cross_entropy(q, t), (q, t))
    check_grads(lambda z: F.binary_cross_entropy_with_logits(z, t), (z,))
    slope = grad(lambda z: F.binary_cross_entropy_with_logits(z, t, reduction="sum"))(z)
    np.testing.assert_allclose(slope, q - t, rtol=1e-12)  # ŷ - d


def test_certain_and_wrong() -> None:
    z, t = np.array([1e4, -1e4, 1e4, -1e4, 0.0]), np.array([1, 0, 0, 1, 1])
    losses_, slope = (
        F.binary_cross_entropy_with_logits(z, t, reduction="none"),
        grad(lambda z: F.binary_cross_entropy_with_logits(z, t, reduction="sum"))(z),
    )
    np.testing.assert_allclose(losses_, [0, 0, 1e4, 1e4, np.log(2)])
    assert slope.tolist() == [0, 0, 1, -1, -0.5]
    q = np.array([1.0, 0.0, 1.0, 0.0])
    assert F.binary_cross_entropy(q, t[:4], reduction="none").tolist() == [0, 0, 100, 100]
    slope = grad(lambda q: F.binary_cross_entropy(q, t[:4], reduction="sum"))(q)
    np.testing.assert_allclose(slope, [-1, 1, 1e12, -1e12])


@pytest.mark.parametrize("f", [F.binary_cross_entropy, F.binary_cross_entropy_with_logits])
def test_no_probabilities(f: Any) -> None:
    with pytest.raises(ValueError, match=r"target must lie in \[0, 1\], but it has -1.0..1.0"):
        f(np.full(2, 0.5), np.array([-1, 1]))
    with pytest.raises(ValueError, match=r"target has shape \(2, 1\), and must have \(2,\)"):
        f(np.full(2, 0.5), np.ones((2, 1)))
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"input .* must lie in \[0, 1\]"):
            F.binary_cross_entropy(np.array([wrong]), np.ones(1))


# -- dtypes, modules -------------------------------------------------------------------------------

MODULES: list[tuple[Any, Any, Any]] = [
    (activations.MSELoss(), logits, p), (activations.HalfSquaredError(), logits, p),
    (activations.RMSELoss(), logits, p), (activations.L1Loss("sum"), logits, p),
    (activations.PerceptronLoss(), logits, np.sign(logits)), (activations.BCELoss(), p, p),
    (activations.BCEWithLogitsLoss(), logits, p),
    (activations.CrossEntropyLoss(), logits, target), (activations.NLLLoss(), logits, target),
    (activations.CrossEntropyLoss([1.0, 2.0, 3.0], ignore_index=1), logits, target),
    (activations.CrossEntropyLoss(), logits, p),
]  # fmt: skip


@pytest.mark.parametrize(("module", "given", "wanted"), MODULES)
def test_modules_keep_float32(module: Any, given: Any, wanted: Any) -> None:
    small = given.astype(np.float32)
    loss = module(Variable(small), wanted)
    assert loss.dtype == np.float32
    assert module(small, wanted).dtype == np.float32
    assert grad(lambda z: module(z, wanted))(small).dtype == np.float32
    np.testing.assert_allclose(float(loss), float(module(given, wanted)), rtol=1e-5)


def test_a_modules_options() -> None:
    module = activations.CrossEntropyLoss(ignore_index=1)
    assert module.state_dict() == {}
    assert repr(module) == "CrossEntropyLoss(ignore_index=1)"
    np.testing.assert_allclose(module(logits, target), nll[[0, 1, 4]].mean())
    weighted = activations.CrossEntropyLoss([1.0, 2.0, 3.0])
    assert weighted.state_dict()["weight"].tolist() == [1.0, 2.0, 3.0]
    assert weighted.parameters() == []
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'target'"):
        module(logits)


def test_every_module_is_tested() -> None:
    tested = {type(module).__name__ for module, *_ in MODULES}
    assert tested == {n for n in activations.__all__ if "Loss" in n or "Error" in n}
