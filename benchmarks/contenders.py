"""Who takes part: the names in all tables, and the two ways to run a step of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_tape import Tape, Variable
from autograd_tape.program import Program, compile

__all__ = [
    "BACKWARD", "COMPILED", "GRAD", "GRADIENT", "HAND", "HIPS", "JAX", "JIT", "MICROGRAD",
    "MYGRAD", "TORCH", "Compiled", "Contender", "Maker", "of_network", "use_two_threads",
]  # fmt: skip

GRADIENT, COMPILED = "ours: tape.gradient", "ours: compiled"
BACKWARD, GRAD = "ours: backward()", "ours: grad(f)"
TORCH, HIPS, MYGRAD, MICROGRAD = "torch eager", "HIPS autograd", "mygrad", "micrograd"
JAX, JIT, HAND = "jax eager", "jax jit", "hand-written NumPy"

Contender = Callable[[], Any]  # forward and backward; returns the gradients
Maker = Callable[[], Contender]  # inputs and parameters stand ready when it returns


@dataclass
class Compiled:
    """The program of ``f``, compiled at the first call, as jax.jit does it.

    f        gives (loss, gradients) where ``argnums`` is None, else the loss alone
    args     what it is compiled for, and called with
    argnums  as of autograd_tape.compile
    """

    f: Callable[..., Any]
    args: tuple[Any, ...]
    argnums: Any = None
    program: Program | None = None

    def compile(self) -> Program:
        """A new program."""
        return compile(self.f, *self.args, argnums=self.argnums)

    def __call__(self) -> Any:
        if self.program is None:
            self.program = self.compile()
        return self.program(*self.args)[1]


def of_network(
    loss: Callable[..., Variable], params: Sequence[Variable], *args: Any
) -> dict[str, Maker]:
    """One step of ours, eager and compiled: ``loss(*args)`` and its gradients in ``params``."""

    def step(*args: Any) -> Any:
        with Tape() as tape:
            value = loss(*args)
        return value.value, tape.gradient(value, params)

    return {GRADIENT: lambda: lambda: step(*args)[1], COMPILED: lambda: Compiled(step, args)}


def use_two_threads() -> None:
    """As many as the machine of RESULTS.md has cores; NumPy's BLAS is used as it is installed."""
    import torch

    torch.set_num_threads(2)
