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
            x = np.maximum(x @ draw((300, 300), rng, nonlinearity="relu").T, 0)
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


def test_modes_and_gains() -> None:
    fan_out = init.kaiming_normal(SHAPE, 0, mode="fan_out", nonlinearity="relu")
    np.testing.assert_allclose(fan_out.std(), (2 / 200) ** 0.5, rtol=0.02)
    leaky = init.kaiming_normal(SHAPE, 0, a=2.0)
    np.testing.assert_allclose(leaky.std(), (2 / 5 / 300) ** 0.5, rtol=0.02)
    tanh = init.xavier_uniform(SHAPE, 0, gain=init.calculate_gain("tanh"))
    np.testing.assert_allclose(tanh, 5 / 3 * init.xavier_uniform(SHAPE, 0), rtol=1e-6)


def test_the_usual_slope_of_a_leaky_relu() -> None:
    assert init.calculate_gain("leaky_relu") == pytest.approx((2 / 1.0001) ** 0.5)


def test_fans() -> None:
    assert init.fans((5, 3)) == (3, 5)
    assert init.fans((8, 4, 3, 5)) == (60, 120)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        init.fans((3,))


def test_fixed_values() -> None:
    assert init.zeros((2,)).tolist() == [0, 0]
    assert init.ones((2,), dtype=np.float64).dtype == np.float64
    assert init.constant((2,), 0.1).dtype == np.float32
    assert init.eye((2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (4, 2, 3, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    q = init.orthogonal(shape, 0, gain=2.0, dtype=np.float64).reshape(shape[0], -1)
    if q.shape[0] > q.shape[1]:
        q = q.T
    np.testing.assert_allclose(q @ q.T, 4 * np.eye(len(q)), atol=1e-12)


def test_orthogonal_is_drawn_evenly() -> None:
    """Without the signs of R, the determinant of Q would have one sign only."""
    signs = {round(np.linalg.det(init.orthogonal((3, 3), seed))) for seed in range(20)}
    first = [init.orthogonal((3, 3), seed)[0, 0] > 0 for seed in range(40)]
    assert signs == {-1, 1}
    assert 5 < sum(first) < 35


def test_a_layer_without_inputs_is_no_error() -> None:
    for draw in (init.kaiming_uniform, init.xavier_normal, init.orthogonal):
        assert draw((3, 0), np.random.default_rng(0)).shape == (3, 0)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.calculate_gain("swish"), "no gain is known for 'swish', only for linear"),
        (lambda: init.kaiming_normal((2, 2), mode="fan"), '"fan_in" or "fan_out", not \'fan\''),
        (lambda: init.eye((2, 2, 2)), "has 3 axes"),  # type: ignore[arg-type]
        (lambda: init.orthogonal((2,)), "fewer than two axes"),
    ],
)
def test_wrong_arguments(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
