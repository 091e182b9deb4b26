"""How a module finds what it holds, and how states go in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from autograd_tape import Variable
from nn import MLP, Linear, Module, ReLU, Sequential


class Everything(Module):
    """Parameters in each of the places where they are looked for."""

    def __init__(self) -> None:
        self.scale = Variable(2.0)
        self.linear = Linear(3, 2, rng=np.random.default_rng(0))
        self.many = [Variable([1.0]), Linear(2, 2, bias=False)]
        self.named = {"a": Variable([2.0]), "more": (Variable([3.0]),)}
        self.width = 3
        self.maybe = None
        self._private = Variable([4.0])
        self.computed = self.scale * 2.0


NAMES = [
    "scale", "linear.weight", "linear.bias", "many.0", "many.1.weight", "named.a", "named.more.0",
]  # fmt: skip


def test_parameters_are_found_by_themselves() -> None:
    model = Everything()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert all(p.is_leaf for p in model.parameters())
    assert list(model.state_dict()) == NAMES


def test_a_shared_parameter_is_listed_once_and_saved_under_both_names() -> None:
    a, b = Linear(2, 2), Linear(2, 2)
    b.weight = a.weight
    model = Sequential(a, b)
    assert [n for n, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert "1.weight" in model.state_dict()


def test_a_module_that_refers_to_the_one_around_it() -> None:
    inner, outer = Linear(1, 1), Module()
    outer.inner, inner.outer = inner, outer  # type: ignore[attr-defined]
    assert [n for n, _ in outer.named_parameters()] == ["inner.weight", "inner.bias"]
    assert outer.modules() == [outer, inner]


def test_train_and_eval_reach_every_module() -> None:
    model = Sequential(Linear(2, 2), Sequential(ReLU()))
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert len(model.modules()) == 4
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())


def test_a_state_survives_a_safetensors_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    model, other = MLP([4, 8, 3], rng=rng), MLP([4, 8, 3], rng=rng)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    other.load_state_dict(load_file(tmp_path / "w.safetensors"))
    x = rng.standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_array_equal(model(x).value, other(x).value)


def test_a_state_is_a_copy() -> None:
    model = Linear(2, 2)
    before = model.weight.value.copy()
    state = model.state_dict()
    state["weight"][...] = 7
    np.testing.assert_array_equal(model.weight.value, before)
    model.load_state_dict(state)
    state["weight"][...] = 8
    assert np.all(model.weight.value == 7)


def test_loading_keeps_the_dtype_of_the_parameter() -> None:
    model = Linear(2, 1, dtype=np.float64)
    model.load_state_dict({"weight": [[1, 2]], "bias": np.zeros(1, np.float32)})
    assert model.weight.dtype == model.bias.dtype == np.float64  # type: ignore[union-attr]


def test_all_problems_of_a_state_are_told_at_once_and_nothing_is_changed() -> None:
    model = Sequential(Linear(2, 3), Linear(3, 1))
    before = model.state_dict()
    state: dict[str, Any] = {**before, "0.weight": np.zeros((2, 3)), "extra": np.zeros(1)}
    state["0.bias"] = np.ones(3)
    del state["1.bias"]
    with pytest.raises(ValueError, match="nothing was changed") as error:
        model.load_state_dict(state)
    assert "missing: 1.bias, shape (1,)" in str(error.value)
    assert "unexpected: extra" in str(error.value)
    assert "0.weight: shape (2, 3), but the module has (3, 2)" in str(error.value)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_sequence_may_have_attributes_of_its_own() -> None:
    class Scaled(Sequential):
        def __init__(self) -> None:
            super().__init__(Linear(1, 1, bias=False))
            self.scale = Variable(2.0)

    assert set(Scaled().state_dict()) == {"0.weight", "scale"}


def test_a_module_without_forward_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Everything defines no forward"):
        Everything()(1.0)


def test_sequential_runs_its_layers_in_order() -> None:
    model = Sequential(lambda x: x + 1, lambda x: x * 2)
    assert model(3) == 8
    assert len(model) == 2
    assert model[1](1) == 2


def test_the_repr_shows_the_layers() -> None:
    assert repr(Sequential(Linear(2, 3), Sequential(ReLU()))) == (
        "Sequential(\n  (0): Linear(2, 3)\n  (1): Sequential(\n    (0): ReLU()\n  )\n)"
    )
