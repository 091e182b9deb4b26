"""The transformer (003 §13.1): attention and networks in turn.  Next to read: :mod:`nn.gpt`."""

from copy import deepcopy
from typing import Any

import numpy as np

from . import functional as F
from . import init
from .attention import MultiheadAttention, causal_mask
from .check import require
from .linear import Linear
from .module import Module, ModuleList
from .normalization import Dropout, LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip


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

    generate_square_subsequent_mask = staticmethod(causal_mask)

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
