"""Generating sequences: distributions, search against all sequences, errors."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Variable
from nn import generation
from nn.generation import beam_search, generate, greedy, probabilities, sample

LOGITS = np.log([0.5, 0.3, 0.15, 0.05])
STOP, START = 0, 9


# -- one token -------------------------------------------------------------------------------------


def test_greedy() -> None:
    assert greedy(LOGITS) == 0
    assert greedy(Variable([[1.0, 3.0], [2.0, 2.0]])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.5, 0.3, 0.15, 0.05]),
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_k": 9}, [0.5, 0.3, 0.15, 0.05]),
        ({"top_p": 0.5}, [1, 0, 0, 0]),
        ({"top_p": 0.6}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.01}, [1, 0, 0, 0]),
        ({"top_p": 1.0}, [0.5, 0.3, 0.15, 0.05]),
        ({"temperature": 0.5, "top_k": 2}, [25 / 34, 9 / 34, 0, 0]),
        ({"top_k": 3, "top_p": 0.6}, [0.625, 0.375, 0, 0]),
    ],
)
def test_probabilities(options: Any, expected: list[float]) -> None:
    np.testing.assert_allclose(probabilities(LOGITS, **options), expected, atol=1e-12)
    rows = probabilities(np.stack([LOGITS + 5, LOGITS[::-1]]), **options)
    np.testing.assert_allclose(rows, [expected, expected[::-1]], atol=1e-12)


def test_equals_of_the_kth_stay() -> None:
    np.testing.assert_allclose(probabilities([1.0, 1.0, 0.0], top_k=1), [0.5, 0.5, 0])


def test_samples_follow_the_distribution() -> None:
    rng = np.random.default_rng(0)
    drawn = sample(np.tile(LOGITS, (20_000, 1)), temperature=0.5, top_k=3, rng=rng)
    share = np.bincount(drawn, minlength=4) / 20_000
    np.testing.assert_allclose(share, probabilities(LOGITS, 0.5, 3), atol=0.01)
    assert share[3] == 0
    assert sample(LOGITS, rng=3) == sample(LOGITS, rng=3)
    assert sample(np.zeros((2, 3, 5)), rng=0).shape == (2, 3)
    assert sample(np.array([-np.inf, 1e4, -1e4]), temperature=1e-3) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0.0}, "temperature must be > 0"),
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"top_p": 0.0}, r"top_p must lie in \(0, 1\]"),
        ({"logits": [np.nan, 1.0]}, "nan, inf, or no possible token"),
        ({"logits": [-np.inf, -np.inf]}, "no possible token"),
        ({"logits": 3.0}, r"shape \(\)"),
    ],
)
def test_wrong_options(options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sample(**{"logits": LOGITS, **options})


# -- whole sequences -------------------------------------------------------------------------------


def model(seed: int, vocabulary: int = 3) -> generation.Step:
    """Random log-probabilities that depend on all tokens so far; the state counts the steps."""

    def step(tokens: tuple[int, ...], state: int) -> tuple[Any, int]:
        assert state == len(tokens) - 1
        logits = np.random.default_rng([seed, *tokens]).standard_normal(vocabulary) * 2
        return Variable(logits - np.log(np.sum(np.exp(logits)))), state + 1

    return step


def every_sequence(step: Any, length: int, alpha: float) -> list[generation.Hypothesis]:
    """All that end with STOP within ``length`` tokens, or have that length; best first."""
    found = []
    for n in range(length + 1):
        for tokens in itertools.product((1, 2), repeat=n):
            total, done = 0.0, n < length
            for i, token in enumerate((*tokens, STOP) if done else tokens):
                total += float(step((START, *tokens[:i]), i)[0].value[token])
            score = total / max(n + done, 1) ** alpha
            found.append(generation.Hypothesis(tokens, total, score, done))
    return sorted(found, key=lambda h: -h.score)


@given(seed=st.integers(0, 1000), length=st.integers(1, 4), alpha=st.sampled_from([0.0, 0.7, 1.0]))
def test_a_wide_beam_finds_the_best_of_all(seed: int, length: int, alpha: float) -> None:
    step = model(seed)
    expected = every_sequence(step, length, alpha)
    got = beam_search(step, 0, START, STOP, 100, length, alpha)
    assert [h.tokens for h in got] == [h.tokens for h in expected]
    np.testing.assert_allclose([h.score for h in got], [h.score for h in expected])
    assert [h.finished for h in got] == [h.finished for h in expected]
    narrow = beam_search(step, 0, START, STOP, 2, length, alpha)
    assert len(narrow) == 2 <= len(got)
    assert narrow[0].score <= got[0].score + 1e-12


@given(seed=st.integers(0, 1000), length=st.integers(0, 6))
def test_width_one_is_generate(seed: int, length: int) -> None:
    step = model(seed)
    (beam,) = beam_search(step, 0, START, STOP, 1, length)
    alone = generate(step, 0, START, STOP, length)
    assert beam.tokens == alone.tokens
    assert beam.finished == alone.finished
    assert math.isclose(beam.log_probability, alone.log_probability)
    assert len(alone.tokens) <= length


def test_beam_search_sees_past_the_first_token() -> None:
    """A likely first token that leads nowhere: greedy takes it, a beam of two does not."""
    table = {
        (START,): [1e-9, 0.6, 0.4], (START, 1): [0.34, 0.33, 0.33], (START, 2): [0.98, 0.01, 0.01],
    }  # fmt: skip

    def step(tokens: tuple[int, ...], state: None) -> tuple[Any, None]:
        return np.log(table.get(tokens, [0.98, 0.01, 0.01])), None

    assert generate(step, None, START, STOP, 5).tokens == (1,)
    best = beam_search(step, None, START, STOP, 2, 5)[0]
    assert best.tokens == (2,)
    assert best.log_probability == pytest.approx(math.log(0.4 * 0.98))
    assert best.finished


def test_sampling_a_sequence_from_a_prompt() -> None:
    rng = np.random.default_rng(0)
    seen = []

    def step(tokens: tuple[int, ...], state: None) -> tuple[Any, None]:
        seen.append(tokens)
        return np.log([0.25] * 4), None

    h = generate(step, None, [3, 2], None, 4, choose=lambda z: sample(z, rng=rng))
    assert len(h.tokens) == 4
    assert not h.finished
    assert seen[0] == (3, 2)
    assert seen[-1] == (3, 2, *h.tokens[:3])
    assert h.log_probability == pytest.approx(4 * math.log(0.25))


def test_nothing_is_recorded() -> None:
    w = Variable(np.array([0.1, 0.2, 0.7]))
    results = []

    def step(tokens: tuple[int, ...], state: None) -> tuple[Any, None]:
        results.append(np.log(w))
        return results[-1], None

    generate(step, None, START, STOP, 2)
    beam_search(step, None, START, STOP, 2, 2)
    assert all(not isinstance(r, Variable) or len(r.tape) == 1 for r in results)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: beam_search(model(0), 0, START, STOP, 0, 3), "width must be at least 1"),
        (lambda: generate(model(0), 0, [], STOP, 3), "at least one token"),
        (lambda: generate(lambda t, s: (np.zeros((1, 3)), s), 0, 1, 0, 3), r"an array \(1, 3\)"),
        (
            lambda: generate(lambda t, s: (np.ones(3), s), 0, 1, 0, 3),
            "up to 1; give log",
        ),
    ],
)
def test_wrong_arguments(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
