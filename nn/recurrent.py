"""Recurrent networks: the same cell applied at every step of a sequence (003 §11, §12).

Each family writes its equations once, for its cell and for its network.  Backpropagation through
time is what the reverse sweep does with the loop below; truncated, it is ``stop_gradient`` of the
state between two windows.

Next to read: :mod:`nn.seq2seq`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape import Variable

from . import functional as F
from . import init
from .check import expect_float
from .dropout import Dropout
from .module import Module

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]

State = tuple[Any, ...]  # (h,), or (h, c) of an LSTM


class _Recurrent(Module):
    """What cells and networks share: sizes, initial values, and how gates are computed."""

    gates = 1  # how many blocks of hidden_size rows the weights have
    states: tuple[str, ...] = ("h",)

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, *, dtype: Any, rng: Any
    ) -> None:
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self._dtype, self._rng = dtype, np.random.default_rng(rng)

    def _make(self, suffix: str, width: int) -> None:
        """The weights and biases of one cell, all U(-1/√H, 1/√H) as in PyTorch."""
        rows, bound = self.gates * self.hidden_size, 1 / max(self.hidden_size, 1) ** 0.5
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, width), "weight_hh": (rows, self.hidden_size),
            "bias_ih": (rows,), "bias_hh": (rows,),
        }  # fmt: skip
        for kind, shape in shapes.items():
            name = kind + suffix
            if kind.startswith("weight") or self.bias:
                values = init.uniform(shape, self._rng, -bound, bound, dtype=self._dtype)
                setattr(self, name, Variable(self._initial(kind, values), name=name))
            else:
                setattr(self, name, None)

    def _initial(self, kind: str, values: Any) -> Any:
        return values

    def _weights(self, suffix: str = "") -> list[Any]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self, name + suffix) for name in names]

    def _project(self, x: Any, w_ih: Any, b_ih: Any, b_hh: Any) -> Any:
        """What the input contributes to the gates, for all steps in one product."""
        # W_ih·x + b_ih + b_hh
        return F.linear(x, w_ih, None if b_ih is None else b_ih + b_hh)

    def _step(self, gx: Any, state: State, w: Any, b: Any) -> State:
        """The state after one step, from ``gx``, one step's projection, and w = W_hhᵀ."""
        raise NotImplementedError

    def _unpacked(self, hx: Any) -> State:
        """The user's initial state as a tuple."""
        if len(self.states) == 1:
            return (hx,)
        if not isinstance(hx, (tuple, list)) or len(hx) != len(self.states):
            raise ValueError(
                f"{type(self).__name__}: the state is a pair ({', '.join(self.states)}), not "
                f"{type(hx).__name__}"
            )
        return tuple(hx)

    def _packed(self, state: State) -> Any:
        return state[0] if len(state) == 1 else state

    def _check(self, x: Any, ndims: tuple[int, int]) -> None:
        """Raise unless the input is of one of the two ranks, with ``input_size`` features."""
        name = type(self).__name__
        expect_float(name, x)
        if x.ndim not in ndims or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{name}: the input has shape {x.shape}; it must have {ndims[0]} or {ndims[1]} "
                f"axes, of which the last has input_size = {self.input_size} features"
            )

    def _start(self, hx: Any, shape: tuple[int, ...], dtype: Any) -> State:
        """The initial states, of ``shape`` each: those given, or zeros."""
        if hx is None:
            return (np.zeros(shape, dtype),) * len(self.states)
        name, given = type(self).__name__, self._unpacked(hx)
        for n, s in zip(self.states, given, strict=True):
            expect_float(f"{name}, {n}_0", s)
            if s.shape != shape:
                raise ValueError(f"{name}: {n}_0 has shape {s.shape}, it must have {shape}")
        return given

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, bias={self.bias}"


# -- the equations ---------------------------------------------------------------------------------


class _ElmanStep(_Recurrent):
    nonlinearity: str

    def _choose(self, nonlinearity: str, recurrent_init: str) -> None:
        name = type(self).__name__
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"{name}: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        if recurrent_init not in ("uniform", "identity"):
            raise ValueError(
                f"{name}: recurrent_init is 'uniform' or 'identity', not {recurrent_init!r}"
            )
        self.nonlinearity, self.recurrent_init = nonlinearity, recurrent_init

    def _initial(self, kind: str, values: Any) -> Any:
        if self.recurrent_init == "identity" and kind != "weight_ih":
            return init.eye(values.shape, dtype=values.dtype) if kind == "weight_hh" else 0 * values
        return values

    def _step(self, gx: Any, state: State, w: Any, b: Any) -> State:
        # h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh)
        z = gx + state[0] @ w
        return (np.tanh(z) if self.nonlinearity == "tanh" else F.relu(z),)


class _LSTMStep(_Recurrent):
    gates = 4
    states = ("h", "c")

    def _step(self, gx: Any, state: State, w: Any, b: Any) -> State:
        h, c = state
        n = self.hidden_size
        z = gx + h @ w  # (N, 4H)
        # i = σ(z_i), f = σ(z_f), g = tanh(z_g), o = σ(z_o)
        i, f = F.sigmoid(z[..., :n]), F.sigmoid(z[..., n : 2 * n])
        g, o = np.tanh(z[..., 2 * n : 3 * n]), F.sigmoid(z[..., 3 * n :])
        # c' = f ⊙ c + i ⊙ g;  h' = o ⊙ tanh(c')
        c = f * c + i * g
        return o * np.tanh(c), c


class _GRUStep(_Recurrent):
    gates = 3

    def _project(self, x: Any, w_ih: Any, b_ih: Any, b_hh: Any) -> Any:
        return F.linear(x, w_ih, b_ih)  # b_hh stands within the reset, so it comes with the step

    def _step(self, gx: Any, state: State, w: Any, b: Any) -> State:
        (h,) = state
        n = self.hidden_size
        gh = h @ w if b is None else h @ w + b  # (N, 3H)
        # r, z = σ(W_i·x + b_i + W_h·h + b_h)
        rz = F.sigmoid(gx[..., : 2 * n] + gh[..., : 2 * n])
        r, z = rz[..., :n], rz[..., n:]
        # n = tanh(W_in·x + b_in + r ⊙ (W_hn·h + b_hn));  h' = (1 - z) ⊙ n + z ⊙ h
        new = np.tanh(gx[..., 2 * n :] + r * gh[..., 2 * n :])
        return (new + z * (h - new),)


# -- one step --------------------------------------------------------------------------------------


class _Cell(_Recurrent):
    weight_ih: Variable
    weight_hh: Variable
    bias_ih: Variable | None
    bias_hh: Variable | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)
        self._make("", input_size)

    def forward(self, x: Any, hx: Any = None) -> Any:
        self._check(x, (1, 2))
        w_ih, w_hh, b_ih, b_hh = self._weights()
        gx = self._project(x, w_ih, b_ih, b_hh)
        state = self._start(hx, (*x.shape[:-1], self.hidden_size), gx.dtype)
        return self._packed(self._step(gx, state, w_hh.T, b_hh))


class RNNCell(_ElmanStep, _Cell):
    """One step of Elman's network (003 §11).

    x: (N, input_size) or (input_size,), h: the same with hidden_size, zeros if None -> h'
    weight_ih: (hidden_size, input_size), weight_hh: (hidden_size, hidden_size), two biases
    nonlinearity    "tanh" or "relu"
    recurrent_init  "uniform", or "identity": W_hh = I and biases 0, so that with relu the state
                    is kept (and its gradient with it) until learning changes that: Le, Jaitly and
                    Hinton 2015
    Equation: h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh)
    Raises ValueError for wrong shapes, TypeError for integer inputs.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", *,
        recurrent_init: str = "uniform", dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self._choose(nonlinearity, recurrent_init)
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)


class LSTMCell(_LSTMStep, _Cell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997; 003 §12).

    x: (N, input_size) or (input_size,), (h, c): the same with hidden_size, zeros if None
    -> (h', c')
    weight_ih: (4·hidden_size, input_size), weight_hh: (4·hidden_size, hidden_size), two biases of
    (4·hidden_size,), their blocks in the order i, f, g, o
    Equations: i, f, o = σ(W_i·x + b_i + W_h·h + b_h) of their blocks, g = tanh of its own;
    c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c'), so along the cell path ∂c'/∂c = f
    Raises ValueError for wrong shapes and states that are no pair, TypeError for integer inputs.
    """


class GRUCell(_GRUStep, _Cell):
    """One step of a gated recurrent unit (Cho et al. 2014), with the reset after the product.

    x: (N, input_size) or (input_size,), h: the same with hidden_size, zeros if None -> h'
    weight_ih: (3·hidden_size, input_size), weight_hh: (3·hidden_size, hidden_size), two biases of
    (3·hidden_size,), their blocks in the order r, z, n
    Equations: r, z = σ(W_i·x + b_i + W_h·h + b_h) of their blocks;
    n = tanh(W_in·x + b_in + r ⊙ (W_hn·h + b_hn)); h' = (1 - z) ⊙ n + z ⊙ h
    Raises ValueError for wrong shapes, TypeError for integer inputs.
    """


# -- whole sequences -------------------------------------------------------------------------------


class _Network(_Recurrent):
    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)
        name = type(self).__name__
        if num_layers < 1:
            raise ValueError(f"{name}: num_layers must be at least 1, not {num_layers}")
        self.num_layers, self.batch_first = num_layers, batch_first
        self.dropout, self.bidirectional = dropout, bidirectional
        self._forget = Dropout(dropout, rng=self._rng)
        self._directions = ("", "_reverse") if bidirectional else ("",)
        width = input_size
        for layer in range(num_layers):
            for direction in self._directions:
                self._make(f"_l{layer}{direction}", width)
            width = hidden_size * len(self._directions)

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> tuple[Any, Any]:
        self._check(x, (2, 3))
        batched = x.ndim == 3
        if not batched:
            x, hx = x[:, None], _with_batch(hx)
        elif self.batch_first:
            x = np.swapaxes(x, 0, 1)
        steps, n, _ = x.shape  # (T, N, input_size)
        if steps == 0:
            raise ValueError(f"{type(self).__name__}: the input has no steps (T = 0)")
        running = None if lengths is None else self._running(lengths, steps, n)
        if running is not None:
            x = np.where(running, x, 0)  # so that padding may hold anything, even nan

        count = self.num_layers * len(self._directions)
        dtype = np.result_type(x.dtype, self.weight_ih_l0.dtype)  # type: ignore[attr-defined]
        initial = self._start(hx, (count, n, self.hidden_size), dtype)
        finals: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.training:
                x = self._forget(x)
            outputs = []
            for direction in self._directions:
                start = tuple(s[len(finals)] for s in initial)
                y, final = self._run(x, start, f"_l{layer}{direction}", running)
                outputs.append(y)
                finals.append(final)
            x = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=-1)

        last = tuple(np.stack(parts) for parts in zip(*finals, strict=True))
        if not batched:
            return x[:, 0], self._packed(tuple(s[:, 0] for s in last))
        return np.swapaxes(x, 0, 1) if self.batch_first else x, self._packed(last)

    def _run(self, x: Any, state: State, suffix: str, running: Any) -> tuple[Any, State]:
        """(outputs: (T, N, H), final state) of one layer in one direction."""
        w_ih, w_hh, b_ih, b_hh = self._weights(suffix)
        gx, w = self._project(x, w_ih, b_ih, b_hh), w_hh.T  # (T, N, gates·H), (H, gates·H)
        steps = range(len(x))
        backward = suffix.endswith("_reverse")
        outputs = []
        for t in reversed(steps) if backward else steps:
            new = self._step(gx[t], state, w, b_hh)
            if running is not None and not running[t].all():
                # Whoever is not running keeps its state: forward from its own last step on,
                # backward until its own last step.
                new = tuple(np.where(running[t], a, b) for a, b in zip(new, state, strict=True))
            state = new
            outputs.append(state[0])
        y = np.stack(outputs[::-1] if backward else outputs)
        return y if running is None else np.where(running, y, 0), state

    def _running(self, lengths: Any, steps: int, n: int) -> Any:
        """(T, N, 1): has sequence n a step t?"""
        lengths, name = np.asarray(lengths), type(self).__name__
        if lengths.dtype.kind not in "iu":
            raise TypeError(f"{name}: lengths has dtype {lengths.dtype}; give integers")
        if lengths.shape != (n,):
            raise ValueError(
                f"{name}: lengths has shape {lengths.shape}; give one per sequence, shape {(n,)}"
            )
        if n and not (lengths.min() >= 0 and lengths.max() <= steps):
            raise ValueError(
                f"{name}: lengths from {lengths.min()} to {lengths.max()}, but the input has "
                f"{steps} steps"
            )
        return (np.arange(steps)[:, None] < lengths)[..., None]

    def extra_repr(self) -> str:
        options = {
            "num_layers": (self.num_layers, 1), "bias": (self.bias, True),
            "batch_first": (self.batch_first, False), "dropout": (self.dropout, 0.0),
            "bidirectional": (self.bidirectional, False),
        }  # fmt: skip
        changed = (f", {k}={v}" for k, (v, default) in options.items() if v != default)
        return f"{self.input_size}, {self.hidden_size}" + "".join(changed)


class RNN(_ElmanStep, _Network):
    """Elman's network over a sequence (003 §11): :class:`RNNCell` at each step.

    x: (T, N, input_size), (N, T, input_size) with batch_first, or (T, input_size)
    h_0: (num_layers·D, N, hidden_size), zeros if None; D = 2 if bidirectional, else 1
    -> output: (T, N, D·hidden_size) of the last layer, h_n: like h_0
    lengths   (N,) integers, for sequences of unequal lengths: what comes after the end of one is
              not looked at, its output is 0 there, its final state is that of its own last step
              (the initial one for length 0), and the backward direction starts at its own end.
              The same as PyTorch's packed sequences
    dropout   probability with which outputs of a layer are left out before the next one
    others    see :class:`RNNCell`; weights are ``weight_ih_l0``, ``weight_hh_l0_reverse``, ...
    Raises ValueError for wrong shapes, lengths out of [0, T] and T = 0, TypeError for integers.
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, *, recurrent_init: str = "uniform", dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self._choose(nonlinearity, recurrent_init)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            dtype=dtype, rng=rng,
        )  # fmt: skip


class LSTM(_LSTMStep, _Network):
    """A long short-term memory over a sequence (003 §12): :class:`LSTMCell` at each step.

    Shapes, options and errors are those of :class:`RNN`, but the state is a pair:
    x, (h_0, c_0) -> output, (h_n, c_n)
    """


class GRU(_GRUStep, _Network):
    """A gated recurrent unit over a sequence (Cho et al. 2014): :class:`GRUCell` at each step.

    Shapes, options and errors are those of :class:`RNN`.
    """


def _with_batch(hx: Any) -> Any:
    """States (layers, H) as (layers, 1, H)."""
    if hx is None:
        return None
    if isinstance(hx, (tuple, list)):
        return tuple(_with_batch(h) for h in hx)
    return hx[:, None] if np.ndim(hx) == 2 else hx
