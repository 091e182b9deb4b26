"""Real and imaginary parts, conjugates and angles.

The convention is JAX's: the adjoint of a complex variable z = x + iy for a real target f is
∂f/∂x - i·∂f/∂y, rules are plain transposes, and no rule conjugates an adjoint except those here
and that of ``absolute`` (docs/conventions.md).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dispatch import define, elementwise, implements
from ..record import unary
from ..variable import as_value
from .samples import both
from .trigonometric import arctan2

_real = unary(
    define(
        lambda x: np.real(x),
        name="real",
        vjp=lambda ct, output, x: ct,  # the sweep makes it complex where x is
        jvp=lambda x_dot, output, x: np.real(x_dot),
        sample=both((3, 4)),
    )
)


@implements(np.real)
def real(val: Any) -> Any:
    return _real(val)


_imag = unary(
    define(
        lambda x: np.imag(x),
        name="imag",
        vjp=lambda ct, output, x: -1j * ct,  # the sweep keeps its real part, 0, where x is real
        jvp=lambda x_dot, output, x: np.imag(x_dot),
        sample=both((3, 4)),
    )
)


@implements(np.imag)
def imag(val: Any) -> Any:
    return _imag(val)


conjugate = elementwise(
    np.conjugate,
    lambda ct, output, x: np.conjugate(ct),
    conforming=False,
    scalar=lambda x: x,
    sample=both((3, 4)),
    also=(np.conj,),
)


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """The argument of ``z`` in radians or degrees; of real z piecewise constant, adjoint 0."""
    radians = arctan2(imag(z), real(z)) if np.iscomplexobj(as_value(z)) else arctan2(0.0, z)
    return radians * (180 / math.pi) if deg else radians


@implements(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part if NumPy finds all imaginary parts negligible, else ``a`` itself."""
    value = as_value(a)
    if np.iscomplexobj(value) and not np.iscomplexobj(np.real_if_close(value, tol)):
        return real(a)
    return a
