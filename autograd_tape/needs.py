"""What a rule reads of the forward computation, read off its code: only that is kept."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = ["in_one_dtype", "needs_of", "passes", "reads"]

Rule = Callable[..., Any]


def passes(ct: Any, output: Any, *args: Any) -> Any:
    """The rule of an argument whose adjoint is the output's (x + y): the sweep need not call it."""
    return ct


passes.reads = set()  # type: ignore[attr-defined]

_SHAPE_ONLY = {"shape", "dtype", "ndim", "size"}


def reads(rule: Rule | None, skip: int = 1) -> set[int] | None:
    """Which of ``(output, *args)``, counted from -1, a rule reads; None: possibly all of them.

    A look at ``x.shape``, ``.dtype``, ``.ndim`` or ``.size`` does not count.
    """
    if rule is None:
        return set()
    known = getattr(rule, "reads", None)
    if known is not None:
        return set(known)
    code = getattr(rule, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS:
        return None
    places = {name: i - 1 for i, name in enumerate(code.co_varnames[skip : code.co_argcount])}
    found: set[int] = set()
    before: set[str] = set()
    for instruction in dis.get_instructions(code):
        if not (instruction.opname == "LOAD_ATTR" and instruction.argval in _SHAPE_ONLY):
            found |= {places[n] for n in before}
        before = set()
        value = instruction.argval
        names = value if isinstance(value, tuple) else (value,)
        if not instruction.opname.startswith("STORE"):
            before = {n for n in names if isinstance(n, str) and n in places}
        if len(before) > 1:  # a fused load: only its last name is what an attribute is read of
            found |= {places[n] for n in names[:-1] if n in places}
    return found


def in_one_dtype(rule: Rule) -> Rule:
    """``rule`` on operands of one dtype, the widest.

    A rule that takes a function of one operand alone, log x in the slope of y·log x, would take it
    in the precision of x, which may be less than that of the result.
    """

    def widened(ct: Any, output: Any, *args: Any, **params: Any) -> Any:
        dtypes = {x.dtype for x in args if hasattr(x, "dtype")}
        if len(dtypes) > 1:
            widest = np.result_type(*dtypes)
            args = tuple(x.astype(widest) if hasattr(x, "dtype") else x for x in args)
        return rule(ct, output, *args, **params)

    widened.reads = reads(rule)  # type: ignore[attr-defined]
    return widened


def needs_of(p: Primitive) -> tuple[bool, tuple[bool, ...] | None]:
    """(is the output read, which arguments are read or None for all) by the rules of ``p``."""
    if not p.vjps and not p.jvps:
        return p.joint is None, None if p.joint is None else ()
    if callable(p.vjps) or callable(p.jvps):
        # Rules for any number of arguments are told what they read by an attribute of theirs.
        known = [getattr(r, "reads", None) for r in (p.vjps, p.jvps) if callable(r)]
        read: set[int] = set().union(*(r for r in known if r is not None))
        if None in known or read - {-1}:
            return True, None
        return -1 in read, ()
    found: set[int] = set()
    for rule in (*p.vjps, *p.jvps):
        more = reads(rule)
        if more is None:
            return True, None
        found |= more
    return -1 in found, tuple(i in found for i in range(len(p.vjps)))
