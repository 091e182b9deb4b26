"""Activation layers and loss modules against PyTorch's of the same name and arguments."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from nn import activations, functional

from .torch_parity import FLOATS, compare, torch

OURS_ALONE = {"Step", "Sign", "Abs", "Sinc", "HalfSquaredError", "PerceptronLoss", "RMSELoss"}
PYTORCHS_ALONE = {"inplace", "device", "size_average", "reduce", "min_value", "max_value"}
NOT_OFFERED = {
    "Softplus": {"beta", "threshold"}, "BCELoss": {"weight"},
    "BCEWithLogitsLoss": {"weight", "pos_weight"}, "NLLLoss": {"weight"},
    "CrossEntropyLoss": {"weight", "label_smoothing"},
}  # fmt: skip
LOSSES = [n for n in vars(functional) if n.endswith(("_loss", "_error")) or "cross_entropy" in n]
rng = np.random.default_rng(0)

LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("Identity", {}), ("ReLU", {}), ("Tanh", {}), ("Sigmoid", {}), ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.3}), ("ELU", {}), ("ELU", {"alpha": 0.3}), ("SELU", {}),
    ("Softplus", {}), ("SiLU", {}), ("Mish", {}), ("GELU", {}),
    ("GELU", {"approximate": "tanh"}), ("LogSigmoid", {}), ("Softsign", {}),
    ("Softmax", {"dim": 1}), ("LogSoftmax", {"dim": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), LAYERS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_layers(name: str, options: dict[str, Any], dtype: Any) -> None:
    if name == "GELU" and not options:
        pytest.importorskip("scipy")
    ours, theirs = getattr(activations, name)(**options), getattr(torch.nn, name)(**options)
    compare(ours, theirs, rng.standard_normal((4, 3, 2)) * 3, dtype=dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("channels", [1, 3])
def test_prelu(channels: int, dtype: Any) -> None:
    ours = activations.PReLU(channels, dtype=dtype)
    theirs = torch.nn.PReLU(channels)
    assert ours.weight.value.tolist() == theirs.weight.tolist()
    for shape in ((4, 3), (2, 3, 5, 5)):
        compare(ours, theirs, rng.standard_normal(shape), dtype=dtype)


def test_buffers_have_pytorchs_keys() -> None:
    for ours, theirs in [
        (activations.CrossEntropyLoss(), torch.nn.CrossEntropyLoss()),
        (activations.NLLLoss(), torch.nn.NLLLoss()),
        (activations.BCEWithLogitsLoss(), torch.nn.BCEWithLogitsLoss()),
    ]:
        assert ours.state_dict().keys() == theirs.state_dict().keys()


@pytest.mark.parametrize("name", sorted({*activations.__all__, *LOSSES} - OURS_ALONE))
def test_arguments_and_defaults_are_pytorchs(name: str) -> None:
    """Those that both have, in the same order."""
    if name.islower():
        module, theirs_in = functional, torch.nn.functional
    else:
        module, theirs_in = activations, torch.nn
    if not hasattr(theirs_in, name):
        assert name in ("half_squared_error", "perceptron_loss", "rmse_loss")
        return
    mine = dict(inspect.signature(getattr(module, name)).parameters)
    theirs = inspect.signature(getattr(theirs_in, name)).parameters
    theirs = {n: p for n, p in theirs.items() if n not in PYTORCHS_ALONE}
    if theirs.keys() == {"args", "kwargs"}:
        return
    common = [n for n in mine if n in theirs]
    if not name.islower():
        missing = set(theirs) - set(mine) - NOT_OFFERED.get(name, set())
        assert not missing, f"missing: {missing}"
    for n in common:
        if (name, n) in {("Softmax", "dim"), ("LogSoftmax", "dim"), ("PReLU", "dtype")}:
            continue  # -1 and float32 in place of a deprecated guess and of a default
        assert mine[n].default == theirs[n].default, n
