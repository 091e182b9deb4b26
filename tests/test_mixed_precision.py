"""float32 beside float64: the result is float64, and so is the precision of the derivative."""

import numpy as np
import pytest

import autograd_tape.special  # noqa: F401 (registers its primitives)
from autograd_tape import vjp
from autograd_tape.primitive import registry
from autograd_tape.testing.culprit import apart


def cases():
    for p in registry:
        if p.name == "pick":
            continue
        for k, (args, params) in enumerate(p.sample(np.random.default_rng(3))):
            moving = [i for i, x in enumerate(args) if getattr(x, "dtype", None) == np.float64]
            if len(moving) > 1:
                yield pytest.param(p, args, params, moving, id=f"{p.name}-{k}")


@pytest.mark.parametrize(("p", "args", "params", "moving"), list(cases()))
def test_the_wide_operand_has_a_wide_adjoint(p, args, params, moving):
    rounded = [x.astype(np.float32) if i in moving else x for i, x in enumerate(args)]
    for wide in moving:
        if p.name.endswith(".at") and wide != moving[0]:
            continue  # values are written into an array of its own precision
        mixed = [x if i != wide else args[i] for i, x in enumerate(rounded)]
        everything = [x.astype(np.float64) if i in moving else x for i, x in enumerate(mixed)]
        got, expected = (adjoint_of(p, xs, params, wide) for xs in (mixed, everything))
        scale = np.max(np.abs(expected), initial=1e-30)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 * scale)


def adjoint_of(p, args, params, i):
    y, pullback = vjp(
        lambda x: apart(p(*args[:i], x, *args[i + 1 :], **params)),
        args[i],
    )
    if isinstance(y, tuple):
        return pullback(tuple(np.ones_like(o) for o in y))[0]
    return pullback(np.ones_like(y))[0]
