"""One step of an MLP, 64-128-128-10, batch 128, float32: cross-entropy from logits, gradients."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_tape import Variable
from nn.functional import cross_entropy

from .contenders import COMPILED, GRADIENT, HAND, HIPS, JIT, MYGRAD, TORCH, Contender, of_network
from .timing import Bound, Case

__all__ = ["cases"]

BATCH, SIZES = 128, (64, 128, 128, 10)

Params = list[Any]  # [w1, b1, w2, b2, w3, b3], weights of shape (inputs, outputs)


def cases() -> list[Case]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, SIZES[0]), dtype=np.float32)  # (128, 64)
    labels = rng.integers(0, SIZES[-1], BATCH)
    params: Params = []
    for fan_in, fan_out in pairwise(SIZES):
        params.append(
            rng.standard_normal((fan_in, fan_out), dtype=np.float32) / np.sqrt(np.float32(fan_in))
        )
        params.append(rng.standard_normal(fan_out, dtype=np.float32) * np.float32(0.1))
    w1, b1, w2, b2, w3, b3 = variables = [Variable(p) for p in params]

    def loss(x: Any, labels: Any) -> Variable:
        h = np.tanh(x @ w1 + b1)
        h = np.tanh(h @ w2 + b2)
        return cross_entropy(h @ w3 + b3, labels)

    peers = {TORCH: torch, HIPS: hips, MYGRAD: mygrad, JIT: jax, HAND: hand_written}
    return [
        Case(
            "MLP step, tanh",
            of_network(loss, variables, x, labels)
            | {name: partial(make, x, labels, params) for name, make in peers.items()},
            bounds=[
                Bound(GRADIENT, TORCH, 1.3),
                Bound(GRADIENT, HIPS, 0.5),
                Bound(COMPILED, TORCH, 0.8),
                Bound(COMPILED, JIT, 0.8),
            ],
            rounds=60,
            rtol=1e-4,
            note="batch 128, 64-128-128-10, float32, cross-entropy; gradients agree to 1e-4 of the "
            "largest element, float32 rounding in sums over 128",
        )
    ]


def loss_of(np: Any, x: Any, labels: Any, params: Params, constant: Any = lambda z: z) -> Any:
    """Mean cross-entropy: log sum exp(z) - z[label], z shifted by its largest entry."""
    w1, b1, w2, b2, w3, b3 = params
    h = np.tanh(x @ w1 + b1)  # (128, 128)
    h = np.tanh(h @ w2 + b2)  # (128, 128)
    z = h @ w3 + b3  # (128, 10)
    z = z - constant(np.max(z, axis=1, keepdims=True))
    picked = z[np.arange(BATCH), labels]  # (128,)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - picked)


def hips(x: Any, labels: Any, arrays: Params) -> Contender:
    import autograd
    import autograd.numpy as anp
    from autograd.tracer import getval

    gradient = autograd.grad(lambda params: loss_of(anp, x, labels, params, constant=getval))
    return lambda: gradient(arrays)


def jax(x: Any, labels: Any, arrays: Params) -> Contender:
    import jax

    jnp: Any = jax.numpy
    stop = jax.lax.stop_gradient
    args = [jnp.asarray(p) for p in arrays]
    inputs, targets = jnp.asarray(x), jnp.asarray(labels)

    def f(params: Params, x: Any, labels: Any) -> Any:
        return loss_of(jnp, x, labels, params, constant=stop)

    gradient = jax.jit(jax.value_and_grad(f))
    return lambda: jax.block_until_ready(gradient(args, inputs, targets))[1]


def torch(x: Any, labels: Any, arrays: Params) -> Contender:
    import torch

    w1, b1, w2, b2, w3, b3 = params = [torch.tensor(p, requires_grad=True) for p in arrays]
    inputs, targets = torch.tensor(x), torch.tensor(labels)

    def step() -> Any:
        h = torch.tanh(torch.addmm(b1, inputs, w1))
        h = torch.tanh(torch.addmm(b2, h, w2))
        z = torch.addmm(b3, h, w3)
        loss = torch.nn.functional.cross_entropy(z, targets)
        return torch.autograd.grad(loss, params)

    return step


def mygrad(x: Any, labels: Any, arrays: Params) -> Contender:
    import mygrad
    from mygrad.nnet.losses import softmax_crossentropy

    w1, b1, w2, b2, w3, b3 = params = [mygrad.tensor(p) for p in arrays]

    def step() -> Any:
        h = mygrad.tanh(mygrad.matmul(x, w1) + b1)
        h = mygrad.tanh(mygrad.matmul(h, w2) + b2)
        z = mygrad.matmul(h, w3) + b3
        softmax_crossentropy(z, labels).backward()
        return [p.grad for p in params]

    return step


def hand_written(x: Any, labels: Any, params: Params) -> Contender:
    """Forward and backward as one would write them for this network alone, in place."""
    w1, b1, w2, b2, w3, b3 = params
    rows = np.arange(BATCH)

    def tanh_pullback(ct: Any, y: Any) -> Any:
        t = y * y
        np.subtract(np.float32(1), t, out=t)
        t *= ct
        return t

    def step() -> Any:
        h1 = x @ w1
        h1 += b1
        np.tanh(h1, out=h1)
        h2 = h1 @ w2
        h2 += b2
        np.tanh(h2, out=h2)
        z = h2 @ w3
        z += b3
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1, keepdims=True)
        np.mean(np.log(total[:, 0]) - z[rows, labels])  # the loss itself is part of the work
        p /= total  # softmax; its cross-entropy pulls back to (p - one hot) / batch
        p[rows, labels] -= 1
        p /= np.float32(BATCH)
        w3_bar, b3_bar = h2.T @ p, p.sum(axis=0)
        t2 = tanh_pullback(p @ w3.T, h2)
        w2_bar, b2_bar = h1.T @ t2, t2.sum(axis=0)
        t1 = tanh_pullback(t2 @ w2.T, h1)
        w1_bar, b1_bar = x.T @ t1, t1.sum(axis=0)
        return w1_bar, b1_bar, w2_bar, b2_bar, w3_bar, b3_bar

    return step
