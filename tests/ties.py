"""Rules that share wrongly: all that tied elements should share goes to the first of them.

The tangent of a tie is then that of its first element, and the adjoint (the transpose of that) is
collected by the first.  ``TIES[name](rule, mode, i)`` gives the mutant of that rule.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tape.variable import as_value

Rule = Callable[..., Any]


def _groups(labels: Any) -> Any:
    """(n, n): row k picks the first element with the label of element k; itself for label -1."""
    labels = np.ravel(labels)
    first = [int(np.argmax(labels == u)) if u >= 0 else k for k, u in enumerate(labels)]
    return np.eye(labels.size)[first]


def _within(label: Callable[..., Any]) -> Callable[[Rule, str, int], Rule]:
    """Ties among the elements of one operand; ``label(x, **params)`` numbers them."""

    def mutate(rule: Rule, mode: str, i: int) -> Rule:
        def mutant(ct: Any, output: Any, x: Any, **params: Any) -> Any:
            if not np.size(as_value(x)):
                return rule(ct, output, x, **params)
            pick = _groups(label(as_value(x), **params))
            if mode == "jvp":
                ct = _apply(pick, ct)
            c = rule(ct, output, x, **params)
            return c if mode == "jvp" else _apply(pick.T, np.broadcast_to(c, np.shape(as_value(x))))

        return mutant

    return mutate


def _apply(matrix: Any, c: Any) -> Any:
    flat = np.reshape(c, (-1,))
    return np.reshape(matrix.astype(flat.dtype) @ flat, np.shape(as_value(c)))


def _equal_along(x: Any, axis: int | None = -1, **params: Any) -> Any:
    """Elements that are equal and stand in one row along ``axis``."""
    rows = np.zeros(x.shape, int)
    if axis is not None:
        axes = {k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,))}
        lengths = [1 if k in axes else n for k, n in enumerate(x.shape)]
        rows = rows + np.arange(np.prod(lengths, dtype=int)).reshape(lengths)
    values = np.unique(x, return_inverse=True)[1].reshape(x.shape)
    return rows * (x.size + 1) + values


def _runs(x: Any, *, starts: Any, axis: int) -> Any:
    rows = np.swapaxes(x, axis, -1)
    run = np.repeat(np.arange(len(starts)), np.diff(starts, append=x.size)).reshape(rows.shape)
    return np.swapaxes(run, axis, -1)


def _between(rule: Rule, mode: str, i: int) -> Rule:
    """Ties of x with y: all of it to x."""

    def mutant(ct: Any, output: Any, x: Any, y: Any) -> Any:
        tied = np.asarray(as_value(x)) == np.asarray(as_value(y))
        c = rule(ct, output, x, y)
        share = np.where(tied, 2.0 if i == 0 else 0.0, 1.0)
        return c * share.astype(getattr(c, "dtype", float))[()]

    return mutant


def _at(rule: Rule, mode: str, i: int) -> Rule:
    """Ties of v with w at one place: all of it to v."""

    def mutant(ct: Any, output: Any, v: Any, w: Any, *, index: Any) -> Any:
        top, low, new = (as_value(x) for x in (output, v, w))
        new = np.broadcast_to(new, top[index].shape)
        count = np.array(low == top, int)
        np.add.at(count, index, new == top[index])
        tied = (low == top) & (count > 1)
        c = rule(ct, output, v, w, index=index)
        if i == 0:
            return c * np.where(tied, count, 1).astype(c.dtype)
        kept = np.where(tied, 0, 1)
        return c * (kept if mode == "jvp" else kept[index]).astype(c.dtype)

    return mutant


TIES: dict[str, Callable[[Rule, str, int], Rule]] = {
    **dict.fromkeys(("max", "min", "nanmax", "nanmin", "sort", "partition", "maximum.accumulate",
                     "minimum.accumulate"), _within(_equal_along)),
    "average_ties": _within(_runs),
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), _between),
    **dict.fromkeys(("maximum.at", "minimum.at"), _at),
}  # fmt: skip
