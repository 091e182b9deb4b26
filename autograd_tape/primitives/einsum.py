"""``np.einsum``: any contraction, in any of NumPy's notations; its rules are einsums again."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, implements, no_out, plain
from ..variable import Variable, reject_nested
from .samples import both, calls

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # ascending, as in sublists
_OPTIMIZE_FROM = 2**16  # multiplications; below, finding the path costs more than BLAS saves


def array(x: Any) -> Any:
    """An operand with a shape: Variables and arrays as they are, lists and numbers as arrays."""
    if x.__class__ is Variable or isinstance(x, np.ndarray):
        return x
    if isinstance(x, (list, tuple)):
        reject_nested(x, "a product")
    return asarray(x)


@lru_cache(maxsize=1024)
def _parse(subscripts: str, ndims: tuple[int, ...]) -> str:
    """Explicit subscripts without blanks or ellipsis, as in ``"aij,ajk->aik"``."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ValueError(
            f"np.einsum: {len(terms)} subscripts in {subscripts!r}, but {len(ndims)} operands"
        )
    extra = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True)]
    for term, more in zip(terms, extra, strict=True):
        if more < 0 or (more and "..." not in term):
            raise ValueError(
                f"np.einsum: the subscripts {term!r} of {subscripts!r} do not fit an operand of "
                f"{more + len(term.replace('...', ''))} dimensions"
            )
    unused = [c for c in _LETTERS if c not in subscripts]
    most = max((m for t, m in zip(terms, extra, strict=True) if "..." in t), default=0)
    dots = "".join(unused[:most])  # the letters that "..." stands for, aligned on the right
    full = [t.replace("...", dots[most - m :]) for t, m in zip(terms, extra, strict=True)]
    if arrow:
        if dots and "..." not in right:
            raise ValueError(f"np.einsum: the output of {subscripts!r} lacks its input's '...'")
        output = right.replace("...", dots)
    else:  # implicit: what the ellipsis stands for, then all letters that occur once, in order
        used = "".join(terms)
        output = dots + "".join(sorted(c for c in set(used) - {"."} if used.count(c) == 1))
    return ",".join(full) + "->" + output


def _from_sublists(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """``einsum(x, [0, 1], y, [1, 2], [0, 2])`` in the form with a string."""

    def text(sublist: Any) -> str:
        return "".join("..." if i is Ellipsis else _LETTERS[int(i)] for i in sublist)

    pairs, last = divmod(len(operands), 2)
    subscripts = ",".join(text(operands[2 * i + 1]) for i in range(pairs))
    if last:
        subscripts += "->" + text(operands[-1])
    return (subscripts, *operands[: 2 * pairs : 2])


def _einsum_forward(*xs: Any, subscripts: str, optimize: Any) -> Any:
    if optimize is None:
        sizes: dict[str, int] = {}
        for term, x in zip(subscripts.partition("->")[0].split(","), xs, strict=True):
            for c, n in zip(term, np.shape(x), strict=True):
                sizes[c] = n if n != 1 else sizes.get(c, 1)
        optimize = len(xs) > 1 and math.prod(sizes.values()) > _OPTIMIZE_FROM
    return np.einsum(subscripts, *xs, optimize=optimize)


def _einsum_vjp(i: int, ct: Any, output: Any, *xs: Any, subscripts: str, optimize: Any) -> Any:
    """Contract ct with the other operands onto the letters of operand i.

    A letter that stands in operand i alone was summed: its adjoint is constant along it.  One that
    is repeated in operand i read a diagonal: the adjoint is zero off it.
    """
    left, _, right = subscripts.partition("->")
    terms = left.split(",")
    mine = terms[i]
    shape = xs[i].shape
    length = dict(zip(mine, shape, strict=True))
    others = [(t, x) for j, (t, x) in enumerate(zip(terms, xs, strict=True)) if j != i]
    inputs = [(right, ct), *others]
    reach: dict[str, int] = {}
    for term, x in inputs:
        for c, n in zip(term, np.shape(x), strict=True):
            reach[c] = n if n != 1 else reach.get(c, 1)
    # An axis of length 1 was broadcast along the letter: sum over it here.
    onto = [c for c in length if c in reach and not (length[c] == 1 != reach[c])]
    g = _einsum(
        *(x for _, x in inputs),
        subscripts=",".join(t for t, _ in inputs) + "->" + "".join(onto),
        optimize=optimize if isinstance(optimize, (bool, str)) else None,  # a path fits once
    )
    lengths = [reach[c] if c in onto and mine.index(c) == p else 1 for p, c in enumerate(mine)]
    g = np.broadcast_to(g.reshape(lengths), shape)
    if len(length) == len(mine):
        return g
    return np.where(_diagonal(mine, shape), g, np.zeros((), g.dtype))


def _diagonal(term: str, shape: tuple[int, ...]) -> Any:
    """True where the indices of each repeated letter agree."""
    places = np.ogrid[tuple(slice(n) for n in shape)]
    agree = np.ones(shape, bool)
    for p, c in enumerate(term):
        agree &= places[p] == places[term.index(c)]
    return agree


def _einsum_jvp(i: int, x_dot: Any, output: Any, *xs: Any, subscripts: str, optimize: Any) -> Any:
    return _einsum(*xs[:i], x_dot, *xs[i + 1 :], subscripts=subscripts, optimize=optimize)


_einsum_vjp.reads = _einsum_jvp.reads = {0}  # type: ignore[attr-defined]  # not the output

_einsum = define(
    _einsum_forward,
    name="einsum",
    vjp=_einsum_vjp,
    jvp=_einsum_jvp,
    variadic=True,
    sample=calls(
        both((2, 3), (3, 4), subscripts="ij,jk->ki", optimize=None),
        both((3, 3), subscripts="ii->i", optimize=None),
        both((2, 3, 3, 2), subscripts="ijji->j", optimize=None),
        both((2, 3), subscripts="ij->j", optimize=None),
        both((1,), (3,), subscripts="i,i->", optimize=None),
        both((3,), (1, 2), (2, 1), subscripts="i,ij,ji->ij", optimize=True),
    ),
)


@implements(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = None, **kwargs: Any) -> Any:
    """``np.einsum`` in all its forms; with ``optimize`` left out, large contractions use BLAS."""
    if out is not None:
        no_out("einsum")
    dtype = kwargs.pop("dtype", None)
    for key in ("order", "casting"):  # how the result is laid out, not what it is
        kwargs.pop(key, None)
    if kwargs:
        raise TypeError(f"np.einsum: unknown argument {next(iter(kwargs))!r}")
    if not isinstance(operands[0], str):
        operands = _from_sublists(operands)
    xs = [array(x) for x in operands[1:]]
    if dtype is not None:
        xs = [x.astype(dtype) for x in xs]
    subscripts = _parse(operands[0], tuple(x.ndim for x in xs))
    return _einsum(*xs, subscripts=subscripts, optimize=optimize)


plain(np.einsum_path, why="plans a contraction")
