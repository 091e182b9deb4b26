"""The oracles against derivatives known in closed form."""

import numpy as np
import pytest

from autograd_tape.testing.oracles import complex_step, richardson

X, T = np.array([0.3, -1.2, 2.5]), np.array([0.7, -0.4, 1.1])


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.sin, np.cos),
        (np.exp, np.exp),
        (lambda x: x**3, lambda x: 3 * x**2),
        (np.arctan, lambda x: 1 / (1 + x * x)),
        (lambda x: np.exp(-50 * x * x), lambda x: -100 * x * np.exp(-50 * x * x)),
    ],
    ids=["sin", "exp", "cube", "arctan", "narrow peak"],
)
def test_both_agree_with_the_closed_form(f, slope):
    exact = slope(X) * T
    (stepped,) = complex_step(lambda xs: [f(xs[0])], [X], [T])
    np.testing.assert_allclose(stepped, exact, rtol=1e-14)
    extrapolated = richardson(lambda xs: [f(xs[0])], [X], [T], 0.1)
    scale = np.abs(exact).max()
    np.testing.assert_allclose(extrapolated.tangents[0], exact, rtol=0, atol=1e-8 * scale)
    missed = np.abs(extrapolated.tangents[0] - exact)
    assert np.all(missed <= 20 * extrapolated.errors[0] + 1e-12 * scale)  # it knows its error


def test_richardson_reports_that_a_jump_does_not_settle():
    result = richardson(lambda xs: [np.floor(xs[0])], [np.array([1.0])], [np.array([1.0])], 0.1)
    assert result.errors[0][0] > 1


def test_richardson_takes_smaller_steps_where_f_raises():
    def f(xs):
        if abs(xs[0]) > 0.51:
            raise ValueError("outside")
        return [np.sin(xs[0])]

    result = richardson(f, [0.5], [1.0], 0.1)
    np.testing.assert_allclose(result.tangents[0], np.cos(0.5), rtol=1e-9)
    with pytest.raises(ValueError, match="outside"):
        richardson(f, [0.6], [1.0], 0.01)


def test_richardson_when_the_number_of_outputs_changes_on_the_way():
    # the mask selects another element beyond 0.05
    x = np.array([0.04, 1.0, 2.0])
    result = richardson(lambda xs: [xs[0][xs[0] > 0] ** 2], [x], [np.array([-1.0, 1.0, 1.0])], 0.1)
    np.testing.assert_allclose(result.tangents[0], [-0.08, 2.0, 4.0], rtol=1e-9)


def test_complex_step_declines():
    assert complex_step(lambda xs: [xs[0] ** 2], [1j + X], [T]) is None  # complex already
    assert complex_step(lambda xs: [np.abs(xs[0])], [X], [T]) is None  # a real result
    assert complex_step(lambda xs: [np.cbrt(xs[0])], [X], [T]) is None  # no complex ufunc
    assert complex_step(lambda xs: [xs[0] / 0], [X], [T]) is None  # not finite


def test_numbers_that_agree_by_chance_are_not_taken_for_the_limit():
    """At the smallest steps two neighbours in the tableau are nearly equal, and both are noise."""
    from scipy import special

    def f(xs):
        v = special.gamma(special.yv(0, 2.73 + 0.1 * np.tanh(xs[0])) ** 2 + 1)
        return [special.iv(0, 2.73 + 0.1 * np.tanh(v))]

    slope = 0.00088002062443562381979 * (t := 0.8184808436607272)  # by mpmath, with 40 digits
    found = richardson(f, [np.array(0.0)], [np.array(t)], 0.010000000000000002)
    assert abs(found.tangents[0] - slope) < 1e-11
