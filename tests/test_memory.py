"""Memory is flat: 10,000 steps of every kind grow by nothing, without the garbage collector."""

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd_tape import (
    Tape,
    TapeError,
    Variable,
    aval,
    checkpoint,
    grad,
    hvp,
    jvp,
    no_grad,
    stop_gradient,
    value_and_grad,
)

STEPS, WARM = 10_000, 100
X = np.linspace(-1, 1, 32).reshape(8, 4)


def loss_of(w):
    return np.sum(np.tanh(X @ w) ** 2) / 8.0


def train_ambient():
    w = Variable(np.ones(4), name="w")
    while True:
        loss_of(w).backward()
        w.value = w.value - 0.1 * w.adjoint
        yield


def train_ambient_rebinding():
    """``w = w - lr * w.adjoint`` records; the history that nobody can ask about is forgotten."""
    w = Variable(np.ones(4), name="w")
    while True:
        loss_of(w).backward()
        w = w * 0.999 - 0.1 * w.adjoint
        yield


def train_as_the_notes_print_it():
    weights = Variable(np.ones(4))
    while True:
        with Tape() as g:
            loss = loss_of(weights)
        gradient = g.gradient(loss, weights)
        weights = weights - 0.1 * gradient
        yield


def train_inside_one_tape():
    w = Variable(np.ones(4))
    with Tape() as tape:
        while True:
            (dw,) = tape.gradient(loss_of(w), [w])
            w.value = w.value - 0.1 * dw
            yield


def train_grad():
    w = np.ones(4)
    while True:
        _, dw = value_and_grad(loss_of)(w)
        w = w - 0.1 * dw
        yield


def forward_only_ambient():
    w = Variable(np.ones(4))
    derived = w * 2.0
    while True:
        loss = loss_of(derived)
        assert loss.shape == ()
        yield


def forward_only_explicit():
    w = Variable(np.ones(4))
    while True:
        with Tape():
            loss_of(w)
        yield


def forward_only_no_grad():
    w = Variable(np.ones(4))
    while True:
        with no_grad():
            w = w * 0.99 + 0.01 * loss_of(w)
        yield


def exceptions_half_way():
    w = Variable(np.ones(4))
    while True:
        with suppress(IndexError):
            loss_of(w * 2.0) + w[10]
        yield


def exceptions_half_way_explicit():
    w = Variable(np.ones(4))
    while True:
        with suppress(TapeError), Tape() as tape:
            y = loss_of(w * 2.0)
            tape.gradient(y, [Variable(1.0)])
        yield


def higher_order():
    while True:
        hvp(loss_of, np.ones(4), np.ones(4))
        jvp(grad(loss_of), (np.ones(4),), (np.ones(4),))
        yield


def nested_tapes():
    w = Variable(np.ones(4))
    while True:
        with Tape() as outer:
            with Tape() as inner:
                y = loss_of(w)
            (dw,) = inner.gradient(y, [w])
            z = np.sum(dw**2)
        outer.gradient(z, [w])
        yield


def state_carried_on():
    h = Variable(np.zeros(4))
    w = Variable(np.ones(4))
    while True:
        h = np.tanh(stop_gradient(h) * w + 0.1)
        np.sum(h).backward()
        yield


def looked_at():
    w = Variable(np.ones(4), name="w")
    while True:
        y = loss_of(w)
        y.backward()
        assert repr(y.tape)
        assert w.explain(y)
        yield


def checkpointed():
    f = checkpoint(loss_of)
    w = Variable(np.ones(4))
    while True:
        f(w).backward()
        yield


def in_place():
    w = Variable(np.ones(4))
    while True:
        y = w * 1.0
        y[1] = y[0] * 2.0
        np.sum(y).backward()
        yield


def train_a_model():
    rng = np.random.default_rng(0)
    model = nn.MLP([4, 8, 3], rng=rng)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, labels = X.astype(np.float32), rng.integers(0, 3, len(X))
    while True:
        with Tape() as tape:
            loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.step(tape.gradient(loss, model.parameters()))
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
        yield


def many_functions():
    v = Variable(np.random.default_rng(0).standard_normal((4, 4)))
    while True:
        for f in FUNCTIONS:
            with Tape(persistent=True) as tape:
                result = f(v)
                parts = result if isinstance(result, tuple) else (result,)
                y = sum(np.sum(np.real(r)) for r in parts)
            tape.gradient(y, [v])
            y.backward()
        yield


FUNCTIONS = [
    np.linalg.svd, np.linalg.eigh, np.linalg.inv, np.linalg.slogdet, np.fft.rfft, np.sort,
    np.median, np.cumprod, np.std, np.cov, lambda v: np.pad(v, 1), lambda v: v[[0, 1, 1]],
    lambda v: np.einsum("ij,jk->ik", v, v), lambda v: np.stack([v, v]), lambda v: np.split(v, 2)[0],
    lambda v: np.apply_along_axis(np.sum, 0, v), lambda v: np.add.accumulate(v), np.gradient,
]  # fmt: skip

KINDS = [
    train_ambient, train_ambient_rebinding, train_as_the_notes_print_it, train_grad,
    forward_only_ambient, forward_only_explicit, forward_only_no_grad, exceptions_half_way,
    exceptions_half_way_explicit, higher_order, nested_tapes, state_carried_on, looked_at,
    checkpointed, in_place, train_inside_one_tape, train_a_model, many_functions,
]  # fmt: skip


def test_ever_new_shapes_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(aval, "_MOST", 5)
    x = np.arange(1.0, 3.0)
    early = Variable(x)
    for n in range(1, 30):
        v = Variable(np.ones(n))
        assert (grad(lambda v: np.sum(v * v + np.sum(v * v)))(v) == 2 * n + 2).all()
        assert len(aval.AVALS[v.dtype]) <= 5
    late = Variable(x)  # like ``early``, but not known to be
    assert early._entry.aval is not late._entry.aval
    np.sum(early * late * late + early).backward()
    np.testing.assert_array_equal(early.grad, x * x + 1)
    np.testing.assert_array_equal(late.grad, 2 * x * x)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_ten_thousand_steps_grow_by_nothing(kind):
    gc.collect()
    gc.disable()
    try:
        run = kind()
        for _ in range(WARM):
            next(run)
        objects, memory = len(gc.get_objects()), resident()
        for _ in range(STEPS if kind is not many_functions else 500):
            next(run)
        assert len(gc.get_objects()) - objects < 50
        assert resident() - memory < 5e6
    finally:
        gc.enable()
