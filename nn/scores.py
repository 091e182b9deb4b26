"""Scores to report, not to differentiate: of classes, of values, of generated sequences.

They take plain arrays or Variables and give plain numbers.  Sequences are lists of words, numbers
or anything hashable; a string would be a sequence of letters, and is refused.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_tape.variable import as_value

from .check import require

Tokens = Sequence[Hashable]


class PrecisionRecallF1(NamedTuple):
    """Which share of what was said is right, of what is right was said, and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def _prf(hits: int, said: int, right: int) -> PrecisionRecallF1:
    f1 = 2 * hits / max(said + right, 1)  # 0 where there is nothing to divide by
    return PrecisionRecallF1(hits / max(said, 1), hits / max(right, 1), f1)


def _pair(name: str, input: Any, target: Any, classes: bool = True) -> tuple[Any, Any]:
    """Two arrays of the same shape; of scores of classes, (N, C, ...), the best class."""
    y, d = np.asarray(as_value(input)), np.asarray(as_value(target))
    if classes and y.ndim == d.ndim + 1:
        y = np.argmax(y, axis=min(1, d.ndim))
    same = y.shape == d.shape and d.size
    require(same, f"{name}: input {y.shape} and target {d.shape} must have one shape, not empty")
    return y, d


def accuracy(input: Any, target: Any) -> float:
    """The share of right classes; input: class indices, or scores (N, C, ...); target: indices."""
    return float(np.mean(np.equal(*_pair("accuracy", input, target))))


def zero_one_error(input: Any, target: Any) -> float:
    """The share of wrong classes, 1 - accuracy."""
    return 1.0 - accuracy(input, target)


def precision_recall_f1(input: Any, target: Any, positive: int = 1) -> PrecisionRecallF1:
    """Precision, recall and F1 of the class ``positive``; arguments as of :func:`accuracy`."""
    said, right = (x == positive for x in _pair("precision_recall_f1", input, target))
    return _prf(int(np.sum(said & right)), int(np.sum(said)), int(np.sum(right)))


def mse(input: Any, target: Any) -> float:
    """The mean squared error; input and target have the same shape."""
    return float(np.mean(np.subtract(*_pair("mse", input, target, classes=False)) ** 2))


def perplexity(losses: Any) -> float:
    """exp of the mean of -log p over tokens: among how many the model wavers; exp(inf) is inf."""
    losses = np.asarray(as_value(losses), np.float64)
    require(losses.size, "perplexity: there are no tokens")
    with np.errstate(over="ignore"):
        return float(np.exp(np.mean(losses)))


def _tokens(name: str, x: Tokens) -> list[Hashable]:
    require(not isinstance(x, (str, bytes)), f"{name}: give a list, not string {x!r}", TypeError)
    return list(x)


def _ngrams(tokens: list[Hashable], n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))


def rouge_n(candidate: Tokens, reference: Tokens, n: int = 1) -> PrecisionRecallF1:
    """ROUGE-N: how many n-grams candidate and reference share (Lin 2004)."""
    require(n >= 1, f"rouge_n: n must be at least 1, not {n}")
    c, r = (_ngrams(_tokens("rouge_n", x), n) for x in (candidate, reference))
    return _prf((c & r).total(), c.total(), r.total())


def rouge_l(candidate: Tokens, reference: Tokens) -> PrecisionRecallF1:
    """ROUGE-L: the longest common subsequence of candidate and reference (Lin 2004)."""
    c, r = _tokens("rouge_l", candidate), _tokens("rouge_l", reference)
    row = [0] * (len(r) + 1)  # row[j]: the longest of what was read of c and of r[:j]
    for x in c:
        diagonal = 0
        for j, y in enumerate(r, 1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return _prf(row[-1], len(c), len(r))


def bleu(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], max_n: int = 4
) -> float:
    """BLEU of a corpus, in [0, 1] (Papineni et al. 2002); references: one or more per candidate."""
    a, b = len(candidates), len(references)
    require(a == b and max_n > 0, f"bleu: {a} candidates, but {b} references; max_n is {max_n}")
    hits, totals, length, wanted = np.zeros(max_n), np.zeros(max_n), 0, 0
    for candidate, several in zip(candidates, references, strict=True):
        c, refs = _tokens("bleu", candidate), [_tokens("bleu", r) for r in several]
        require(refs, "bleu: a candidate has no reference")
        length += len(c)
        wanted += min((abs(len(r) - len(c)), len(r)) for r in refs)[1]  # the closest, then shorter
        for n in range(max_n):
            ngrams, most = _ngrams(c, n + 1), Counter[tuple[Hashable, ...]]()
            for r in refs:
                most |= _ngrams(r, n + 1)
            hits[n] += (ngrams & most).total()
            totals[n] += ngrams.total()
    # BLEU = min(1, e^(1 - r/c))·(Π_n p_n)^(1/N)
    brevity = np.exp(min(0.0, 1 - wanted / max(length, 1)))
    return float(brevity * np.prod(hits / np.maximum(totals, 1)) ** (1 / max_n))
