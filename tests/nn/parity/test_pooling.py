"""MaxPool2d, AvgPool2d and Flatten against PyTorch's.  Random inputs have no ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nn.pooling import AvgPool2d, Flatten, MaxPool2d

from .torch_parity import FLOATS, compare, torch


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
        "ceil_mode": draw(st.booleans()),
    }
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    assume(all(n + 2 * p >= k for n, p, k in zip(size, padding, kernel, strict=True)))
    return options, (*draw(st.sampled_from([(2,), (1, 2), (3, 2)])), *size)


@pytest.mark.parametrize("dtype", FLOATS)
@given(pools(), st.integers(0, 99))
def test_the_largest_of_each_window(dtype: Any, pool: Any, seed: int) -> None:
    options, shape = pool
    x = np.random.default_rng(seed).standard_normal(shape)
    compare(MaxPool2d(**options), torch.nn.MaxPool2d(**options), x, dtype=dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@given(pools(), st.booleans(), st.integers(0, 99))
def test_the_mean_of_each_window(dtype: Any, pool: Any, include: bool, seed: int) -> None:
    options, shape = pool
    options["count_include_pad"] = include
    x = np.random.default_rng(seed).standard_normal(shape)
    compare(AvgPool2d(**options), torch.nn.AvgPool2d(**options), x, dtype=dtype)


@given(st.integers(-3, 2), st.integers(-3, 2))
def test_flatten(first: int, last: int) -> None:
    assume(first % 3 <= last % 3)
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    compare(Flatten(first, last), torch.nn.Flatten(first, last), x)
