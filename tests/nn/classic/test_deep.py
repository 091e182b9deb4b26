"""Deep networks: what pre-training gives, where fine-tuning begins, and what both reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn import Linear
from nn import classic as C

METHODS = ["rbm", "autoassociator", None]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def patches(n: int = 200, seed: int = 0) -> tuple[Any, Any]:
    """Binary rows and which of four patterns each is, with some bits flipped."""
    rng = np.random.default_rng(seed)
    patterns = np.where(np.random.default_rng(9).random((4, 12)) < 0.5, 0.0, 1.0)
    y = np.arange(n) % 4
    return np.abs(patterns[y] - (rng.random((n, 12)) < 0.05)), y


def through(layers: Any, x: Any) -> Any:
    for layer in layers:
        x = sigmoid(x @ layer.weights + layer.bias)
    return x


def back(layers: Any, h: Any) -> Any:
    for layer in reversed(layers):
        h = sigmoid(h @ layer.weights.T + layer.back_bias)
    return h


# -- pre-training ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_for_each_width(method: Any) -> None:
    X, _ = patches(40)
    X = X.astype(np.float32)
    layers = C.pretrain(X, (7, 3), method, np.random.default_rng(0), epochs=2)
    assert [layer.weights.shape for layer in layers] == [(12, 7), (7, 3)]
    assert [layer.bias.shape for layer in layers] == [(7,), (3,)]
    assert [layer.back_bias.shape for layer in layers] == [(12,), (7,)]
    assert all(x.dtype == np.float32 for layer in layers for x in vars(layer).values())


@pytest.mark.parametrize("method", ["rbm", "autoassociator"])
def test_layers_remember_what_random_ones_lose(method: str) -> None:
    X, _ = patches()
    lost = []
    for way in (None, method):
        layers = C.pretrain(X, (8, 6), way, np.random.default_rng(0), epochs=40, eta=0.2)
        for k in (1, 2):
            lost.append(np.mean((X - back(layers[:k], through(layers[:k], X))) ** 2))
    assert lost[2] < 0.5 * lost[0]
    assert lost[3] < 0.7 * lost[1]


def test_without_pre_training_layers_are_glorot_s() -> None:
    (layer,) = C.pretrain(np.zeros((2, 300)), (100,), None, np.random.default_rng(0))
    limit = (6 / 400) ** 0.5
    assert limit > np.abs(layer.weights).max() > 0.99 * limit
    assert_allclose(layer.weights.std(), limit / 3**0.5, rtol=0.02)
    assert not layer.bias.any()


def test_the_second_layer_learns_from_the_first_one_s_answers() -> None:
    X, _ = patches(60)
    both = C.pretrain(X, (6, 4), "rbm", np.random.default_rng(0), epochs=3, eta=0.1)
    rng = np.random.default_rng(0)
    first = C.RBM(6, epochs=3, eta=0.1, random_state=rng).fit(X)
    second = C.RBM(4, epochs=3, eta=0.1, random_state=rng).fit(first.transform(X))
    for layer, rbm in zip(both, (first, second), strict=True):
        assert_array_equal(layer.weights, rbm.weights_.value)
        assert_array_equal(layer.bias, rbm.hidden_bias_.value)
        assert_array_equal(layer.back_bias, rbm.visible_bias_.value)


def test_there_are_two_ways_of_pre_training_or_none() -> None:
    with pytest.raises(ValueError, match=r"pretraining is \"rbm\", .* or None, not 'pca'"):
        C.pretrain(np.zeros((2, 2)), (1,), "pca", np.random.default_rng(0))


# -- where fine-tuning begins ----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("visible", ["binary", "gaussian"])
def test_networks_begin_as_their_layers(method: Any, visible: str) -> None:
    X, y = patches(40)
    parameters = {"pretraining": method, "pretraining_epochs": 2, "epochs": 0, "visible": visible}
    layers = C.pretrain(
        X, (5, 3), method, np.random.default_rng(7), epochs=2, eta=0.1, visible=visible
    )
    code = through(layers, X)

    auto = C.DeepAutoencoder((5, 3), random_state=7, **parameters).fit(X)
    assert auto.losses_ == []
    assert_allclose(auto.transform(X), code, rtol=1e-12)
    h = sigmoid(code @ layers[1].weights.T + layers[1].back_bias)
    z = h @ layers[0].weights.T + layers[0].back_bias  # the transpose, back
    assert_allclose(auto.inverse_transform(code), z if visible == "gaussian" else sigmoid(z), 1e-12)

    net = C.DeepClassifier((5, 3), random_state=7, **parameters).fit(X, y)
    top = net.network_[-1]
    assert isinstance(top, Linear)
    logits = code @ top.weight.value.T + top.bias.value
    assert_allclose(net.decision_function(X), logits, rtol=1e-12)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(net.predict_proba(X), p, rtol=1e-12)


# -- what they reach -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_classifier_learns_and_carries_over(method: Any) -> None:
    X, y = patches()
    net = C.DeepClassifier((12, 8), pretraining=method, epochs=20, eta=0.02, visible="binary",
                           random_state=0).fit(X, y)  # fmt: skip
    assert len(net.losses_) == 20
    assert net.losses_[-1] < 0.2 * net.losses_[0]
    assert net.score(*patches(seed=1)) > 0.9


def test_it_learns_what_no_line_tells() -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    y = X[:, 0] * X[:, 1] > 0  # exclusive or, of signs
    net = C.DeepClassifier((16,), pretraining=None, epochs=80, eta=0.05, random_state=0).fit(X, y)
    assert net.decision_function(X).shape == (200,)
    assert net.score(X, y) > 0.95
    p = net.predict_proba(X)
    assert_allclose(np.log(p[:, 1] / p[:, 0]), net.decision_function(X), rtol=1e-6)


@pytest.mark.parametrize("visible", ["binary", "gaussian"])
def test_the_code_keeps_what_matters(visible: str) -> None:
    X, _ = patches()
    net = C.DeepAutoencoder((10, 4), epochs=40, eta=0.02, visible=visible, random_state=0).fit(X)
    assert net.losses_[-1] < net.losses_[0]
    held, _ = patches(seed=1)
    code = net.transform(held)
    assert code.shape == (200, 4)
    assert 0 < code.min() < code.max() < 1
    again = net.inverse_transform(code)
    if visible == "binary":
        assert 0 < again.min() < again.max() < 1
    assert_allclose(net.score(held), -np.mean((held - again) ** 2))
    assert net.score(held) > -0.35 * held.var()


def test_pre_training_is_a_head_start() -> None:
    X, _ = patches()
    scores = [
        C.DeepAutoencoder((10, 4), pretraining=way, pretraining_epochs=30, epochs=3,
                          visible="binary", random_state=0).fit(X).score(X)
        for way in METHODS
    ]  # fmt: skip
    assert min(scores[:2]) > scores[2]


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [C.DeepAutoencoder, C.DeepClassifier])
def test_binary_data_lie_between_0_and_1(method: Any, kind: Any) -> None:
    X, y = patches(20)
    net = kind((4,), pretraining=method, pretraining_epochs=1, epochs=1, visible="binary")
    net.fit(X, y)
    for ask in (lambda: net.fit(2 * X, y), lambda: net.partial_fit(X - 1, y),
                lambda: net.score(2 * X, y)):  # fmt: skip
        with pytest.raises(ValueError, match=rf"{kind.__name__}: binary visible units take values"):
            ask()


def test_codes_have_a_width() -> None:
    X, _ = patches(20)
    net = C.DeepAutoencoder((4, 3), pretraining=None, epochs=1).fit(X)
    with pytest.raises(ValueError, match="X has 4 features, but DeepAutoencoder is expecting 3"):
        net.inverse_transform(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="not fitted"):
        C.DeepAutoencoder((4, 3)).inverse_transform(np.zeros((1, 3)))
