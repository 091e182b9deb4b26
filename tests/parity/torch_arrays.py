"""NumPy's functions on PyTorch tensors: what ``np`` and ``special`` mean to a peer's program.

An :class:`Array` is a tensor with NumPy's operators, methods and indexing.  All arithmetic is
PyTorch's.  What only moves elements, and which PyTorch lacks or does in another way (an index with
a negative step, ``np.resize``, ``np.pad``), is done to the positions 0, 1, 2, ... by NumPy, and
then PyTorch gathers by them: so the values and their gradients still pass through PyTorch.
Comparisons and integers are plain NumPy; they have no gradient.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

__all__ = ["Array", "functions", "special_functions"]


class Array:
    """A tensor that does as a NumPy array does; what writes into it replaces its tensor."""

    __array_ufunc__ = None  # NumPy leaves operators to this class

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    shape = property(lambda self: tuple(self.tensor.shape))
    ndim = property(lambda self: self.tensor.ndim)
    size = property(lambda self: self.tensor.numel())
    T = property(lambda self: self.transpose())
    mT = property(lambda self: Array(self.tensor.mT))
    real = property(lambda self: Array(torch.real(self.tensor)))
    imag = property(lambda self: imag(self))

    def numpy(self) -> Any:
        return self.tensor.detach().resolve_conj().resolve_neg().numpy()

    def __getitem__(self, index: Any) -> Array:
        return moved(lambda x: x[index], self)

    def __setitem__(self, index: Any, value: Any) -> None:
        values = Array(torch.as_tensor(tensor(value), dtype=self.tensor.dtype))

        def write(at: Any, values_at: Any) -> Any:  # of repeated positions, the last one counts
            at[index] = values_at
            return at

        self.tensor = moved(write, self, values).tensor

    def transpose(self, *axes: int) -> Array:
        return Array(self.tensor.permute(axes or tuple(range(self.ndim))[::-1]))

    def flatten(self, order: str = "C") -> Array:
        return moved(lambda x: x.flatten(order), self)

    def sort(self) -> None:
        self.tensor = torch.sort(self.tensor, dim=-1).values

    def copy(self) -> Array:
        return Array(self.tensor.clone())

    def conj(self) -> Array:
        return Array(torch.conj(self.tensor))

    def astype(self, dtype: Any) -> Array:
        return Array(self.tensor.to(_DTYPES[np.dtype(dtype)]))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Array:
        return total(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction(torch.mean)(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction(torch.amin)(self, axis, keepdims)

    def __neg__(self) -> Array:
        return Array(-self.tensor)


def _operator(f: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    def method(self: Array, other: Any) -> Any:
        x, y = self.tensor, tensor(other)
        if f is operator.matmul:
            x, y = alike(x, y)
        return Array(f(y, x) if reflected else f(x, y))

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    setattr(Array, f"__{_name}__", _operator(getattr(operator, _name)))
    setattr(Array, f"__r{_name}__", _operator(getattr(operator, _name), reflected=True))


def _comparison(f: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Array, other: Any) -> Any:
        x = self.numpy(), other.numpy() if isinstance(other, Array) else other
        return f(*x)

    return method


for _name in ("lt", "le", "gt", "ge"):
    setattr(Array, f"__{_name}__", _comparison(getattr(operator, _name)))

_DTYPES = {
    np.dtype(np.float64): torch.float64,
    np.dtype(np.float32): torch.float32,
    np.dtype(np.complex128): torch.complex128,
    np.dtype(np.complex64): torch.complex64,
}


# -- tensors and arrays ---------------------------------------------------------------------------


def tensor(x: Any) -> Any:
    """The tensor of an Array or of a NumPy array; lists item by item; anything else as it is."""
    if isinstance(x, Array):
        return x.tensor
    if isinstance(x, np.ndarray | np.generic):
        return torch.from_numpy(np.array(x))
    if isinstance(x, list):
        return [tensor(item) for item in x]
    return x


def array(x: Any, dtype: Any = None) -> Any:
    """A literal: floats become an Array; integers and booleans, which are indices, stay NumPy's."""
    x = np.array(x, dtype)
    return Array(torch.from_numpy(x)) if x.dtype.kind in "fc" else x


def alike(*tensors: Any) -> list[Any]:
    """The tensors in the dtype that they have in common, which products and joins ask for."""
    tensors = tuple(map(tensor, tensors))
    dtype = reduce(
        torch.promote_types, (x.dtype for x in tensors if isinstance(x, torch.Tensor))
    )  # fmt: skip
    return [torch.as_tensor(x, dtype=dtype) for x in tensors]


def wrapped(y: Any) -> Any:
    """Tensors, and sequences of them, as Arrays."""
    return Array(y) if isinstance(y, torch.Tensor) else tuple(wrapped(item) for item in y)


def plain(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` of PyTorch, which takes the same arguments as NumPy's, but for tensors."""
    return lambda *args, **kwargs: wrapped(f(*map(tensor, args), **kwargs))


def joined(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` of PyTorch of operands in one dtype."""
    return lambda *args: wrapped(f(*alike(*args)))


# -- what moves elements --------------------------------------------------------------------------


def positions(x: Any) -> Any:
    return np.arange(x.size).reshape(x.shape)


def indices(at: Any) -> Any:
    return torch.from_numpy(np.array(at, np.int64).reshape(-1))


def moved(f: Callable[..., Any], *xs: Array, fill: float = 0.0) -> Array:
    """What ``f`` does to the elements of the arrays, where position -1 stands for ``fill``."""
    flat = [x.reshape(-1) for x in alike(*xs)]
    flat.append(torch.full((1,), fill, dtype=flat[0].dtype))
    starts = np.cumsum([0, *(x.size for x in xs)])
    at = np.asarray(f(*(positions(x) + n for x, n in zip(xs, starts, strict=False))))
    return Array(torch.cat(flat)[indices(at)].reshape(at.shape))


def mover(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: moved(lambda at: f(at, *args, **kwargs), x)


def pad(x: Array, width: Any, mode: str = "constant") -> Array:
    if mode == "linear_ramp":  # down to 0: the edge, weighed as a pad of ones is
        return pad(x, width, "edge") * np.pad(np.ones(x.shape, x.numpy().real.dtype), width, mode)
    options = {"constant_values": -1} if mode == "constant" else {}
    return moved(lambda at: np.pad(at, width, mode=mode, **options), x)


def insert(x: Array, where: int, value: float, axis: int) -> Array:
    return moved(lambda at: np.insert(at, where, -1, axis=axis), x, fill=value)


def append(x: Array, values: Any) -> Array:
    return Array(torch.cat([y.reshape(-1) for y in alike(x, values)]))


def choose(which: Any, arrays: Sequence[Array]) -> Array:
    return moved(lambda *at: np.choose(which, at), *arrays)


def partition(x: Array, k: int, axis: int) -> Array:
    order = np.argpartition(x.numpy(), k, axis=axis)
    return moved(lambda at: np.take_along_axis(at, order, axis), x)


# -- writing into an array ------------------------------------------------------------------------


def overwrite(x: Array, write: Callable[[Any], None], value: float) -> None:
    at = positions(x)
    write(at)
    x.tensor = torch.where(torch.from_numpy(at == -1), value, x.tensor)


def fill_diagonal(x: Array, value: float) -> None:
    overwrite(x, lambda at: np.fill_diagonal(at, -1), value)


def put_along_axis(x: Array, which: Any, value: float, axis: int) -> None:
    overwrite(x, lambda at: np.put_along_axis(at, which, -1, axis), value)


def at(f: Callable[..., Any]) -> Callable[..., None]:
    """``np.add.at``: one element after the other."""

    def write(x: Array, index: Any, values: Any) -> None:
        where = positions(x)[index]
        values = torch.as_tensor(tensor(values), dtype=x.tensor.dtype)
        values = values.expand(where.shape).reshape(-1)
        y = x.tensor
        for i, value in zip(where.reshape(-1), values, strict=True):
            y = torch.where(torch.from_numpy(positions(x) == i), f(y, value), y)
        x.tensor = y

    return write


# -- reductions and scans -------------------------------------------------------------------------


def dims(x: Array, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def reduction(f: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """``f`` of PyTorch that takes any number of axes at once."""

    def reduced(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
        if not x.ndim:
            return Array(f(x.tensor.reshape(1), dim=0, **options))
        return Array(f(x.tensor, dim=dims(x, axis), keepdim=keepdims, **options))

    return reduced


def total(
    x: Array, axis: Any = None, keepdims: bool = False, where: Any = None, initial: float = 0.0
) -> Array:
    kept = x.tensor if where is None else torch.where(torch.from_numpy(where), x.tensor, 0.0)
    return reduction(torch.sum)(Array(kept), axis, keepdims) + initial


def prod(x: Array, axis: Any = None) -> Array:
    y = x.tensor
    for dim in sorted(d % x.ndim for d in dims(x, axis))[::-1]:
        y = torch.prod(y, dim=dim)
    return Array(y)


def ptp(x: Array, axis: int) -> Array:
    return Array(torch.amax(x.tensor, axis) - torch.amin(x.tensor, axis))


def quantile(x: Array, q: float, axis: int | None = None) -> Array:
    return Array(torch.quantile(x.tensor, q, dim=axis))


def average(x: Array, axis: int | None = None, weights: Array | None = None) -> Array:
    if weights is None:
        return x.mean(axis)
    return total(weights * x) / total(weights)


def norm(x: Array, kind: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    if kind is None:
        return reduction(torch.linalg.vector_norm)(x, axis, keepdims)
    return Array(torch.linalg.matrix_norm(x.tensor, kind, dim=axis, keepdim=keepdims))


def scan(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` of PyTorch along one axis, or over all elements."""

    def scanned(x: Array, axis: int | None = None) -> Array:
        y = x.tensor.reshape(-1) if axis is None else x.tensor
        y = f(y, dim=0 if axis is None else axis)
        return Array(y if isinstance(y, torch.Tensor) else y.values)

    return scanned


def cumulative_sum(x: Array, axis: int, include_initial: bool) -> Array:
    assert include_initial
    y = torch.cumsum(x.tensor, axis)
    return Array(torch.cat([torch.zeros_like(y.narrow(axis, 0, 1)), y], axis))


def apply_along_axis(f: Callable[[Array], Array], axis: int, x: Array) -> Array:
    rows = torch.movedim(x.tensor, axis, -1)
    done = torch.stack([f(Array(row)).tensor for row in rows.reshape(-1, rows.shape[-1])])
    return Array(torch.movedim(done.reshape(*rows.shape[:-1], -1), -1, axis))


# -- choices --------------------------------------------------------------------------------------


def where(condition: Any, x: Any, y: Any) -> Array:
    return Array(torch.where(torch.from_numpy(np.asarray(condition)), *alike(x, y)))


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any) -> Any:
    y = default
    for condition, choice in list(zip(conditions, choices, strict=True))[::-1]:
        y = where(condition, choice, y)
    return y


def piecewise(x: Array, conditions: Sequence[Any], functions: Sequence[Any]) -> Any:
    return select(conditions, [f(x) for f in functions], 0.0)


def clip(x: Array, low: Any, high: Any) -> Array:
    return Array(torch.clamp(x.tensor, tensor(low), tensor(high)))


# -- shapes and joins -----------------------------------------------------------------------------


def expand_dims(x: Array, axis: int | tuple[int, ...]) -> Array:
    return mover(np.expand_dims)(x, axis)


def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Array:
    parts = alike(*xs)
    return Array(torch.cat([p.reshape(-1) for p in parts] if axis is None else parts, axis or 0))


def stack(xs: Sequence[Any], axis: int = 0) -> Array:
    return Array(torch.stack(alike(*xs), axis))


def listed(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda xs: Array(f(alike(*xs)))


def block(rows: Sequence[Sequence[Array]]) -> Array:
    return Array(torch.cat([
        torch.cat([torch.atleast_2d(x) for x in alike(*row)], -1) for row in rows
    ], -2))  # fmt: skip


def linspace(start: Array, stop: Array, n: int) -> Array:
    x, y = torch.broadcast_tensors(*alike(start, stop))
    return Array(torch.stack([x + (y - x) * (k / (n - 1)) for k in range(n)]))


def geomspace(start: Array, stop: Array, n: int) -> Array:
    logs = linspace(Array(torch.log(start.tensor)), Array(torch.log(stop.tensor)), n)
    return Array(torch.exp(logs.tensor))


def diff(x: Array, n: int = 1, axis: int = -1, append: float | None = None) -> Array:
    y = x.tensor
    if append is not None:
        y = torch.cat([y, torch.full_like(y.narrow(axis, 0, 1), append)], axis)
    return Array(torch.diff(y, n, axis))


def trace(x: Array, k: int) -> Array:
    return Array(torch.diagonal(x.tensor, k).sum(-1))


# -- products -------------------------------------------------------------------------------------


def dot(x: Any, y: Any) -> Any:
    x, y = alike(x, y)
    return Array(torch.tensordot(x, y, dims=([x.ndim - 1], [max(y.ndim - 2, 0)])))


def inner(x: Any, y: Any) -> Any:
    x, y = alike(x, y)
    return Array(torch.tensordot(x, y, dims=([x.ndim - 1], [y.ndim - 1])))


def tensordot(x: Any, y: Any, axes: Any) -> Array:
    x, y = alike(x, y)
    if not isinstance(axes, int):
        axes = [[i % z.ndim for i in one] for z, one in zip((x, y), axes, strict=True)]
    return Array(torch.tensordot(x, y, dims=axes))


def outer(x: Any, y: Any) -> Array:
    x, y = alike(x, y)
    return Array(torch.outer(x.reshape(-1), y.reshape(-1)))


def vdot(x: Any, y: Any) -> Array:
    x, y = alike(x, y)
    return Array(torch.sum(torch.conj(x.reshape(-1)) * y.reshape(-1)))


def matvec(x: Any, y: Any) -> Array:
    x, y = alike(x, y)
    return Array((x @ y[..., None])[..., 0])


def kron(x: Any, y: Any) -> Array:
    # Its own cannot view the result of operands that are not contiguous.
    return Array(torch.kron(*(z.flatten().clone().reshape(z.shape) for z in alike(x, y))))


def multiply_outer(x: Any, y: Any) -> Array:
    x, y = alike(x, y)
    return Array(x.reshape(x.shape + (1,) * y.ndim) * y)


def convolve(x: Any, y: Any, mode: str = "full") -> Array:
    x, y = alike(x, y)
    if len(x) < len(y):
        x, y = y, x
    full = torch.nn.functional.conv1d(
        x[None, None], torch.flip(y, [0])[None, None], padding=len(y) - 1
    )[0, 0]
    start, length = {
        "full": (0, len(full)),
        "same": ((len(y) - 1) // 2, len(x)),
        "valid": (len(y) - 1, len(x) - len(y) + 1),
    }[mode]
    return Array(full[start : start + length])


def correlate(x: Any, y: Array, mode: str) -> Array:
    return convolve(x, y.conj()[::-1], mode)


def polyval(p: Any, x: Any) -> Any:
    y = x * 0.0
    for coefficient in tensor(p):
        y = y * x + Array(coefficient)
    return y


def einsum(subscripts: str, *xs: Any) -> Array:
    return Array(torch.einsum(subscripts, *alike(*xs)))


# -- the rest -------------------------------------------------------------------------------------


def imag(x: Array) -> Array:
    y = x.tensor
    return Array(torch.imag(y) if y.is_complex() else torch.zeros_like(y))


def cbrt(x: Array) -> Array:
    return Array(torch.sign(x.tensor) * torch.abs(x.tensor) ** (1 / 3))


def fourier(name: str) -> Callable[..., Any]:
    """``np.fft.fft`` names an axis what PyTorch names a dim; the other keywords are the same."""
    f = getattr(torch.fft, name)

    def transform(x: Array, n: int | None = None, axis: int = -1) -> Array:
        return Array(f(x.tensor, n=n, dim=axis))

    return transform


def lstsq(a: Array, b: Array, rcond: None) -> tuple[Array]:
    a, b = alike(a, b)
    x = torch.linalg.lstsq(a, b[:, None] if b.ndim == 1 else b, driver="gelsd").solution
    return (Array(x[:, 0] if b.ndim == 1 else x),)


def solve(a: Any, b: Any) -> Array:
    a, b = alike(a, b)
    return Array(torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else
                 torch.linalg.solve(a, b))  # fmt: skip


def _named(module: Any, names: str) -> dict[str, Any]:
    return {name: plain(getattr(module, name)) for name in names.split()}


def functions() -> Any:
    """What stands in for the module ``numpy``; a name that it lacks, PyTorch cannot express."""
    table: dict[str, Any] = {
        **_named(
            torch,
            "sin cos tan tanh exp square arctan sinh cosh expm1 arcsinh arccosh arctanh arcsin "
            "arccos log log2 log10 log1p sqrt negative positive exp2 sinc conj nan_to_num arctan2 "
            "abs absolute remainder fmod reciprocal copysign "
            "logaddexp2 deg2rad rad2deg float_power angle ravel squeeze broadcast_to atleast_2d "
            "atleast_3d tril triu diagflat diag swapaxes moveaxis diagonal rot90 fliplr",
        ),
        **{
            name: joined(getattr(torch, name))
            for name in (
                "maximum",
                "minimum",
                "fmax",
                "fmin",
                "hypot",
                "logaddexp",
            )
        },
        "reshape": lambda x, shape: Array(x.tensor.reshape(shape)),
        "power": plain(torch.pow),
        "fabs": plain(torch.abs),
        "radians": plain(torch.deg2rad),
        "degrees": plain(torch.rad2deg),
        "i0": plain(torch.special.i0),
        "ldexp": lambda x, n: Array(torch.ldexp(x.tensor, torch.tensor(n))),
        "real": lambda x: x.real,
        "imag": imag,
        "cbrt": cbrt,
        "modf": lambda x: (Array(torch.frac(x.tensor)),),
        "clip": clip,
        "array": array,
        "zeros": np.zeros,
        "float32": np.float32,
        "complex64": np.complex64,
        # reductions
        "sum": total,
        "nansum": total,
        "mean": reduction(torch.mean),
        "nanmean": reduction(torch.nanmean),
        "max": reduction(torch.amax),
        "min": reduction(torch.amin),
        "nanmax": reduction(torch.amax),
        "nanmin": reduction(torch.amin),
        "var": reduction(torch.var, correction=0),
        "std": reduction(torch.std, correction=0),
        "prod": prod,
        "nanprod": prod,
        "ptp": ptp,
        "quantile": quantile,
        "percentile": lambda x, q: quantile(x, q / 100),
        "median": lambda x, axis: quantile(x, 0.5, axis),
        "average": average,
        "trapezoid": lambda x, axis: Array(torch.trapezoid(x.tensor, dim=axis)),
        "cumsum": scan(torch.cumsum),
        "nancumsum": scan(torch.cumsum),
        "cumprod": scan(torch.cumprod),
        "cumulative_sum": cumulative_sum,
        "sort": scan(torch.sort),
        "apply_along_axis": apply_along_axis,
        # shapes
        "transpose": lambda x, axes: x.transpose(*axes),
        "flip": mover(np.flip),
        "roll": mover(np.roll),
        "repeat": mover(np.repeat),
        "tile": mover(np.tile),
        "resize": mover(np.resize),
        "rollaxis": mover(np.rollaxis),
        "delete": mover(np.delete),
        "take": mover(np.take),
        "take_along_axis": mover(np.take_along_axis),
        "extract": lambda condition, x: moved(lambda at: np.extract(condition, at), x),
        "compress": lambda condition, x: moved(lambda at: np.compress(condition, at), x),
        "expand_dims": expand_dims,
        "pad": pad,
        "insert": insert,
        "append": append,
        "choose": choose,
        "partition": partition,
        "fill_diagonal": fill_diagonal,
        "put_along_axis": put_along_axis,
        "unstack": lambda x, axis: wrapped(torch.unbind(x.tensor, axis)),
        "split": lambda x, at, axis: wrapped(torch.tensor_split(x.tensor, at, axis)),
        "array_split": lambda x, n: wrapped(torch.tensor_split(x.tensor, n)),
        "hsplit": lambda x, at: wrapped(torch.tensor_split(x.tensor, at, 1)),
        "vander": lambda x, n: Array(torch.stack([x.tensor**k for k in range(n)][::-1], -1)),
        "diff": diff,
        "ediff1d": lambda x: Array(torch.diff(x.tensor.reshape(-1))),
        "gradient": lambda x, axis: Array(torch.gradient(x.tensor, dim=axis)[0]),
        "trace": trace,
        # choices and joins
        "where": where,
        "select": select,
        "piecewise": piecewise,
        "concatenate": concatenate,
        "stack": stack,
        "hstack": listed(torch.hstack),
        "vstack": listed(torch.vstack),
        "dstack": listed(torch.dstack),
        "column_stack": listed(torch.column_stack),
        "block": block,
        "linspace": linspace,
        "geomspace": geomspace,
        "meshgrid": lambda *xs: wrapped(torch.meshgrid(*alike(*xs), indexing="xy")),
        "broadcast_arrays": lambda *xs: wrapped(torch.broadcast_tensors(*map(tensor, xs))),
        # products
        "dot": dot,
        "inner": inner,
        "outer": outer,
        "vdot": vdot,
        "vecdot": joined(torch.linalg.vecdot),
        "matvec": matvec,
        "tensordot": tensordot,
        "einsum": einsum,
        "kron": kron,
        "cross": lambda *xs: wrapped(torch.linalg.cross(*torch.broadcast_tensors(*alike(*xs)))),
        "convolve": convolve,
        "correlate": correlate,
        "polyval": polyval,
        "polymul": convolve,
        "cov": plain(torch.cov),
    }
    ufuncs = {
        "add": SimpleNamespace(reduce=total, accumulate=scan(torch.cumsum), at=at(torch.add)),
        "multiply": SimpleNamespace(reduce=prod, outer=multiply_outer, at=at(torch.mul)),
        "maximum": {"reduce": reduction(torch.amax), "accumulate": scan(torch.cummax),
                    "at": at(torch.maximum)},
        "minimum": {"accumulate": scan(torch.cummin), "at": at(torch.minimum)},
        "logaddexp": {"reduce": reduction(torch.logsumexp),
                      "accumulate": scan(torch.logcumsumexp)},
    }  # fmt: skip
    for name, methods in ufuncs.items():
        if isinstance(methods, dict):
            vars(table[name]).update(methods)  # a function with attributes, as a ufunc has
        else:
            table[name] = methods
    table["linalg"] = SimpleNamespace(
        **_named(
            torch.linalg,
            "inv det slogdet cholesky qr eigvalsh eigh eigvals eig svdvals svd cond pinv tensorinv "
            "matrix_power multi_dot",
        ),
        solve=solve,
        lstsq=lstsq,
        norm=norm,
    )
    table["fft"] = SimpleNamespace(
        **{name: fourier(name) for name in ("fft", "ifft", "rfft", "irfft", "hfft")},
        **_named(torch.fft, "fft2 fftshift rfftn irfftn"),
    )
    return SimpleNamespace(**table)


def _over_axes(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function along one axis, along several by way of one long axis."""

    def applied(x: Array, axis: Any = None) -> Array:
        axes = dims(x, axis)
        last = tuple(range(-len(axes), 0))
        y = torch.movedim(x.tensor, axes, last)
        z = f(y.reshape(*y.shape[: y.ndim - len(axes)], -1), dim=-1)
        return Array(torch.movedim(z.reshape(y.shape), last, axes))

    return applied


def special_functions() -> Any:
    """What stands in for the module ``scipy.special``."""
    log_gamma = plain(torch.special.gammaln)

    def gamma(x: Array) -> Array:
        signs = [math.copysign(1.0, math.gamma(v)) for v in x.numpy().reshape(-1)]
        sign = torch.tensor(signs, dtype=x.tensor.dtype).reshape(x.shape)
        return Array(sign * torch.exp(torch.lgamma(x.tensor)))

    def beta_ln(x: Array, y: Array) -> Array:
        return log_gamma(x) + log_gamma(y) - log_gamma(x + y)

    exp = plain(torch.exp)
    return SimpleNamespace(
        **_named(
            torch.special,
            "expit erf polygamma multigammaln i0 i1 i0e i1e logit log1p expm1 exp2 xlogy xlog1py "
            "entr erfc erfcx erfinv ndtr ndtri log_ndtr psi zeta gammaln",
        ),
        gammainc=joined(torch.special.gammainc),
        gammaincc=joined(torch.special.gammaincc),
        logsumexp=reduction(torch.logsumexp),
        softmax=_over_axes(torch.softmax),
        log_softmax=_over_axes(torch.log_softmax),
        cbrt=cbrt,
        exp10=lambda x: 10.0**x,
        exprel=lambda x: Array(torch.expm1(x.tensor) / x.tensor),
        log_expit=plain(torch.nn.functional.logsigmoid),
        erfcinv=lambda x: Array(torch.special.erfinv(1.0 - x.tensor)),
        rel_entr=lambda x, y: Array(torch.special.xlogy(x.tensor, x.tensor / y.tensor)),
        kl_div=lambda x, y: Array(torch.xlogy(x.tensor, x.tensor / y.tensor)) - x + y,
        boxcox=lambda x, p: Array(torch.expm1(p.tensor * torch.log(x.tensor)) / p.tensor),
        boxcox1p=lambda x, p: Array(torch.expm1(p.tensor * torch.log1p(x.tensor)) / p.tensor),
        gamma=gamma,
        loggamma=log_gamma,
        factorial=lambda x: exp(log_gamma(x + 1.0)),
        beta=lambda x, y: exp(beta_ln(x, y)),
        betaln=beta_ln,
        poch=lambda x, n: exp(log_gamma(x + n) - log_gamma(x)),
        binom=lambda n, k: gamma(n + 1.0) / (gamma(k + 1.0) * gamma(n - k + 1.0)),
    )
