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
# # Your own primitive, your own model
#
# What to do when NumPy has no function for it: give the engine one, with its derivative, in a few
# lines; test it; and build a model of it. The example is four hundred years old.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import settings
from sklearn.datasets import load_sample_image

import nn
from autograd_tape import Tape, Variable, hessian, primitive, ravel
from autograd_tape.testing import arrays, check_grads, given_gradients
from nn import functional as F

plt.style.use("pages.mplstyle")
settings.register_profile("page", derandomize=True, database=None, deadline=None)
settings.load_profile("page")

# %% [markdown]
# ## Kepler's equation
#
# Where is a planet at time $t$? The mean anomaly $M$ grows evenly with time. The angle $E$ that one
# needs solves
#
# $$E - e \sin E = M, \qquad 0 \le e < 1 \text{ (the eccentricity)},$$
#
# which no formula does (Kepler 1609). But Newton's method does, and *implicit differentiation*
# gives the derivative without asking how $E$ was found. With $dE - \sin E\,de - e \cos E\,dE = dM$:
#
# $$\frac{\partial E}{\partial M} = \frac{1}{1 - e \cos E}, \qquad
# \frac{\partial E}{\partial e} = \frac{\sin E}{1 - e \cos E}.$$
#
# That is the primitive. One rule per argument, called with the adjoint `ct` of the output, the
# output and the arguments; broadcasting is undone by the sweep, so the rules know nothing of it.


# %%
@primitive
def kepler(M, e):
    E = M + e * np.sin(M)
    for _ in range(50):
        step = (E - e * np.sin(E) - M) / (1 - e * np.cos(E))
        E = E - step
        if np.max(np.abs(step)) < 1e-14:
            break
    return E


rules = (
    lambda ct, E, M, e: ct / (1 - e * np.cos(E)),
    lambda ct, E, M, e: ct * np.sin(E) / (1 - e * np.cos(E)),
)
kepler.defvjp(*rules)  # reverse: ct is the adjoint of the output
kepler.defjvp(*rules)  # forward: ct is the tangent of that argument

# %% [markdown]
# ## Is it right?
#
# The rules are NumPy, so they can be differentiated themselves: second derivatives are checked,
# too, in both modes. Then a property test, with arguments that nobody chose.

# %%
check_grads(kepler, (np.linspace(-3, 3, 7), 0.6), order=2)


@given_gradients(arrays((4,), domain=(-6, 6)), arrays((3, 1), domain=(0, 0.8)))
def test_kepler(M, e):
    return np.sum(kepler(M, e) ** 2)


test_kepler()
print("kepler passes")

# %% [markdown]
# On a tape each rule can be checked where it was used:

# %%
M, e = Variable(np.linspace(-3, 3, 7), name="M"), Variable(0.6, name="e")
np.sum(kepler(M, e) ** 2).check()

# %% [markdown]
# Left alone, the tape would have recorded each of Newton's steps, and swept back through all of
# them. That is right, too (003 §14 knows no difference between a formula and a loop), and it is
# work for nothing. With the primitive, the tape has one entry, whatever happens inside:

# %%
M, e = Variable(1.0, name="M"), Variable(0.6, name="e")
E = kepler(M, e)
E.backward()
unrolled = M + e * np.sin(M)
for _ in range(6):
    unrolled = unrolled - (unrolled - e * np.sin(unrolled) - M) / (1 - e * np.cos(unrolled))
print(f"unrolled: {len(unrolled.tape)} entries, the same value to {abs(unrolled - E):.0e}")
E.diagram()

# %% [markdown]
# ## A model: the orbit
#
# A `Module` is a class with attributes and a `forward`; Variables among the attributes are its
# parameters. The comet's place, in a plane, with axis $a$, period $P$, time of nearest approach
# $\tau$ and angle $\omega$:
#
# $$M = 2\pi\,\frac{t - \tau}{P}, \qquad
# \begin{pmatrix} x \\ y \end{pmatrix} = a\, R_\omega
# \begin{pmatrix} \cos E - e \\ \sqrt{1 - e^2}\,\sin E \end{pmatrix}.$$


# %%
class Orbit(nn.Module):
    def __init__(self, a, e, P, tau, omega):
        self.a, self.P = Variable(a), Variable(P)
        self.e, self.tau, self.omega = Variable(e), Variable(tau), Variable(omega)

    def forward(self, t):
        """t: (N,) -> places: (N, 2)"""
        E = kepler(2 * np.pi * (t - self.tau) / self.P, self.e)
        x, y = np.cos(E) - self.e, np.sqrt(1 - self.e**2) * np.sin(E)
        c, s = np.cos(self.omega), np.sin(self.omega)
        return self.a * np.stack([c * x - s * y, s * x + c * y], axis=-1)


TRUE = {"a": 3.0, "e": 0.7, "P": 5.2, "tau": 1.1, "omega": 0.6}
rng = np.random.default_rng(0)
t = np.sort(rng.uniform(0, 4, 40))
NOISE = 0.05
seen = Orbit(**TRUE)(t).value + NOISE * rng.standard_normal((40, 2))

orbit = Orbit(a=2.0, e=0.4, P=4.5, tau=0.8, omega=0.2)
print("parameters:", [name for name, _ in orbit.named_parameters()])

# %% [markdown]
# Forty observations, with an error of 0.05. The sum of squares over $2\sigma^2$ is the negative log
# likelihood, so its Hessian at the minimum says how well each number is known: $\operatorname{Cov}
# \approx H^{-1}$ (Fisher 1922).

# %%
optimizer = nn.optim.Adam(orbit.parameters(), lr=0.02)
schedule = nn.optim.CosineAnnealingLR(optimizer, 600)
start = orbit(np.linspace(0, 5.2, 300)).value
for _ in range(600):
    with Tape() as tape:
        loss = np.sum((orbit(t) - seen) ** 2) / (2 * NOISE**2)
    optimizer.step(tape.gradient(loss, orbit.parameters()))
    schedule.step()

flat, back = ravel({name: float(p) for name, p in orbit.named_parameters()})


def misfit(flat):
    other = Orbit(**TRUE)
    for name, value in back(flat).items():
        setattr(other, name, value)  # whatever is an attribute may be a Variable
    return np.sum((other(t) - seen) ** 2) / (2 * NOISE**2)


errors = back(np.sqrt(np.diag(np.linalg.inv(hessian(misfit)(flat)))))
for name, p in orbit.named_parameters():
    print(f"{name:6} {float(p):.3f} ± {float(errors[name]):.3f}   true {TRUE[name]}")

fig, ax = plt.subplots(figsize=(6.4, 3.6))
ax.plot(*start.T, ":", color="grey", label="start")
ax.plot(*orbit(np.linspace(0, 5.2, 300)).value.T, label="fitted")
ax.plot(*seen.T, "k.", ms=5, label="observed")
ax.plot(0, 0, "*", color="C4", ms=14, label="sun")
ax.set(aspect="equal", xlabel="x", ylabel="y", title="A comet, from a part of one period")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# ## A layer of your own
#
# A plain network learns slow waves first, and fine detail hardly ever. Give it the coordinates as
# *waves*, with random frequencies, and the same number of weights paints a flower (Tancik et al.
# 2020). The layer is four lines. `frequencies` is a plain array, so it is saved with the model and
# not learnt.


# %%
class FourierFeatures(nn.Module):
    """x: (..., 2) -> sin and cos of n random waves: (..., 2n)."""

    def __init__(self, n, scale, rng):
        self.frequencies = scale * rng.standard_normal((2, n)).astype(np.float32)

    def forward(self, x):
        angles = x @ self.frequencies
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


flower = load_sample_image("flower.jpg")[:420, 110:530]
flower = (flower.reshape(60, 7, 60, 7, 3).mean(axis=(1, 3)) / 255).astype(np.float32)
places = np.stack(np.meshgrid(*[np.linspace(-1, 1, 60, dtype=np.float32)] * 2), axis=-1)


def painted(model, steps=300):
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-2)
    schedule = nn.optim.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        with Tape() as tape:
            loss = F.mse_loss(model(places), flower)
        optimizer.step(tape.gradient(loss, model.parameters()))
        schedule.step()
    return np.clip(model(places).value, 0, 1)


rng = np.random.default_rng(0)
plain = nn.MLP([2, 89, 89, 3], rng=rng)
waves = nn.Sequential(FourierFeatures(64, 5.0, rng), nn.MLP([128, 64, 3], rng=rng))
print(waves)
pictures = {"the flower": flower}
for name, model in (("from x and y", plain), ("from waves of x and y", waves)):
    n = sum(p.size for p in model.parameters())
    pictures[f"{name}: {n:,} weights"] = painted(model)

fig, axes = plt.subplots(1, 3, figsize=(9, 3.2))
for ax, (name, picture) in zip(axes, pictures.items(), strict=True):
    ax.imshow(picture)
    ax.set_title(name, fontsize=10)
    ax.set_axis_off()
plt.show()

# %% [markdown]
# ## Keep it
#
# The state of a model is a dict of arrays by name, and its file is safetensors.

# %%
with tempfile.TemporaryDirectory() as folder:
    nn.save(waves, Path(folder, "flower.safetensors"))
    again = nn.Sequential(FourierFeatures(64, 5.0, rng), nn.MLP([128, 64, 3], rng=rng))
    nn.load(again, Path(folder, "flower.safetensors"))
for name, array in again.state_dict().items():
    print(f"{name:16} {array.dtype} {array.shape}")
print("the same picture:", np.array_equal(again(places).value, waves(places).value))
