"""Generating sequences, token by token until a STOP token (003 §11.0.1).

A model is a function ``step(tokens, state)`` of all tokens so far, prompt included, that gives the
log-probabilities (V,) of the next one, and the next state.  Several continuations start from one
state, so a step leaves the old one as it is.  Next to read: :mod:`nn.scores`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_tape import no_grad
from autograd_tape.variable import as_value

from .check import require

Step = Callable[[tuple[int, ...], Any], tuple[Any, Any]]


class Hypothesis(NamedTuple):
    """A generated sequence, without prompt and STOP; ``finished`` tells whether STOP came."""

    tokens: tuple[int, ...] = ()
    log_probability: float = 0.0  # of the tokens, and of STOP
    score: float = 0.0  # log_probability over the length penalty
    finished: bool = False


def _checked(logits: Any) -> Any:
    z = np.asarray(as_value(logits), np.float64)
    require(z.ndim and z.shape[-1], f"logits have shape {z.shape}; the last axis is the vocabulary")
    possible = np.isfinite(z.max(axis=-1)).all() and not np.isnan(z).any()
    require(possible, "logits: a row has nan, inf, or no possible token (-inf everywhere)")
    return z


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
    require(temperature > 0, f"temperature must be > 0, not {temperature}; greedy() is its limit")
    require(top_k is None or top_k >= 1, f"top_k must be at least 1, not {top_k}")
    require(top_p is None or 0 < top_p <= 1, f"top_p must lie in (0, 1], not {top_p}")
    if top_k is not None and top_k < z.shape[-1]:
        z = np.where(z >= np.partition(z, -top_k)[..., -top_k, None], z, -np.inf)
    # p = softmax(z / T)
    p = np.exp((z - z.max(axis=-1, keepdims=True)) / temperature)
    p /= p.sum(axis=-1, keepdims=True)
    if top_p is not None:
        order = np.argsort(-p, axis=-1, kind="stable")
        ranked = np.take_along_axis(p, order, axis=-1)
        before = np.cumsum(ranked, axis=-1) - ranked  # what the more likely tokens have already
        np.put_along_axis(p, order, np.where(before < top_p, ranked, 0.0), axis=-1)
    return p / p.sum(axis=-1, keepdims=True)


def sample(
    logits: Any, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None,
    rng: np.random.Generator | int | None = None,
) -> Any:  # fmt: skip
    """A token at random, (..., V) -> (...), from the :func:`probabilities` of these options."""
    total = np.cumsum(probabilities(logits, temperature, top_k, top_p), axis=-1)
    u = np.random.default_rng(rng).random(total.shape[:-1])[..., None] * total[..., -1:]
    return np.argmax(total > u, axis=-1)


def beam_search(
    step: Step, state: Any, start: int | Sequence[int], stop: int | None, width: int,
    max_length: int, length_penalty: float = 0.0, choose: Callable[[Any], Any] | None = None,
) -> list[Hypothesis]:  # fmt: skip
    """The ``width`` best sequences, best first, found by keeping so many at each length.

    start           the first token, or those of a prompt; stop: the STOP token, or None
    length_penalty  α: the score is Σ log p / lengthᵅ, STOP counted; 0 favours short sequences
    choose          gives the token to go on with, by the log-probabilities; None: the likeliest
    Finished ones stay in the beam and compete with longer ones.  Nothing is recorded.
    """
    prompt, beam = tuple(np.atleast_1d(start).tolist()), [(Hypothesis(), state)]
    require(width >= 1, f"beam_search: width must be at least 1, not {width}")
    require(prompt, "start: give at least one token to begin with")
    for length in range(1, max_length + 1):
        grown = [(h, s) for h, s in beam if h.finished]
        for h, s in (pair for pair in beam if not pair[0].finished):
            with no_grad():
                log_p, after = step(prompt + h.tokens, s)
            log_p = _checked(log_p)
            got = f"an array {log_p.shape} with values up to {log_p.max():g}"
            require(log_p.ndim == 1 and log_p.max() <= 1e-4,
                    f"step gave {got}; give log-probabilities (V,), as of log_softmax")  # fmt: skip
            best = [choose(log_p)] if choose else np.argsort(-log_p, kind="stable")[:width]
            for token in (int(t) for t in best if log_p[t] > -np.inf):
                total = h.log_probability + float(log_p[token])
                tokens = h.tokens if token == stop else (*h.tokens, token)
                new = Hypothesis(tokens, total, total / length**length_penalty, token == stop)
                grown.append((new, after))
        beam = sorted(grown, key=lambda pair: -pair[0].score)[:width]
        if all(h.finished for h, _ in beam):
            break
    return [h for h, _ in beam]


def generate(
    step: Step, state: Any, start: int | Sequence[int], stop: int | None, max_length: int,
    choose: Callable[[Any], Any] = greedy,
) -> Hypothesis:  # fmt: skip
    """:func:`beam_search` of width 1; choose may be ``lambda z: sample(z, 0.8, rng=rng)``."""
    return beam_search(step, state, start, stop, 1, max_length, choose=choose)[0]
