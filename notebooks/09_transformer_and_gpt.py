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
# # A transformer block, opened up, and a small GPT
#
# A transformer has no memory and no recurrence. At every place of a sequence it asks all other
# places for what it needs (Vaswani et al. 2017; 003 §13). We take one layer apart with NumPy, look
# for what each part is good for, and then train a GPT on the English of Python's own manual.

# %%
import sys

import matplotlib.pyplot as plt
import numpy as np

import nn
from autograd_tape import Tape, Variable
from nn import functional as F

sys.path.append("../examples")
from characters import bits, bits_of_pairs, split

plt.style.use("pages.mplstyle")

# %% [markdown]
# ## One encoder layer in NumPy
#
# $$\begin{aligned}
# Q, K, V &= X W_Q^\top,\; X W_K^\top,\; X W_V^\top \quad (+\,b) \\
# \mathrm{head}_i &= \operatorname{softmax}\!\big(Q_i K_i^\top / \sqrt{d_k}\big)\, V_i \\
# Z &= [\mathrm{head}_1; \ldots; \mathrm{head}_h]\, W_O^\top + b_O \\
# X' &= \operatorname{LayerNorm}(X + Z) \\
# Y &= \operatorname{LayerNorm}\big(X' + W_2 \max(0, W_1 X' + b_1) + b_2\big)
# \end{aligned}$$
#
# The weights are those of an `nn.TransformerEncoderLayer`, whose state has PyTorch's names.

# %%
T, D, H = 7, 16, 4
layer = nn.TransformerEncoderLayer(D, H, 32, dropout=0.0, batch_first=True, rng=0)
w = layer.state_dict()
x = np.random.default_rng(0).standard_normal((T, D)).astype(np.float32)


def layer_norm(x, gain, shift):
    centred = x - x.mean(axis=-1, keepdims=True)
    return gain * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) + shift


def heads(z):  # (T, D) -> (H, T, D/H)
    return z.reshape(T, H, D // H).swapaxes(0, 1)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


Q, K, V = np.split(x @ w["self_attn.in_proj_weight"].T + w["self_attn.in_proj_bias"], 3, axis=-1)
A = softmax(heads(Q) @ heads(K).swapaxes(-1, -2) / np.sqrt(D / H))  # (H, T, T): who looks at whom
Z = (A @ heads(V)).swapaxes(0, 1).reshape(T, D)
Z = Z @ w["self_attn.out_proj.weight"].T + w["self_attn.out_proj.bias"]
X1 = layer_norm(x + Z, w["norm1.weight"], w["norm1.bias"])
hidden = np.maximum(0, X1 @ w["linear1.weight"].T + w["linear1.bias"])
Y = layer_norm(
    X1 + hidden @ w["linear2.weight"].T + w["linear2.bias"], w["norm2.weight"], w["norm2.bias"]
)
print("largest difference to the layer:", np.max(np.abs(Y - layer(x[None]).value[0])))

# %% [markdown]
# The tape of the same layer, with a node for each of its parts:

# %%
layer(Variable(x[None], name="x")).diagram(depth=1, size="6,9")

# %% [markdown]
# ## It does not know any order
#
# Nothing in those lines depends on *where* a row stands. Shuffle the words, and the outputs are
# shuffled in the same way: to this layer "dog bites man" is "man bites dog". Positions must be put
# into the vectors themselves:
#
# $$p_{t,2j} = \sin(t\,\omega_j), \qquad p_{t,2j+1} = \cos(t\,\omega_j), \qquad
# \omega_j = 10000^{-2j/d}.$$
#
# (003 §13.1.3 prints 1000; the paper has 10000.) The product $p_s \cdot p_t$ depends on the
# distance $s - t$ alone, so a head can learn to look "three to the left".

# %%
order = np.random.default_rng(1).permutation(T)
print(
    "shuffled in, shuffled out:", np.allclose(layer(x[None, order]).value[0], Y[order], atol=1e-5)
)

p = nn.PositionalEncoding(64)(np.zeros((100, 64)))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.imshow(p.T, aspect="auto", cmap="RdBu_r")
left.set(xlabel="position t", ylabel="element", title="$p_t$")
drawn = right.imshow(p @ p.T, cmap="viridis")
right.set(xlabel="position t", ylabel="position s", title="$p_s \\cdot p_t$")
fig.colorbar(drawn, ax=right)
for ax in (left, right):
    ax.grid(visible=False)
plt.show()

# %% [markdown]
# ## Why divide by √d?
#
# The product of two random vectors of $d$ numbers has variance $d$. With $d = 512$ scores of ±20
# are common, the softmax puts everything on one place, and *its* derivative,
# $\operatorname{diag}(a) - a\,a^\top$, is zero there: the layer could never again learn to look
# elsewhere.

# %%
rng = np.random.default_rng(0)
ds = [2, 8, 32, 128, 512, 2048]
sizes = {"divided by √d": [], "as it is": []}
for d in ds:
    for name, scale in (("divided by √d", d**-0.5), ("as it is", 1.0)):
        scores = Variable(scale * rng.standard_normal((500, 1, d)) @ rng.standard_normal((d, 10)))
        a = F.softmax(scores)
        np.sum(a * rng.standard_normal(a.shape)).backward()
        sizes[name].append(np.median(np.linalg.norm(scores.adjoint, axis=-1)))

fig, ax = plt.subplots(figsize=(5.4, 3))
for (name, values), style in zip(sizes.items(), ("o-", "s--"), strict=True):
    ax.loglog(ds, values, style, ms=4, label=name)
ax.set(xlabel="d", ylabel="median adjoint of the scores", title="Attention that can still learn")
ax.legend()
plt.show()

# %% [markdown]
# ## Why the sums?
#
# Each half of a layer is *added* to what it reads. So on the way back the adjoint of $x$ is the
# adjoint of $x + f(x)$, plus a correction: nothing shrinks it. Thirty layers, untrained, with the
# sums and without them:


# %%
def through(depth, residual):
    """The size of the adjoint at each layer of a stack."""
    v = Variable(x[None])
    states = [v]
    for i in range(depth):
        block = nn.TransformerEncoderLayer(D, H, 32, 0.0, batch_first=True, norm_first=True, rng=i)
        y = block.norm1(v)
        v = residual * v + block.self_attn(y, y, y)[0]
        v = residual * v + block.linear2(F.relu(block.linear1(block.norm2(v))))
        states.append(v)
    np.sum(v * np.random.default_rng(2).standard_normal(v.shape)).backward()
    return [np.sqrt(np.mean(s.adjoint**2)) for s in states]


fig, ax = plt.subplots(figsize=(5.4, 3))
ax.semilogy(through(30, 1.0), label="x + f(x)")
ax.semilogy(through(30, 0.0), "--", label="f(x)")
ax.set(xlabel="layer", ylabel="adjoint (root mean square)", title="Thirty layers back")
ax.legend()
plt.show()

# %% [markdown]
# ## A small GPT
#
# GPT is a stack of such layers with one change: the mask. A place may look at itself and at what is
# before it, so that every place can be trained at once to name the next character (003 §13.2;
# Radford et al. 2018):
#
# $$L_1 = \sum_i \log P(u_i \mid u_{i-k}, \ldots, u_{i-1}; \Theta).$$
#
# The text is `pydoc_data.topics`, which is in every Python: 260,000 characters to learn from, and
# whole pages held back, without paragraphs that occur twice.

# %%
text, held_out, characters = split(0)
V, LENGTH, BATCH, STEPS, RATE = len(characters), 64, 16, 600, 6e-3
rng = np.random.default_rng(0)
model = nn.GPT(nn.GPTConfig(V, LENGTH, n_embd=64, n_layer=2, n_head=4, dropout=0.0), rng=rng)
for q in model.parameters():
    if q.ndim > 1:  # GPT-2's N(0, 0.02²) is for wide vectors; these are 64 wide
        q.value = 4 * q.value
print(f"{sum(q.size for q in model.parameters()):,} weights, {V} kinds of characters")
print("".join(characters[text[1000:1300]]))

# %%
ids = text[: BATCH * (LENGTH + 1)].reshape(BATCH, LENGTH + 1)
model.transformer["wte"].weight.name = "embedding"
logits = model(ids[:, :-1])
logits.diagram(depth=1, rankdir="TB", size="6,9")

# %% [markdown]
# The two blocks are one node, ×2, and the embedding is used twice: to read characters, and
# transposed, to name them. What it costs to learn from one batch: the values that the rules will
# ask for pile up on the way forward, and are freed on the way back.

# %%
loss = F.cross_entropy(logits.reshape(-1, V), ids[:, 1:].ravel())
loss.cost().plot(plt.figure(figsize=(7, 3)).gca())
plt.show()

# %% [markdown]
# Is the mask right? The adjoint proves it. For each character's loss we sweep once, and see which
# places of the input it can change: nothing above the diagonal, exactly.

# %%
ids = text[: LENGTH + 1]
logits = model(ids[None, :-1])
(vectors,) = (e for e in logits.tape if e.primitive and e.primitive.name == "getitem"
              and "embedding" in [p.note("name") for p in e.parents])  # fmt: skip
reach = np.zeros((LENGTH, LENGTH))
for t in range(LENGTH):
    F.cross_entropy(logits[0, t : t + 1], ids[t + 1 : t + 2]).backward()
    reach[t] = np.linalg.norm(vectors.adjoint[0], axis=-1)
print("above the diagonal:", np.max(np.triu(reach, 1)), "  below, the least:",
      f"{reach[np.tril_indices(LENGTH)].min():.1e}")  # fmt: skip

# %% [markdown]
# The training loop. In between it writes, each time from the same beginning.


# %%
def written(length=150):
    ids = model.generate(text[:11], length, temperature=0.5, rng=0)
    return "".join(characters[ids]).replace("\n", " ")


optimizer = nn.optim.AdamW(model.parameters(), lr=RATE)
losses = []
for step in range(STEPS):
    if step in (0, 50, 200):
        print(f"after {step} steps: {written()}\n")
    ids = text[rng.integers(len(text) - LENGTH, size=(BATCH, 1)) + np.arange(LENGTH + 1)]
    optimizer.lr = RATE * min((step + 1) / 50, (STEPS - step) / (STEPS - 50))
    with Tape() as tape:
        loss = F.cross_entropy(model(ids[:, :-1]).reshape(-1, V), ids[:, 1:].ravel())
    gradients = tape.gradient(loss, model.parameters())
    nn.optim.clip_grad_norm(gradients, 1.0)
    optimizer.step(gradients)
    losses.append(float(loss) / np.log(2))
print(f"after {STEPS} steps: {written()}")

# %%
starts = np.arange(0, len(held_out) - LENGTH, LENGTH)[:, None]
windows = held_out[starts + np.arange(LENGTH + 1)][::2]
share = np.bincount(text, minlength=V) / len(text)
levels = {
    "every character alike": np.log2(V),
    "how often each occurs": -np.mean(np.log2(np.maximum(share[windows[:, 1:]], 1e-6))),
    "a table of all pairs": bits_of_pairs(text, windows, V),
    "this GPT": bits(model, windows),
}
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.plot(np.convolve(losses, np.ones(10) / 10, "valid"), label="training, mean of ten steps")
for (name, level), style in zip(levels.items(), (":", "-.", "--", "-"), strict=True):
    print(f"{level:.2f} bits per character of the pages held back: {name}")
    ax.axhline(level, ls=style, lw=1, color="black")
    ax.text(STEPS, level + 0.05, name, ha="right", fontsize=9)
ax.set(xlabel="step", ylabel="bits per character", title="What a character costs", ylim=(2, 7))
plt.show()

# %% [markdown]
# The levels are a history of language models: Shannon counted letters and pairs of them in 1948, by
# hand and out of books. In 1951 he measured people, who need about one bit.
#
# ## What the heads have found
#
# The attention of each head in both layers, for one line of the pages held back. The blocks' own
# weights are enough to compute it, as in the first section.

# %%
line = held_out[np.flatnonzero(characters[held_out] == "\n")[3] + 1 :][:40]
v = model.transformer["wpe"](model.transformer["wte"](line[None]))
fig, axes = plt.subplots(2, 4, figsize=(10, 5.4))
for row, block in zip(axes, model.transformer["h"], strict=True):
    q, k, _ = np.split(block.attn["c_attn"](block.ln_1(v)).value[0], 3, axis=-1)
    q, k = (z.reshape(40, 4, 16).swapaxes(0, 1) for z in (q, k))
    weights = softmax(q @ k.swapaxes(-1, -2) / 4 + np.triu(np.full((40, 40), -np.inf), 1))
    for ax, head in zip(row, weights, strict=True):
        ax.imshow(head, cmap="Blues", vmin=0, vmax=1)
        ax.set_xticks(range(40), characters[line], fontsize=4.5)
        ax.set_yticks(range(40), characters[line], fontsize=4.5)
        ax.tick_params(length=0)
        ax.grid(visible=False)
        before = np.mean(np.diag(head, -1))
        ax.set_title(f"{before:.0%} on the one before", fontsize=9)
    v = block(v)
plt.show()
