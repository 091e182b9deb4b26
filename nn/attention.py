"""Attention (003 §13.1.1): queries collect values.  Next to read: :mod:`nn.transformer`."""

from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from autograd_tape import Variable

from . import functional as F
from . import init
from .check import expect, require
from .linear import Linear
from .module import Module
from .normalization import Dropout

__all__ = ["MultiheadAttention"]


def causal_mask(length: int, keys: int | None = None, *, dtype: Any = np.float32) -> Any:
    """(length, keys or length): 0 where key j ≤ query i, -inf for the keys that come later."""
    return np.triu(np.full((length, length if keys is None else keys), -np.inf, dtype), 1)


def attend(q: Any, k: Any, v: Any, mask: Any = None, dropout: Any = F.identity) -> tuple[Any, Any]:
    """For each query the mean of the values, weighted by the fit of their keys; and the weights.

    q: (..., L, E), k: (..., S, E), v: (..., S, D), mask: numbers that broadcast to (..., L, S)
        -> (..., L, D), (..., L, S); 0 for a query that sees no key, with finite gradients
    Source: Vaswani et al. 2017, "Attention is all you need"; 003 §13.1.1, but not "element-wise".
    """
    # softmax(Q·Kᵀ/√E + mask)·V
    scores = (q * q.shape[-1] ** -0.5) @ k.swapaxes(-1, -2)
    weights = dropout(F.softmax(scores if mask is None else scores + mask))
    return weights @ v, weights


def heads(x: Any, n: int, h: int, time: int) -> list[Any]:
    """The last axis cut into n parts of h heads: views (..., h, T, width), T the axis ``time``."""
    x = x.reshape((*x.shape[:-1], n, h, x.shape[-1] // (n * h)))
    return [np.moveaxis(x[..., i, :, :], time, -2) for i in range(n)]


def _mask(attn_mask: Any, padding: Any, causal: bool, shape: tuple[int, ...], dtype: Any) -> Any:
    """What the masks together add to scores of ``shape`` (..., H, L, S); None without any."""
    *batch, h, length, s = shape
    parts = [causal_mask(length, s, dtype=dtype)] if causal else []
    for name, m, shapes in (
        ("attn_mask", attn_mask, {(length, s): (length, s), (prod(batch) * h, length, s): shape}),
        ("key_padding_mask", padding, {(*batch, s): (*batch, 1, 1, s)}),
    ):
        if m is not None:
            m = np.where(m, -np.inf, 0.0) if getattr(m, "dtype", None) == np.bool_ else m
            expect(f"MultiheadAttention: {name} (boolean, or numbers to add)", m, *shapes)
            m = m.reshape(shapes[m.shape])
            parts.append(m if m.dtype == dtype else m.astype(dtype))
    return sum(parts) if parts else None


class MultiheadAttention(Module):
    """Several attentions side by side, each on its own projection of queries, keys and values.

    query: (L, N, E), key and value: (S, N, E) -> output (L, N, E), weights (N, L, S)
    With ``batch_first`` inputs and output are (N, L, E), without a batch (L, E).  The weights are
    means over the heads, all (N, H, L, S) with ``average_attn_weights=False``.
    in_proj_weight: (3·E, E) and in_proj_bias: (3·E,), the blocks for query, key and value; out_proj
    head_i = softmax(Q_i·K_iᵀ/√(E/H) + mask)·V_i, with Q, K, V = x·Wᵀ + b cut into H parts;
    output = [head_1, ..., head_H]·W_oᵀ + b_o
    attn_mask  (L, S) or (N·H, L, S), and key_padding_mask (N, S): booleans, True where a key is
               hidden, or numbers to add to the scores; a query that sees no key gets 0
    is_causal  hides later keys; in PyTorch a hint that wants attn_mask, too
    Source: Vaswani et al. 2017; 003 §13.1.2.  Raises ValueError for shapes, TypeError for integers.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, *,
        batch_first: bool = False, dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        fits = embed_dim > 0 and num_heads > 0 and embed_dim % num_heads == 0
        require(fits, f"MultiheadAttention: {num_heads=} must divide {embed_dim=}")
        self.embed_dim, self.num_heads, self.batch_first = embed_dim, num_heads, batch_first
        rng, e = np.random.default_rng(rng), embed_dim
        self.in_proj_weight = Variable(init.xavier_uniform((3 * e, e), rng, dtype=dtype))
        self.in_proj_bias = Variable(np.zeros(3 * e, dtype)) if bias else None
        self.out_proj = Linear(e, e, bias, dtype=dtype, rng=rng)
        self.out_proj.bias = Variable(np.zeros(e, dtype)) if bias else None
        self.dropout = Dropout(dropout, rng=rng)

    def forward(
        self, query: Any, key: Any, value: Any, key_padding_mask: Any = None,
        need_weights: bool = True, attn_mask: Any = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:  # fmt: skip
        axes = ("N", "L") if self.batch_first else ("L", "N")
        expect("MultiheadAttention: query", query, (*axes, self.embed_dim), ("L", self.embed_dim))
        time = int(self.batch_first and query.ndim == 3)
        expect("MultiheadAttention: key", key, (*query.shape[:time], "S", *query.shape[time + 1 :]))
        expect("MultiheadAttention: value", value, key.shape)
        # Q, K, V = x·Wᵀ + b, in one product for those in a row that have the same x
        parts: list[Any] = []  # (N, H, L or S, E/H)
        for _, group in groupby((query, key, value), id):
            x, *same = group
            n, w, b = 1 + len(same), self.in_proj_weight, self.in_proj_bias
            if n < 3:
                rows = slice(len(parts) * self.embed_dim, (len(parts) + n) * self.embed_dim)
                w, b = w[rows], None if b is None else b[rows]
            parts += heads(F.linear(x, w, b), n, self.num_heads, time)
        q, k, v = parts
        # head_i = softmax(Q_i·K_iᵀ/√(E/H) + mask)·V_i
        mask = _mask(attn_mask, key_padding_mask, is_causal, (*q.shape[:-1], k.shape[-2]), q.dtype)
        y, weights = attend(q, k, v, mask, self.dropout)
        # output = [head_1, ..., head_H]·W_oᵀ + b_o
        y = self.out_proj(np.moveaxis(y, -2, time).reshape(query.shape))
        weights = np.mean(weights, axis=-3) if need_weights and average_attn_weights else weights
        return y, weights if need_weights else None
