"""Recurrent networks: one cell at each step (003 §11, §12).  Next to read: :mod:`nn.seq2seq`."""

from typing import Any

import numpy as np

from autograd_tape.scope import finish, now

from . import functional as F
from .check import asarray, expect, require
from .module import Module, drawn
from .normalization import Dropout

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]


class _Cell(Module):
    gates, states = 1, ["h"]
    adds = True  # are gx and gh only added to each other?
    _kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    _step: Any  # a family's equations: W_ih·x + b_ih, W_hh·h + b_hh, *state -> the state after

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: Any = np.float32,
        rng: Any = None,
    ) -> None:  # fmt: skip
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.rng = np.random.default_rng(rng)
        rows = self.gates * hidden_size
        b = (rows,) if bias else None
        for suffix, width in getattr(self, "_cells", {"": input_size}).items():  # networks: many
            params = drawn(hidden_size, dtype, self.rng, (rows, width), (rows, hidden_size), b, b)
            for kind, p in zip(self._kinds, params, strict=True):
                setattr(self, kind + suffix, p)

    def forward(self, x: Any, hx: Any = None) -> Any:
        expect(f"{type(self).__name__}: the input", x, ("N", self.input_size), (self.input_size,))
        state = self._run(x, self._start(hx, (*x.shape[:-1], self.hidden_size), x.dtype))[1]
        return state if len(state) > 1 else state[0]

    def _start(self, hx: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        n, name = len(self.states), type(self).__name__
        state = [np.zeros(shape, dtype)] * n if hx is None else [hx] if n == 1 else hx
        pair = isinstance(state, (list, tuple)) and len(state) == n
        require(pair, f"{name}: the state is a pair (h, c), not {type(hx).__name__}")
        for letter, s in zip(self.states, state, strict=True):
            expect(f"{name}: {letter}_0", s, shape)
        return state

    def _run(self, x: Any, state: Any, suffix: str = "", running: Any = None) -> tuple[Any, Any]:
        """(h of each step, the last state) of one cell; x: (T, ..., width), without T if alone."""
        w_ih, w_hh, b_ih, b_hh = (getattr(self, kind + suffix) for kind in self._kinds)
        if self.adds and self.bias:
            b_ih, b_hh = b_ih + b_hh, None  # once for all steps
        gx, w, hs = F.linear(x, w_ih, b_ih), w_hh.T, {}
        gx = gx if suffix else [gx]
        for t in range(len(gx))[:: -1 if suffix.endswith("_reverse") else 1]:
            start, gh = now(), state[0] @ w
            new = self._step(gx[t], gh if b_hh is None else gh + b_hh, *state)
            if running is not None and not running[t].all():
                # Who is not running keeps its state: after its last step, or backward before it.
                new = [np.where(running[t], a, b) for a, b in zip(new, state, strict=True)]
            state, hs[t] = new, new[0]
            finish(start, f"step {t}")  # for diagrams
        return [hs[t] for t in range(len(gx))], state


class RNNCell(_Cell):
    """One step of Elman's network (003 §11): h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh).

    x: (N, input_size) or (input_size,), h: the same with hidden_size, zeros if None -> h'
    weight_ih: (hidden_size, input_size), weight_hh: (hidden_size, hidden_size), two biases
    nonlinearity: "tanh" or "relu", which from W_hh = I on keeps the state (Le et al. 2015)
    Raises ValueError for wrong shapes, TypeError for integers.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, **kwargs)
        require(nonlinearity in ("tanh", "relu"), "RNN: nonlinearity is 'tanh' or 'relu'")
        self.nonlinearity = nonlinearity

    def _step(self, gx: Any, gh: Any, h: Any) -> Any:
        return (np.tanh(gx + gh) if self.nonlinearity == "tanh" else F.relu(gx + gh),)


class LSTMCell(_Cell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997; 003 §12).

    As :class:`RNNCell`, with states (h, c) and rows of weights for i, f, g, o.  ∂c'/∂c = σ(f).
    """

    gates, states = 4, ["h", "c"]

    def _step(self, gx: Any, gh: Any, h: Any, c: Any) -> Any:
        z, n = gx + gh, self.hidden_size
        i, f, g, o = z[..., :n], z[..., n : 2 * n], z[..., 2 * n : 3 * n], z[..., 3 * n :]
        # c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g);  h' = σ(o) ⊙ tanh(c')
        c = F.sigmoid(f) * c + F.sigmoid(i) * np.tanh(g)
        return F.sigmoid(o) * np.tanh(c), c


class GRUCell(_Cell):
    """One step of a gated recurrent unit (Cho et al. 2014): :class:`RNNCell`, rows for r, z, n."""

    gates, adds = 3, False

    def _step(self, gx: Any, gh: Any, h: Any) -> Any:
        n = self.hidden_size
        # r, z = σ(W_i·x + b_i + W_h·h + b_h)
        rz = F.sigmoid(gx[..., : 2 * n] + gh[..., : 2 * n])
        r, z = rz[..., :n], rz[..., n:]
        # n = tanh(W_in·x + b_in + r ⊙ (W_hn·h + b_hn));  h' = (1 - z) ⊙ n + z ⊙ h
        new = np.tanh(gx[..., 2 * n :] + r * gh[..., 2 * n :])
        return (new + z * (h - new),)


class _Network(_Cell):
    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, *, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        require(num_layers >= 1, f"{type(self).__name__}: num_layers={num_layers} is below 1")
        self.num_layers, self.bidirectional = num_layers, bidirectional
        self.batch_first, self.dropout = batch_first, Dropout(dropout).p  # which checks it
        self._ways = ("", "_reverse") if bidirectional else ("",)
        widths = [input_size] + [hidden_size * len(self._ways)] * (num_layers - 1)
        self._cells = {f"_l{k}{way}": width for k, width in enumerate(widths) for way in self._ways}
        super().__init__(input_size, hidden_size, bias, **kwargs)

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> tuple[Any, Any]:
        name, axes = type(self).__name__, ("N", "T") if self.batch_first else ("T", "N")
        expect(f"{name}: the input", x, (*axes, self.input_size), ("T", self.input_size))
        swap = self.batch_first and x.ndim == 3
        x = np.swapaxes(x, 0, 1) if swap else x
        steps, batch = x.shape[0], x.shape[1:-1]
        require(steps, f"{name}: the input has no steps (T = 0)")
        running = None
        if lengths is not None:
            lengths = asarray(lengths)
            good = lengths.shape == batch and np.isin(lengths, np.arange(steps + 1)).all()
            given = f"{name}: lengths ({lengths.dtype}, shape {lengths.shape}) must be"
            require(good and lengths.dtype.kind in "iu",
                    f"{given} integers from 0 to the {steps} steps, shape {batch}")  # fmt: skip
            running = np.less.outer(np.arange(steps), lengths)[..., None]  # (T, N, 1)
            x = np.where(running, x, 0)  # so that padding may hold anything, even nan
        initial = self._start(hx, (len(self._cells), *batch, self.hidden_size), x.dtype)
        finals: list[Any] = []
        for k in range(self.num_layers):
            if k and self.training:
                x = Dropout(self.dropout, rng=self.rng)(x)
            outputs = []
            for way in self._ways:
                hs, final = self._run(x, [s[len(finals)] for s in initial], f"_l{k}{way}", running)
                outputs.append(np.stack(hs))
                finals.append(final)
            x = np.concatenate(outputs, axis=-1) if self.bidirectional else outputs[0]
        x = x if running is None else np.where(running, x, 0)
        last = tuple(np.stack(parts) for parts in zip(*finals, strict=True))
        return np.swapaxes(x, 0, 1) if swap else x, last if len(last) > 1 else last[0]


class RNN(_Network, RNNCell):
    """Elman's network over a sequence (003 §11): :class:`RNNCell` at each step.

    x: (T, N, input_size), (N, T, input_size) with batch_first, or (T, input_size)
    h_0: (num_layers·D, N, hidden_size), zeros if None; D = 2 if bidirectional, else 1
    -> output: (T, N, D·hidden_size) of the last layer, h_n: like h_0
    lengths   (N,) integers, as PyTorch's packed sequences: behind its end a sequence is not looked
              at and its output is 0; h_n is of its own last step, from where it is read backward
    dropout   probability with which outputs of a layer are left out before the next one
    others    see :class:`RNNCell`; weights are ``weight_ih_l0``, ``weight_hh_l0_reverse``, ...
    Raises ValueError for wrong shapes, lengths out of [0, T] and T = 0, TypeError for integers.
    """


class LSTM(_Network, LSTMCell):
    """As :class:`RNN`, of :class:`LSTMCell` (003 §12): x, (h_0, c_0) -> output, (h_n, c_n)."""


class GRU(_Network, GRUCell):
    """As :class:`RNN`, of :class:`GRUCell`."""
