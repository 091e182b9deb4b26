"""The ndarray methods and attributes of a Variable: each is the NumPy function of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from .variable import Variable

_np: Any = np  # these calls come back through NumPy's protocols; to a type checker they are opaque


class ArrayMethods:
    """Mixed into Variable; arguments and defaults are those of ``numpy.ndarray``."""

    __slots__ = ()

    def sum(self, *args: Any, **kwargs: Any) -> Any:
        return _np.sum(self, *args, **kwargs)

    def mean(self, *args: Any, **kwargs: Any) -> Any:
        return _np.mean(self, *args, **kwargs)

    def prod(self, *args: Any, **kwargs: Any) -> Any:
        return _np.prod(self, *args, **kwargs)

    def max(self, *args: Any, **kwargs: Any) -> Any:
        return _np.max(self, *args, **kwargs)

    def min(self, *args: Any, **kwargs: Any) -> Any:
        return _np.min(self, *args, **kwargs)

    def std(self, *args: Any, **kwargs: Any) -> Any:
        return _np.std(self, *args, **kwargs)

    def var(self, *args: Any, **kwargs: Any) -> Any:
        return _np.var(self, *args, **kwargs)

    def cumsum(self, *args: Any, **kwargs: Any) -> Any:
        return _np.cumsum(self, *args, **kwargs)

    def cumprod(self, *args: Any, **kwargs: Any) -> Any:
        return _np.cumprod(self, *args, **kwargs)

    def repeat(self, *args: Any, **kwargs: Any) -> Any:
        return _np.repeat(self, *args, **kwargs)

    def take(self, *args: Any, **kwargs: Any) -> Any:
        return _np.take(self, *args, **kwargs)

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        return _np.trace(self, *args, **kwargs)

    def diagonal(self, *args: Any, **kwargs: Any) -> Any:
        return _np.diagonal(self, *args, **kwargs)

    def squeeze(self, *args: Any, **kwargs: Any) -> Any:
        return _np.squeeze(self, *args, **kwargs)

    def swapaxes(self, *args: Any, **kwargs: Any) -> Any:
        return _np.swapaxes(self, *args, **kwargs)

    def ravel(self, *args: Any, **kwargs: Any) -> Any:
        return _np.ravel(self, *args, **kwargs)

    def argmax(self, *args: Any, **kwargs: Any) -> Any:
        return _np.argmax(self, *args, **kwargs)

    def argmin(self, *args: Any, **kwargs: Any) -> Any:
        return _np.argmin(self, *args, **kwargs)

    def argsort(self, *args: Any, **kwargs: Any) -> Any:
        return _np.argsort(self, *args, **kwargs)

    def argpartition(self, *args: Any, **kwargs: Any) -> Any:
        return _np.argpartition(self, *args, **kwargs)

    def compress(self, condition: Any, axis: Any = None) -> Any:
        return _np.compress(condition, self, axis=axis)

    def choose(self, *args: Any, **kwargs: Any) -> Any:
        return _np.choose(self, *args, **kwargs)

    def dot(self, *args: Any, **kwargs: Any) -> Any:
        return _np.dot(self, *args, **kwargs)

    def nonzero(self, *args: Any, **kwargs: Any) -> Any:
        return _np.nonzero(self, *args, **kwargs)

    def searchsorted(self, *args: Any, **kwargs: Any) -> Any:
        return _np.searchsorted(self, *args, **kwargs)

    def all(self, *args: Any, **kwargs: Any) -> Any:
        return _np.all(self, *args, **kwargs)

    def any(self, *args: Any, **kwargs: Any) -> Any:
        return _np.any(self, *args, **kwargs)

    def clip(self, min: Any = None, max: Any = None, **kwargs: Any) -> Any:
        return _np.clip(self, min, max, **kwargs)

    def round(self, decimals: int = 0) -> Any:
        return _np.round(self, decimals)

    def conj(self) -> Any:
        return _np.conj(self)

    conjugate = conj

    def ptp(self, *args: Any, **kwargs: Any) -> Any:
        return _np.ptp(self, *args, **kwargs)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        return _np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return _np.transpose(self, order or None)

    @property
    def T(self) -> Any:
        return _np.transpose(self)

    @property
    def mT(self) -> Any:
        return _np.matrix_transpose(self)

    @property
    def real(self) -> Any:
        return _np.real(self)

    @property
    def imag(self) -> Any:
        return _np.imag(self)

    @property
    def flat(self) -> Any:
        """The flattened elements; iterable and indexable, read only."""
        return _np.ravel(self)

    def flatten(self, order: str = "C") -> Any:
        return _np.ravel(self, order=order)

    def copy(self, order: str = "C") -> Any:
        """A recorded copy: the gradient flows through it (``copy.deepcopy`` makes a fresh leaf)."""
        return _np.copy(self)

    def astype(self, dtype: Any, **kwargs: Any) -> Any:
        """A recorded cast; to integers or booleans a plain array, which cuts the graph."""
        from .primitives.shape import astype

        return astype(cast("Variable", self), dtype)

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None) -> None:
        """Sort this variable in place (recorded, like ``v[...] = np.sort(v)``)."""
        self[...] = _np.sort(self, axis=axis)  # type: ignore[index]

    def item(self, *index: Any) -> Any:
        """The plain Python number: leaves the graph, as ``float(v)`` does."""
        variable = cast("Variable", self)
        variable._cut("item()")
        return np.asarray(variable._value).item(*index)

    def tolist(self) -> Any:
        """The plain values as nested lists: leaves the graph."""
        variable = cast("Variable", self)
        variable._cut("tolist()")
        return np.asarray(variable._value).tolist()

    if TYPE_CHECKING:  # installed by autograd_tape.operators

        def __neg__(self) -> Variable: ...
        def __pos__(self) -> Variable: ...
        def __abs__(self) -> Variable: ...
        def __add__(self, other: Any, /) -> Variable: ...
        def __radd__(self, other: Any, /) -> Variable: ...
        def __sub__(self, other: Any, /) -> Variable: ...
        def __rsub__(self, other: Any, /) -> Variable: ...
        def __mul__(self, other: Any, /) -> Variable: ...
        def __rmul__(self, other: Any, /) -> Variable: ...
        def __truediv__(self, other: Any, /) -> Variable: ...
        def __rtruediv__(self, other: Any, /) -> Variable: ...
        def __pow__(self, other: Any, /) -> Variable: ...
        def __rpow__(self, other: Any, /) -> Variable: ...
        def __mod__(self, other: Any, /) -> Variable: ...
        def __rmod__(self, other: Any, /) -> Variable: ...
        def __matmul__(self, other: Any, /) -> Variable: ...
        def __rmatmul__(self, other: Any, /) -> Variable: ...
        def __floordiv__(self, other: Any, /) -> Any: ...
        def __rfloordiv__(self, other: Any, /) -> Any: ...
        def __divmod__(self, other: Any, /) -> Any: ...
        def __rdivmod__(self, other: Any, /) -> Any: ...
