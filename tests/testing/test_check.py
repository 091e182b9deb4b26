"""check_grads: what it lets pass, what it finds, and whom it names."""

import dataclasses

import numpy as np
import pytest

import nn
from autograd_tape import Variable, primitive, stop_gradient
from autograd_tape.testing import GradientError, check_grads, check_primitive

X = np.array([0.3, -1.2, 2.5])


def softplus(vjp=None, jvp=None):
    """A custom primitive, right unless told otherwise."""

    @primitive
    def soft(x):
        return np.log1p(np.exp(x))

    def rule(ct, output, x):
        return ct / (1 + np.exp(-x))

    soft.defvjp(vjp or rule)
    soft.defjvp(jvp or rule)
    return soft


def failure(f, *args, **options):
    with pytest.raises(GradientError) as caught:
        check_grads(f, args, **options)
    return caught.value


# -- what passes -----------------------------------------------------------------------------------


@dataclasses.dataclass
class Pair:
    a: float
    b: np.ndarray


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x * 2, (1.5,)),
        (lambda x: np.sum(np.sin(x) * x), (X,)),
        (lambda x: np.abs(x), (X,)),
        (lambda x: np.abs(x) * np.exp(x), (X + 1j,)),
        (lambda x: np.exp(x), (X.astype(np.float32),)),
        (lambda x: np.exp(x), ((X + 1j).astype(np.complex64),)),
        (lambda x: {"sum": np.sum(x), "all": (x, x * x)}, (X,)),
        (lambda p: p["w"] @ p["x"][0], ({"w": np.ones((2, 3)), "x": [X]},)),
        (lambda p: p.a * p.b, (Pair(2.0, X),)),
        (lambda x: np.sum(x), (np.ones((0, 3)),)),
        (lambda x: 3.0, (X,)),
        (lambda x: 1e9 + x, (X,)),
        (lambda x: 1e-9 * np.sin(x), (X,)),
        (lambda x: np.sum(np.exp(x) / np.sum(np.exp(x))), (X,)),  # constant: rounding only
        (lambda x: np.log(x), (np.array([1e-3, 1e-2]),)),  # steps keep out of the negative
    ],
)
def test_right_derivatives_pass(f, args):
    check_grads(f, args)
    check_grads(f, args, modes=("rev",))
    check_grads(f, args, modes=("fwd",))


def test_order_three():
    check_grads(lambda x: np.sin(x) * x**3, (X,), order=3)


# -- what is found ---------------------------------------------------------------------------------


def test_one_part_in_a_million_is_found_and_named():
    soft = softplus(vjp=lambda ct, output, x: ct / (1 + np.exp(-x)) * (1 + 1e-6))
    error = failure(lambda x, w: np.sum(soft(x * w["a"]) ** 2), X, {"a": 2.0, "b": 1.0})
    assert error.culprits == ("soft",)
    assert error.mismatch.got == pytest.approx(error.mismatch.expected * (1 + 1e-6), rel=1e-9)
    text = str(error)
    assert "the reverse derivative is wrong in argument" in text
    assert "the complex step gives" in text
    assert "culprit: " in text
    assert "test_check.py" in text  # the line that called it


def test_argument_and_worst_index_are_named():
    soft = softplus(vjp=lambda ct, output, x: ct / (1 + np.exp(-x)) * np.where(x > 2, 1.5, 1.0))
    error = failure(lambda first, second: first + soft(second["w"][1]), X, {"w": [X[:2], X]})
    assert error.mismatch.index == (2,)
    assert "in argument 1 (second)['w'][1] at index (2,)" in str(error)


def test_forward_rule_alone():
    soft = softplus(jvp=lambda x_dot, output, x: x_dot / (1 + np.exp(-x)) * 1.001)
    check_grads(soft, (X,), modes=("rev",))
    error = failure(soft, X, modes=("fwd",))
    assert "the forward derivative is wrong" in str(error)
    assert error.culprits == ("soft",)


def test_second_derivative_that_a_rule_hides():
    # the first derivative is right, but .value cuts the path of the second
    soft = softplus(
        vjp=lambda ct, output, x: ct / (1 + np.exp(-stop_gradient(x))),
        jvp=lambda x_dot, output, x: x_dot / (1 + np.exp(-stop_gradient(x))),
    )
    check_grads(soft, (X,), order=1)
    error = failure(soft, X)
    assert "of the gradient" in str(error)
    assert error.culprits == ("soft",)


def test_error_in_one_of_many_uses_names_that_entry_only():
    soft = softplus(vjp=lambda ct, output, x: ct / (1 + np.exp(-x)) + ct * (x > 2))
    error = failure(lambda x: soft(soft(x) * 0.1), X)
    assert error.culprits == ("soft",)


def test_a_path_that_leaves_the_tape():
    def f(x):
        return x * (x.value if isinstance(x, Variable) else x)

    error = failure(f, X)
    assert error.culprits == ()
    assert "every primitive on the path passes the same check alone" in str(error)


def test_an_argument_that_is_cut_off_is_explained():
    error = failure(lambda x, y: x * stop_gradient(y) if isinstance(y, Variable) else x * y, X, X)
    assert "argument 1 (y)" in str(error)
    assert "stop_gradient" in str(error)


def test_nothing_is_recorded():
    error = failure(lambda x: np.asarray(x.value if isinstance(x, Variable) else x) ** 2, X)
    assert "returned no Variable" in str(error)


def test_a_function_that_is_not_one():
    state = np.random.default_rng(0)
    error = failure(lambda x: x * state.uniform(), X)
    assert "random numbers" in str(error) or "do not settle" in str(error)


def test_a_point_on_a_kink_says_so():
    error = failure(lambda x: np.sqrt(np.abs(x)), np.array([0.0, 1.0]))
    assert "the nearest kink is 0 away, at" in str(error)
    error = failure(lambda x: np.floor(x) * x, np.array([1.0]))  # floor is not on the tape
    assert "do not settle" in str(error)


def test_operands_that_print_alike_are_looked_at_one_by_one():
    """repr() leaves out the middle of a large array, and here the rule is wrong only there."""

    def rule(ct, output, x):
        return ct / (1 + np.exp(-x)) * np.where(x > 5, 2.0, 1.0)

    soft = softplus(vjp=rule)
    right, wrong = np.linspace(0, 1, 1001), np.linspace(0, 1, 1001)
    wrong[500] = 6.0
    assert repr(right) == repr(wrong)
    error = failure(lambda x, y: soft(x) + soft(y), right, wrong, modes=("rev",))
    assert error.culprits == ("soft",)


def test_a_rule_that_raises_is_a_culprit():
    @primitive
    def f(x):
        return x * 2.0

    f.defvjp(lambda ct, output, x: ct * 2.0)
    f.defjvp(lambda x_dot, output, x: {}["missing"])
    g = softplus(vjp=lambda ct, output, x: ct)
    error = failure(lambda x: g(f(x)), X, modes=("rev",))
    assert error.culprits == ("soft",)
    with pytest.raises(KeyError):
        check_grads(f, (X,))


def test_wrong_dtype_of_an_adjoint_and_bad_calls():
    with pytest.raises(TypeError, match=r"check_grads\(f, \(x,\)\)"):
        check_grads(np.sin, X)
    with pytest.raises(ValueError, match="rev"):
        check_grads(np.sin, (X,), modes=("reverse",))


# -- layers ----------------------------------------------------------------------------------------


def test_parameters_of_a_layer_are_arguments_too():
    model = nn.MLP((3, 4, 2))
    before = model.state_dict()
    check_grads(model, (np.ones((5, 3)) * 0.3,))
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_wrong_layer_names_its_parameter():
    class Cut(nn.Module):
        def __init__(self):
            self.weight = Variable(np.array([2.0, 3.0]))

        def forward(self, x):
            return x * stop_gradient(self.weight)

    with pytest.raises(GradientError, match=r"parameters\)\['weight'\]"):
        check_grads(Cut(), (np.ones(2),), order=1)


def test_variables_read_from_outside():
    w = Variable(X)
    check_grads(lambda x: x @ w, (X,), variables={"w": w})
    with pytest.raises(GradientError, match=r"\['w'\]"):
        check_grads(lambda x: x @ stop_gradient(w), (X,), variables={"w": w})


# -- check_primitive -------------------------------------------------------------------------------


def test_check_primitive_passes_what_is_right():
    check_primitive(softplus(), (X,))
    check_primitive(softplus(), (1.5,))
    check_primitive(softplus(), (X.reshape(3, 1) + 0.5j,))


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda ct, output, x: (ct / (1 + np.exp(-x))).astype(np.float64), "returns float64 where"),
        (lambda ct, output, x: np.sum(ct / (1 + np.exp(-x)), axis=0), "shape"),
        (lambda ct, output, x: ct, "reverse derivative is wrong"),
    ],
    ids=["promotes", "shape", "wrong"],
)
def test_check_primitive_finds(broken, words):
    with pytest.raises((AssertionError, ValueError), match=words):
        check_primitive(softplus(vjp=broken), (X.reshape(3, 1),))


def test_check_primitive_finds_a_rule_that_writes_into_its_operands():
    def greedy(ct, output, x):
        x *= 2
        return ct / (1 + np.exp(-x / 2))

    with pytest.raises(ValueError, match="read-only"):
        check_primitive(softplus(vjp=greedy), (X,))


def test_check_primitive_finds_a_forward_that_reads_memory_order():
    @primitive
    def f(x):
        return np.ravel(x, order="K") * 2.0

    f.defvjp(lambda ct, output, x: np.reshape(ct * 2.0, x.shape))
    f.defjvp(lambda x_dot, output, x: np.reshape(x_dot * 2.0, output.shape))
    with pytest.raises(AssertionError, match="layout"):
        check_primitive(f, (np.arange(6.0).reshape(2, 3),))


def test_check_primitive_finds_two_entries():
    two = softplus()

    class Wrapped:
        name, sample, params = "wrapped", None, None

        def __call__(self, x):
            return two(two(x))

    with pytest.raises(AssertionError, match="not one entry of its own"):
        check_primitive(Wrapped(), (X,))


def test_check_primitive_finds_a_replay_that_differs():
    calls = []

    @primitive
    def f(x):
        calls.append(x)
        return x * len(calls)

    f.defvjp(lambda ct, output, x: ct)
    with pytest.raises(AssertionError, match="replay"):
        check_primitive(f, (X,))
