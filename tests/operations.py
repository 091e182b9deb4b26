"""One valid call of every function that must differentiate: the list behind docs/coverage.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Case = tuple[Callable[..., Any], tuple[Any, ...]]

_rng = np.random.default_rng(3)
X = np.array([[0.31, 0.57, 0.83], [0.72, 0.46, 0.19]])  # in (0, 1), no ties
Y = np.array([[1.37, 2.21, 1.73], [1.12, 2.9, 2.35]])  # in (1, 3), no ties
V = np.array([0.9, -0.4, 0.3, 1.7])
W = np.array([0.2, 1.1, -0.6, 0.8])
M = _rng.standard_normal((3, 3)) + 3 * np.eye(3)
S = M @ M.T
B = _rng.standard_normal((3, 2))
C = V[:4].reshape(2, 2)


def _unary(names: str, x: Any) -> dict[str, Case]:
    return {f"numpy.{n}": (getattr(np, n), (x,)) for n in names.split() if hasattr(np, n)}


def _binary(names: str, x: Any = X, y: Any = Y) -> dict[str, Case]:
    return {f"numpy.{n}": (getattr(np, n), (x, y)) for n in names.split() if hasattr(np, n)}


def _from(module: Any, prefix: str, table: dict[str, Case]) -> dict[str, Case]:
    return {f"{prefix}.{n}": case for n, case in table.items() if hasattr(module, n)}


FIRST: dict[str, Case] = {
    **_unary(
        "absolute amax amin arccos arcsin arcsinh arctan arctanh cbrt conjugate cos cosh cumprod "
        "cumsum deg2rad degrees diag exp exp2 expm1 fabs fliplr flipud imag log log10 log1p log2 "
        "max mean min nan_to_num negative positive prod rad2deg radians ravel real real_if_close "
        "reciprocal rot90 sin sinc sinh sort sqrt square squeeze std sum tan tanh transpose tril "
        "triu var atleast_1d atleast_2d atleast_3d trace diagonal",
        X,
    ),
    **_unary("arccosh", Y),
    **_binary(
        "add arctan2 divide fmax fmin hypot logaddexp logaddexp2 maximum minimum multiply power "
        "remainder subtract"
    ),
    "numpy.array": (lambda x: np.array([x, x * 2], like=x), (X,)),
    "numpy.angle": (lambda x, y: np.angle(x + 1j * y), (X, Y)),
    "numpy.column_stack": (lambda x, y: np.column_stack([x, y]), (X, Y)),
    "numpy.row_stack": (lambda x, y: np.vstack([x, y]), (X, Y)),  # its name until NumPy 2.5
    "numpy.append": (lambda x, y: np.append(x, y, axis=0), (X, Y)),
    "numpy.array_split": (lambda x: np.array_split(x, 2, axis=1), (X,)),
    "numpy.astype": (lambda x: np.astype(x, np.complex128), (X,)),
    "numpy.broadcast_to": (lambda x: np.broadcast_to(x, (2, 2, 3)), (X,)),
    "numpy.clip": (lambda x: np.clip(x, 0.3, 0.6), (X,)),
    "numpy.concatenate": (lambda x, y: np.concatenate([x, y], axis=1), (X, Y)),
    "numpy.cross": (np.cross, (X, Y)),
    "numpy.diff": (np.diff, (X,)),
    "numpy.dot": (lambda x, y: np.dot(x, y.T), (X, Y)),
    "numpy.dsplit": (lambda x: np.dsplit(x, 2), (V.reshape(1, 1, 4),)),
    "numpy.einsum": (lambda x, y: np.einsum("ij,kj->ik", x, y), (X, Y)),
    "numpy.expand_dims": (lambda x: np.expand_dims(x, (0, 2)), (X,)),
    "numpy.full": (lambda x: np.full((3, 4), x, like=x), (V,)),
    "numpy.gradient": (np.gradient, (X[:, :2],)),
    "numpy.hsplit": (lambda x: np.hsplit(x, 3), (X,)),
    "numpy.hstack": (lambda x, y: np.hstack([x, y]), (X, Y)),
    "numpy.inner": (np.inner, (X, Y)),
    "numpy.kron": (np.kron, (X, C)),
    "numpy.linspace": (lambda x, y: np.linspace(x, y, 4), (X, Y)),
    "numpy.matmul": (lambda x, y: np.matmul(x, y.T), (X, Y)),
    "numpy.moveaxis": (lambda x: np.moveaxis(x, 0, 1), (X,)),
    "numpy.outer": (np.outer, (V, W)),
    "numpy.pad": (lambda x: np.pad(x, 1), (X,)),
    "numpy.partition": (lambda x: np.partition(x, 1), (X,)),
    "numpy.repeat": (lambda x: np.repeat(x, 2, axis=1), (X,)),
    "numpy.reshape": (lambda x: np.reshape(x, (3, 2)), (X,)),
    "numpy.roll": (lambda x: np.roll(x, 1, axis=1), (X,)),
    "numpy.rollaxis": (lambda x: np.rollaxis(x, 1), (X,)),
    "numpy.select": (lambda x, y: np.select([X > 0.5, X > 0.3], [x, y], 0.0), (X, Y)),
    "numpy.split": (lambda x: np.split(x, 2), (X,)),
    "numpy.stack": (lambda x, y: np.stack([x, y]), (X, Y)),
    "numpy.swapaxes": (lambda x: np.swapaxes(x, 0, 1), (X,)),
    "numpy.tensordot": (lambda x, y: np.tensordot(x, y, axes=([0, 1], [0, 1])), (X, Y)),
    "numpy.tile": (lambda x: np.tile(x, 2), (X,)),
    "numpy.vsplit": (lambda x: np.vsplit(x, 2), (X,)),
    "numpy.vstack": (lambda x, y: np.vstack([x, y]), (X, Y)),
    "numpy.where": (lambda x, y: np.where(X > 0.5, x, y), (X, Y)),
    **_from(
        np.linalg,
        "numpy.linalg",
        {
            "cholesky": (lambda m: np.linalg.cholesky((m + m.T) / 2), (S,)),
            "det": (np.linalg.det, (M,)),
            "eig": (lambda m: abs(np.linalg.eig(m)[0]), (M,)),
            "eigh": (lambda m: _gauge_free(*np.linalg.eigh((m + m.T) / 2)), (S,)),
            "inv": (np.linalg.inv, (M,)),
            "multi_dot": (lambda a, b: np.linalg.multi_dot([a, b, b.T]), (M, B)),
            "norm": (np.linalg.norm, (X,)),
            "pinv": (np.linalg.pinv, (B,)),
            "slogdet": (lambda m: np.linalg.slogdet(m)[1], (M,)),
            "solve": (np.linalg.solve, (M, B)),
            "svd": (lambda m: _gauge_free_svd(*np.linalg.svd(m, full_matrices=False)), (B,)),
        },
    ),
    **{
        f"numpy.fft.{n}": (getattr(np.fft, n), (X,))
        for n in (
            "fft",
            "fft2",
            "fftn",
            "fftshift",
            "ifft",
            "ifft2",
            "ifftn",
            "ifftshift",
            "irfft",
            "irfft2",
            "irfftn",
            "rfft",
            "rfft2",
            "rfftn",
        )
    },
}

SECOND: dict[str, Case] = {
    **_unary(
        "copy diagflat ediff1d i0 median nancumprod nancumsum nanmax "
        "nanmean nanmedian nanmin nanprod nanstd nansum nanvar ptp trapezoid unwrap "
        "cov corrcoef average flip matrix_transpose",
        X,
    ),
    **_binary("copysign float_power fmod vdot vecdot heaviside", X, Y),
    "numpy.apply_along_axis": (lambda x: np.apply_along_axis(np.sum, 1, x), (X,)),
    "numpy.asarray": (lambda x: np.asarray(x, like=x), (X,)),
    "numpy.block": (lambda x, y: np.block([[x, y], [y, x]]), (X, Y)),
    "numpy.broadcast_arrays": (lambda x, y: np.broadcast_arrays(x, y), (X, Y[:1])),
    "numpy.choose": (lambda x, y: np.choose([[0, 1, 0], [1, 0, 1]], [x, y]), (X, Y)),
    "numpy.compress": (lambda x: np.compress([True, False, True], x, axis=1), (X,)),
    "numpy.convolve": (np.convolve, (V, W[:3])),
    "numpy.correlate": (lambda v, w: np.correlate(v, w, "full"), (V, W[:3])),
    "numpy.cumulative_prod": (lambda x: np.cumulative_prod(x, axis=1), (X,)),
    "numpy.cumulative_sum": (lambda x: np.cumulative_sum(x, axis=1, include_initial=True), (X,)),
    "numpy.delete": (lambda x: np.delete(x, 1, axis=1), (X,)),
    "numpy.divmod": (lambda x, y: np.divmod(y, x)[1], (X, Y)),
    "numpy.dstack": (lambda x, y: np.dstack([x, y]), (X, Y)),
    "numpy.extract": (lambda x: np.extract(X > 0.5, x), (X,)),
    "numpy.fill_diagonal": (lambda x, d: _in_place(np.fill_diagonal, x, d), (M, V[:3])),
    "numpy.geomspace": (lambda x, y: np.geomspace(x, y, 4), (X, Y)),
    "numpy.insert": (lambda x, v: np.insert(x, 1, v, axis=1), (X, V[:2])),
    "numpy.interp": (lambda x, f: np.interp(x, [0.0, 0.5, 1.0], f), (X, V[:3])),
    "numpy.ldexp": (lambda x: np.ldexp(x, 3), (X,)),
    "numpy.logspace": (lambda x, y: np.logspace(x, y, 3), (X, Y)),
    "numpy.matvec": (np.matvec, (X, V[:3])),
    "numpy.meshgrid": (lambda v, w: np.meshgrid(v, w), (V, W[:2])),
    "numpy.modf": (lambda y: np.modf(y)[0], (Y,)),
    "numpy.nanpercentile": (lambda x: np.nanpercentile(x, 30.0, axis=1), (X,)),
    "numpy.nanquantile": (lambda x: np.nanquantile(x, 0.3, axis=1), (X,)),
    "numpy.percentile": (lambda x: np.percentile(x, 30.0, axis=1), (X,)),
    "numpy.piecewise": (lambda x: np.piecewise(x, [X < 0.5, X >= 0.5], [np.sin, np.exp]), (X,)),
    "numpy.polyadd": (np.polyadd, (V, W[:2])),
    "numpy.polyder": (np.polyder, (V,)),
    "numpy.polyfit": (lambda x, y: np.polyfit(x, y, 2), (W, V)),
    "numpy.polyint": (np.polyint, (V,)),
    "numpy.polymul": (np.polymul, (V, W[:2])),
    "numpy.polysub": (np.polysub, (V, W[:2])),
    "numpy.polyval": (np.polyval, (V, X)),
    "numpy.put_along_axis": (
        lambda x, v: _in_place(lambda a: np.put_along_axis(a, np.array([[0], [2]]), v, 1), x),
        (X, V[:2].reshape(2, 1)),
    ),
    "numpy.quantile": (lambda x: np.quantile(x, 0.3, axis=1), (X,)),
    "numpy.resize": (lambda x: np.resize(x, (3, 4)), (X,)),
    "numpy.take": (lambda x: np.take(x, [2, 0, 2], axis=1), (X,)),
    "numpy.take_along_axis": (lambda x: np.take_along_axis(x, np.array([[0], [2]]), 1), (X,)),
    "numpy.unstack": (lambda x: np.unstack(x), (X,)),
    "numpy.vander": (lambda v: np.vander(v, 3), (V,)),
    "numpy.vecmat": (np.vecmat, (V[:2], X)),
    **_from(
        np.linalg,
        "numpy.linalg",
        {
            "cond": (np.linalg.cond, (M,)),
            "cross": (np.linalg.cross, (X, Y)),
            "diagonal": (np.linalg.diagonal, (M,)),
            "eigvals": (lambda m: abs(np.linalg.eigvals(m)), (M,)),
            "eigvalsh": (lambda m: np.linalg.eigvalsh((m + m.T) / 2), (S,)),
            "lstsq": (lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], (B, V[:3])),
            "matmul": (lambda x, y: np.linalg.matmul(x, y.T), (X, Y)),
            "matrix_norm": (np.linalg.matrix_norm, (M,)),
            "matrix_power": (lambda m: np.linalg.matrix_power(m, -3), (M,)),
            "matrix_transpose": (np.linalg.matrix_transpose, (X,)),
            "outer": (np.linalg.outer, (V, W)),
            "qr": (lambda m: list(np.linalg.qr(m)), (B,)),
            "svdvals": (np.linalg.svdvals, (B,)),
            "tensordot": (lambda x, y: np.linalg.tensordot(x, y, axes=2), (X, Y)),
            "tensorinv": (lambda m: np.linalg.tensorinv(m, ind=1), (M,)),
            "tensorsolve": (np.linalg.tensorsolve, (M, V[:3])),
            "trace": (np.linalg.trace, (M,)),
            "vecdot": (np.linalg.vecdot, (X, Y)),
            "vector_norm": (np.linalg.vector_norm, (X,)),
        },
    ),
    "numpy.fft.hfft": (np.fft.hfft, (X,)),
    "numpy.fft.ihfft": (np.fft.ihfft, (X,)),
}

METHODS: dict[str, Case] = {
    "T": (lambda x: x.T, (X,)),
    "mT": (lambda x: x.mT, (X,)),
    "real": (lambda x: x.real, (X,)),
    "imag": (lambda x: (x * 1j).imag, (X,)),
    "astype": (lambda x: x.astype(np.complex128), (X,)),
    "clip": (lambda x: x.clip(0.3, 0.6), (X,)),
    "compress": (lambda x: x.compress([True, False], axis=0), (X,)),
    "conj": (lambda x: (x * 1j).conj(), (X,)),
    "copy": (lambda x: x.copy(), (X,)),
    "cumprod": (lambda x: x.cumprod(axis=1), (X,)),
    "cumsum": (lambda x: x.cumsum(), (X,)),
    "diagonal": (lambda x: x.diagonal(), (X,)),
    "dot": (lambda x, y: x.dot(y.T), (X, Y)),
    "flatten": (lambda x: x.flatten("F"), (X,)),
    "flat": (lambda x: x.flat[2] * x.flat[1], (X,)),
    "max": (lambda x: x.max(axis=1), (X,)),
    "mean": (lambda x: x.mean(0), (X,)),
    "min": (lambda x: x.min(), (X,)),
    "prod": (lambda x: x.prod(1, keepdims=True), (X,)),
    "ravel": (lambda x: x.ravel(), (X,)),
    "repeat": (lambda x: x.repeat(2), (X,)),
    "reshape": (lambda x: x.reshape(3, -1), (X,)),
    "sort": (lambda x: _in_place(lambda a: a.sort(axis=0), x), (X,)),
    "squeeze": (lambda x: x[:1].squeeze(0), (X,)),
    "std": (lambda x: x.std(axis=0, ddof=1), (X,)),
    "sum": (lambda x: x.sum(-1), (X,)),
    "swapaxes": (lambda x: x.swapaxes(0, 1), (X,)),
    "take": (lambda x: x.take([0, 0, 4]), (X,)),
    "trace": (lambda x: x.trace(), (X,)),
    "transpose": (lambda x: x.transpose(1, 0), (X,)),
    "var": (lambda x: x.var(), (X,)),
    "add.reduce": (lambda x: np.add.reduce(x), (X,)),
    "multiply.reduce": (lambda x: np.multiply.reduce(x, axis=1), (X,)),
    "maximum.reduce": (lambda x: np.maximum.reduce(x, axis=1), (X,)),
    "minimum.reduce": (lambda x: np.minimum.reduce(x, axis=1), (X,)),
    "logaddexp.reduce": (lambda x: np.logaddexp.reduce(x, axis=1), (X,)),
    "add.accumulate": (lambda x: np.add.accumulate(x, axis=1), (X,)),
    "multiply.accumulate": (lambda x: np.multiply.accumulate(x, axis=1), (X,)),
    "maximum.accumulate": (lambda x: np.maximum.accumulate(x, axis=1), (X,)),
    "minimum.accumulate": (lambda x: np.minimum.accumulate(x, axis=1), (X,)),
    "logaddexp.accumulate": (lambda x: np.logaddexp.accumulate(x, axis=1), (X,)),
    "add.outer": (lambda x, v: np.add.outer(x, v), (X, V)),
    "multiply.outer": (lambda x, v: np.multiply.outer(x, v), (X, V)),
    "maximum.outer": (lambda x, v: np.maximum.outer(x, v), (X, V)),
    "minimum.outer": (lambda x, v: np.minimum.outer(x, v), (X, V)),
    "logaddexp.outer": (lambda x, v: np.logaddexp.outer(x, v), (X, V)),
    "add.at": (lambda v, w: _in_place(lambda a: np.add.at(a, [0, 0, 2], w[:3]), v), (V, W)),
    "divmod": (lambda x, y: divmod(y, x)[1], (X, Y)),
    "operators": (lambda x, y: -x + y - 2.0 / (x * y) + (3.0 - x) ** 2 + y % 0.7 + abs(x), (X, Y)),
    "reflected operators": (lambda x: 2.0**x + (1.0 + x) * 3.0 + 5.3 % x - X @ x.T @ X, (X,)),
}  # fmt: skip


def _gauge_free(w: Any, v: Any) -> Any:
    return (v * np.exp(w / 30.0)[..., None, :]) @ v.T


def _gauge_free_svd(u: Any, s: Any, vh: Any) -> Any:
    return (u * np.sin(s)[..., None, :]) @ vh


def _in_place(change: Callable[..., Any], x: Any, *args: Any) -> Any:
    y = x * 1.0
    change(y, *args)
    return y
