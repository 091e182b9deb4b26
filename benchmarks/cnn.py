"""One step of a convolutional network on 32 images of 28 x 28; float32.

Twice: 3 x 3 convolution (to 16, then 32 channels; the size stays), relu, max pool of 2 x 2.  Then a
linear layer to 10 classes and their cross-entropy.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import nn
from nn.functional import cross_entropy

from .contenders import COMPILED, GRADIENT, HIPS, JIT, TORCH, Contender, of_network
from .timing import Bound, Case

__all__ = ["cases"]

BATCH, SIZE, CHANNELS, CLASSES = 32, 28, (16, 32), 10


def cases() -> list[Case]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, 1, SIZE, SIZE), dtype=np.float32)
    labels = rng.integers(0, CLASSES, BATCH)
    first, second = CHANNELS
    model = nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1, rng=rng), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1, rng=rng), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(second * (SIZE // 4) ** 2, CLASSES, rng=rng),
    )  # fmt: skip
    peers = {TORCH: torch, HIPS: hips, JIT: jax}
    return [
        Case(
            "CNN step",
            of_network(
                lambda x, labels: cross_entropy(model(x), labels), model.parameters(), x, labels
            )
            | {name: partial(make, x, labels, model) for name, make in peers.items()},
            bounds=[
                Bound(GRADIENT, TORCH, 3),
                Bound(GRADIENT, HIPS, 0.6),
                Bound(COMPILED, TORCH, 2),
            ],
            rounds=20,
            rtol=1e-4,
            note="32 images of 28 x 28, two 3 x 3 convolutions to 16 and 32 channels, each with "
            "relu and max pool, linear to 10 classes, cross-entropy, float32; HIPS autograd has no "
            "fast convolution and gets ours, one product of slices side by side; gradients agree "
            "to 1e-4 of the largest element, float32 rounding in sums over 25,088 places",
        )
    ]


def torch(x: Any, labels: Any, model: nn.Sequential) -> Contender:
    import torch
    from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

    first, second = CHANNELS
    same = Sequential(
        Conv2d(1, first, 3, padding=1), ReLU(), MaxPool2d(2),
        Conv2d(first, second, 3, padding=1), ReLU(), MaxPool2d(2),
        Flatten(), Linear(second * (SIZE // 4) ** 2, CLASSES),
    )  # fmt: skip
    same.load_state_dict({n: torch.tensor(p.value) for n, p in model.named_parameters()})
    inputs, targets, params = torch.tensor(x), torch.tensor(labels), list(same.parameters())
    loss = torch.nn.functional.cross_entropy
    return lambda: torch.autograd.grad(loss(same(inputs), targets), params)


def picked(np: Any, z: Any, labels: Any, constant: Any) -> Any:
    """Mean cross-entropy of logits."""
    z = z - constant(np.max(z, axis=1, keepdims=True))
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(BATCH), labels])


def hips(x: Any, labels: Any, model: nn.Sequential) -> Contender:
    import autograd
    import autograd.numpy as anp
    from autograd.tracer import getval

    def layer(x: Any, w: Any, b: Any) -> Any:
        """Convolution, relu and max pool; x: (C, N, H, W) -> (O, N, H/2, W/2)."""
        c, n, h, _ = x.shape
        x = anp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), "constant")
        seen = [x[:, :, i : i + h, j : j + h] for i in range(3) for j in range(3)]
        columns = anp.stack(seen, axis=1).reshape(9 * c, n * h * h)
        y = anp.maximum(w.reshape(len(w), 9 * c) @ columns + b[:, None], 0)
        return anp.max(y.reshape(len(w), n, h // 2, 2, h // 2, 2), axis=(3, 5))

    def loss(params: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        y = layer(layer(x.swapaxes(0, 1), w1, b1), w2, b2)
        z = anp.swapaxes(y, 0, 1).reshape(BATCH, -1) @ w3.T + b3
        return picked(anp, z, labels, getval)

    gradient = autograd.grad(loss)
    params = [p.value for p in model.parameters()]
    return lambda: gradient(params)


def jax(x: Any, labels: Any, model: nn.Sequential) -> Contender:
    import jax

    jnp: Any = jax.numpy
    lax: Any = jax.lax

    def layer(x: Any, w: Any, b: Any) -> Any:
        y = jax.nn.relu(lax.conv(x, w, (1, 1), "SAME") + b[:, None, None])
        return lax.reduce_window(y, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(params: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        z = layer(layer(x, w1, b1), w2, b2).reshape(BATCH, -1) @ w3.T + b3
        return picked(jnp, z, labels, lax.stop_gradient)

    gradient = jax.jit(jax.value_and_grad(loss))
    params = [jnp.asarray(p.value) for p in model.parameters()]
    inputs, targets = jnp.asarray(x), jnp.asarray(labels)
    return lambda: jax.block_until_ready(gradient(params, inputs, targets))[1]
