"""Attention and the transformer (003 §13.1).  Next to read: :mod:`nn.gpt`."""

from copy import deepcopy
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from autograd_tape import Variable

from . import functional as F
from . import init
from .check import expect, require
from .linear import Linear
from .module import Module, ModuleList
from .normalization import Dropout, LayerNorm

__all__ = ["MultiheadAttention", "Transformer", "TransformerDecoder", "TransformerDecoderLayer",
           "TransformerEncoder", "TransformerEncoderLayer"]  # fmt: skip


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


class TransformerEncoderLayer(Module):
    """Self-attention, then a network of two layers, each added to what it reads (003 §13.1).

    src: (T, N, d_model), or (N, T, d_model) with batch_first, or (T, d_model) -> the same shape
    x = LayerNorm(x + SelfAttention(x));  y = LayerNorm(x + W₂·φ(W₁·x + b₁) + b₂)
    activation  φ: the name of a function in nn.functional, or a function
    norm_first  x + f(LayerNorm(x)) in place of LayerNorm(x + f(x)) (Xiong et al. 2020)
    Masks and errors are those of :class:`nn.MultiheadAttention`.  Source: Vaswani et al. 2017.
    """

    self_attn: Any
    multihead_attn: Any
    _attentions: tuple[str, ...] = ("self_attn",)

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Any = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        self.activation, self.norm_first = activation, norm_first
        self._phi = activation if callable(activation) else getattr(F, activation)
        make: Any = {"bias": bias, "dtype": dtype, "rng": np.random.default_rng(rng)}
        for name in self._attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **make)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **make)
        self.dropout = Dropout(dropout, rng=make["rng"])
        self.linear2 = Linear(dim_feedforward, d_model, **make)
        for i in range(1, len(self._attentions) + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))

    def _add(self, i: int, x: Any, f: Any) -> Any:
        norm, dropout = getattr(self, f"norm{i}"), self.dropout
        # x + f(LayerNorm(x)) with norm_first, else LayerNorm(x + f(x))
        return x + dropout(f(norm(x))) if self.norm_first else norm(x + dropout(f(x)))

    def _network(self, x: Any) -> Any:
        return self.linear2(self.dropout(self._phi(self.linear1(x))))

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:  # fmt: skip
        masks = src_key_padding_mask, False, src_mask, False, is_causal
        x = self._add(1, src, lambda x: self.self_attn(x, x, x, *masks)[0])
        return self._add(2, x, self._network)


class TransformerDecoderLayer(TransformerEncoderLayer):
    """As :class:`TransformerEncoderLayer`, with attention to an encoder's result in the middle.

    tgt: (T, N, d_model), memory: (S, N, d_model), axes as there -> the shape of tgt
    Masks ``tgt_...`` are of the self-attention, ``memory_...`` of the other (003 §13.1.2).
    """

    _attentions = ("self_attn", "multihead_attn")

    def forward(  # type: ignore[override]
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None,
        tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        own = tgt_key_padding_mask, False, tgt_mask, False, tgt_is_causal
        other = memory_key_padding_mask, False, memory_mask, False, memory_is_causal
        x = self._add(1, tgt, lambda x: self.self_attn(x, x, x, *own)[0])
        x = self._add(2, x, lambda x: self.multihead_attn(x, memory, memory, *other)[0])
        return self._add(3, x, self._network)


class _Stack(Module):
    def __init__(self, layer: Module, num_layers: int, norm: Module | None = None) -> None:
        require(num_layers >= 0, f"{type(self).__name__}: num_layers is {num_layers}, below 0")
        # One generator for all copies, or each layer would forget the same elements.
        rngs = {id(m.rng): m.rng for m in layer.modules() if hasattr(m, "rng")}
        self.layers = ModuleList(deepcopy(layer, dict(rngs)) for _ in range(num_layers))
        self.num_layers, self.norm = num_layers, norm

    def forward(self, src: Any, *args: Any, **masks: Any) -> Any:
        for layer in self.layers:
            src = layer(src, *args, **masks)
        return src if self.norm is None else self.norm(src)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder layer, then ``norm``; arguments as of the layer."""

    def forward(self, src: Any, mask: Any = None, *args: Any, **masks: Any) -> Any:
        return super().forward(src, mask, *args, **masks)


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder layer, then ``norm``; arguments as of the layer."""


class Transformer(Module):
    """A decoder that looks at what an encoder made of the source: decoder(tgt, encoder(src)).

    src: (S, N, d_model), tgt: (T, N, d_model), axes as of the layers -> the shape of tgt
    Both end with a LayerNorm; other arguments, of both methods, are those of the layers.
    Embeddings, positions, the last linear layer and ``tgt_is_causal=True`` are the user's.
    Source: Vaswani et al. 2017; 003 §13.1.  Raises as :class:`nn.MultiheadAttention` does.
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6,
        num_decoder_layers: int = 6, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Any = "relu", *, rng: Any = None, **options: Any,
    ) -> None:  # fmt: skip
        options["rng"] = rng = np.random.default_rng(rng)
        sizes = d_model, nhead, dim_feedforward, dropout, activation
        layer: Any = TransformerEncoderLayer(*sizes, **options)
        self.encoder = TransformerEncoder(layer, num_encoder_layers, deepcopy(layer.norm1))
        layer = TransformerDecoderLayer(*sizes, **options)
        self.decoder = TransformerDecoder(layer, num_decoder_layers, deepcopy(layer.norm1))
        for p in self.parameters():
            if p.ndim > 1:
                p.value = init.xavier_uniform(p.shape, rng, dtype=p.dtype)

    def forward(
        self, src: Any, tgt: Any, src_mask: Any = None, tgt_mask: Any = None,
        memory_mask: Any = None, *, src_key_padding_mask: Any = None, src_is_causal: bool = False,
        **masks: Any,
    ) -> Any:  # fmt: skip
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(tgt, memory, tgt_mask, memory_mask, **masks)
