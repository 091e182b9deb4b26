"""Optimisers against PyTorch's: a hundred steps along the same gradients; clipping."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Variable
from nn import optim

from .torch_parity import FLOATS, torch

STEPS = 100
lr, decay, eps = st.floats(1e-4, 0.5), st.sampled_from([0.0, 0.01, 0.3]), st.floats(1e-8, 1e-2)
share = st.floats(0.0, 0.999)
OPTIONS: dict[str, Any] = {
    "SGD": st.one_of(
        st.fixed_dictionaries({"lr": lr, "momentum": share, "weight_decay": decay}),
        st.fixed_dictionaries(
            {"lr": lr, "momentum": st.floats(0.01, 0.99), "weight_decay": decay,
             "nesterov": st.just(True)}
        ),
    ),
    "Adagrad": st.fixed_dictionaries({"lr": lr, "weight_decay": decay, "eps": eps}),
    "Adadelta": st.fixed_dictionaries(
        {"lr": st.floats(0.1, 2.0), "rho": share, "eps": eps, "weight_decay": decay}
    ),
    "RMSprop": st.fixed_dictionaries(
        {"lr": lr, "alpha": share, "eps": eps, "weight_decay": decay}
    ),
    "Adam": st.fixed_dictionaries(
        {"lr": lr, "betas": st.tuples(share, share), "eps": eps, "weight_decay": decay}
    ),
}  # fmt: skip
OPTIONS["AdamW"] = OPTIONS["Adam"]


def steady(options: dict[str, Any]) -> bool:
    """Rounding does not grow from step to step: with the penalty λw the gradient depends on w, and
    over the root of its own square alone it would jump from -1 to 1 at 0.
    """
    second = options.get("alpha", options.get("rho", options.get("betas", (0, 1))[1]))
    return bool(options["weight_decay"] == 0 or second >= 0.5)


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), keep=st.floats(0.5, 1.0))
def test_a_hundred_steps(name: str, data: Any, seed: int, keep: float) -> None:
    """In double precision to 1e-6; now and then a parameter has no gradient."""
    options = data.draw(OPTIONS[name].filter(steady))
    rng = np.random.default_rng(seed)
    start = [rng.standard_normal((2, 3)), rng.standard_normal(4)]
    ours, theirs, tensors = both(name, start, options)
    for _ in range(STEPS):
        gradients = [rng.standard_normal(x.shape) if rng.random() < keep else None for x in start]
        ours.step(gradients)
        for t, g in zip(tensors, gradients, strict=True):
            t.grad = None if g is None else torch.tensor(g)
        theirs.step()
    for p, t in zip(ours.params, tensors, strict=True):
        np.testing.assert_allclose(p.value, t.detach().numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", OPTIONS)
def test_float32_and_defaults(name: str) -> None:
    rng = np.random.default_rng(0)
    start = [rng.standard_normal((2, 3)).astype(np.float32)]
    ours, theirs, tensors = both(name, start, {})
    for _ in range(STEPS):
        g = rng.standard_normal((2, 3)).astype(np.float32)
        ours.step([g])
        tensors[0].grad = torch.tensor(g)
        theirs.step()
    assert ours.params[0].dtype == np.float32
    np.testing.assert_allclose(ours.params[0].value, tensors[0].detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", OPTIONS)
def test_arguments_and_defaults_are_pytorchs(name: str) -> None:
    mine = inspect.signature(getattr(optim, name)).parameters
    theirs = inspect.signature(getattr(torch.optim, name)).parameters
    by_position = [n for n in mine if mine[n].kind is not inspect.Parameter.KEYWORD_ONLY]
    assert [n for n in theirs if n in by_position] == by_position
    for n in mine:
        assert mine[n].default == theirs[n].default, n


def test_state_has_pytorchs_names() -> None:
    for name, options in [
        ("SGD", {"momentum": 0.9}), ("Adagrad", {}), ("Adadelta", {}),
        ("RMSprop", {}), ("Adam", {}),
    ]:  # fmt: skip
        ours, theirs, tensors = both(name, [np.ones(3)], {"lr": 0.1, **options})
        ours.step([np.ones(3)])
        tensors[0].grad = torch.ones(3, dtype=torch.float64)
        theirs.step()
        state = theirs.state_dict()["state"][0]
        for key, x in ours.state[0].items():
            np.testing.assert_allclose(np.asarray(x), state[key].numpy(), err_msg=f"{name} {key}")


def both(name: str, start: list[Any], options: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    tensors = [torch.tensor(x, requires_grad=True) for x in start]
    ours = getattr(optim, name)([Variable(x) for x in start], **options)
    return ours, getattr(torch.optim, name)(tensors, foreach=False, **options), tensors


# -- clipping --------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from(FLOATS), bound=st.floats(0.01, 10.0)
)  # fmt: skip
def test_clipping(seed: int, dtype: Any, bound: float) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(s).astype(dtype) for s in ((2, 3), (4,), ())]
    tensors = [torch.zeros(x.shape, dtype=torch.tensor(x).dtype) for x in arrays]

    def reset() -> None:
        for t, x in zip(tensors, arrays, strict=True):
            t.grad = torch.tensor(x)

    reset()
    mine: list[Any] = list(arrays)
    expected = torch.nn.utils.clip_grad_norm_(tensors, bound)
    got = optim.clip_grad_norm(mine, bound)
    np.testing.assert_allclose(got, float(expected), rtol=1e-5)
    for g, t in zip(mine, tensors, strict=True):
        assert np.asarray(g).dtype == dtype
        np.testing.assert_allclose(g, t.grad.numpy(), rtol=2e-5, atol=1e-7)
    reset()
    mine = list(arrays)
    torch.nn.utils.clip_grad_value_(tensors, bound)
    optim.clip_grad_value(mine, bound)
    for g, t in zip(mine, tensors, strict=True):
        np.testing.assert_allclose(g, t.grad.numpy(), rtol=1e-6)
