"""Hypothesis strategies for arrays, operands that broadcast, and valid calls of a primitive.

Values lie on a grid of hundredths, so that they print short; shapes include 0-d and size 0; and the
same values come in every memory layout that NumPy knows: Fortran order, negative strides, gaps,
stride 0, read-only.  All of it shrinks to a small C-ordered array of small numbers.

Next to read: :mod:`autograd_tape.testing.templates`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ..primitive import Primitive
from .kinks import distance

__all__ = ["LAYOUTS", "arrays", "broadcastable", "operands_for", "with_layout"]

Shape = tuple[int, ...]
LAYOUTS = ("C", "Fortran", "read-only", "reversed", "strided", "broadcast")
DOMAINS = {
    "real": (-2.001, 2.001),
    "positive": (0.0, 2.001),
    "unit": (-1.0, 1.0),
    "probability": (0.0, 1.0),
}


def arrays(
    shape: Shape | st.SearchStrategy[Shape] | None = None,
    *,
    dtype: Any = np.float64,
    domain: str | tuple[float, float] = "real",
    layouts: bool = True,
    unique: bool = False,
) -> st.SearchStrategy[Any]:
    """Arrays of floats or complex numbers.

    shape    a shape, or a strategy for shapes; None: up to 3 dimensions of 0 to 4 each
    dtype    float64, float32, complex128, complex64, or a strategy for dtypes
    domain   "real" [-2, 2], "positive" (0, 2], "unit" (-1, 1), "probability" (0, 1), "nonzero", or
             the open interval (low, high); of complex numbers it binds the real part
    layouts  vary the memory layout, too (see ``LAYOUTS``); False: C order
    unique   no two elements are equal

    >>> from hypothesis import find
    >>> find(arrays((2,), domain="positive"), lambda x: x[0] > 1)
    array([1.01, 1.  ])
    """
    if not isinstance(dtype, st.SearchStrategy):
        dtype = st.just(np.dtype(dtype))
    if shape is None:
        shape = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    elif not isinstance(shape, st.SearchStrategy):
        shape = st.just(tuple(shape))
    real, imaginary = _parts(domain)
    offered = [name for name in LAYOUTS if not (unique and name == "broadcast")]
    layout = st.sampled_from(offered if layouts else ["C"])
    return _arrays(dtype, shape, real, imaginary, layout, unique)


@st.composite
def _arrays(
    draw: st.DrawFn,
    dtypes: st.SearchStrategy[Any],
    shapes: st.SearchStrategy[Shape],
    real: st.SearchStrategy[Any],
    imaginary: st.SearchStrategy[Any],
    layout: st.SearchStrategy[str],
    unique: bool,
) -> Any:
    dtype, shape = np.dtype(draw(dtypes)), draw(shapes)
    if dtype.kind not in "fc":
        raise ValueError(f"arrays: dtype must be floating or complex, not {dtype}")
    number = real if dtype.kind == "f" else st.builds(complex, real, imaginary)
    size = math.prod(shape)
    elements = draw(st.lists(number, min_size=size, max_size=size, unique=unique))
    return with_layout(np.array(elements, dtype).reshape(shape), draw(layout))


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of few decimals strictly between ``low`` and ``high``; they shrink to 0, or to 1."""
    if not low < high:
        raise ValueError(f"arrays: the domain ({low}, {high}) is empty")
    scale = 100
    while (high - low) * scale < 20:
        scale *= 10
    first, last = math.floor(low * scale), math.ceil(high * scale)
    first += first / scale <= low
    last -= last / scale >= high
    centre = next((n for n in (0, scale) if first <= n <= last), (first + last) // 2)
    return st.integers(first - centre, last - centre).map(lambda i: (centre + i) / scale)


def _parts(domain: str | tuple[float, float]) -> tuple[Any, Any]:
    """Numbers for the real and for the imaginary part."""
    everywhere = _numbers(*DOMAINS["real"])
    if domain == "nonzero":
        return _numbers(0.0, 2.001) | _numbers(-2.001, 0.0), everywhere
    if isinstance(domain, tuple):
        return _numbers(*domain), everywhere
    if domain not in DOMAINS:
        known = ", ".join([*DOMAINS, "nonzero"])
        raise ValueError(f"arrays: domain must be one of {known} or (low, high), not {domain!r}")
    return _numbers(*DOMAINS[domain]), everywhere


def with_layout(array: Any, layout: str) -> Any:
    """A copy of ``array`` with a memory layout of ``LAYOUTS``.

    "Fortran"    the first index runs fastest
    "read-only"  refuses to be written to
    "reversed"   negative strides along every axis
    "strided"    every second element of a larger array, along every axis
    "broadcast"  stride 0 along the last axis longer than 1: its first element, repeated
    """
    copy = np.array(array, order="C")
    backwards: Any = (..., *[slice(None, None, -1)] * copy.ndim)  # the dots keep a 0-d array one
    if layout == "C":
        return copy
    if layout == "Fortran":
        return np.array(copy, order="F")
    if layout == "read-only":
        copy.setflags(write=False)
        return copy
    if layout == "reversed":
        return np.array(copy[backwards], order="C")[backwards]
    if layout == "strided":
        larger = np.full(tuple(2 * n for n in copy.shape), np.nan, copy.dtype)
        every_second: Any = (..., *[slice(None, None, 2)] * copy.ndim)
        view = larger[every_second]
        view[...] = copy
        return view
    if layout == "broadcast":
        long = [axis for axis, n in enumerate(copy.shape) if n > 1]
        one = copy.take([0], axis=long[-1]) if long else copy
        return np.broadcast_to(one, copy.shape)
    raise ValueError(f"with_layout: layout must be one of {', '.join(LAYOUTS)}, not {layout!r}")


def broadcastable(
    n: int = 2,
    *,
    dtype: Any = np.float64,
    domain: str | tuple[float, float] = "real",
    layouts: bool = True,
    unique: bool = False,
    max_dims: int = 3,
    min_side: int = 0,
    max_side: int = 4,
) -> st.SearchStrategy[tuple[Any, ...]]:
    """``n`` arrays whose shapes broadcast together; the other arguments as for ``arrays``.

    One dtype, drawn once where ``dtype`` is a strategy, is that of all of them.
    """
    if not isinstance(dtype, st.SearchStrategy):
        dtype = st.just(np.dtype(dtype))
    shapes = hnp.mutually_broadcastable_shapes(
        num_shapes=n, max_dims=max_dims, min_side=min_side, max_side=max_side
    )
    options: dict[str, Any] = {"domain": domain, "layouts": layouts, "unique": unique}
    return _broadcastable(dtype, shapes, options)


@st.composite
def _broadcastable(
    draw: st.DrawFn,
    dtypes: st.SearchStrategy[Any],
    shapes: st.SearchStrategy[Any],
    options: dict[str, Any],
) -> tuple[Any, ...]:
    dtype, found = draw(dtypes), draw(shapes)
    return tuple(draw(arrays(shape, dtype=dtype, **options)) for shape in found.input_shapes)


@st.composite
def operands_for(
    draw: st.DrawFn,
    primitive: Primitive,
    *,
    narrow: bool | st.SearchStrategy[bool] = False,
    layouts: bool = True,
    margin: float = 0.02,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A valid call of a primitive, ``(args, params)``: one of its own samples, moved a little.

    narrow   float32 and complex64 in the place of float64 and complex128
    layouts  vary the memory layout of each operand
    margin   no operand is nearer than this to a kink of the primitive

    Each floating operand moves by up to 0.3 of the distance to the nearest kink, and by at most
    0.1.  Raises ValueError for a primitive without a sample.
    """
    if primitive.sample is None:
        raise ValueError(f"operands_for: {primitive.name} has no sample of valid calls")
    seed = draw(st.integers(0, 31))
    calls = [
        (args, params, room)
        for args, params in primitive.sample(np.random.default_rng(seed))
        if (room := distance(primitive, args, params)) > margin
    ]
    assume(calls)
    args, params, room = draw(st.sampled_from(calls))
    reach = min(0.3 * room, 0.1)
    width = draw(narrow) if isinstance(narrow, st.SearchStrategy) else narrow
    # The broadcast layout changes values, and could take them out of the domain or onto a tie.
    layout = st.sampled_from(LAYOUTS[:-1] if layouts else LAYOUTS[:1])
    moved = tuple(_moved(draw, x, reach, width, layout) for x in args)
    assume(distance(primitive, moved, params) > margin)
    return moved, dict(params)


def _moved(draw: st.DrawFn, x: Any, reach: float, narrow: bool, layout: Any) -> Any:
    """``x`` moved by at most ``reach`` in every element; what is not floating stays as it is."""
    given = np.asarray(x)
    if given.dtype.kind not in "fc":
        return x
    steps = st.lists(st.integers(-10, 10), min_size=given.size, max_size=given.size)
    by: Any = np.reshape(np.array(draw(steps), float), given.shape) * (reach / 10)
    if given.dtype.kind == "c":
        by = (by + 1j * np.reshape(draw(steps), given.shape) * (reach / 10)) * math.sqrt(0.5)
    dtype = given.dtype
    if narrow:
        dtype = np.dtype(np.complex64 if dtype.kind == "c" else np.float32)
    y = np.asarray(given + by, dtype)
    if not isinstance(x, np.ndarray):
        return y[()] if narrow or isinstance(x, np.generic) else y.item()
    return with_layout(y, draw(layout))
