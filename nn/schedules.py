"""Learning-rate schedules, to ``step()`` after each epoch.  Next to read: :mod:`nn.init`."""

import math
from collections.abc import Callable

from .check import require
from .optim import Optimizer


class LambdaLR:
    """The first learning rate times ``lr_lambda(t)``, one factor or more, in epoch t = 0, 1, ...

    The warm-up of the transformer (Vaswani et al. 2017), for lr=d_model**-0.5 and a step per batch:
    ``LambdaLR(optimizer, lambda t: min((t + 1) ** -0.5, (t + 1) * 4000**-1.5))``
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.optimizer, self.lr_lambda = optimizer, lr_lambda
        self.base_lr, self.last_epoch = optimizer.lr, -1
        self.step()

    def step(self) -> None:
        self.last_epoch += 1
        self.optimizer.lr = self.base_lr * self.lr_lambda(self.last_epoch)


def StepLR(optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> LambdaLR:
    """Times gamma every ``step_size`` epochs: exponential, if that is 1."""
    require(step_size >= 1, f"StepLR: step_size must be at least 1, not {step_size}")
    return LambdaLR(optimizer, lambda t: gamma ** (t // step_size))


def CosineAnnealingLR(optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> LambdaLR:
    """Down to eta_min along half a cosine in ``T_max`` epochs (Loshchilov & Hutter 2017)."""
    require(T_max >= 1, f"CosineAnnealingLR: T_max must be at least 1, not {T_max}")
    low = eta_min / optimizer.lr
    return LambdaLR(optimizer, lambda t: low + (1 - low) * (1 + math.cos(math.pi * t / T_max)) / 2)
