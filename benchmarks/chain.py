"""``x = tanh(x * b + a)``, 300 times: 900 operations on Python floats or on arrays.

Every contender starts from the same x, a and b, sums at the end where they are arrays, and returns
the gradients with respect to all three.
"""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import Any

import numpy as np

from autograd_tape import Tape, Variable, grad

from .contenders import (
    BACKWARD,
    COMPILED,
    GRAD,
    GRADIENT,
    HAND,
    HIPS,
    JAX,
    JIT,
    MICROGRAD,
    MYGRAD,
    TORCH,
    Compiled,
    Contender,
    Maker,
)
from .timing import Bound, Case

__all__ = ["cases", "makers", "scalar_makers", "values"]

STEPS = 300


def cases() -> list[Case]:
    sys.setrecursionlimit(20_000)  # micrograd and mygrad walk the graph recursively
    found = [
        Case(
            "scalar chain, 900 ops",
            scalar_makers(STEPS),
            ops=3 * STEPS,
            bounds=[
                *_eager_bounds((MICROGRAD, 0.5), (TORCH, 0.25), (HIPS, 0.6)),
                Bound(COMPILED, TORCH, 0.05),
            ],
            few=(JAX,),
            rounds=60,
            note="Python floats; torch on 0-d float64 tensors; jax eager is without jit",
        )
    ]
    limits = {
        10: ([(TORCH, 0.5), (HIPS, 0.2)], (TORCH, 0.25)),
        1_000: ([(TORCH, 0.7), (HIPS, 0.6)], (HAND, 1.0)),
        100_000: ([(HAND, 1.5), (HIPS, 0.6)], (HAND, 1.0)),
    }
    for n, (eager, compiled) in limits.items():
        found.append(
            Case(
                f"chain on arrays of {n:,}",
                makers(*values(n), STEPS),
                ops=3 * STEPS,
                bounds=[*_eager_bounds(*eager), Bound(COMPILED, *compiled)],
                few=(JAX,),
                rounds=40 if n < 100_000 else 15,
                note="float64, summed at the end",
            )
        )
    return found


def _eager_bounds(*limits: tuple[str, float]) -> list[Bound]:
    return [Bound(ours, *limit) for ours in (GRADIENT, BACKWARD) for limit in limits]


def values(n: int) -> tuple[Any, Any, Any]:
    """x, a and b: arrays of n."""
    rng = np.random.default_rng(n)
    return rng.uniform(-1, 1, n), rng.uniform(-0.2, 0.2, n), rng.uniform(0.8, 1.0, n)


def makers(x: Any, a: Any, b: Any, steps: int) -> dict[str, Maker]:
    """Everybody who takes arrays."""
    functions: dict[str, Any] = {
        GRADIENT: ours_gradient, COMPILED: ours_compiled, BACKWARD: ours_backward, GRAD: ours_grad,
        TORCH: torch, HIPS: hips, MYGRAD: mygrad, JAX: jax, JIT: jax_jit, HAND: hand_written,
    }  # fmt: skip
    return {name: partial(f, x, a, b, steps) for name, f in functions.items()}


def scalar_makers(steps: int) -> dict[str, Maker]:
    """Everybody who takes Python floats."""
    floats = (0.5, 0.1, 0.9)
    found = {name: m for name, m in makers(*floats, steps).items() if name != HAND}
    return found | {MICROGRAD: partial(micrograd, *floats, steps)}


def ours_backward(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    x, a, b = Variable(x0), Variable(a0), Variable(b0)
    scalar = isinstance(x0, float)

    def step() -> Any:
        y = x
        for _ in range(steps):
            y = np.tanh(y * b + a)
        loss = y if scalar else np.sum(y)
        loss.backward()
        return x.adjoint, a.adjoint, b.adjoint

    return step


def ours_gradient(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    x, a, b = Variable(x0), Variable(a0), Variable(b0)
    scalar = isinstance(x0, float)

    def step() -> Any:
        with Tape() as tape:
            y = x
            for _ in range(steps):
                y = np.tanh(y * b + a)
            loss = y if scalar else np.sum(y)
        return tape.gradient(loss, [x, a, b])

    return step


def function(x0: Any, steps: int) -> Any:
    """The chain as a function of x, a and b."""
    scalar = isinstance(x0, float)

    def f(x: Any, a: Any, b: Any) -> Any:
        for _ in range(steps):
            x = np.tanh(x * b + a)
        return x if scalar else np.sum(x)

    return f


def ours_grad(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    gradient = grad(function(x0, steps), (0, 1, 2))
    return lambda: gradient(x0, a0, b0)


def ours_compiled(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    return Compiled(function(x0, steps), (x0, a0, b0), (0, 1, 2))


def hand_written(x0: Any, a: Any, b: Any, steps: int) -> Contender:
    """What one would write without a tape: only the outputs of tanh are kept, the rest in place."""

    def step() -> Any:
        x = x0
        saved = [x]
        for _ in range(steps):
            x = x * b
            x += a
            np.tanh(x, out=x)
            saved.append(x)
        ct = np.ones_like(x)
        a_bar, b_bar, t = np.zeros_like(a), np.zeros_like(b), np.empty_like(x)
        for i in range(steps, 0, -1):
            np.multiply(saved[i], saved[i], out=t)
            np.subtract(1.0, t, out=t)
            ct *= t
            a_bar += ct
            np.multiply(ct, saved[i - 1], out=t)
            b_bar += t
            ct *= b
        return ct, a_bar, b_bar

    return step


def torch(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    import torch

    x, a, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x0, a0, b0))

    def step() -> Any:
        y = x
        for _ in range(steps):
            y = torch.tanh(y * b + a)
        return torch.autograd.grad(y.sum() if y.ndim else y, (x, a, b))

    return step


def hips(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    import autograd
    import autograd.numpy as anp

    def f(x: Any, a: Any, b: Any) -> Any:
        for _ in range(steps):
            x = anp.tanh(x * b + a)
        return x if isinstance(x0, float) else anp.sum(x)

    gradient = autograd.grad(f, (0, 1, 2))
    return lambda: gradient(x0, a0, b0)


def mygrad(x0: Any, a0: Any, b0: Any, steps: int) -> Contender:
    import mygrad

    x, a, b = mygrad.tensor(x0), mygrad.tensor(a0), mygrad.tensor(b0)

    def step() -> Any:
        y = x
        for _ in range(steps):
            y = mygrad.tanh(y * b + a)
        (y.sum() if y.ndim else y).backward()
        return x.grad, a.grad, b.grad

    return step


def jax(x0: Any, a0: Any, b0: Any, steps: int, compiled: bool = False) -> Contender:
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp: Any = jax.numpy

    def f(x: Any, a: Any, b: Any) -> Any:
        for _ in range(steps):
            x = jnp.tanh(x * b + a)
        return x if isinstance(x0, float) else jnp.sum(x)

    gradient = jax.value_and_grad(f, (0, 1, 2))
    gradient = jax.jit(gradient) if compiled else gradient
    args = [jnp.asarray(v) for v in (x0, a0, b0)]
    return lambda: jax.block_until_ready(gradient(*args))[1]


jax_jit = partial(jax, compiled=True)


def micrograd(x0: float, a0: float, b0: float, steps: int) -> Contender:
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
        for _ in range(steps):
            y = tanh(y * b + a)
        y.backward()
        return x.grad, a.grad, b.grad

    return step
