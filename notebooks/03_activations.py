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
# # Activations and their derivatives
#
# Without something crooked between them, two layers are one: an affine map of an affine map is
# affine (002). The *activation* is the crooked part, and in the reverse sweep its derivative is the
# factor by which each unit's adjoint is multiplied. So the derivative's picture says more about
# learning than the function's.

# %%
import matplotlib.pyplot as plt
import numpy as np

from autograd_tape import Variable, elementwise_grad, jacobian
from nn import functional as F
from nn import init

plt.style.use("pages.mplstyle")
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## The exercise of 002
#
# Draw three functions, and their derivatives as the notes print them:
#
# $$\begin{aligned}
# \sigma(z) &= \frac{1}{1 + e^{-z}} & \sigma'(z) &= \sigma(z)\,(1 - \sigma(z)) \\
# \tanh(z) &= 2\sigma(2z) - 1 & \tanh'(z) &= 1 - \tanh^2(z) \\
# \operatorname{ReLU}(z) &= \max(0, z) & \operatorname{ReLU}'(z) &= 0 \text{ or } 1
# \end{aligned}$$

# %%
printed = {
    "sigmoid": (F.sigmoid, lambda z: F.sigmoid(z) * (1 - F.sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "ReLU": (F.relu, lambda z: np.heaviside(z, 0)),
}
z = np.linspace(-4, 4, 401)
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
for (name, (f, formula)), style in zip(printed.items(), ("-", "--", "-."), strict=True):
    left.plot(z, f(z), style, label=name)
    right.plot(z, elementwise_grad(f)(z), style, label=name)
    difference = np.max(np.abs(elementwise_grad(f)(z) - formula(z)))
    print(f"{name:8} tape against the printed formula: {difference:.0e}")
left.set(title="functions", xlabel="z", ylim=(-1.2, 2))
right.set(title="derivatives, read off the tape", xlabel="z", ylim=(-0.1, 1.2))
left.legend()
plt.show()

# %% [markdown]
# Two things to see. The sigmoid's derivative is nowhere larger than $\tfrac14$. A signal that comes
# back through ten layers of sigmoids has been multiplied by at most $4^{-10}$, less than a
# millionth, and the weights' share of it comes on top. That is the *vanishing gradient* in one
# number; tanh is the same curve, stretched to a largest slope of 1.
#
# And at 0 the notes do not agree: ReLU'(0) is 1 in 002, 0 in 000 and 001, and undefined in 004.
# Any number from 0 to 1 is a *subgradient*, so all may be used. Here it is 0, as nearly everywhere:

# %%
print("ReLU'(0) =", elementwise_grad(F.relu)(0.0), "  |z|'(0) =", elementwise_grad(np.abs)(0.0))

# %% [markdown]
# ## The family
#
# All activations that the notes name (000, 001, 002, 004), and GPT's. Solid: the function. Dashed:
# its derivative. No derivative was written down; each is `elementwise_grad` of the function.

# %%
family = {
    "step": F.step,
    "sign": F.sign,
    "identity": F.identity,
    "sigmoid": F.sigmoid,
    "sigmoid, slope α = 3": lambda x: F.sigmoid(x, 3.0),
    "tanh": F.tanh,
    "softsign": F.softsign,
    "sinc": F.sinc,
    "ReLU": F.relu,
    "leaky ReLU (0.1)": lambda x: F.leaky_relu(x, 0.1),
    "PReLU (a = -0.3)": lambda x: F.prelu(x, np.array([-0.3])),
    "absolute value": F.abs,
    "ELU": F.elu,
    "SELU": F.selu,
    "softplus (SReLU)": F.softplus,
    "log-sigmoid": F.logsigmoid,
    "swish (SiLU)": F.silu,
    "mish": F.mish,
    "GELU": F.gelu,
}
z = np.linspace(-4, 4, 801)
fig, axes = plt.subplots(4, 5, figsize=(10, 7.2), sharex=True, sharey=True)
for ax, (name, f) in zip(axes.flat, family.items(), strict=False):
    ax.plot(z, f(z))
    if name in ("step", "sign"):
        ax.axhline(0, color="C1", ls="--")
    else:
        ax.plot(z, elementwise_grad(f)(z), "--")
    ax.set_title(name, fontsize=10)
axes[0, 0].set(xlim=(-4, 4), ylim=(-2, 3))
axes[-1, -1].set_axis_off()
axes[-1, -1].legend(axes[0, 2].lines, ["function", "derivative"], loc="center", frameon=False)
plt.show()

# %% [markdown]
# The family has secrets that a picture shows at once, and that the tape can check:
#
# * **softplus' is the sigmoid**, and log-sigmoid' is the sigmoid turned round. So the loss of a
#   yes-or-no question, $\log(1 + e^{-z})$, is the smooth ReLU of $-z$; its slope is a probability.
# * **swish, mish and GELU are not monotonic**: they dip below zero, and pull back units that are a
#   little negative.
# * **A step teaches nothing.** Its derivative is 0 wherever it exists. Rosenblatt's rule needs
#   another scalar ([every learning rule is an adjoint](11_learning_rules.ipynb)).

# %%
print("softplus' = sigmoid:         ",
      np.allclose(elementwise_grad(F.softplus)(z), F.sigmoid(z)))  # fmt: skip
print("log-sigmoid' = sigmoid(-z):  ",
      np.allclose(elementwise_grad(F.logsigmoid)(z), F.sigmoid(-z)))  # fmt: skip

x = Variable(1.5, name="x")
y = F.step(x) * x
y.backward()
print("step(x)·x: the step is a constant on the tape", y.tape, sep="\n")

# %% [markdown]
# Where does swish turn? At the zero of its derivative, which Newton's method finds with the second
# derivative, $x \leftarrow x - f'(x)/f''(x)$:

# %%
slope, curvature = elementwise_grad(F.silu), elementwise_grad(elementwise_grad(F.silu))
x = -1.0
for _ in range(5):
    x = x - slope(x) / curvature(x)
print(f"swish has its minimum at x = {x:.10f}, of {F.silu(x):.10f}")

# %% [markdown]
# The same digits twice are no accident: $f' = \sigma\,(1 + x\,(1 - \sigma)) = 0$ says that
# $x\sigma = x + 1$.

# %% [markdown]
# ## SELU: two constants that keep fifty layers alive
#
# Most constants in this field are taste. SELU's $\lambda = 1.0507\ldots$ and $\alpha =
# 1.6733\ldots$ are solutions of two equations: if inputs have mean 0 and variance 1, so have the
# outputs (Klambauer et al. 2017). Below, signals of a thousand numbers pass through fifty random
# layers, $x \leftarrow \varphi(Wx)$, $w_{ij} \sim N(0, 1/n)$, with nothing trained.

# %%
rng = np.random.default_rng(0)
n, depth = 200, 50
layers = [init.normal((n, n), rng, std=n**-0.5, dtype=np.float64) for _ in range(depth)]
candidates = {"sigmoid": F.sigmoid, "tanh": np.tanh, "ReLU": F.relu, "SELU": F.selu}

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), sharex=True)
for (name, phi), style in zip(candidates.items(), ("-", "--", "-.", "-"), strict=True):
    x = Variable(rng.standard_normal((50, n)))
    signals = [x]
    for W in layers:
        signals.append(phi(signals[-1] @ W.T))
    target = np.sum(signals[-1] * rng.standard_normal((50, n)))
    target.backward()
    left.semilogy([np.std(s.value) for s in signals], style, label=name)
    right.semilogy([np.sqrt(np.mean(s.adjoint**2)) for s in signals], style, label=name)
left.set(title="size of the signals, forward", xlabel="layer", ylim=(1e-9, 10))
right.set(title="size of the adjoints, backward", xlabel="layer", ylim=(1e-33, 100))
left.legend(loc="lower left")
plt.show()

# %% [markdown]
# ReLU halves the variance in each layer, which He's initial values make up for ($2/n$ in place of
# $1/n$). The sigmoid's signals look healthy on the left, and the right shows why nobody could train
# such a network.
#
# ## Softmax is not elementwise
#
# Each output depends on each input, so its derivative is a matrix, $J = \operatorname{diag}(p) -
# p\, p^\top$. The columns sum to 0, since the probabilities sum to 1; 004 warns that $z = (3, 1,
# 1)$ does not become $(0.6, 0.2, 0.2)$:

# %%
z = np.array([3.0, 1.0, 1.0])
p = F.softmax(z)
J = jacobian(F.softmax)(z)
print("p =", p, "\nJ =", J, sep="\n")
print("J = diag(p) - p·pᵀ:", np.allclose(J, np.diag(p) - np.outer(p, p)),
      "  columns sum to 0:", np.allclose(J.sum(axis=0), 0))  # fmt: skip

# %% [markdown]
# ## The same function, and yet not the same
#
# $\log \sigma(z)$ written as it reads is right on paper. At $z = -800$ the sigmoid underflows to 0,
# the logarithm is $-\infty$, and the sweep multiplies $\infty$ by 0. `logsigmoid` is the same
# function in a form that never leaves the numbers.

# %%
z = Variable(-800.0, name="z")
with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
    naive = np.log(F.sigmoid(z))
    naive.backward()
print("log(sigmoid(z)):", naive.value, "adjoint", z.adjoint)
z.explain(naive)

# %%
stable = F.logsigmoid(z)
stable.backward()
print("logsigmoid(z):  ", stable.value, "adjoint", z.adjoint)
