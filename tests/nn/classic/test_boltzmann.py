"""Boltzmann machines, restricted or not: sampled frequencies and learning against all states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import bits, every_state, numbers, small

TEMPERATURES = st.sampled_from([0.5, 1.0, 3.0])


def machine(W: Any, b: Any, c: Any, **parameters: Any) -> C.RBM:
    """A restricted machine with these weights."""
    W, b, c = np.asarray(W, float), np.asarray(b, float), np.asarray(c, float)
    net = C.RBM(len(c), epochs=0, random_state=0, **parameters).fit(np.zeros((1, len(b))))
    net.weights_.value, net.visible_bias_.value, net.hidden_bias_.value = W, b, c
    return net


def joint(net: C.RBM) -> Any:
    """p(v, h) of all states, from the printed energy: (2ᵛ, 2ʰ)."""
    W, b, c = (x.value for x in (net.weights_, net.visible_bias_, net.hidden_bias_))
    energies = [
        [-v @ W @ h - b @ v - c @ h for h in every_state(len(c))] for v in every_state(len(b))
    ]
    p = np.exp(-np.array(energies) / net.temperature)
    return p / p.sum()


def frequencies(states: Any) -> Any:
    """How often each of all states is among these: (2ⁿ,)."""
    n = states.shape[1]
    index = states.astype(int) @ (1 << np.arange(n)[::-1])
    return np.bincount(index, minlength=2**n) / len(states)


def total_variation(p: Any, q: Any) -> float:
    return 0.5 * float(np.sum(np.abs(p - q)))


# -- a restricted machine's probabilities ----------------------------------------------------------


@given(st.data(), small, small, TEMPERATURES)
def test_probabilities_are_those_of_all_states(data: Any, n: int, h: int, T: float) -> None:
    W, b, c = (data.draw(numbers(*s)) for s in ((n, h), (n,), (h,)))
    net = machine(W, b, c, temperature=T)
    p, V, H = joint(net), every_state(n), every_state(h)
    given_v = p / p.sum(axis=1, keepdims=True)
    assert_allclose(net.transform(V), given_v @ H, atol=1e-12)
    given_h = (p / p.sum(axis=0)).T
    assert_allclose(net.inverse_transform(H), given_h @ V, atol=1e-12)
    free = np.exp(-net.free_energy(V) / T)
    assert_allclose(free / free.sum(), p.sum(axis=1), atol=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_gibbs_sampling_visits_states_as_often_as_they_are_likely(temperature: float) -> None:
    rng = np.random.default_rng(0)
    net = machine(2 * rng.standard_normal((3, 2)), rng.standard_normal(3), rng.standard_normal(2),
                  temperature=temperature)  # fmt: skip
    p = joint(net).sum(axis=1)
    start = np.zeros((40_000, 3))
    states = net.gibbs(start, 30, np.random.default_rng(1))
    assert total_variation(frequencies(states), p) < 0.012  # 40 000 draws: 0.005 or so by chance
    assert not start.any()
    uniform, frozen = np.full(8, 1 / 8), np.eye(8)[np.argmax(p)]
    assert total_variation(p, uniform) > 0.1
    assert total_variation(p, frozen) > 0.1


def test_the_colder_the_surer_and_the_hotter_the_more_alike() -> None:
    rng = np.random.default_rng(0)
    W, b, c = rng.standard_normal((3, 2)), rng.standard_normal(3), rng.standard_normal(2)
    entropies = []
    for T in (0.05, 0.5, 1, 2, 50):
        p = joint(machine(W, b, c, temperature=T)).sum(axis=1)
        entropies.append(-np.sum(p * np.log2(np.maximum(p, 1e-300))))
    assert entropies == sorted(entropies)
    assert entropies[0] < 0.01
    assert entropies[-1] > 2.99


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_gaussian_units_vary_by_the_temperature(temperature: float) -> None:
    """p(v | h) ∝ exp(-½‖v - b - Wh‖²/T): a normal distribution of variance T."""
    W, b = np.array([[2.0], [-1.0]]), np.array([0.5, 3.0])
    net = machine(W, b, [100.0], temperature=temperature, visible="gaussian")  # h is always on
    v = net.gibbs(np.zeros((20_000, 2)), 1, np.random.default_rng(0))
    assert_allclose(v.mean(axis=0), b + W[:, 0], atol=0.03 * temperature**0.5 + 1e-6)
    assert_allclose(np.cov(v.T), temperature * np.eye(2), atol=0.05 * temperature)
    assert_allclose(net.inverse_transform([[1.0]]), [b + W[:, 0]])


def test_gaussian_free_energy_by_numerical_integration() -> None:
    net = machine([[1.5, -1.0]], [0.3], [0.2, -0.4], temperature=0.7, visible="gaussian")
    v = np.linspace(-8, 8, 4001)[:, None]
    p = np.exp(-net.free_energy(v) / 0.7)
    p /= p.sum()
    states = net.gibbs(np.zeros((40_000, 1)), 30, np.random.default_rng(0))
    assert_allclose(states.mean(), p @ v[:, 0], atol=0.02)
    assert_allclose(states.var(), p @ v[:, 0] ** 2 - (p @ v[:, 0]) ** 2, atol=0.05)


# -- what a restricted machine learns --------------------------------------------------------------


def bars(n: int, rng: np.random.Generator) -> Any:
    """Either the first two units are on, or the last two."""
    return np.where(rng.random((n, 1)) < 0.5, [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0])


def log_likelihood(net: C.RBM, X: Any) -> float:
    p = joint(net).sum(axis=1)
    return float(np.mean(np.log(p[X.astype(int) @ (1 << np.arange(X.shape[1])[::-1])])))


@pytest.mark.parametrize("k", [1, 5])
def test_it_learns_a_small_distribution(k: int) -> None:
    X = bars(200, np.random.default_rng(0))
    net = C.RBM(4, k=k, eta=0.1, epochs=0, random_state=0).fit(X)
    likelihoods = [log_likelihood(net, X)]
    assert likelihoods[0] == pytest.approx(-4 * np.log(2), abs=0.1)
    for _ in range(4):
        for _ in range(20):
            net.partial_fit(X)
        likelihoods.append(log_likelihood(net, X))
    assert likelihoods[-1] > likelihoods[1] > likelihoods[0]
    p = joint(net).sum(axis=1)
    assert p[0b1100] + p[0b0011] > 0.85  # 2 of 16 states
    assert min(p[0b1100], p[0b0011]) > 0.3
    dreams = net.gibbs(np.full((2000, 4), 0.5), 50)
    assert frequencies(dreams)[[0b1100, 0b0011]].sum() > 0.85


def test_reconstruction_improves_and_is_kept_for_each_epoch() -> None:
    rng = np.random.default_rng(0)
    for X, visible in ((bars(100, rng), "binary"), (3 * bars(100, rng) - 1, "gaussian")):
        net = C.RBM(6, epochs=40, visible=visible, random_state=0).fit(X)
        errors = net.reconstruction_errors_
        assert len(errors) == 40
        assert np.mean(errors[-5:]) < 0.5 * np.mean(errors[:2])
        lost = np.mean((X - net.inverse_transform(net.transform(X))) ** 2)
        assert_allclose(net.score(X), -lost)
        assert lost < 0.3 * X.var()


def test_gaussian_units_learn_from_standardised_data() -> None:
    """Of variance 1 on each axis, which noise of variance 1 alone would explain as well."""
    X = np.where(np.random.default_rng(0).random((300, 3)) < 0.5, -1.0, 1.0)
    net = C.RBM(6, visible="gaussian", random_state=0).fit(X)
    assert net.score(X) > -0.3  # the mean alone would lose 1


@given(st.data(), small, small, st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([0.0, 0.3]))
def test_momentum_and_decay_are_as_printed(
    data: Any, n: int, m: int, momentum: float, decay: float
) -> None:
    v0 = data.draw(bits(m, n))
    net = C.RBM(3, eta=0.2, momentum=momentum, decay=decay, random_state=1, epochs=0).fit(v0)
    step = 0.0
    for _ in range(3):
        W, c = net.weights_.value, net.hidden_bias_.value
        vk = net.contrast(v0)
        p0, pk = (1 / (1 + np.exp(-(c + v @ W))) for v in (v0, vk))
        step = momentum * step + 0.2 * ((v0.T @ p0 - vk.T @ pk) / m - decay * W)
        assert_allclose(net.weights_.value, W + step, rtol=1e-10, atol=1e-12)


def test_batches_hold_at_most_batch_size_samples() -> None:
    sizes: list[int] = []
    net = C.RBM(2, batch_size=4, epochs=1, random_state=0)
    contrast = net.contrast
    net.contrast = lambda v: (sizes.append(len(v)), contrast(v))[1]  # type: ignore[method-assign]
    net.fit(bars(10, np.random.default_rng(0)))
    assert sum(sizes) == 10
    assert max(sizes) <= 4


@pytest.mark.parametrize("bad", [[[0.0, 1.5]], [[-0.1, 1.0]], [[1.0, 16.0]]])
def test_binary_units_want_probabilities(bad: Any) -> None:
    net = C.RBM(2, random_state=0).fit([[0.0, 1.0]])
    for ask in (net.fit, net.partial_fit, net.transform, net.free_energy, net.score, net.gibbs):
        with pytest.raises(
            ValueError, match=r'values in \[0, 1\], and these are .*visible="gaussian"'
        ):
            ask(bad)
    C.RBM(2, visible="gaussian").fit(bad)


def test_hidden_states_have_a_width_too() -> None:
    net = C.RBM(3, random_state=0).fit([[0.0, 1.0]])
    assert net.inverse_transform([[0, 1, 0]]).shape == (1, 2)
    with pytest.raises(ValueError, match="X has 2 features, but RBM is expecting 3"):
        net.inverse_transform([[0, 1]])
    with pytest.raises(ValueError, match="not fitted"):
        C.RBM(3).inverse_transform([[0, 1, 0]])


# -- a machine of connected units ------------------------------------------------------------------


def connected(W: Any, b: Any, **parameters: Any) -> C.BoltzmannMachine:
    net = C.BoltzmannMachine(epochs=0, random_state=0, **parameters).fit(np.zeros((1, len(b))))
    net.weights_, net.biases_ = W, b
    return net


def likely(net: C.BoltzmannMachine) -> Any:
    """p(s) of all states, from the printed energy."""
    W, b = net.weights_, net.biases_
    energies = np.array([-0.5 * s @ W @ s - b @ s for s in every_state(len(b))])
    p = np.exp(-energies / net.temperature)
    return p / p.sum()


@given(st.data(), st.integers(2, 4), TEMPERATURES)
def test_energies_and_gaps_of_all_states(data: Any, n: int, T: float) -> None:
    W = C.symmetric(data.draw(numbers(n * (n - 1) // 2)), n)
    net = connected(W, data.draw(numbers(n)), temperature=T)
    S, p = every_state(n), likely(net)
    boltzmann = np.exp(-net.energy(S) / T)
    assert_allclose(boltzmann / boltzmann.sum(), p, atol=1e-12)
    for i in range(n):
        on, off = S.copy(), S.copy()
        on[:, i], off[:, i] = 1, 0
        assert_allclose(net.gaps(S)[:, i], net.energy(off) - net.energy(on), atol=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_sweeps_visit_states_as_often_as_they_are_likely(temperature: float) -> None:
    rng = np.random.default_rng(3)
    net = connected(C.symmetric(rng.standard_normal(6), 4), rng.standard_normal(4))
    net.set_params(temperature=temperature)
    p = likely(net)
    states = net.gibbs(np.zeros((40_000, 4)), 30)
    assert total_variation(frequencies(states), p) < 0.02
    other = net.set_params(temperature=77.0).gibbs(np.zeros((40_000, 4)), 30, temperature)
    assert total_variation(frequencies(other), p) < 0.02  # the argument counts
    assert total_variation(p, np.full(16, 1 / 16)) > 0.1


def test_clamped_units_stay_and_the_others_follow_them() -> None:
    rng = np.random.default_rng(4)
    net = connected(C.symmetric(2 * rng.standard_normal(6), 4), rng.standard_normal(4))
    start = np.tile([1.0, 0.0, 0.0, 0.0], (40_000, 1))
    states = net.gibbs(start, 30, fixed=2)
    assert_array_equal(states[:, :2], start[:, :2])
    p = likely(net)[0b1000:0b1100]
    assert total_variation(frequencies(states[:, 2:]), p / p.sum()) < 0.02


def test_without_hidden_units_it_learns_a_distribution_of_pairs() -> None:
    rng = np.random.default_rng(0)
    teacher = connected(C.symmetric(np.array([2.0, -1.5, 1.0]), 3), np.array([-0.5, 0.5, -0.3]))
    X = teacher.gibbs(np.zeros((3000, 3)), 20, rng=rng)
    net = C.BoltzmannMachine(eta=0.3, epochs=300, steps=3, random_state=0).fit(X)
    p = likely(net)
    assert total_variation(p, frequencies(X)) < 0.03
    assert total_variation(likely(connected(0 * net.weights_, 0 * net.biases_)), p) > 0.2
    assert_array_equal(net.weights_, net.weights_.T)
    assert not np.diag(net.weights_).any()
    dreams = net.gibbs(np.zeros((20_000, 3)), 30)
    assert total_variation(frequencies(dreams), p) < 0.02


def test_a_hidden_unit_learns_what_pairs_do_not_show() -> None:
    """Three bits of even parity: that is nothing that weights between pairs of them can say."""
    S = every_state(3)
    X = np.repeat(S[S.sum(axis=1) % 2 == 0], [250, 50, 50, 50], axis=0)
    errors = []
    for hidden in (0, 1):
        net = C.BoltzmannMachine(hidden, eta=0.5, epochs=1000, steps=3, random_state=0).fit(X)
        assert net.weights_.shape == (3 + hidden, 3 + hidden)
        assert net.biases_.shape == (3 + hidden,)
        errors.append(total_variation(likely(net).reshape(8, -1).sum(axis=1), frequencies(X)))
    assert errors[0] > 0.3
    assert errors[1] < 0.24


def test_it_completes_what_it_has_seen() -> None:
    X = np.repeat([[1.0, 1, 1, 0, 0, 0], [0.0, 0, 0, 1, 1, 1]], 30, axis=0)
    net = C.BoltzmannMachine(eta=0.1, epochs=150, random_state=0).fit(X)
    damaged = np.array([[1.0, 1, 0, 0, 0, 0], [0.0, 0, 0, 0, 1, 1], [1.0, 1, 1, 0, 0, 1]])
    assert_array_equal(net.predict(damaged), X[[0, 30, 0]])
    assert_array_equal(net.predict(damaged), net.predict(damaged))  # asking changes nothing


@pytest.mark.parametrize("bad", [[[0.0, -1.0]], [[1.0, 0.5]]])
def test_other_states_are_errors_that_say_what_to_do(bad: Any) -> None:
    net = C.BoltzmannMachine(epochs=1).fit([[0, 1]])
    for ask in (net.fit, net.partial_fit, net.predict):
        with pytest.raises(
            ValueError, match=r"states are 0 or 1.*for -1 and 1 give \(X \+ 1\) / 2"
        ):
            ask(bad)


def test_states_of_all_units_are_as_wide_as_the_machine() -> None:
    net = C.BoltzmannMachine(2, epochs=1).fit([[0, 1]])
    for ask in (net.energy, net.gaps, net.gibbs):
        assert len(ask(np.zeros((3, 4)))) == 3
        with pytest.raises(
            ValueError, match="X has 2 features, but BoltzmannMachine is expecting 4"
        ):
            ask([[0, 1]])
        with pytest.raises(ValueError, match="not fitted"):
            getattr(C.BoltzmannMachine(2), ask.__name__)([[0, 1]])
