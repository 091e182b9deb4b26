"""``x = tanh(x * b + a)``, 300 times: 900 operations on Python floats or on arrays.

Every contender starts from the same x, a and b, sums at the end where they are arrays, and returns
the gradients with respect to all three.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tape import Tape, Variable, grad

from .timing import Bound, Case

__all__ = ["cases"]

STEPS = 300
OPS = 3 * STEPS

BACKWARD, GRADIENT, GRAD = "ours: backward()", "ours: tape.gradient", "ours: grad(f)"
TORCH, HIPS, MYGRAD, MICROGRAD = "torch eager", "HIPS autograd", "mygrad", "micrograd"
JAX, HAND = "jax eager", "hand-written NumPy"

Contender = Callable[[], Any]


def cases() -> list[Case]:
    sys.setrecursionlimit(20_000)  # micrograd and mygrad walk the graph recursively
    scalar = contenders(0.5, 0.1, 0.9)
    scalar[MICROGRAD] = micrograd(0.5, 0.1, 0.9)
    found = [
        Case(
            "scalar chain, 900 ops",
            scalar,
            ops=OPS,
            bounds=[
                Bound(ours, peer, r)
                for ours in (GRADIENT, BACKWARD)
                for peer, r in ((MICROGRAD, 0.5), (TORCH, 0.25))
            ],
            few=(JAX,),
            rounds=60,
            note="Python floats; torch on 0-d float64 tensors; jax.grad without jit",
        )
    ]
    limits = {
        10: [(TORCH, 0.5), (HIPS, 0.2)],
        1_000: [(TORCH, 0.7)],
        100_000: [(HAND, 1.5)],
    }
    for n, bounds in limits.items():
        rng = np.random.default_rng(n)
        x, a, b = rng.uniform(-1, 1, n), rng.uniform(-0.2, 0.2, n), rng.uniform(0.8, 1.0, n)
        arrays = contenders(x, a, b)
        arrays[HAND] = hand_written(x, a, b)
        found.append(
            Case(
                f"chain on arrays of {n:,}",
                arrays,
                ops=OPS,
                bounds=[Bound(o, p, r) for o in (GRADIENT, BACKWARD) for p, r in bounds],
                few=(JAX,),
                rounds=40 if n < 100_000 else 15,
                note="float64, summed at the end",
            )
        )
    return found


def contenders(x: Any, a: Any, b: Any) -> dict[str, Contender]:
    """Everybody who takes floats and arrays alike."""
    return {
        GRADIENT: ours_gradient(x, a, b),
        BACKWARD: ours_backward(x, a, b),
        GRAD: ours_grad(x, a, b),
        TORCH: torch(x, a, b),
        HIPS: hips(x, a, b),
        MYGRAD: mygrad(x, a, b),
        JAX: jax(x, a, b),
    }


def ours_backward(x0: Any, a0: Any, b0: Any) -> Contender:
    x, a, b = Variable(x0), Variable(a0), Variable(b0)
    scalar = isinstance(x0, float)

    def step() -> Any:
        y = x
        for _ in range(STEPS):
            y = np.tanh(y * b + a)
        loss = y if scalar else np.sum(y)
        loss.backward()
        return x.adjoint, a.adjoint, b.adjoint

    return step


def ours_gradient(x0: Any, a0: Any, b0: Any) -> Contender:
    x, a, b = Variable(x0), Variable(a0), Variable(b0)
    scalar = isinstance(x0, float)

    def step() -> Any:
        with Tape() as tape:
            y = x
            for _ in range(STEPS):
                y = np.tanh(y * b + a)
            loss = y if scalar else np.sum(y)
        return tape.gradient(loss, [x, a, b])

    return step


def ours_grad(x0: Any, a0: Any, b0: Any) -> Contender:
    def f(x: Any, a: Any, b: Any) -> Any:
        for _ in range(STEPS):
            x = np.tanh(x * b + a)
        return x if isinstance(x0, float) else np.sum(x)

    gradient = grad(f, (0, 1, 2))
    return lambda: gradient(x0, a0, b0)


def hand_written(x0: Any, a: Any, b: Any) -> Contender:
    """What one would write without a tape: only the outputs of tanh are kept, the rest in place."""

    def step() -> Any:
        x = x0
        saved = [x]
        for _ in range(STEPS):
            x = x * b
            x += a
            np.tanh(x, out=x)
            saved.append(x)
        ct = np.ones_like(x)
        a_bar, b_bar, t = np.zeros_like(a), np.zeros_like(b), np.empty_like(x)
        for i in range(STEPS, 0, -1):
            np.multiply(saved[i], saved[i], out=t)
            np.subtract(1.0, t, out=t)
            ct *= t
            a_bar += ct
            np.multiply(ct, saved[i - 1], out=t)
            b_bar += t
            ct *= b
        return ct, a_bar, b_bar

    return step


def torch(x0: Any, a0: Any, b0: Any) -> Contender:
    import torch

    x, a, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x0, a0, b0))

    def step() -> Any:
        y = x
        for _ in range(STEPS):
            y = torch.tanh(y * b + a)
        return torch.autograd.grad(y.sum() if y.ndim else y, (x, a, b))

    return step


def hips(x0: Any, a0: Any, b0: Any) -> Contender:
    import autograd
    import autograd.numpy as anp

    def f(x: Any, a: Any, b: Any) -> Any:
        for _ in range(STEPS):
            x = anp.tanh(x * b + a)
        return x if isinstance(x0, float) else anp.sum(x)

    gradient = autograd.grad(f, (0, 1, 2))
    return lambda: gradient(x0, a0, b0)


def mygrad(x0: Any, a0: Any, b0: Any) -> Contender:
    import mygrad

    x, a, b = mygrad.tensor(x0), mygrad.tensor(a0), mygrad.tensor(b0)

    def step() -> Any:
        y = x
        for _ in range(STEPS):
            y = mygrad.tanh(y * b + a)
        (y.sum() if y.ndim else y).backward()
        return x.grad, a.grad, b.grad

    return step


def jax(x0: Any, a0: Any, b0: Any) -> Contender:
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp: Any = jax.numpy

    def f(x: Any, a: Any, b: Any) -> Any:
        for _ in range(STEPS):
            x = jnp.tanh(x * b + a)
        return x if isinstance(x0, float) else jnp.sum(x)

    gradient = jax.grad(f, (0, 1, 2))
    args = [jnp.asarray(v) for v in (x0, a0, b0)]
    return lambda: jax.block_until_ready(gradient(*args))


def micrograd(x0: float, a0: float, b0: float) -> Contender:
    from micrograd.engine import Value

    def tanh(x: Any) -> Any:
        """As micrograd writes its own operations; it has no tanh."""
        t = math.tanh(x.data)
        out = Value(t, (x,), "tanh")

        def _backward() -> None:
            x.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    def step() -> Any:
        x, a, b = Value(x0), Value(a0), Value(b0)
        y = x
        for _ in range(STEPS):
            y = tanh(y * b + a)
        y.backward()
        return x.grad, a.grad, b.grad

    return step
