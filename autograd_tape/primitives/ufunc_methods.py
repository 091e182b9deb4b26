"""The methods that NumPy gives each ufunc: ``reduce``, ``accumulate``, ``outer`` and ``at``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import asarray, copied
from ..dispatch import call_ufunc, define, functions, no_out
from ..variable import Variable, as_value
from .cumulative import recurrence, running_logaddexp, running_max, running_min
from .indexing import freeze, put, setitem
from .reductions import _NO_VALUE, along_last, given, operand
from .samples import both, calls, real
from .smoothness import guarded, ordered
from .softmax import logsumexp


def ufunc_methods(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``ufunc.method(*inputs, **kwargs)`` where one of the inputs is a Variable."""
    if kwargs.get("out") is not None:
        no_out(f"{ufunc.__name__}.{method}")
    kwargs = {key: value for key, value in kwargs.items() if key != "out"}
    if method in ("reduce", "accumulate"):
        table = _REDUCE if method == "reduce" else _ACCUMULATE
        if ufunc not in table:
            raise _unsupported(ufunc, method, ", ".join(f"np.{f.__name__}" for f in table))
        function: Callable[..., Any] = _reduce if method == "reduce" else _accumulate
        return function(table[ufunc], *inputs, **kwargs)
    if method == "outer":
        return _outer(ufunc, *inputs, **kwargs)
    if method == "at":
        return _at(ufunc, *inputs)
    raise _unsupported(ufunc, method, "no ufunc")


def _unsupported(ufunc: Any, method: str, known: str) -> TypeError:
    return TypeError(
        f"np.{ufunc.__name__}.{method} has no derivative rule on Variables ({method} is there for "
        f"{known}); pass v.value for a plain result, or write it with np.{ufunc.__name__} itself "
        "and indexing"
    )


# -- reduce and accumulate -------------------------------------------------------------------------


def _logaddexp_reduce(a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    if where is not True:
        a = np.where(where, a, -np.inf)
    result = logsumexp(a, axis, keepdims)
    return result if initial is _NO_VALUE else np.logaddexp(result, initial)


_REDUCE: dict[Any, Callable[..., Any]] = {
    np.add: functions[np.sum],
    np.multiply: functions[np.prod],
    np.maximum: functions[np.max],
    np.minimum: functions[np.min],
    np.logaddexp: _logaddexp_reduce,
}

_ACCUMULATE: dict[Any, Callable[..., Any]] = {
    np.add: functions[np.cumsum],
    np.multiply: functions[np.cumprod],
    np.maximum: lambda a, axis: along_last(running_max, a, axis),
    np.minimum: lambda a, axis: along_last(running_min, a, axis),
    np.logaddexp: lambda a, axis: along_last(running_logaddexp, a, axis),
}


def _reduce(
    f: Callable[..., Any], array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False,
    initial: Any = _NO_VALUE, where: Any = True,
) -> Any:  # fmt: skip
    a = operand(array, dtype)
    if not a.shape and axis in (0, -1):
        axis = None
    initial = given(initial, _NO_VALUE)
    return f(a, axis=axis, keepdims=keepdims, initial=initial, where=where)


def _accumulate(f: Callable[..., Any], array: Any, axis: int = 0, dtype: Any = None) -> Any:
    a = operand(array, dtype)
    if not a.shape:
        raise TypeError("cannot accumulate on a scalar")
    return f(a, axis=axis)


# -- outer -----------------------------------------------------------------------------------------


def _outer(ufunc: Any, a: Any, b: Any, **kwargs: Any) -> Any:
    """``ufunc(a[..., None], b)``: shape ``a.shape + b.shape``."""
    a, b = (x if x.__class__ is Variable else asarray(x) for x in (a, b))
    if a.shape and b.shape:
        a = np.reshape(a, a.shape + (1,) * b.ndim)
    return call_ufunc(ufunc, "__call__", (a, b), kwargs)


# -- at: in place, where repeated indices all count ------------------------------------------------


def _at(ufunc: Any, target: Any, index: Any, *rest: Any) -> None:
    """Compute what ``target`` becomes, and make the variable that, as ``v[index] = w`` does."""
    name = f"np.{ufunc.__name__}.at"
    if target.__class__ is not Variable:
        raise TypeError(
            f"{name}: the first operand is a plain array, which cannot hold the gradient of what "
            "is written into it; make it a Variable (it is updated in place, as v[index] = w is)"
        )
    if not target.shape:
        raise TypeError(f"{name}: the first operand must have at least one dimension")
    index = freeze(index)
    places = np.arange(target.size).reshape(target.shape)[index]
    if rest:
        rest = (np.broadcast_to(_like(name, rest[0], target.dtype), places.shape),)
    if ufunc in _AT:
        new = _AT[ufunc](target, index, places, *rest)
    elif np.unique(places).size == places.size:
        new = setitem(target, index, call_ufunc(ufunc, "__call__", (target[index], *rest), {}))
    else:
        raise TypeError(
            f"{name} with an index that comes more than once has no derivative rule (there is one "
            f"for {', '.join(f'np.{f.__name__}' for f in _AT)}); apply it once per occurrence"
        )
    target._value, target._entry = new._value, new._entry


def _like(name: str, w: Any, dtype: Any) -> Any:
    """The second operand in the dtype of the array that it goes into."""
    w = operand(w)
    if w.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError(f"{name}: complex values do not fit into an array of dtype {dtype}")
    return w if w.dtype == dtype else w.astype(dtype)


def _add_at(v: Any, index: Any, places: Any, w: Any) -> Any:
    return v + put(w, index=index, shape=v.shape)


def _subtract_at(v: Any, index: Any, places: Any, w: Any) -> Any:
    return v - put(w, index=index, shape=v.shape)


def _multiply_at(v: Any, index: Any, places: Any, w: Any) -> Any:
    """The factors of each place, in order, make one segment of s_k = w_k·s_{k-1}."""
    if not places.size:
        return v + 0
    order = np.argsort(places, axis=None, kind="stable")
    place = places.reshape(-1)[order]
    w = np.reshape(w, (-1,))[order]
    flat = np.reshape(v, (-1,))
    start = np.append(True, place[1:] != place[:-1])
    s = recurrence(np.where(start, 0, w), np.where(start, flat[place] * w, 0))
    last = np.append(start[1:], True)
    return np.reshape(setitem(flat, place[last], s[last]), v.shape)


def _extreme_hits(output: Any, v: Any, w: Any, index: Any) -> tuple[Any, Any, Any]:
    """(does v attain the extreme, which of w do, how many do at each place)."""
    top = as_value(output)
    hit_v, hit_w = as_value(v) == top, as_value(w) == top[index]
    count = hit_v + put(hit_w.astype(int), index=index, shape=top.shape)
    return hit_v, hit_w, np.maximum(count, 1)


def _runner_up_at(v: Any, w: Any, index: Any) -> Any:
    """At each place from the largest of v and those of w that go there to the next."""
    places = np.arange(v.size).reshape(v.shape)
    taken = places[index]
    x = np.concatenate([v.ravel(), np.broadcast_to(w, taken.shape).ravel()])
    place = np.concatenate([places.ravel(), taken.ravel()])
    order = np.lexsort((x, place))
    x, place = x[order], place[order]
    last = np.append(place[1:] != place[:-1], True)[1:]
    return np.where(last & (place[1:] == place[:-1]), np.diff(x) / 2, np.inf)


def _extreme_at(ufunc: Any, sign: int) -> Callable[..., Any]:
    """maximum.at or minimum.at as a primitive of (v, w): all that tie share evenly."""

    def forward(v: Any, w: Any, *, index: Any) -> Any:
        result = copied(v, None, w)
        ufunc.at(result, index, w)
        return result

    def vjp_v(ct: Any, output: Any, v: Any, w: Any, *, index: Any) -> Any:
        hit_v, _, count = _extreme_hits(output, v, w, index)
        return np.where(hit_v, ct / count.astype(ct.dtype), np.zeros((), ct.dtype))

    def vjp_w(ct: Any, output: Any, v: Any, w: Any, *, index: Any) -> Any:
        _, hit_w, count = _extreme_hits(output, v, w, index)
        return np.where(hit_w, (ct / count.astype(ct.dtype))[index], np.zeros((), ct.dtype))

    def jvp_v(v_dot: Any, output: Any, v: Any, w: Any, *, index: Any) -> Any:
        hit_v, _, count = _extreme_hits(output, v, w, index)
        return np.where(hit_v, v_dot / count.astype(v_dot.dtype), np.zeros((), v_dot.dtype))

    def jvp_w(w_dot: Any, output: Any, v: Any, w: Any, *, index: Any) -> Any:
        _, hit_w, count = _extreme_hits(output, v, w, index)
        moved = put(np.where(hit_w, w_dot, np.zeros((), w_dot.dtype)), index=index, shape=v.shape)
        return moved / count.astype(w_dot.dtype)

    return define(
        forward,
        name=f"{ufunc.__name__}.at",
        vjp=(vjp_v, vjp_w),
        jvp=(jvp_v, jvp_w),
        batched=True,  # w's adjoint has the shape of w, which is not the output's
        sample=calls(
            both((4,), (3,), index=np.array([0, 2, 0]), apart=True),
            real((4, 2), (2, 2), index=np.array([1, 1]), apart=True),
        ),
        kinks=guarded(
            lambda v, w, *, index: _runner_up_at(sign * ordered(v), sign * ordered(w), index)
        ),
    )


_maximum_at, _minimum_at = _extreme_at(np.maximum, 1), _extreme_at(np.minimum, -1)


def _logaddexp_at(v: Any, index: Any, places: Any, w: Any) -> Any:
    """log(exp v + Σ exp w), each place shifted by its largest term, a constant."""
    top = copied(v.value)
    np.maximum.at(top, index, as_value(w))
    shift = np.where(np.isfinite(top), top, np.zeros((), top.dtype))
    total = np.exp(v - shift) + put(np.exp(w - shift[index]), index=index, shape=v.shape)
    nothing = as_value(total) == 0  # all terms are exp(-inf)
    return np.where(nothing, -np.inf, np.log(np.where(nothing, 1, total)) + shift)


_AT: dict[Any, Callable[..., Any]] = {
    np.add: _add_at,
    np.subtract: _subtract_at,
    np.multiply: _multiply_at,
    np.maximum: lambda v, index, places, w: _maximum_at(v, w, index=index),
    np.minimum: lambda v, index, places, w: _minimum_at(v, w, index=index),
    np.logaddexp: _logaddexp_at,
}
