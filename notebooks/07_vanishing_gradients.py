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
# # Vanishing and exploding gradients
#
# A recurrent network uses the same weights at every step (003 §11). Going back through a hundred
# steps, the sweep multiplies by the same matrix a hundred times, and powers either die or run away
# (Hochreiter 1991; Bengio, Simard and Frasconi 1994). Here the adjoint of every state stands on the
# tape, so we can watch.

# %%
import matplotlib.pyplot as plt
import numpy as np

import nn
from autograd_tape import Tape, Variable
from nn import functional as F

plt.style.use("pages.mplstyle")

# %% [markdown]
# ## One unit, three steps
#
# $h_t = \tanh(w\,h_{t-1} + x_t)$. Each step back multiplies the adjoint by $w\,(1 - h_t^2)$. In the
# diagram, follow the adjoints of the three tanh from the bottom up, as they get smaller and paler;
# and see that $w$, used three times, collects three contributions.

# %%
w, h = Variable(0.7, name="w"), Variable(0.1, name="h0")
for t, x in enumerate([0.5, -0.3, 0.8], start=1):
    h = np.tanh(w * h + x)
    h.name = f"h{t}"
h.backward()
h.diagram(edges="arithmetic")

# %% [markdown]
# ## Sixteen units, sixty steps
#
# $$h_t = \tanh(W h_{t-1} + x_t), \qquad
# \frac{\partial h_T}{\partial h_t} = \prod_{k=t+1}^{T} \operatorname{diag}(1 - h_k^2)\, W.$$
#
# What matters is the *spectral radius* of $W$, the modulus $\rho$ of its largest eigenvalue. We
# take the same random $W$ at three sizes, and an orthogonal one, all of whose eigenvalues have
# modulus 1.

# %%
T, N = 60, 16
rng = np.random.default_rng(0)
W = rng.standard_normal((N, N))
W /= np.abs(np.linalg.eigvals(W)).max()
Q = np.linalg.qr(rng.standard_normal((N, N)))[0]
xs, direction = 0.1 * rng.standard_normal((T, N)), rng.standard_normal(N)


def norms(states, target):
    """The norm of the adjoint of each state."""
    target.backward()
    return [np.linalg.norm(s.adjoint) for s in states]


def unrolled(W, phi):
    states = [Variable(np.zeros(N), name="h0")]
    for x in xs:
        states.append(phi(W @ states[-1] + x))
    return norms(states, states[-1] @ direction)


fig, ax = plt.subplots(figsize=(7, 3.8))
for name, matrix, phi, style in [
    ("tanh, ρ = 0.7", 0.7 * W, np.tanh, "-"),
    ("tanh, ρ = 1", W, np.tanh, "--"),
    ("tanh, orthogonal", Q, np.tanh, ":"),
    ("tanh, ρ = 1.5", 1.5 * W, np.tanh, "-."),
    ("ReLU, ρ = 1.5", 1.5 * W, F.relu, "-"),
]:
    ax.semilogy(unrolled(matrix, phi), style, label=name)
ax.set(xlabel="step t", ylabel="‖adjoint of $h_t$‖", title="Sixty steps back, from right to left")
ax.legend(fontsize=9)
plt.show()

# %% [markdown]
# On a logarithmic scale powers are straight lines. With $\rho = 1.5$ the powers of $W$ grow; but
# with tanh the states grow with them, tanh saturates, and its slopes $1 - h^2$ pull the other way.
# ReLU has no such brake. So the size of the weights alone does not tell which of the two happens.
#
# ## What the weights learn from
#
# A vanished adjoint does not make $W$'s gradient zero, and that is worse: it is made of the last
# steps alone. Give each step a Variable of its own with the same values, and the sum over them is
# the gradient of the shared $W$ (003 §11), by the tape's own addition.

# %%
copies = [Variable(0.7 * W, name=f"W{t}") for t in range(T)]
h = np.zeros(N)
for copy, x in zip(copies, xs, strict=True):
    h = np.tanh(copy @ h + x)
(h @ direction).backward()
shares = np.array([np.linalg.norm(copy.adjoint) for copy in copies])

shared = Variable(0.7 * W, name="W")
h = np.zeros(N)
for x in xs:
    h = np.tanh(shared @ h + x)
(h @ direction).backward()
total = np.sum([copy.adjoint for copy in copies], axis=0)
print("the shares add up:", np.allclose(total, shared.adjoint))
print(f"the last ten of sixty steps are {shares[-10:].sum() / shares.sum():.1%} of it")

# %% [markdown]
# ## The LSTM's way out
#
# A long short-term memory (Hochreiter and Schmidhuber 1997; 003 §12) adds to its cell in place of
# multiplying it:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t, \qquad h_t = o_t \odot \tanh(c_t), \qquad
# \frac{\partial c_t}{\partial c_{t-1}} = f_t \ \text{ along the cell.}$$
#
# The forget gate $f_t = \sigma(\ldots)$ is the factor. Untrained it is about $\tfrac12$, and
# $2^{-60}$ is no better than before: **an LSTM does not solve the problem by itself**. Its bias
# does. At $b_f = 4$ the gate is 0.98, at 0 it is one half (Gers et al. 2000; Jozefowicz et al.
# 2015).
#
# This is the sweep through an LSTM: the inputs of all sixty steps meet $W_{ih}$ at once, and the
# steps, which are alike, are one node, ×60. (`depth=2` opens it.)

# %%
lstm = nn.LSTM(N, N, rng=0)
_, (h, _) = lstm(xs[:, None].astype(np.float32))
np.sum(h).explore(depth=1)

# %%
inputs = Variable(xs[:, None], dtype=np.float64).value


def lstm_norms(bias):
    cell = nn.LSTMCell(N, N, dtype=np.float64, rng=0)
    cell.bias_ih.value = np.where(np.arange(4 * N) // N == 1, bias, 0.0)  # gates i, f, g, o
    cell.bias_hh.value = np.zeros(4 * N)
    h, c = Variable(np.zeros((1, N))), Variable(np.zeros((1, N)))
    cells = [c]
    for x in inputs:
        h, c = cell(x, (h, c))
        cells.append(c)
    return norms(cells, np.sum(h @ direction))


fig, ax = plt.subplots(figsize=(7, 3.6))
for bias, style in ((0.0, "-"), (1.0, "--"), (2.0, "-."), (4.0, "-")):
    gate = 1 / (1 + np.exp(-bias))
    ax.semilogy(lstm_norms(bias), style, label=f"$b_f$ = {bias:g}, gate ≈ {gate:.2f}")
ax.set(xlabel="step t", ylabel="‖adjoint of $c_t$‖", title="The cell of an untrained LSTM")
ax.legend()
plt.show()

# %% [markdown]
# ## Does it matter? Remember one bit
#
# The first number of a sequence is ±1, and thirty numbers of noise follow. At the end: was it +1 or
# -1? Four networks with the same 20 units: Elman's; Elman's with ReLU that starts from the identity
# matrix (Le, Jaitly and Hinton 2015; 000's second trick); an LSTM with $b_f = 0$, and one with 4.

# %%
STEPS, DELAY, UNITS, BATCH = 400, 30, 20, 32


class Reader(nn.Module):
    def __init__(self, network, rng):
        self.network, self.head = network, nn.Linear(UNITS, 1, rng=rng)

    def forward(self, x):  # (T, N, 1) -> (N, 1), of the last step
        return self.head(self.network(x)[0][-1])


def made(kind, rng):
    if kind == "RNN":
        return nn.RNN(1, UNITS, rng=rng)
    if kind == "ReLU from identity":
        net = nn.RNN(1, UNITS, nonlinearity="relu", rng=rng)
        net.weight_hh_l0.value = nn.init.eye((UNITS, UNITS))
        net.bias_ih_l0.value = net.bias_hh_l0.value = nn.init.zeros((UNITS,))
        return net
    net = nn.LSTM(1, UNITS, rng=rng)
    bias = 4.0 if kind == "LSTM, gate open" else 0.0
    net.bias_ih_l0.value = np.where(np.arange(4 * UNITS) // UNITS == 1, bias, 0).astype(np.float32)
    return net


def sequences(rng, n):
    bit = rng.integers(0, 2, (n, 1)).astype(np.float32)
    x = 0.3 * rng.standard_normal((1 + DELAY, n, 1), dtype=np.float32)
    x[0] = 2 * bit - 1
    return x, bit


def learn(kind, seed=0, clip=1.0, lr=2e-3):
    rng = np.random.default_rng(seed)
    model = Reader(made(kind, rng), rng)
    optimizer = nn.optim.Adam(model.parameters(), lr=lr)
    losses, sizes = [], []
    for _ in range(STEPS):
        x, bit = sequences(rng, BATCH)
        with Tape() as tape:
            loss = F.binary_cross_entropy_with_logits(model(x), bit)
        gradients = tape.gradient(loss, model.parameters())
        sizes.append(nn.optim.clip_grad_norm(gradients, clip))
        optimizer.step(gradients)
        losses.append(float(loss))
    return model, losses, sizes


kinds = ["RNN", "ReLU from identity", "LSTM, gate half", "LSTM, gate open"]
runs = {kind: learn(kind) for kind in kinds}
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
for (kind, (_, losses, sizes)), style in zip(runs.items(), ("-", "--", "-.", "-"), strict=True):
    left.plot(np.convolve(losses, np.ones(10) / 10, "valid"), style, label=kind)
    right.semilogy(sizes, style, lw=1, label=kind)
left.axhline(np.log(2), color="grey", ls=":")
left.text(STEPS, np.log(2), "guessing ", ha="right", va="bottom", color="grey")
left.set(
    xlabel="step", ylabel="loss", title="Remembering one bit for thirty steps", ylim=(-0.02, 1)
)
right.set(xlabel="step", ylabel="norm before clipping", title="The whole gradient")
left.legend(fontsize=9)
plt.show()

# %% [markdown]
# The plain RNN and the LSTM with half-closed gates learn nothing at all: not slowly, but nothing.
# And the right panel is why gradients are *clipped* (003 §11; Pascanu et al. 2013): some steps of
# the network that starts from the identity are thousands of times as long as their neighbours, and
# one of them, taken as it is, undoes all that was learnt.
#
# ## After learning
#
# The sweep through the trained networks, for one sequence: what has learnt to remember lets the
# adjoint of the answer through to the first step.

# %%
x, _ = sequences(np.random.default_rng(1), 1)
fig, ax = plt.subplots(figsize=(7, 3.4))
for (kind, (model, _, _)), style in zip(runs.items(), ("-", "--", "-.", "-"), strict=True):
    seen = Variable(x, name="x")
    np.sum(model(seen)).backward()
    ax.semilogy(np.abs(seen.adjoint[:, 0, 0]) + 1e-12, style, label=kind)
ax.set(
    xlabel="step t", ylabel="|adjoint of $x_t$|", title="How much does the answer depend on $x_t$?"
)
ax.legend(fontsize=9)
plt.show()
