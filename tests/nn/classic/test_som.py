"""Self-organising maps: the lattice, order, and the two errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import numbers, seeds, small

sides = st.integers(1, 6)


def distances(positions: Any) -> Any:
    return np.linalg.norm(positions[:, None] - positions, axis=2)


def neighbours(rows: int, columns: int, topology: str) -> set[tuple[int, int]]:
    """Pairs of neighbouring units, by rows and columns alone."""
    pairs = set()
    for i in range(rows):
        steps = (
            [(0, 1), (1, 0)] if topology == "grid" else [(0, 1), (1, 0), (1, 1 if i % 2 else -1)]
        )
        for j in range(columns):
            for di, dj in steps:
                if i + di < rows and 0 <= j + dj < columns:
                    a, b = i * columns + j, (i + di) * columns + j + dj
                    pairs |= {(a, b), (b, a)}
    return pairs


# -- the lattice -----------------------------------------------------------------------------------


@given(sides, sides, st.sampled_from(["grid", "hexagonal"]))
def test_neighbours_stand_at_distance_1(rows: int, columns: int, topology: str) -> None:
    positions = C.lattice(rows, columns, topology)
    assert positions.shape == (rows * columns, 2)
    d = distances(positions)
    off = ~np.eye(len(d), dtype=bool)
    assert np.all(d[off] > 0.999)
    found = {(int(a), int(b)) for a, b in zip(*np.nonzero(np.abs(d - 1) < 1e-9), strict=True)}
    assert found == neighbours(rows, columns, topology)
    others = d[off & (np.abs(d - 1) > 1e-9)]
    assert np.all(others > 1.4)  # √2 on the grid, √3 between hexagons


@pytest.mark.parametrize(("topology", "most"), [("grid", 4), ("hexagonal", 6)])
def test_a_unit_inside_has_4_or_6_neighbours(topology: str, most: int) -> None:
    counts = np.sum(np.abs(distances(C.lattice(5, 5, topology)) - 1) < 1e-9, axis=1).reshape(5, 5)
    assert np.all(counts[1:-1, 1:-1] == most)
    assert counts.max() == most


def test_the_lattice_knows_two_topologies() -> None:
    with pytest.raises(ValueError, match='lattice: "grid" or "hexagonal", not \'torus\''):
        C.lattice(2, 2, "torus")


@given(sides, sides, st.data(), st.sampled_from([0.3, 1.0, 2.5]))
def test_the_neighbourhood_is_a_bell_around_the_winner(
    rows: int, columns: int, data: Any, sigma: float
) -> None:
    positions = C.lattice(rows, columns, "hexagonal")
    winner = data.draw(st.integers(0, rows * columns - 1))
    h = C.neighbourhood(positions, winner, sigma)
    d = distances(positions)[winner]
    assert h[winner] == 1 == h.max()
    near = np.abs(d - 1) < 1e-9
    assert_allclose(h[near], np.exp(-1 / (2 * sigma**2)))
    order = np.argsort(d, kind="stable")
    assert np.all(np.diff(h[order]) <= 1e-12)


# -- learning --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_neighbours_stay_neighbours_on_a_line(seed: int) -> None:
    """A chain in one dimension comes to lie in order (Kohonen 1982)."""
    X = np.random.default_rng(seed).uniform(0, 1, (150, 1))
    w = C.SelfOrganizingMap((1, 10), epochs=15, random_state=seed).fit(X).weights_.value[:, 0]
    steps = np.diff(w)
    assert np.all(steps > 0) or np.all(steps < 0)
    assert np.ptp(w) > 0.7  # and to reach far


@pytest.mark.parametrize("topology", ["grid", "hexagonal"])
def test_neighbours_stay_neighbours_in_a_square(topology: str) -> None:
    X = np.random.default_rng(0).uniform(0, 1, (400, 2))
    untrained = C.SelfOrganizingMap((5, 5), topology=topology, epochs=1, eta=1e-9, eta_end=1e-9)
    trained = C.SelfOrganizingMap((5, 5), topology=topology, epochs=15)
    errors = []
    for net in (untrained, trained):
        net.set_params(random_state=0).fit(X)
        w, pairs = net.weights_.value, neighbours(5, 5, topology)
        near = np.mean([np.linalg.norm(w[a] - w[b]) for a, b in pairs])
        errors.append((net.topographic_error(X), near / distances(w).mean(), -net.score(X)))
    assert errors[0][0] > 0.5
    assert errors[1][0] < 0.1
    assert errors[0][1] > 0.8  # at random, neighbours are as far apart as any two units
    assert errors[1][1] < 0.45
    assert errors[1][2] < 0.12


@given(st.data(), small, seeds, st.sampled_from(["grid", "hexagonal"]))
def test_units_stay_among_the_samples(data: Any, m: int, seed: int, topology: str) -> None:
    """Each step ends between the unit and a sample; at first units are samples, nearly."""
    X = data.draw(numbers(6, m))
    net = C.SelfOrganizingMap((2, 3), topology=topology, epochs=3, random_state=seed).fit(X)
    w, slack = net.weights_.value, 0.01 * X.std() + 1e-12
    assert w.shape == (6, m)
    assert net.positions_.shape == (6, 2)
    assert np.all((w >= X.min(axis=0) - slack) & (w <= X.max(axis=0) + slack))


@pytest.mark.parametrize(("sigma", "first"), [(None, 3.0), (1.5, 1.5), (0.1, 0.3)])
def test_rate_and_width_decay_exponentially_to_their_ends(sigma: Any, first: float) -> None:
    X = np.random.default_rng(0).standard_normal((7, 2))
    net = C.SelfOrganizingMap((6, 2), epochs=3, sigma=sigma, random_state=0)
    shown: list[Any] = []
    net._show = lambda x, rate, width: shown.append((*x, rate, width))  # type: ignore[method-assign]
    net.fit(X)
    rates, widths = np.array(shown)[:, 2], np.array(shown)[:, 3]
    n = np.arange(21)
    assert_allclose(rates, 0.5 * np.exp(-n * np.log(0.5 / 0.01) / 20))
    assert_allclose(widths, first * np.exp(-n * np.log(first / 0.3) / 20))
    for epoch in np.array(shown)[:, :2].reshape(3, 7, 2):  # each sample once, in an order
        assert_array_equal(np.sort(epoch, axis=0), np.sort(X, axis=0))


def test_a_narrow_map_is_clustering() -> None:
    """With σ → 0 only the winner moves."""
    X = np.random.default_rng(0).standard_normal((9, 2))
    net = C.SelfOrganizingMap((1, 4), sigma=1e-3, sigma_end=1e-3, epochs=1, random_state=0).fit(X)
    w = net.weights_.value
    winner = int(net.predict(X[:1])[0])
    net.partial_fit(X[:1])
    moved = np.any(net.weights_.value != w, axis=1)
    assert_array_equal(moved, np.arange(4) == winner)


# -- answers ---------------------------------------------------------------------------------------


@given(st.data(), st.sampled_from([(1, 1), (1, 5), (3, 3), (4, 2)]), seeds)
def test_answers_and_errors_by_hand(data: Any, shape: tuple[int, int], seed: int) -> None:
    X = data.draw(numbers(8, 3))
    topology = "hexagonal" if seed % 2 else "grid"
    net = C.SelfOrganizingMap(shape, topology=topology, epochs=2, random_state=seed).fit(X)
    d = np.linalg.norm(X[:, None] - net.weights_.value, axis=2)
    assert_allclose(net.transform(X), d, rtol=1e-12, atol=1e-12)
    order = np.argsort(net.transform(X), axis=1, kind="stable")
    assert_array_equal(net.predict(X), order[:, 0])
    assert_allclose(net.quantization_error(X), np.mean(d.min(axis=1)), rtol=1e-12, atol=1e-12)
    assert net.score(X) == -net.quantization_error(X)
    pairs = neighbours(*shape, topology)
    apart = [len(row) > 1 and (row[0], row[1]) not in pairs for row in order.tolist()]
    assert net.topographic_error(X) == np.mean(apart)


def test_training_lowers_the_quantisation_error() -> None:
    X = np.random.default_rng(1).standard_normal((200, 2))
    errors = [
        C.SelfOrganizingMap((3, 3), epochs=n, eta=eta, random_state=0).fit(X).quantization_error(X)
        for n, eta in ((1, 0.02), (1, 0.5), (10, 0.5))
    ]
    assert errors[2] < errors[1] < errors[0]


def test_more_units_than_samples_find_them_all() -> None:
    X = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    net = C.SelfOrganizingMap((4, 4), epochs=40, random_state=0).fit(X)
    assert len(set(net.predict(X))) == 3
    assert net.quantization_error(X) < 0.2


def test_partial_fit_begins_with_a_fit_and_follows_new_samples() -> None:
    X = np.random.default_rng(0).standard_normal((30, 2))
    net = C.SelfOrganizingMap((2, 2), epochs=3, random_state=0).partial_fit(X)
    whole = C.SelfOrganizingMap((2, 2), epochs=3, random_state=0).fit(X)
    assert_array_equal(net.weights_.value, whole.weights_.value)
    before = net.quantization_error(X + 5)
    for _ in range(20):
        net.partial_fit(X + 5)
    assert net.quantization_error(X + 5) < 0.5 * before
