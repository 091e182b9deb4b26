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
# # Attention, and a machine that reads dates
#
# "the twenty-first of november, 2026" is 2026-11-21. A recurrent encoder must press the whole
# sentence into one vector before the decoder may begin, and what came first is lost first (003
# §12.1). *Attention* lets the decoder look back at every letter, and learn where (Bahdanau, Cho and
# Bengio 2015; 003 §12.1.3).

# %%
import sys

import matplotlib.pyplot as plt
import numpy as np

import nn
from autograd_tape import Tape, Variable, jacobian, no_grad, plots
from nn import functional as F

sys.path.append("../examples")
import date_strings as dates

plt.style.use("pages.mplstyle")
np.set_printoptions(precision=3, suppress=True)

# %% [markdown]
# ## A weighted mean, and its derivative
#
# Each encoder output $h_j$ gets a score $e_j$ for its fit with the decoder's state; the scores
# become weights, and the context is the mean with these weights:
#
# $$a_j = \frac{\exp e_j}{\sum_k \exp e_k}, \qquad C = \sum_j a_j h_j, \qquad
# \frac{\partial C}{\partial e_j} = a_j\,(h_j - C).$$
#
# The derivative is worth a second look: a score is raised if its $h_j$ is *better than the mean* in
# the direction that the loss wants, and in proportion to the attention that it has already. Who is
# not looked at does not learn to be looked at.

# %%
h = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
e = Variable(np.array([2.0, 1.0, -1.0]), name="e")
a = F.softmax(e)
C = a @ h
print("a =", a.value, "  C =", C.value)
print("tape:", jacobian(lambda e: F.softmax(e) @ h)(e.value).T, sep="\n")
print("a_j (h_j - C):", a.value[:, None] * (h - C.value), sep="\n")

# %% [markdown]
# ## The task
#
# Days of a hundred years, each written in one of six ways, letter by letter; the answer is the
# ISO date, character by character. 500 days never occur in training.

# %%
dates.FORMATS = (
    "{year}-{mm}-{dd}", "{d}.{m}.{year}", "{d} {month} {year}", "{month} {nth}, {year}",
    "{weekday}, {d} {month} {year}", "the {spelled} of {month}, {year}",
)  # fmt: skip
dates.CASES = (str.lower,) * 3
rng = np.random.default_rng(0)
days, held_out = dates.split(500, rng)
texts, right = dates.draw(held_out, rng), [day.isoformat() for day in held_out]
for text, iso in zip(texts[:6], right, strict=False):
    print(f"{text:40} {iso}")

# %% [markdown]
# ## Three decoders
#
# The same two LSTMs, the encoder reading both ways, with two scores and with none:
#
# * `additive`: $e_{ij} = v \cdot \tanh(W d_i + U h_j)$, Bahdanau's;
# * `notes`: $e_{ij} = (W d_i) \cdot (U h_j)$, the product that 003 §12.1.3 prints;
# * none: the decoder starts from the encoder's last state, and has nothing else.

# %%
STEPS, BATCH = 400, 32


def train(attention):
    sizes = dates.SOURCE_SIZE, dates.TARGET_SIZE, 24, 40
    model = nn.Seq2Seq(*sizes, attention=attention, rng=0)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    schedule = nn.optim.CosineAnnealingLR(optimizer, STEPS)
    losses = []
    for ids, lengths, target_in, target in dates.batches(days, STEPS, BATCH)(
        np.random.default_rng(1)
    ):
        with Tape() as tape:
            logits = model(ids, lengths, target_in)  # (N, T, V), given the characters before
            loss = F.cross_entropy(logits.reshape(-1, dates.TARGET_SIZE), target.ravel())
        gradients = tape.gradient(loss, model.parameters())
        nn.optim.clip_grad_norm(gradients, 1.0)
        optimizer.step(gradients)
        schedule.step()
        losses.append(float(loss))
    return model, losses


def write(model, texts):
    """The most likely character each time, of all texts at once: (N, LENGTH) ids."""
    tokens = np.full((len(texts), 1), dates.START)
    with no_grad():
        state = model.encode(*dates.source_ids(texts))
        for _ in range(dates.LENGTH):
            logits, state, _ = model.decode(tokens[:, -1:], state)
            tokens = np.column_stack([tokens, nn.generation.greedy(logits[:, -1])])
    return tokens[:, 1:]


fig, ax = plt.subplots(figsize=(6, 3))
models = {}
for name, style in (("additive", "-"), ("notes", "--"), (None, ":")):
    models[name], losses = train(name)
    answers = [dates.target_text(ids) for ids in write(models[name], texts)]
    exact = np.mean([a == b for a, b in zip(answers, right, strict=True)])
    label = "no attention" if name is None else name
    print(f"{label:12} {exact:6.1%} of {len(texts)} new days without a mistake")
    ax.plot(np.convolve(losses, np.ones(10) / 10, "valid"), style, label=label)
ax.set(xlabel="step", ylabel="loss per character", title="Six ways to write a date")
ax.legend()
plt.show()

# %% [markdown]
# Without attention the same network, after as many steps, knows what a date looks like, and not
# which. With it there is a second way from the encoder to the answer, the arrow that goes round the
# decoder:

# %%
ids, lengths = dates.source_ids(texts[:1])
models["additive"](ids, lengths, np.array([[dates.START]])).diagram(depth=1, size="7")

# %% [markdown]#
# ## The map
#
# Where the additive decoder looks (columns: what it reads) while it writes (rows). Nobody told it
# that *november* is 11, or that the year comes first.

# %%
model = models["additive"]


def attention(text):
    """(what it writes, the weights: (T, S))"""
    tokens = write(model, [text])
    target_in = np.insert(tokens, 0, dates.START, axis=1)[:, :-1]
    with no_grad():
        a = model.decode(target_in, model.encode(*dates.source_ids([text])))[2]
    return [*dates.target_text(tokens[0]), "stop"], a.value[0]


def draw(ax, text, written, weights, title=""):
    plots.attention_map(weights[: len(written)], written, text.replace(" ", "␣"), ax)
    ax.images[0].colorbar.remove()
    ax.tick_params(length=0, labelsize=9)
    ax.set(title=title, xlabel="", ylabel="")
    ax.grid(visible=False)


examples = ["saturday, 21 november 2026", "the twenty-first of may, 1997", "december 3rd, 2004"]
fig, axes = plt.subplots(3, 1, figsize=(6.4, 7.6))
for ax, text in zip(axes, examples, strict=True):
    draw(ax, text, *attention(text))
plt.show()

# %% [markdown]
# ## Does it use what it looks at?
#
# A weight says where the decoder *looked*. The adjoint says what *mattered*: how much the
# log-probability of a character moves with each letter. The letters' vectors are one entry of the
# tape; we find it there, and sweep once for each character written.

# %%
model.source_embedding.weight.name = "letters"


def influence(text):
    """(T, S): the norm of the adjoint of each letter's vector, for each character written."""
    tokens = write(model, [text])
    target_in = np.insert(tokens, 0, dates.START, axis=1)[:, :-1]
    log_p = F.log_softmax(model(*dates.source_ids([text]), target_in))
    (vectors,) = (e for e in log_p.tape if "letters" in [p.note("name") for p in e.parents])
    rows = []
    for t, token in enumerate(tokens[0]):
        log_p[0, t, token].backward()
        rows.append(np.linalg.norm(vectors.adjoint[0], axis=-1))
    return np.array(rows)


text = examples[0]
written, weights = attention(text)
moved = influence(text)[: len(written)]
fig, (top, low) = plt.subplots(2, 1, figsize=(6.4, 5.6))
draw(top, text, written, weights, "where it looks")
draw(low, text, written, moved / moved.max(axis=1, keepdims=True), "what moves its answer")
plt.show()

# %% [markdown]
# The two maps are related, and they are not the same. The encoder is itself a recurrent network
# that reads both ways, so the output at one letter knows of its neighbours: a look at a single
# letter can stand for a whole word. An attention map is a view of the computation, and not an
# explanation of it (Jain and Wallace 2019).
