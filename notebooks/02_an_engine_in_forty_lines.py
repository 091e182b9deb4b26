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
# # An engine in forty lines
#
# To differentiate any program that is made of known operations, one needs three things: a **list**
# of what was done, one **rule** per operation, and one **loop** from the end of the list to its
# beginning. Here they are, for plain numbers and without NumPy. (Karpathy's *micrograd*, 2020, is
# the best known engine of this size; 003 §14 sketches both its design, adjoints in the nodes, and
# the one below, a shared tape.)

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

from autograd_tape import Variable  # for a comparison, on the last lines of the page

plt.style.use("pages.mplstyle")

# %% [markdown]
# Each rule gets the adjoint `ct` of the output ($\bar u$), the output $u$ and the inputs $x_i$, and
# returns one contribution for each input:
#
# $$\bar x_i \mathrel{+}= \bar u\, \frac{\partial u}{\partial x_i}.$$


# %%
# fmt: off
tape = []  # lines (operation, inputs, output), in the order in which they were computed


class Num:
    def __init__(self, value, operation=None, inputs=()):
        self.value, self.line = float(value), len(tape)
        tape.append((operation, inputs, self))

    def __add__(x, y): return apply("add", x, y)
    def __mul__(x, y): return apply("mul", x, y)
    def __neg__(x): return x * -1.0
    def __sub__(x, y): return x + -num(y)
    def __rsub__(x, y): return -x + y
    def __repr__(x): return f"Num({x.value:.6g})"
    __radd__, __rmul__ = __add__, __mul__


def num(x):
    return x if isinstance(x, Num) else Num(x)


def apply(operation, *inputs):
    inputs = [num(x) for x in inputs]
    return Num(RULES[operation][0](*(x.value for x in inputs)), operation, inputs)


RULES = {  # operation: (what it computes, what it passes back)
    "add": (lambda x, y: x + y, lambda ct, u, x, y: (ct, ct)),
    "mul": (lambda x, y: x * y, lambda ct, u, x, y: (ct * y, ct * x)),
    "exp": (math.exp, lambda ct, u, x: (ct * u,)),
    "tanh": (math.tanh, lambda ct, u, x: (ct * (1.0 - u * u),)),
}


def gradient(target, sources):
    adjoints = {target: Num(1.0)}
    for operation, inputs, u in reversed(tape[: target.line + 1]):
        if operation and u in adjoints:
            for x, ct in zip(inputs, RULES[operation][1](adjoints[u], u, *inputs), strict=True):
                adjoints[x] = adjoints[x] + ct if x in adjoints else ct
    return [adjoints.get(x, Num(0.0)) for x in sources]
# fmt: on


# %% [markdown]
# That is all. The example of 003 §14, $f = (a + b)\,b$:

# %%
a, b = Num(2.0), Num(3.0)
f = (a + b) * b
print(f, gradient(f, [a, b]))

# %% [markdown]
# ## Three things that came for free
#
# **No sorting.** An input is recorded before what is computed from it, so the list as it stands is
# a valid order, and the loop needs neither a search of the graph nor recursion. A chain of a
# hundred thousand operations is no deeper than one of ten. (A recursive topological sort, as
# micrograd has it, stops at about a thousand: Python's recursion limit.)

# %%
x = Num(1.0)
y = x
for _ in range(100_000):
    y = y * 1.00001
print("dy/dx =", gradient(y, [x])[0].value, " and 1.00001^100000 =", 1.00001**100_000)

# %% [markdown]
# **Any order.** The rules multiply and add `Num`s, so the sweep itself is on the tape. To
# differentiate a derivative, call `gradient` on it. No line was written for this. The derivatives
# of $e^{x^2}$ at 0 are $0, 2, 0, 12, 0, 120$:

# %%
x = Num(0.0)
y = apply("exp", x * x)
for order in range(1, 7):
    before = len(tape)
    (y,) = gradient(y, [x])
    print(f"order {order}: {y.value:5.0f}   {len(tape) - before:5,} new lines")

# %% [markdown]
# The right column is the price: each order is a sweep over all sweeps before it.
#
# **Control flow.** `if`, `for` and `while` are Python's own. What ran is on the tape, and what did
# not run is not. So here is Heron's square root, made of sums and products in two loops, and its
# derivative $1/(2\sqrt{c})$, though nobody told the engine what a root is.


# %%
def inverse(x):
    y = Num(0.1)
    while abs(x.value * y.value - 1) > 1e-12:
        y = y * (2.0 - x * y)  # Newton's step for 1/x, without a division
    return y


def root(c):
    r = c
    while abs(r.value**2 - c.value) > 1e-12:
        r = 0.5 * (r + c * inverse(r))
    return r


c = Num(2.0)
r = root(c)
slope, bend = gradient(r, [c]), gradient(gradient(r, [c])[0], [c])
print("√2  =", r.value, " exact", math.sqrt(2))
print("1/2√2 =", slope[0].value, " exact", 0.5 / math.sqrt(2))
print("second derivative =", bend[0].value, " exact", -0.25 * 2**-1.5)

# %% [markdown]
# ## Enough to learn with
#
# A network of two inputs, three hidden units and one output, written number by number, learns
# exclusive or: the problem that no single perceptron solves (Minsky and Papert 1969).
#
# $$h_j = \tanh\Big(\sum_i w_{ji}\,x_i + b_j\Big), \qquad y = \sum_j v_j\,h_j + c,
# \qquad E = \tfrac14 \sum_{\text{samples}} (y - d)^2.$$

# %%
SAMPLES = [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
start = [0.9, -0.7, 0.1, -0.6, -0.8, 0.3, 0.5, 0.7, -0.2, 0.4, -0.9, 0.6, 0.1]
weights = [Num(w) for w in start]


def network(x1, x2, w):
    h = [apply("tanh", w[3 * j] * x1 + w[3 * j + 1] * x2 + w[3 * j + 2]) for j in range(3)]
    return h[0] * w[9] + h[1] * w[10] + h[2] * w[11] + w[12]


errors = []
for _ in range(300):
    tape.clear()  # nobody will ask about the last step again
    E = Num(0.0)
    for x1, x2, d in SAMPLES:
        e = network(x1, x2, weights) - d
        E = E + 0.25 * (e * e)
    errors.append(E.value)
    slopes = gradient(E, weights)
    weights = [Num(w.value - 0.3 * g.value) for w, g in zip(weights, slopes, strict=True)]

for x1, x2, d in SAMPLES:
    print(f"{x1} xor {x2} = {d}: {network(x1, x2, weights).value:+.3f}")

fig, ax = plt.subplots(figsize=(5, 2.6))
ax.semilogy(errors)
ax.set(xlabel="step", ylabel="E", title="Thirteen numbers learn exclusive or")
plt.show()

# %% [markdown]
# ## What the package adds
#
# The list, the rules and the loop of `autograd_tape` are those above. The rest answers questions
# that forty lines leave open:
#
# | question | forty lines | `autograd_tape` |
# |---|---|---|
# | Which operations? | 4 | NumPy's, by its own protocols: `dispatch.py`, `primitives/` |
# | Arrays, broadcasting? | no | undone by the sweep, and by no rule: `backward.py` |
# | What does a line keep? | everything | what its rule reads, found in its code: `needs.py` |
# | When is the list emptied? | by hand | when nobody can ask any more: `entry.py` |
# | Only a first derivative? | pays for all | adjoints are plain unless somebody asks |
# | Many outputs, one input? | no | forward mode, by a second rule: `forward.py` |
# | Is a rule right? | hope | [property tests](10_property_testing.ipynb) |
#
# The same expression there:

# %%
a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
f = np.tanh((a + b) * b / 10)
f.backward()
f.tape

# %%
a, b = Num(2.0), Num(3.0)
f = apply("tanh", (a + b) * b * 0.1)
print("forty lines:", *gradient(f, [a, b]))
