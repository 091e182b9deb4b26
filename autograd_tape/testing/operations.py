"""The operations that random programs are made of, as templates of NumPy code, simple ones first.

What can be applied to any operand stands here; functions that need a domain or a structure of
their own (``arccosh``, ``cholesky``, most of scipy.special) stand in
:mod:`autograd_tape.testing.anchored`, and are added at the end.

Next to read: :mod:`autograd_tape.testing.program`.
"""

from __future__ import annotations

import numpy as np

from .anchored import anchored
from .guards import (
    at_least,
    broadcasting,
    chained,
    dims,
    goes_into,
    last_alike,
    off,
    real,
    same_shape,
    square,
)
from .templates import Operation, operations_of

__all__ = ["ALL", "Operation"]

_SIMPLE = [
    Operation("-{0}"),
    Operation("{0} * {number}"),
    Operation("{0} + {1}", guard=broadcasting),
    Operation("{0} * {1}", guard=broadcasting),
    Operation("{0} - {1}", guard=broadcasting),
    *operations_of(
        """
        np.sin({0})
        np.cos({0})
        np.tanh({0})
        np.exp({0})
        {0} ** 2
        {0} + {number}
        {number} - {0}
        {0} / {number}
        {number} / ({0} ** 2 + 1.0)
        np.square({0})
        np.arctan({0})
        np.sinh({0})
        np.cosh({0})
        np.expm1({0})
        np.arcsinh({0})
        np.log({0} * {0} + 1.5)
        np.sqrt({0} ** 2 + 1.0)
        np.negative({0})
        np.positive({0})
        {0} ** 3
        2.0 ** {0}
        np.exp2({0})
        np.i0({0})
        np.sinc({0})
        np.real({0})
        np.conj({0})
        np.ldexp({0}, {n})
        np.nan_to_num({0})
        """
    ),
    Operation("{0} / ({1} ** 2 + 1.0)", guard=broadcasting),
    Operation("np.arctan2({0}, {1} ** 2 + 1.0)", guard=broadcasting),
    Operation("({0} ** 2 + 0.5) ** {1}", guard=broadcasting),
]

_REDUCTIONS = [
    *operations_of(
        """
        np.sum({0})
        np.sum({0}, axis={axes})
        {0}.mean()
        np.mean({0}, axis={axes}, keepdims={keepdims})
        np.prod({0}, axis={axes})
        {0}.min()
        np.max({0}, axis={axes}, keepdims={keepdims})
        np.nanmin({0})
        np.nansum({0}, axis={axes})
        np.linalg.norm({0})
        np.percentile({0}, 30.0)
        """
    ),
    *operations_of(
        """
        {0}.sum({axis}, keepdims={keepdims})
        np.min({0}, axis={axis})
        np.var({0}, axis={axis}, keepdims={keepdims})
        np.std({0}, axis={axis})
        np.ptp({0}, axis={axis})
        np.median({0}, axis={axis})
        np.quantile({0}, {fraction}, axis={axis})
        np.average({0}, axis={axis})
        np.linalg.norm({0}, axis={axis}, keepdims={keepdims})
        np.nanmean({0}, axis={axis})
        np.nanmax({0}, axis={axis})
        np.nanprod({0}, axis={axis})
        np.trapezoid({0}, axis={axis})
        np.add.reduce({0}, axis={axis})
        np.multiply.reduce({0}, axis={axis})
        np.maximum.reduce({0}, axis={axis})
        np.logaddexp.reduce({0}, axis={axis})
        """,
        guard=at_least(1),
    ),
    Operation("np.sum({0}, axis={axis}, where={0} > 0.3, initial=1.0)",
              guard=at_least(1), kinks=off(0.3)),
    Operation("np.average({0}, weights={1} ** 2 + 0.5)", guard=same_shape),
]  # fmt: skip

_SHAPES = [
    *operations_of(
        """
        np.reshape({0}, {shape})
        np.ravel({0})
        np.transpose({0}, {permutation})
        np.expand_dims({0}, {zero})
        np.squeeze({0})
        np.broadcast_to({0}, {wider})
        np.atleast_2d({0})
        np.atleast_3d({0})
        np.tile({0}, 2)
        np.tile({0}, (2, 1))
        np.resize({0}, (2, 3))
        {0}.flatten("F")
        {0}.copy()
        np.diagflat({0})
        np.pad({0}, 1)
        """,
        zero=("0", "-1", "(0, -1)"),
    ),
    *operations_of(
        """
        {0}.T
        np.flip({0})
        np.repeat({0}, 2)
        """
    ),
    *operations_of(
        """
        np.flip({0}, {axis})
        np.roll({0}, {shift}, axis={axis})
        np.roll({0}, {shift})
        np.repeat({0}, {n}, axis={axis})
        np.moveaxis({0}, {axis}, 0)
        np.pad({0}, (1, 2), mode={mode})
        np.diff({0}, axis={axis})
        np.diff({0}, n=2, append=1.0)
        np.ediff1d({0})
        np.unstack({0}, axis={axis})[-1]
        np.split({0}, [1], axis={axis})[0]
        np.array_split({0}, 2)[0]
        np.delete({0}, 0, axis={axis})
        np.insert({0}, 1, 0.5, axis={axis})
        np.append({0}, 0.25)
        np.gradient({0}, axis={axis})
        np.unwrap({0}, axis={axis})
        """,
        guard=at_least(1),
        mode=("'constant'", "'edge'", "'wrap'", "'reflect'", "'symmetric'", "'linear_ramp'"),
    ),
    *operations_of(
        """
        np.swapaxes({0}, {axis_pair})
        np.diagonal({0}, {k}, {axis_pair})
        np.trace({0}, {k})
        np.tril({0}, {k})
        np.triu({0}, {k})
        np.rot90({0}, {n})
        np.fliplr({0})
        {0}.mT
        np.rollaxis({0}, 1)
        np.hsplit({0}, [1])[0]
        """,
        guard=at_least(2),
    ),
    *operations_of(
        """
        np.diag({0}, {k})
        np.vander({0}, {n})
        """,
        guard=dims(1),
    ),
]

_INDEXING = [
    Operation("{0}[{index}]"),
    Operation("np.take({0}, [0, -1, 0])"),
    Operation("np.take({0}, [0, 0, -1], axis={axis})", guard=at_least(1)),
    Operation("np.take_along_axis({0}, np.zeros({0}.shape, int), axis={axis})", guard=at_least(1)),
    Operation("{0}[{0} > 0.1]", kinks=off(0.1)),
    Operation("np.extract({0} > 0.1, {0})", kinks=off(0.1)),
    Operation("np.compress([True, False, True], {0})"),
    Operation("np.choose([0, 1, 1, 0], [{0}, {1}])",
              guard=lambda x, y: np.size(x) == np.size(y) == 1),
    Operation("np.where({0} > 0, {0}, {1})", guard=broadcasting, kinks=off(0.0)),
    Operation("np.where({0} > {1}, {0} * 2.0, {1})", guard=broadcasting,
              kinks=lambda x, y: np.abs(np.real(x) - np.real(y))),
    Operation("np.select([{0} > 0.5, {0} > -0.5], [{0} ** 2, {1}], 0.3)", guard=broadcasting,
              kinks=lambda x, y: np.abs(np.abs(np.real(x)) - 0.5)),
    Operation("np.piecewise({0}, [{0} < 0, {0} >= 0], [np.sin, np.cos])", kinks=off(0.0)),
    Operation("{out} = {0}.copy(); {out}[{index}] *= 2.0", guard=at_least(1)),
    Operation("{out} = {0}.copy(); {out}[{index}] = 0.5", guard=at_least(1)),
    Operation("{out} = {0}.copy(); {out}[0] += {out}[-1] * {out}[-1]", guard=at_least(1)),
    Operation("{out} = {0}.copy(); {out}[...] = {1}", guard=goes_into),
    Operation("{out} = {0} + 0.0; {out}[::-1] -= {1} * {number}", guard=goes_into),
    Operation("{out} = {0} * 1.0; np.add.at({out}, [0, 0, -1], np.sum({1}))",
              guard=lambda x, y: np.ndim(x) > 0 and goes_into(x, np.sum(y))),
    *operations_of(
        """
        {out} = {0} * 1.0; np.multiply.at({out}, [0, 0, -1], 1.5)
        {out} = {0} * 1.0; np.maximum.at({out}, [0, 0, -1], [0.3, 0.5, -0.2])
        {out} = {0} * 1.0; np.minimum.at({out}, [0, 0, -1], [0.3, 0.5, -0.2])
        {out} = {0} * 1.0; {out}.sort()
        {out} = {0} * 1.0; {out}[np.array([0, 0])] += 1.5 * {out}[-1]
        """,
        guard=at_least(1),
    ),
    Operation("{out} = {0} * 1.0; np.fill_diagonal({out}, 0.5)", guard=at_least(2)),
    Operation("{out} = {0} * 1.0; np.put_along_axis({out}, np.array([[0]]), 0.5, 0)",
              guard=dims(2)),
]  # fmt: skip

_JOINS = [
    Operation("np.stack([{0}, {1}])", guard=lambda x, y: np.shape(x) == np.shape(y)),
    Operation("np.stack([{0}, {0}, {1}], axis=-1)", guard=lambda x, y: np.shape(x) == np.shape(y)),
    Operation("np.concatenate([{0}, {1}], axis={axis})", guard=same_shape),
    Operation("np.concatenate([{0}, {1}], axis=None)"),
    Operation("np.concatenate([{0}, {0}, {1}])", guard=lambda x, y: np.ndim(x) == np.ndim(y) > 0),
    Operation("np.hstack([{0}, {1}])", guard=lambda x, y: np.ndim(x) == np.ndim(y)),
    Operation("np.vstack([{0}, {1}])", guard=lambda x, y: np.ndim(x) == np.ndim(y)),
    Operation("np.dstack([{0}, {1}])", guard=same_shape),
    Operation("np.column_stack([{0}, {1}])", guard=same_shape),
    Operation("np.block([[{0}, {1}], [{1}, {0}]])", guard=same_shape),
    Operation("np.append({0}, {1})"),
    Operation("np.linspace({0}, {1}, 3)", guard=broadcasting),
    Operation("np.meshgrid({0}, {1})[0]", guard=dims(1)),
    Operation("np.broadcast_arrays({0}, {1})[0]", guard=broadcasting),
]

_CUMULATIVE = operations_of(
    """
    np.cumsum({0})
    np.cumsum({0}, axis={axis})
    np.cumprod({0}, axis={axis})
    np.nancumsum({0}, axis={axis})
    np.cumulative_sum({0}, axis={axis}, include_initial=True)
    np.add.accumulate({0}, axis={axis})
    np.maximum.accumulate({0}, axis={axis})
    np.minimum.accumulate({0}, axis={axis})
    np.logaddexp.accumulate({0}, axis={axis})
    np.sort({0}, axis={axis})
    np.sort({0}, axis=None)
    np.partition({0}, 1, axis={axis})
    np.apply_along_axis(np.cumsum, {axis}, {0})
    """,
    guard=at_least(1),
)

_PRODUCTS = [
    Operation("{0} @ {1}", guard=chained),
    Operation("{0} @ {0}.T", guard=dims(2)),
    Operation("np.dot({0}, {1})", guard=chained),
    Operation("np.inner({0}, {1})", guard=last_alike),
    Operation("np.outer({0}, {1})"),
    Operation("np.vdot({0}, {1})", guard=lambda x, y: np.size(x) == np.size(y)),
    Operation("np.vecdot({0}, {1})", guard=last_alike),
    Operation("np.matvec({0}, {1})", guard=lambda x, y: np.ndim(x) > 1 and last_alike(x, y)),
    Operation("np.tensordot({0}, {1}, axes=0)"),
    Operation("np.tensordot({0}, {1}, axes=1)", guard=chained),
    Operation("np.tensordot({0}, {1}, axes=([-1], [-1]))", guard=last_alike),
    Operation("np.einsum('...i,...i->...', {0}, {1})", guard=last_alike),
    Operation("np.einsum('i...,j->j...', {0}, {1})",
              guard=lambda x, y: np.ndim(x) > 0 and np.ndim(y) == 1),
    Operation("np.einsum('...ij->...ji', {0})", guard=at_least(2)),
    Operation("np.einsum('...ii->...i', {0})", guard=square),
    Operation("np.einsum('ij,kj->ik', {0}, {0})", guard=dims(2)),
    Operation("np.kron({0}, {1})"),
    Operation("np.cross({0}, {1})", guard=lambda x, y: last_alike(x, y) and np.shape(x)[-1] == 3),
    Operation("np.convolve({0}, {1}, mode={mode})", guard=dims(1),
              mode=("'full'", "'same'", "'valid'")),
    Operation("np.correlate({0}, {1}, 'full')", guard=dims(1)),
    Operation("np.multiply.outer({0}, {1})"),
    Operation("np.polyval({0}, {1})", guard=lambda p, x: np.ndim(p) == 1),
    Operation("np.polymul({0}, {1})", guard=dims(1)),
    Operation("np.interp({number}, [0.0, 1.0, 2.0], np.resize({0}, 3))", guard=real),
    Operation("np.cov({0})", guard=dims(2)),
    Operation("np.linalg.matrix_power({0}, {n})", guard=square),
    Operation("np.linalg.multi_dot([{0}, {0}.T, {0}])", guard=dims(2)),
]  # fmt: skip

_PIECEWISE = [
    *operations_of(
        """
        np.abs({0})
        np.fabs({0})
        np.clip({0}, -0.5, 0.5)
        np.maximum({0}, 0.1)
        np.minimum({0}, 0.1)
        np.remainder({0}, 0.7)
        np.fmod({0}, 0.7)
        np.modf({0})[0]
        np.reciprocal({0})
        1.0 / {0}
        np.copysign({0}, -1.0)
        """
    ),
    *operations_of(
        """
        np.maximum({0}, {1})
        np.minimum({0}, {1})
        np.fmax({0}, {1})
        np.fmin({0}, {1})
        np.hypot({0}, {1})
        np.logaddexp({0}, {1})
        np.logaddexp2({0}, {1})
        np.copysign({0}, {1})
        {0} / {1}
        np.clip({0}, {1} - 0.5, {1} + 0.5)
        """,
        guard=broadcasting,
    ),
    Operation("np.exp({0} - np.max({0})) / np.sum(np.exp({0} - np.max({0})))", guard=real),
    Operation("np.exp({0}) / np.sum(np.exp({0}), axis={axis}, keepdims=True)", guard=at_least(1)),
    Operation("np.log(np.sum(np.exp({0}), axis={axis}))", guard=at_least(1)),
    Operation("({0} - np.mean({0})) / np.sqrt(np.var({0}) + 0.1)"),
]

_FOURIER = [
    *operations_of(
        """
        np.real(np.fft.fft({0}, axis={axis}))
        np.imag(np.fft.ifft({0}, axis={axis}))
        np.abs(np.fft.rfft({0}, axis={axis}))
        np.fft.irfft({0}, n={length}, axis={axis})
        np.fft.fftshift({0})
        np.fft.hfft({0})
        """,
        guard=at_least(1),
        length=("4", "5", "3"),
    ),
    Operation("np.real(np.fft.fft2({0}, norm='ortho'))", guard=at_least(2)),
    Operation("np.fft.irfftn(np.fft.rfftn({0}))", guard=at_least(2)),
]

_COMPLEX = operations_of(
    """
    {0} * 1j
    np.exp(1j * {0})
    {0}.imag
    np.imag({0})
    {0}.conj() * {0}
    np.abs({0} + 1j)
    np.angle({0} + 2j)
    {0}.astype(complex)
    np.fft.fft({0})
    np.fft.ifft({0}, n=3)
    np.fft.rfft({0})
    np.fft.fft2({0})
    np.sqrt({0} + 3j)
    np.log({0} + 3j)
    """,
    is_complex=True,
)

_GENERAL = [*_SIMPLE, *_REDUCTIONS, *_SHAPES, *_INDEXING, *_JOINS, *_CUMULATIVE, *_PRODUCTS,
            *_PIECEWISE, *_FOURIER, *_COMPLEX]  # fmt: skip

ALL: tuple[Operation, ...] = (*_GENERAL, *anchored(_GENERAL))
