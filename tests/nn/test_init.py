"""Initial values: range, spread, dtype, and the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nn import init

SHAPE = (200, 300)


def test_uniform_fills_its_range() -> None:
    x = init.uniform((1000,), np.random.default_rng(0), -2.0, 3.0, dtype=np.float64)
    assert x.dtype == np.float64
    assert -2.0 <= x.min() < -1.9
    assert 2.9 < x.max() <= 3.0


def test_kaiming_keeps_the_second_moment_through_relu() -> None:
    rng = np.random.default_rng(0)
    for draw in (init.kaiming_uniform, init.kaiming_normal):
        x = rng.standard_normal((500, 300)).astype(np.float32)
        for _ in range(5):
            x = np.maximum(x @ draw((300, 300), rng).T, 0)
        assert x.dtype == np.float32
        assert 0.5 < np.mean(x**2) < 2.0


def test_xavier_keeps_the_size_through_tanh_near_zero() -> None:
    rng = np.random.default_rng(0)
    for draw in (init.xavier_uniform, init.xavier_normal):
        x = rng.standard_normal((500, 300)) * 1e-3
        for _ in range(5):
            x = np.tanh(x @ draw((300, 300), rng).T)
        assert 0.5e-3 < x.std() < 2e-3


@pytest.mark.parametrize(
    ("draw", "std"),
    [
        (init.xavier_uniform, (2 / 500) ** 0.5), (init.xavier_normal, (2 / 500) ** 0.5),
        (init.kaiming_uniform, (2 / 300) ** 0.5), (init.kaiming_normal, (2 / 300) ** 0.5),
        (init.normal, 1.0), (init.uniform, 12**-0.5),
    ],
)  # fmt: skip
def test_spread_dtype_and_seed(draw: Any, std: float) -> None:
    x = draw(SHAPE, 0)
    assert x.shape == SHAPE
    assert x.dtype == np.float32
    np.testing.assert_allclose(x.std(), std, rtol=0.02)
    np.testing.assert_array_equal(x, draw(SHAPE, np.random.default_rng(0)))
    assert draw(SHAPE, 0, dtype=np.float64).dtype == np.float64
    assert (draw(SHAPE) != draw(SHAPE)).any()


def test_fans() -> None:
    assert init.fans((5, 3)) == (3, 5)
    assert init.fans((8, 4, 3, 5)) == (60, 120)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        init.fans((3,))


def test_fixed_values() -> None:
    assert init.zeros((2,)).tolist() == [0, 0]
    assert init.zeros((2,), dtype=np.float64).dtype == np.float64
    assert init.eye((2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert init.eye((2, 3)).dtype == np.float32


def test_a_layer_without_inputs_is_no_error() -> None:
    for draw in (init.kaiming_uniform, init.xavier_normal):
        assert draw((3, 0), np.random.default_rng(0)).shape == (3, 0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.eye((2, 2, 2)), r"no shape \(2, 2, 2\)"),
        (lambda: init.kaiming_normal((2,)), r"at least the axes \(out, in\)"),
    ],
)
def test_wrong_arguments(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
