"""Initial values: range, spread, dtype, and the seed."""

from __future__ import annotations

import numpy as np

from nn import init


def test_uniform_fills_its_range() -> None:
    x = init.uniform((1000,), np.random.default_rng(0), -2.0, 3.0, dtype=np.float64)
    assert x.dtype == np.float64
    assert -2.0 <= x.min() < -1.9
    assert 2.9 < x.max() <= 3.0


def test_kaiming_keeps_the_second_moment_through_relu() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 300)).astype(np.float32)
    for _ in range(5):
        x = np.maximum(x @ init.kaiming_uniform((300, 300), rng).T, 0)
    assert x.dtype == np.float32
    assert 0.5 < np.mean(x**2) * 1 < 2.0


def test_a_layer_without_inputs_is_no_error() -> None:
    assert init.kaiming_uniform((3, 0), np.random.default_rng(0)).shape == (3, 0)
