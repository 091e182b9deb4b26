"""Scores to report, not to differentiate: of classes, of values, of generated sequences.

They take plain arrays or Variables and give plain numbers.  Sequences are lists of tokens, which
may be words, numbers or anything hashable; a string would be a sequence of letters, and is refused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_tape.variable import as_value

__all__ = [
    "PrecisionRecallF1", "accuracy", "bleu", "confusion_matrix", "mse", "perplexity",
    "precision_recall_f1", "rouge_l", "rouge_n", "sentence_bleu", "zero_one_error",
]  # fmt: skip

Tokens = Sequence[Hashable]


class PrecisionRecallF1(NamedTuple):
    """Which share of what was said is right, of what is right was said, and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def _prf(hits: float, said: float, right: float) -> PrecisionRecallF1:
    """0 where there is nothing to divide by."""
    p, r = hits / said if said else 0.0, hits / right if right else 0.0
    return PrecisionRecallF1(p, r, 2 * p * r / (p + r) if p + r else 0.0)


# -- of classes and values -------------------------------------------------------------------------


def _classes(input: Any, target: Any, name: str) -> tuple[Any, Any]:
    """Predicted and true class indices, flat; scores (N, C, ...) become their argmax."""
    given, target = np.asarray(as_value(input)), np.asarray(as_value(target))
    if given.ndim == target.ndim + 1:
        given = np.argmax(given, axis=min(1, given.ndim - 1))
    if given.shape != target.shape:
        raise ValueError(
            f"{name}: input has shape {np.shape(as_value(input))} and target {target.shape}; give "
            "class indices of the target's shape, or scores (N, C, ...)"
        )
    if not target.size:
        raise ValueError(f"{name}: there is nothing to score")
    return given.ravel(), target.ravel()


def accuracy(input: Any, target: Any) -> float:
    """The share of right classes; input: class indices, or scores (N, C, ...); target: indices."""
    given, target = _classes(input, target, "accuracy")
    return float(np.mean(given == target))


def zero_one_error(input: Any, target: Any) -> float:
    """The share of wrong classes, 1 - accuracy."""
    return 1.0 - accuracy(input, target)


def confusion_matrix(input: Any, target: Any, num_classes: int | None = None) -> Any:
    """How often class j was said where i is right: (num_classes, num_classes), integers."""
    given, target = (x.astype(np.int64) for x in _classes(input, target, "confusion_matrix"))
    low, high = min(given.min(), target.min()), max(given.max(), target.max())
    n = int(high) + 1 if num_classes is None else num_classes
    if low < 0 or high >= n:
        raise ValueError(f"confusion_matrix: classes {low}..{high} do not lie in [0, {n})")
    return np.bincount(target * n + given, minlength=n * n).reshape(n, n)


def precision_recall_f1(
    input: Any, target: Any, average: str = "binary", positive: int = 1
) -> PrecisionRecallF1:
    """Precision, recall and F1 of one class, or over all of them.

    average  "binary": of class ``positive``; "macro": the mean over the classes that occur;
             "micro": of all decisions together
    """
    given, target = _classes(input, target, "precision_recall_f1")
    if average == "micro":
        return _prf(int(np.sum(given == target)), given.size, target.size)
    if average not in ("binary", "macro"):
        raise ValueError(f'average is "binary", "macro" or "micro", not {average!r}')
    classes = [positive] if average == "binary" else np.union1d(given, target)
    each = [
        _prf(int(np.sum((given == c) & (target == c))), int(np.sum(given == c)),
             int(np.sum(target == c)))
        for c in classes
    ]  # fmt: skip
    return PrecisionRecallF1(*np.mean(each, axis=0).tolist())


def mse(input: Any, target: Any) -> float:
    """The mean squared error; input and target have the same shape."""
    y, d = np.asarray(as_value(input)), np.asarray(as_value(target))
    if y.shape != d.shape or not y.size:
        raise ValueError(f"mse: input has shape {y.shape} and target {d.shape}; want equal, filled")
    return float(np.mean((y - d) ** 2))


def perplexity(losses: Any) -> float:
    """exp of the mean negative log-likelihood: among how many tokens the model wavers.

    losses  -log p of each token, or their mean, as ``cross_entropy`` gives it; inf is inf
    """
    losses = np.asarray(as_value(losses), np.float64)
    if not losses.size:
        raise ValueError("perplexity: there are no tokens")
    with np.errstate(over="ignore"):
        return float(np.exp(np.mean(losses)))


# -- of sequences ----------------------------------------------------------------------------------


def _tokens(x: Tokens, name: str) -> list[Hashable]:
    if isinstance(x, (str, bytes)):
        raise TypeError(f"{name}: give a list of tokens, not the string {x!r}: x.split(), say")
    return x.tolist() if isinstance(x, np.ndarray) else list(x)


def _ngrams(tokens: list[Hashable], n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def rouge_n(candidate: Tokens, reference: Tokens, n: int = 1) -> PrecisionRecallF1:
    """ROUGE-N: how many n-grams candidate and reference share (Lin 2004)."""
    if n < 1:
        raise ValueError(f"rouge_n: n must be at least 1, not {n}")
    c, r = (_ngrams(_tokens(x, "rouge_n"), n) for x in (candidate, reference))
    return _prf((c & r).total(), c.total(), r.total())


def rouge_l(candidate: Tokens, reference: Tokens) -> PrecisionRecallF1:
    """ROUGE-L: the longest common subsequence of candidate and reference (Lin 2004)."""
    c, r = _tokens(candidate, "rouge_l"), _tokens(reference, "rouge_l")
    row = [0] * (len(r) + 1)  # row[j]: the longest of what was read of c and of r[:j]
    for x in c:
        diagonal = 0
        for j, y in enumerate(r, 1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return _prf(row[-1], len(c), len(r))


def bleu(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], max_n: int = 4,
    smooth: str = "none", effective_order: bool = False,
) -> float:  # fmt: skip
    """BLEU of a corpus, in [0, 1] (Papineni et al. 2002): counts are added up over the sentences.

    candidates       one sequence of tokens per sentence
    references       for each sentence a list of one or more sequences
    smooth           "none", or "exp": an n-gram order without a match counts half a match, the
                     next such order a quarter, ... (method 3 of Chen & Cherry 2014)
    effective_order  leave out the orders for which the candidates are too short
    """
    if len(candidates) != len(references):
        raise ValueError(f"bleu: {len(candidates)} candidates, but {len(references)} references")
    if smooth not in ("none", "exp") or max_n < 1:
        raise ValueError(f'bleu: smooth is "none" or "exp", max_n >= 1; not {smooth!r}, {max_n}')
    hits, totals, length, wanted = [0] * max_n, [0] * max_n, 0, 0
    for candidate, several in zip(candidates, references, strict=True):
        c = _tokens(candidate, "bleu")
        if isinstance(several, (str, bytes)) or not len(several):
            raise TypeError("bleu: references holds, for each sentence, a list of token lists")
        refs = [_tokens(reference, "bleu") for reference in several]
        length += len(c)
        wanted += min((abs(len(r) - len(c)), len(r)) for r in refs)[1]  # the closest, then shorter
        for n in range(1, max_n + 1):
            ngrams, most = _ngrams(c, n), Counter[tuple[Hashable, ...]]()
            for r in refs:
                most |= _ngrams(r, n)
            hits[n - 1] += (ngrams & most).total()
            totals[n - 1] += ngrams.total()
    if not any(hits):
        return 0.0
    if effective_order:
        max_n = sum(total > 0 for total in totals)
    # BLEU = min(1, e^(1 - r/c))·exp(Σ log p_n / N)
    log_p, share = 0.0, 1.0
    for hit, total in zip(hits[:max_n], totals[:max_n], strict=True):
        if not total or (not hit and smooth == "none"):
            return 0.0
        if not hit:
            share /= 2
        log_p += math.log((hit or share) / total)
    return math.exp(min(0.0, 1 - wanted / length) + log_p / max_n)


def sentence_bleu(
    candidate: Tokens, references: Sequence[Tokens], max_n: int = 4, smooth: str = "exp",
    effective_order: bool = True,
) -> float:  # fmt: skip
    """BLEU of one sentence, smoothed: without that, one missing 4-gram would make it 0."""
    return bleu([candidate], [references], max_n, smooth, effective_order)
