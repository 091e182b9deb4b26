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
# # A network by hand, and its proof
#
# The exercise of 002: write a class `ANN` with one hidden layer, its back-propagation included, in
# plain NumPy. We write the six printed lines, and then do what the notes could not: ask a tape
# whether they are right, line by line.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles

from autograd_tape import Variable, plots
from nn import functional as F

plt.style.use("pages.mplstyle")
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## Glorot's initial values
#
# Weights are drawn from $N(0, \sigma^2)$ with $\sigma^2 = 1/\mathrm{fan}_{avg}$, where
# $\mathrm{fan}_{avg} = (\mathrm{fan}_{in} + \mathrm{fan}_{out})/2$ (Glorot and Bengio 2010). The
# exercise: draw a thousand numbers of variance 1, double them, look at the variance; which factor
# gives $1/\mathrm{fan}_{avg}$ for $\mathrm{fan}_{in} = \mathrm{fan}_{out} = 4$? Since
# $\operatorname{Var}(cZ) = c^2 \operatorname{Var}(Z)$, it is $c = 1/\sqrt{\mathrm{fan}_{avg}} =
# \tfrac12$.

# %%
rng = np.random.default_rng(2)
Z = rng.standard_normal((1000, 1))
fan_avg = (4 + 4) / 2
glorot = Z / np.sqrt(fan_avg)
print(f"variance of Z {Z.var():.3f}, of 2Z {(2 * Z).var():.3f}, of Z/√fan {glorot.var():.3f}")

fig, ax = plt.subplots(figsize=(6, 2.8))
bins = np.linspace(-4, 4, 49)
ax.hist(Z[:, 0], bins, histtype="step", lw=1.8, label="Z, variance 1")
ax.hist(glorot[:, 0], bins, alpha=0.5, label="Glorot, variance 1/4")
ax.set(xlabel="value", ylabel="how many of 1,000")
ax.legend()
plt.show()

# %% [markdown]
# ## The class
#
# Samples are columns: $X$ is $(n_x, m)$.
#
# $$\begin{aligned}
# Z^{[1]} &= W^{[1]} X + b^{[1]} & A^{[1]} &= \tanh Z^{[1]} \\
# Z^{[2]} &= W^{[2]} A^{[1]} + b^{[2]} & A^{[2]} &= \sigma(Z^{[2]}) \\
# J &= -\tfrac1m \textstyle\sum_i \big(y_i \log a_i + (1 - y_i) \log(1 - a_i)\big)
# \end{aligned}$$
#
# `back_propagation` has 002's six lines as they are printed.


# %%
class ANN:
    def __init__(self, n_x, n_h, n_y, seed=2):
        rng = np.random.default_rng(seed)
        self.W1 = rng.standard_normal((n_h, n_x)) / np.sqrt((n_x + n_h) / 2)
        self.b1 = np.zeros((n_h, 1))
        self.W2 = rng.standard_normal((n_y, n_h)) / np.sqrt((n_h + n_y) / 2)
        self.b2 = np.zeros((n_y, 1))

    def forward_propagation(self, X):
        Z1 = self.W1 @ X + self.b1
        A1 = np.tanh(Z1)
        Z2 = self.W2 @ A1 + self.b2
        A2 = F.sigmoid(Z2)
        return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}

    def compute_cost(self, Y, A2):
        return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))

    def back_propagation(self, X, Y, output):
        m, A1, A2 = X.shape[1], output["A1"], output["A2"]
        dZ2 = A2 - Y
        dW2 = 1 / m * dZ2 @ A1.T
        db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = (self.W2.T @ dZ2) * (1 - A1**2)
        dW1 = 1 / m * dZ1 @ X.T
        db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
        return {"dZ2": dZ2, "dW2": dW2, "db2": db2, "dZ1": dZ1, "dW1": dW1, "db1": db1}

    def fit(self, X, Y, n_iter=10000, lambd=0.1):
        costs = []
        for _ in range(n_iter):
            output = self.forward_propagation(X)
            costs.append(self.compute_cost(Y, output["A2"]))
            d = self.back_propagation(X, Y, output)
            self.W1, self.b1 = self.W1 - lambd * d["dW1"], self.b1 - lambd * d["db1"]
            self.W2, self.b2 = self.W2 - lambd * d["dW2"], self.b2 - lambd * d["db2"]
        return costs

    def predict(self, X):
        return self.forward_propagation(X)["A2"] > 0.5


# %% [markdown]
# ## Is it right?
#
# `forward_propagation` and `compute_cost` are plain NumPy, so they take Variables as they are. We
# hand them the same weights as Variables, sweep once, and each of 002's lines finds its twin on the
# tape: `dW2` is the adjoint of $W^{[2]}$, and so on. One thing to know: 002 keeps the $\tfrac1m$ of
# the mean for later, so its `dZ` is $m$ times the adjoint of $Z$.

# %%
X, y = make_circles(300, noise=0.08, factor=0.5, random_state=0)
X, Y = X.T, y[None, :]  # (2, 300) and (1, 300)
order = np.random.default_rng(0).permutation(300)
train, test = order[:200], order[200:]


def adjoints(ann, X, Y):
    """The tape of the cost, with the names of 002 on it."""
    twin = ANN(2, 4, 1)
    for name in ("W1", "b1", "W2", "b2"):
        setattr(twin, name, Variable(getattr(ann, name), name=name))
    output = twin.forward_propagation(X)
    for name, v in output.items():
        v.name = name
    J = twin.compute_cost(Y, output["A2"])
    J.name = "J"
    J.backward()
    return J, {**vars(twin), **output}


ann = ANN(2, 4, 1)
X_, Y_ = X[:, train], Y[:, train]
printed = ann.back_propagation(X_, Y_, ann.forward_propagation(X_))
J, on_tape = adjoints(ann, X_, Y_)
for name, d in printed.items():
    v = on_tape[name[1:]]
    adjoint = v.adjoint * (X_.shape[1] if name[1] == "Z" else 1)
    print(f"{name}  {d.shape!s:9} largest difference to the tape {np.max(np.abs(d - adjoint)):.0e}")

# %% [markdown]
# All six agree to the last bits. Here is the tape itself, step by step: forward propagation fills
# the column of primals downwards, back propagation that of adjoints upwards.

# %%
J.explore()

# %% [markdown]
# ## The bug that learns anyway
#
# The notes' call is `tanh_dev(A1)`, a function of the *output* of tanh: $g' = 1 - A^2$. Who writes
# a `tanh_dev` for $Z$ and hands it $A$ computes $1 - \tanh^2(\tanh Z)$: the factor is always too
# large, and always positive. Nothing crashes, and the cost goes down. The tape sees it in the first
# step.


# %%
class Wrong(ANN):
    def back_propagation(self, X, Y, output):
        d, A1, m = super().back_propagation(X, Y, output), output["A1"], X.shape[1]
        dZ1 = (self.W2.T @ d["dZ2"]) * (1 - np.tanh(A1) ** 2)  # right would be Z1 in place of A1
        d |= {"dZ1": dZ1, "dW1": dZ1 @ X.T / m, "db1": np.sum(dZ1, axis=1, keepdims=True) / m}
        return d


wrong = Wrong(2, 4, 1)
d = wrong.back_propagation(X_, Y_, wrong.forward_propagation(X_))
print("dW1 with the slip:", d["dW1"], "adjoint of W1:", on_tape["W1"].adjoint, sep="\n")

# %% [markdown]
# ## Fit
#
# With the notes' 10,000 steps of 0.1:

# %%
costs = ann.fit(X_, Y_)
wrong_costs = wrong.fit(X_, Y_)


def accuracy(ann, rows):
    return float(np.mean(ann.predict(X[:, rows]) == Y[:, rows]))


print(f"accuracy: training {accuracy(ann, train):.1%}, test {accuracy(ann, test):.1%}; "
      f"with the bug {accuracy(wrong, train):.1%}, {accuracy(wrong, test):.1%}")  # fmt: skip

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=[1.2, 1])
left.loglog(costs, label="as printed")
left.loglog(wrong_costs, "--", label="with the slip")
left.set(xlabel="iteration", ylabel="J", title="Cost")
left.legend()
plots.decision_boundary(
    lambda points: ann.forward_propagation(points.T)["A2"][0], X[:, test].T, Y[0, test], right
)
right.set(aspect="equal", title="Four units, and the test points")
right.grid(visible=False)
plt.show()

# %% [markdown]
# The slip costs some iterations and nothing else: on the points it is as good. No accuracy would
# have betrayed it. A wrong gradient that points roughly downhill is the kind of bug that stays for
# years; [a property test](10_property_testing.ipynb) finds it in a second.
#
# ## Why the weights are drawn at all
#
# If all units start equal, they get equal adjoints, and stay equal for ever: a hundred units are
# one (002). Give each weight the same number, train, and look at the rows of $W^{[1]}$:

# %%
same = ANN(2, 4, 1)
same.W1, same.W2 = np.full((4, 2), 0.5), np.full((1, 4), 0.5)
same.fit(X_, Y_, n_iter=2000)
print(same.W1)
print(f"accuracy {accuracy(same, test):.1%}")

# %% [markdown]
# ## Without the six lines
#
# With a tape nobody writes `back_propagation`. The same training, to the last bits, in which the
# only derivative is a call of `backward`:

# %%
by_tape, by_hand = ANN(2, 4, 1), ANN(2, 4, 1)
by_hand.fit(X_, Y_, n_iter=500)
for _ in range(500):
    _, on_tape = adjoints(by_tape, X_, Y_)
    for name in ("W1", "b1", "W2", "b2"):
        setattr(by_tape, name, getattr(by_tape, name) - 0.1 * on_tape[name].adjoint)
print("after 500 steps the weights differ by", np.max(np.abs(by_hand.W1 - by_tape.W1)))
