"""Optimisers by hand, in what they keep, in their errors; clipping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable
from nn import optim
from nn.optim import clip_grad_norm, clip_grad_value


def quadratic(w: Any) -> Any:
    return np.sum(w**2 * np.array([1.0, 3.0], np.float32))


VARIANTS: list[tuple[type[optim.Optimizer], dict[str, Any]]] = [
    (optim.SGD, {"lr": 0.05}), (optim.SGD, {"lr": 0.05, "weight_decay": 0.1}),
    (optim.SGD, {"lr": 0.05, "momentum": 0.5}),
    (optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (optim.Adagrad, {"lr": 0.5}),
    (optim.Adadelta, {"lr": 10.0}), (optim.RMSprop, {"lr": 0.02}),
    (optim.Adam, {"lr": 0.1}), (optim.AdamW, {"lr": 0.1}),
]  # fmt: skip


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
    assert w.value.__class__ is float  # which stays on the fast path


def test_first_steps_by_hand() -> None:
    """Where averages are corrected or begin with the gradient, the first step has size lr."""
    for make, size in [
        (optim.Adam, 0.1), (optim.Adagrad, 0.1), (optim.RMSprop, 1.0),
        (optim.Adadelta, 0.1 * math.sqrt(1e-6 / (0.1 * 4 + 1e-6)) * 2),
    ]:  # fmt: skip
        w = Variable(np.array([1.0, -1.0]))
        make([w], lr=0.1).step([np.array([2.0, -2.0])])  # type: ignore[operator]
        np.testing.assert_allclose(w.value, [1.0 - size, size - 1.0], atol=1e-7)


@pytest.mark.parametrize(("make", "options"), VARIANTS)
def test_every_variant_goes_down_and_keeps_float32(make: Any, options: dict[str, Any]) -> None:
    w = Variable(np.array([1.0, -2.0], np.float32), name="w")
    optimizer = make([w], **options)
    for _ in range(300):
        quadratic(w).backward()
        optimizer.step()  # the adjoints that backward() left
    assert float(quadratic(w)) < 0.05
    assert w.dtype == np.float32
    assert w.name == "w"
    assert all(x.dtype == np.float32 for s in optimizer.state for x in s.values() if np.ndim(x))


@pytest.mark.parametrize(("make", "options"), VARIANTS)
def test_it_resumes_exactly(make: Any, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    gradients = [[rng.standard_normal(2).astype(np.float32), float(g)] for g in rng.random(10)]

    def run(optimizer: Any, steps: list[Any]) -> list[Any]:
        for gradient in steps:
            optimizer.step(gradient)
        return [p.value for p in optimizer.params]

    start = [np.array([1.0, -2.0], np.float32), 0.5]
    straight = run(make([Variable(x) for x in start], **options), gradients)
    first = make([Variable(x) for x in start], **options)
    half = run(first, gradients[:5])
    state = first.state_dict()
    assert all(isinstance(x, np.ndarray) for x in state.values())
    second = make([Variable(x) for x in half], **options | {"lr": 7.0})
    second.load_state_dict(state)
    run(first, gradients[5:])  # the state is a copy, whatever the first one does from here
    for got, expected in zip(run(second, gradients[5:]), straight, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert repr(second) == repr(first)


def test_states_that_do_not_fit() -> None:
    w = Variable(np.zeros(3))
    adam = optim.Adam([w])
    adam.step([np.ones(3)])
    with pytest.raises(ValueError, match=r"(?s)missing: 0.sum, .*unexpected: 0.exp_avg"):
        optim.Adagrad([w]).load_state_dict(adam.state_dict())
    with pytest.raises(ValueError, match=r"0.exp_avg: shape \(3,\), but the module has \(2,\)"):
        optim.Adam([Variable(np.zeros(2))]).load_state_dict(adam.state_dict())
    with pytest.raises(ValueError, match=r"nothing was changed.*\s+unexpected: 7.exp_avg"):
        adam.load_state_dict({**adam.state_dict(), "0.step": 9, "7.exp_avg": np.zeros(3)})
    assert adam.state[0]["step"] == 1


def test_nothing_of_the_callers_is_written_to() -> None:
    start, g = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    for make, options in VARIANTS:
        w = Variable(start)
        before = w.value
        optimizer = make([w], **options)
        for _ in range(3):
            optimizer.step([g])
        assert g.tolist() == [1.0, 1.0]
        assert before.tolist() == start.tolist() == [1.0, 2.0]


def test_a_double_gradient_of_a_float32_parameter_leaves_it_float32() -> None:
    w = Variable(np.zeros(2, np.float32))
    optim.Adam([w]).step([np.ones(2)])
    assert w.dtype == np.float32


def test_a_parameter_without_a_gradient_stays() -> None:
    for make, _ in VARIANTS:
        w, unused = Variable(1.0), Variable(2.0)
        (w * w).backward()
        optimizer = make([w, unused], lr=0.1)
        optimizer.step()
        assert w.value < 1.0
        assert unused.value == 2.0
        assert not any(x.any() for x in optimizer.state[1].values())


def test_a_step_size_of_numpys_leaves_float32() -> None:
    """NumPy's float64 would widen; a cosine by hand gives one."""
    for make, _ in VARIANTS:
        w = Variable(np.zeros(2, np.float32))
        optimizer = make([w], lr=np.float64(0.1), weight_decay=np.float64(0.1))
        optimizer.lr = 0.05 * (1 + np.cos(1.0))
        optimizer.step([np.ones(2, np.float32)])
        assert w.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "options", "error", "words"),
    [
        (optim.SGD, {"params": []}, ValueError, "SGD: give model.parameters"),
        (optim.SGD, {"lr": -1.0}, ValueError, r"lr must lie in \[0, inf\), but it is -1.0"),
        (optim.Adam, {"betas": (0.9, 1.0)}, ValueError, r"betas must lie in \[0, 1\)"),
        (optim.RMSprop, {"eps": math.nan}, ValueError, r"eps must lie in .*, but it is nan"),
        (optim.Adam, {"params": [np.ones(2)]}, TypeError, "leaf Variables, not array"),
        (optim.Adam, {"params": [Variable(1j)]}, TypeError, "real leaf Variables"),
        (optim.Adam, {"params": [Variable(1.0) * 2]}, TypeError, "leaf Variables"),
        (optim.Adam, {"params": [Variable(1.0)] * 2}, TypeError, None),
    ],
)
def test_wrong_options(make: Any, options: Any, error: Any, words: str | None) -> None:
    if words is None:
        v = Variable(1.0)
        options, error, words = {"params": [v, v]}, ValueError, "none of them twice"
    with pytest.raises(error, match=words):
        make(**{"params": [Variable(1.0)], "lr": 0.1, **options})


def test_wrong_gradients() -> None:
    with pytest.raises(ValueError, match="SGD: 2 gradients for 1 parameters"):
        optim.SGD([Variable(1.0)], lr=0.1).step([1.0, 2.0])
    with pytest.raises(ValueError, match=r"SGD: a gradient of shape \(1, 2\) for .*w"):
        optim.SGD([Variable(np.zeros(2), name="w")]).step([np.ones((1, 2))])


def test_an_optimiser_of_ones_own() -> None:
    class SignDescent(optim.Optimizer):
        def change(self, g: Any, steps: Any) -> Any:
            steps += 1
            return -self.lr * np.sign(g)

    w = Variable(np.array([1.0, -1.0]))
    optimizer = SignDescent([w], lr=0.5)
    optimizer.step([np.array([3.0, -0.1])])
    assert w.value.tolist() == [0.5, -0.5]
    assert optimizer.state_dict()["0.steps"].tolist() == [1.0, 1.0]


# -- clipping --------------------------------------------------------------------------------------


def test_clip_grad_norm() -> None:
    mine = np.array([3.0, 0.0], np.float32)
    gradients: list[Any] = [mine, None, 4.0]
    assert clip_grad_norm(gradients, 10.0) == 5.0
    assert gradients[0] is mine
    assert clip_grad_norm(gradients, 1.0) == 5.0
    np.testing.assert_allclose(gradients[0], [0.6, 0.0], rtol=1e-5)
    np.testing.assert_allclose(gradients[2], 0.8, rtol=1e-5)
    assert gradients[1] is None
    assert gradients[0].dtype == np.float32
    assert mine.tolist() == [3.0, 0.0]
    assert clip_grad_norm([None, np.zeros(0)], 1.0) == 0.0


def test_an_exploding_gradient_is_clipped_and_not_lost() -> None:
    gradients = [np.full(4, 1e30, np.float32)]
    assert clip_grad_norm(gradients, 1.0) == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(gradients[0], 0.5, rtol=1e-5)


def test_a_gradient_that_is_not_finite() -> None:
    gradients = [np.array([1.0, math.inf])]
    with np.errstate(invalid="ignore"):
        assert clip_grad_norm(gradients, 1.0) == math.inf
    assert math.isnan(gradients[0][1])


def test_clip_grad_value() -> None:
    gradients: list[Any] = [np.array([3.0, -0.5], np.float32), None, -4.0]
    clip_grad_value(gradients, 1.0)
    assert gradients[0].tolist() == [1.0, -0.5]
    assert gradients[0].dtype == np.float32
    assert gradients[1:] == [None, -1.0]


def test_clipping_wants_a_list_that_it_can_change() -> None:
    with pytest.raises(TypeError, match="tuple"):
        clip_grad_norm((3.0,), 1.0)  # type: ignore[arg-type]


def test_the_loop_as_one_writes_it() -> None:
    w = Variable(np.array([100.0, -200.0], np.float32))
    sgd = optim.SGD([w], lr=1.0)
    with Tape() as tape:
        loss = quadratic(w)
    gradients = tape.gradient(loss, [w])
    clip_grad_norm(gradients, 1.0)
    sgd.step(gradients)
    assert np.linalg.norm(w.value - [100.0, -200.0]) == pytest.approx(1.0, rel=1e-4)
