"""One step of an LSTM: 50 time steps, batch 32, 64 inputs, 64 hidden; float32.

The loss is the mean square of all outputs.  All go through the time steps in a Python loop with
explicit gates; torch.nn.LSTM and lax.scan, which bring their own loops, are shown beside it.  What
the inputs add to the gates comes from one product for all time steps (ours, torch) or from one in
each (HIPS autograd, jax): everybody gets what is faster there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import nn

from .contenders import COMPILED, GRADIENT, HIPS, JIT, TORCH, Contender, of_network
from .timing import Bound, Case

__all__ = ["cases"]

T, BATCH, HIDDEN = 50, 32, 64
TORCH_LSTM, SCAN = "torch.nn.LSTM", "jax jit, lax.scan"


def cases() -> list[Case]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((T, BATCH, HIDDEN), dtype=np.float32)
    model = nn.LSTM(HIDDEN, HIDDEN, rng=rng)
    peers = {TORCH: torch, TORCH_LSTM: torch_lstm, HIPS: hips, JIT: jax, SCAN: jax_scan}
    return [
        Case(
            "LSTM step",
            of_network(lambda x: np.mean(model(x)[0] ** 2), model.parameters(), x)
            | {name: partial(make, x, model) for name, make in peers.items()},
            bounds=[
                Bound(GRADIENT, TORCH, 1.4),
                Bound(GRADIENT, HIPS, 0.6),
                Bound(COMPILED, TORCH, 1.0),
                Bound(COMPILED, JIT, 0.3),
            ],
            rounds=20,
            rtol=1e-4,
            note="50 time steps, batch 32, 64 inputs, 64 hidden, float32, mean square of the "
            "outputs; torch eager and jax jit: a Python loop over the time steps with explicit "
            "gates; gradients agree to 1e-4 of the largest element, float32 rounding through 50 "
            "time steps",
        )
    ]


def torch(x: Any, model: nn.LSTM) -> Contender:
    import torch

    w_ih, w_hh, b_ih, b_hh = params = [
        torch.tensor(p.value, requires_grad=True) for p in model.parameters()
    ]
    inputs = torch.tensor(x)

    def step() -> Any:
        gates = torch.nn.functional.linear(inputs, w_ih, b_ih + b_hh)  # (T, B, 4·H)
        h = c = torch.zeros(BATCH, HIDDEN)
        outputs = []
        for gx in gates.unbind():
            i, f, g, o = torch.addmm(gx, h, w_hh.T).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return torch.autograd.grad((torch.stack(outputs) ** 2).mean(), params)

    return step


def torch_lstm(x: Any, model: nn.LSTM) -> Contender:
    import torch

    lstm = torch.nn.LSTM(HIDDEN, HIDDEN)
    lstm.load_state_dict({n: torch.tensor(p.value) for n, p in model.named_parameters()})
    inputs, params = torch.tensor(x), list(lstm.parameters())
    return lambda: torch.autograd.grad((lstm(inputs)[0] ** 2).mean(), params)


def loss_of(np: Any, sigmoid: Any, x: Any, params: Any) -> Any:
    """The same for HIPS autograd and jax."""
    w_ih, w_hh, b_ih, b_hh = params
    b = b_ih + b_hh
    h = c = np.zeros((BATCH, HIDDEN), np.float32)
    outputs = []
    for t in range(T):
        i, f, g, o = np.split(x[t] @ w_ih.T + b + h @ w_hh.T, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.mean(np.stack(outputs) ** 2)


def hips(x: Any, model: nn.LSTM) -> Contender:
    import autograd
    import autograd.numpy as anp
    from autograd.scipy.special import expit

    gradient = autograd.grad(lambda params: loss_of(anp, expit, x, params))
    params = [p.value for p in model.parameters()]
    return lambda: gradient(params)


def jax(x: Any, model: nn.LSTM) -> Contender:
    import jax

    jnp: Any = jax.numpy
    params, inputs = [jnp.asarray(p.value) for p in model.parameters()], jnp.asarray(x)
    loss = partial(loss_of, jnp, jax.nn.sigmoid)
    gradient = jax.jit(jax.value_and_grad(loss, 1))
    return lambda: jax.block_until_ready(gradient(inputs, params))[1]


def jax_scan(x: Any, model: nn.LSTM) -> Contender:
    import jax

    jnp: Any = jax.numpy
    params, inputs = [jnp.asarray(p.value) for p in model.parameters()], jnp.asarray(x)
    sigmoid = jax.nn.sigmoid

    def loss(x: Any, params: Any) -> Any:
        w_ih, w_hh, b_ih, b_hh = params

        def cell(state: Any, gx: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(gx + h @ w_hh.T, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
            h = sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((BATCH, HIDDEN), jnp.float32)
        return jnp.mean(jax.lax.scan(cell, (zeros, zeros), x @ w_ih.T + (b_ih + b_hh))[1] ** 2)

    gradient = jax.jit(jax.value_and_grad(loss, 1))
    return lambda: jax.block_until_ready(gradient(inputs, params))[1]
