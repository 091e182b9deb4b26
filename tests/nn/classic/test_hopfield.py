"""Hopfield's network: energies fall, recall ends, and what is stable."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import every_state, seeds, signs

units = st.integers(2, 9)


def energy(y: Any, W: Any) -> float:
    """E as it is printed, term by term."""
    n = len(y)
    return -0.5 * sum(W[i, j] * y[i] * y[j] for i in range(n) for j in range(n))


# -- storage ---------------------------------------------------------------------------------------


@given(st.data(), st.integers(1, 5), st.integers(1, 5), units)
def test_memories_may_come_at_once_or_one_after_another(data: Any, a: int, b: int, n: int) -> None:
    X = data.draw(signs(a + b, n))
    whole, parts = C.Hopfield().fit(X), C.Hopfield().partial_fit(X[:a]).partial_fit(X[a:])
    assert_array_equal(parts.weights_, whole.weights_)
    assert parts.n_memories_ == a + b
    assert_array_equal(whole.weights_, whole.weights_.T)
    assert not np.diag(whole.weights_).any()
    assert C.Hopfield().fit(X[:a]).fit(X[a:]).n_memories_ == b  # fit forgets


# -- retrieval -------------------------------------------------------------------------------------


@given(st.data(), st.integers(1, 6), units, seeds)
def test_energy_never_rises_and_recall_always_ends(data: Any, m: int, n: int, seed: int) -> None:
    X, start = data.draw(signs(m, n)), data.draw(signs(1, n))
    net = C.Hopfield(random_state=seed).fit(X)
    visited: list[Any] = []
    energies: list[float] = []
    pull = net._pull

    def spy(y: Any) -> Any:
        visited.append(y.copy())
        energies.append(energy(y, net.weights_))
        assert all(b < a for a, b in pairwise(energies))
        return pull(y)

    net._pull = spy  # type: ignore[method-assign]
    end = net.predict(start)
    net._pull = pull  # type: ignore[method-assign]
    assert_array_equal(visited[0], start[0])
    assert_array_equal(visited[-1], end[0])
    assert all(np.sum(a != b) == 1 for a, b in pairwise(visited))
    assert net.stable(end).all()
    assert_array_equal(net.predict(end), end)
    assert_allclose(net.energy(start), energies[:1], atol=1e-12)


@given(st.data(), st.integers(1, 5), st.integers(2, 6))
def test_stable_states_are_those_that_no_flip_lowers(data: Any, m: int, n: int) -> None:
    net = C.Hopfield().fit(data.draw(signs(m, n)))
    states = every_state(n, (-1.0, 1.0))
    flips = 1 - 2 * np.eye(n)
    lowest = [
        all(energy(y * f, net.weights_) > energy(y, net.weights_) - 1e-9 for f in flips)
        for y in states
    ]
    assert_array_equal(net.stable(states), lowest)
    assert any(lowest)


@given(st.data(), st.integers(1, 5), units)
def test_the_negative_of_a_stable_state_is_stable(data: Any, m: int, n: int) -> None:
    X, y = data.draw(signs(m, n)), data.draw(signs(4, n))
    net = C.Hopfield(random_state=0).fit(X)
    ends = net.predict(y)
    assert net.stable(ends).all()
    assert net.stable(-ends).all()
    assert_array_equal(net.stable(y), net.stable(-y))
    assert_array_equal(net.energy(y), net.energy(-y))
    assert_array_equal(net.predict(-y), -ends)  # the order of units is the same


@given(st.data(), units, seeds)
def test_a_single_memory_draws_the_half_that_is_like_it(data: Any, n: int, seed: int) -> None:
    f, y = data.draw(signs(1, n)), data.draw(signs(1, n))
    overlap = float(f[0] @ y[0])
    assume(overlap != 0)
    end = C.Hopfield(random_state=seed).fit(f).predict(y)
    assert_array_equal(end, f if overlap > 0 else -f)


@given(st.data(), st.sampled_from([2, 4, 8, 16]), seeds)
def test_orthogonal_memories_are_all_stable(data: Any, n: int, seed: int) -> None:
    hadamard = np.ones((1, 1))
    while len(hadamard) < n:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    chosen = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True))
    X = hadamard[chosen] * data.draw(signs(n))  # gauged: still orthogonal
    net = C.Hopfield(random_state=seed).fit(X)
    assert net.stable(X).all()
    assert_array_equal(net.predict(X), X)


def test_a_field_of_0_leaves_the_unit_as_it_is() -> None:
    """Two memories that agree on nothing but a sign: whatever comes stays."""
    net = C.Hopfield().fit([[1, 1], [1, -1]])
    states = every_state(2, (-1.0, 1.0))
    assert not net.fields(states).any()
    assert_array_equal(net.predict(states), states)
    thirds = C.Hopfield().fit(
        [[1, 1, 1], [1, -1, 1], [-1, 1, 1]]
    )  # sums of 1/3: exact all the same
    states = every_state(3, (-1.0, 1.0))
    assert_array_equal(thirds.fields(states) == 0, np.rint(3 * states @ thirds.weights_) == 0)


def test_few_memories_are_recalled_from_noise_and_many_are_not() -> None:
    rng = np.random.default_rng(0)
    few, many = (np.where(rng.random((n, 100)) < 0.5, -1, 1) for n in (5, 50))
    noisy = few * np.where(rng.random(few.shape) < 0.15, -1, 1)
    assert_array_equal(C.Hopfield(random_state=0).fit(few).predict(noisy), few)
    assert C.Hopfield().fit(few).stable(few).all()
    assert C.Hopfield().fit(many).stable(many).mean() < 0.2  # 0.14·100 is the limit


# -- what comes in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [[[0.0, 1.0]], [[1.0, 0.5]], [[2.0, -1.0]], [[1.0, -1.0 + 1e-9]]])
def test_other_states_are_errors_that_say_what_to_do(bad: Any) -> None:
    net = C.Hopfield().fit([[1, -1]])
    for ask in (net.fit, net.partial_fit, net.predict, net.energy, net.fields, net.stable):
        with pytest.raises(
            ValueError, match=r"states are -1 or 1.*for 0 and 1 give 2·X - 1, for gr"
        ):
            ask(bad)
    assert_array_equal(net.predict([[1, -1]]), [[1, -1]])  # as it was before


def test_states_keep_their_dtype() -> None:
    X = np.array([[1, -1, 1], [1, 1, 1]])
    assert C.Hopfield().fit(X).predict(X.astype(np.float32)).dtype == np.float32
    assert C.Hopfield().fit(X.astype(np.float32)).predict(X).dtype == np.float64
