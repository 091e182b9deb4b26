"""Extreme learning machines: interpolation, the ridge, singular matrices, and widening."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import numbers, seeds, small

ACTIVATIONS = {
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)), "tanh": np.tanh, "sin": np.sin,
    "relu": lambda v: np.maximum(v, 0),
}  # fmt: skip


def hidden(net: Any, X: Any) -> Any:
    """H by the printed formula."""
    w = net.hidden_weights_
    return ACTIVATIONS[net.activation](np.array([[*row] for row in X]) @ w[1:] + w[0])


@given(st.data(), small, st.integers(2, 8), st.sampled_from(["sigmoid", "tanh", "sin"]), seeds)
def test_n_units_learn_n_different_samples_by_heart(
    data: Any, m: int, n: int, activation: str, seed: int
) -> None:
    X, T = data.draw(numbers(n, m, domain="unit")), data.draw(numbers(n, 2))
    apart = np.linalg.norm(X[:, None] - X, axis=2)[np.triu_indices(n, 1)]
    assume(apart.min() > 0.1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = C.ELMRegressor(n, activation=activation, random_state=seed).fit(X, T)
    H = hidden(net, X)
    assert H.shape == (n, n)
    # Invertible with probability 1, though on a computer it may look singular; and then it says so.
    assert bool(caught) == (np.linalg.matrix_rank(H) < n)
    assume(not caught)
    # Solved by a stable method: the residual is of the order of rounding in H·β.
    rounding = 100 * n * np.finfo(float).eps * np.abs(H).max() * max(np.abs(net.beta_).max(), 1)
    assert_allclose(net.predict(X), T, atol=rounding)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "sin"])
def test_invertible_with_probability_1(activation: str) -> None:
    rng = np.random.default_rng(0)
    for seed in range(200):
        X = rng.uniform(-3, 3, (10, 6))
        net = C.ELMRegressor(10, activation=activation, random_state=seed).fit(X, rng.random(10))
        assert np.linalg.matrix_rank(hidden(net, X)) == 10


@given(st.data(), seeds, st.sampled_from(sorted(ACTIVATIONS)))
def test_it_computes_what_is_printed(data: Any, seed: int, activation: str) -> None:
    X, T = data.draw(numbers(7, 3)), data.draw(numbers(7, 2))
    net = C.ELMRegressor(5, activation=activation, alpha=0.3, random_state=seed).fit(X, T)
    assert net.hidden_weights_.shape == (4, 5)
    assert np.abs(net.hidden_weights_).max() <= 1
    H = hidden(net, X)
    beta = np.linalg.inv(H.T @ H + 0.3 * np.eye(5)) @ H.T @ T
    assert_allclose(net.beta_, beta, rtol=1e-9, atol=1e-9)
    assert_allclose(net.predict(X), H @ beta, rtol=1e-9, atol=1e-9)
    one = C.ELMRegressor(5, activation=activation, alpha=0.3, random_state=seed).fit(X, T[:, 0])
    assert one.predict(X).shape == (7,)
    assert_allclose(one.predict(X), net.predict(X)[:, 0], rtol=1e-9, atol=1e-9)


@given(st.data(), seeds)
def test_the_ridge_shrinks_weights_and_loosens_the_fit(data: Any, seed: int) -> None:
    X, T = data.draw(numbers(12, 3)), data.draw(numbers(12, 1))
    nets = [C.ELMRegressor(6, alpha=a, random_state=seed).fit(X, T) for a in (0.01, 0.1, 1, 10)]
    norms = [np.linalg.norm(net.beta_) for net in nets]
    errors = [np.linalg.norm(net.predict(X) - T) for net in nets]
    for before, after in pairwise(norms):
        assert after <= before * (1 + 1e-9)
    for before, after in pairwise(errors):
        assert before <= after * (1 + 1e-9) + 1e-12


def test_a_classifier_s_targets_are_signs() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 4)), np.arange(30) % 3
    for labels, T in (
        (y, np.where(y[:, None] == np.arange(3), 1.0, -1.0)),
        (y > 0, np.where(y > 0, 1.0, -1.0)[:, None]),
    ):
        net = C.ELMClassifier(8, alpha=0.1, random_state=0).fit(X, labels)
        numeric = C.ELMRegressor(8, alpha=0.1, random_state=0).fit(X, T)
        assert_array_equal(net.beta_, numeric.beta_)
        assert_array_equal(np.ravel(net.decision_function(X)), np.ravel(numeric.predict(X)))


@pytest.mark.parametrize(("n", "seed"), [(40, 0), (25, 3), (4, 1)])
def test_the_best_of_some_draws_is_kept(n: int, seed: int) -> None:
    """The best on a fifth of the samples, when learnt from the others alone."""
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, (n, 2))
    T = np.sin(5 * X[:, :1]) * X[:, 1:]
    net = C.ELMRegressor(10, n_draws=8, alpha=1e-6, random_state=seed).fit(X, T)
    rng = np.random.default_rng(seed)
    draws = [rng.uniform(-1, 1, (3, 10)) for _ in range(8)]
    order = rng.permutation(n)
    held, rest = np.split(order, [max(n // 5, 1)])
    chosen = []
    for learnt in (rest, order):
        errors = []
        for w in draws:
            H = 1 / (1 + np.exp(-(w[0] + X @ w[1:])))
            A = H[learnt].T @ H[learnt] + 1e-6 * np.eye(10)
            errors.append(
                np.sum((H[held] @ np.linalg.solve(A, H[learnt].T @ T[learnt]) - T[held]) ** 2)
            )
        chosen.append(int(np.argmin(errors)))
    assert chosen[0] not in (0, 7, chosen[1])  # not so by chance, and others had they been seen
    assert_array_equal(net.hidden_weights_, draws[chosen[0]])
    H = hidden(net, X)
    beta = np.linalg.solve(H.T @ H + 1e-6 * np.eye(10), H.T @ T)
    assert_allclose(net.beta_, beta, rtol=1e-5)  # in the end all samples are learnt from


@pytest.mark.parametrize("n", [1, 2])
def test_draws_are_compared_even_on_few_samples(n: int) -> None:
    X = np.arange(float(n))[:, None]
    with pytest.warns(UserWarning, match="singular"):
        net = C.ELMRegressor(4, n_draws=3, random_state=0).fit(X, X)
    assert_allclose(net.predict(X), X, atol=1e-9)


# -- singular HᵀH ----------------------------------------------------------------------------------


def test_more_units_than_samples_take_the_shortest_solution_and_say_so() -> None:
    rng = np.random.default_rng(0)
    X, T = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
    with pytest.warns(UserWarning, match="singular") as caught:
        net = C.ELMRegressor(20, random_state=0).fit(X, T)
    assert str(caught[0].message) == (
        "HᵀH + λI is singular: rank 6 for 20 hidden units on 6 samples, with λ = 0; the "
        "pseudo-inverse's shortest solution was taken. Fewer units, or a larger alpha, are safer"
    )
    assert_allclose(net.beta_, np.linalg.pinv(hidden(net, X)) @ T, rtol=1e-6, atol=1e-9)
    assert_allclose(net.predict(X), T, atol=1e-9)
    C.ELMRegressor(20, alpha=1e-3, random_state=0).fit(X, T)  # no warning: not singular any more


def test_constant_features_make_the_mean() -> None:
    X, y = np.ones((5, 2)), np.arange(5.0)
    with pytest.warns(UserWarning, match="rank 1 for 4 hidden units on 5 samples"):
        net = C.ELMRegressor(4, random_state=0).fit(X, y)
    assert_allclose(net.predict(X), 2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha", [1e-30, 1e-12, 1e-9, 1e-6])
def test_too_small_a_ridge_is_no_worse_than_none(dtype: Any, alpha: float) -> None:
    """HᵀH + λI would lose such a λ to rounding; the solution keeps what it can, or says so."""
    rng = np.random.default_rng(1)
    X, T = rng.standard_normal((30, 2)).astype(dtype), rng.standard_normal((30, 1)).astype(dtype)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = C.ELMRegressor(25, alpha=alpha, random_state=0).fit(X, T)
    assert net.beta_.dtype == dtype
    H = hidden(net, X).astype(np.float64)
    U, s, _ = np.linalg.svd(H, full_matrices=False)
    exact = np.linalg.norm(T - U @ (s**2 / (s**2 + alpha) * (U.T @ T).T).T)
    cut = np.linalg.norm(T - U[:, s > 1e-5] @ (U[:, s > 1e-5].T @ T))
    assert np.linalg.norm(net.predict(X) - T) < 1.05 * max(exact, cut)
    sure = alpha**0.5 > 2 * 30 * np.finfo(dtype).eps * np.linalg.norm(H, 2)
    assert not (caught and sure)


def test_ridge_solution_wants_no_negative_ridge() -> None:
    with pytest.raises(ValueError, match=r"alpha, the λ of the ridge, must not be negative.* -1"):
        C.ridge_solution(np.eye(2), np.eye(2), -1)


# -- universal approximation -----------------------------------------------------------------------


def test_a_wider_layer_comes_as_close_as_you_like() -> None:
    X = np.linspace(-1, 1, 200)[:, None]
    y = np.sin(6 * X[:, 0]) + np.abs(X[:, 0])
    between = (X[1:] + X[:-1]) / 2
    truth = np.sin(6 * between[:, 0]) + np.abs(between[:, 0])
    errors = []
    for n in (8, 32, 128, 512):
        net = C.ELMRegressor(n, alpha=1e-8, activation="relu")
        guesses = (
            net.set_params(random_state=seed).fit(X, y).predict(between) for seed in range(3)
        )
        errors.append(np.mean([np.max(np.abs(values - truth)) for values in guesses]))
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.5
    assert errors[-1] < 0.02
