"""Encoder and decoder for sequences, with the notes' attention and copy mechanism (003 §12.1).

The decoder's states do not depend on what it attends to (the context is joined to them, not fed
back), so with teacher forcing all of its steps, and all attention, are computed at once; a single
step for generation is the same with T = 1.

Next to read: :mod:`nn.generation`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_tape import where_safe
from autograd_tape.primitives.indexing import put

from . import functional as F
from .embedding import Embedding
from .linear import Linear
from .module import Module
from .recurrent import GRU, LSTM, RNN

__all__ = ["AdditiveAttention", "DecoderState", "Seq2Seq"]

_CELLS: dict[str, Any] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


class AdditiveAttention(Module):
    """Which source positions matter for a decoder state, and their mean (003 §12.1.3).

    query: (N, T, query_size) or (N, query_size), decoder states d_i
    memory: (N, S, key_size), encoder outputs h_j; mask: (N, S) booleans, True where there is one
    -> context: (N, T, key_size), weights: (N, T, S); without T for a query without it
    score  "notes": e_ij = (W_a·d_i)·(U_a·h_j), a product of what the notes call additive;
           "additive": e_ij = v·tanh(W_a·d_i + U_a·h_j) of Bahdanau, Cho and Bengio 2015
    Equations: a_ij = exp e_ij / Σ_k exp e_ik, C_i = Σ_j a_ij·h_j.  A row that is masked altogether
    has weights and context 0.
    Raises ValueError for a mask of another shape, TypeError for one that is not boolean.
    """

    def __init__(
        self, query_size: int, key_size: int, attention_size: int, score: str = "notes", *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        if score not in ("notes", "additive"):
            raise ValueError(f"AdditiveAttention: score is 'notes' or 'additive', not {score!r}")
        rng = np.random.default_rng(rng)
        self.score = score
        self.query = Linear(query_size, attention_size, bias=False, dtype=dtype, rng=rng)  # W_a
        self.key = Linear(key_size, attention_size, bias=False, dtype=dtype, rng=rng)  # U_a
        self.energy = None  # v
        if score == "additive":
            self.energy = Linear(attention_size, 1, bias=False, dtype=dtype, rng=rng)

    def forward(
        self, query: Any, memory: Any, mask: Any = None, keys: Any = None
    ) -> tuple[Any, Any]:
        """``keys`` is ``self.key(memory)`` where it is known from an earlier step."""
        if query.ndim == 2:
            context, weights = self.forward(query[:, None], memory, mask, keys)
            return context[:, 0], weights[:, 0]
        q, k = self.query(query), self.key(memory) if keys is None else keys
        if self.energy is None:
            # e_ij = (W_a·d_i)·(U_a·h_j)
            e = q @ np.swapaxes(k, 1, 2)  # (N, T, S)
        else:
            # e_ij = v·tanh(W_a·d_i + U_a·h_j)
            e = self.energy(np.tanh(q[:, :, None] + k[:, None]))[..., 0]
        if mask is not None:
            e = np.where(_checked_mask(mask, memory.shape[:2])[:, None], e, -np.inf)
        # a_ij = softmax_j(e_ij);  C_i = Σ_j a_ij·h_j
        a = F.softmax(e, dim=-1)
        return a @ memory, a


@dataclass(frozen=True)
class DecoderState:
    """What a decoder knows between two steps; L layers, N sequences, S source positions.

    recurrent   the decoder's own state: (L, N, H), or a pair of them
    memory      encoder outputs: (N, S, M)
    keys        what attention makes of them: (N, S, A); None without attention
    mask        (N, S), True at source positions that exist; None if all do
    source      (N, S) token ids, those beyond the vocabulary included
    p_gen       (N, 1), the last soft switch; None without copying
    """

    recurrent: Any
    memory: Any
    keys: Any
    mask: Any
    source: Any
    p_gen: Any = None

    def select(self, rows: Any) -> DecoderState:
        """The state of the sequences ``rows`` (indices, repeated ones too), for beams."""
        pair = isinstance(self.recurrent, tuple)
        parts = self.recurrent if pair else (self.recurrent,)
        chosen = tuple(s[:, rows] for s in parts)
        fields = {k: getattr(self, k) for k in ("memory", "keys", "mask", "source", "p_gen")}
        return DecoderState(
            chosen if pair else chosen[0],
            **{k: x if x is None else x[rows] for k, x in fields.items()},
        )


class Seq2Seq(Module):
    """Recurrent encoder and decoder with attention and, if wanted, copying (003 §12.1).

    source: (N, S) ids, source_lengths: (N,) or None, target_in: (N, T) ids, beginning with START
    -> logits: (N, T, target_size), of the word that comes after each of target_in: for the cross
    entropy of teacher forcing (003 §12.1.1), whose classes are the target one step on.  With
    ``copy`` they are log-probabilities over the extended vocabulary: (N, T, V'), V' = one more
    than the largest id in the source, at least target_size
    cell           "rnn", "lstm" or "gru", for both; num_layers and dropout as there
    bidirectional  does the encoder read both ways? (003 §12.1.4)
    attention      "notes" or "additive" (see :class:`AdditiveAttention`); None: the decoder knows
                   only the summary vector, the encoder's last state
    copy           words of the source may be copied (003 §12.1.5; See, Liu and Manning 2017).  Ids
                   are common to source and target; a word of the source that is in no vocabulary
                   has an id from target_size on, which is read as the word ``unknown``
    Equations, d_i the decoder's state at step i and C_i its context: logits_i = W·[d_i; C_i] + b;
    p_gen,i = σ(w_p·p_gen,i-1 + W_s·d_{i-1} + W_c·C_i + W_o·d_i + b), 0 before the first step;
    p(c) = p_gen·p_out(c) + (1 - p_gen)·Σ_{j: c_j = c} a_ij
    The decoder starts from a linear map of the encoder's last states.
    Raises ValueError for options that do not go together, IndexError for ids out of range,
    TypeError for ids that are not integers.
    """

    def __init__(
        self, source_size: int, target_size: int, embedding_size: int, hidden_size: int,
        num_layers: int = 1, cell: str = "lstm", bidirectional: bool = True,
        attention: str | None = "notes", attention_size: int | None = None, dropout: float = 0.0,
        copy: bool = False, unknown: int | None = None, *, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        if cell not in _CELLS:
            raise ValueError(f"Seq2Seq: cell is 'rnn', 'lstm' or 'gru', not {cell!r}")
        if copy and (attention is None or source_size != target_size):
            raise ValueError("Seq2Seq: copy needs attention and one vocabulary of both sides")
        if copy and (unknown is None or not 0 <= unknown < target_size):
            raise ValueError("Seq2Seq: copy needs unknown=, the id of words without an own one")
        self.source_size, self.target_size = source_size, target_size
        self.num_layers, self.copy, self.unknown = num_layers, copy, unknown
        make = {"dtype": dtype, "rng": np.random.default_rng(rng)}
        h, width = hidden_size, hidden_size * (2 if bidirectional else 1)
        network, options = _CELLS[cell], {"batch_first": True, "dropout": dropout, **make}

        self.source_embedding = Embedding(source_size, embedding_size, **make)
        self.encoder = network(
            embedding_size, h, num_layers, bidirectional=bidirectional, **options
        )
        self.bridge = [Linear(width, h, **make) for _ in self.encoder.states]
        self.target_embedding = Embedding(target_size, embedding_size, **make)
        self.decoder = network(embedding_size, h, num_layers, **options)
        self.attention = None
        if attention is not None:
            self.attention = AdditiveAttention(h, width, attention_size or h, attention, **make)
        self.output = Linear(h + (width if attention else 0), target_size, **make)
        self.switch = self.switch_before = None
        if copy:
            self.switch = Linear(h + width + h, 1, **make)  # W_s, W_c, W_o and b
            self.switch_before = Linear(1, 1, bias=False, **make)  # w_p

    def forward(self, source: Any, source_lengths: Any, target_in: Any) -> Any:
        return self.decode(target_in, self.encode(source, source_lengths))[0]

    def encode(self, source: Any, source_lengths: Any = None) -> DecoderState:
        """The state in which the decoder starts."""
        source = np.asarray(source)
        if source.ndim != 2:
            raise ValueError(f"Seq2Seq: source has shape {source.shape}; it must be (N, S)")
        x = self.source_embedding(self._known(source, self.source_size))
        memory, last = self.encoder(x, None, source_lengths)
        parts = last if isinstance(last, tuple) else (last,)
        # d_0 = W_b·[h→; h←] + b, for each layer
        start = tuple(
            linear(_side_by_side(s, self.num_layers))
            for linear, s in zip(self.bridge, parts, strict=True)
        )
        mask = None
        if source_lengths is not None:
            mask = np.arange(source.shape[1]) < np.asarray(source_lengths)[:, None]
        keys = None if self.attention is None else self.attention.key(memory)
        p_gen = np.zeros((len(source), 1), memory.dtype) if self.copy else None
        recurrent = start if isinstance(last, tuple) else start[0]
        return DecoderState(recurrent, memory, keys, mask, source, p_gen)

    def decode(self, target_in: Any, state: DecoderState) -> tuple[Any, DecoderState, Any]:
        """(logits: (N, T, V), state after the last step, attention weights: (N, T, S) or None)"""
        tokens = np.asarray(target_in)
        if tokens.ndim != 2 or len(tokens) != len(state.source):
            raise ValueError(
                f"Seq2Seq: target_in has shape {tokens.shape}; it must be (N, T) with N = "
                f"{len(state.source)}, as the source has"
            )
        x = self.target_embedding(self._known(tokens, self.target_size))
        d, recurrent = self.decoder(x, state.recurrent)  # (N, T, H)
        after = replace(state, recurrent=recurrent)
        if self.attention is None:
            return self.output(d), after, None
        context, a = self.attention(d, state.memory, state.mask, state.keys)
        # logits_i = W·[d_i; C_i] + b
        logits = self.output(np.concatenate([d, context], axis=-1))
        if not self.copy:
            return logits, after, a
        z = self._switches(d, context, state)  # (N, T, 1)
        return _copied(logits, z, a, state.source), replace(after, p_gen=F.sigmoid(z[:, -1])), a

    def step(self, token: Any, state: DecoderState) -> tuple[Any, DecoderState, Any]:
        """One step: token (N,) ids -> (logits: (N, V), state, attention weights: (N, S))."""
        logits, state, a = self.decode(np.reshape(token, (-1, 1)), state)
        return logits[:, 0], state, None if a is None else a[:, 0]

    def next_log_probabilities(self, tokens: Any, state: DecoderState) -> tuple[Any, DecoderState]:
        """The step function that :mod:`nn.generation` asks for, for one source sequence."""
        logits, state, _ = self.step(tokens[-1], state)
        return F.log_softmax(logits[0], dim=-1), state

    def _switches(self, d: Any, context: Any, state: DecoderState) -> Any:
        """The logits of p_gen, step by step, for each depends on the one before."""
        assert self.switch is not None
        assert self.switch_before is not None
        h = state.recurrent[0] if isinstance(state.recurrent, tuple) else state.recurrent
        before = np.concatenate([h[-1][:, None], d[:, :-1]], axis=1)  # d_{i-1}
        fixed = self.switch(np.concatenate([before, context, d], axis=-1))  # (N, T, 1)
        p, z = state.p_gen, []
        for i in range(d.shape[1]):
            # p_gen,i = σ(w_p·p_gen,i-1 + W_s·d_{i-1} + W_c·C_i + W_o·d_i + b)
            z.append(self.switch_before(p) + fixed[:, i])
            p = F.sigmoid(z[-1])
        return np.stack(z, axis=1)

    def _known(self, ids: Any, size: int) -> Any:
        """Ids as the embedding knows them: beyond the vocabulary all are ``unknown``."""
        return (
            np.where(ids >= size, self.unknown, ids)
            if self.copy and ids.dtype.kind in "iu"
            else ids
        )


def _copied(logits: Any, z: Any, a: Any, source: Any) -> Any:
    """Log-probabilities (N, T, extended V) of generating and copying, with p_gen = σ(z)."""
    n, steps, size = logits.shape
    extra = max(int(source.max(initial=-1)) + 1 - size, 0)
    nowhere = np.full((n, steps, extra), -np.inf, logits.dtype)
    generated = np.concatenate([F.log_softmax(logits, dim=-1), nowhere], axis=-1)
    # Σ_{j: c_j = c} a_ij
    places = (np.arange(n)[:, None, None], np.arange(steps)[:, None], source[:, None])
    total = put(a, index=places, shape=generated.shape)
    copied = where_safe(total > 0, np.log, total, -np.inf)
    # log p(c) = log(p_gen·p_out(c) + (1 - p_gen)·Σ a)
    return np.logaddexp(generated + F.logsigmoid(z), copied + F.logsigmoid(-z))


def _side_by_side(state: Any, layers: int) -> Any:
    """(layers·D, N, H) -> (layers, N, D·H), the directions next to each other."""
    count, n, h = state.shape
    parts = np.swapaxes(state.reshape(layers, count // layers, n, h), 1, 2)
    return parts.reshape(layers, n, count // layers * h)


def _checked_mask(mask: Any, shape: tuple[int, ...]) -> Any:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"AdditiveAttention: the mask has dtype {mask.dtype}; give booleans")
    if mask.shape != shape:
        raise ValueError(f"AdditiveAttention: the mask has shape {mask.shape}, it must be {shape}")
    return mask
