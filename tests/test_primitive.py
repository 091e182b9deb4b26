"""A user's own primitive: recorded, differentiated to any order, and checked."""

import numpy as np
import pytest

from autograd_tape import Variable, grad, jvp, primitive, stop_gradient
from autograd_tape.needs import reads
from autograd_tape.primitive import Primitive
from autograd_tape.record import unary
from autograd_tape.testing import check_grads


def make():
    @primitive
    def scaled_product(x, y, *, scale=1.0):
        """scale·x·y"""
        return scale * x * y

    scaled_product.defvjp(
        lambda ct, output, x, y, scale=1.0: ct * scale * y,
        lambda ct, output, x, y, scale=1.0: ct * scale * x,
    )
    scaled_product.defjvp(
        lambda x_dot, output, x, y, scale=1.0: x_dot * scale * y,
        lambda y_dot, output, x, y, scale=1.0: y_dot * scale * x,
    )
    return scaled_product


def test_a_primitive_in_a_few_lines():
    p = make()
    x, y = np.array([1.0, 2.0, 3.0]), np.array([[2.0], [3.0]])
    check_grads(lambda x, y: p(x, y, scale=3.0), (x, y))
    check_grads(p, (x, y))
    np.testing.assert_array_equal(p(x, y), x * y)
    v = Variable(x)
    f = np.sum(p(v, y, scale=2.0))
    assert [e.primitive.name for e in f.tape if e.primitive] == ["scaled_product", "sum"]
    f.backward()
    np.testing.assert_array_equal(v.adjoint, np.full(3, 10.0))
    assert p(x=v, y=y).shape == (2, 3)
    assert p.__doc__ == "scale·x·y"
    assert repr(p) == "<primitive scaled_product>"


def test_a_variable_as_a_parameter_is_an_error():
    with pytest.raises(TypeError, match=r"scaled_product: the parameter 'scale' is a Variable"):
        make()(Variable(1.0), 2.0, scale=Variable(3.0))


def with_rule(rule):
    @primitive
    def f(x, y):
        return np.multiply(x, y)

    f.defvjp(rule, lambda ct, output, x, y: ct * x)
    return f


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (lambda ct, o, x, y: np.ones(5), ValueError,
         r"rule of f returned an adjoint of shape \(5,\) for an argument of shape \(3,\)"),
        (lambda ct, o, x, y: np.sum(ct * y), ValueError, r"shape \(\) for an argument of shape"),
        (lambda ct, o, x, y: np.ones((2, 3), np.float32), ValueError, r"shape \(2, 3\) for"),
        (lambda ct, o, x, y: (ct * y).astype(np.float64), TypeError,
         "dtype float64 for an argument of dtype float32"),
        (lambda ct, o, x, y: None, TypeError, "rule of f returned None"),
    ],
    ids=["shape", "summed", "broadcast", "dtype", "none"],
)  # fmt: skip
def test_wrong_rules_name_the_primitive(rule, error, message):
    x = Variable(np.ones(3, np.float32))
    with pytest.raises(error, match=message):
        np.sum(with_rule(rule)(x, np.ones(3, np.float32))).backward()


def test_wrong_number_of_rules():
    @primitive
    def f(x, y):
        return x * y

    with pytest.raises(TypeError, match="f has 2 positional arguments but was given 1 rules"):
        f.defvjp(lambda ct, output, x, y: ct * y)


def test_an_argument_without_a_rule():
    @primitive
    def power(x, n):
        return x**n

    power.defvjp(lambda ct, output, x, n: ct * n * x ** (n - 1), None)
    assert grad(power)(3.0, 2) == 6.0
    with pytest.raises(TypeError, match=r"power has no vjp rule for its argument 1.*stop_gradient"):
        grad(power, 1)(3.0, 2.0)
    assert grad(lambda x: power(x, stop_gradient(x)))(2.0) == 4.0
    with pytest.raises(TypeError, match="no jvp rule for its argument 0"):
        jvp(lambda x: power(x, 2), (3.0,), (1.0,))


def test_a_primitive_must_return_an_array():
    @primitive
    def bad(x):
        return "text"

    with pytest.raises(TypeError, match="bad returned 'text' of type str"):
        bad(Variable(1.0))


def test_check_grads_finds_a_wrong_rule():
    wrong = with_rule(lambda ct, output, x, y: ct * y * 1.001)
    with pytest.raises(AssertionError, match=r"(?s)reverse derivative is wrong.*culprit: .* = f\("):
        check_grads(wrong, (np.ones(3), np.full(3, 2.0)), modes=("rev",))


def test_several_outputs():
    from autograd_tape.primitives.structure import outputs

    @primitive
    def sum_and_product(x, y):
        return x + y, x * y

    sum_and_product.defvjp(
        lambda ct, output, x, y: ct[0] + ct[1] * y, lambda ct, output, x, y: ct[0] + ct[1] * x
    )
    sum_and_product.defjvp(
        lambda x_dot, output, x, y: (x_dot, x_dot * y),
        lambda y_dot, output, x, y: (y_dot, y_dot * x),
    )

    def f(x, y):
        s, p = outputs(sum_and_product(x, y))
        return s * p, p

    check_grads(f, (np.array([1.0, 2.0]), np.array([3.0, 0.5])))


def test_what_a_rule_reads():
    def uses_shape_only(ct, output, x, y):
        return np.reshape(ct, x.shape) * y.dtype.type(1)

    def inner_function(ct, output, x):
        return next(x for _ in range(2)) * ct

    assert reads(uses_shape_only) == set()
    assert reads(inner_function) == {0}
    assert reads(lambda ct, output, x, y: ct * output + y) == {-1, 1}
    assert reads(lambda ct, *rest: ct) is None
    assert reads(np.sin) is None
    assert reads(None) == set()


def test_values_that_no_rule_reads_are_not_kept():
    x = Variable(np.ones(3))
    z = x + 1.0
    y = np.sum(np.tanh(z))
    assert z._entry.output is None
    assert y.tape[2].output is not None  # tanh's rule reads its output
    from autograd_tape.replay import primal

    np.testing.assert_array_equal(primal(z._entry), z.value)


def test_a_rule_that_is_registered_anew_is_looked_at() -> None:
    p = Primitive(np.sin)
    p.set_rules(vjps=(lambda ct, output, x: ct * np.cos(x),))
    p.conforming = True
    p.set_rules(vjps=(lambda ct, output, x: (ct * np.cos(x))[:1],))
    x = Variable(np.ones(3))
    with pytest.raises(ValueError, match=r"returned an adjoint of shape \(1,\)"):
        np.sum(p(x)).backward()


def test_a_function_of_one_array_may_change_its_shape() -> None:
    half = Primitive(lambda x: x[::2], name="half")
    assert unary(half)(Variable(np.ones(6))).shape == (3,)


def test_the_adjoint_of_a_number_is_a_number_where_only_numpy_can_compute_it() -> None:
    x = Variable(0.0)
    with np.errstate(all="ignore"):
        (x**0.5).backward()
    assert type(x.adjoint) is float
    assert x.adjoint == np.inf
