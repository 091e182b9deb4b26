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
# # Reading digits, with and without knowing what a picture is
#
# 1,797 scanned digits of 8×8 pixels. A multilayer perceptron takes them as 64 numbers; a
# convolutional network knows that pixels have neighbours (003 §10; LeCun et al. 1989). Both read
# well. Then we take away what only one of them uses.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import nn
from autograd_tape import Tape, Variable, no_grad, plots
from nn import functional as F

plt.style.use("pages.mplstyle")

images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
order = np.random.default_rng(0).permutation(len(images))
X_test, y_test = images[order[:360]], labels[order[:360]]
X, y = images[order[360:]], labels[order[360:]]


def tiles(ax, pictures, columns, **style):
    """Pictures of one size side by side, a thin line between."""
    n, h, w = pictures.shape
    rows = -(-n // columns)
    frame = np.full((rows * columns, h + 1, w + 1), np.nan)
    frame[:n, :h, :w] = pictures
    frame = frame.reshape(rows, columns, h + 1, w + 1).swapaxes(1, 2)
    ax.imshow(frame.reshape(rows * (h + 1), -1)[:-1, :-1], **{"cmap": "gray_r", **style})
    ax.set_axis_off()


fig, ax = plt.subplots(figsize=(8, 1.7))
tiles(ax, X[:40, 0], 20)
plt.show()

# %% [markdown]
# ## Two networks
#
# A convolution slides one small kernel over the whole picture,
#
# $$y_{o,h,w} = b_o + \sum_{c,i,j} w_{o,c,i,j}\; x_{c,\,h+i,\,w+j},$$
#
# so a stroke is seen by the same weights wherever it stands, and pooling keeps the strongest answer
# of each 2×2 square.


# %%
def mlp(rng):
    return nn.Sequential(nn.Flatten(), nn.MLP([64, 64, 10], rng=rng))


def cnn(rng):
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding="same", rng=rng), nn.ReLU(),  # (N, 12, 8, 8)
        nn.MaxPool2d(2),  # (N, 12, 4, 4)
        nn.Conv2d(12, 24, 3, padding="same", rng=rng), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(),  # (N, 24·2·2)
        nn.Linear(96, 10, rng=rng),
    )  # fmt: skip


def train(make, X, y, epochs=20, seed=0):
    rng = np.random.default_rng(seed)
    model = make(rng)
    optimizer = nn.optim.Adam(model.parameters(), lr=3e-3)
    schedule = nn.optim.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(X)), len(X) // 32):
            with Tape() as tape:
                loss = F.cross_entropy(model(X[rows]), y[rows])
            optimizer.step(tape.gradient(loss, model.parameters()))
        schedule.step()
    return model


def read(model, X):
    with no_grad():
        return np.argmax(model(X).value, axis=1)


models = {"MLP": train(mlp, X, y), "CNN": train(cnn, X, y)}
for name, model in models.items():
    n = sum(p.size for p in model.parameters())
    print(f"{name}: {n:,} weights, {np.mean(read(model, X_test) == y_test):.1%} of 360 new digits")

# %% [markdown]
# The CNN with a node for each of its layers: see the pictures get smaller, and more. Below it are
# its weights, and the adjoints that one batch still gives them.

# %%
models["CNN"](X[:32]).diagram(depth=1, size="6,9")

# %%
F.cross_entropy(models["CNN"](X[:32]), y[:32]).backward()
plots.histograms({k: p for k, p in models["CNN"].named_parameters() if "weight" in k})
plt.show()

# %% [markdown]
# The digits that the CNN takes for others (its answer in red, the label in black):

# %%
answers = read(models["CNN"], X_test)
wrong = np.flatnonzero(answers != y_test)
fig, axes = plt.subplots(1, max(len(wrong), 2), figsize=(1.1 * max(len(wrong), 2), 1.4))
for ax in axes:
    ax.set_axis_off()
for ax, i in zip(axes, wrong, strict=False):
    ax.imshow(X_test[i, 0], cmap="gray_r")
    ax.text(1.5, -1, answers[i], color="#b00000", weight="bold", ha="center")
    ax.text(5.5, -1, y_test[i], color="black", ha="center")
plt.show()

# %% [markdown]
# ## Scramble the pixels
#
# Now put the 64 pixels of every image, in training and test, into one and the same random order.
# For the MLP nothing has happened: its weights may stand in that order, too. But nobody can read a
# single image any more, and the CNN has lost its neighbours.

# %%
scramble = np.random.default_rng(1).permutation(64)


def scrambled(X):
    return X.reshape(-1, 64)[:, scramble].reshape(X.shape)


def moved(X, dx, dy):
    """The same images, moved by whole pixels; what leaves on one side is lost."""
    padded = np.pad(X, [(0, 0), (0, 0), (1, 1), (1, 1)])
    return padded[..., 1 - dy : 9 - dy, 1 - dx : 9 - dx]


fig, ax = plt.subplots(figsize=(8, 1.7))
tiles(ax, np.concatenate([X_test[:20, 0], scrambled(X_test)[:20, 0]]), 20)
plt.show()


def score(model, X):
    return np.mean(read(model, X) == y_test)


print(f"{'mean of three trainings':28}{'MLP':>6}{'CNN':>8}")
plain, relearnt = (
    [[train(make, Z, y, seed=seed) for seed in range(3)] for make in (mlp, cnn)]
    for Z in (X, scrambled(X))
)
for name, nets, Z in [
    ("as they are", plain, X_test),
    ("scrambled, trained anew", relearnt, scrambled(X_test)),
    ("moved by one pixel", plain, moved(X_test, 1, 0)),
]:
    means = [np.mean([score(net, Z) for net in group]) for group in nets]
    print(f"{name:26}{means[0]:8.1%}{means[1]:8.1%}")

# %% [markdown]
# The MLP does not notice, and the CNN is now the worse of the two: what it knew of pictures was
# worth some errors, and it was false. The last line is the contrary test. One pixel to the right,
# and both fail on half of the digits: the MLP has learnt pixels and not shapes. Convolution is
# *equivariant* (the feature map moves, too), but the last layer knows where on its 2×2 grid a
# stroke was found.
#
# ## What it looks for
#
# The twelve kernels of the first layer, and what each answers to one seven: where the image has its
# kind of edge.

# %%
first = models["CNN"][0]
seven = X_test[np.flatnonzero(y_test == 7)[0]]
maps = F.relu(first(seven[None])).value[0]
fig, (a, b, c) = plt.subplots(1, 3, figsize=(9, 2.8), width_ratios=[1, 1.6, 1.6])
a.imshow(seven[0], cmap="gray_r")
a.set(title="read", xticks=[], yticks=[])
a.grid(visible=False)
size = np.abs(first.weight.value).max()
tiles(b, first.weight.value[:, 0], 4, cmap="RdBu_r", vmin=-size, vmax=size)
b.set_title("kernels, red +, blue -")
tiles(c, maps, 4, cmap="viridis")
c.set_title("feature maps")
plt.show()

# %% [markdown]
# ## The adjoint of the picture
#
# Nothing says that adjoints are for weights. Make the *image* a Variable: $\partial z_k/\partial x$
# says which pixels, if darker, would make it more of a $k$ (Simonyan et al. 2013).

# %%
x = Variable(seven[None], name="image")
fig, axes = plt.subplots(1, 10, figsize=(10, 1.4))
for k, ax in enumerate(axes):
    logit = models["CNN"](x)[0, k]
    logit.backward()
    ax.imshow(x.adjoint[0, 0], cmap="RdBu_r", vmin=-3, vmax=3)
    ax.set(title=f"more {k}", xticks=[], yticks=[])
    ax.grid(visible=False)
plt.show()

# %% [markdown]
# The same adjoint makes a network's blind spot. Move every pixel by a little in the direction that
# *raises* the loss, $x + \varepsilon\, \operatorname{sign}(\partial L/\partial x)$ (Goodfellow et
# al. 2014). The noise beside it has the same size and a random sign.

# %%
fig, ax = plt.subplots(figsize=(5.6, 3))
sizes = np.linspace(0, 0.3, 13)
for (name, model), colour in zip(models.items(), ("C0", "C1"), strict=True):
    x = Variable(X_test, name="images")
    F.cross_entropy(model(x), y_test).backward()
    noise = np.random.default_rng(0).choice([-1, 1], X_test.shape).astype(np.float32)
    for what, direction in {"random": noise, "adjoint's": np.sign(x.adjoint)}.items():
        rates = [score(model, X_test + np.float32(size) * direction) for size in sizes]
        style = ":" if what == "random" else "-"
        ax.plot(sizes, rates, style, color=colour, label=f"{name}, {what} sign")
ax.set(xlabel="change of each pixel (white 0, black 1)", ylabel="read correctly", ylim=(0, 1.03))
ax.legend()
plt.show()
