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
# # From perceptron to MLP
#
# Two half moons, and no straight line between them. What can one unit do, what can eight, and what
# exactly does a hidden unit contribute? (003 §2 and §3; Rosenblatt 1958; Rumelhart et al. 1986.)

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from autograd_tape import Tape, plots
from nn import MLP, Identity, Linear, Sequential, Tanh, optim
from nn import functional as F

plt.style.use("pages.mplstyle")

X, y = make_moons(300, noise=0.15, random_state=0)
X, y = X.astype(np.float32), y.astype(np.float32)[:, None]


def right(model):
    """The share of the points that are on the right side."""
    return float(np.mean((model(X).value > 0) == (y == 1)))


def draw(ax, model, title):
    """The points over the side that the model takes each place for."""
    plots.decision_boundary(lambda points: F.sigmoid(model(points)), X, y[:, 0], ax)
    ax.get_legend().remove()
    ax.set(title=title, xticks=[], yticks=[], xlabel="", ylabel="", autoscale_on=False)
    ax.grid(visible=False)


# %% [markdown]
# ## One unit
#
# A unit says yes where $w^\top x + b > 0$: one side of a line. Rosenblatt's perceptron learns by
# the scalar $\max(0, -d\,(w^\top x + b))$, $d = \pm 1$, whose adjoint is $-d\,x$ on mistakes and 0
# elsewhere; logistic regression by the cross-entropy of $\sigma(w^\top x + b)$, whose adjoint is
# $(\hat y - y)\,x$. One training loop does for all models of this page.


# %%
def train(model, loss, steps, lr):
    """Adam on all points at once."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        with Tape() as tape:
            value = loss(model(X))
        optimizer.step(tape.gradient(value, model.parameters()))


def cross_entropy(z):
    return F.binary_cross_entropy_with_logits(z, y)


perceptron, logistic = Linear(2, 1, rng=0), Linear(2, 1, rng=0)
train(perceptron, lambda v: F.perceptron_loss(v, 2 * y - 1), 500, 0.05)
train(logistic, cross_entropy, 500, 0.05)
print(f"perceptron {right(perceptron):.1%}, logistic unit {right(logistic):.1%}")

# %% [markdown]
# ## More layers, no activation: still a line
#
# Affine maps of affine maps are affine (002). Three layers and 337 weights later the boundary is
# as straight as before, and one can multiply the layers into one:
#
# $$W_3(W_2(W_1 x + b_1) + b_2) + b_3 = (W_3W_2W_1)\,x + (\ldots).$$

# %%
linear = MLP([2, 16, 16, 1], Identity, rng=0)
train(linear, cross_entropy, 500, 0.01)
W1, W2, W3 = (linear[i].weight.value for i in (0, 2, 4))
zero = linear(np.zeros((1, 2), np.float32)).value
print(f"{sum(p.size for p in linear.parameters())} weights, {right(linear):.1%} right")
print("equal to one layer:", np.allclose(linear(X).value, X @ (W3 @ W2 @ W1).T + zero, atol=1e-4))

# %% [markdown]
# ## The same, with something crooked between

# %%
mlp = MLP([2, 16, 16, 1], Tanh, rng=0)
train(mlp, cross_entropy, 500, 0.01)
print(f"{right(mlp):.1%} right")

fig, axes = plt.subplots(2, 2, figsize=(8, 5.6))
draw(axes[0, 0], perceptron, f"perceptron: {right(perceptron):.1%}")
draw(axes[0, 1], logistic, f"logistic unit: {right(logistic):.1%}")
draw(axes[1, 0], linear, f"three layers, no activation: {right(linear):.1%}")
draw(axes[1, 1], mlp, f"three layers, tanh: {right(mlp):.1%}")
plt.show()

# %% [markdown]
# ## What a hidden unit does
#
# With ReLU one can see it. A unit is silent on one side of the line $w_j^\top x + b_j = 0$ and
# grows linearly on the other: it *folds* the plane along that line. So between the folds the
# network is affine, and its boundary is made of straight pieces. Below, the dashed lines are the
# folds of eight units, read from the first layer's weights. The boundary bends where it crosses
# one, and nowhere else.

# %%
folded = MLP([2, 8, 1], rng=5)
train(folded, cross_entropy, 2000, 0.02)
fig, ax = plt.subplots(figsize=(6, 4.2))
draw(ax, folded, f"eight ReLUs, eight folds: {right(folded):.1%}")
for (w1, w2), b in zip(folded[0].weight.value, folded[0].bias.value, strict=True):
    point, along = -b * np.array([w1, w2]) / (w1**2 + w2**2), np.array([-w2, w1])
    ax.axline(point, point + along, color="black", ls="--", lw=0.8)
plt.show()

# %% [markdown]
# ## How many units does it take?
#
# Four folds can follow the S of these moons. Whether four units *find* it depends on where they
# start. Below are eight random starts of each width.

# %%
sizes = [1, 2, 3, 4, 6, 8, 16]
table = np.array([[0.0] * 8] * len(sizes))
for i, n in enumerate(sizes):
    for seed in range(8):
        net = MLP([2, n, 1], rng=seed)
        train(net, cross_entropy, 400, 0.05)
        table[i, seed] = right(net)

fig, ax = plt.subplots(figsize=(5.6, 3))
ax.plot(sizes, np.median(table, axis=1), "o-", label="median of eight starts")
ax.plot(np.repeat(sizes, 8), table.ravel(), "_", color="C1", ms=9, label="each start")
ax.set_xscale("log")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.set(xlabel="hidden units", ylabel="points on the right side", title="Width and luck")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
# With four units one start in eight arrives; with sixteen nearly all do. That is the other gift of
# width: a wide layer is not needed to *represent* the answer, but it makes it likely that a good
# part of it is there at the start (the "lottery ticket" of Frankle and Carbin, 2019).
#
# ## Watching it learn
#
# The boundary is a line at first, whatever the network, because small weights keep tanh straight.
# The bends come later, one by one.

# %%
net = Sequential(Linear(2, 16, rng=5), Tanh(), Linear(16, 1, rng=6))
fig, axes = plt.subplots(1, 4, figsize=(10, 2.6))
done = 0
for ax, step in zip(axes, (5, 60, 150, 1500), strict=True):
    train(net, cross_entropy, step - done, 0.02)
    done = step
    draw(ax, net, f"step {step}: {right(net):.1%}")
plt.show()
