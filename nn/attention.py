"""Attention (003 §13.1.1): each query collects values, in proportion to how well their keys fit.

Next to read: :mod:`nn.transformer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape import Variable
from autograd_tape.variable import as_value

from . import functional as F
from . import init
from .check import expect_float
from .dropout import Dropout
from .linear import Linear
from .module import Module

__all__ = ["MultiheadAttention", "generate_square_subsequent_mask", "scaled_dot_product_attention"]


def generate_square_subsequent_mask(
    length: int, keys: int | None = None, *, dtype: Any = np.float32
) -> Any:
    """(length, keys or length): 0 where key j ≤ query i, -inf for the keys that come later."""
    shape = (length, length if keys is None else keys)
    return np.triu(np.full(shape, -np.inf, dtype), 1)


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, *,
    rng: np.random.Generator | int | None = None,
) -> Any:  # fmt: skip
    """For each query the mean of the values, weighted by the fit of their keys.

    query: (..., L, E), key: (..., S, E), value: (..., S, D) -> (..., L, D)

        softmax(Q·Kᵀ·scale + mask)·V    with scale = 1/√E by default

    attn_mask  broadcasts to (..., L, S): boolean, True where a key may be seen (in PyTorch's
               MultiheadAttention, and ours, True is the contrary), or floating-point, and added
    dropout_p  share of the weights that are set to 0, drawn from ``rng``; for training only
    is_causal  key j is hidden from query i where j > i

    A query that sees no key gets 0, and gives finite gradients.
    Source: Vaswani et al. 2017, "Attention is all you need", section 3.2.1.  003 §13.1.1 says
    "element-wise" for score times value, where a weighted sum is meant.
    Raises ValueError for shapes that do not fit, TypeError for integers.
    """
    what = "scaled_dot_product_attention"
    for x in (query, key, value):
        expect_float(what, x)
    (q, k, v) = shapes = (query.shape, key.shape, value.shape)
    if min(map(len, shapes)) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        raise ValueError(
            f"{what}: query, key and value have shapes {q}, {k} and {v}, and must have "
            "(..., L, E), (..., S, E) and (..., S, D)"
        )
    bias = None
    if attn_mask is not None:
        seen = as_value(attn_mask)
        hidden = ~seen if getattr(seen, "dtype", None) == np.bool_ else attn_mask
        bias = _bias(f"{what}: attn_mask", hidden, query.dtype)
    return _attend(query, key, value, bias, dropout_p, is_causal, scale, rng)[0]


def _attend(
    q: Any, k: Any, v: Any, bias: Any, dropout_p: float, is_causal: bool, scale: float | None,
    rng: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """(output, weights): (..., L, D) and (..., L, S)."""
    if is_causal:
        later = generate_square_subsequent_mask(q.shape[-2], k.shape[-2], dtype=q.dtype)
        bias = later if bias is None else bias + later
    # softmax(Q·Kᵀ/√E + mask)·V
    scores = (q * (q.shape[-1] ** -0.5 if scale is None else scale)) @ k.swapaxes(-1, -2)
    weights = F.softmax(scores if bias is None else scores + bias)
    if dropout_p:
        weights = Dropout(dropout_p, rng=rng)(weights)
    return weights @ v, weights


def _bias(what: str, mask: Any, dtype: Any) -> Any:
    """What is added to the scores: -inf where a boolean mask is True, a float mask as it is."""
    mask = mask if mask.__class__ is Variable else np.asarray(mask)
    if mask.dtype == np.bool_:
        return np.where(mask, np.array(-np.inf, dtype), np.array(0, dtype))
    if mask.dtype.kind != "f":
        raise TypeError(
            f"{what} has dtype {mask.dtype}; a mask is boolean, or floating-point numbers to add"
        )
    return mask if mask.dtype == dtype else mask.astype(dtype)


class MultiheadAttention(Module):
    """Several attentions side by side, each on its own projection of queries, keys and values.

    query: (L, N, embed_dim), key: (S, N, kdim), value: (S, N, vdim)
        -> output (L, N, embed_dim), weights (N, L, S)
    With ``batch_first`` the axes are (N, L, ...), and without a batch (L, ...); all weights are
    (N, num_heads, L, S) with ``average_attn_weights=False``, None with ``need_weights=False``.
    in_proj_weight: (3·embed_dim, embed_dim), the blocks for query, key and value; with kdim or vdim
    q_proj_weight, k_proj_weight, v_proj_weight in its place; in_proj_bias: (3·embed_dim,); out_proj

        head_i = softmax(Q_i·K_iᵀ/√(E/H) + mask)·V_i    with Q, K, V = x·Wᵀ + b, cut into H parts
        output = [head_1, ..., head_H]·W_oᵀ + b_o

    key_padding_mask  (N, S), attn_mask (L, S) or (N·num_heads, L, S): boolean, True where a key is
                      hidden, or floating-point, and added to the scores
    is_causal         later keys are hidden; in PyTorch a hint that wants attn_mask, too
    dropout           share of the weights that are set to 0 in training

    A query that sees no key gets 0 from each head, and gives finite gradients; PyTorch gives nan
    where need_weights is true.
    Source: Vaswani et al. 2017, section 3.2.2; 003 §13.1.2.
    Raises ValueError for shapes that do not fit, TypeError for integers.
    """

    in_proj_weight: Any
    q_proj_weight: Any
    k_proj_weight: Any
    v_proj_weight: Any

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, *,
        kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: num_heads={num_heads} must divide embed_dim={embed_dim}"
            )
        self.embed_dim, self.num_heads, self.batch_first = embed_dim, num_heads, batch_first
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout = Dropout(dropout).p  # which checks it
        self.rng = rng = np.random.default_rng(rng)
        widths = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
        self._packed = len(set(widths.values())) == 1
        shapes = {f"{x}_proj_weight": (embed_dim, width) for x, width in widths.items()}
        if self._packed:
            shapes = {"in_proj_weight": (3 * embed_dim, embed_dim)}
        for name, shape in shapes.items():
            values = init.xavier_uniform(shape, rng, dtype=dtype)
            setattr(self, name, Variable(values, name=name))
        self.in_proj_bias = None
        if bias:
            self.in_proj_bias = Variable(np.zeros(3 * embed_dim, dtype), name="in_proj_bias")
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=rng)
        if self.out_proj.bias is not None:
            self.out_proj.bias.value = np.zeros(embed_dim, dtype)

    def forward(
        self, query: Any, key: Any, value: Any, key_padding_mask: Any = None,
        need_weights: bool = True, attn_mask: Any = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:  # fmt: skip
        self._check(query, key, value)
        batch, time = ((), 0) if query.ndim == 2 else ((0,), 1) if self.batch_first else ((1,), 0)
        heads, last = query.ndim - 1, query.ndim
        order = (*batch, heads, time, last)  # (L, N, H, E/H) -> (N, H, L, E/H), views all of them
        q, k, v = (
            x.reshape((*x.shape[:-1], self.num_heads, self.embed_dim // self.num_heads))
            .transpose(order)
            for x in self._project(query, key, value)
        )  # fmt: skip
        bias = self._hidden(attn_mask, key_padding_mask, q.shape[:-1], k.shape[-2], q.dtype)
        dropout = self.dropout if self.training else 0.0
        y, weights = _attend(q, k, v, bias, dropout, is_causal, None, self.rng)
        # output = [head_1, ..., head_H]·W_oᵀ + b_o
        y = y.transpose(tuple(np.argsort(order).tolist())).reshape(query.shape)
        y = self.out_proj(y)
        if not need_weights:
            return y, None
        return y, np.mean(weights, axis=-3) if average_attn_weights else weights

    def _project(self, query: Any, key: Any, value: Any) -> Any:
        """Q, K, V = x·Wᵀ + b, in one product for those that have the same x."""
        e, b = self.embed_dim, self.in_proj_bias
        if not self._packed:
            parts = [(query, self.q_proj_weight), (key, self.k_proj_weight)]
            parts.append((value, self.v_proj_weight))
            return [
                F.linear(x, w, None if b is None else b[i * e : (i + 1) * e])
                for i, (x, w) in enumerate(parts)
            ]
        projected: list[Any] = []
        for x, n in _runs(query, key, value):
            at = slice(len(projected) * e, (len(projected) + n) * e)
            w = self.in_proj_weight
            if n < 3:
                w, b = w[at], None if self.in_proj_bias is None else self.in_proj_bias[at]
            y = F.linear(x, w, b)  # (..., n·E)
            projected += [y[..., i * e : (i + 1) * e] for i in range(n)] if n > 1 else [y]
        return projected

    def _hidden(
        self, attn_mask: Any, key_padding_mask: Any, queries: tuple[int, ...], s: int, dtype: Any
    ) -> Any:
        """The sum of both masks, for scores of shape (*queries, s) = (N, H, L, S) or (H, L, S)."""
        *batch, h, length = queries
        bias = None
        if attn_mask is not None:
            bias = _bias("MultiheadAttention: attn_mask", attn_mask, dtype)
            stacked = int(np.prod(batch, dtype=int)) * h
            if bias.shape == (stacked, length, s):
                bias = bias.reshape((*queries, s))
            elif bias.shape != (length, s):
                raise ValueError(
                    f"MultiheadAttention: attn_mask has shape {bias.shape}, and must have "
                    f"{(length, s)} or {(stacked, length, s)}: (queries, keys), or that for each "
                    "head"
                )
        if key_padding_mask is not None:
            padding = _bias("MultiheadAttention: key_padding_mask", key_padding_mask, dtype)
            if padding.shape != (*batch, s):
                raise ValueError(
                    f"MultiheadAttention: key_padding_mask has shape {padding.shape}, and must "
                    f"have {(*batch, s)}: one row of keys per sequence"
                )
            padding = padding[..., None, None, :]
            bias = padding if bias is None else bias + padding
        return bias

    def _check(self, query: Any, key: Any, value: Any) -> None:
        axes = "(N, L, " if self.batch_first else "(L, N, "
        widths = {"query": self.embed_dim, "key": self.kdim, "value": self.vdim}
        for (name, width), x in zip(widths.items(), (query, key, value), strict=True):
            expect_float(f"MultiheadAttention, {name}", x)
            if x.ndim not in (2, 3) or x.ndim != query.ndim or x.shape[-1] != width:
                raise ValueError(
                    f"MultiheadAttention: {name} has shape {x.shape}, and must have {axes}{width})"
                    f", or without a batch (L, {width}), as query, key and value alike"
                )
        n = 0 if self.batch_first else 1
        other_batch = query.ndim == 3 and query.shape[n] != key.shape[n]
        if key.shape[:-1] != value.shape[:-1] or other_batch:
            raise ValueError(
                f"MultiheadAttention: query, key and value have shapes {query.shape}, {key.shape} "
                f"and {value.shape}; each key needs its value, and all the same batch"
            )

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}, batch_first={self.batch_first}"


def _runs(query: Any, key: Any, value: Any) -> list[tuple[Any, int]]:
    """Each input, and how many of Q, K and V in a row are made of it."""
    if key is not value:
        return [(query, 1), (key, 1), (value, 1)]
    return [(key, 3)] if query is key else [(query, 1), (key, 2)]
