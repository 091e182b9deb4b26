"""Optimisers, as PyTorch's: a step is w ← w + Δ; learning rates to ``step()`` after each epoch."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, ClassVar

import numpy as np

from autograd_tape import Variable

from .check import asarray, require
from .module import ModuleList


@dataclass(eq=False)
class Optimizer:
    """Base of all optimisers: give it a ``change``, and options as dataclass fields.

    params        the variables to change, as ``model.parameters()``
    lr            step size η; may be assigned between steps, as all options
    weight_decay  λ: adds λw to the gradient (an L2 penalty ½λ‖w‖²); by keyword
    change        a new array Δ, given a gradient; its further arguments name arrays that are kept
                  for each parameter, at first 0, to be changed in place
    Raises ValueError for no parameters or one twice, and for options out of range.
    """

    params: Sequence[Variable] = field(repr=False)
    lr: float = 1e-3
    weight_decay: float = field(default=0.0, kw_only=True)
    change: ClassVar[Callable[..., Any]]
    decoupled: ClassVar[bool] = False  # is λw kept out of the gradient? (AdamW)

    def __post_init__(self) -> None:
        name, self.params = type(self).__name__, list(self.params)
        once = 0 < len(self.params) == len({id(p) for p in self.params})
        require(once, f"{name}: give model.parameters(), at least one and none of them twice")
        for option, x in list(vars(self).items())[1:]:
            end = 1 if option in ("alpha", "betas", "rho") else np.inf
            inside = np.greater_equal(x, 0) & np.less(x, end)
            require(inside.all(), f"{name}: {option} must lie in [0, {end}), but it is {x}")
        keeps, self.state = list(signature(self.change).parameters)[1:], ModuleList()
        for p in self.params:
            if not isinstance(p, Variable) or not p.is_leaf or p.dtype.kind != "f":
                raise TypeError(f"{name}: parameters are real leaf Variables, not {p!r}")
            zeros: Any = {x: np.zeros(p.shape, p.dtype) for x in keeps}
            self.state.append(zeros | {x: np.zeros((), int) for x in keeps if x == "step"})

    def step(self, gradients: Sequence[Any] | None = None) -> None:
        """A step along the tape's gradients, or what ``backward()`` left; None changes nothing."""
        name, n = type(self).__name__, len(self.params)
        gradients = [p.adjoint for p in self.params] if gradients is None else gradients
        require(len(gradients) == n, f"{name}: {len(gradients)} gradients for {n} parameters")
        self.lr, decay = (asarray(x).item() for x in (self.lr, self.weight_decay))
        for p, g, kept in zip(self.params, gradients, self.state, strict=True):
            if g is None:
                continue
            w, g = asarray(p.value), asarray(g, p.dtype)
            if g.shape != w.shape:
                raise ValueError(f"{name}: a gradient of shape {g.shape} for {p!r}")
            # w ← w + Δ(g + λw), or (1 - ηλ)w + Δ(g); η and λ are Python's: no float32 is widened
            new = self.change(g + decay * w if decay and not self.decoupled else g, **kept)
            new += (1 - self.lr * decay) * w if self.decoupled else w
            p.value = new.item() if p.value.__class__ is float else new

    def state_dict(self) -> dict[str, Any]:
        """Arrays by name: ``lr``, and what is kept of each parameter, as ``0.exp_avg``."""
        return {"lr": np.array(self.lr), **self.state.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another stood; ValueError, and no change, for another kind or parameters."""
        self.state.load_state_dict({key: x for key, x in state.items() if key != "lr"})
        self.lr = float(state["lr"])


def _running(m: Any, keep: float, x: Any) -> Any:
    """m ← keep·m + x, in place."""
    m *= keep
    m += x
    return m


@dataclass(eq=False)
class SGD(Optimizer):
    """v ← αv + g with momentum α; Δ = -ηv, or -η(g + αv) if nesterov (003 §3.3)."""

    momentum: float = 0.0
    nesterov: bool = False

    def change(self, g: Any, momentum_buffer: Any) -> Any:
        v = _running(momentum_buffer, self.momentum, g) if self.momentum else g
        return (g + self.momentum * v if self.nesterov else v) * -self.lr


@dataclass(eq=False)
class Adagrad(Optimizer):
    """s ← s + g²; Δ = -η·g/(√s + ε) (Duchi et al. 2011)."""

    lr: float = 1e-2
    eps: float = 1e-10

    def change(self, g: Any, sum: Any) -> Any:
        sum += g * g
        return g / (np.sqrt(sum) + self.eps) * -self.lr


@dataclass(eq=False)
class Adadelta(Optimizer):
    """s ← ρs + (1 - ρ)g²; d = g·√(u + ε)/√(s + ε); u ← ρu + (1 - ρ)d²; Δ = -ηd (Zeiler 2012)."""

    lr: float = 1.0
    rho: float = 0.9
    eps: float = 1e-6

    def change(self, g: Any, square_avg: Any, acc_delta: Any) -> Any:
        s = _running(square_avg, self.rho, (1 - self.rho) * g * g)
        d = np.sqrt((acc_delta + self.eps) / (s + self.eps)) * g
        _running(acc_delta, self.rho, (1 - self.rho) * d * d)
        return d * -self.lr


@dataclass(eq=False)
class RMSprop(Optimizer):
    """s ← αs + (1 - α)g²; Δ = -η·g/(√s + ε) (Hinton 2012, lecture 6e)."""

    lr: float = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8

    def change(self, g: Any, square_avg: Any) -> Any:
        s = _running(square_avg, self.alpha, (1 - self.alpha) * g * g)
        return g / (np.sqrt(s) + self.eps) * -self.lr


@dataclass(eq=False)
class Adam(Optimizer):
    """m ← β₁m + (1 - β₁)g; s ← β₂s + (1 - β₂)g²; Δ = -η·(m/c₁)/(√(s/c₂) + ε).

    In step t, cᵢ = 1 - βᵢᵗ make up for m and s beginning at 0 (Kingma & Ba 2015).
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def change(self, g: Any, step: Any, exp_avg: Any, exp_avg_sq: Any) -> Any:
        (beta1, beta2), t = self.betas, step.item() + 1
        step += 1
        m = _running(exp_avg, beta1, (1 - beta1) * g)
        s = _running(exp_avg_sq, beta2, (1 - beta2) * g * g)
        c1, c2 = 1 - beta1**t, 1 - beta2**t
        return m / (np.sqrt(s) * (c1 / c2**0.5) + self.eps * c1) * -self.lr


@dataclass(eq=False)
class AdamW(Adam):
    """Adam whose weight decay shrinks the weights only (Loshchilov & Hutter 2019)."""

    weight_decay: float = field(default=1e-2, kw_only=True)
    decoupled = True


def clip_grad_norm(gradients: list[Any], max_norm: float) -> float:
    """Scale gradients to a common norm of at most ``max_norm``; returns what it was (003 §11)."""
    # In double precision: the squares of an exploding float32 gradient would overflow.
    norms = [np.linalg.norm(asarray(g, np.float64)) for g in gradients if g is not None]
    norm: float = np.linalg.norm(np.stack([0.0, *norms])).item()
    scale = max_norm / (norm + 1e-6)
    if not scale >= 1.0:
        gradients[:] = [g if g is None else g * scale for g in gradients]
    return norm


def clip_grad_value(gradients: list[Any], clip_value: float) -> None:
    """Move each element of the gradients into [-clip_value, clip_value]."""
    gradients[:] = [g if g is None else np.clip(g, -clip_value, clip_value) for g in gradients]


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
