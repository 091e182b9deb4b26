"""Dropout: how much is dropped, what is left, and from which generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn.normalization import Dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_a_share_p_is_0_and_the_mean_stays(p: float) -> None:
    y = Dropout(p, rng=np.random.default_rng(0))(np.ones((300, 200), np.float32))
    assert y.dtype == np.float32
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / (1 - p))}
    np.testing.assert_allclose(np.mean(y == 0), p, atol=0.01)
    np.testing.assert_allclose(np.mean(y), 1, atol=0.02)


def test_eval_and_p_0_change_nothing_and_p_1_leaves_nothing() -> None:
    x = Variable(np.ones((3, 4)))
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x
    y = Dropout(1.0)(x)
    np.sum(y).backward()
    assert not y.value.any()
    assert not x.adjoint.any()


def test_the_adjoint_passes_where_the_value_did() -> None:
    x = Variable(np.ones((20, 20), np.float32))
    y = Dropout(0.3)(x)
    y.backward(np.ones((20, 20), np.float32))
    np.testing.assert_array_equal(x.adjoint, y.value)


def test_the_seed_repeats_and_each_call_is_another() -> None:
    x = np.ones((10, 10), np.float32)
    a, b = (Dropout(rng=np.random.default_rng(7)) for _ in range(2))
    first = a(x)
    np.testing.assert_array_equal(first, b(x))
    assert (a(x) != first).any()
    a.rng = np.random.default_rng(7)
    np.testing.assert_array_equal(a(x), first)


def test_the_rest() -> None:
    assert Dropout()(np.ones((0, 3))).shape == (0, 3)
    assert list(Dropout().state_dict()) == []
    assert repr(Dropout(0.2)) == "Dropout(p=0.2)"
    for p in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="Dropout: p is a probability"):
            Dropout(p)
    with pytest.raises(TypeError, match="Dropout: the input has dtype int64"):
        Dropout()(np.ones(3, int))


def test_gradients() -> None:
    layer = Dropout(0.5)

    def f(x: Any) -> Any:
        layer.rng = np.random.default_rng(3)
        return layer(x)

    check_grads(f, (np.random.default_rng(0).standard_normal((4, 5)),))
