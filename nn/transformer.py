"""The transformer (003 §13.1): attention and small networks in turn, each added to what it read.

Next to read: :mod:`nn.gpt`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from . import functional as F
from . import init
from .attention import MultiheadAttention, generate_square_subsequent_mask
from .dropout import Dropout
from .linear import Linear
from .module import Module, ModuleList
from .normalization import LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip

Activation = str | Callable[[Any], Any]


class _Layer(Module):
    """What both layers have: ``attentions`` and a network, each with its LayerNorm and dropout."""

    _attentions: tuple[str, ...]

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(rng)
        for name in self._attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm_first = norm_first
        for i in range(1, len(self._attentions) + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
            setattr(self, f"dropout{i}", Dropout(dropout, rng=rng))
        if isinstance(activation, str):
            if activation not in ("relu", "gelu"):
                raise ValueError(
                    f'{type(self).__name__}: activation is "relu", "gelu" or a function, not '
                    f"{activation!r}"
                )
            activation = F.relu if activation == "relu" else F.gelu
        self.activation = activation

    def _residual(self, i: int, x: Any, block: Callable[[Any], Any]) -> Any:
        """Add to ``x`` what the i-th block makes of it, with its LayerNorm before or after."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        # x + f(LayerNorm(x)) with norm_first, else LayerNorm(x + f(x))
        if self.norm_first:
            return x + dropout(block(norm(x)))
        return norm(x + dropout(block(x)))

    def _feedforward(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


def _attention(
    attention: MultiheadAttention, memory: Any, mask: Any, padding: Any, is_causal: bool
) -> Callable[[Any], Any]:
    """A block: attention of x to ``memory``, or to x itself if that is None."""

    def block(x: Any) -> Any:
        keys = x if memory is None else memory
        return attention(x, keys, keys, padding, False, mask, is_causal=is_causal)[0]

    return block


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a network of two layers, both added to what they read.

    src: (T, N, d_model), or (N, T, d_model) with batch_first, or (T, d_model) -> the same shape

        x = LayerNorm(x + SelfAttention(x));  y = LayerNorm(x + W₂·φ(W₁·x + b₁) + b₂)
        with norm_first: x = x + SelfAttention(LayerNorm(x));  y = x + W₂·φ(W₁·LayerNorm(x) ...) ...

    activation  φ: "relu", "gelu" or a function
    src_mask, src_key_padding_mask, is_causal: as of :class:`nn.MultiheadAttention`
    Source: Vaswani et al. 2017, section 3.1; 003 §13.1; norm_first: Xiong et al. 2020.
    Raises ValueError for shapes that do not fit, TypeError for integers.
    """

    self_attn: MultiheadAttention
    _attentions = ("self_attn",)

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:  # fmt: skip
        self_attention = _attention(self.self_attn, None, src_mask, src_key_padding_mask, is_causal)
        x = self._residual(1, src, self_attention)
        return self._residual(2, x, self._feedforward)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to what an encoder has made, then a network of two layers.

    tgt: (T, N, d_model), memory: (S, N, d_model), or with batch_first (N, T, d_model) and
    (N, S, d_model), or both without N -> the shape of tgt

    As :class:`TransformerEncoderLayer`, with a third block between the two: queries from tgt, keys
    and values from memory (003 §13.1.2).  tgt_mask, tgt_key_padding_mask and tgt_is_causal are for
    the first attention, memory_mask and so on for the second.
    """

    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention
    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None,
        tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        self_attention = _attention(
            self.self_attn, None, tgt_mask, tgt_key_padding_mask, tgt_is_causal
        )
        cross_attention = _attention(
            self.multihead_attn, memory, memory_mask, memory_key_padding_mask, memory_is_causal
        )
        x = self._residual(1, tgt, self_attention)
        x = self._residual(2, x, cross_attention)
        return self._residual(3, x, self._feedforward)


class _Stack(Module):
    """Copies of one layer, as in PyTorch: all begin with the values of ``layer``."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None = None) -> None:
        if num_layers < 0:
            raise ValueError(f"{type(self).__name__}: num_layers is {num_layers}, below 0")
        found = (x for m in layer.modules() for x in vars(m).values())
        shared = {id(x): x for x in found if isinstance(x, np.random.Generator)}
        # One generator for all copies, or each layer would forget the same elements.
        self.layers = ModuleList(copy.deepcopy(layer, dict(shared)) for _ in range(num_layers))
        self.num_layers, self.norm = num_layers, norm

    def _through(self, x: Any, *args: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *args)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of a :class:`TransformerEncoderLayer`, then ``norm`` if there is one.

    src -> the same shape; arguments as of the layer
    """

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        return self._through(src, mask, src_key_padding_mask, is_causal)


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a :class:`TransformerDecoderLayer`, then ``norm`` if there is one.

    tgt, memory -> the shape of tgt; arguments as of the layer
    """

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None,
        tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        return self._through(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
            tgt_is_causal, memory_is_causal,
        )  # fmt: skip


class Transformer(Module):
    """An encoder, and a decoder that looks at what the encoder made of the source.

    src: (S, N, d_model), tgt: (T, N, d_model), or with batch_first (N, S, d_model) and
    (N, T, d_model), or both without N -> the shape of tgt

        decoder(tgt, encoder(src)), each with a LayerNorm at the end

    Embeddings, positions and the last linear layer are the user's, as in PyTorch, and so is the
    mask: ``tgt_is_causal=True``, or tgt_mask from :meth:`generate_square_subsequent_mask`.
    Matrices are drawn by Glorot's rule.
    Source: Vaswani et al. 2017; 003 §13.1.  Raises as :class:`nn.MultiheadAttention` does.
    """

    generate_square_subsequent_mask = staticmethod(generate_square_subsequent_mask)

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6,
        num_decoder_layers: int = 6, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", *, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(rng)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

        def stack(stack: Any, layer: Any, n: int) -> Any:
            one = layer(
                d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
                norm_first, bias, dtype=dtype, rng=rng,
            )  # fmt: skip
            return stack(one, n, LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))

        self.encoder = stack(TransformerEncoder, TransformerEncoderLayer, num_encoder_layers)
        self.decoder = stack(TransformerDecoder, TransformerDecoderLayer, num_decoder_layers)
        for p in self.parameters():
            if p.ndim > 1:
                p.value = init.xavier_uniform(p.shape, rng, dtype=dtype)

    def forward(
        self, src: Any, tgt: Any, src_mask: Any = None, tgt_mask: Any = None,
        memory_mask: Any = None, src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        src_is_causal: bool = False, tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
            tgt_is_causal, memory_is_causal,
        )  # fmt: skip
