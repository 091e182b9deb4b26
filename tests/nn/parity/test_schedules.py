"""Learning-rate schedules against torch.optim.lr_scheduler's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Variable
from nn import optim

from .torch_parity import torch

rate, factor = st.floats(1e-4, 1.0), st.floats(0.05, 0.95)
OPTIONS: dict[str, Any] = {
    "StepLR": st.fixed_dictionaries({"step_size": st.integers(1, 6), "gamma": factor}),
    "CosineAnnealingLR": st.fixed_dictionaries(
        {"T_max": st.integers(1, 12), "eta_min": st.floats(0.0, 0.1)}
    ),
}


def both(name: str, lr: float, options: dict[str, Any]) -> tuple[Any, Any]:
    ours, theirs = optim.SGD([Variable(1.0)], lr), torch.optim.SGD([torch.zeros(1)], lr)
    return (
        getattr(optim, name)(ours, **options),
        getattr(torch.optim.lr_scheduler, name)(theirs, **options),
    )


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data(), lr=rate)
def test_each_schedule(name: str, data: Any, lr: float) -> None:
    ours, theirs = both(name, lr, data.draw(OPTIONS[name]))
    for _ in range(30):
        np.testing.assert_allclose([ours.optimizer.lr], theirs.get_last_lr(), rtol=1e-9, atol=1e-15)
        ours.step()
        theirs.optimizer.step()
        theirs.step()


def test_any_function_of_the_epoch() -> None:
    ours, theirs = both("LambdaLR", 0.5, {"lr_lambda": lambda t: min((t + 1) ** -0.5, t / 4)})
    for _ in range(10):
        assert [ours.optimizer.lr] == theirs.get_last_lr()
        ours.step()
        theirs.optimizer.step()
        theirs.step()
