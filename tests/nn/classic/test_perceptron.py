"""Single units: Rosenblatt's theorem, and what LMS converges to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import numbers, seeds, small

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def with_bias(X: Any) -> Any:
    return np.concatenate([np.ones((len(X), 1)), X], axis=1)


def bound(X: Any, d: Any, w: Any) -> float:
    """β‖w*‖²/α² of 003 §2.1.1: no more corrections are possible where w tells d apart."""
    x = with_bias(X)
    alpha, beta = np.min(d * (x @ w)), np.max(np.sum(x**2, axis=1))
    return float(beta * np.sum(w**2) / alpha**2)


# -- the perceptron --------------------------------------------------------------------------------


@st.composite
def separable(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Samples, their signs, and weights that tell them apart; both classes are there."""
    m, n = draw(small), draw(st.integers(2, 12))
    X, w = draw(numbers(n, m)), draw(numbers(1 + m))
    v = with_bias(X) @ w
    assume(v.min() < 0 < v.max() and np.abs(v).min() > 0.05)
    return X, np.sign(v), w


@given(separable(), seeds, st.sampled_from([0.25, 1.0, 8.0]))
def test_it_converges_within_the_bound_of_the_theorem(data: Any, seed: int, eta: float) -> None:
    X, d, w = data
    most = bound(X, d, w)
    assume(most < 2000)
    # An epoch without an end has a correction at least, and a warning would be an error here.
    net = C.Perceptron(eta, max_iter=int(most) + 1, random_state=seed).fit(X, d)
    assert net.converged_
    assert net.n_corrections_ <= most
    assert net.n_iter_ <= net.n_corrections_ + 1
    assert_array_equal(net.predict(X), d)
    assert np.all(d * net.decision_function(X) > 0)


@given(separable(), seeds)
def test_the_bound_of_the_theorem_is_reached(data: Any, seed: int) -> None:
    """One sample per class, opposite each other: α² = β‖w*‖² and one correction each at most."""
    X, _, _ = data
    x = X[0]
    assume(np.any(x != 0))
    pair = np.stack([x, -x])
    net = C.Perceptron(random_state=seed).fit(pair, [1, -1])
    assert 1 <= net.n_corrections_ <= bound(pair, np.array([1.0, -1.0]), np.array([0.0, *x])) + 1e-9


@given(separable(), seeds, st.sampled_from([2.0**-10, 0.5, 64.0]))
def test_the_rate_only_scales_the_weights(data: Any, seed: int, eta: float) -> None:
    X, d, w = data
    assume(bound(X, d, w) < 500)
    one = C.Perceptron(max_iter=501, random_state=seed).fit(X, d)
    other = C.Perceptron(eta, max_iter=501, random_state=seed).fit(X, d)
    assert one.n_corrections_ == other.n_corrections_
    assert_array_equal(other.weights_.value, eta * one.weights_.value)  # powers of 2 are exact


@given(seeds)
def test_each_of_many_classes_has_a_unit_and_its_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.arange(30) % 3
    X = 4 * np.eye(3)[y] + 0.3 * rng.uniform(-1, 1, (30, 3))
    net = C.Perceptron(random_state=seed).fit(X, y)
    w = np.array([-2.0, 0.0, 0.0, 0.0])  # x_k > 2 of class k alone
    most = sum(bound(X, np.where(y == k, 1, -1), w + np.eye(4)[k + 1]) for k in range(3))
    assert net.converged_
    assert net.n_corrections_ <= most
    assert net.coef_.shape == (3, 3)
    assert net.intercept_.shape == (3,)
    assert_array_equal(net.predict(X), y)
    assert_allclose(net.decision_function(X), X @ net.coef_.T + net.intercept_, rtol=1e-12)


@pytest.mark.parametrize("truth", [(0, 0, 0, 1), (0, 1, 1, 1), (1, 1, 1, 0), (0, 0, 1, 1)])
def test_it_learns_logic_that_a_line_can_tell(truth: tuple[int, ...]) -> None:
    net = C.Perceptron(random_state=0).fit(XOR, truth)
    assert_array_equal(net.predict(XOR), truth)
    w0, (w1, w2) = net.intercept_[0], net.coef_[0]
    assert_array_equal(w1 * XOR[:, 0] + w2 * XOR[:, 1] + w0 > 0, truth)  # the printed boundary


@pytest.mark.parametrize(
    ("X", "y"), [(XOR, [0, 1, 1, 0]), ([[1.0], [1.0]], [0, 1]), ([[0.0], [1.0], [2.0]], [0, 1, 0])]
)
def test_inseparable_data_stop_at_the_budget_and_say_so(X: Any, y: Any) -> None:
    net = C.Perceptron(max_iter=7, random_state=0)
    with pytest.warns(UserWarning, match=r"after 7 epochs samples are still .*not be linearly sep"):
        net.fit(X, y)
    assert not net.converged_
    assert net.n_iter_ == 7
    assert net.n_corrections_ >= 7


def test_corrections_are_counted_for_each_unit() -> None:
    """Weights of 0 take every sample wrongly, of each class's unit."""
    net = C.Perceptron().partial_fit([[1.0, 2.0]], [1], classes=[0, 1, 2])
    assert net.n_corrections_ == 3
    assert_array_equal(net.weights_.value, [[-1, -1, -2], [1, 1, 2], [-1, -1, -2]])


def test_partial_fit_counts_on() -> None:
    net = C.Perceptron(random_state=0)
    while not getattr(net, "converged_", False):
        net.partial_fit(XOR, [0, 1, 1, 1])
    whole = C.Perceptron(random_state=0).fit(XOR, [0, 1, 1, 1])
    assert (net.n_iter_, net.n_corrections_) == (whole.n_iter_, whole.n_corrections_)
    corrections = net.n_corrections_
    net.partial_fit(XOR[:1], [1])  # new evidence
    assert not net.converged_
    assert net.n_corrections_ == corrections + 1


# -- Adaline ---------------------------------------------------------------------------------------


@given(st.data(), small, st.sampled_from([0.1, 0.5, 1.0, 1.5, 1.9]))
def test_on_one_sample_the_error_shrinks_by_a_known_factor(data: Any, m: int, share: float) -> None:
    """e ← (1 - η‖x‖²)·e, which is why η must stay below 2/‖x‖²."""
    x, d = data.draw(numbers(1, m)), data.draw(numbers(1))
    size = 1 + np.sum(x**2)
    net, error = C.Adaline(share / size), d[0]
    for _ in range(4):
        net.partial_fit(x, d)
        error *= 1 - share
        assert_allclose(d[0] - net.predict(x)[0], error, rtol=1e-9, atol=1e-12)
        assert_allclose(net.mse_, error**2, rtol=1e-9, atol=1e-12)


@given(st.integers(1, 3), seeds)
def test_it_finds_the_line_that_numbers_lie_on(m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, w = rng.uniform(-1, 1, (20, m)), rng.uniform(-1, 1, m)
    net = C.Adaline(tol=1e-10, random_state=seed).fit(X, X @ w + 0.5)
    assert_allclose(net.coef_, [w], atol=1e-3)
    assert_allclose(net.intercept_, [0.5], atol=1e-3)
    assert net.score(X, X @ w + 0.5) > 1 - 1e-5


def test_of_noisy_numbers_it_finds_the_least_squares() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    y = X @ [1.0, -2.0, 0.5] + 3 + rng.standard_normal(60)
    best = np.linalg.lstsq(with_bias(X), y)[0]
    net = C.Adaline(eta=2e-3, max_iter=100, tol=1e-6, random_state=0).fit(X, y)
    assert_allclose([*net.intercept_, *net.coef_[0]], best, atol=0.02)
    least = np.mean((with_bias(X) @ best - y) ** 2)
    assert least < net.mse_ < 1.001 * least
    assert net.mse_ == pytest.approx(np.mean((net.predict(X) - y) ** 2))


def test_it_tells_two_classes_apart_by_sign() -> None:
    net = C.Adaline(eta=0.1, max_iter=500, random_state=0).fit(XOR, [-1, -1, -1, 1])
    assert_array_equal(np.sign(net.predict(XOR)), [-1, -1, -1, 1])


def test_it_stops_by_the_change_of_its_error_or_says_that_it_did_not() -> None:
    X, y = np.linspace(-1, 1, 8)[:, None], np.arange(8.0) ** 2  # no line: an error remains
    early = C.Adaline(tol=1.0, random_state=0).fit(X, y)
    late = C.Adaline(tol=1e-9, random_state=0).fit(X, y)
    assert early.n_iter_ < late.n_iter_ < 200
    # From an error of 1 to (1/16)² in the first epoch, and by less than 0.5 in the second
    assert C.Adaline(tol=0.5).fit(np.zeros((4, 1)), np.ones(4)).n_iter_ == 2
    with pytest.warns(UserWarning, match=r"error still changes after 3 epochs; give more \(max_it"):
        assert C.Adaline(max_iter=3, tol=0).fit(X, y).n_iter_ == 3


def test_too_large_a_rate_is_an_error_that_names_it() -> None:
    X = 10 * np.ones((4, 2))
    with pytest.raises(FloatingPointError, match=r"epoch \d+; give a smaller eta than 1, or stand"):
        C.Adaline(eta=1.0).fit(X, np.arange(4.0))
    C.Adaline().fit(X, np.zeros(4))  # by itself it stays below 2/‖x‖²
    net = C.Adaline().partial_fit(X, np.zeros(4))
    assert net.eta_ == 0.5 / 201
    assert net.set_params(eta=1e-3).partial_fit(X, np.zeros(4)).eta_ == 1e-3
