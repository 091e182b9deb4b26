"""Activation functions and losses against torch.nn.functional, in values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import Tape, Variable
from nn import functional as F

from .torch_parity import FLOATS, TOLERANCE, assert_close, torch

TF: Any = torch.nn.functional
seeds, floats = st.integers(0, 2**32 - 1), st.sampled_from(FLOATS)
reductions = st.sampled_from(["mean", "sum", "none"])


def agree(ours: Any, theirs: Any, *inputs: Any, dtype: Any, targets: tuple[Any, ...] = ()) -> None:
    """Equal values, and equal gradients in ``inputs`` for a random covector."""
    inputs = tuple(np.asarray(x, dtype) for x in inputs)
    variables = [Variable(x) for x in inputs]
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    with Tape() as tape:
        y = ours(*variables, *targets)
        covector = np.random.default_rng(0).standard_normal(y.shape).astype(dtype)
        total = np.sum(y * covector)
    t = theirs(*tensors, *(torch.tensor(x) for x in targets))
    tol = TOLERANCE[np.dtype(dtype).name]
    assert_close(y.value, t.detach().numpy(), tol, "value")
    expected = torch.autograd.grad((t * torch.tensor(covector)).sum(), tensors)
    for got, slope in zip(tape.gradient(total, variables), expected, strict=True):
        assert_close(got, slope.numpy(), tol, "gradient")


ACTIVATIONS: list[tuple[Any, Any]] = [
    (F.relu, TF.relu), (F.tanh, torch.tanh), (F.sigmoid, torch.sigmoid),
    (F.leaky_relu, TF.leaky_relu), (F.elu, TF.elu), (F.selu, TF.selu),
    (F.softplus, TF.softplus), (F.silu, TF.silu), (F.mish, TF.mish), (F.gelu, TF.gelu),
    (lambda x: F.gelu(x, "tanh"), lambda x: TF.gelu(x, approximate="tanh")),
    (F.logsigmoid, TF.logsigmoid), (F.softsign, TF.softsign), (F.abs, torch.abs),
    (F.sinc, lambda x: torch.sinc(x / np.pi)), (F.softmax, lambda x: TF.softmax(x, dim=-1)),
    (F.log_softmax, lambda x: TF.log_softmax(x, dim=-1)),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), ACTIVATIONS)
def test_activations(ours: Any, theirs: Any) -> None:
    rng = np.random.default_rng(0)
    if ours is F.gelu:
        pytest.importorskip("scipy")
    # PyTorch's slope of sinc cancels near 0, which float32 shows
    for dtype in FLOATS if ours is not F.sinc else (np.float64,):
        for scale in (0.01, 1.0, 10.0):
            agree(ours, theirs, rng.standard_normal((40, 5)) * scale, dtype=dtype)
        if ours is not F.log_softmax:
            agree(ours, theirs, [0.0], dtype=dtype)  # the slope at the kink, too


@given(seed=seeds, dtype=floats, a=st.floats(0.01, 3.0), b=st.floats(0.1, 3.0))
def test_activations_with_options(seed: int, dtype: Any, a: float, b: float) -> None:
    x = np.random.default_rng(seed).standard_normal((3, 4, 2)) * 3
    agree(lambda x: F.leaky_relu(x, a), lambda x: TF.leaky_relu(x, a), x, dtype=dtype)
    agree(lambda x: F.elu(x, a), lambda x: TF.elu(x, a), x, dtype=dtype)
    agree(lambda x: F.softmax(x, 1), lambda x: TF.softmax(x, 1), x, dtype=dtype)
    for slopes in ([a], [a, b, -a, 0.0]):
        agree(F.prelu, TF.prelu, x, slopes, dtype=dtype)


@given(seed=seeds, dtype=floats, reduction=reductions)
def test_losses_of_values(seed: int, dtype: Any, reduction: str) -> None:
    y, d = np.random.default_rng(seed).standard_normal((2, 3, 4))
    for ours, theirs in [(F.mse_loss, TF.mse_loss), (F.l1_loss, TF.l1_loss)]:
        agree(
            lambda *x, f=ours: f(*x, reduction=reduction),
            lambda *x, f=theirs: f(*x, reduction=reduction),
            y, d, dtype=dtype,
        )  # fmt: skip


@given(seed=seeds, dtype=floats, reduction=reductions, scale=st.sampled_from([0.1, 1.0, 30.0]))
def test_binary_cross_entropy(seed: int, dtype: Any, reduction: str, scale: float) -> None:
    rng = np.random.default_rng(seed)
    z, t = (x.astype(dtype) for x in rng.random((2, 3, 4)))
    z = (2 * z - 1) * dtype(scale)
    p = 0.01 + 0.98 / (1 + np.exp(-z))
    for ours, theirs, input in [
        (F.binary_cross_entropy_with_logits, TF.binary_cross_entropy_with_logits, z),
        (F.binary_cross_entropy, TF.binary_cross_entropy, p),
    ]:
        agree(
            lambda y, d, f=ours: f(y, d, reduction=reduction),
            lambda y, d, f=theirs: f(y, d, reduction=reduction),
            input, targets=(t,), dtype=dtype,
        )  # fmt: skip


@given(
    seed=seeds, dtype=floats, reduction=reductions, weighted=st.booleans(),
    shape=st.sampled_from([(5,), (6, 4), (2, 3, 4), (2, 5, 2, 3)]), ignored=st.booleans(),
)  # fmt: skip
def test_cross_entropy(
    seed: int, dtype: Any, reduction: str, weighted: bool, shape: Any, ignored: bool,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    classes = shape[1] if len(shape) > 1 else shape[0]
    batch = shape[:1] + shape[2:] if len(shape) > 1 else ()
    z, target = rng.standard_normal(shape) * 4, np.asarray(rng.integers(0, classes, batch))
    options: dict[str, Any] = {"weight": rng.random(classes).astype(dtype)} if weighted else {}
    ignore = {"ignore_index": int(target.flat[0])} if ignored and target.size > 1 else {}
    if ignore and (target == ignore["ignore_index"]).all():
        ignore = {}  # a mean of nothing, which is nan in PyTorch
    if len(shape) == 1 and weighted and reduction == "mean":
        options["weight"] += dtype(0.1)
    agree(
        lambda z, t: F.cross_entropy(z, t, reduction=reduction, **ignore, **options),
        lambda z, t: TF.cross_entropy(z, t, reduction=reduction, **ignore, **_tensors(options)),
        z, targets=(target,), dtype=dtype,
    )  # fmt: skip
    agree(
        lambda z, t: F.nll_loss(z, t, reduction=reduction, **ignore, **options),
        lambda z, t: TF.nll_loss(z, t, reduction=reduction, **ignore, **_tensors(options)),
        z, targets=(target,), dtype=dtype,
    )  # fmt: skip
    q = rng.random(shape).astype(dtype)
    q /= q.sum(axis=1 if len(shape) > 1 else 0, keepdims=True)
    agree(
        lambda z, q: F.cross_entropy(z, q, reduction=reduction, **options),
        lambda z, q: TF.cross_entropy(z, q, reduction=reduction, **_tensors(options)),
        z, q, dtype=dtype,
    )  # fmt: skip


def _tensors(options: dict[str, Any]) -> dict[str, Any]:
    return {name: torch.tensor(x) for name, x in options.items()}
