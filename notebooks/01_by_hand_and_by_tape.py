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
# # One example, by hand and by tape
#
# How does a program know the derivative of another program? It writes down what was computed, and
# reads the list backwards. This page does so for
#
# $$f(a, b) = (a + b)\,b$$
#
# first with a pencil, then with a tape. The example is that of 003 §14; the list is called a
# *Wengert list* (Wengert 1964), the sweep down the list reverse mode (Linnainmaa 1970), and for a
# network's loss it is backpropagation (Rumelhart, Hinton and Williams 1986).

# %%
from autograd_tape import Variable, stop_gradient

# %% [markdown]
# ## Forward: the list
#
# Each line is one operation on lines above it. Beside it stands what the operation alone knows: its
# *partial derivatives* in its own operands.
#
# | line | at $a = 2,\ b = 3$ | partials |
# |---|---|---|
# | $v_{-1} = a$ | 2 | |
# | $v_0 = b$ | 3 | |
# | $v_1 = v_{-1} + v_0$ | 5 | $\partial v_1/\partial v_{-1} = \partial v_1/\partial v_0 = 1$ |
# | $v_2 = v_1 v_0$ | 15 | $\partial v_2/\partial v_1 = v_0,\ \partial v_2/\partial v_0 = v_1$ |
#
# ## Backward: the adjoints
#
# The *adjoint* $\bar v_i = \partial f / \partial v_i$ says how much $f$ moves when line $i$ does.
# It is the sum over all lines $j$ that use line $i$:
#
# $$\bar v_i = \sum_j \bar v_j\, \frac{\partial v_j}{\partial v_i}.$$
#
# From the last line upwards every adjoint on the right is already known:
#
# $$\begin{aligned}
# \bar v_2 &= 1 \\
# \bar v_1 &= \bar v_2 \cdot v_0 = 3 \\
# \bar v_0 &= \bar v_2 \cdot v_1 + \bar v_1 \cdot 1 = 5 + 3 = 8 \\
# \bar v_{-1} &= \bar v_1 \cdot 1 = 3
# \end{aligned}$$
#
# The pencil, in Python:

# %%
a, b = 2.0, 3.0
v1 = a + b
v2 = v1 * b

v2_bar = 1.0
v1_bar = v2_bar * b
b_bar = v2_bar * v1 + v1_bar * 1.0  # b was used twice
a_bar = v1_bar * 1.0
print(f"f = {v2}, ∂f/∂a = {a_bar}, ∂f/∂b = {b_bar}")

# %% [markdown]
# ## The tape
#
# The same again, and nobody writes the second half. Read the columns: *primal* was filled from top
# to bottom, *adjoint* from bottom to top.

# %%
a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
f = (a + b) * b
f.backward()
f.tape

# %% [markdown]
# The same as a graph. On each arrow stands what the sweep does there, adjoint × partial =
# contribution, and in $b$ the sum.

# %%
f.diagram(edges="arithmetic", size="7")

# %% [markdown]
# ## Why a sum? The two paths of b
#
# A change of $b$ reaches $f$ on two ways: through the sum, and straight into the product. We can
# close one way at a time. `stop_gradient(b)` has the value of $b$, and passes nothing back.


# %%
def b_adjoint(f):
    f.backward()
    return b.adjoint


print("through the sum only:    ", b_adjoint((a + b) * stop_gradient(b)))
print("into the product only:   ", b_adjoint((a + stop_gradient(b)) * b))
print("both:                    ", b_adjoint((a + b) * b))

# %% [markdown]
# Step by step: move the slider (or press →) and watch $\bar b$, which is *pending* until both
# contributions are there.

# %%
f.explore()

# %% [markdown]
# ## Adding adjoints is not walking paths
#
# One could sum over all paths from $b$ to $f$, as the chain rule is often taught. But paths
# multiply. Double a number 100 times: there are $2^{100}$ paths from the first line to the last,
# and a computer that walks a billion of them each second would need 40 trillion years. The tape has
# 101 lines, and adds up once at each.

# %%
x = Variable(1.0, name="x")
y = x
for _ in range(100):
    y = y + y
y.backward()
print(f"{len(y.tape)} lines; dy/dx = 2^100 exactly: {x.adjoint == 2**100}")

# %% [markdown]
# So one sweep costs about as much as the program itself, however many inputs there are. (Forward
# mode, and differences, cost that much *per input*.) This is why networks with a billion weights
# can be trained at all (Griewank and Walther, *Evaluating Derivatives*, 2008).
#
# ## Is it true? Nudge it
#
# An adjoint is a promise: move $b$ by a little $\varepsilon$, and $f$ moves by $8\varepsilon$. The
# promise is broken by exactly $\varepsilon^2$, since
#
# $$f(a, b + \varepsilon) - f(a, b) = (a + 2b)\,\varepsilon + \varepsilon^2.$$
#
# What is promised to each line, and what happens there:

# %%
f.nudge({b: 0.1})

# %%
for eps in (1.0, 0.1, 0.01, 0.001):
    n = f.nudge({b: eps})
    print(f"ε = {eps:<6} promised {n.predicted:<7.4g} happened {n.actual:<10.7g} "
          f"difference {n.actual - n.predicted:.2g}")  # fmt: skip

# %% [markdown]
# ## What a line must remember
#
# The rule of a product needs its operands, and that of a sum needs nothing. So of the four lines
# above, the value 5 of $v_1$ is kept because the *product* will ask for it, and the 15 is not kept
# at all: nobody reads it on the way down. What the table shows is computed again when you look. In
# a big network this is most of the memory, and the engine of [the next
# page](02_an_engine_in_forty_lines.ipynb), which keeps everything, is where to begin.

# %%
f.cost()
