"""The deep belief network: its probabilities, its dreams, and what it learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn import classic as C

from .draw import every_state

PATTERNS = np.array([
    [1.0, 1, 1, 1, 0, 0, 0, 0],
    [0.0, 0, 0, 0, 1, 1, 1, 1],
    [1.0, 0, 1, 0, 1, 0, 1, 0],
])  # fmt: skip
NAMES = np.array(["first", "second", "third"])


def rows(n: int = 150, seed: int = 0, kinds: int = 3) -> tuple[Any, Any]:
    """Patterns with 5 % of their bits flipped, and their names."""
    rng, y = np.random.default_rng(seed), np.arange(n) % kinds
    return np.abs(PATTERNS[y] - (rng.random((n, 8)) < 0.05)), NAMES[y]


def scaled(X: Any, visible: str) -> Any:
    return 2 * X - 1 if visible == "gaussian" else X


def trained(visible: str = "binary", dtype: Any = float, **parameters: Any) -> Any:
    X, y = rows()
    given = {"n_top": 20, "pretraining_epochs": 30, "epochs": 20, "eta": 0.05, "random_state": 0}
    net = C.DeepBeliefNetwork((12,), visible=visible, **given | parameters)
    return net.fit(scaled(X, visible).astype(dtype), y)


@pytest.mark.parametrize("kinds", [2, 3])
@pytest.mark.parametrize("hidden", [(4,), (5, 3)])
def test_probabilities_of_labels_are_those_of_all_hidden_states(kinds: int, hidden: Any) -> None:
    X, y = rows(30, kinds=kinds)
    net = C.DeepBeliefNetwork(hidden, n_top=4, pretraining_epochs=5, epochs=2, visible="binary",
                              random_state=1).fit(X, y)  # fmt: skip
    x = X
    for w, b in net.recognition_:
        x = 1 / (1 + np.exp(-(x @ w.value + b.value)))
    W, b, c = (p.value for p in (net.top_.weights_, net.top_.visible_bias_, net.top_.hidden_bias_))
    assert W.shape == (hidden[-1] + kinds, 4)
    p = np.zeros((len(X), kinds))
    for k in range(kinds):
        v = np.concatenate([x, np.tile(np.eye(kinds)[k], (len(x), 1))], axis=1)
        for h in every_state(4):
            p[:, k] += np.exp(v @ W @ h + v @ b + c @ h)
    p /= p.sum(axis=1, keepdims=True)
    assert_allclose(net.predict_proba(X), p, rtol=1e-10)
    assert_array_equal(net.predict(X), NAMES[p.argmax(axis=1)])
    odds = net.decision_function(X)
    if kinds == 2:
        assert_allclose(odds, np.log(p[:, 1] / p[:, 0]), rtol=1e-8, atol=1e-10)
    else:
        assert_allclose(odds - odds[:, :1], np.log(p / p[:, :1]), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("visible", ["binary", "gaussian"])
def test_it_tells_classes_apart_and_dreams_of_them(visible: str) -> None:
    net = trained(visible)
    X, y = rows(seed=1)
    assert net.score(scaled(X, visible), y) > 0.9
    asked = np.repeat(NAMES, 40)
    dreams = net.generate(asked, random_state=0)
    assert dreams.shape == (120, 8)
    if visible == "binary":
        assert 0 <= dreams.min() <= dreams.max() <= 1
    patterns = scaled(PATTERNS, visible)
    nearest = np.argmin(np.linalg.norm(dreams[:, None] - patterns, axis=2), axis=1)
    assert np.mean(NAMES[nearest] == asked) > 0.8
    assert np.mean(net.predict(dreams) == asked) > 0.8


def test_before_wake_and_sleep_the_layers_are_those_of_pre_training() -> None:
    X, y = rows(30)
    net = C.DeepBeliefNetwork((6, 4), n_top=5, pretraining_epochs=3, epochs=0, visible="binary",
                              random_state=3).fit(X, y)  # fmt: skip
    layers = C.pretrain(X, (6, 4), "rbm", np.random.default_rng(3), epochs=3)
    for (r, a), (g, b), layer in zip(net.recognition_, net.generative_, layers, strict=True):
        for p, value in ((r, layer.weights), (a, layer.bias), (g, layer.weights.T),
                         (b, layer.back_bias)):  # fmt: skip
            assert_array_equal(p.value, value)


def test_wake_and_sleep_untie_the_weights() -> None:
    net = trained(epochs=1)
    ((r, _),), ((g, _),) = net.recognition_, net.generative_
    assert np.abs(r.value - g.value.T).max() > 1e-3


def test_dreams_can_be_dreamt_again() -> None:
    net = trained(epochs=1, pretraining_epochs=2)
    before = [p.value for pair in net.generative_ for p in pair]
    one, same, other = (net.generate(["second", "first"], random_state=s) for s in (0, 0, 1))
    assert_array_equal(one, same)
    assert np.any(one != other)
    assert all(p.value is x for p, x in zip(net.generative_[0], before, strict=True))
    single = trained(epochs=1, pretraining_epochs=2, dtype=np.float32)
    assert single.generate(["first"], steps=3).dtype == np.float32


@pytest.mark.parametrize("classes", [["fourth"], ["first", "FIRST"], "first", [["first"]]])
def test_it_dreams_of_nothing_that_it_has_not_seen(classes: Any) -> None:
    net = trained(epochs=0, pretraining_epochs=1)
    with pytest.raises(ValueError, match=r"wants a list of classes out of \['first' 'second' 'thi"):
        net.generate(classes)
    with pytest.raises(ValueError, match="not fitted"):
        C.DeepBeliefNetwork().generate(classes)


def test_binary_data_lie_between_0_and_1() -> None:
    X, y = rows(30)
    net = trained(epochs=0, pretraining_epochs=1)
    for ask in (lambda: net.fit(2 * X, y), lambda: net.partial_fit(X - 1, y),
                lambda: net.predict(2 * X)):  # fmt: skip
        with pytest.raises(ValueError, match="DeepBeliefNetwork: binary visible units take values"):
            ask()
