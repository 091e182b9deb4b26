"""Reading and writing parts of an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import Scattered, is_basic
from ..dispatch import define
from ..primitive import record
from ..variable import Variable, as_value
from .samples import calls, real

_INDICES: list[Any] = [
    1, (slice(None), 2), (slice(2, 0, -1), ...), (None, np.array([0, 2, 2])),
    np.array([[True, False, True, False]] * 3), (np.array([0, 1, 0]), np.array([1, 1, 1])),
]  # fmt: skip


def _put(ct: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of ``shape`` with ``ct`` added at ``index``: the transpose of reading."""
    total = np.zeros(shape, ct.dtype if hasattr(ct, "dtype") else type(ct))
    if is_basic(index):
        total[index] += ct
    else:
        np.add.at(total, index, ct)
    return total


put = define(
    _put,
    name="put",
    vjp=lambda ct, output, x, *, index, shape: ct[index],
    linear=(0,),
    sample=calls(real((4,), index=1, shape=(3, 4)), real((2,), index=np.array([0, 0]), shape=(3,))),
)

_getitem = define(
    lambda x, *, index: x[index],
    name="getitem",
    vjp=lambda ct, output, x, *, index: Scattered(index, ct, put),
    linear=(0,),
    sample=calls(*(real((3, 4), index=i) for i in _INDICES)),
)


def freeze(index: Any) -> Any:
    """An index as a static parameter: Variables refused by NumPy, lists and arrays copied."""
    if isinstance(index, tuple):
        return tuple(freeze(i) for i in index)
    if isinstance(index, (list, np.ndarray)):
        return np.array(index)
    return as_value(index)


def getitem(x: Variable, index: Any) -> Variable:
    """``x[index]`` for any NumPy index; repeated indices add up in the adjoint."""
    return record(_getitem, (x,), {"index": freeze(index)})


def _update(x: Any, new: Any, *, index: Any) -> Any:
    result = np.array(x)
    result[index] = new
    return result


def _update_new(ct: Any, output: Any, x: Any, new: Any, *, index: Any) -> Any:
    """Only what was written last at a place arrived there."""
    part = ct[index]
    if not is_basic(index):
        order = np.arange(part.size).reshape(part.shape)
        writer = np.zeros(x.shape, int)
        writer[index] = order
        part = np.where(writer[index] == order, part, 0)
    return part


_setitem = define(
    _update,
    name="setitem",
    vjp=(
        lambda ct, output, x, new, *, index: _setitem(ct, np.zeros((), ct.dtype), index=index),
        _update_new,
    ),
    jvp=(
        lambda x_dot, output, x, new, *, index: _setitem(
            x_dot, np.zeros((), x_dot.dtype), index=index
        ),
        lambda new_dot, output, x, new, *, index: _setitem(
            np.zeros(x.shape, output.dtype), new_dot, index=index
        ),
    ),
    batched=True,
    sample=calls(*(real((3, 4), (), index=i) for i in _INDICES), real((3, 4), (4,), index=1)),
)


def setitem(x: Variable, index: Any, new: Any) -> Variable:
    """The array ``x`` with ``new`` written at ``index``, as a new recorded value."""
    if isinstance(new, list):
        new = np.asarray(new)
    return record(_setitem, (x, new), {"index": freeze(index)})
