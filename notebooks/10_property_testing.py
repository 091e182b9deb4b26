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
# # Property-testing a derivative
#
# A derivative rule is easy to get almost right. One example that passes says little: the bug may
# sit where that example never looks. Here a rule with a planted bug passes a careful check by
# hand, and a property test of three lines finds it, shrinks it, and names the culprit.

# %%
import numpy as np
from hypothesis import Phase, settings

from autograd_tape import Variable, primitive
from autograd_tape.testing import arrays, check_grads, given_gradients, kink_distance

settings.register_profile(  # the same examples each time, and no more words than needed
    "page", derandomize=True, database=None, deadline=None, phases=[Phase.generate, Phase.shrink]
)
settings.load_profile("page")

# %% [markdown]
# ## A primitive of our own
#
# The *softplus* function $s(x) = \log(1 + e^x)$ overflows for large $x$, where $s(x) \approx x$.
# So its author wrote two branches, in the function and in the rule:
#
# $$s'(x) = \frac{1}{1 + e^{-x}} \approx 1 \quad\text{for large } x.$$


# %%
@primitive
def softplus(x):
    return np.where(x > 30, x, np.log1p(np.exp(np.minimum(x, 30))))


def rule(ct, output, x):
    # "for large x it is 1": but 3 is not large (a zero was lost)
    return ct * np.where(x > 3, 1.0, 1 / (1 + np.exp(-x)))


softplus.defvjp(rule)  # the adjoint of x, given that of the output
softplus.defjvp(rule)  # the tangent of the output, given that of x

# %% [markdown]
# By hand, at a few points, all is well: values, first and second derivatives, both modes.

# %%
check_grads(softplus, (np.linspace(-2, 2, 5),))
print("softplus passes at", np.linspace(-2, 2, 5))

# %% [markdown]
# ## Three lines
#
# `given_gradients` makes a test of any function: it draws the arguments, leaves out points that lie
# on a kink, and compares the tape with derivatives taken from function values alone. Under pytest
# these three lines are all; here we call the test ourselves.


# %%
@given_gradients(arrays((2, 3), domain=(-5, 5)))
def test_loss(x):
    return np.sum(softplus(x) ** 2)


try:
    test_loss()
except AssertionError as error:
    print(error, *error.__notes__, sep="\n")

# %% [markdown]
# Of the six elements all but one have shrunk to zero, and the one that is left is the simplest
# number for which the rule is wrong. The culprit is an entry of the tape, named with its line: the
# square and the sum are right. The last lines can be pasted to see the failure again.
#
# ## How sure is the other side?
#
# The first oracle is the *complex step*: for an analytic function
#
# $$f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2),$$
#
# without a subtraction, so $h = 10^{-30}$ and the result is exact to rounding. Where a function
# does not take complex numbers, central differences are extrapolated to step zero. An error of one
# part in a million is still found:


# %%
@primitive
def cube(x):
    return x**3


cube.defvjp(lambda ct, output, x: ct * 3.000003 * x**2)
cube.defjvp(lambda x_dot, output, x: x_dot * 3 * x**2)

try:
    check_grads(cube, (2.0,))
except AssertionError as error:
    print(error)

# %% [markdown]
# ## Kinks
#
# Where a function has a kink there is no derivative to compare with. The tape knows how far each
# operation is from its nearest one:

# %%
x = np.array([0.5, -2.0, 3.25])
kink_distance(lambda x: np.sum(np.abs(x) * np.maximum(x, 3.0)), x)

# %% [markdown]
# ## Mended
#
# With the zero put back, the same test passes, for a hundred arguments that nobody chose.


# %%
def mended(ct, output, x):
    return ct * np.where(x > 30, 1.0, 1 / (1 + np.exp(-x)))


softplus.defvjp(mended)
softplus.defjvp(mended)
test_loss()
print(Variable(np.array([2.0, 4.0])) * 1.0, "->", softplus(Variable(np.array([2.0, 4.0]))))
