"""Numeric checks of derivatives: for the rules of this package, and for users' own functions.

Next to read: :mod:`autograd_tape.testing.probe`, which measures one function at one point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..variable import Variable
from .closed_over import as_arguments, parameters_of
from .mismatch import Mismatch
from .probe import WORDS, Probe

__all__ = ["check_grads", "first_mismatch"]

GRADIENT, TANGENT = " of the gradient", " of the tangent"  # what a second derivative is of


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    rtol: float | None = None,
    *,
    variables: dict[str, Variable] | None = None,
) -> None:
    """Raise :class:`GradientError` unless the derivatives of ``f`` at ``args`` are right.

    f      takes floats, arrays or containers of them and returns the same
    args   the arguments (a sequence, even of one); all are moved at once along a random direction,
           and the output is weighed with a random covector, so one number tests all Jacobians
    order  also check the derivative of the derivative, up to this order, and that it is symmetric
    modes  "rev" (adjoints), "fwd" (tangents); with both, that ⟨ct, J·t⟩ = ⟨Jᵀ·ct, t⟩ to rounding
    rtol   relative tolerance.  By default 1e-12 where the complex step agrees with differences (f
           is analytic and takes complex numbers), 1e-8 elsewhere; 1e-3 where an argument is float32
           or complex64, which are measured against differences taken in double precision
    variables  name and Variable of leaves that f reads from outside: they are checked as arguments
           are.  If f is an nn.Module, its parameters by default

    Steps stay on one side of the nearest kink that the tape knows of.  On failure the argument, its
    worst element and the entry of the tape whose own rule is wrong are named.
    """
    for mode in modes:
        if mode not in WORDS:
            raise ValueError(f'modes are "rev" and "fwd", not {mode!r}')
    if not isinstance(args, (tuple, list)):
        raise TypeError(
            f"args is a sequence of arguments, not {type(args).__name__}: check_grads(f, (x,))"
        )
    args = tuple(args)
    variables = parameters_of(f) if variables is None else variables
    if variables:
        f, args = as_arguments(f, args, variables)
    mismatch = first_mismatch(f, args, order, modes, rtol)
    if mismatch is not None:
        from .culprit import report

        raise report(f, args, order, modes, mismatch)


def first_mismatch(
    f: Callable[..., Any], args: tuple[Any, ...], order: int, modes: Sequence[str],
    rtol: float | None = None, *, locate: bool = True,
) -> Mismatch | None:  # fmt: skip
    """The first wrong derivative of ``f``, by order, then mode; None if all are right.

    locate  look for the worst element of the worst argument, too (it takes a pass for each)
    """
    rng, total = np.random.default_rng(0), order

    def search(f: Callable[..., Any], order: int, of: str) -> Mismatch | None:
        probe = Probe(f, args, rng, rtol)
        mismatch = probe.run(modes, symmetric=of == GRADIENT)
        if mismatch is not None:
            if locate and mismatch.argument is None:
                mismatch = probe.worst_element(mismatch)
            what = mismatch.what + of if mismatch.settled else mismatch.what
            return replace(mismatch, what=what, order=1 + total - order)
        for mode in modes if order > 1 else ():
            derivative = probe.gradient() if mode == "rev" else probe.tangent()
            mismatch = search(derivative, order - 1, (GRADIENT if mode == "rev" else TANGENT) + of)
            if mismatch is not None:
                return mismatch
        return None

    return search(f, order, "")
