"""Vectors for tokens, and for the places where they stand.

Next to read: :mod:`nn.dropout`.
"""

from typing import Any

import numpy as np

from autograd_tape import Variable
from autograd_tape.variable import as_value

from . import init
from .check import expect, require
from .dropout import Dropout
from .module import Module

__all__ = ["Embedding", "LearnedPositions", "PositionalEncoding", "one_hot"]


def one_hot(ids: Any, num_classes: int, *, dtype: Any = np.float32) -> Any:
    """1 at the place of each id, 0 elsewhere (003 §11); ids: (...) -> (..., num_classes)."""
    return np.eye(num_classes, dtype=dtype)[_tokens("one_hot", ids, num_classes)]


def _tokens(what: str, ids: Any, n: int) -> Any:
    ids = np.asarray(as_value(ids))
    if ids.dtype.kind not in "iu" and ids.size:
        raise TypeError(f"{what}: token ids are integers, not {ids.dtype}")
    out = ids[(ids < 0) | (ids >= n)]
    if out.size:
        raise IndexError(f"{what}: token id {out[0]} is not in the vocabulary of {n} tokens")
    return ids.astype(np.intp, copy=False)


class Embedding(Module):
    """A learnt vector for each token: what a linear layer makes of its one-hot vector.

    ids: (...) integers in [0, num_embeddings) -> weight[ids]: (..., embedding_dim)
    weight: (num_embeddings, embedding_dim), drawn from N(0, 1)
    Source: Bengio et al. 2003, "A neural probabilistic language model"; 003 §13.
    Raises IndexError for ids outside of the vocabulary, TypeError for ids that are not integers.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, *, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.num_embeddings, self.embedding_dim = shape = num_embeddings, embedding_dim
        self.weight = Variable(init.normal(shape, rng, dtype=dtype))

    def forward(self, ids: Any) -> Any:
        return self.weight[_tokens("Embedding", ids, self.num_embeddings)]


class PositionalEncoding(Module):
    """Adds to each vector of a sequence waves that tell where it stands; nothing is learnt.

    x: (..., T, d_model), the first at ``start`` -> the same shape, x + p[start : start + T]
    p[pos, 2j] = sin(pos / 10000^(2j / d_model)), p[pos, 2j + 1] = cos(pos / 10000^(2j / d_model))
    dropout  probability of :class:`nn.Dropout` on the sum
    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.  003 §13.1.3 prints 1000
    where the paper has 10000.  Raises ValueError for another width, TypeError for integers.
    """

    def __init__(
        self, d_model: int, dropout: float = 0.0, *, rng: np.random.Generator | None = None
    ) -> None:
        self.d_model, self.dropout = d_model, Dropout(dropout, rng=rng)
        self._table = np.empty((0, d_model))  # p, as far as it was needed, in the input's dtype

    def forward(self, x: Any, start: int = 0) -> Any:
        expect("PositionalEncoding: the input", x, (..., "T", self.d_model))
        require(start >= 0, f"PositionalEncoding: start is a position ≥ 0, not {start}")
        d, end = self.d_model, start + x.shape[-2]
        if len(self._table) < end or self._table.dtype != x.dtype:
            # p[pos, 2j], p[pos, 2j + 1] = sin and cos of pos / 10000^(2j/d)
            angles = np.arange(2 * end)[:, None] / 10000 ** (np.arange(0, d, 2) / d)
            waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
            self._table = waves.reshape(-1, 2 * angles.shape[1])[:, :d].astype(x.dtype)
        return self.dropout(x + self._table[start:end])


class LearnedPositions(Module):
    """Adds to each vector of a sequence a learnt one that belongs to its place.

    x: (..., T, d_model), start + T ≤ max_len -> the same shape, x + weight[start : start + T]
    weight: (max_len, d_model), drawn from N(0, 0.02²);  dropout as of :class:`PositionalEncoding`
    Source: Radford et al. 2018, "Improving language understanding by generative pre-training";
    003 §13.1.3.  Raises ValueError for a longer sequence or another width, TypeError for integers.
    """

    def __init__(
        self, max_len: int, d_model: int, dropout: float = 0.0, *, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(rng)
        self.max_len, self.d_model = shape = max_len, d_model
        self.weight = Variable(init.normal(shape, rng, std=0.02, dtype=dtype))
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Any, start: int = 0) -> Any:
        expect("LearnedPositions: the input", x, (..., "T", self.d_model))
        end = start + x.shape[-2]
        within = start >= 0 and end <= self.max_len
        require(within, f"LearnedPositions: places [{start}, {end}) are not in [0, {self.max_len})")
        return self.dropout(x + self.weight[start:end])
