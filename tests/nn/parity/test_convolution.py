"""Convolution and pooling against PyTorch's: outputs and gradients, options drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nn.convolution import AvgPool2d, Conv1d, Conv2d, Flatten, MaxPool2d

from .torch_parity import FLOATS, assert_same_distribution, compare, torch

LAYERS = {1: (Conv1d, "Conv1d"), 2: (Conv2d, "Conv2d")}


@st.composite
def convolutions(draw: Any, axes: int) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Arguments of a layer, and the shape of an input that it takes."""

    def each(low: int, high: int) -> Any:
        number = st.integers(low, high)
        return number | st.tuples(*(number,) * axes)

    groups = draw(st.integers(1, 3))
    words = draw(st.sampled_from(["numbers", "valid", "same"]))
    options = {
        "in_channels": groups * draw(st.integers(1, 3)),
        "out_channels": groups * draw(st.integers(1, 3)),
        "kernel_size": draw(each(1, 4)),
        "stride": 1 if words == "same" else draw(each(1, 3)),
        "padding": draw(each(0, 3)) if words == "numbers" else words,
        "dilation": draw(each(1, 3)),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    size = draw(st.tuples(*(st.integers(1, 9),) * axes))
    pad = options["padding"]
    for axis, n in enumerate(size):
        k, d, p = (
            v[axis] if isinstance(v, tuple) else v
            for v in (options["kernel_size"], options["dilation"], pad)
        )
        span = d * (k - 1)
        assume(n + (span if p == "same" else 0 if p == "valid" else 2 * p) > span)
    return options, (*batch, options["in_channels"], *size)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("axes", [1, 2])
# (PyTorch copies the input where "same" does not pad equally on both sides, and says so)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(data=st.data(), seed=st.integers(0, 99))
def test_equal_for_all_options(axes: int, dtype: Any, data: Any, seed: int) -> None:
    options, shape = data.draw(convolutions(axes))
    ours, name = LAYERS[axes]
    x = np.random.default_rng(seed).standard_normal(shape)
    compare(ours(**options, dtype=dtype), getattr(torch.nn, name)(**options), x, dtype=dtype)


@pytest.mark.parametrize("axes", [1, 2])
@given(kernel=st.integers(1, 4), dilation=st.integers(1, 2), stride=st.integers(1, 2))
def test_full_padding_is_kernel_minus_1(axes: int, kernel: int, dilation: int, stride: int) -> None:
    ours, name = LAYERS[axes]
    options: dict[str, Any] = {"dilation": dilation, "stride": stride}
    x = np.random.default_rng(kernel).standard_normal((2, 2, *(5, 6)[:axes]))
    theirs = getattr(torch.nn, name)(2, 3, kernel, padding=dilation * (kernel - 1), **options)
    compare(ours(2, 3, kernel, padding="full", dtype=float, **options), theirs, x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_empty_batch(dtype: Any) -> None:
    compare(
        Conv2d(2, 3, 3, dtype=dtype), torch.nn.Conv2d(2, 3, 3), np.ones((0, 2, 5, 6)), dtype=dtype
    )


def test_initial_values_have_the_same_distribution() -> None:
    shape: Any = (6, 3000, (2, 3))
    assert_same_distribution(Conv2d(*shape, groups=2), torch.nn.Conv2d(*shape, groups=2))


# -- pooling (random inputs have no ties) ----------------------------------------------------------


@st.composite
def pools(draw: Any) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Arguments of a layer, and the shape of an input that it takes."""
    pair = st.tuples(st.integers(1, 4), st.integers(1, 4))
    kernel = draw(pair)
    padding = draw(st.tuples(*(st.integers(0, k // 2) for k in kernel)))
    options = {
        "kernel_size": kernel,
        "stride": draw(pair | st.none() | st.integers(1, 4)),
        "padding": padding,
    }
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    assume(all(n + 2 * p >= k for n, p, k in zip(size, padding, kernel, strict=True)))
    return options, (*draw(st.sampled_from([(2,), (1, 2), (3, 2)])), *size)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("layer", [MaxPool2d, AvgPool2d])
@given(pools(), st.integers(0, 99))
def test_the_largest_and_the_mean_of_each_window(
    layer: Any, dtype: Any, pool: Any, seed: int
) -> None:
    options, shape = pool
    x = np.random.default_rng(seed).standard_normal(shape)
    compare(layer(**options), getattr(torch.nn, layer.__name__)(**options), x, dtype=dtype)


def test_flatten() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    compare(Flatten(), torch.nn.Flatten(), x)
