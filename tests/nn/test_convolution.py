"""Convolution and pooling: values by hand, what each option means, errors; no other library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn.convolution import AvgPool2d, Conv1d, Conv2d, Flatten, MaxPool2d


def with_weight(layer: Any, weight: Any, bias: Any = None) -> Any:
    layer.weight.value = np.asarray(weight, layer.weight.dtype).reshape(layer.weight.shape)
    if bias is not None:
        layer.bias.value = np.asarray(bias, layer.bias.dtype)
    return layer


def ones(layer: Any) -> Any:
    return with_weight(layer, np.ones(layer.weight.shape))


# -- values ----------------------------------------------------------------------------------------


def test_a_filter_of_2_by_2_on_3_by_3_gives_2_by_2() -> None:
    layer = with_weight(Conv2d(1, 1, 2), [[1, 2], [3, 4]], bias=[0.5])
    x = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    # 1·0 + 2·1 + 3·3 + 4·4 + 0.5 and so on
    np.testing.assert_array_equal(layer(x).value, [[[[27.5, 37.5], [57.5, 67.5]]]])


def test_channels_are_added_up() -> None:
    layer = with_weight(Conv2d(2, 1, 1, bias=False), [10, 1])
    x = np.array([[[[1]], [[2]]], [[[3]], [[4]]]], np.float32)  # two images of two channels
    np.testing.assert_array_equal(layer(x).value.ravel(), [12, 34])


def test_the_stencil_of_the_notes_finds_its_cross() -> None:
    cross = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
    image = np.zeros((1, 9, 9), np.float32)
    image[0, 4:7, 2:5] = cross
    found = with_weight(Conv2d(1, 1, 3, bias=False), cross)(image).value[0]
    assert found.max() == 5
    assert np.unravel_index(found.argmax(), found.shape) == (4, 2)


@given(st.integers(1, 4), st.integers(4, 9), st.sampled_from(["valid", "same", "full"]))
def test_one_channel_is_numpys_correlation(k: int, n: int, padding: str) -> None:
    rng = np.random.default_rng(k * n)
    x, w = rng.standard_normal(n), rng.standard_normal(k)
    y = with_weight(Conv1d(1, 1, k, padding=padding, bias=False, dtype=float), w)(x[None])
    full = np.correlate(x, w, "full")
    before = {"valid": k - 1, "same": k - 1 - (k - 1) // 2, "full": 0}[padding]
    np.testing.assert_allclose(y.value[0], full[before:][: y.shape[1]], atol=1e-12)
    assert y.shape[1] == {"valid": n - k + 1, "same": n, "full": n + k - 1}[padding]


# -- options ---------------------------------------------------------------------------------------


def test_full_padding_sees_every_pixel_equally_often() -> None:
    x = Variable(np.zeros((1, 4, 5)))
    np.sum(ones(Conv2d(1, 1, (3, 2), padding="full", dtype=float))(x)).backward()
    np.testing.assert_array_equal(x.adjoint, np.full((1, 4, 5), 6.0))


def test_padding_in_numbers_and_in_words() -> None:
    x = np.ones((1, 4, 6), np.float32)
    for word, number in [("valid", 0), ("same", (1, 2)), ("full", (2, 4))]:
        a, b = (ones(Conv2d(1, 1, (3, 5), padding=p, bias=False)) for p in (word, number))
        np.testing.assert_array_equal(a(x).value, b(x).value)
    y = ones(Conv1d(1, 1, 2, padding="same", bias=False))(np.array([[1, 2, 3]], np.float32))
    np.testing.assert_array_equal(y.value, [[3, 5, 3]])  # the odd zero stands behind


def test_stride_takes_every_second_place() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 9)).astype(np.float32)
    every, second = Conv2d(3, 4, 3), Conv2d(3, 4, 3, stride=(2, 3))
    second.load_state_dict(every.state_dict())
    np.testing.assert_allclose(second(x).value, every(x).value[:, :, ::2, ::3], rtol=1e-6)


def test_dilation_is_a_kernel_with_holes() -> None:
    x = np.random.default_rng(0).standard_normal((2, 1, 9)).astype(np.float32)
    holes = with_weight(Conv1d(1, 1, 5, bias=False), [1, 0, 2, 0, 3])
    dilated = with_weight(Conv1d(1, 1, 3, dilation=2, bias=False), [1, 2, 3])
    np.testing.assert_allclose(dilated(x).value, holes(x).value, rtol=1e-6)


def test_groups_do_not_see_each_other() -> None:
    x = np.random.default_rng(0).standard_normal((2, 4, 5)).astype(np.float32)
    layer = Conv1d(4, 6, 2, groups=2)
    assert layer.weight.shape == (6, 2, 2)
    before = layer(x).value
    x[:, 2:] = 0
    after = layer(x).value
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).all()


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_shifted_image_gives_a_shifted_feature_map(i: int, j: int) -> None:
    layer = Conv2d(1, 2, 3, bias=False, rng=np.random.default_rng(0))
    image = np.zeros((1, 12, 12), np.float32)
    image[0, 3:6, 3:6] = np.arange(9).reshape(3, 3)
    shifted = np.roll(image, (i, j), axis=(1, 2))
    expected = np.roll(layer(image).value, (i, j), axis=(1, 2))
    np.testing.assert_allclose(layer(shifted).value, expected, atol=1e-6)


# -- shapes, dtypes, parameters --------------------------------------------------------------------


def test_one_image_is_a_batch_of_one() -> None:
    layer = Conv2d(3, 4, 3, padding=1)
    x = np.random.default_rng(0).standard_normal((3, 5, 6)).astype(np.float32)
    assert layer(x).shape == (4, 5, 6)
    np.testing.assert_array_equal(layer(x).value, layer(x[None]).value[0])


def test_an_empty_batch_has_gradients_of_0() -> None:
    layer = Conv2d(3, 4, 3, padding=1)
    y = layer(np.zeros((0, 3, 5, 6), np.float32))
    assert y.shape == (0, 4, 5, 6)
    np.sum(y).backward()
    assert not layer.weight.adjoint.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype: Any) -> None:
    layer = Conv2d(2, 2, 2, padding=1, dtype=dtype)
    x = Variable(np.ones((1, 2, 3, 3), dtype))
    y = layer(x)
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == x.adjoint.dtype == layer.weight.adjoint.dtype == dtype


def test_initial_values_are_pytorchs_and_follow_the_seed() -> None:
    layer = Conv2d(4, 200, (3, 3), groups=2, rng=np.random.default_rng(0))
    for p in layer.parameters():
        bound = 18**-0.5  # 1/√(in / groups · kh · kw)
        assert np.abs(p.value).max() <= bound
        np.testing.assert_allclose(np.std(p.value), bound / 3**0.5, rtol=0.1)
    same = Conv2d(4, 200, (3, 3), groups=2, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.weight.value, same.weight.value)
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert list(Conv2d(4, 2, 3, bias=False).state_dict()) == ["weight"]


def test_the_repr_tells_what_is_not_the_default() -> None:
    assert repr(Conv1d(1, 2, 3)) == "Conv1d(1, 2, 3)"
    assert repr(Conv2d(2, 4, (3, 1), padding="full", dilation=2, groups=2, bias=False)) == (
        "Conv2d(2, 4, (3, 1), padding='full', dilation=2, groups=2, bias=False)"
    )
    assert repr(MaxPool2d(2)) == "MaxPool2d(2, stride=2)"


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv1d(2, 3, 3, padding="full", dtype=float, rng=np.random.default_rng(0)), (2, 2, 5)),
        (
            Conv2d(
                4, 6, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2), groups=2, dtype=float,
                rng=np.random.default_rng(0),
            ),
            (2, 4, 6, 7),
        ),
        (MaxPool2d(3, 2, 1), (2, 2, 6, 7)),
        (AvgPool2d((3, 2), (1, 2), (1, 0)), (2, 2, 6, 7)),
    ],
)  # fmt: skip
def test_gradients(layer: Any, shape: tuple[int, ...]) -> None:
    check_grads(layer, (np.random.default_rng(1).standard_normal(shape),))


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_size": 0}, "Conv2d: kernel_size is an integer ≥ 1, or 2 of them, not 0"),
        ({"kernel_size": (3,)}, r"2 of them, not \(3,\)"),
        ({"kernel_size": 2.5}, "not 2.5"),
        ({"kernel_size": 3, "stride": 0}, "stride is an integer ≥ 1"),
        ({"kernel_size": 3, "padding": -1}, "padding is an integer ≥ 0"),
        ({"kernel_size": 3, "padding": "circular"}, "'valid', 'full' .* 'same', not 'circular'"),
        ({"kernel_size": 3, "padding": "same", "stride": 2}, "with stride 1, .* stride=2"),
        ({"kernel_size": 3, "groups": 4}, "groups=4 must divide in_channels=4 and out_channels=6"),
    ],
)
def test_options_that_make_no_sense(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Conv2d(4, 6, **options)


def test_inputs_that_do_not_fit() -> None:
    layer = Conv2d(3, 4, 3)
    with pytest.raises(
        ValueError, match=r"Conv2d: the input has shape \(2, 1, 8, 8\).*\(N, 3, H, W"
    ):
        layer(np.zeros((2, 1, 8, 8), np.float32))
    with pytest.raises(ValueError, match=r"shape \(8, 8\)"):
        layer(np.zeros((8, 8), np.float32))
    with pytest.raises(ValueError, match=r"Conv1d: .* must have \(N, 3, L\)"):
        Conv1d(3, 1, 2)(np.zeros((2, 8), np.float32))
    with pytest.raises(ValueError, match=r"Conv2d\(3, 4, 3\) does not fit into \(2, 8\)"):
        layer(np.zeros((1, 3, 2, 8), np.float32))
    with pytest.raises(TypeError, match="dtype uint8; give an array of floating-point"):
        layer(np.zeros((1, 3, 8, 8), np.uint8))


# -- pooling ---------------------------------------------------------------------------------------

X = np.array([[1, 5, 2, 0], [3, 4, 8, 1], [0, -1, 7, 6]], np.float32)


def test_the_largest_and_the_mean_of_each_window() -> None:
    np.testing.assert_array_equal(MaxPool2d(2)(X), [[5, 8]])
    np.testing.assert_array_equal(AvgPool2d(2)(X), [[3.25, 2.75]])
    np.testing.assert_array_equal(MaxPool2d((1, 4))(X), [[5], [8], [7]])
    np.testing.assert_array_equal(MaxPool2d(2, stride=1)(X), [[5, 8, 8], [4, 8, 8]])


def test_outside_is_minus_infinity_or_0() -> None:
    x = np.array([[-1, -2], [-3, -4]], np.float32)
    np.testing.assert_array_equal(MaxPool2d(2, 2, padding=1)(x), x)
    np.testing.assert_array_equal(AvgPool2d(2, 2, padding=1)(x), x / 4)


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


def test_pools_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="MaxPool2d: kernel_size is an integer ≥ 1"):
        MaxPool2d(0)
    with pytest.raises(ValueError, match="AvgPool2d: padding=2 is more than half the kernel"):
        AvgPool2d(3, padding=2)
    with pytest.raises(ValueError, match=r"stride=3\) does not fit into \(2, 5\)"):
        MaxPool2d(3)(np.ones((1, 2, 5), np.float32))
    with pytest.raises(ValueError, match=r"must have \(\.\.\., H, W\)"):
        MaxPool2d(3)(np.ones(5, np.float32))
    with pytest.raises(TypeError, match="MaxPool2d: the input has dtype int64"):
        MaxPool2d(2)(np.ones((4, 4), np.int64))


def test_flatten_joins_all_axes_but_the_first() -> None:
    x = Variable(np.arange(24.0).reshape(2, 3, 4))
    np.testing.assert_array_equal(Flatten()(x).value, x.value.reshape(2, 12))
    assert Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    assert Flatten()(np.zeros(3)).shape == (3, 1)
    assert repr(Flatten()) == "Flatten()"
