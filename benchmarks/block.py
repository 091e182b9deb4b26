"""One step of a transformer block: batch 8, 64 tokens, width 128, 4 heads, feed-forward 512, relu.

float32, no dropout, each LayerNorm after its sum; the loss is the mean square of the output.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import nn

from .contenders import COMPILED, GRADIENT, HIPS, JIT, TORCH, Contender, of_network
from .timing import Bound, Case

__all__ = ["cases"]

BATCH, T, WIDTH, HEADS, FORWARD = 8, 64, 128, 4, 512


def cases() -> list[Case]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, T, WIDTH), dtype=np.float32)
    model = nn.TransformerEncoderLayer(
        WIDTH, HEADS, FORWARD, 0.0, activation="relu", batch_first=True, rng=rng
    )
    for p in model.parameters():  # else the loss is all but constant: its input is normalised
        if p.ndim == 1:
            p.value = p.value + rng.normal(0, 0.1, p.shape).astype(np.float32)
    peers = {TORCH: torch, HIPS: hips, JIT: jax}
    return [
        Case(
            "transformer block step",
            of_network(lambda x: np.mean(model(x) ** 2), model.parameters(), x)
            | {name: partial(make, x, model) for name, make in peers.items()},
            bounds=[
                Bound(GRADIENT, TORCH, 2.2),
                Bound(GRADIENT, HIPS, 0.6),
                Bound(COMPILED, TORCH, 1.5),
            ],
            rounds=20,
            rtol=1e-4,
            note="batch 8, 64 tokens, width 128, 4 heads, feed-forward 512, relu, float32, mean "
            "square of the output; torch eager is torch.nn.TransformerEncoderLayer; gradients "
            "agree to 1e-4 of the largest element, float32 rounding in sums over 512 tokens",
        )
    ]


def torch(x: Any, model: nn.TransformerEncoderLayer) -> Contender:
    import torch

    layer = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, FORWARD, 0.0, batch_first=True)
    layer.load_state_dict({n: torch.tensor(p.value) for n, p in model.named_parameters()})
    named = dict(layer.named_parameters())
    params = [named[n] for n, _ in model.named_parameters()]
    inputs = torch.tensor(x)
    return lambda: torch.autograd.grad((layer(inputs) ** 2).mean(), params)


def loss_of(np: Any, x: Any, p: dict[str, Any], constant: Any = lambda z: z) -> Any:
    """The same for HIPS autograd and jax; linear layers take all tokens as rows of one matrix."""

    def linear(x: Any, name: str) -> Any:
        return x @ p[f"{name}weight"].T + p[f"{name}bias"]

    def layer_norm(x: Any, name: str) -> Any:
        d = x - np.mean(x, axis=-1, keepdims=True)
        scale = 1 / np.sqrt(np.mean(d * d, axis=-1, keepdims=True) + 1e-5)
        return d * scale * p[f"{name}.weight"] + p[f"{name}.bias"]

    def heads(x: Any) -> Any:
        return np.swapaxes(x.reshape(BATCH, T, HEADS, WIDTH // HEADS), 1, 2)  # (B, H, T, E)

    x = x.reshape(BATCH * T, WIDTH)
    q, k, v = map(heads, np.split(linear(x, "self_attn.in_proj_"), 3, axis=-1))
    scores = (q * (WIDTH // HEADS) ** -0.5) @ np.swapaxes(k, -1, -2)  # (B, H, T, T)
    weights = np.exp(scores - constant(np.max(scores, axis=-1, keepdims=True)))
    weights = weights / np.sum(weights, axis=-1, keepdims=True)
    seen = np.swapaxes(weights @ v, 1, 2).reshape(BATCH * T, WIDTH)
    x = layer_norm(x + linear(seen, "self_attn.out_proj."), "norm1")
    x = layer_norm(x + linear(np.maximum(linear(x, "linear1."), 0), "linear2."), "norm2")
    return np.mean(x * x)


def hips(x: Any, model: nn.TransformerEncoderLayer) -> Contender:
    import autograd
    import autograd.numpy as anp
    from autograd.tracer import getval

    gradient = autograd.grad(lambda p: loss_of(anp, x, p, constant=getval))
    params = {n: p.value for n, p in model.named_parameters()}
    return lambda: list(gradient(params).values())


def jax(x: Any, model: nn.TransformerEncoderLayer) -> Contender:
    import jax

    jnp: Any = jax.numpy
    params = {n: jnp.asarray(p.value) for n, p in model.named_parameters()}
    loss = partial(loss_of, jnp, constant=jax.lax.stop_gradient)
    gradient = jax.jit(jax.value_and_grad(loss, 1))
    inputs, names = jnp.asarray(x), list(params)

    def step() -> Any:
        found = jax.block_until_ready(gradient(inputs, params))[1]
        return [found[n] for n in names]  # jax sorts the keys of dicts

    return step
