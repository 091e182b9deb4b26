"""Adjoints in the shape and dtype of their variables: seeds, zeros, and what rules return.

Rules neither undo broadcasting nor cast; this is the one place that does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import asarray
from .entry import Entry
from .primitive import Primitive
from .tape import TapeError
from .variable import Variable, as_value

__all__ = ["cast", "conform", "conform_tangent", "default_seed", "unbroadcast", "zeros_for"]


_PYTHON_NUMBERS = {float, int, complex, bool}


def conform(c: Any, parent: Entry, entry: Entry) -> Any:
    """Undo for one contribution what broadcasting and promotion did in the forward computation."""
    primitive = entry.primitive
    assert primitive is not None
    aval = parent.aval
    dtype, want = _dtype_of(c), aval.dtype
    shape = () if c.__class__ in _PYTHON_NUMBERS else c.shape
    if shape != aval.shape:
        fits = shape == entry.aval.shape or primitive.batched
        fitted = unbroadcast(c, aval.shape) if fits else None
        if fitted is None:
            raise _wrong_shape(primitive, shape, parent, entry)
        c = fitted
    boxed = isinstance(dtype, np.dtype) and isinstance(want, np.dtype)  # no Python number
    if dtype is want or (boxed and dtype == want):
        return c
    if dtype != entry.dtype and not _explained(dtype, parent, entry):
        raise TypeError(
            f"a rule of {primitive.name} returned an adjoint of dtype {dtype} for an argument of "
            f"dtype {np.dtype(want)} and an output of dtype {np.dtype(entry.dtype)}; it must be "
            f"one of the two ({entry!r})"
        )
    return cast(c, want)


def _explained(dtype: Any, parent: Entry, entry: Entry) -> bool:
    """A contribution may have the precision of the operation's result, real or complex."""
    outputs = entry.dtype if entry.dtype.__class__ is tuple else (entry.dtype,)
    operand_types = [x.dtype for x in entry.inputs if hasattr(x, "dtype")]
    widest = np.result_type(*(np.dtype(o) for o in (*outputs, parent.dtype, *operand_types)))
    return bool(np.can_cast(dtype, np.result_type(widest, np.complex64)))


def _dtype_of(c: Any) -> Any:
    dtype = getattr(c, "dtype", None)
    return c.__class__ if dtype is None else dtype


def cast(c: Any, dtype: Any) -> Any:
    """``c`` in the dtype of a parent; the imaginary part of a real variable's adjoint is dropped.

    A real input moves along the real axis only, so only the real part of its contribution counts
    (docs/conventions.md).
    """
    if np.dtype(_dtype_of(c)).kind == "c" and np.dtype(dtype).kind != "c":
        c = np.real(c)
    if dtype is float or dtype is complex:
        if c.__class__ is Variable:
            return c
        c = c.item() if hasattr(c, "item") else c
        return c if c.__class__ is dtype else dtype(c)
    return c.astype(dtype) if hasattr(c, "dtype") else asarray(c, dtype)[()]


def unbroadcast(c: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``c`` over the axes that broadcasting added to ``shape``; None if it cannot fit."""
    have = np.shape(as_value(c))
    extra = len(have) - len(shape)
    if extra < 0:
        return None
    stretched = [i + extra for i, n in enumerate(shape) if n == 1 and have[i + extra] != 1]
    if any(n != 1 and have[i + extra] != n for i, n in enumerate(shape)):
        return None
    axes = (*range(extra), *stretched)
    if c.__class__ is np.ndarray and not stretched:
        return np.add.reduce(c, axes)
    if axes:
        c = np.sum(c, axis=axes, keepdims=bool(stretched))
    return np.reshape(c, shape) if np.shape(as_value(c)) != shape else c


def _wrong_shape(p: Primitive, shape: tuple[int, ...], parent: Entry, entry: Entry) -> ValueError:
    return ValueError(
        f"a rule of {p.name} returned an adjoint of shape {shape} for an argument "
        f"of shape {parent.shape} ({entry!r}); it must have the argument's shape, or the output's "
        f"shape {entry.shape} where the argument was broadcast"
    )


def default_seed(target: Entry, seed: Any) -> Any:
    """The adjoint of the target: 1, or ``seed`` checked against the target's shape and dtype."""
    if seed is None:
        if target.shape != ():
            raise TapeError(
                f"the target has shape {target.shape}, so its adjoint is not just 1: sum it, or "
                "pass seed= of the same shape (for the full matrix use jacobian)"
            )
        if np.dtype(target.dtype).kind == "c":
            raise TapeError(
                f"the target is complex ({np.dtype(target.dtype)}), so its gradient is not one "
                "number: take its real part or abs, or pass seed= (see docs/conventions.md)"
            )
        return 1.0 if target.dtype is float else np.ones((), target.dtype)[()]
    if np.shape(as_value(seed)) != target.shape:
        raise ValueError(
            f"seed has shape {np.shape(as_value(seed))}, but the target has shape {target.shape}; "
            "they must be equal"
        )
    if np.dtype(_dtype_of(as_value(seed))).kind not in "iufcb":
        raise TypeError(f"seed has dtype {_dtype_of(seed)}; give numbers")
    if np.dtype(_dtype_of(seed)).kind == "c" and np.dtype(target.dtype).kind != "c":
        raise TypeError(
            f"seed is complex but the target is real ({np.dtype(target.dtype)}); give a real seed"
        )
    if seed.__class__ is not Variable and target.dtype is not float and target.dtype is not complex:
        return asarray(seed, target.dtype)[()]
    return cast(seed, target.dtype)


def zeros_for(x: Any) -> Any:
    """Zero of the shape and dtype of ``x``: a Python number for a Python number."""
    value = as_value(x)
    if value.__class__ is float or value.__class__ is complex:
        return value.__class__(0)
    return np.zeros(np.shape(value), getattr(value, "dtype", float))[()]


def conform_tangent(x_dot: Any, entry: Entry) -> Any:
    """A rule's tangent in the shape and dtype of the output that it is a tangent of."""
    if x_dot.__class__ is tuple:
        return x_dot
    shape = np.shape(as_value(x_dot))
    if shape != entry.shape:
        try:
            x_dot = np.broadcast_to(x_dot, entry.shape)
        except ValueError:
            assert entry.primitive is not None
            raise ValueError(
                f"a rule of {entry.primitive.name} returned a tangent of shape {shape} for an "
                f"output of shape {entry.shape} ({entry!r})"
            ) from None
    return cast(x_dot, entry.dtype)
