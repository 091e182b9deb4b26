"""LayerNorm, RMSNorm and BatchNorm: values by hand, running statistics, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm


def draw(*shape: int, dtype: Any = np.float64) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(dtype) * 3 + 1


# -- over the features -----------------------------------------------------------------------------


def test_layer_norm_by_hand() -> None:
    layer = LayerNorm(2, eps=0.0)
    np.testing.assert_array_equal(
        layer(np.array([[1.0, 3.0], [5.0, 1.0]])).value, [[-1, 1], [1, -1]]
    )
    layer.weight.value, layer.bias.value = np.array([2.0, 3.0]), np.array([10.0, 20.0])  # type: ignore[union-attr]
    np.testing.assert_array_equal(layer(np.array([1.0, 3.0])).value, [8, 23])


def test_rms_norm_by_hand() -> None:
    layer = RMSNorm(2, eps=0.0)
    np.testing.assert_allclose(layer(np.array([1.0, 7.0])).value, [0.2, 1.4], rtol=1e-12)
    layer.weight.value = np.array([5.0, 10.0])
    np.testing.assert_allclose(layer(np.array([1.0, 7.0])).value, [1, 14], rtol=1e-12)


def test_mean_0_and_variance_1_over_the_last_axes() -> None:
    y = LayerNorm((3, 4))(draw(5, 3, 4)).value
    np.testing.assert_allclose(y.mean(axis=(1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(1, 2)), 1, rtol=1e-4)
    y = RMSNorm((3, 4))(draw(5, 3, 4)).value
    np.testing.assert_allclose((y**2).mean(axis=(1, 2)), 1, rtol=1e-12)


def test_a_constant_row_gives_0_and_finite_gradients() -> None:
    x = Variable(np.full((2, 4), 7.0, np.float32))
    y = LayerNorm(4)(x)
    y.backward(np.ones((2, 4), np.float32))
    np.testing.assert_array_equal(y.value, 0)
    np.testing.assert_allclose(x.adjoint, 0, atol=1e-3)
    zero = Variable(np.zeros((2, 4), np.float32))
    np.sum(RMSNorm(4)(zero)).backward()
    assert np.isfinite(zero.adjoint).all()


def test_what_is_learnt() -> None:
    assert list(LayerNorm((2, 3)).state_dict()) == ["weight", "bias"]
    assert list(LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert list(RMSNorm(3).state_dict()) == ["weight"]
    assert LayerNorm((2, 3)).weight.shape == (2, 3)
    assert repr(LayerNorm(3, 0.1, bias=False)) == "LayerNorm((3,), eps=0.1, bias=False)"
    assert repr(RMSNorm(3)) == "RMSNorm((3,))"


@pytest.mark.parametrize("layer", [LayerNorm(4), RMSNorm(4), LayerNorm(4, bias=False)])
def test_float32_stays_and_an_empty_batch_is_no_error(layer: Any) -> None:
    for n in (3, 0):
        x = Variable(draw(n, 4, dtype=np.float32))
        y = layer(x)
        np.sum(y).backward()
        assert y.dtype == x.adjoint.dtype == layer.weight.adjoint.dtype == np.float32
        assert y.shape == x.adjoint.shape == (n, 4)


def test_another_width_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"LayerNorm: .* \(2, 3\), and must have \(\.\.\., 4\)"):
        LayerNorm(4)(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"RMSNorm: .* shape \(4,\).* \(\.\.\., 3, 4\)"):
        RMSNorm((3, 4))(np.ones(4))
    with pytest.raises(TypeError, match="LayerNorm: the input has dtype int64"):
        LayerNorm(4)(np.ones((2, 4), int))
    with pytest.raises(ValueError, match="at least one axis"):
        LayerNorm(())


# -- over the batch --------------------------------------------------------------------------------


def test_batch_norm_by_hand() -> None:
    layer = BatchNorm1d(2, eps=0.0, dtype=float)
    x = np.array([[1.0, 10.0], [3.0, 30.0]])
    np.testing.assert_array_equal(layer(x).value, [[-1, -1], [1, 1]])
    # 0.9·old + 0.1·new; the variances of two values are (1² + 1²)/1 and (10² + 10²)/1
    np.testing.assert_allclose(layer.running_mean, [0.2, 2])
    np.testing.assert_allclose(layer.running_var, [0.9 + 0.2, 0.9 + 20])
    assert layer.num_batches_tracked == 1
    layer.eval()
    y = layer(np.array([[0.2, 2 + 20.9**0.5]])).value  # one value is enough here
    np.testing.assert_allclose(y, [[0, 1]], atol=1e-12)
    assert layer.num_batches_tracked == 1


def test_each_channel_has_mean_0_and_variance_1_over_the_batch() -> None:
    for layer, x in [(BatchNorm1d(3), draw(8, 3, 5)), (BatchNorm2d(3), draw(4, 3, 5, 6))]:
        y = layer(x).value
        axes = (0, *range(2, x.ndim))
        assert y.shape == x.shape
        np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
        np.testing.assert_allclose(y.var(axis=axes), 1, rtol=1e-4)


def test_the_statistics_are_state_and_not_parameters() -> None:
    layer = BatchNorm2d(3)
    keys = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(layer.state_dict()) == keys
    assert [n for n, _ in layer.named_parameters()] == keys[:2]
    assert layer.num_batches_tracked.dtype == np.int64
    layer(draw(4, 3, 2, 2, dtype=np.float32))
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32
    other = BatchNorm2d(3)
    other.load_state_dict(layer.state_dict())
    x = draw(1, 3, 2, 2)
    np.testing.assert_array_equal(other.eval()(x).value, layer.eval()(x).value)
    assert other.num_batches_tracked == 1


def test_the_adjoint_of_an_eval_pass_does_not_see_later_batches() -> None:
    layer = BatchNorm1d(2, dtype=float).eval()
    x = Variable(draw(5, 2))
    y = layer(x)
    layer.train()(100 * draw(5, 2))
    y.backward(np.ones((5, 2)))
    np.testing.assert_allclose(x.adjoint, (1 + 1e-5) ** -0.5)


def test_batches_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="two values per channel, not 1; give a larger batch"):
        BatchNorm1d(3)(np.ones((1, 3)))
    with pytest.raises(ValueError, match="two values per channel, not 0"):
        BatchNorm1d(3)(np.ones((0, 3)))
    assert BatchNorm1d(3).eval()(np.ones((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match=r"\(5, 4\), .* \(N, 3\) or \(N, 3, L\)"):
        BatchNorm1d(3)(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"BatchNorm2d: .* \(5, 3\), and must have \(N, 3, H, W\)"):
        BatchNorm2d(3)(np.ones((5, 3)))
    with pytest.raises(TypeError, match="BatchNorm1d: the input has dtype int64"):
        BatchNorm1d(3)(np.ones((5, 3), int))
    assert repr(BatchNorm1d(3, momentum=0.3)) == "BatchNorm1d(3, momentum=0.3)"


# -- gradients -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (LayerNorm((3, 4), dtype=float), (5, 3, 4)),
        (RMSNorm(4, dtype=float), (5, 4)),
        (BatchNorm1d(4, dtype=float), (5, 4)),
        (BatchNorm2d(2, dtype=float), (3, 2, 2, 3)),
        (BatchNorm2d(2, dtype=float).eval(), (3, 2, 2, 3)),
    ],
)
def test_gradients(layer: Any, shape: tuple[int, ...]) -> None:
    check_grads(layer, (draw(*shape),))
