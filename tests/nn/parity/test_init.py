"""Initial values against torch.nn.init: fans, and the spread of what is drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nn import init
from tests.conftest import chance

from .torch_parity import torch

SHAPES = [(60, 40), (30, 20, 3, 5), (300, 4), (4, 300)]


@pytest.mark.parametrize("shape", SHAPES)
def test_fans(shape: tuple[int, ...]) -> None:
    assert init.fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("uniform", {}), ("normal", {}), ("normal", {"mean": 1.0, "std": 2.0}),
        ("xavier_uniform", {}), ("xavier_normal", {}), ("kaiming_uniform", {}),
        ("kaiming_normal", {}),
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


def test_fixed_values() -> None:
    np.testing.assert_array_equal(init.eye((3, 5)), torch.nn.init.eye_(torch.empty(3, 5)).numpy())


def test_pytorch_draws_from_the_seed_of_the_tests() -> None:
    chance.seed(3)
    state, first = chance.getstate(), torch.rand(4)
    chance.setstate(state)
    assert torch.equal(torch.rand(4), first)
    chance.seed(3)
    assert torch.equal(torch.rand(4), first)
