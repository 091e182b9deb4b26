"""Embedding and one_hot against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.embedding import Embedding, one_hot

from .torch_parity import FLOATS, compare, torch


@pytest.mark.parametrize("dtype", FLOATS)
@given(
    st.integers(1, 9), st.integers(1, 5), st.lists(st.integers(0, 5), max_size=3), st.data(),
    st.integers(0, 99),
)  # fmt: skip
def test_vectors_and_their_gradients(
    dtype: Any, vocabulary: int, width: int, shape: list[int], data: Any, seed: int
) -> None:
    padding_idx = data.draw(st.none() | st.integers(-vocabulary, vocabulary - 1))
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, vocabulary, shape, data.draw(st.sampled_from([np.int64, np.int32])))
    theirs = torch.nn.Embedding(vocabulary, width, padding_idx)
    assert padding_idx is None or not theirs.weight[padding_idx].any()
    with torch.no_grad():  # a padding vector that is not 0 counts, but is not learnt
        theirs.weight.copy_(torch.tensor(rng.standard_normal((vocabulary, width))))
    compare(
        Embedding(vocabulary, width, padding_idx, dtype=dtype), theirs, np.asarray(ids), dtype=dtype
    )


def test_initial_values_have_the_same_distribution() -> None:
    ours, theirs = Embedding(400, 50), torch.nn.Embedding(400, 50)
    quantiles = np.linspace(0.05, 0.95, 10)
    expected = np.quantile(theirs.weight.detach().numpy(), quantiles)
    np.testing.assert_allclose(np.quantile(ours.weight.value, quantiles), expected, atol=0.05)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.sampled_from([-1, 7, 9]))
def test_one_hot(ids: list[int], classes: int) -> None:
    expected = torch.nn.functional.one_hot(torch.tensor(ids), classes).numpy()
    np.testing.assert_array_equal(one_hot(ids, classes), expected)
