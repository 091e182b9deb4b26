"""SGD by hand, against PyTorch where it is installed, and in its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable
from nn import optim


def quadratic(w: Any) -> Any:
    return np.sum(w**2 * np.array([1.0, 3.0], np.float32))


VARIANTS: list[dict[str, Any]] = [
    {},
    {"weight_decay": 0.1},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
]


def test_a_plain_step_by_hand() -> None:
    w = Variable([1.0, 2.0])
    optim.SGD([w], lr=0.5).step([np.array([1.0, -1.0])])
    assert w.value.tolist() == [0.5, 2.5]
    assert w.is_leaf


def test_momentum_keeps_a_share_of_the_last_step() -> None:
    w = Variable(0.0)
    sgd = optim.SGD([w], lr=1.0, momentum=0.5)
    sgd.step([1.0])
    sgd.step([1.0])
    assert w.value == -(1.0 + 1.5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_equal_pytorchs(variant: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    start = np.array([1.0, -2.0], np.float32)
    w, their_w = Variable(start), torch.tensor(start, requires_grad=True)
    ours, theirs = optim.SGD([w], 0.1, **variant), torch.optim.SGD([their_w], 0.1, **variant)
    for _ in range(10):
        with Tape() as tape:
            loss = quadratic(w)
        ours.step(tape.gradient(loss, [w]))
        theirs.zero_grad()
        (their_w**2 * torch.tensor([1.0, 3.0])).sum().backward()
        theirs.step()
        np.testing.assert_allclose(w.value, their_w.detach().numpy(), rtol=1e-5, atol=1e-7)
    assert w.dtype == np.float32


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_goes_down(variant: dict[str, Any]) -> None:
    w = Variable(np.array([1.0, -2.0], np.float32))
    sgd = optim.SGD([w], lr=0.05, **variant)
    for _ in range(100):
        quadratic(w).backward()
        sgd.step()  # the adjoints that backward() left
    assert float(quadratic(w)) < 1e-3


def test_a_parameter_without_a_gradient_stays() -> None:
    w, unused = Variable(1.0), Variable(2.0)
    (w * w).backward()
    optim.SGD([w, unused], lr=0.1).step()
    assert (w.value, unused.value) == (0.8, 2.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"params": []}, "no parameters"),
        ({"lr": -1.0}, "must not be negative"),
        ({"nesterov": True}, "momentum > 0"),
    ],
)
def test_wrong_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        optim.SGD(**{"params": [Variable(1.0)], "lr": 0.1, **options})


def test_wrong_number_of_gradients() -> None:
    with pytest.raises(ValueError, match="2 gradients for 1 parameters"):
        optim.SGD([Variable(1.0)], lr=0.1).step([1.0, 2.0])
