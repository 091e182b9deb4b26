"""Encoder and decoder for sequences, with the notes' attention and copy mechanism (003 §12.1).

The context is joined to the decoder's states, not fed back: known targets are read all at once.
Next to read: :mod:`nn.generation`.
"""

from typing import Any, NamedTuple

import numpy as np

from autograd_tape import where_safe
from autograd_tape.containers import map_leaves
from autograd_tape.primitives.indexing import put

from . import functional as F
from .check import asarray, expect, require
from .linear import Embedding, Linear
from .module import Module
from .recurrent import LSTM

__all__ = ["AdditiveAttention", "DecoderState", "Seq2Seq"]


class AdditiveAttention(Module):
    """Which source positions matter for a decoder state, and their mean (003 §12.1.3).

    query: (N, T, query_size), decoder states d_i; memory: (N, S, key_size), encoder outputs h_j
    mask: (N, S) booleans, True where there is one, or None for all
    -> context C_i: (N, T, key_size), weights a_ij: (N, T, S), both 0 where all is masked
    e_ij = (W_a·d_i)·(U_a·h_j);  a_ij = exp e_ij / Σ_k exp e_ik;  C_i = Σ_j a_ij·h_j
    score  "notes" as above, or "additive": e_ij = v·tanh(W_a·d_i + U_a·h_j) (Bahdanau et al. 2015)
    Raises ValueError for wrong shapes and for a mask that is not boolean.
    """

    def __init__(
        self, query_size: int, key_size: int, size: int, score: str = "notes", *,
        dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        known = score in ("notes", "additive")
        require(known, f'AdditiveAttention: score is "notes" or "additive", not {score!r}')
        self.score, rng = score, np.random.default_rng(rng)
        self.query = Linear(query_size, size, bias=False, dtype=dtype, rng=rng)  # W_a
        self.key = Linear(key_size, size, bias=False, dtype=dtype, rng=rng)  # U_a
        if score == "additive":
            self.energy = Linear(size, 1, bias=False, dtype=dtype, rng=rng)  # v

    def forward(self, query: Any, memory: Any, mask: Any = None) -> Any:
        expect("AdditiveAttention: memory", memory, ("N", "S", self.key.in_features))
        q = self.query(query)
        if self.score == "notes":
            # (W_a·d_i)ᵀ·U_a·h_j, from the left: while decoding there is one d_i, and many h_j
            e = q @ self.key.weight @ np.swapaxes(memory, 1, 2)
        else:
            # v·tanh(W_a·d_i + U_a·h_j)
            e = self.energy(np.tanh(q[:, :, None] + self.key(memory)[:, None]))[..., 0]
        if mask is not None:
            good = asarray(mask).dtype == bool and np.shape(mask) == memory.shape[:2]
            require(good, f"AdditiveAttention: the mask must be booleans {memory.shape[:2]}")
            e = np.where(np.expand_dims(mask, 1), e, -np.inf)
        a = F.softmax(e)
        return a @ memory, a


class DecoderState(NamedTuple):
    """What a decoder knows between two steps; L layers, N sequences, S source positions."""

    recurrent: Any  # the decoder's own state: (L, N, H), or a pair of them
    memory: Any  # encoder outputs: (N, S, M)
    mask: Any  # (N, S), True at source positions that exist; None if all do
    source: Any  # (N, S) token ids, those beyond the vocabulary included
    p_gen: Any  # (N, 1), the last soft switch of copying


class Seq2Seq(Module):
    """Recurrent encoder and decoder with attention and, if wanted, copying (003 §12.1).

    source: (N, S) ids, source_lengths: (N,) or None, target_in: (N, T) ids, beginning with START
    -> logits of the next word: (N, T, target_size), for teacher forcing (003 §12.1.1)
    cell  RNN, LSTM or GRU, for both sides; the encoder may read both ways (003 §12.1.4)
    attention  a score of :class:`AdditiveAttention`; with None the decoder knows the encoder's last
               state alone (003 §12.1)
    copy  words of the source may be copied (003 §12.1.5; See et al. 2017).  Both sides have the
          same ids; those from target_size on are read as the word ``unknown``.  Instead of logits
          there are log-probabilities then, of all words up to the largest id in the source
    Raises ValueError for wrong shapes, IndexError for ids out of range, TypeError for no integers.
    """

    def __init__(
        self, source_size: int, target_size: int, embedding_size: int, hidden_size: int,
        num_layers: int = 1, cell: Any = LSTM, bidirectional: bool = True,
        attention: str | None = "notes", copy: bool = False, unknown: int = -1,
        dropout: float = 0.0, *, dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        require(not copy or (attention and source_size == target_size > unknown >= 0), "Seq2Seq: "
                "copy needs attention, one vocabulary, and unknown= a word of it")  # fmt: skip
        self.bidirectional, self.copy, self.unknown = bidirectional, copy, unknown
        make: Any = {"dtype": dtype, "rng": np.random.default_rng(rng)}
        options = {"num_layers": num_layers, "batch_first": True, "dropout": dropout, **make}
        h, width = hidden_size, hidden_size * (1 + bidirectional)
        self.source_embedding = Embedding(source_size, embedding_size, **make)
        self.encoder = cell(embedding_size, h, bidirectional=bidirectional, **options)
        self.bridge = [Linear(width, h, **make) for _ in self.encoder.states]
        self.target_embedding = Embedding(target_size, embedding_size, **make)
        self.decoder = cell(embedding_size, h, **options)
        self.attention = AdditiveAttention(h, width, h, attention, **make) if attention else None
        self.output = Linear(h + width * bool(attention), target_size, **make)
        if copy:
            self.switch = Linear(h + width + h, 1, **make)  # W_s, W_c, W_o and b
            self.switch_before = Linear(1, 1, bias=False, **make)  # w_p

    def forward(self, source: Any, source_lengths: Any, target_in: Any) -> Any:
        return self.decode(target_in, self.encode(source, source_lengths))[0]

    def encode(self, source: Any, lengths: Any = None) -> DecoderState:
        """The state in which the decoder starts: each layer's from its own in the encoder."""
        source = asarray(source)
        memory, last = self.encoder(self._read(source, self.source_embedding), None, lengths)
        b, d = iter(self.bridge), 1 + self.bidirectional
        # d_0 = W_b·[h→; h←] + b, from states s: (layers·directions, N, H)
        start = map_leaves(lambda s: next(b)(np.concatenate([s[i::d] for i in range(d)], -1)), last)
        mask = None if lengths is None else np.greater.outer(lengths, np.arange(source.shape[1]))
        return DecoderState(start, memory, mask, source, np.zeros((len(source), 1), memory.dtype))

    def decode(self, target_in: Any, state: DecoderState) -> tuple[Any, DecoderState, Any]:
        """(logits: (N, T, V), state after the last step, attention weights: (N, T, S) or None)"""
        d, recurrent = self.decoder(self._read(target_in, self.target_embedding), state.recurrent)
        seen, a, p_gen = d, None, state.p_gen
        if self.attention is not None:
            context, a = self.attention(d, state.memory, state.mask)
            seen = np.concatenate([d, context], axis=-1)
        # logits_i = W·[d_i; C_i] + b
        logits = self.output(seen)
        if self.copy:
            logits, p_gen = self._copied(logits, d, context, a, state)
        return logits, state._replace(recurrent=recurrent, p_gen=p_gen), a

    def next_log_probabilities(self, tokens: Any, state: DecoderState) -> tuple[Any, DecoderState]:
        """The step function that :mod:`nn.generation` asks for, for one source sequence."""
        logits, state, _ = self.decode([tokens[-1:]], state)
        return F.log_softmax(logits[0, 0]), state

    def _read(self, ids: Any, embedding: Embedding) -> Any:
        """The words' vectors, beyond the vocabulary that of ``unknown``."""
        ids, size = asarray(ids), embedding.num_embeddings
        require(ids.ndim == 2, f"Seq2Seq: token ids have shape {ids.shape}, and must have (N, T)")
        return embedding(np.where(ids >= size, self.unknown, ids) if self.copy else ids)

    def _copied(self, logits: Any, d: Any, context: Any, a: Any, state: DecoderState) -> Any:
        """(log-probabilities of generating or copying: (N, T, extended V), the last p_gen)"""
        h = state.recurrent[0] if len(self.bridge) > 1 else state.recurrent
        before = np.concatenate([h[-1][:, None], d[:, :-1]], axis=1)  # d_{i-1}
        fixed = self.switch(np.concatenate([before, context, d], axis=-1))  # (N, T, 1)
        p_gen, zs = state.p_gen, []
        for i in range(d.shape[1]):
            # p_gen,i = σ(w_p·p_gen,i-1 + W_s·d_{i-1} + W_c·C_i + W_o·d_i + b)
            zs.append(self.switch_before(p_gen) + fixed[:, i])
            p_gen = F.sigmoid(zs[-1])
        z = np.stack(zs, axis=1)  # (N, T, 1)
        n, steps, size = logits.shape
        more = [(0, 0), (0, 0), (0, max(int(state.source.max(initial=-1)) + 1 - size, 0))]
        generated = np.pad(F.log_softmax(logits), more, constant_values=-np.inf)
        places = (np.arange(n)[:, None, None], np.arange(steps)[:, None], state.source[:, None])
        total = put(a, index=places, shape=generated.shape)  # Σ_{j: c_j = c} a_ij
        copied = where_safe(total > 0, np.log, total, -np.inf)
        # log p(c) = log(p_gen·p_out(c) + (1 - p_gen)·Σ a)
        return np.logaddexp(generated + F.logsigmoid(z), copied + F.logsigmoid(-z)), p_gen
