"""Radial basis function networks: interpolation, centres, spreads, the three ways to weights."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import numbers, seeds, small

singular = pytest.mark.filterwarnings("ignore:HᵀH")


def phi(X: Any, centers: Any, spread: Any) -> Any:
    """The design matrix, entry by entry, as it is printed."""
    spread = np.broadcast_to(spread, len(centers))
    return np.array([
        [1.0] + [np.exp(-sum((x - t) ** 2) / s**2) for t, s in zip(centers, spread, strict=True)]
        for x in X
    ])  # fmt: skip


def nearest(X: Any, centers: Any) -> Any:
    """The distance of each sample to its nearest centre."""
    return np.min(np.linalg.norm(X[:, None] - centers, axis=2), axis=1)


def clusters(rng: np.random.Generator, k: int = 4, each: int = 15) -> tuple[Any, Any, Any]:
    """Samples around k corners, and which corner each belongs to."""
    corners = np.array([[0.0, 0.0], [0.0, 5.0], [5.0, 0.0], [5.0, 5.0]])[:k]
    y = np.arange(k * each) % k
    return corners[y] + 0.3 * rng.standard_normal((k * each, 2)), y, corners


# -- the layer -------------------------------------------------------------------------------------


@given(st.data(), small, small, small, st.booleans())
def test_the_layer_is_as_printed(data: Any, n: int, k: int, m: int, each: bool) -> None:
    X, t = data.draw(numbers(n, m)), data.draw(numbers(k, m))
    spread = data.draw(numbers(k, domain=(0.3, 3.0))) if each else 1.3
    assert_allclose(C.radial(X, t, spread), phi(X, t, spread), rtol=1e-9, atol=1e-12)


@given(st.data(), small, st.sampled_from([1.0, 1e3, 1e6]))
def test_only_differences_count(data: Any, m: int, far: float) -> None:
    """Features far from 0, as years are, do not cost digits."""
    X, t = data.draw(numbers(3, m)), data.draw(numbers(4, m))
    here = C.radial(X, t, 1.0)
    assert_allclose(C.radial(X + far, t + far, 1.0), here, atol=1e-15 * far * 100 + 1e-12)
    single = [(a + 1024).astype(np.float32) for a in (X, t)]
    there = C.radial(*single, 1.0)
    assert there.dtype == np.float32
    assert_allclose(there, here, atol=2e-3)  # 1024 + x has a spacing of 1e-4 in float32


@given(st.data(), small, st.integers(1, 7), seeds)
def test_the_spread_is_the_largest_distance_over_the_root_of_the_number(
    data: Any, m: int, k: int, seed: int
) -> None:
    X = data.draw(numbers(7, m))
    k = min(k, len(np.unique(X, axis=0)))
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        net = C.RBFRegressor(k, centers="random", random_state=seed).fit(X, X[:, 0])
    t = net.centers_
    assert len(np.unique(t, axis=0)) == k
    assert all(any(np.array_equal(x, c) for x in X) for c in t)  # they are samples
    longest = max(np.linalg.norm(a - b) for a in t for b in t)
    assert_allclose(net.spread_, longest / k**0.5 if k > 1 else 1.0, rtol=1e-9)


# -- centres ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_clustering_draws_centres_to_what_is_near(seed: int) -> None:
    X, _, _ = clusters(np.random.default_rng(seed))
    still, drawn = (
        C.RBFRegressor(8, centers=way, epochs=10, random_state=seed).fit(X, X).centers_
        for way in ("random", "clustering")
    )
    assert np.sum(nearest(X, drawn) ** 2) < np.sum(nearest(X, still) ** 2)


def test_a_centre_per_cluster_ends_in_its_middle() -> None:
    """Started in one corner each, centres come to the means: there the pulls cancel."""
    rng = np.random.default_rng(0)
    X, y, corners = clusters(rng)
    found = 0
    for seed in range(10):
        first = C.RBFRegressor(4, centers="random", random_state=seed).fit(X, X).centers_
        if np.max(nearest(corners, first)) < 1.5:
            net = C.RBFRegressor(4, random_state=seed).fit(X, X)
            means = np.array([X[y == k].mean(axis=0) for k in range(4)])
            assert np.max(nearest(means, net.centers_)) < 0.1
            found += 1
    assert found  # some seeds start so


@given(st.data(), small, seeds)
def test_centres_stay_among_the_samples(data: Any, m: int, seed: int) -> None:
    """Each step ends between the centre and a sample: inside of the samples' box."""
    X = data.draw(numbers(9, m))
    assume(len(np.unique(X, axis=0)) >= 3)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        net = C.RBFRegressor(3, eta=0.9, epochs=5, random_state=seed).fit(X, X)
    assert np.all(net.centers_ >= X.min(axis=0) - 1e-9)
    assert np.all(net.centers_ <= X.max(axis=0) + 1e-9)


def test_a_centre_that_is_never_nearest_stays_where_it_was() -> None:
    """0.5 is between 0 and 1, where there is no sample but itself."""
    X = np.array([[0.0], [0.5], [1.0]])
    net = C.RBFRegressor(3, epochs=30, random_state=0)
    with pytest.warns(UserWarning, match="singular"):
        net.fit(X, X)
    assert_array_equal(np.sort(net.centers_, axis=0), X)


def test_no_more_centres_than_different_samples() -> None:
    X = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 4, axis=0)
    with pytest.warns(
        UserWarning, match=r"n_centers=10 was cut down to 3, the number of different"
    ):
        net = C.RBFClassifier(10, alpha=1e-3, random_state=0).fit(X, np.arange(12) // 4)
    assert net.centers_.shape == (3, 2)
    assert net.weights_.shape == (4, 3)


# -- weights ---------------------------------------------------------------------------------------


@singular
@given(st.data(), small, st.integers(2, 7), seeds)
def test_a_unit_for_every_sample_interpolates(data: Any, m: int, n: int, seed: int) -> None:
    """Micchelli's theorem (003 §4.1.3): Φ of different samples is not singular."""
    X, T = data.draw(numbers(n, m, domain="unit")), data.draw(numbers(n, 2))
    assume(np.linalg.norm(X[:, None] - X, axis=2)[np.triu_indices(n, 1)].min() > 0.2)
    net = C.RBFRegressor(n, centers="random", random_state=seed).fit(X, T)
    P = phi(X, net.centers_, net.spread_)[:, 1:]
    assert np.linalg.matrix_rank(P) == n
    scale = max(np.abs(net.weights_).max(), 1.0)
    assert_allclose(net.predict(X), T, atol=1e-13 * scale + 1e-9)


def test_a_unit_for_every_sample_is_not_unique_and_says_so() -> None:
    X = np.arange(4.0)[:, None]
    with pytest.warns(UserWarning, match="rank 4 for 5 hidden units on 4 samples"):
        C.RBFRegressor(4, centers="random").fit(X, X)


@given(st.data(), seeds, st.sampled_from([0.0, 0.1, 2.0]))
def test_weights_in_closed_form(data: Any, seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    X, T = rng.uniform(-2, 2, (25, 2)), data.draw(numbers(25, 2))
    net = C.RBFRegressor(4, centers="random", alpha=alpha, random_state=seed).fit(X, T)
    P = phi(X, net.centers_, net.spread_)
    weights = np.linalg.inv(P.T @ P + alpha * np.eye(5)) @ P.T @ T
    assert_allclose(net.weights_, weights, rtol=1e-6, atol=1e-6)
    assert_allclose(net.predict(X), P @ weights, atol=1e-6)


def test_lms_comes_near_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (60, 2))
    y = np.sin(X[:, 0]) + X[:, 1] ** 2
    errors = []
    for way in ({}, *({"weights": "lms", "eta": 0.1, "epochs": n} for n in (1, 10, 100))):
        net = C.RBFRegressor(3, centers="random", random_state=0, **way).fit(X, y)
        errors.append(np.mean((net.predict(X) - y) ** 2))
    assert errors[0] < errors[3] < errors[2] < errors[1]
    assert errors[3] - errors[0] < 0.1 * (errors[1] - errors[0])


def test_lms_does_not_overshoot() -> None:
    X = np.random.default_rng(0).uniform(-2, 2, (20, 2))
    net = C.RBFRegressor(5, weights="lms", eta=100.0, centers="random", random_state=0)
    assert_allclose(net.fit(X, np.full(20, 3.0)).predict(X), 3.0, atol=0.1)


def test_backpropagation_improves_on_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (80, 2))
    y = np.sin(3 * X[:, 0]) * X[:, 1]
    closed = C.RBFRegressor(8, random_state=0).fit(X, y)
    tuned = C.RBFRegressor(8, weights="backprop", epochs=60, eta=0.2, random_state=0).fit(X, y)
    assert np.ndim(closed.spread_) == 0
    assert tuned.spread_.shape == (8,)
    assert np.all(tuned.spread_ > 0)
    before, after = (np.mean((net.predict(X) - y) ** 2) for net in (closed, tuned))
    assert after < 0.5 * before
    assert_allclose(
        tuned.predict(X), (phi(X, tuned.centers_, tuned.spread_) @ tuned.weights_)[:, 0]
    )


# -- answers ---------------------------------------------------------------------------------------


def test_units_are_local() -> None:
    """Far from all centres only the bias is left."""
    X, y, _ = clusters(np.random.default_rng(0))
    net = C.RBFRegressor(8, random_state=0).fit(X, y)
    assert_allclose(net.predict([[1e6, -1e6]]), net.weights_[0])


@pytest.mark.parametrize("seed", range(5))
def test_it_tells_clusters_apart(seed: int) -> None:
    X, y, _ = clusters(np.random.default_rng(seed))
    net = C.RBFClassifier(30, alpha=1e-6, epochs=3, random_state=seed).fit(X, y)
    assert net.score(X, y) == 1
    assert net.decision_function(X).shape == (60, 4)
    crosswise = np.isin(y, (0, 3))  # no line tells these from the others
    net.fit(X, crosswise)
    assert net.decision_function(X).shape == (60,)
    assert_array_equal(net.predict(X), crosswise)


@singular
def test_more_units_come_as_close_as_you_like() -> None:
    X = np.linspace(-1, 1, 200)[:, None]
    y = np.sin(6 * X[:, 0]) + np.abs(X[:, 0])
    between = (X[1:] + X[:-1]) / 2
    truth = np.sin(6 * between[:, 0]) + np.abs(between[:, 0])
    errors = []
    for n in (2, 8, 32, 128):
        net = C.RBFRegressor(n, centers="random", random_state=0).fit(X, y)
        errors.append(np.max(np.abs(net.predict(between) - truth)))
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.5
    assert errors[-1] < 0.02
