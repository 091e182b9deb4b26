# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The tape as a program
#
# A tape is a list of operations in order: a program without branches. `compile` records both sweeps
# of a function once; from then on its gradient is a plain NumPy function, which one can read, run,
# count and time.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np

import nn
from autograd_tape import compile, value_and_grad
from nn import functional as F

plt.style.use("pages.mplstyle")
rng = np.random.default_rng(0)

# %% [markdown]
# ## The backprop of 002, printed by the tape
#
# This is the two-layer network of 002, with its names and its cost.

# %%
m = 200
X = rng.standard_normal((2, m))
Y = (np.sum(X**2, axis=0, keepdims=True) < 1).astype(float)


def cost(W1, b1, W2, b2, X, Y):
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = F.sigmoid(Z2)
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    return J


params = [
    rng.standard_normal((4, 2)), np.zeros((4, 1)), rng.standard_normal((1, 4)), np.zeros((1, 1))
]  # fmt: skip
program = compile(cost, *params, X, Y, argnums=(0, 1, 2, 3))
program

# %% [markdown]
# Point at a line to see which line of `cost` it is due to. Compare with 002: `dA2` is its
# $-\frac{y}{a}+\frac{1-y}{1-a}$ (times $\frac 1m$), then come `dZ2`, `db2`, `dW2`, `dZ1`, `db1` and
# `dW1`. Nobody wrote these lines: each is what a rule of a primitive did.
#
# The text is a Python function. It needs NumPy and the data, and nothing of this package:

# %%
space = {}
exec(program.source, space)
J, *gradients = space["cost"](*params, X, Y)
wanted = value_and_grad(cost, (0, 1, 2, 3))(*params, X, Y)
print(wanted[0] == J, [np.array_equal(a, b) for a, b in zip(gradients, wanted[1], strict=True)])

# %% [markdown]
# ## Gradient descent with it
#
# A program takes other values of its arguments and returns `(value, gradients)`.

# %%
costs = []
for _ in range(3000):
    J, gradients = program(*params, X, Y)
    params = [p - 1.0 * g for p, g in zip(params, gradients, strict=True)]
    costs.append(J)

fig, ax = plt.subplots(figsize=(5, 2.5))
ax.plot(costs)
ax.set(xlabel="step", ylabel="J", ylim=(0, None))
plt.show()

# %% [markdown]
# ## What it costs, and how fast it is
#
# Operations, bytes that are read and written, and the arrays that are held: counted, not measured.

# %%
program.cost()

# %%


def microseconds(f, n=2000):
    best = min(_seconds(f) for _ in range(n))
    return f"{1e6 * best:.0f} µs"


def _seconds(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


both = value_and_grad(cost, (0, 1, 2, 3))
print("engine ", microseconds(lambda: both(*params, X, Y)))
print("program", microseconds(lambda: program(*params, X, Y)))

# %% [markdown]
# ## Branches
#
# Where Python looks at a value, the program remembers the answer. At another answer it is recorded
# anew, and keeps both.


# %%
def huber(x):
    return 0.5 * x**2 if abs(x) < 1 else abs(x) - 0.5


piecewise = compile(huber, 0.3)
print([piecewise(x) for x in (0.3, -2.0, 0.5, 5.0)])
print("recorded", piecewise.recordings, "times; guards at", piecewise.guards)

# %% [markdown]
# ## A network of `nn`
#
# `fit(compile=True)` runs forward, reverse sweep and update as programs. Dropout is drawn anew in
# each step, and the weights are the same to the last bit.

# %%
inputs = rng.standard_normal((2000, 20)).astype(np.float32)
labels = np.argmax(inputs[:, :5] + 0.3 * rng.standard_normal((2000, 5)), axis=1)


def train(compiled):
    model = nn.Sequential(
        nn.Linear(20, 64, rng=0), nn.ReLU(), nn.Dropout(0.2, rng=1), nn.Linear(64, 5, rng=2)
    )
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-3)
    start = time.perf_counter()
    nn.fit(
        model, (inputs, labels), F.cross_entropy, optimizer, epochs=20, progress=False,
        compile=compiled,
    )  # fmt: skip
    return time.perf_counter() - start, model.state_dict()


(plain_seconds, plain), (program_seconds, compiled) = train(False), train(True)
print(f"{plain_seconds:.2f} s without, {program_seconds:.2f} s with programs")
print("same weights:", all(np.array_equal(plain[name], compiled[name]) for name in plain))

# %% [markdown]
# More in [docs/programs.md](../docs/programs.md): what a program notices, its passes, its memory.
