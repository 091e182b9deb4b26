"""One check for every function: value, gradients of two orders in both modes, dtype, purity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tape import Variable, vjp
from autograd_tape.containers import flatten
from autograd_tape.testing import check_grads
from autograd_tape.variable import as_value


def check(
    f: Callable[..., Any], *args: Any, order: int = 2, rtol: float | None = None,
    float32: bool = True, modes: tuple[str, ...] = ("rev", "fwd"),
) -> None:  # fmt: skip
    """``f(*args)``, every positional argument differentiated, against NumPy and differences."""
    before = [np.array(x) for x in flatten(args)[0]]
    expected = flatten(f(*args))[0]
    got = flatten(f(*(Variable(a) for a in args)))[0]
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        value = as_value(g)
        np.testing.assert_allclose(value, e, rtol=1e-10, atol=1e-12)
        assert np.shape(value) == np.shape(e)
        assert np.result_type(value) == np.result_type(e)
    check_grads(f, args, order=order, rtol=rtol, modes=modes)
    for x, b in zip(flatten(args)[0], before, strict=True):
        np.testing.assert_array_equal(x, b)
    if float32 and all(np.asarray(x).dtype == np.float64 for x in args):
        narrow = [np.asarray(x, np.float32)[()] for x in args]
        outputs = flatten(f(*narrow))[0]
        y, pullback = vjp(f, *narrow)
        wide, rebuild = flatten(y)
        for w, o in zip(wide, outputs, strict=True):
            assert np.result_type(w) == np.result_type(o)
        for x, adjoint in zip(
            narrow, pullback(rebuild([np.ones_like(w) for w in wide])), strict=True
        ):
            assert adjoint.dtype == np.float32, "a float32 argument has a float32 adjoint"
            assert adjoint.shape == x.shape
