"""MultiheadAttention equals PyTorch's."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from nn.attention import MultiheadAttention

from .torch_parity import FLOATS, compare, torch

sizes = st.integers(1, 5)


def draw_mask(draw: Any, rng: Any, shape: tuple[int, ...], kind: Any) -> Any:
    """None, booleans that leave each row a key, or numbers to add."""
    if kind == "none":
        return None
    mask = rng.random(shape) < 0.4
    mask[..., 0] = False
    return mask if kind == "boolean" else np.where(mask, -np.inf, rng.standard_normal(shape))


def constant(mask: Any, dtype: Any) -> Any:
    """A mask that :func:`compare` does not differentiate, for each of the two libraries."""
    return mask if mask is None or mask.dtype == bool else mask.astype(dtype)


def attend(module: Any, q: Any, k: Any, v: Any, masks: dict[str, Any], options: Any) -> Any:
    if isinstance(module, torch.nn.Module):
        masks = {n: None if m is None else torch.tensor(m) for n, m in masks.items()}
    q, k, v = {"self": (q, q, q), "memory": (q, k, k), "three": (q, k, v)}[options["inputs"]]
    return module(q, k, v, **masks, **options["call"])


@given(st.data())
def test_multihead_attention(data: Any) -> None:
    draw = data.draw
    heads, head, n, length, s = (draw(sizes) for _ in range(5))
    e, dtype, first = heads * head, draw(st.sampled_from(FLOATS)), draw(st.booleans())
    batch = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    inputs = draw(st.sampled_from(["self", "memory", "three"]))
    s = length if inputs == "self" else s
    options = {"bias": draw(st.booleans()), "batch_first": first}
    ours = MultiheadAttention(e, heads, dtype=dtype, **options)

    def lead(t: int) -> tuple[int, ...]:
        return (t,) if not batch else (n, t) if first else (t, n)

    q = rng.standard_normal((*lead(length), e))
    k, v = (rng.standard_normal((*lead(s), e)) for _ in range(2))
    kind = draw(st.sampled_from(["none", "boolean", "float"]))
    other = draw(st.sampled_from(["none", kind]))  # PyTorch wants both masks of one kind
    many = draw(st.booleans())
    shape = ((n if batch else 1) * heads, length, s) if many else (length, s)
    masks = {
        "attn_mask": constant(draw_mask(draw, rng, shape, kind), dtype),
        "key_padding_mask": constant(draw_mask(draw, rng, (n, s) if batch else (s,), other), dtype),
    }
    call = {"need_weights": draw(st.booleans()), "average_attn_weights": draw(st.booleans())}
    theirs = torch.nn.MultiheadAttention(e, heads, **options)
    torch.manual_seed(0)
    with torch.no_grad():
        for p in theirs.parameters():  # of a size that products keep: rounding grows with them,
            p.normal_(0, e**-0.5)  # and PyTorch's is left where the gradient is exactly 0
    used = {"self": [q], "memory": [q, k], "three": [q, k, v]}[inputs]
    compare(
        ours, theirs, *used, dtype=dtype,
        call=lambda module, *xs: attend(
            module, xs[0], xs[-2 if len(xs) == 3 else -1], xs[-1], masks,
            {"inputs": inputs, "call": call},
        ),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
def test_hidden_rows_are_0_where_pytorch_has_no_nan(dtype: Any) -> None:
    ours = MultiheadAttention(4, 2, batch_first=True, dtype=dtype)
    theirs = torch.nn.MultiheadAttention(4, 2, batch_first=True)
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    padding = np.array([[True] * 3, [False, True, False]])
    for weights in (False, True):
        with torch.no_grad():
            t = torch.tensor(x, dtype=torch.float32)
            y, _ = theirs.float()(t, t, t, torch.tensor(padding), need_weights=weights)
        assert torch.isnan(y[0]).all() == weights
    masks = {"key_padding_mask": padding}
    options = {"inputs": "self", "call": {"need_weights": False}}
    compare(
        ours, theirs, x, dtype=dtype,
        call=lambda module, x: attend(module, x, x, x, masks, options),
    )  # fmt: skip
