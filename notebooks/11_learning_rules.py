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
# # Every learning rule is an adjoint
#
# From Rosenblatt's perceptron to the deep belief network, each of these networks came with a
# learning rule of its own, and each rule with a derivation of its own. Here none of the rules is
# programmed. Each network states *one number*, the tape records how it came about, and the reverse
# sweep returns the rule:
#
# $$\text{parameter} \leftarrow \text{parameter} - \eta \cdot \frac{\partial\,\text{number}}
# {\partial\,\text{parameter}}.$$
#
# Each section has the number, a line that reads the rule off the tape, and what the network then
# does with real data: 1,797 scanned digits of 8×8 pixels, of which 360 are held back for testing.

# %%
import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from autograd_tape import Variable, grad
from nn import classic as C
from nn import functional as F

os.environ["TQDM_DISABLE"] = "1"  # no progress bars on this page
warnings.filterwarnings("ignore", message="IProgress|HᵀH")
plt.style.use("pages.mplstyle")
np.set_printoptions(precision=3, suppress=True)
GREY = {"cmap": "gray_r", "vmin": 0, "vmax": 1}

images, labels = load_digits(return_X_y=True)
test, train = np.split(np.random.default_rng(0).permutation(len(images)), [360])
X, y, X_test, y_test = images[train] / 16, labels[train], images[test] / 16, labels[test]


def tiles(ax, rows, columns, samples, title="", **style):
    """Draw samples of 64 pixels as one picture of rows × columns tiles, a thin line between."""
    frame = np.full((rows, columns, 9, 9), np.nan)
    frame[:, :, :8, :8] = np.reshape(samples, (rows, columns, 8, 8))
    picture = frame.transpose(0, 2, 1, 3).reshape(9 * rows, 9 * columns)[:-1, :-1]
    drawn = ax.imshow(picture, interpolation="nearest", **(style or GREY))
    ax.set_title(title)
    ax.set_axis_off()
    return drawn


# %% [markdown]
# ## Perceptron (Rosenblatt 1958)
#
# **Scalar:** $\max(0, -d\,w^\top x)$ for a sample $x = (1, x_1, \dots)$ with target $d = \pm1$: how
# far the sample is on the wrong side. **Rule:** $w \leftarrow w + \eta\,d\,x$ on a mistake, and
# nothing otherwise. The tape of one mistake shows where each factor comes from: go through its
# sweep with the slider.

# %%
w = Variable(np.array([[0.5, -1.0, 1.0]]), name="w")
x, d = np.array([1.0, 2.0, 1.0]), np.array([1.0])  # w·x is -0.5, but should be positive
number = C.perceptron_criterion(w, x, d)
number.backward()
print("-∂/∂w =", -w.adjoint, "  and the rule, d·x =", d * x)
number.explore()

# %% [markdown]
# On separable data the number of corrections is bounded, whatever the order of the samples: with a
# solution $w^*$, $\alpha = \min_i d_i w^{*\top} x_i$ and $\beta = \max_i \lVert x_i \rVert^2$ there
# are at most $\beta \lVert w^* \rVert^2 / \alpha^2$.

# %%
rng = np.random.default_rng(4)
points = rng.uniform(-3, 3, (300, 2))
side = points @ [1.0, 2.0] - 0.5
points, side = points[abs(side) > 0.8], np.sign(side[abs(side) > 0.8])
perceptron = C.Perceptron(random_state=0).fit(points, side)

true = np.array([-0.5, 1.0, 2.0])
extended = np.c_[np.ones(len(points)), points]
alpha, beta = np.min(side * (extended @ true)), np.max(np.sum(extended**2, axis=1))
print(f"{perceptron.n_corrections_} corrections in {perceptron.n_iter_} epochs; "
      f"the theorem allows {beta * (true @ true) / alpha**2:.0f}")  # fmt: skip

fig, ax = plt.subplots(figsize=(4.6, 3.8))
grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 200)] * 2), axis=-1)
field = perceptron.decision_function(grid.reshape(-1, 2)).reshape(200, 200)
ax.contourf(*grid.T.swapaxes(1, 2), field, levels=[-99, 0, 99], colors=["#fde0c5", "#cfe3f5"])
ax.contour(*grid.T.swapaxes(1, 2), field, levels=[0], colors="black")
for sign, color, marker in ((-1, "tab:orange", "s"), (1, "tab:blue", "o")):
    ax.plot(*points[side == sign].T, marker, color=color, ms=4, label=f"d = {sign:+d}")
ax.set(xlabel="$x_1$", ylabel="$x_2$", title="The line a perceptron has found")
ax.legend(loc="upper right", framealpha=1)
plt.show()

# %% [markdown]
# ## Adaline (Widrow and Hoff 1960)
#
# **Scalar:** $\tfrac12 (d - w^\top x)^2$. **Rule:** $w \leftarrow w + \eta\,(d - y)\,x$, in which
# the correction is as large as the error. The same line of code reads it:

# %%
x, d, w = np.array([1.0, 2.0, 1.0]), np.array([1.0]), np.array([[0.5, -1.0, 1.0]])
print("tape:", -grad(lambda w: C.lms_error(w, x, d))(w), "  rule:", (d - w @ x) * x)

# %% [markdown]
# ## Multilayer perceptron (Rumelhart, Hinton and Williams 1986)
#
# **Scalar:** $E = \tfrac12 \sum_j (d_j - y_j)^2$ with $y_j = \varphi(v_j)$ in each layer. **Rule:**
# the generalised delta rule $\Delta w_{ji} = \eta\, \delta_j\, y_i$, for which textbooks need two
# cases,
#
# $$\delta_j = \varphi'(v_j)\,(d_j - y_j) \ \text{at the output}, \qquad
# \delta_j = \varphi'(v_j) \sum_k \delta_k w_{kj} \ \text{inside}.$$
#
# Both are $-\bar v_j$, the adjoint of the unit's sum. (003 §3.2.1.1 prints one minus too many
# inside.)

# %%
rng = np.random.default_rng(1)
x, d = rng.normal(size=3), np.array([1.0, 0.0])
W1, W2 = Variable(rng.normal(size=(4, 3)), name="W1"), Variable(rng.normal(size=(2, 4)), name="W2")
v1 = W1 @ x
y1 = F.sigmoid(v1)
v2 = W2 @ y1
y2 = F.sigmoid(v2)
F.half_squared_error(y2, d).backward()

delta2 = (y2 * (1 - y2)).value * (d - y2.value)
delta1 = (y1 * (1 - y1)).value * (delta2 @ W2.value)
print("output: tape", -v2.adjoint, "  rule", delta2)
print("inside: tape", -v1.adjoint, "  rule", delta1)
print("ΔW1 = δ·xᵀ:", np.allclose(-W1.adjoint, np.outer(delta1, x)))

# %% [markdown]
# With a softmax or a sigmoid under its own cross-entropy even the factor $\varphi'$ goes: the
# output's delta is $d - y$, as Adaline's (004, 002). [A network by
# hand](05_a_network_by_hand.ipynb) has the rule in matrices.

# %% [markdown]
# ## Extreme learning machine (Huang 2006)
#
# A random hidden layer $H$ that is never trained, and output weights $\beta$. **Scalar:**
# $\lVert H\beta - T \rVert^2 + \lambda \lVert \beta \rVert^2$. It is a parabola, so that no descent
# is needed: **rule** $\beta = (H^\top H + \lambda I)^{-1} H^\top T$ is where the tape's gradient
# is 0.

# %%
H, T = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
beta = C.ridge_solution(H, T, alpha=0.1)
slope = grad(lambda beta: C.ridge_error(beta, H, T, 0.1))
print(f"largest |slope| at the solution: {abs(slope(beta)).max():.0e};",
      f"at 0: {abs(slope(0 * beta)).max():.0f}")  # fmt: skip

# %% [markdown]
# More hidden units first help, and then harm: when there are as many as samples (1,437), there is
# just one way to pass through every sample, and it is a wild one. With still more units there are
# many ways, of which the pseudo-inverse takes the shortest. A little $\lambda$ avoids the trouble.

# %%
sizes = [20, 50, 100, 200, 400, 800, 1200, 1437, 1700, 2000]
scores = {
    lam: [C.ELMClassifier(n, alpha=lam, random_state=0).fit(X, y).score(X_test, y_test)
          for n in sizes]
    for lam in (0.0, 0.1)
}  # fmt: skip
fig, ax = plt.subplots(figsize=(5.8, 3.4))
for (lam, values), style in zip(scores.items(), ("o-", "s--"), strict=True):
    ax.plot(sizes, values, style, ms=4, label=f"λ = {lam:g}")
ax.axvline(len(X), color="grey", lw=1, ls=":")
ax.text(len(X) + 50, 0.05, "as many units\nas samples", color="grey")
ax.set(xlabel="hidden units", ylabel="right on test digits", title="Extreme learning machine",
       ylim=(0, 1.03))  # fmt: skip
ax.legend(loc="lower center")
print("500 units:", round(C.ELMClassifier(500, random_state=0).fit(X, y).score(X_test, y_test), 4))
plt.show()

# %% [markdown]
# ## Widening one layer: universal approximation
#
# The same closed form shows the theorem of universal approximation at work: one hidden layer comes
# as near to any continuous function as wanted, if only it is wide enough.

# %%
t = np.linspace(-1, 1, 400)[:, None]
wanted = np.sin(6 * t[:, 0]) + abs(t[:, 0])
fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.2), width_ratios=[1.3, 1])
left.plot(t, wanted, "k", lw=3, alpha=0.3, label="wanted")
widths, errors = [4, 8, 16, 32, 64, 128, 256], []
for n in widths:
    nets = [C.ELMRegressor(n, activation="tanh", alpha=1e-9, random_state=s) for s in range(7)]
    fits = [net.fit(20 * t, wanted).predict(20 * t) for net in nets]
    errors.append([np.max(abs(fit - wanted)) for fit in fits])
    if n in (4, 16, 64):
        left.plot(t, fits[0], label=f"{n} units")
left.set(xlabel="x", ylabel="f(x)", title="One layer of tanh",
         xticks=[-1, -0.5, 0, 0.5, 1])  # fmt: skip
left.legend(fontsize=9)
right.loglog(widths, np.median(errors, axis=1), "o-", ms=4)
right.set_xticks(widths, widths)
right.minorticks_off()
right.set(xlabel="hidden units", ylabel="largest error (median of 7)", title="Wider is nearer")
plt.show()

# %% [markdown]
# ## Network of radial units
#
# Hidden units answer to what is near their centre, $\varphi_i = e^{-\lVert x - t_i\rVert^2 /
# \sigma^2}$. **Scalar** for the centres: $\tfrac12 \lVert x - t_k \rVert^2$ of the nearest centre
# $k$. **Rule:** this one moves, $t_k \leftarrow t_k + \eta\,(x - t_k)$, and the others stay.

# %%
centers, x = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 0.0]]), np.array([1.5, 0.8])
print(0.0 - grad(lambda t: C.clustering_error(t, x))(centers))

# %% [markdown]
# The notes' spread, $\sigma = d_{\max}/\sqrt{m_1}$ for $m_1$ centres, knows nothing of the
# dimension. In the 64 dimensions of the digits 200 such units are so narrow that most test samples
# lie outside of all of them. A spread of the size of the distances is what is needed.

# %%
spreads = [0.3, 0.5, 0.7, 1.0, 3.0, 6.0]
narrow = C.RBFClassifier(200, epochs=3, random_state=0).fit(X, y)
accuracy = [
    C.RBFClassifier(200, spread=s, epochs=3, random_state=0).fit(X, y).score(X_test, y_test)
    for s in spreads
]
fig, ax = plt.subplots(figsize=(5.4, 3.2))
ax.semilogx(spreads, accuracy, "o-", ms=4, label="200 units")
ax.plot(narrow.spread_, narrow.score(X_test, y_test), "D", color="tab:red",
        label=r"$\sigma = d_{\max}/\sqrt{m_1}$")  # fmt: skip
ax.set_xticks(spreads, [f"{s:g}" for s in spreads])
ax.minorticks_off()
ax.set(xlabel="spread σ", ylabel="right on test digits", title="How wide should a unit be?")
ax.legend()
print("spread 3:", round(accuracy[spreads.index(3.0)], 4))
plt.show()

# %% [markdown]
# ## Self-organising map (Kohonen 1982)
#
# Units on a lattice compete for each sample. **Scalar:** $\tfrac12 \sum_j h_j \lVert x - w_j
# \rVert^2$, where $h_j = e^{-d_j^2 / 2\sigma^2}$ falls with the distance on the lattice to the unit
# that won. **Rule:** $w_j \leftarrow w_j + \eta\,h_j\,(x - w_j)$: the winner pulls its neighbours
# along.

# %%
places = C.lattice(1, 4, "grid")
w, x = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.2])
h = C.neighbourhood(places, winner=1, sigma=0.8)
print("tape:", -grad(lambda w: C.som_error(w, x, h))(w).ravel(), "  rule:", h * (x - w).ravel())

# %%
som = C.SelfOrganizingMap((10, 10), epochs=10, sigma_end=0.5, random_state=0).fit(X)
untrained = C.SelfOrganizingMap((10, 10), epochs=1, eta=1e-9, eta_end=1e-9, random_state=0).fit(X)
for name, net in (("trained", som), ("not trained", untrained)):
    print(f"{name:11}  quantisation error {net.quantization_error(X_test):.2f}  "
          f"topographic error {net.topographic_error(X_test):.2f}")  # fmt: skip

winners = som.predict(X)
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.5))
tiles(left, 10, 10, som.weights_.value, "Each unit's weights, where it stands")
right.set(xlim=(-0.7, 9.7), ylim=(9.7, -0.7), aspect="equal", title="The digits each unit wins")
right.set_axis_off()
colors = plt.get_cmap("tab10").colors
for unit in range(100):
    row, column = divmod(unit, 10)
    count = np.bincount(y[winners == unit], minlength=10)
    if count.sum():
        digit = count.argmax()
        right.text(column, row, digit, color=colors[digit], ha="center", va="center",
                   fontsize=8 + 9 * count[digit] / count.sum(), weight="bold")  # fmt: skip
plt.show()

# %% [markdown]
# Nobody told the map which digit is which, and yet equal ones live together, and similar ones side
# by side. Small figures on the right are units that several digits share: the borders. Where
# there is none, no sample is nearest.
#
# ## Hopfield network (1982)
#
# Memories are valleys of an energy. **Scalar** for storage: the mean energy of the memories,
# $-\tfrac{1}{2M} \sum_k f_k^\top W f_k$. **Rule:** Hebb's,
# $w_{ij} = \tfrac1M \sum_k f_k(i) f_k(j)$. **Scalar** for recall: the energy $E(y)$ itself, of
# which the field that each unit follows is $-\partial E / \partial y$.

# %%
f = rng.choice([-1.0, 1.0], (3, 4))
hebb = f.T @ f / 3 - np.eye(4)
print("storage: tape\n", 0 - C.symmetric(grad(lambda w: C.storage_energy(w, f))(np.zeros(6)), 4))
print("rule\n", hebb)
print("recall: tape", -grad(lambda y: C.hopfield_energy(y, hebb))(f[0]), "  rule", hebb @ f[0])

# %% [markdown]
# We store digits as ±1: is a pixel of the mean image darker than it is on average over all digits?
# (Without "than on average" the ten digits are so much alike that no four can be stored at once.)
# Then we flip a fifth of one's pixels, and let it roll downhill.

# %%
means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
prototypes = np.where(means > means.mean(axis=0), 1.0, -1.0)
stored = prototypes[[0, 2, 4]]
net = C.Hopfield(random_state=0).fit(stored)


def recall(state, rng):
    """All states on the way down, one unit at a time."""
    path = [state.copy()]
    while not net.stable(path[-1:])[0]:
        for j in rng.permutation(64):
            if net.fields(state[None])[0, j] * state[j] < 0:
                state[j] *= -1
                path.append(state.copy())
    return np.array(path)


rng = np.random.default_rng(11)
noise = np.where(rng.permutation(64) < 13, -1, 1)
path = recall(stored[1] * noise, rng)
shown = np.linspace(0, len(path) - 1, 6).astype(int)
fig, (top, low) = plt.subplots(2, 1, figsize=(7.6, 3.9), height_ratios=[1, 1.2])
tiles(
    top, 1, 6, path[shown], "Recall of a 2 from 13 wrong pixels", cmap="gray_r", vmin=-1.4, vmax=1.2
)
low.plot(net.energy(path), "o-", ms=4)
low.axhline(net.energy(stored[1:2])[0], color="grey", ls=":", label="energy of the memory")
low.set(xlabel="pixels changed", ylabel="energy")
low.legend()
print("found:", bool((path[-1] == stored[1]).all()))
plt.show()

# %% [markdown]
# How much noise can it bear, and how many memories? For random patterns theory (Amit, Gutfreund
# and Sompolinsky 1985) says that recall breaks down at $0.138\,N$ memories of $N$ units, the more
# sharply the larger $N$ is.

# %%
rng = np.random.default_rng(0)
flips = np.arange(0, 33, 4)
recovered = {}
for m in (2, 3, 4, 6):
    rates = []
    for k in flips:
        hits = []
        for _ in range(12):
            memories = prototypes[rng.choice(10, m, replace=False)]
            wrong = rng.permuted(np.tile(np.arange(64) < k, (m, 1)), axis=1)
            found = C.Hopfield(random_state=rng).fit(memories).predict(
                np.where(wrong, -memories, memories))  # fmt: skip
            hits.append((found == memories).all(axis=1).mean())
        rates.append(np.mean(hits))
    recovered[m] = rates

loads, flipped = np.array([0.04, 0.08, 0.11, 0.13, 0.15, 0.17, 0.2, 0.25]), {}
for n in (64, 300):
    flipped[n] = []
    for load in loads:
        errors = []
        for _ in range(20 if n == 64 else 4):
            memories = rng.choice([-1.0, 1.0], (round(load * n), n))
            found = C.Hopfield(random_state=rng).fit(memories).predict(memories[:15])
            errors.append(np.mean(found != memories[:15]))
        flipped[n].append(np.mean(errors))

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
for m, rates in recovered.items():
    left.plot(100 * flips / 64, rates, "o-", ms=4, label=f"{m} digits stored")
left.set(xlabel="% of pixels flipped", ylabel="memories recovered exactly", ylim=(-0.03, 1.03),
         title="Recovery against noise")  # fmt: skip
left.legend(fontsize=9)
for n, values in flipped.items():
    right.plot(loads, 100 * np.array(values), "o-", ms=4, label=f"N = {n}")
right.axvline(0.138, color="grey", ls=":")
right.text(0.136, right.get_ylim()[1], "0.138·N ", rotation=90, ha="right", va="top", color="grey")
right.set(xlabel="load M/N", ylabel="% of bits lost", title="Random memories: the knee")
right.legend(loc="center left", fontsize=9)
plt.show()

# %% [markdown]
# ## Restricted Boltzmann machine
#
# Visible units $v$, hidden units $h$, and a free energy $F(v)$ that is low where the machine
# expects data. **Scalar:** $F(v^0) - F(v^k)$, data against a state that $k$ steps of sampling have
# made of it, both held constant. **Rule:** contrastive divergence, $\Delta w = \eta(\langle v h
# \rangle^0 - \langle v h \rangle^k)$.

# %%
v0, vk = rng.integers(0, 2, (2, 5, 4)).astype(float)
W, b, c = rng.normal(size=(4, 3)), np.zeros(4), np.zeros(3)
slope = grad(lambda W: np.mean(C.free_energy(v0, W, b, c) - C.free_energy(vk, W, b, c)))(W)
h0, hk = (1 / (1 + np.exp(-v @ W)) for v in (v0, vk))
print("tape\n", -slope, "\nrule\n", (v0.T @ h0 - vk.T @ hk) / 5)

# %%
rbm = C.RBM(100, epochs=20, random_state=0)
theirs = BernoulliRBM(100, n_iter=20, learning_rate=0.1, batch_size=10, random_state=0)
for machine in (rbm, theirs):
    pipe = make_pipeline(machine, LogisticRegression(C=100, max_iter=3000)).fit(X, y)
    print(f"{type(machine).__name__:12} + LogisticRegression: {pipe.score(X_test, y_test):.3f}")

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), width_ratios=[1, 1.4])
left.plot(range(1, 21), rbm.reconstruction_errors_, "o-", ms=4)
left.set(xlabel="epoch", ylabel="mean square of $v^0 - v^1$", title="Reconstruction error",
         xticks=[1, 5, 10, 15, 20])  # fmt: skip
strongest = np.argsort(-np.linalg.norm(rbm.weights_.value, axis=0))[:40]
drawn = tiles(right, 5, 8, rbm.weights_.value.T[strongest], "The 40 strongest of 100 filters",
              cmap="RdBu_r", vmin=-1.2, vmax=1.2)  # fmt: skip
fig.colorbar(drawn, ax=right, shrink=0.8, label="weight")
plt.show()

# %% [markdown]
# ## Deep autoencoder (Hinton and Salakhutdinov 2006)
#
# 64 pixels through sigmoid layers of 128, 64 and 32 units to a code of 16 numbers, and back.
# **Scalar:** the cross-entropy of the picture and its reconstruction; the **rule** is
# backpropagation, which is the reverse sweep itself. But in a deep chain of sigmoids the slopes get
# smaller with each layer. So each pair of layers is first trained as a restricted Boltzmann
# machine, for 20 epochs, and all together for 30. The random start gets all 110 epochs together.

# %%
given = {"visible": "binary", "random_state": 0}
pretrained = C.DeepAutoencoder((128, 64, 32, 16), pretraining_epochs=20, epochs=30, **given).fit(X)

# %%
random_start = C.DeepAutoencoder((128, 64, 32, 16), pretraining=None, epochs=110, **given).fit(X)

# %%
print(f"mean squared error on test digits: pre-trained {-pretrained.score(X_test):.4f}, "
      f"random start {-random_start.score(X_test):.4f}")  # fmt: skip
some = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3), width_ratios=[1, 1.5])
left.plot(np.arange(81, 111), pretrained.losses_, label="pre-trained (80 epochs)")
left.plot(np.arange(1, 111), random_start.losses_, label="random start")
left.set(xlabel="epoch", ylabel="cross-entropy per pixel", title="Training")
left.legend(fontsize=9)
rows = [net.inverse_transform(net.transform(X_test[some])) for net in (pretrained, random_start)]
tiles(right, 3, 10, [X_test[some], *rows], "Test digits through 16 numbers")
right.set_axis_on()
right.grid(visible=False)
right.set(xticks=[], yticks=[4, 13, 22])
right.set_yticklabels(["original", "pre-trained", "random start"])
for spine in right.spines.values():
    spine.set_visible(False)
plt.show()

# %% [markdown]
# This is no law. The more layers, the more a good start is worth: with five of 100, 80, 60, 40 and
# 20 units the random start never gets beyond the mean image, and the pre-trained one does. With two
# of 64 and 32 the random start is the better one after as many epochs, thanks to Adam, which the
# pioneers did not have.
#
# ## Deep belief network (Hinton, Osindero and Teh 2006)
#
# Stacked machines that make data. Awake, states rise from the picture, and generative weights learn
# to make each layer from the one above; asleep, dreams come down, and recognition weights learn
# what they came from. **Scalar** for both: $-\log p(\text{states} \mid \text{other layer})$.
# **Rule:** $\Delta g = \eta\,s_{l+1}(s_l - p_l)$.

# %%
below, above, g = rng.integers(0, 2, (5, 4)), rng.integers(0, 2, (5, 3)), rng.normal(size=(3, 4))
print("tape\n", -grad(lambda g: C.local_error(below * 1.0, above @ g))(g))
print("rule\n", above.T @ (below - 1 / (1 + np.exp(-above @ g))) / 5)

# %%
dbn = C.DeepBeliefNetwork(
    (100,), n_top=200, pretraining_epochs=30, epochs=30, eta=0.05, visible="binary", random_state=0
).fit(X, y)

# %% [markdown]
# With a label held fast at the top, the network dreams of that digit. A support vector machine that
# has only seen real digits says what it takes the dreams for.

# %%
judge = SVC().fit(X, y)
wanted = np.repeat(np.arange(10), 50)
dreams = dbn.generate(wanted, random_state=0)
right = judge.predict(dreams) == wanted
print(f"the judge on real test digits: {judge.score(X_test, y_test):.3f}")
print(f"dreams it takes for the digit wanted: {right.mean():.3f}; each digit:",
      right.reshape(10, 50).mean(axis=1))  # fmt: skip

fig, ax = plt.subplots(figsize=(6, 5.4))
tiles(ax, 10, 12, dreams.reshape(10, 50, 64)[:, :12], "Dreams of each class, the first twelve")
ax.set_axis_on()
ax.grid(visible=False)
ax.set(xticks=[], yticks=9 * np.arange(10) + 4, ylabel="label held at the top")
ax.set_yticklabels(range(10))
for spine in ax.spines.values():
    spine.set_visible(False)
for k in np.flatnonzero(~right.reshape(10, 50)[:, :12]):
    row, column = divmod(k, 12)
    corner = 9 * column - 0.5, 9 * row - 0.5
    ax.add_patch(plt.Rectangle(corner, 8, 8, fill=False, ec="tab:red", clip_on=False))
ax.set_xlabel("framed: taken for another digit")
plt.show()

# %% [markdown]
# The map from scalars to rules, with the test that proves each to $10^{-12}$, is
# [docs/rules.md](../docs/rules.md).
