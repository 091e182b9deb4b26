"""The transformer (003 §13.1): attention and small networks in turn, each added to what it read.

Next to read: :mod:`nn.gpt`.
"""

from copy import deepcopy
from typing import Any

import numpy as np

from . import functional as F
from . import init
from .attention import MultiheadAttention, causal_mask
from .check import require
from .dropout import Dropout
from .linear import Linear
from .module import Module, ModuleList
from .normalization import LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip


class _Layer(Module):
    self_attn: Any
    multihead_attn: Any
    _attentions: tuple[str, ...]

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Any = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        known = callable(activation) or activation in ("relu", "gelu")
        require(known, f'activation is "relu", "gelu" or a function, not {activation!r}')
        self.activation, self.norm_first = activation, norm_first
        make: Any = {"bias": bias, "dtype": dtype, "rng": np.random.default_rng(rng)}
        for name in self._attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **make)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **make)
        self.dropout = Dropout(dropout, rng=make["rng"])
        self.linear2 = Linear(dim_feedforward, d_model, **make)
        for i in range(1, len(self._attentions) + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
            setattr(self, f"dropout{i}", Dropout(dropout, rng=make["rng"]))

    def _add(self, i: int, x: Any, block: Any, *args: Any) -> Any:
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        # LayerNorm(x + f(x)), or x + f(LayerNorm(x)) with norm_first
        if self.norm_first:
            return x + dropout(block(norm(x), *args))
        return norm(x + dropout(block(x, *args)))

    def _network(self, x: Any) -> Any:
        phi = self.activation if callable(self.activation) else getattr(F, self.activation)
        return self.linear2(self.dropout(phi(self.linear1(x))))


def _attend(x: Any, attn: Any, mask: Any, padding: Any, causal: Any, memory: Any = None) -> Any:
    keys = x if memory is None else memory
    return attn(x, keys, keys, padding, False, mask, is_causal=causal)[0]


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a network of two layers, each added to what it reads (003 §13.1).

    src: (T, N, d_model), or (N, T, d_model) with batch_first, or (T, d_model) -> the same shape

        x = LayerNorm(x + SelfAttention(x));  y = LayerNorm(x + W₂·φ(W₁·x + b₁) + b₂)

    activation  φ: "relu", "gelu" or a function
    norm_first  x + f(LayerNorm(x)) in place of LayerNorm(x + f(x)) (Xiong et al. 2020)
    Masks and errors are those of :class:`nn.MultiheadAttention`.  Source: Vaswani et al. 2017.
    """

    _attentions = ("self_attn",)

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:  # fmt: skip
        x = self._add(1, src, _attend, self.self_attn, src_mask, src_key_padding_mask, is_causal)
        return self._add(2, x, self._network)


class TransformerDecoderLayer(_Layer):
    """As :class:`TransformerEncoderLayer`, with attention to an encoder's result in the middle.

    tgt: (T, N, d_model), memory: (S, N, d_model), axes as there -> the shape of tgt
    Masks ``tgt_...`` are of the self-attention, ``memory_...`` of the other (003 §13.1.2).
    """

    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None,
        tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        own = self.self_attn, tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = self.multihead_attn, memory_mask, memory_key_padding_mask, memory_is_causal
        x = self._add(1, tgt, _attend, *own)
        x = self._add(2, x, _attend, *other, memory)
        return self._add(3, x, self._network)


class _Stack(Module):
    def __init__(self, layer: Module, num_layers: int, norm: Module | None = None) -> None:
        require(num_layers >= 0, f"{type(self).__name__}: num_layers is {num_layers}, below 0")
        # One generator for all copies, or each layer would forget the same elements.
        rngs = {id(m.rng): m.rng for m in layer.modules() if hasattr(m, "rng")}
        self.layers = ModuleList(deepcopy(layer, dict(rngs)) for _ in range(num_layers))
        self.num_layers, self.norm = num_layers, norm

    def _through(self, x: Any, *args: Any, **masks: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *args, **masks)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder layer, then ``norm``; arguments as of the layer."""

    def forward(self, src: Any, mask: Any = None, *args: Any, **masks: Any) -> Any:
        return self._through(src, mask, *args, **masks)


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder layer, then ``norm``; arguments as of the layer."""

    def forward(self, tgt: Any, memory: Any, *args: Any, **masks: Any) -> Any:
        return self._through(tgt, memory, *args, **masks)


class Transformer(Module):
    """A decoder that looks at what an encoder made of the source: decoder(tgt, encoder(src)).

    src: (S, N, d_model), tgt: (T, N, d_model), axes as of the layers -> the shape of tgt
    Both end with a LayerNorm; other arguments are those of the layers.  Embeddings, positions and
    the last linear layer are the user's, as in PyTorch, and so is ``tgt_is_causal=True``.
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
        memory_mask: Any = None, src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        src_is_causal: bool = False, tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        return self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)
