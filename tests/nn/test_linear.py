"""Linear and MLP: shapes, initial values, gradients; and PyTorch's, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape
from autograd_tape.testing import check_grads
from nn import MLP, Linear, ReLU, Sigmoid, Tanh
from nn import functional as F


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
def test_linear_maps_the_last_axis(shape: tuple[int, ...]) -> None:
    layer = Linear(3, 4)
    x = np.ones(shape, np.float32)
    y = layer(x)
    assert y.shape == (*shape[:-1], 4)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.value, x @ layer.weight.value.T + layer.bias.value, rtol=1e-6)  # type: ignore[union-attr]


def test_linear_without_bias() -> None:
    layer = Linear(3, 4, bias=False)
    assert [n for n, _ in layer.named_parameters()] == ["weight"]
    assert layer(np.ones(3, np.float32)).shape == (4,)


def test_initial_values_are_pytorchs_and_follow_the_seed() -> None:
    layer = Linear(100, 400, rng=np.random.default_rng(0))
    for p in layer.parameters():
        assert np.abs(p.value).max() <= 0.1
        np.testing.assert_allclose(np.std(p.value), 0.1 / 3**0.5, rtol=0.1)
    same = Linear(100, 400, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.weight.value, same.weight.value)


def test_the_gradient_of_linear() -> None:
    rng = np.random.default_rng(0)
    args = [rng.standard_normal(s) for s in [(5, 3), (4, 3), (4,)]]
    check_grads(lambda x, w, b: F.linear(x, w, b), args)


def test_an_mlp_alternates_layers_and_activations() -> None:
    model = MLP([3, 5, 4, 2], activation=Tanh)
    assert [type(m) for m in model] == [Linear, Tanh, Linear, Tanh, Linear]  # type: ignore[attr-defined]
    assert [p.name for p in model.parameters()] == [
        "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias",
    ]  # fmt: skip
    assert model(np.zeros((7, 3), np.float32)).shape == (7, 2)
    with pytest.raises(ValueError, match="at least the widths of input and output"):
        MLP([3])


# -- the same in PyTorch --------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [ReLU, Tanh, Sigmoid])
def test_outputs_and_gradients_equal_pytorchs(activation: Any) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    ours = MLP([6, 8, 4], activation=activation, rng=rng)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(6, 8), getattr(torch.nn, activation.__name__)(), torch.nn.Linear(8, 4)
    )
    x, t = rng.standard_normal((10, 6)).astype(np.float32), rng.integers(0, 4, 10)
    state = {name: torch.from_numpy(value) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(state)  # the same names and layouts
    ours.load_state_dict({n: p.detach().numpy() for n, p in theirs.state_dict().items()})

    with Tape() as tape:
        loss = F.cross_entropy(ours(x), t)
    gradients = tape.gradient(loss, ours.parameters())
    expected = torch.nn.functional.cross_entropy(theirs(torch.from_numpy(x)), torch.from_numpy(t))
    expected.backward()
    np.testing.assert_allclose(float(loss), expected.item(), rtol=1e-5)
    for g, p in zip(gradients, theirs.parameters(), strict=True):
        np.testing.assert_allclose(g, p.grad.numpy(), rtol=1e-5, atol=1e-6)
