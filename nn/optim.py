"""Optimisers: they turn gradients into new values of the parameters, as PyTorch's of the same name.

A step works in place on the optimiser's own arrays, and keeps the dtype of each parameter.

Next to read: :mod:`nn.schedules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from autograd_tape import Variable

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "clip_grad_norm",
    "clip_grad_value",
]  # fmt: skip


@dataclass(eq=False, repr=False)
class Optimizer:
    """Base of all optimisers: give it options as dataclass fields, and an ``update``.

    params        the variables to change, as ``model.parameters()``; real floats
    lr            step size η; may be assigned between steps, as all options
    weight_decay  λ, where it is an option: adds λ·w to the gradient (an L2 penalty ½λ‖w‖²)
    maximize      go up instead of down
    Raises ValueError for no parameters, one given twice, and options out of range.
    """

    params: Sequence[Variable]
    lr: float = 1e-3
    _: KW_ONLY
    maximize: bool = False

    _decoupled: ClassVar[bool] = False  # is weight decay apart from the gradient? (AdamW)

    def __post_init__(self) -> None:
        self.params = list(self.params)
        name = type(self).__name__
        if not self.params:
            raise ValueError(f"{name}: there are no parameters; give model.parameters()")
        for p in self.params:
            if not isinstance(p, Variable) or not p.is_leaf or p.dtype.kind != "f":
                raise TypeError(f"{name}: parameters are real leaf Variables, not {p!r}")
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{name}: a parameter was given twice")
        self._options = tuple(f.name for f in fields(self) if f.name != "params")
        for key in self._options:
            value = getattr(self, key)
            numbers = value if isinstance(value, (tuple, list)) else (value,)
            if not all(x >= 0 for x in numbers):
                raise ValueError(f"{name}: {key} must not be negative, but it is {value}")
            if key in ("betas", "rho", "alpha") and not all(x < 1 for x in numbers):
                raise ValueError(f"{name}: {key} must lie in [0, 1), but it is {value}")
        self.state: list[dict[str, Any]] = [{} for _ in self.params]  # arrays, for each parameter

    def step(self, gradients: Sequence[Any] | None = None) -> None:
        """One step.

        gradients  one per parameter, as ``tape.gradient(loss, params)`` gives them; without them
                   the adjoints that ``loss.backward()`` left.  A parameter whose gradient is None
                   stays as it is.
        """
        if gradients is None:
            gradients = [p.adjoint for p in self.params]
        if len(gradients) != len(self.params):
            raise ValueError(
                f"{type(self).__name__}: {len(gradients)} gradients for {len(self.params)} "
                "parameters; ask for tape.gradient(loss, params) with the params of the optimiser"
            )
        for i, (p, g) in enumerate(zip(self.params, gradients, strict=True)):
            if g is None:
                continue
            value = p.value
            w, g = np.asarray(value), np.asarray(g, p.dtype)
            if g.shape != w.shape:
                raise ValueError(
                    f"{type(self).__name__}: gradient {i} has shape {g.shape}, but its parameter "
                    f"{p.name or ''} has {w.shape}"
                )
            if self.maximize:
                g = -g
            decay = 0.0 if self._decoupled else getattr(self, "weight_decay", 0.0)
            if decay:
                g = g + decay * w
            new = self.update(w, g, self.state[i])
            p.value = float(new) if value.__class__ is float else new

    def update(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        """The new value of one parameter; neither ``w`` nor ``g`` may be changed.

        state  what to keep from step to step: at first empty, then arrays
        """
        raise NotImplementedError(f"{type(self).__name__} defines no update(self, w, g, state)")

    # -- in and out --------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Options and state as arrays by name, for safetensors: ``lr``, ``0.exp_avg``, ..."""
        result = {name: np.array(getattr(self, name)) for name in self._options}
        for i, state in enumerate(self.state):
            result |= {f"{i}.{name}": np.array(x) for name, x in state.items()}
        return result

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where the optimiser that gave this ``state_dict()`` stood.

        Raises ValueError for a state of another kind of optimiser or of other parameters, and then
        changes nothing.
        """
        new: list[dict[str, Any]] = [{} for _ in self.params]
        problems = [f"missing: {name}" for name in self._options if name not in state]
        for key, x in state.items():
            index, _, name = key.partition(".")
            x = np.array(x)
            if key in self._options:
                continue
            if not index.isdecimal() or int(index) >= len(new):
                problems.append(f"unexpected: {key}")
            elif name != "step" and x.shape != self.params[int(index)].shape:
                problems.append(
                    f"{key}: shape {x.shape}, but the parameter has {self.params[int(index)].shape}"
                )
            else:
                new[int(index)][name] = int(x) if name == "step" else x
        if problems:
            raise ValueError(
                f"{type(self).__name__} cannot load this state (nothing was changed):\n  "
                + "\n  ".join(problems)
            )
        for name in self._options:
            value = np.reshape(state[name], np.shape(getattr(self, name))).tolist()
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        self.state = new

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._options)
        return f"{type(self).__name__}({len(self.params)} parameters, {options})"


def _running(state: dict[str, Any], name: str, w: Any) -> Any:
    """The array ``name`` of the state, at first zeros of the shape of ``w``."""
    if name not in state:
        state[name] = np.zeros_like(w)
    return state[name]


def _average(average: Any, x: Any, beta: float) -> None:
    """average ← β·average + (1 - β)·x, in place."""
    average *= beta
    average += (1.0 - beta) * x


@dataclass(eq=False, repr=False)
class SGD(Optimizer):
    """Stochastic gradient descent with momentum (003 section 3.3).

    momentum   α: how much of the last step is kept
    dampening  how much less of the gradient is added to it
    nesterov   look ahead along the momentum (Sutskever et al. 2013)
    """

    lr: float = 1e-3
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and (self.momentum <= 0 or self.dampening != 0):
            raise ValueError(
                "SGD: nesterov looks ahead along the momentum; give momentum > 0 and no dampening"
            )

    def update(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        # v ← αv + (1 - dampening)·g;  w ← w - ηv, or w - η(g + αv) with Nesterov's look ahead
        if self.momentum:
            if "momentum_buffer" in state:
                v = state["momentum_buffer"]
                v *= self.momentum
                v += (1.0 - self.dampening) * g if self.dampening else g
            else:
                v = state["momentum_buffer"] = np.array(g)
            g = g + self.momentum * v if self.nesterov else v
        d = g * -self.lr
        d += w
        return d


@dataclass(eq=False, repr=False)
class Adagrad(Optimizer):
    """Steps that shrink with all squared gradients so far (Duchi et al. 2011).

    lr_decay  how much the step size sinks with the number of steps
    """

    lr: float = 1e-2
    lr_decay: float = 0.0
    weight_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10

    def update(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        # s ← s + g²;  w ← w - η/(1 + (t - 1)·decay)·g/(√s + ε)
        if not state:
            state["step"], state["sum"] = 0, np.full_like(w, self.initial_accumulator_value)
        state["step"] += 1
        s = state["sum"]
        s += g * g
        d = np.sqrt(s)
        d += self.eps
        d = g / d
        d *= -self.lr / (1.0 + (state["step"] - 1) * self.lr_decay)
        d += w
        return d


@dataclass(eq=False, repr=False)
class Adadelta(Optimizer):
    """Steps as large as the last ones, per gradient as large as the last ones (Zeiler 2012)."""

    lr: float = 1.0
    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: float = 0.0

    def update(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        # s ← ρs + (1 - ρ)g²;  d = g·√(u + ε)/√(s + ε);  u ← ρu + (1 - ρ)d²;  w ← w - ηd
        s, u = _running(state, "square_avg", w), _running(state, "acc_delta", w)
        _average(s, g * g, self.rho)
        d = np.sqrt(u + self.eps)
        d /= np.sqrt(s + self.eps)
        d *= g
        _average(u, d * d, self.rho)
        d *= -self.lr
        d += w
        return d


@dataclass(eq=False, repr=False)
class RMSprop(Optimizer):
    """Gradients over the root of their running mean square (Hinton's lecture 6e, 2012).

    alpha     share of the old mean that stays
    momentum  how much of the last step is kept
    centered  divide by the running variance instead (Graves 2013)
    """

    lr: float = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False

    def update(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        # s ← αs + (1 - α)g²;  d = g/(√s + ε);  v ← μv + d;  w ← w - ηv
        s = _running(state, "square_avg", w)
        _average(s, g * g, self.alpha)
        if self.centered:
            m = _running(state, "grad_avg", w)
            _average(m, g, self.alpha)
            d = np.sqrt(np.maximum(s - m * m, 0.0))  # rounding may take it below 0
        else:
            d = np.sqrt(s)
        d += self.eps
        d = g / d
        if self.momentum:
            v = _running(state, "momentum_buffer", w)
            v *= self.momentum
            v += d
            d = v
        d = d * -self.lr
        d += w
        return d


@dataclass(eq=False, repr=False)
class Adam(Optimizer):
    """Momentum over the root of the mean square, both corrected for their start at 0.

    Kingma & Ba 2015, "Adam: a method for stochastic optimization".
    betas    shares of the old mean and mean square that stay
    amsgrad  divide by the largest mean square so far (Reddi et al. 2018)
    """

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False

    def update(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        # m ← β₁m + (1 - β₁)g;  s ← β₂s + (1 - β₂)g²
        beta1, beta2 = self.betas
        m, s = _running(state, "exp_avg", w), _running(state, "exp_avg_sq", w)
        state["step"] = t = state.get("step", 0) + 1
        _average(m, g, beta1)
        _average(s, g * g, beta2)
        if self.amsgrad:
            largest = _running(state, "max_exp_avg_sq", w)
            np.maximum(largest, s, out=largest)
            s = largest
        # w ← w - η·(m/(1 - β₁ᵗ))/(√(s/(1 - β₂ᵗ)) + ε)
        d = np.sqrt(s)
        d /= (1.0 - beta2**t) ** 0.5
        d += self.eps
        d = m / d
        d *= -self.lr / (1.0 - beta1**t)
        d += w if not self._decoupled else (1.0 - self.lr * self.weight_decay) * w
        return d


@dataclass(eq=False, repr=False)
class AdamW(Adam):
    """Adam whose weight decay shrinks the weights and stays out of the averages.

    Loshchilov & Hutter 2019, "Decoupled weight decay regularization".
    """

    weight_decay: float = 1e-2
    _decoupled: ClassVar[bool] = True


# -- clipping (003 section 11) ---------------------------------------------------------------------


def clip_grad_norm(
    gradients: list[Any], max_norm: float, norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:  # fmt: skip
    """Scale the gradients together so that their common norm is at most ``max_norm``.

    gradients  a list, whose items are replaced; None among them stay (Pascanu et al. 2013)
    norm_type  p of the p-norm; ``math.inf`` for the largest magnitude
    Returns the norm as it was.  If it is not finite, RuntimeError with ``error_if_nonfinite``;
    else the gradients become nan, as in PyTorch.
    """
    _require_list(gradients, "clip_grad_norm")
    # In double precision: the squares of an exploding float32 gradient would overflow.
    flat = [np.asarray(g, np.float64).ravel() for g in gradients if g is not None]
    norms = [np.linalg.norm(g, norm_type) for g in flat if g.size]
    norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    if error_if_nonfinite and not np.isfinite(norm):
        raise RuntimeError(f"clip_grad_norm: the norm of the gradients is {norm}")
    # g ← g·max/(‖g‖ + 1e-6)
    scale = max_norm / (norm + 1e-6)
    if not scale >= 1.0:
        with np.errstate(invalid="ignore"):
            gradients[:] = [g if g is None else g * scale for g in gradients]
    return norm


def clip_grad_value(gradients: list[Any], clip_value: float) -> None:
    """Replace each gradient of the list by itself moved into [-clip_value, clip_value]."""
    _require_list(gradients, "clip_grad_value")
    gradients[:] = [g if g is None else np.clip(g, -clip_value, clip_value) for g in gradients]


def _require_list(gradients: Any, name: str) -> None:
    if not isinstance(gradients, list):
        raise TypeError(
            f"{name}: gradients is a {type(gradients).__name__}; give a list, to replace its items"
        )
