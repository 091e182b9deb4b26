"""Vectors for tokens, and for the places where they stand.

Next to read: :mod:`nn.dropout`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape import Variable
from autograd_tape.variable import as_value

from .check import expect_float
from .dropout import Dropout
from .module import Module

__all__ = ["Embedding", "LearnedPositions", "PositionalEncoding", "one_hot", "sinusoids"]


def _tokens(what: str, ids: Any, vocabulary: int | None) -> Any:
    """``ids`` as an array; raises if they are not integers in [0, vocabulary)."""
    ids = np.asarray(as_value(ids))
    if ids.dtype.kind not in "iu" and ids.size:
        raise TypeError(f"{what}: token ids are integers, not {ids.dtype}")
    out = (ids < 0) if vocabulary is None else (ids < 0) | (ids >= vocabulary)
    if out.any():
        limit = "and ids are not negative" if vocabulary is None else f"of {vocabulary} tokens"
        raise IndexError(f"{what}: token id {ids[out].flat[0]} is not in the vocabulary {limit}")
    return ids.astype(np.intp, copy=False)


def one_hot(ids: Any, num_classes: int = -1, *, dtype: Any = np.float32) -> Any:
    """1 at the place of each id and 0 elsewhere (003 §11).

    ids: (...) integers -> (..., num_classes); by default one more than the largest id
    Raises IndexError for ids outside, TypeError for other numbers.
    """
    ids = _tokens("one_hot", ids, None if num_classes < 0 else num_classes)
    if num_classes < 0:
        num_classes = int(ids.max()) + 1 if ids.size else 0
    return (ids[..., None] == np.arange(num_classes)).astype(dtype)


class Embedding(Module):
    """A learnt vector for each token: what a linear layer makes of its one-hot vector.

    ids: (...) integers in [0, num_embeddings) -> (..., embedding_dim)
    weight: (num_embeddings, embedding_dim), drawn from N(0, 1)

        y = weight[ids]

    padding_idx  the token that stands for nothing: its vector begins as 0 and is not learnt
    Source: Bengio et al. 2003, "A neural probabilistic language model"; 003 §13.
    Raises IndexError for ids outside of the vocabulary, TypeError for ids that are not integers.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"Embedding: padding_idx={padding_idx} is not among the {num_embeddings} tokens"
                )
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        rng = np.random.default_rng(rng)
        values = rng.standard_normal((num_embeddings, embedding_dim)).astype(dtype)
        if padding_idx is not None:
            values[padding_idx] = 0
        self.weight = Variable(values, name="weight")

    def forward(self, ids: Any) -> Any:
        ids = _tokens("Embedding", ids, self.num_embeddings)
        # y = weight[ids]
        y: Any = self.weight[ids]
        if self.padding_idx is not None:
            padding = ids == self.padding_idx
            if padding.any():  # the same values, but as constants
                y = np.where(padding[..., None], self.weight.value[self.padding_idx], y)
        return y

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


def sinusoids(length: int, d_model: int, *, dtype: Any = np.float32) -> Any:
    """The table (length, d_model) of the vectors that :class:`PositionalEncoding` adds."""
    position = np.arange(length)[:, None]
    # t[pos, 2i] = sin(pos / 10000^(2i/d)), t[pos, 2i+1] = cos(pos / 10000^(2i/d))
    angle = position / 10000.0 ** (np.arange(0, d_model, 2) / d_model)
    table = np.empty((length, d_model), dtype)
    table[:, 0::2] = np.sin(angle)
    table[:, 1::2] = np.cos(angle[:, : d_model // 2])
    return table


class PositionalEncoding(Module):
    """Adds to each vector of a sequence waves that tell where it stands; nothing is learnt.

    x: (..., T, d_model) -> the same shape; sequences of any length
    start    the position of the first vector, for generation step by step
    dropout  probability of :class:`nn.Dropout` on the sum

        y[..., pos, 2i]     = x[..., pos, 2i]     + sin(pos / 10000^(2i / d_model))
        y[..., pos, 2i + 1] = x[..., pos, 2i + 1] + cos(pos / 10000^(2i / d_model))

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.  003 §13.1.3 prints 1000
    where the paper has 10000; this is the paper's.
    Raises ValueError for another width, TypeError for integers.
    """

    def __init__(
        self, d_model: int, dropout: float = 0.0, *, rng: np.random.Generator | None = None
    ) -> None:
        self.d_model, self.dropout = d_model, Dropout(dropout, rng=rng)
        self._table = sinusoids(0, d_model)

    def forward(self, x: Any, start: int = 0) -> Any:
        _check_sequence("PositionalEncoding", x, self.d_model, start)
        end = start + x.shape[-2]
        if len(self._table) < end or self._table.dtype != x.dtype:
            self._table = sinusoids(2 * end, self.d_model, dtype=x.dtype)
        return self.dropout(x + self._table[start:end])


class LearnedPositions(Module):
    """Adds to each vector of a sequence a learnt one that belongs to its place.

    x: (..., T, d_model) with start + T ≤ max_len -> the same shape
    weight: (max_len, d_model), drawn from N(0, 0.02²)
    start    the position of the first vector, for generation step by step
    dropout  probability of :class:`nn.Dropout` on the sum

        y[..., pos, :] = x[..., pos, :] + weight[pos]

    Source: Radford et al. 2018, "Improving language understanding by generative pre-training";
    003 §13.1.3.  Raises ValueError for a longer sequence or another width, TypeError for integers.
    """

    def __init__(
        self, max_len: int, d_model: int, dropout: float = 0.0, *, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(rng)
        self.max_len, self.d_model = max_len, d_model
        values = 0.02 * rng.standard_normal((max_len, d_model))
        self.weight = Variable(values.astype(dtype), name="weight")
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Any, start: int = 0) -> Any:
        _check_sequence("LearnedPositions", x, self.d_model, start)
        end = start + x.shape[-2]
        if end > self.max_len:
            raise ValueError(
                f"LearnedPositions: the sequence goes up to position {end}, and there are "
                f"{self.max_len}"
            )
        return self.dropout(x + self.weight[start:end])


def _check_sequence(layer: str, x: Any, width: int, start: int) -> None:
    expect_float(layer, x)
    if x.ndim < 2 or x.shape[-1] != width or start < 0:
        raise ValueError(
            f"{layer}: the input has shape {x.shape} from position {start}, and must have "
            f"(..., T, {width}) from a position ≥ 0"
        )
