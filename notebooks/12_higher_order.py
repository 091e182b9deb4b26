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
# # Higher order: Newton, Hessians, and a fit that knows its physics
#
# The sweep is made of the same operations as the program, so it can be recorded and differentiated
# again. `grad`, `jvp`, `hessian` and the others nest to any order. Three uses.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import make_moons

from autograd_tape import grad, hessian, hvp, jvp, ravel, value_and_grad

plt.style.use("pages.mplstyle")
np.set_printoptions(precision=4, suppress=True)


def f(x):
    return np.sin(x**2)


for order in range(5):
    print(f"derivative {order} of sin(x²) at 1: {f(1.0): .12f}")
    f = grad(f)

# %% [markdown]
# ## Newton's method
#
# The gradient says where downhill is, the Hessian how the slope changes on the way. Newton jumps to
# where the slope would be zero if the function were a parabola:
#
# $$x \leftarrow x - H^{-1} \nabla f.$$
#
# Rosenbrock's valley (1960), $f = 100\,(y - x^2)^2 + (1 - x)^2$, is narrow and bent. Gradient
# descent creeps along it. Newton is there in six jumps; and look at the third line.


# %%
def rosenbrock(p):
    x, y = p
    return 100 * (y - x**2) ** 2 + (1 - x) ** 2


newton = [np.array([-1.2, 1.0])]
for _ in range(7):
    p = newton[-1]
    newton.append(p - np.linalg.solve(hessian(rosenbrock)(p), grad(rosenbrock)(p)))
for i, p in enumerate(newton):
    print(f"Newton {i}: f = {rosenbrock(p):<12.6g} at {p}")

descent = [newton[0]]
for _ in range(3000):
    descent.append(descent[-1] - 0.001 * grad(rosenbrock)(descent[-1]))
print(f"descent after 3000 steps: f = {rosenbrock(descent[-1]):.6g} at {descent[-1]}")

grid = np.stack(np.meshgrid(np.linspace(-1.6, 1.4, 200), np.linspace(-3.5, 2, 200)))
fig, ax = plt.subplots(figsize=(6, 4))
ax.contour(
    *grid, rosenbrock(grid), levels=np.geomspace(0.2, 2000, 12), colors="grey", linewidths=0.6
)
ax.plot(*np.transpose(descent), "--", label="descent, 3,000 steps")
ax.plot(*np.transpose(newton), "o-", ms=4, label="Newton, 7 steps")
ax.plot(1, 1, "k*", ms=11)
ax.set(xlabel="x", ylabel="y", title="Rosenbrock's valley")
ax.legend(loc="lower left")
ax.grid(visible=False)
plt.show()

# %% [markdown]
# In the second jump Newton climbs from 4.7 to 1,411: it asks where the slope vanishes, and does not
# care about height. It would as gladly go to a saddle.
#
# ## The Hessian of a network
#
# A small network on two moons, as one function of one vector of 33 weights. At a random start some
# eigenvalues of the Hessian are negative: the loss is curved downwards in those directions, as on a
# saddle. So Newton's raw step is a bad idea there.

# %%
X, y = make_moons(60, noise=0.1, random_state=0)
d = 2.0 * y - 1
rng = np.random.default_rng(0)
start, unravel = ravel({
    "W": rng.standard_normal((8, 2)) / np.sqrt(2), "b": np.zeros(8),
    "v": rng.standard_normal(8) / np.sqrt(8), "c": 0.0,
})  # fmt: skip


def loss(flat):
    p = unravel(flat)
    return np.mean((np.tanh(X @ p["W"].T + p["b"]) @ p["v"] + p["c"] - d) ** 2)


H = hessian(loss)(start)
print("eigenvalues at the start:", np.linalg.eigvalsh(H)[[0, 1, 2, -3, -2, -1]])
print("symmetric:", np.allclose(H, H.T))
v = rng.standard_normal(33)
print("H·v without H:", np.allclose(hvp(loss, start, v), H @ v))

# %% [markdown]
# `hvp` is forward mode through reverse mode (Pearlmutter 1994): it costs a few gradients, and no
# matrix is ever made. Repeat $v \leftarrow Hv / \lVert Hv \rVert$, and $v$ turns into the direction
# of the largest eigenvalue; this works for a million weights as well.

# %%
for _ in range(30):
    v = hvp(loss, start, v)
    largest = np.linalg.norm(v)
    v /= largest
print(f"largest eigenvalue: {largest:.6f} by 30 products, {np.linalg.eigvalsh(H)[-1]:.6f} from H")

# %% [markdown]
# ## The edge of stability
#
# On a parabola of curvature $\lambda$ gradient descent with step $\eta$ multiplies the error by $1
# - \eta\lambda$, so it diverges if $\lambda > 2/\eta$. The textbook's advice is to choose $\eta$ by
# that. What networks do is stranger (Cohen et al. 2021): the largest curvature, left to itself,
# *rises* in training. Where it passes $2/\eta$ the loss jumps up, and the descent is thrown into a
# wider valley; at the largest step below it is then held at the edge, while the loss goes on
# falling. The step does not adapt to the valley. The descent finds a valley that is just wide
# enough for its step.

# %%
sharpness = hessian(loss)
gradient = grad(loss)
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
for eta, style in ((0.1, "-"), (0.2, "--"), (0.3, "-."), (0.4, "-")):
    w, curve, values = start, [], []
    for step in range(2001):
        if step % 20 == 0:
            curve.append(np.linalg.eigvalsh(sharpness(w))[-1])
            values.append(loss(w))
        w = w - eta * gradient(w)
    steps = 20 * np.arange(len(curve))
    (line,) = left.plot(steps, curve, style, label=f"η = {eta}")
    left.axhline(2 / eta, color=line.get_color(), lw=0.8, ls=":")
    right.semilogy(steps, values, style, label=f"η = {eta}")
left.set(xlabel="step", ylabel="largest eigenvalue of H", ylim=(0, 14),
         title="Sharpness, and 2/η (dotted)")  # fmt: skip
right.set(xlabel="step", ylabel="loss", title="Loss")
left.legend(loc="lower right", ncols=2)
plt.show()

# %% [markdown]
# ## A fit that knows its physics
#
# Fifteen noisy measurements of something that swings, from its first three seconds. A network
# through the points is free to do anything after. But we know the law, if not its constants:
#
# $$u'' + 2\gamma u' + k u = 0.$$
#
# A *physics-informed* network (Raissi, Perdikaris and Karniadakis 2019) adds the law to the loss,
# at eighty moments where nothing was measured. $u'$ and $u''$ are derivatives of the network in its
# *input*; the loss is then differentiated in the weights, and in $\gamma$ and $k$: third order in
# all.

# %%
GAMMA, K = 0.25, 6.25


def truth(t):
    return np.exp(-GAMMA * t) * np.cos(np.sqrt(K - GAMMA**2) * t)


rng = np.random.default_rng(0)
t_seen = np.sort(rng.uniform(0, 3, 15))
u_seen = truth(t_seen) + 0.03 * rng.standard_normal(15)
t_law = np.linspace(0, 8, 80)


def u(p, t):
    h = t[:, None] / 4 - 1
    for W, b in p["hidden"]:
        h = np.tanh(h @ W + b)
    return h @ p["out"]


def law(p):
    """What is left of u'' + 2γu' + ku, by forward mode twice."""
    one = np.ones_like(t_law)

    def value_and_slope(t):
        return jvp(lambda t: u(p, t), (t,), (one,))

    (value, slope), (_, bend) = jvp(value_and_slope, (t_law,), (one,))
    return bend + 2 * p["gamma"] * slope + p["k"] * value


def fitted(weight):
    """L-BFGS from SciPy, which wants one vector, its loss and its gradient."""
    rng = np.random.default_rng(0)
    layers = [
        (rng.standard_normal((m, 24)) * np.sqrt(2 / (m + 24)), 0.5 * rng.standard_normal(24))
        for m in (1, 24)
    ]
    p = {"hidden": layers, "out": 0.3 * rng.standard_normal(24), "gamma": 0.1, "k": 1.0}
    flat, back = ravel(p)

    def objective(flat):
        p = back(flat)
        misfit = np.mean((u(p, t_seen) - u_seen) ** 2)
        return misfit + weight * np.mean(law(p) ** 2) if weight else misfit

    options = {"maxiter": 3000, "maxcor": 30, "ftol": 1e-10}
    found = minimize(value_and_grad(objective), flat, jac=True, method="L-BFGS-B", options=options)
    return back(found.x)


free, informed = fitted(0.0), fitted(0.03)
print(f"found: γ = {informed['gamma']:.3f} (true {GAMMA}), k = {informed['k']:.3f} (true {K})")

t = np.linspace(0, 8, 300)
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.axvspan(0, 3, color="grey", alpha=0.12, lw=0)
ax.plot(t, truth(t), color="black", lw=3, alpha=0.3, label="truth")
ax.plot(t, u(free, t), "--", label="fit of the points")
ax.plot(t, u(informed, t), label="fit of points and law")
ax.plot(t_seen, u_seen, "ko", ms=4, label="measured")
ax.set(xlabel="t", ylabel="u", ylim=(-1.2, 1.5), title="Five seconds that nobody measured")
ax.legend(ncols=2, loc="upper right")
plt.show()
