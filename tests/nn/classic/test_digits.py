"""The classic networks on scikit-learn's 1,797 scanned digits: each number beside an oracle.

Oracles are the same method written by hand in NumPy, scikit-learn's own, theory, or a network that
has not learnt.  Bounds hold for all seeds tried here, with room.
"""

from __future__ import annotations

from math import erfc, sqrt
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn import classic as C

datasets = pytest.importorskip("sklearn.datasets")

pytestmark = pytest.mark.slow
seeds = pytest.mark.parametrize("seed", [0, 1, 2])
TEST = 360


def split(seed: int) -> tuple[Any, Any, Any, Any]:
    """(train images, train labels, test images, test labels); pixels in [0, 1]."""
    images, labels = datasets.load_digits(return_X_y=True)
    test, train = np.split(np.random.default_rng(seed).permutation(len(images)), [TEST])
    return images[train] / 16, labels[train], images[test] / 16, labels[test]


def signs(labels: Any) -> Any:
    return np.where(labels[:, None] == np.arange(10), 1.0, -1.0)


def distances(X: Any, W: Any) -> Any:
    return np.sqrt(((X[:, None] - W) ** 2).sum(axis=2))


# -- closed forms ----------------------------------------------------------------------------------


@seeds
def test_an_extreme_learning_machine_and_one_by_hand(seed: int) -> None:
    X, y, held, labels = split(seed)
    net = C.ELMClassifier(500, random_state=seed).fit(X, y)

    W = np.random.default_rng(seed).uniform(-1, 1, (65, 500))
    hidden = lambda X: 1 / (1 + np.exp(-(W[0] + X @ W[1:])))  # noqa: E731
    outputs = hidden(held) @ np.linalg.pinv(hidden(X)) @ signs(y)
    by_hand = np.mean(np.argmax(outputs, axis=1) == labels)

    assert net.score(held, labels) >= 0.96
    assert abs(net.score(held, labels) - by_hand) <= 0.01
    assert_allclose(net.decision_function(held), outputs, rtol=1e-6, atol=1e-6)


@seeds
def test_radial_units_and_the_same_by_hand(seed: int) -> None:
    X, y, held, labels = split(seed)
    net = C.RBFClassifier(200, spread=3.0, epochs=5, random_state=seed).fit(X, y)

    rng = np.random.default_rng(seed)
    different = np.unique(X, axis=0)
    t = different[rng.choice(len(different), 200, replace=False)]
    for epoch in range(5):
        for i in rng.permutation(len(X)):
            k = np.argmin(((X[i] - t) ** 2).sum(axis=1))
            t[k] += 0.05 * (1 - epoch / 5) * (X[i] - t[k])
    phi = lambda X: np.c_[np.ones(len(X)), np.exp(-(distances(X, t) ** 2) / 9)]  # noqa: E731
    outputs = phi(held) @ np.linalg.pinv(phi(X)) @ signs(y)
    by_hand = np.mean(np.argmax(outputs, axis=1) == labels)

    assert net.score(held, labels) >= 0.97
    assert abs(net.score(held, labels) - by_hand) <= 0.01
    assert_allclose(net.centers_, t, rtol=0, atol=1e-9)


def test_the_spread_of_the_notes_is_too_narrow_in_64_dimensions() -> None:
    """d_max/√m₁ knows nothing of the dimension: with 200 units most samples are near to none."""
    X, y, held, labels = split(0)
    net = C.RBFClassifier(200, epochs=5, random_state=0).fit(X, y)
    far = np.max(distances(net.centers_, net.centers_))
    assert_allclose(net.spread_, far / sqrt(200))
    assert net.score(held, labels) < 0.5
    assert np.median(distances(held, net.centers_).min(axis=1)) > 3 * net.spread_


# -- self-organising maps --------------------------------------------------------------------------


def map_errors(X: Any, W: Any, columns: int) -> tuple[float, float]:
    """Quantisation and topographic error of a grid, by hand."""
    d = distances(X, W)
    first, second = np.argsort(d, axis=1)[:, :2].T
    steps = abs(first // columns - second // columns) + abs(first % columns - second % columns)
    return d.min(axis=1).mean(), float(np.mean(steps > 1))


@seeds
def test_a_map_of_the_digits(seed: int) -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    X, y, held, labels = split(seed)
    net = C.SelfOrganizingMap((10, 10), epochs=20, sigma_end=0.5, random_state=seed).fit(X)
    W, quantization, topographic = (
        net.weights_.value, net.quantization_error(held), net.topographic_error(held)
    )  # fmt: skip
    assert_allclose((quantization, topographic), map_errors(held, W, 10), rtol=1e-12)

    # 100 free centres, without a lattice that holds them together, are hardly nearer
    means = cluster.KMeans(100, n_init=1, random_state=seed).fit(X).cluster_centers_
    nearest = distances(held, means).min(axis=1).mean()
    assert quantization < 1.12 * nearest
    assert topographic < 0.2

    # maps that have not learnt: samples in no order, uniform noise; and the map's units shuffled
    rng = np.random.default_rng(seed)
    for start, error in ((X[rng.choice(len(X), 100)], 1.2), (rng.uniform(size=(100, 64)), 2.0)):
        raw = map_errors(held, start, 10)
        assert raw[0] > error * nearest
        assert raw[1] > 0.8
    assert map_errors(held, rng.permutation(W), 10)[1] > 0.8

    # A unit is named after the samples it wins: neighbours have the same name, and it is right.
    winners, names = net.predict(X), np.full(100, -1)
    for unit in np.unique(winners):
        names[unit] = np.bincount(y[winners == unit]).argmax()
    assert np.mean(names[net.predict(held)] == labels) >= 0.85
    agree = lambda n: np.mean(n.reshape(10, 10)[:, 1:] == n.reshape(10, 10)[:, :-1])  # noqa: E731
    assert agree(names) > 0.5
    assert agree(rng.permutation(names)) < 0.25


# -- Hopfield --------------------------------------------------------------------------------------


def prototypes() -> Any:
    """Mean images of the digits as ±1, (10, 64): is a pixel darker than it is on average?"""
    images, labels = datasets.load_digits(return_X_y=True)
    means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
    return np.where(means > means.mean(axis=0), 1.0, -1.0)


def recovered(memories: Any, flips: float, rng: np.random.Generator) -> float:
    """The share of memories found again, bit by bit, after this share of flipped bits."""
    noise = np.where(rng.permuted(np.tile(np.arange(64) < flips * 64, (len(memories), 1)), axis=1),
                     -1, 1)  # fmt: skip
    net = C.Hopfield(random_state=rng).fit(memories)
    return float(np.mean((net.predict(memories * noise) == memories).all(axis=1)))


@seeds
def test_digits_are_recalled_from_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(10, 3, replace=False) for _ in range(20)]
    memories = prototypes()
    rates = [
        np.mean([recovered(memories[c], flips, rng) for c in chosen])
        for flips in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    ]
    assert rates[0] == 1.0
    assert rates[1] >= 0.95
    assert rates[4] < 0.8
    assert rates[5] < 0.4  # half of the bits: nothing of the digit is left
    assert (np.diff(rates) <= 0.02).all()


@seeds
def test_the_more_digits_the_less_is_recalled(seed: int) -> None:
    rng, memories = np.random.default_rng(seed), prototypes()
    rates = [
        np.mean([
            recovered(memories[rng.choice(10, n, replace=False)], 0.1, rng) for _ in range(20)
        ]) for n in (2, 4, 6, 8, 10)
    ]  # fmt: skip
    assert rates[0] == 1.0
    assert rates[1] >= 0.85
    assert rates[4] < 0.5
    assert (np.diff(rates) <= 0.05).all()


def random_memories(units: int, load: float, rng: np.random.Generator) -> tuple[Any, C.Hopfield]:
    memories = rng.choice([-1.0, 1.0], (round(load * units), units))
    return memories, C.Hopfield(random_state=rng).fit(memories)


@seeds
def test_random_memories_break_down_at_014_n(seed: int) -> None:
    """Amit, Gutfreund and Sompolinsky (1985): up to 0.138·N all but 2 % of the bits are kept."""
    rng, loads, flipped = np.random.default_rng(seed), (0.05, 0.1, 0.12, 0.16, 0.2, 0.25), []
    for load in loads:
        memories, net = random_memories(400, load, rng)
        flipped.append(np.mean(net.predict(memories[:20]) != memories[:20]))
    assert max(flipped[:2]) < 0.002
    assert flipped[2] < 0.016
    assert flipped[4] > 0.08
    assert flipped[5] > 0.25
    assert 0.12 < np.interp(0.05, flipped, loads) < 0.2
    # The knee: no step is as steep as those above 0.14.
    assert max(np.diff(flipped) / np.diff(loads)) == max((np.diff(flipped) / np.diff(loads))[3:])


@pytest.mark.parametrize("load", [0.1, 0.14, 0.2, 0.3])
def test_as_many_bits_are_unstable_as_crosstalk_flips(load: float) -> None:
    """A bit's field is N - 1 and the crosstalk of (M - 1)(N - 1) signs: nearly normal."""
    rng, wrong, bits = np.random.default_rng(7), 0, 0
    for _ in range(10):
        memories, net = random_memories(300, load, rng)
        wrong += np.count_nonzero(net.fields(memories) * memories < 0)
        bits += memories.size
    p = 0.5 * erfc(sqrt(299 / (2 * (round(load * 300) - 1))))
    assert abs(wrong / bits - p) < 5 * sqrt(p / bits) + 0.03 * p


def test_64_units_keep_6_memories_and_lose_20() -> None:
    rng = np.random.default_rng(0)
    stable = {}
    for m in (3, 6, 13, 20):
        pairs = [random_memories(64, m / 64, rng) for _ in range(50)]
        stable[m] = np.mean([net.stable(memories).mean() for memories, net in pairs])
        p = 0.5 * erfc(sqrt(63 / (2 * (m - 1))))  # of a bit, as above; a memory has 64
        assert abs(stable[m] - (1 - p) ** 64) < 0.1
    assert stable[3] > 0.99
    assert stable[6] > 0.9
    assert stable[13] < 0.75
    assert stable[20] < 0.3


# -- Boltzmann machines and what is built of them --------------------------------------------------


def test_a_machine_s_features_are_as_good_as_scikit_learn_s() -> None:
    """Same units, epochs, batches and split, the better of three rates for scikit-learn's."""
    sk = pytest.importorskip("sklearn.neural_network")
    linear = pytest.importorskip("sklearn.linear_model")
    pipeline = pytest.importorskip("sklearn.pipeline")
    ours, theirs = [], []
    for seed in (0, 1, 2):
        X, y, held, labels = split(seed)

        def accuracy(machine: Any, X=X, y=y, held=held, labels=labels) -> tuple[float, Any]:
            top = linear.LogisticRegression(C=100, max_iter=3000)
            pipe = pipeline.make_pipeline(machine, top).fit(X, y)
            return pipe.score(held, labels), pipe[0]

        score, net = accuracy(C.RBM(100, epochs=20, random_state=seed))
        ours.append(score)
        theirs.append([
            accuracy(sk.BernoulliRBM(100, n_iter=20, batch_size=10, learning_rate=rate,
                                     random_state=seed))[0]
            for rate in (0.05, 0.1, 0.2)
        ])  # fmt: skip

        errors = np.array(net.reconstruction_errors_)
        assert (np.diff(errors.reshape(4, 5).mean(axis=1)) < 0).all()
        assert errors[-1] < 0.75 * errors[0]
        constant = np.mean((held - X.mean(axis=0)) ** 2)
        assert -net.score(held) < 0.5 * constant
    assert np.mean(ours) >= np.mean(theirs, axis=0).max()


def reconstruction(sizes: tuple[int, ...], seed: int) -> tuple[float, float, float]:
    """Held-out mean squares: pre-trained, from a random start, and of the mean image.

    The random start gets as many epochs of backpropagation through all layers as the other gets of
    any kind: 20 of contrastive divergence for each layer by itself, and 30 through all.
    """
    X, _, held, _ = split(seed)
    given = {"visible": "binary", "random_state": seed}
    trained = C.DeepAutoencoder(
        sizes, pretraining_epochs=20, pretraining_eta=0.2, epochs=30, **given
    )
    trained.fit(X)
    epochs = 20 * len(sizes) + 30
    random = C.DeepAutoencoder(sizes, pretraining=None, epochs=epochs, **given).fit(X)
    by_hand = [np.mean((held - net.inverse_transform(net.transform(held))) ** 2)
               for net in (trained, random)]  # fmt: skip
    assert_allclose(by_hand, (-trained.score(held), -random.score(held)))
    return (*by_hand, np.mean((held - X.mean(axis=0)) ** 2))


def test_five_layers_do_not_start_without_pre_training() -> None:
    """The random start stays at the mean image; pre-training reaches 0.45 of its error, and 0.62
    and 0.50 with seeds 1 and 2.
    """
    trained, random, mean = reconstruction((100, 80, 60, 40, 20), 0)
    assert random > 0.95 * mean
    assert trained < 0.75 * random


def test_four_layers_get_further_by_pre_training() -> None:
    errors = np.array([reconstruction((128, 64, 32, 16), seed) for seed in (0, 1, 2)])
    trained, random, mean = errors.T
    assert (trained < random).all()
    assert trained.mean() < 0.9 * random.mean()
    assert (trained < 0.5 * mean).all()


@seeds
def test_dreams_are_recognised(seed: int) -> None:
    svm = pytest.importorskip("sklearn.svm")
    X, y, held, labels = split(seed)
    judge = svm.SVC().fit(X, y)
    assert judge.score(held, labels) > 0.97
    net = C.DeepBeliefNetwork((100,), n_top=200, pretraining_epochs=30, epochs=30, eta=0.05,
                              visible="binary", random_state=seed).fit(X, y)  # fmt: skip
    wanted = np.repeat(np.arange(10), 50)
    dreams = net.generate(wanted, random_state=seed)
    right = judge.predict(dreams) == wanted
    assert right.mean() >= 0.8
    assert right.reshape(10, 50).mean(axis=1).min() > 0.5
    # They differ from each other, and are no copies of what was seen.
    assert dreams.reshape(10, 50, 64).std(axis=1).mean() > 0.05
    assert distances(dreams, X).min(axis=1).mean() > 0.5
    assert net.score(held, labels) >= 0.9
