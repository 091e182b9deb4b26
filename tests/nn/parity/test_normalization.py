"""LayerNorm, RMSNorm, BatchNorm1d and BatchNorm2d against PyTorch's, with their statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm

from .torch_parity import FLOATS, compare, torch

# (Of two features that are nearly equal, or of a single one, few digits of the gradient are left.)
FEATURES = st.lists(st.integers(4, 7), min_size=1, max_size=2)
EPS = st.sampled_from([1e-5, 1e-3, 0.1])


def randomize(theirs: Any, rng: np.random.Generator) -> Any:
    """Gains and shifts that are not 1 and 0, running statistics that have seen something."""
    for name, value in theirs.state_dict().items():
        if value.is_floating_point():
            drawn = rng.uniform(0.5, 2.0, tuple(value.shape))
            value.copy_(torch.tensor(drawn if name != "bias" else drawn - 1))
    return theirs


@pytest.mark.parametrize("dtype", FLOATS)
@given(
    st.lists(st.integers(0, 4), max_size=2),
    FEATURES,
    EPS, st.booleans(), st.integers(0, 99),
)  # fmt: skip
def test_layer_norm(
    dtype: Any, batch: list[int], features: list[int], eps: float, bias: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {"eps": eps, "bias": bias}
    theirs = randomize(torch.nn.LayerNorm(features, **options), rng)
    x = rng.standard_normal((*batch, *features))
    compare(LayerNorm(features, **options, dtype=dtype), theirs, x, dtype=dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@given(
    st.lists(st.integers(0, 4), max_size=2),
    FEATURES,
    EPS | st.none(), st.integers(0, 99),
)  # fmt: skip
def test_rms_norm(
    dtype: Any, batch: list[int], features: list[int], eps: float | None, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    theirs = randomize(torch.nn.RMSNorm(features, eps), rng)
    x = rng.standard_normal((*batch, *features))
    compare(RMSNorm(features, eps, dtype=dtype), theirs, x, dtype=dtype)


SHAPES = [(BatchNorm1d, 0), (BatchNorm1d, 1), (BatchNorm2d, 2)]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("layer", "axes"), SHAPES)
@given(data=st.data())
def test_batch_norm(layer: Any, axes: int, dtype: Any, data: Any) -> None:
    draw = data.draw
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    features = draw(st.integers(1, 4))
    options = {"eps": draw(EPS), "momentum": draw(st.sampled_from([0.1, 0.7]))}
    theirs = randomize(getattr(torch.nn, layer.__name__)(features, **options), rng)
    theirs.train(draw(st.booleans()))
    size = [draw(st.integers(1, 4)) for _ in range(axes)]
    x = rng.standard_normal((draw(st.integers(3, 6)), features, *size)) + 0.5
    ours = layer(features, **options, dtype=dtype)
    for _ in range(2):  # the running statistics after the first batch enter the second
        compare(ours, theirs, x, dtype=dtype)


@pytest.mark.parametrize("layer", [BatchNorm1d, BatchNorm2d])
def test_both_refuse_a_single_value_per_channel(layer: Any) -> None:
    x = np.ones((1, 3) if layer is BatchNorm1d else (1, 3, 1, 1), np.float32)
    with pytest.raises(ValueError, match="than 1 value per channel"):
        getattr(torch.nn, layer.__name__)(3)(torch.tensor(x))
    with pytest.raises(ValueError, match="two values per channel"):
        layer(3)(x)
