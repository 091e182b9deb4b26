"""Learning-rate schedules, as PyTorch's of the same name: call ``step()`` after each epoch.

Each changes ``optimizer.lr`` from what it is, so that several on one optimiser multiply.

Next to read: :mod:`nn.init`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .optim import Optimizer

__all__ = [
    "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR",
    "ReduceLROnPlateau", "StepLR",
]  # fmt: skip


@dataclass(eq=False)
class LRScheduler:
    """Base of all schedules: give it a ``next_lr``.  ``last_epoch`` counts the steps."""

    optimizer: Optimizer

    def __post_init__(self) -> None:
        self.base_lr = self.optimizer.lr
        self.last_epoch = 0
        self.optimizer.lr = self.next_lr(self.base_lr)

    def next_lr(self, lr: float) -> float:
        """The learning rate of epoch ``last_epoch``, given that of the one before."""
        raise NotImplementedError(f"{type(self).__name__} defines no next_lr(self, lr)")

    def step(self) -> None:
        """Set ``optimizer.lr`` for the next epoch."""
        self.last_epoch += 1
        self.optimizer.lr = self.next_lr(self.optimizer.lr)

    def get_last_lr(self) -> list[float]:
        """The present learning rate, in a list as PyTorch has it."""
        return [self.optimizer.lr]

    def state_dict(self) -> dict[str, Any]:
        """The numbers of the schedule as arrays by name, for safetensors.

        The learning rate itself is in the optimiser's.
        """
        return {n: np.array(x) for n, x in vars(self).items() if isinstance(x, (bool, int, float))}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the schedule that gave this ``state_dict()`` stood; ValueError for others."""
        own = self.state_dict().keys()
        if own != state.keys():
            raise ValueError(
                f"{type(self).__name__} cannot load this state: it has {sorted(state)}, not "
                f"{sorted(own)}"
            )
        for name, value in state.items():
            setattr(self, name, np.asarray(value).item())


@dataclass(eq=False)
class LambdaLR(LRScheduler):
    """The first learning rate times ``lr_lambda(epoch)``.

    The transformer's warm-up (Vaswani et al. 2017), with lr=d_model**-0.5:
    ``LambdaLR(optimizer, lambda t: min((t + 1) ** -0.5, (t + 1) * 4000**-1.5))``
    """

    lr_lambda: Callable[[int], float]

    def next_lr(self, lr: float) -> float:
        return self.base_lr * self.lr_lambda(self.last_epoch)


@dataclass(eq=False)
class StepLR(LRScheduler):
    """Times gamma every ``step_size`` epochs."""

    step_size: int
    gamma: float = 0.1

    def __post_init__(self) -> None:
        if self.step_size < 1:
            raise ValueError(f"StepLR: step_size must be at least 1, not {self.step_size}")
        super().__post_init__()

    def next_lr(self, lr: float) -> float:
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return lr * self.gamma if due else lr


@dataclass(eq=False)
class ExponentialLR(LRScheduler):
    """Times gamma every epoch."""

    gamma: float

    def next_lr(self, lr: float) -> float:
        return lr * self.gamma if self.last_epoch > 0 else lr


@dataclass(eq=False)
class LinearLR(LRScheduler):
    """From start_factor to end_factor times the learning rate in total_iters steps: a warm-up."""

    start_factor: float = 1 / 3
    end_factor: float = 1.0
    total_iters: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.start_factor <= 1 or not 0 <= self.end_factor <= 1:
            raise ValueError(
                f"LinearLR: start_factor {self.start_factor} must lie in (0, 1], end_factor "
                f"{self.end_factor} in [0, 1]"
            )
        super().__post_init__()

    def next_lr(self, lr: float) -> float:
        # η_t = η·(start + (end - start)·t/T); as a factor of η_(t-1), so that schedules compose
        if self.last_epoch > self.total_iters:
            return lr
        now = self._factor(self.last_epoch)
        return lr * (now / self._factor(self.last_epoch - 1) if self.last_epoch else now)

    def _factor(self, epoch: int) -> float:
        share = epoch / self.total_iters if self.total_iters else 0.0
        return self.start_factor + (self.end_factor - self.start_factor) * share


@dataclass(eq=False)
class CosineAnnealingLR(LRScheduler):
    """Down to eta_min along half a cosine in T_max epochs (Loshchilov & Hutter 2017)."""

    T_max: int
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        if self.T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be at least 1, not {self.T_max}")
        super().__post_init__()

    def next_lr(self, lr: float) -> float:
        # η_t = η_min + ½(η - η_min)·(1 + cos(πt/T)), as a factor of what is above η_min
        t, half = self.last_epoch, math.pi / self.T_max
        if t == 0:
            return lr
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # up again from the minimum
            return lr + 0.5 * (self.base_lr - self.eta_min) * (1 - math.cos(half))
        ratio = (1 + math.cos(half * t)) / (1 + math.cos(half * (t - 1)))
        return self.eta_min + ratio * (lr - self.eta_min)


@dataclass(eq=False)
class ReduceLROnPlateau(LRScheduler):
    """Times ``factor`` when ``step(metric)`` saw nothing better for more than ``patience`` epochs.

    mode            "min" or "max": what is better
    threshold       how much better counts; relative, or absolute by threshold_mode="abs"
    cooldown        epochs after a reduction in which nothing is counted
    min_lr, eps     the learning rate's floor, and the smallest change that is made
    """

    mode: str = "min"
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    threshold_mode: str = "rel"
    cooldown: int = 0
    min_lr: float = 0.0
    eps: float = 1e-8

    def __post_init__(self) -> None:
        if (
            self.factor >= 1
            or self.mode not in ("min", "max")
            or self.threshold_mode not in ("rel", "abs")
        ):
            raise ValueError(
                'ReduceLROnPlateau: factor is below 1, mode "min" or "max", threshold_mode "rel" '
                f'or "abs"; not {self.factor}, {self.mode!r}, {self.threshold_mode!r}'
            )
        self.best = math.inf if self.mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0
        super().__post_init__()

    def next_lr(self, lr: float) -> float:
        return lr

    def step(self, metrics: Any = None) -> None:
        """metrics: the number to watch, such as the validation loss."""
        if metrics is None:
            raise TypeError("ReduceLROnPlateau: step(metrics) needs the number to watch")
        value = float(metrics)
        self.last_epoch += 1
        if self._better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            lr = max(self.optimizer.lr * self.factor, self.min_lr)
            if self.optimizer.lr - lr > self.eps:
                self.optimizer.lr = lr
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _better(self, value: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if self.threshold_mode == "abs":
            return sign * value < sign * self.best - self.threshold
        return sign * value < sign * self.best * (1.0 - sign * self.threshold)
