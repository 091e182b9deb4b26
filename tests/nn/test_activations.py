"""Activations as layers: options, names, what they compute."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn import activations
from nn import functional as F
from nn.module import Module, Sequential

x = np.random.default_rng(0).standard_normal((4, 3))
LOSSES = {n for n in activations.__all__ if "Loss" in n or "Error" in n}  # see test_losses.py
LAYERS: list[tuple[Any, Any]] = [
    (activations.Step(), F.step), (activations.Sign(), F.sign),
    (activations.Identity(), F.identity), (activations.Abs(), F.abs),
    (activations.ReLU(), F.relu), (activations.Tanh(), F.tanh),
    (activations.Sigmoid(), F.sigmoid),
    (activations.Sigmoid(alpha=2.0), lambda x: F.sigmoid(x, 2.0)),
    (activations.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2)),
    (activations.ELU(0.5), lambda x: F.elu(x, 0.5)), (activations.SELU(), F.selu),
    (activations.Softplus(), F.softplus),
    (activations.SiLU(), F.silu), (activations.Mish(), F.mish),
    (activations.GELU("tanh"), lambda x: F.gelu(x, "tanh")),
    (activations.LogSigmoid(), F.logsigmoid), (activations.Softsign(), F.softsign),
    (activations.Sinc(), F.sinc), (activations.Softmax(dim=0), lambda x: F.softmax(x, 0)),
    (activations.LogSoftmax(), F.log_softmax),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "function"), LAYERS)
def test_a_layer_computes_its_function(layer: Any, function: Any) -> None:
    np.testing.assert_array_equal(layer(x), function(x))
    assert layer.parameters() == []
    assert layer.state_dict() == {}
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(layer))(x), function(x))


def test_every_layer_is_tested() -> None:
    tested = {type(layer).__name__ for layer, _ in LAYERS} | {"PReLU"} | LOSSES
    assert tested == set(activations.__all__)


@pytest.mark.parametrize("name", activations.__all__)
def test_each_is_a_class_with_name_document_and_copies(name: str) -> None:
    cls = getattr(activations, name)
    assert (cls.__name__, cls.__qualname__, cls.__module__) == (name, name, "nn.activations")
    assert cls.__doc__
    assert not {"x", "input", "target"} & set(inspect.signature(cls).parameters)
    layer = cls()
    assert isinstance(layer, Module)
    assert repr(layer) == f"{name}()"
    for other in (copy.copy(layer), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert type(other) is cls
        assert repr(other) == repr(layer)


def test_signature_and_document_are_the_functions() -> None:
    assert str(inspect.signature(activations.ELU)) == "(alpha: float = 1.0)"
    assert activations.ELU.__doc__ == F.elu.__doc__
    assert list(inspect.signature(activations.CrossEntropyLoss).parameters) == [
        "weight", "ignore_index", "reduction",
    ]  # fmt: skip


def test_options_show_in_repr_and_errors() -> None:
    assert repr(activations.ELU(0.5)) == "ELU(alpha=0.5)"
    assert repr(activations.ELU(alpha=1.0)) == "ELU()"
    assert repr(activations.MSELoss(reduction="sum")) == "MSELoss(reduction='sum')"
    with pytest.raises(TypeError, match="unexpected keyword argument 'beta'"):
        activations.ELU(beta=1.0)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'target'"):
        activations.MSELoss()(x)


def test_options_may_be_changed_and_layers_be_extended() -> None:
    layer = activations.ELU()
    layer.alpha = 2.0
    np.testing.assert_array_equal(layer(x), F.elu(x, 2.0))

    class Doubled(activations.ELU):
        def forward(self, *operands: Any) -> Any:
            return 2 * super().forward(*operands)

    np.testing.assert_array_equal(Doubled(0.5)(x), 2 * F.elu(x, 0.5))

    class Shifted(activations.ReLU):
        def forward(self, *operands: Any) -> Any:
            return 1 + super().forward(*operands)

    np.testing.assert_array_equal(Shifted()(x), 1 + F.relu(x))


def test_a_function_of_ones_own() -> None:
    class Power(activations.FunctionLayer, of=lambda x, *, n=2: x**n):
        """xⁿ"""

    np.testing.assert_array_equal(Power(n=3)(x), x**3)
    assert repr(Power(n=3)) == "Power(n=3)"
    assert Power.__doc__ == "xⁿ"


def test_prelu() -> None:
    layer = activations.PReLU(3, dtype=np.float64)
    assert layer.weight.value.tolist() == [0.25] * 3
    assert layer.state_dict().keys() == {"weight"}
    check_grads(layer, (x,))
    assert repr(layer) == "PReLU(num_parameters=3)"
    assert activations.PReLU()(Variable(x.astype(np.float32))).dtype == np.float32


def test_in_a_sequence() -> None:
    model = Sequential(activations.LeakyReLU(), activations.Softmax(dim=-1))
    np.testing.assert_allclose(model(x).sum(axis=-1), 1.0)
