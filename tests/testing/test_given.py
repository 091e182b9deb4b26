"""given_gradients and kink_distance: what a user's own property tests are made of."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

import nn
from autograd_tape import primitive, where_safe
from autograd_tape.testing import GradientError, arrays, given_gradients, kink_distance

fixed = settings(max_examples=25, database=None, derandomize=True, deadline=None)


def printed(test):
    """What pytest would show of a failure: the message and Hypothesis's notes."""
    with pytest.raises(GradientError) as caught:
        test()
    return "\n".join([str(caught.value), *caught.value.__notes__])


@fixed
@given_gradients(arrays((3,)), arrays((3,), domain="positive"))
def test_a_right_function_passes(x, y):
    return np.sum(x * np.log(y))


@fixed
@given_gradients(p=st.fixed_dictionaries({"w": arrays((2,)), "b": st.floats(-1, 1)}))
def test_containers_and_names(p):
    return np.tanh(p["w"] + p["b"])


def test_a_function_with_kinks_is_not_tested_on_them():
    seen = []

    @fixed
    @given_gradients(arrays((2,)))
    def f(x):
        seen.append(x)
        return np.abs(x) * np.maximum(x, 0.5)

    f()
    assert len(seen) > 25


def test_a_layer():
    fixed(given_gradients(arrays((2, 3)))(nn.MLP((3, 4, 2))))()


@primitive
def mish(x):
    return x * np.tanh(np.log1p(np.exp(x)))


def _mish(ct, output, x):
    t, s = np.tanh(np.log1p(np.exp(x))), 1 / (1 + np.exp(-x))
    return ct * (t + x * (1 - t * t) * np.where(x > 1.5, 1.0, s))  # planted: wrong above 1.5


mish.defvjp(_mish)
mish.defjvp(lambda x_dot, output, x: _mish(x_dot, output, x))


def test_a_planted_bug_is_found_shrunk_and_printed_with_its_tape():
    @fixed
    @given_gradients(arrays((2, 2)), w=st.floats(0.5, 2))
    def loss(x, w):
        return np.sum(w * mish(x))

    text = printed(loss)
    assert "culprit: " in text
    assert "mish(" in text
    assert "check_grads(loss.function, (np.array(" in text
    assert "Tape of " in text
    zeros = text.count("0.  ") + text.count(" 0.") + text.count("[0.")
    assert zeros >= 3, "all elements but one shrink to zero"


def test_the_printed_example_runs():
    @fixed
    @given_gradients(arrays((2,)))
    def loss(x):
        return np.sum(mish(x))

    notes = printed(loss)
    start = notes.index("import numpy as np")
    code = "\n".join(notes[start:].splitlines()[:4])
    with pytest.raises(GradientError, match="mish"):
        exec(code, {"loss": loss})


def test_without_strategies_it_says_what_is_missing():
    with pytest.raises(TypeError, match="strategy for each argument"):
        given_gradients()(np.sin)


# -- kink_distance ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (lambda x: np.abs(x - 1.0).sum(), (np.array([0.75, 3.0]),), 0.25),
        (lambda x: np.sin(x), (np.array([0.75]),), np.inf),
        (lambda x, y: np.maximum(x, y) + np.exp(x), (1.0, 1.5), 0.25),  # both may move
        (lambda x: np.max(x) * np.log(x[0]), (np.array([0.2, 0.9]),), 0.2),
        (lambda x: np.abs(x["a"][0]), ({"a": [0.125]},), 0.125),
        (lambda x: 2.0, (1.0,), np.inf),
    ],
)
def test_kink_distance(f, args, expected):
    assert kink_distance(f, *args).distance == pytest.approx(expected, rel=1e-12)


def test_kink_distance_names_the_entry():
    kink = kink_distance(lambda x: np.abs(np.sin(x)), 3.0)
    assert kink.entry.primitive.name == "absolute"
    assert kink.distance == pytest.approx(np.sin(3.0))


def test_where_safe_hides_the_kink_of_the_branch_not_taken():
    f = where_safe
    kink = kink_distance(lambda x: f(x > 1, np.sqrt, x, 0.0), np.array([-0.5, 4.0]))
    assert kink.distance == 4.0 or kink.distance == np.inf


def test_the_kit_needs_neither_pytest_nor_hypothesis_until_it_draws():
    import subprocess
    import sys

    code = """
import sys
sys.modules["pytest"] = sys.modules["hypothesis"] = None
import numpy as np
from autograd_tape.testing import check_grads, check_primitive, kink_distance
check_grads(np.sin, (0.5,))
try:
    from autograd_tape.testing import arrays
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "autograd_tape.testing.arrays draws examples with Hypothesis" in done.stdout
