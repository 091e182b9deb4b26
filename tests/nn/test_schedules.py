"""Learning-rate schedules by their closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from nn import optim

LR = 0.5


def optimizer() -> optim.SGD:
    return optim.SGD([Variable(1.0)], lr=LR)


def rates(schedule: Any, n: int = 8) -> list[float]:
    result = []
    for _ in range(n):
        result.append(schedule.optimizer.lr)
        schedule.step()
    return result


@pytest.mark.parametrize(
    ("make", "closed_form"),
    [
        (lambda o: optim.StepLR(o, 3), lambda t: LR * 0.1 ** (t // 3)),
        (lambda o: optim.StepLR(o, 1, gamma=0.5), lambda t: LR * 0.5**t),
        (
            lambda o: optim.CosineAnnealingLR(o, 3, eta_min=0.1),
            lambda t: 0.1 + 0.2 * (1 + math.cos(math.pi * t / 3)),
        ),
        (lambda o: optim.LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: LR / (1 + t)),
        (
            lambda o: optim.LambdaLR(o, lambda t: min((t + 1) ** -0.5, (t + 1) * 4**-1.5)),
            lambda t: LR * ([0.125, 0.25, 0.375, 0.5] + [n**-0.5 for n in range(5, 9)])[t],
        ),
    ],
)
def test_closed_forms(make: Any, closed_form: Any) -> None:
    expected = [closed_form(t) for t in range(8)]
    np.testing.assert_allclose(rates(make(optimizer())), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda o: optim.StepLR(o, 0), "step_size must be at least 1"),
        (lambda o: optim.CosineAnnealingLR(o, 0), "T_max must be at least 1"),
    ],
)
def test_wrong_options(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(optimizer())
