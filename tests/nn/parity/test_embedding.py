"""Embedding against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.linear import Embedding

from .torch_parity import FLOATS, assert_same_distribution, compare, torch


@pytest.mark.parametrize("dtype", FLOATS)
@given(
    st.integers(1, 9), st.integers(1, 5), st.lists(st.integers(0, 5), max_size=3), st.data(),
    st.integers(0, 99),
)  # fmt: skip
def test_vectors_and_their_gradients(
    dtype: Any, vocabulary: int, width: int, shape: list[int], data: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, vocabulary, shape, data.draw(st.sampled_from([np.int64, np.int32])))
    theirs = torch.nn.Embedding(vocabulary, width)
    compare(Embedding(vocabulary, width, dtype=dtype), theirs, np.asarray(ids), dtype=dtype)


def test_initial_values_have_the_same_distribution() -> None:
    assert_same_distribution(Embedding(400, 50), torch.nn.Embedding(400, 50))
