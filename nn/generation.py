"""Generating sequences, token by token until a STOP token (003 section 11.0.1).

A model is a step function: ``step(tokens, state)`` gives the log-probabilities of the next token,
an array (V,), and the next state.  ``tokens`` is the tuple of all tokens so far, the prompt
included: a recurrent model reads ``tokens[-1]`` and its state, a transformer may read them all and
have no state.  Several continuations start from one state, so a step makes a new one and leaves
the old one as it is.  Nothing is recorded.

Next to read: :mod:`nn.scores`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_tape import no_grad
from autograd_tape.variable import as_value

__all__ = [
    "Hypothesis", "beam_search", "generate", "greedy", "greedy_search", "probabilities", "sample",
]  # fmt: skip

Step = Callable[[tuple[int, ...], Any], tuple[Any, Any]]


class Hypothesis(NamedTuple):
    """A generated sequence.

    tokens           without the prompt and without STOP
    log_probability  Σ log p of the tokens, and of STOP if it is finished
    score            what beams are ranked by: log_probability over the length penalty
    finished         did it end with STOP, and not at the largest length?
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    finished: bool


# -- one token -------------------------------------------------------------------------------------


def greedy(logits: Any) -> Any:
    """The most likely token, the first of equals; logits: (..., V) -> (...)."""
    return np.argmax(_checked(logits), axis=-1)


def probabilities(
    logits: Any, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Any:
    """The distribution that :func:`sample` draws from; logits: (..., V) -> (..., V), float64.

    temperature  divides the logits: below 1 it sharpens, above 1 it flattens
    top_k        only the k most likely tokens, and those equal to the last of them
    top_p        then only the smallest set of most likely tokens that has this much probability
                 (Holtzman et al. 2020), at least one token
    """
    z = _checked(logits)
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, not {temperature}; greedy() is its limit")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], not {top_p}")
    if top_k is not None and top_k < z.shape[-1]:
        least = np.partition(z, -top_k, axis=-1)[..., -top_k, None]
        z = np.where(z >= least, z, -np.inf)
    # p = softmax(z / T)
    p = np.exp((z - z.max(axis=-1, keepdims=True)) / temperature)
    p /= p.sum(axis=-1, keepdims=True)
    if top_p is not None:
        order = np.argsort(-p, axis=-1, kind="stable")
        ranked = np.take_along_axis(p, order, axis=-1)
        before = np.cumsum(ranked, axis=-1) - ranked  # what the more likely tokens have already
        np.put_along_axis(p, order, np.where(before < top_p, ranked, 0.0), axis=-1)
        p /= p.sum(axis=-1, keepdims=True)
    return p


def sample(
    logits: Any, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None,
    rng: np.random.Generator | int | None = None,
) -> Any:  # fmt: skip
    """A token at random, one per row; logits or log-probabilities: (..., V) -> (...).

    Options as of :func:`probabilities`; rng is a generator, a seed, or None.
    """
    p = probabilities(logits, temperature, top_k, top_p)
    total = np.cumsum(p, axis=-1)
    u = np.random.default_rng(rng).random(p.shape[:-1])[..., None] * total[..., -1:]
    return np.argmax(total > u, axis=-1)


def _checked(logits: Any) -> Any:
    z = np.asarray(as_value(logits), np.float64)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"logits have shape {z.shape}; the last axis holds the vocabulary")
    if np.isnan(z).any() or not np.isfinite(z.max(axis=-1)).all():
        raise ValueError("logits: a row has nan, inf, or no possible token (-inf everywhere)")
    return z


# -- whole sequences -------------------------------------------------------------------------------


def generate(
    step: Step, state: Any, start: int | Sequence[int], stop: int | None, max_length: int,
    choose: Callable[[Any], Any] = greedy,
) -> Hypothesis:  # fmt: skip
    """One token after another, as ``choose(log_probabilities)`` has it, until STOP.

    start       the first token, or the tokens of a prompt
    stop        the STOP token; None: none, go on up to ``max_length`` new tokens
    choose      for example ``lambda z: sample(z, temperature=0.8, rng=rng)``
    """
    prompt, tokens, total = _prompt(start, max_length), (), 0.0
    new: tuple[int, ...] = tokens
    with no_grad():
        while len(new) < max_length:
            log_p, state = _next(step, prompt + new, state)
            token = int(choose(log_p))
            total += float(log_p[token])
            if token == stop:
                return Hypothesis(new, total, total, True)
            new = (*new, token)
    return Hypothesis(new, total, total, False)


def greedy_search(
    step: Step, state: Any, start: int | Sequence[int], stop: int | None, max_length: int
) -> Hypothesis:
    """The most likely token each time; arguments as of :func:`generate`."""
    return generate(step, state, start, stop, max_length)


def beam_search(
    step: Step, state: Any, start: int | Sequence[int], stop: int | None, width: int,
    max_length: int, length_penalty: float = 0.0,
) -> list[Hypothesis]:  # fmt: skip
    """The ``width`` best sequences, best first, found by keeping so many at each length.

    Width 1 is greedy search; a width of all sequences finds the most likely one.  Finished
    sequences stay in the beam and compete with longer ones.
    length_penalty  α: the score is Σ log p / lengthᵅ, STOP counted; 0 favours short sequences
    Other arguments as of :func:`generate`.
    """
    prompt = _prompt(start, max_length)
    if width < 1:
        raise ValueError(f"beam_search: width must be at least 1, not {width}")
    beam: list[tuple[Hypothesis, Any]] = [(Hypothesis((), 0.0, 0.0, False), state)]
    with no_grad():
        for length in range(1, max_length + 1):
            candidates = [(h, s) for h, s in beam if h.finished]
            for h, s in beam:
                if not h.finished:
                    log_p, after = _next(step, prompt + h.tokens, s)
                    for token in np.argsort(-log_p, kind="stable")[:width].tolist():
                        total = h.log_probability + float(log_p[token])
                        done = token == stop
                        tokens = h.tokens if done else (*h.tokens, token)
                        score = total / length**length_penalty
                        candidates.append((Hypothesis(tokens, total, score, done), after))
            candidates = [c for c in candidates if c[0].log_probability > -math.inf]
            beam = sorted(candidates, key=lambda c: -c[0].score)[:width]
            if all(h.finished for h, _ in beam):
                break
    return [h for h, _ in beam]


def _prompt(start: int | Sequence[int], max_length: int) -> tuple[int, ...]:
    if max_length < 0:
        raise ValueError(f"max_length must not be negative, but it is {max_length}")
    prompt = tuple(int(t) for t in np.atleast_1d(np.asarray(start)))
    if not prompt:
        raise ValueError("start: give at least one token to begin with")
    return prompt


def _next(step: Step, tokens: tuple[int, ...], state: Any) -> tuple[Any, Any]:
    log_p, state = step(tokens, state)
    log_p = _checked(log_p)
    if log_p.ndim != 1:
        raise ValueError(
            f"step gave log-probabilities of shape {log_p.shape}; they are those of one next "
            "token, shape (V,)"
        )
    if log_p.max() > 1e-4:
        raise ValueError(
            f"step gave log-probabilities up to {log_p.max():g}, above 0: give log_softmax(logits)"
        )
    return log_p, state
