"""Numeric checks of derivatives, for the rules of this package and for users' own functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..containers import flatten
from ..transforms import grad, jvp, vjp
from ..variable import as_value

__all__ = ["check_grads"]


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    rtol: float | None = None,
) -> None:
    """Raise AssertionError unless the derivatives of ``f`` at ``args`` agree with differences.

    f      takes floats, arrays or containers of them and returns the same
    args   the arguments; each is moved along a random direction, and the output is weighed with a
           random covector, so that one number tests the whole Jacobian
    order  also check the derivative of the derivative, up to this order
    modes  "rev" (adjoints), "fwd" (tangents)
    rtol   relative tolerance (default 1e-6 for float64, 2e-2 for float32)
    """
    rng = np.random.default_rng(0)
    leaves, _ = flatten(tuple(args))
    narrow = any(np.dtype(getattr(x, "dtype", float)).itemsize * (1 + np.iscomplexobj(x) * -0.5) < 8
                 for x in leaves)  # fmt: skip
    rtol = rtol or (2e-2 if narrow else 1e-6)
    step = 1e-2 if narrow else 1e-4
    _check(f, tuple(args), order, tuple(modes), rtol, step, rng, "")


def _check(
    f: Callable[..., Any], args: Any, order: int, modes: Any, rtol: float, step: float,
    rng: np.random.Generator, path: str,
) -> None:  # fmt: skip
    leaves, rebuild = flatten(args)
    t = rebuild([_direction(x, rng) for x in leaves])
    plus, minus, plus2, minus2 = (
        [np.asarray(as_value(y)) for y in flatten(f(*_moved(args, t, h)))[0]]
        for h in (step, -step, 2 * step, -2 * step)
    )
    # fourth-order central difference
    numeric = [
        (8 * (p - m) - (p2 - m2)) / (12 * step)
        for p, m, p2, m2 in zip(plus, minus, plus2, minus2, strict=True)
    ]
    cts = [_direction(y, rng) for y in plus]
    expected = float(sum(np.real(np.sum(c * n)) for c, n in zip(cts, numeric, strict=True)))
    scale = sum(float(np.sum(np.abs(c) * np.abs(n))) for c, n in zip(cts, numeric, strict=True))
    tolerance = rtol * max(1.0, scale)
    if "fwd" in modes:
        out_dot = flatten(jvp(f, args, t)[1])[0]
        got = float(
            sum(np.real(np.sum(c * as_value(d))) for c, d in zip(cts, out_dot, strict=True))
        )
        _compare(f, path + "jvp", got, expected, tolerance)
    if "rev" in modes:
        y, pullback = vjp(f, *args)
        _, shape_like = flatten(y)
        back = flatten(pullback(shape_like(cts)))[0]
        got = float(
            sum(np.real(np.sum(as_value(b) * d)) for b, d in zip(back, flatten(t)[0], strict=True))
        )
        _compare(f, path + "vjp", got, expected, tolerance)
        for x, b in zip(leaves, back, strict=True):
            if np.shape(x) != np.shape(b) or np.result_type(x) != np.result_type(b):
                raise AssertionError(
                    f"{_name(f)}: the adjoint has shape {np.shape(b)} and dtype "
                    f"{np.result_type(b)}, the argument {np.shape(x)} and {np.result_type(x)}"
                )
    if order > 1:
        for mode in modes:
            if mode == "rev":

                def first(*a: Any) -> Any:
                    y, pullback = vjp(f, *a)
                    return pullback(flatten(y)[1](cts))
            else:

                def first(*a: Any) -> Any:
                    return jvp(f, a, t)[1]

            _check(first, args, order - 1, modes, rtol * 10, step, rng, f"{path}{mode} of ")


def _direction(x: Any, rng: np.random.Generator) -> Any:
    dtype = np.dtype(getattr(x, "dtype", type(x)))
    d = rng.standard_normal(np.shape(x))
    if dtype.kind == "c":
        d = d + 1j * rng.standard_normal(np.shape(x))
    return np.asarray(d, dtype)[()]


def _moved(args: Any, t: Any, h: float) -> Any:
    leaves, rebuild = flatten(args)
    moved = [
        np.asarray(x + h * d, getattr(x, "dtype", None))[()]
        for x, d in zip(leaves, flatten(t)[0], strict=True)
    ]
    return rebuild(moved)


def _compare(f: Any, what: str, got: float, expected: float, tolerance: float) -> None:
    if not abs(got - expected) <= tolerance:
        raise AssertionError(
            f"{_name(f)}: {what} gives {got:.12g}, differences give {expected:.12g} "
            f"(off by {abs(got - expected):.3g}, allowed {tolerance:.3g})"
        )


def _name(f: Any) -> str:
    return str(getattr(f, "__name__", f))


_ = grad
