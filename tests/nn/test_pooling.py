"""MaxPool2d, AvgPool2d and Flatten: values by hand, options, errors; no other library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn.pooling import AvgPool2d, Flatten, MaxPool2d

X = np.array([[1, 5, 2, 0], [3, 4, 8, 1], [0, -1, 7, 6]], np.float32)


def test_the_largest_and_the_mean_of_each_window() -> None:
    np.testing.assert_array_equal(MaxPool2d(2)(X), [[5, 8]])
    np.testing.assert_array_equal(AvgPool2d(2)(X), [[3.25, 2.75]])
    np.testing.assert_array_equal(MaxPool2d((1, 4))(X), [[5], [8], [7]])
    np.testing.assert_array_equal(MaxPool2d(2, stride=1)(X), [[5, 8, 8], [4, 8, 8]])


def test_ceil_mode_keeps_the_last_incomplete_window() -> None:
    np.testing.assert_array_equal(MaxPool2d(2, ceil_mode=True)(X), [[5, 8], [0, 7]])
    np.testing.assert_array_equal(AvgPool2d(2, ceil_mode=True)(X), [[3.25, 2.75], [-0.5, 6.5]])
    # a window that would begin in the padding is left out
    assert MaxPool2d(2, 2, 1, ceil_mode=True)(np.ones((3, 5), np.float32)).shape == (2, 3)


def test_outside_is_minus_infinity_or_0() -> None:
    x = np.array([[-1, -2], [-3, -4]], np.float32)
    np.testing.assert_array_equal(MaxPool2d(2, 2, padding=1)(x), x)
    np.testing.assert_array_equal(AvgPool2d(2, 2, padding=1)(x), x / 4)
    np.testing.assert_array_equal(AvgPool2d(2, 2, padding=1, count_include_pad=False)(x), x)


@pytest.mark.parametrize("shape", [(4, 6), (3, 4, 6), (2, 3, 4, 6), (0, 3, 4, 6)])
@pytest.mark.parametrize("layer", [MaxPool2d(2), AvgPool2d(2), MaxPool2d(3, 2, 1)])
def test_any_axes_before_the_last_two(layer: Any, shape: tuple[int, ...]) -> None:
    y = layer(Variable(np.ones(shape, np.float32)))
    assert y.shape == (*shape[:-2], 2, 3)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.value, 1)


def test_where_several_are_the_largest_they_share_the_adjoint() -> None:
    x = Variable(np.array([[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0]]))
    np.sum(MaxPool2d(2)(x)).backward()
    np.testing.assert_allclose(x.adjoint, [[1 / 3, 1 / 3, 0, 1 / 3], [1 / 3, 0, 1 / 3, 1 / 3]])


@pytest.mark.parametrize(
    "layer",
    [
        MaxPool2d(3, 2, 1, ceil_mode=True),
        AvgPool2d((3, 2), (1, 2), (1, 0), count_include_pad=False),
    ],
)
def test_gradients(layer: Any) -> None:
    check_grads(layer, (np.random.default_rng(0).standard_normal((2, 2, 6, 7)),))


def test_options_and_inputs_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="MaxPool2d: kernel_size is an integer ≥ 1"):
        MaxPool2d(0)
    with pytest.raises(ValueError, match=r"AvgPool2d: padding=\(2, 2\) is more than half"):
        AvgPool2d(3, padding=2)
    with pytest.raises(ValueError, match=r"\(3, 3\) does not fit into an input of size \(2, 5\)"):
        MaxPool2d(3)(np.ones((1, 2, 5), np.float32))
    with pytest.raises(ValueError, match=r"must have \(\.\.\., H, W\)"):
        MaxPool2d(3)(np.ones(5, np.float32))
    with pytest.raises(TypeError, match="MaxPool2d: the input has dtype int64"):
        MaxPool2d(2)(np.ones((4, 4), np.int64))
    assert repr(MaxPool2d(2)) == (
        "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False)"
    )


def test_flatten_joins_axes() -> None:
    x = Variable(np.arange(24.0).reshape(2, 3, 4))
    np.testing.assert_array_equal(Flatten()(x).value, x.value.reshape(2, 12))
    assert Flatten(0, 1)(x).shape == (6, 4)
    assert Flatten(0)(x).shape == (24,)
    assert Flatten(-1)(x).shape == x.shape
    assert Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    assert repr(Flatten()) == "Flatten(start_dim=1, end_dim=-1)"
    for layer in (Flatten(2, 1), Flatten(3), Flatten(0, 5)):
        with pytest.raises(ValueError, match=r"Flatten: there are no axes from"):
            layer(x)
