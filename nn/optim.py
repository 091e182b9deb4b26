"""Optimisers: they turn gradients into new values of the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograd_tape import Variable

__all__ = ["SGD"]


class SGD:
    """Stochastic gradient descent with momentum (003 section 3.3), as PyTorch computes it.

    params        the variables to change, as ``model.parameters()``
    lr            step size η; may be assigned between steps
    momentum      α: how much of the last step is kept
    weight_decay  λ: adds λ·w to the gradient (an L2 penalty ½λ‖w‖²)
    nesterov      look ahead along the momentum
    """

    def __init__(
        self, params: Iterable[Variable], lr: float, momentum: float = 0.0,
        weight_decay: float = 0.0, nesterov: bool = False,
    ) -> None:  # fmt: skip
        self.params = list(params)
        if not self.params:
            raise ValueError("SGD: there are no parameters; give model.parameters()")
        if lr < 0 or momentum < 0 or weight_decay < 0:
            raise ValueError("SGD: lr, momentum and weight_decay must not be negative")
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov looks ahead along the momentum; give momentum > 0")
        self.lr, self.momentum = lr, momentum
        self.weight_decay, self.nesterov = weight_decay, nesterov
        self.velocities: list[Any] = [None] * len(self.params)

    def step(self, gradients: Sequence[Any] | None = None) -> None:
        """One step down.

        gradients  one per parameter, as ``tape.gradient(loss, params)`` gives them; without them
                   the adjoints that ``loss.backward()`` left.  A parameter whose gradient is None
                   stays as it is.
        """
        if gradients is None:
            gradients = [p.adjoint for p in self.params]
        if len(gradients) != len(self.params):
            raise ValueError(
                f"SGD: {len(gradients)} gradients for {len(self.params)} parameters; ask for "
                "tape.gradient(loss, params) with the params that SGD was given"
            )
        for i, (p, g) in enumerate(zip(self.params, gradients, strict=True)):
            if g is not None:
                p.value = p.value - self.lr * self._direction(i, g, p)

    def _direction(self, i: int, g: Any, p: Variable) -> Any:
        # g ← g + λw;  v ← αv + g;  the direction is v, or g + αv with Nesterov's look ahead
        if self.weight_decay:
            g = g + self.weight_decay * p.value
        if not self.momentum:
            return g
        v = self.velocities[i]
        self.velocities[i] = v = g if v is None else self.momentum * v + g
        return g + self.momentum * v if self.nesterov else v
