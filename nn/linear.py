"""Affine maps, and vectors for tokens and their places.  Next to read: :mod:`nn.functional`."""

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np

from autograd_tape.variable import Variable, as_value

from . import functional as F
from . import init
from .activations import ReLU
from .check import asarray, expect, require
from .module import Module, Sequential, drawn

__all__ = ["MLP", "Embedding", "LearnedPositions", "Linear", "PositionalEncoding", "one_hot"]


class Linear(Module):
    """An affine map of the last axis.

    x: (..., in_features) -> (..., out_features)
    weight: (out_features, in_features) and bias: (out_features,), or None without ``bias``; both
    drawn from U(-r, r), r = 1/√in_features, as in PyTorch; rng seeds them
    Raises ValueError for another width, TypeError for integers.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *,
        dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        self.in_features, self.out_features = in_features, out_features
        shape = (out_features, in_features)
        self.weight, self.bias = drawn(in_features, dtype, rng, shape, shape[:1] if bias else None)

    def forward(self, x: Any) -> Any:
        expect("Linear: the input", x, (..., self.in_features))
        return F.linear(x, self.weight, self.bias)


class MLP(Sequential):
    """A multilayer perceptron (003 §3.2): affine maps with an activation between them.

    x: (..., sizes[0]) -> (..., sizes[-1])
    sizes       widths of the input, of each hidden layer and of the output
    activation  makes the module that follows each layer but the last
    """

    def __init__(
        self, sizes: Sequence[int], activation: Callable[[], Callable[[Any], Any]] = ReLU, *,
        dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        require(len(sizes) >= 2, f"MLP: give at least the widths of input and output, not {sizes}")
        rng = np.random.default_rng(rng)
        pairs: Any = ((Linear(*n, dtype=dtype, rng=rng), activation()) for n in pairwise(sizes))
        super().__init__(*chain(*pairs))
        self.pop()  # no activation at the end
        for name, p in self.named_parameters():
            p.name = name


def one_hot(ids: Any, num_classes: int, *, dtype: Any = np.float32) -> Any:
    """1 at the place of each id, 0 elsewhere (003 §11); ids: (...) -> (..., num_classes)."""
    return np.eye(num_classes, dtype=dtype)[_tokens("one_hot", ids, num_classes)]


def _tokens(what: str, ids: Any, n: int) -> Any:
    ids = asarray(as_value(ids))
    integers = ids.dtype.kind in "iu" or not ids.size
    require(integers, f"{what}: token ids are integers, not {ids.dtype}", TypeError)
    out = (ids < 0) | (ids >= n)
    if out.any():
        raise IndexError(f"{what}: token id {ids[out][0]} is not in the vocabulary of {n} tokens")
    return ids.astype(np.intp, copy=False)


class Embedding(Module):
    """A learnt vector for each token: what a linear layer makes of its one-hot vector.

    ids: (...) integers in [0, num_embeddings) -> weight[ids]: (..., embedding_dim)
    weight: (num_embeddings, embedding_dim), drawn from N(0, 1)
    Source: Bengio et al. 2003, "A neural probabilistic language model"; 003 §13.
    Raises IndexError for ids outside of the vocabulary, TypeError for ids that are not integers.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, *, dtype: Any = np.float32, rng: Any = None
    ) -> None:
        self.num_embeddings, self.embedding_dim = shape = num_embeddings, embedding_dim
        self.weight = Variable(init.normal(shape, rng, dtype=dtype))

    def forward(self, ids: Any) -> Any:
        return self.weight[_tokens("Embedding", ids, self.num_embeddings)]


class PositionalEncoding(Module):
    """Adds to each vector of a sequence waves that tell where it stands; nothing is learnt.

    x: (..., T, d_model) -> the same shape, x + p[:T]
    p[pos, 2j] = sin(pos / 10000^(2j / d_model)), p[pos, 2j + 1] = cos(pos / 10000^(2j / d_model))
    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.  003 §13.1.3 prints 1000
    where the paper has 10000.  Raises ValueError for another width, TypeError for integers.
    """

    def __init__(self, d_model: int) -> None:
        self.d_model = d_model
        self._table = np.empty((0, d_model))  # p, as far as it was needed, in the input's dtype

    def forward(self, x: Any) -> Any:
        expect("PositionalEncoding: the input", x, (..., "T", self.d_model))
        d, n = self.d_model, x.shape[-2]
        if len(self._table) < n or self._table.dtype != x.dtype:
            angles = np.arange(2 * n)[:, None] / 10000 ** (np.arange(0, d, 2) / d)
            waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
            self._table = waves.reshape(-1, 2 * angles.shape[1])[:, :d].astype(x.dtype)
        return x + self._table[:n]


class LearnedPositions(Module):
    """Adds to each vector of a sequence a learnt one that belongs to its place.

    x: (..., T, d_model), T ≤ max_len -> the same shape, x + weight[:T]
    weight: (max_len, d_model), drawn from N(0, 0.02²)
    Source: Radford et al. 2018, "Improving language understanding by generative pre-training";
    003 §13.1.3.  Raises ValueError for a longer sequence or another width, TypeError for integers.
    """

    def __init__(
        self, max_len: int, d_model: int, *, dtype: Any = np.float32, rng: Any = None
    ) -> None:
        self.max_len, self.d_model = shape = max_len, d_model
        self.weight = Variable(init.normal(shape, rng, std=0.02, dtype=dtype))

    def forward(self, x: Any) -> Any:
        expect("LearnedPositions: the input", x, (..., "T", self.d_model))
        n = x.shape[-2]
        require(n <= self.max_len, f"LearnedPositions: {n} places, of only {self.max_len}")
        return x + self.weight[:n]
