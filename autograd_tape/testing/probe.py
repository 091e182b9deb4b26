"""One function at one point, looked at along one direction: what the tape says, and what is true.

Next to read: :mod:`autograd_tape.testing.culprit`, which names the rule that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..adjoint import default_seed
from ..backward import sweep
from ..containers import flatten
from ..entry import CONSTANT, linearize
from ..forward import push
from ..transforms import jvp, vjp
from ..variable import Variable, as_value
from .kinks import Kink, largest, nearest_kink
from .mismatch import NOWHERE, GradientError, Mismatch, name_of
from .oracles import complex_step, quiet, richardson

__all__ = ["Probe"]

EXACT, DIFFERENCES, NARROW = 1e-12, 1e-8, 1e-3  # relative tolerances
AGREE = 1e-10  # complex step and differences: else f is not analytic, and the former means nothing
SETTLED, UNKNOWN = 1e-6, 1e-3  # relative errors at which differences say much, or nothing at all
ABSOLUTE = 1e-13  # of numbers near 1: a derivative smaller than this cannot be told from rounding
STEP = 0.1  # the largest of the central differences, for arguments near 1
LUCK = 20  # differences report the luckiest pair of their tableau as their error
NARROWER = 2.0**29  # how much coarser single precision is
LOCATE = 400  # how many elements are looked at one by one to find the worst
UNSETTLED = "differences do not settle, so nothing can be said"
_NARROW = {np.dtype(c) for c in "efF"}
WORDS = {"rev": "reverse", "fwd": "forward"}


class Probe:
    """One function at one point, one direction, one covector."""

    def __init__(
        self, f: Callable[..., Any], args: Any, rng: np.random.Generator, rtol: float | None
    ) -> None:
        self.f, self.args = f, args
        self.leaves, self.rebuild = flatten(args)
        self.narrow = any(map(_is_narrow, self.leaves))  # or something on the path
        self.rtol = rtol
        self.t = [_direction(x, rng) for x in self.leaves]
        self.y = [as_value(v) for v in flatten(f(*args))[0]]
        self.ct = [_direction(v, rng) for v in self.y]
        if len(self.y) == 1 and np.size(self.y[0]) == 1:  # weighing one number would only hide it
            self.ct = [np.ones_like(self.y[0])[()]]
        self.other = [_direction(x, rng) for x in self.leaves]
        self.kink = Kink(np.inf, None)
        self.passing = 0.0  # the largest share of the derivative that passes through one entry
        self.fastest = 0.0  # how far the value of any entry moves along t, at most
        self.apart = 0.0  # relative error of the derivatives that ``run`` looked at, at most
        self.look()
        self.step = self.safe_step()
        self.oracle, self.tangents, self.error = self.measure(self.t)

    # -- the oracle ----------------------------------------------------------------------------

    def plain(self, xs: list[Any]) -> list[Any]:
        """f as a function from a list of arrays to a list of arrays."""
        return [np.asarray(as_value(y)) for y in flatten(self.f(*self.rebuild(xs)))[0]]

    def look(self) -> None:
        """Record f once: its nearest kink, its precision, and how large what it adds up is."""
        with quiet():
            variables = [Variable(x) for x in self.leaves]
            outputs = flatten(self.f(*self.rebuild(variables)))[0]
            ends = [(y._entry, ct) for y, ct in zip(outputs, self.ct, strict=True)
                    if y.__class__ is Variable]  # fmt: skip
            order = linearize(*(e for e, _ in ends), floor=CONSTANT) if ends else []
            self.narrow = self.narrow or any(map(_is_narrow, order))
            moving = {v._entry: t for v, t in zip(variables, self.t, strict=True)}
            try:
                moving = push(order[::-1], {e: moving[e] for e in order if e in moving})
                self.kink = nearest_kink(order, moving)
                self.fastest = max((largest(m) for m in moving.values()), default=0.0)
                for end, ct in ends:
                    adjoints = sweep(end, default_seed(end, ct))
                    for e, adjoint in adjoints.items():
                        if e in moving:
                            size = _weighed_size(_parts(adjoint), _parts(moving[e]))
                            self.passing = max(self.passing, size)
            except Exception:  # rules that are missing or broken: the comparison will say so
                self.kink = nearest_kink(order)  # distances in the operands' own units

    def safe_step(self) -> float:
        """How far one may step along t: half of the way to a kink, and no value moves by over 1.

        (Most functions have 1 for a length: the period of sin, the width of tanh.)
        """
        size = max((float(np.max(np.abs(x), initial=0.0)) for x in self.leaves), default=0.0)
        step = min(STEP * min(max(size, 0.1), 1.0), 1.0 / max(self.fastest, 1.0))
        far = self.kink.distance
        return min(step, far / 2) if far > 0 else step

    def measure(self, t: list[Any]) -> tuple[str, list[Any], list[Any]]:
        """(name of the oracle, tangents of the outputs along t, what each is known to)."""
        wide = [_widened(x) for x in self.leaves]
        t = [_widened(d) for d in t]
        differences = richardson(self.plain, wide, t, self.step)
        exact = None if self.narrow else complex_step(self.plain, wide, t)
        if exact is not None:
            agree = all(
                np.all(np.abs(e - d) <= AGREE * _top(e) + 20 * np.minimum(error, SETTLED * _top(e)))
                for e, d, error in zip(exact, differences.tangents, differences.errors, strict=True)
            )
            if agree:
                return "the complex step", exact, [np.zeros_like(d) for d in exact]
        name = f"differences (step {self.step:.2g})"
        return name, differences.tangents, differences.errors

    def tolerance(self, *scales: float, error: float = 0.0) -> float:
        exact = self.oracle == "the complex step"
        rtol = self.rtol or (NARROW if self.narrow else EXACT if exact else DIFFERENCES)
        return rtol * max(scales) + 4 * error + self.rounding() * (1 if exact else LUCK)

    def rounding(self) -> float:
        """What shares of opposite sign leave behind when they cancel."""
        size = max(1.0, _weighed_size(self.ct, self.y), self.passing)
        return size * (ABSOLUTE * NARROWER if self.narrow else ABSOLUTE)

    # -- the comparison ------------------------------------------------------------------------

    def run(self, modes: Sequence[str], symmetric: bool = False) -> Mismatch | None:
        expected = _inner(self.ct, self.tangents)
        error = _weighed_size(self.ct, self.error)
        scale = _weighed_size(self.ct, self.tangents)
        if not error <= UNKNOWN * max(scale, UNKNOWN):
            return self.unsettled(expected, error)
        forward = self.push(self.t) if "fwd" in modes else None
        back = self.pull(self.ct) if "rev" in modes else None
        if back is not None:
            mismatch = self.misshapen(back)
            if mismatch:
                raise mismatch
            scale = max(scale, _weighed_size(back, self.t))
        allowed = self.tolerance(scale, error=error)
        for mode, got in (
            ("rev", None if back is None else _inner(back, self.t)),
            ("fwd", None if forward is None else _inner(self.ct, forward)),
        ):
            if got is None:
                continue
            size = max(abs(got), abs(expected)) or 1.0
            self.apart = max(self.apart, abs(got - expected) / size)
            if not abs(got - expected) <= allowed:
                what = f"the {WORDS[mode]} derivative"
                return Mismatch(what, got, expected, allowed, self.oracle, near=self.near_kink())
        tight = self.rounding() + (NARROW if self.narrow else EXACT + (self.rtol or 0)) * scale
        if forward is not None and back is not None:
            a, b = _inner(back, self.t), _inner(self.ct, forward)
            if not abs(a - b) <= tight:
                return Mismatch("⟨Jᵀ·ct, t⟩ (reverse mode)", a, b, tight, "⟨ct, J·t⟩ (forward)")
        if symmetric and back is not None:
            # y is a gradient, and its Jacobian H a Hessian: ⟨u, H·t⟩ = ⟨t, H·u⟩
            h_t, h_u = self.pull_as_direction(self.t), self.pull_as_direction(self.other)
            a, b = _inner(h_t, self.other), _inner(h_u, self.t)
            tight = max(tight, EXACT * _weighed_size(h_t, self.other) + self.rounding())
            if not abs(a - b) <= tight:
                return Mismatch("⟨u, H·t⟩, H the Hessian,", a, b, tight, "⟨t, H·u⟩")
        return None

    def unsettled(self, expected: float, error: float) -> Mismatch:
        why = f"{UNSETTLED}: f is not smooth here, or not finite{self.near_kink(np.inf)}"
        return Mismatch(why, np.nan, expected, error, self.oracle, argument=NOWHERE)

    def near_kink(self, within: float = 1e-6) -> str:
        """Words on the nearest kink, if it is that near."""
        if self.kink.entry is None or self.kink.distance > within:
            return ""
        return f"; the nearest kink is {self.kink.distance:.2g} away, at {self.kink.entry!r}"

    def pull_as_direction(self, t: list[Any]) -> list[Any]:
        return self.pull([np.asarray(d, np.asarray(y).dtype)[()]
                          for d, y in zip(t, self.y, strict=True)])  # fmt: skip

    def push(self, t: list[Any]) -> list[Any]:
        with quiet():
            x_dots = jvp(self.f, self.args, self.rebuild(t))[1]
        return [as_value(d) for d in flatten(x_dots)[0]]

    def pull(self, ct: list[Any]) -> list[Any]:
        with quiet():
            y, pullback = vjp(self.f, *self.args)
            back = pullback(flatten(y)[1](ct))
        return [as_value(b) for b in flatten(back)[0]]

    def misshapen(self, back: list[Any]) -> GradientError | None:
        for i, (x, b) in enumerate(zip(self.leaves, back, strict=True)):
            if np.shape(x) != np.shape(b) or np.result_type(x) != np.result_type(b):
                message = (
                    f"{name_of(self.f)}: the adjoint of argument {i} has shape {np.shape(b)} and "
                    f"dtype {np.result_type(b)}, the argument {np.shape(x)} and {np.result_type(x)}"
                )
                return GradientError(message, Mismatch(message, np.nan, np.nan, 0, "", i))
        return None

    def worst_element(self, mismatch: Mismatch) -> Mismatch:
        """The same mismatch for one element of one argument: the one that is farthest off."""
        back = self.pull(self.ct) if "forward" not in mismatch.what else None
        worst, found = 0.0, mismatch
        places = [
            (i, index) for i, x in enumerate(self.leaves) for index in np.ndindex(np.shape(x))
        ]
        if len(places) > LOCATE:
            chosen = np.random.default_rng(0).choice(len(places), LOCATE, replace=False)
            places = [places[k] for k in sorted(chosen)]
        for i, index in places:
            e = [np.zeros_like(d) for d in self.t]
            e[i] = np.asarray(e[i])
            e[i][index] = 1
            e[i] = e[i][()]
            oracle, tangents, error = self.measure(e)
            expected = _inner(self.ct, tangents)
            got = _inner(self.ct, self.push(e)) if back is None else _inner(back, e)
            apart = abs(got - expected)
            known = _weighed_size(self.ct, error)
            allowed = self.tolerance(_weighed_size(self.ct, tangents), error=known)
            if apart > max(worst, allowed):
                worst = apart
                found = replace(
                    mismatch, got=got, expected=expected, allowed=allowed, oracle=oracle,
                    argument=i, index=index,
                )  # fmt: skip
        return found

    # -- the next order ------------------------------------------------------------------------

    def gradient(self) -> Callable[..., Any]:
        """The adjoints of the arguments, for the covector at hand, as a function of them."""
        f, ct = self.f, self.ct

        def gradient(*args: Any) -> Any:
            y, pullback = vjp(f, *args)
            outputs, rebuild = flatten(y)
            return pullback(rebuild(_in_dtypes_of(outputs, ct)))

        gradient.__name__ = name_of(f)
        return gradient

    def tangent(self) -> Callable[..., Any]:
        """The tangents of the outputs, in the direction at hand, as a function of the arguments."""
        f, t = self.f, self.t

        def tangent(*args: Any) -> Any:
            leaves, rebuild = flatten(args)
            return jvp(f, args, rebuild(_in_dtypes_of(leaves, t)))[1]

        tangent.__name__ = name_of(f)
        return tangent


def _top(x: Any) -> float:
    return float(np.max(np.abs(x), initial=1e-3))


def _in_dtypes_of(like: list[Any], values: list[Any]) -> list[Any]:
    """``values`` as wide as ``like``: differences are taken in double precision throughout."""
    dtypes = [getattr(as_value(x), "dtype", type(as_value(x))) for x in like]
    return [np.asarray(v, d)[()] for v, d in zip(values, dtypes, strict=True)]


def _parts(x: Any) -> list[Any]:
    """The arrays of an adjoint or tangent, of which an entry with several outputs has several."""
    return [p for p in x if p is not None] if isinstance(x, (tuple, list)) else [x]


def _direction(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers like ``x``, of length about 1: neither too small to matter, nor too far."""
    dtype = np.dtype(getattr(x, "dtype", type(x)))
    d = rng.uniform(0.5, 1.0, np.shape(x)) * rng.choice([-1.0, 1.0], np.shape(x))
    if dtype.kind == "c":
        d = d * np.exp(2j * np.pi * rng.uniform(size=np.shape(x)))
    return np.asarray(d, dtype)[()]


def _is_narrow(x: Any) -> bool:
    """Is ``x``, a value or an entry, of less than double precision?"""
    dtype = getattr(x, "dtype", None)
    return dtype in _NARROW if dtype.__class__ is not tuple else any(d in _NARROW for d in dtype)


def _widened(x: Any) -> Any:
    if not _is_narrow(x):
        return x
    return x.astype(np.result_type(x.dtype, np.float64))


def _inner(a: list[Any], b: list[Any]) -> float:
    """Re Σ a·b over all elements of all arrays."""
    return float(sum(np.real(np.sum(np.multiply(x, y))) for x, y in zip(a, b, strict=True)))


def _weighed_size(a: list[Any], b: list[Any]) -> float:
    with np.errstate(all="ignore"):
        return float(sum(np.sum(np.abs(x) * np.abs(y)) for x, y in zip(a, b, strict=True)))
