"""Scores by hand, and against the packages that others report them with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Variable
from nn import scores

sentences = st.lists(st.sampled_from("abcde"), max_size=12)
filled = st.lists(st.sampled_from("abcde"), min_size=1, max_size=12)
classes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


def words(text: str) -> list[str]:
    return text.split()


# -- classes and values ----------------------------------------------------------------------------


def test_accuracy() -> None:
    assert scores.accuracy([0, 1, 2, 1], [0, 1, 1, 1]) == 0.75
    assert scores.zero_one_error([0, 1, 2, 1], [0, 1, 1, 1]) == 0.25
    assert scores.accuracy(Variable([[0.1, 0.9], [0.8, 0.2]]), [1, 1]) == 0.5
    assert scores.accuracy(np.eye(3)[None].repeat(2, 0), np.array([[0, 1, 2]] * 2)) == 1.0
    assert scores.accuracy([0.1, 0.9], 1) == 1.0


@given(classes)
def test_of_classes_against_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    given_, target = (np.array(x) for x in zip(*pairs, strict=True))
    assert scores.accuracy(given_, target) == metrics.accuracy_score(target, given_)
    assert scores.zero_one_error(given_, target) == metrics.zero_one_loss(target, given_)
    expected = metrics.precision_recall_fscore_support(
        target == 2, given_ == 2, average="binary", zero_division=0
    )
    np.testing.assert_allclose(scores.precision_recall_f1(given_, target, positive=2), expected[:3])


def test_precision_recall_f1_by_hand() -> None:
    got = scores.precision_recall_f1([1, 1, 0, 0], [1, 0, 1, 1])
    assert got == (0.5, pytest.approx(1 / 3), pytest.approx(0.4))
    assert got.f1 == pytest.approx(0.4)
    assert scores.precision_recall_f1([0], [0]) == (0, 0, 0)


def test_mse_and_perplexity() -> None:
    assert scores.mse(Variable([1.0, 2.0]), [0.0, 4.0]) == 2.5
    assert scores.perplexity([math.log(4), math.log(9)]) == pytest.approx(6.0)
    assert scores.perplexity(Variable(math.log(50))) == pytest.approx(50)
    assert scores.perplexity(1e6) == math.inf


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scores.accuracy([0, 1], [0]), r"accuracy: input \(2,\) and target \(1,\)"),
        (lambda: scores.accuracy([], []), "must have one shape, not empty"),
        (lambda: scores.mse([1.0], [[1.0]]), r"mse: input \(1,\) and target \(1, 1\)"),
        (lambda: scores.mse([[1.0]], [1.0]), r"mse: input \(1, 1\) and target \(1,\)"),
        (lambda: scores.perplexity([]), "no tokens"),
        (lambda: scores.rouge_n(["a"], ["a"], 0), "at least 1"),
        (lambda: scores.bleu([["a"]], []), "1 candidates, but 0 references"),
        (lambda: scores.bleu([["a"]], [[]]), "a candidate has no reference"),
    ],
)
def test_wrong_values(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_strings_are_no_token_lists() -> None:
    with pytest.raises(TypeError, match=r"not string 'the cat'"):
        scores.rouge_n("the cat", ["the", "cat"])
    with pytest.raises(TypeError, match="not string"):
        scores.bleu(["the cat"], [[["the", "cat"]]])
    with pytest.raises(TypeError, match="not string 't'"):
        scores.bleu([["the"]], ["the"])


# -- sequences -------------------------------------------------------------------------------------


def test_rouge_by_hand() -> None:
    candidate, reference = words("the cat sat"), words("the black cat sat down")
    assert scores.rouge_n(candidate, reference) == (1.0, 0.6, pytest.approx(0.75))
    assert scores.rouge_n(candidate, reference, 2)[:2] == (0.5, 0.25)
    assert scores.rouge_l(candidate, reference)[:2] == (1.0, 0.6)
    assert scores.rouge_l(np.array([1, 2, 3]), [3, 2, 1]).recall == pytest.approx(1 / 3)
    assert scores.rouge_l([], reference) == scores.rouge_n([], []) == (0, 0, 0)


@given(candidate=sentences, reference=sentences)
def test_rouge_against_rouge_score(candidate: list[str], reference: list[str]) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer")

    class Split:
        def tokenize(self, text: str) -> list[str]:
            return text.split()

    theirs = scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Split()).score(
        " ".join(reference), " ".join(candidate)
    )
    np.testing.assert_allclose(scores.rouge_n(candidate, reference), theirs["rouge1"])
    np.testing.assert_allclose(scores.rouge_n(candidate, reference, 2), theirs["rouge2"])
    np.testing.assert_allclose(scores.rouge_l(candidate, reference), theirs["rougeL"])


def test_bleu_by_hand() -> None:
    """The clipped count of Papineni et al.: seven times "the" is two right words of seven."""
    candidate = ["the"] * 7
    references = [words("the cat is on the mat"), words("there is a cat on the mat")]
    assert scores.bleu([candidate], [references], max_n=1) == pytest.approx(2 / 7)
    assert scores.bleu([candidate], [references]) == 0.0
    assert scores.bleu(references, [references] * 2) == pytest.approx(1.0)
    short = scores.bleu([["the", "cat"]], [references], max_n=2)
    assert short == pytest.approx(math.exp(1 - 6 / 2))  # all right, and too short
    assert scores.bleu([], []) == 0.0
    assert scores.bleu([[]], [references]) == 0.0


@given(st.lists(st.tuples(filled, filled, filled), min_size=1, max_size=4))
def test_bleu_against_sacrebleu(corpus: list[tuple[list[str], list[str], list[str]]]) -> None:
    metrics = pytest.importorskip("sacrebleu.metrics")
    texts = [[" ".join(tokens) for tokens in column] for column in zip(*corpus, strict=True)]
    candidates, references = [c for c, *_ in corpus], [refs for _, *refs in corpus]
    theirs = metrics.BLEU(tokenize="none", smooth_method="none", force=True)
    expected = theirs.corpus_score(texts[0], texts[1:]).score / 100
    got = scores.bleu(candidates, references)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
