"""Initial values against torch.nn.init: gains, fans, and the spread of what is drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nn import init

from .torch_parity import torch

SHAPES = [(60, 40), (30, 20, 3, 5), (300, 4), (4, 300)]
NONLINEARITIES = ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


def test_gains() -> None:
    for name in NONLINEARITIES:
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    for slope in (0, 0.2, 5**0.5):
        expected = torch.nn.init.calculate_gain("leaky_relu", slope)
        assert init.calculate_gain("leaky_relu", slope) == pytest.approx(expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_fans(shape: tuple[int, ...]) -> None:
    assert init.fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("uniform", {}), ("normal", {}), ("normal", {"mean": 1.0, "std": 2.0}),
        ("xavier_uniform", {"gain": 2.0}), ("xavier_normal", {}),
        ("kaiming_uniform", {"a": 5**0.5}),
        ("kaiming_normal", {"mode": "fan_out", "nonlinearity": "relu"}),
        ("orthogonal", {"gain": 0.5}),
    ],
)  # fmt: skip
def test_the_same_distribution(name: str, options: dict[str, Any], shape: Any) -> None:
    """Mean and spread of many values, and the range of those that have one."""
    mine = [getattr(init, name)(shape, seed, **options) for seed in range(20)]
    torch.manual_seed(0)
    theirs = [getattr(torch.nn.init, name + "_")(torch.empty(shape), **options) for _ in range(20)]
    x, y = np.stack(mine), torch.stack(theirs).numpy()
    n = x.size
    assert abs(x.mean() - y.mean()) < 6 * y.std() / math.sqrt(n)
    assert x.std() == pytest.approx(y.std(), rel=6 / math.sqrt(n))
    if "uniform" in name:
        np.testing.assert_allclose([x.min(), x.max()], [y.min(), y.max()], rtol=0.01, atol=1e-3)
    if name == "orthogonal":
        flat, other = mine[0].reshape(shape[0], -1), theirs[0].numpy().reshape(shape[0], -1)
        if shape[0] > flat.shape[1]:
            flat, other = flat.T, other.T
        np.testing.assert_allclose(flat @ flat.T, other @ other.T, atol=1e-5)


def test_fixed_values() -> None:
    np.testing.assert_array_equal(init.eye((3, 5)), torch.nn.init.eye_(torch.empty(3, 5)).numpy())
