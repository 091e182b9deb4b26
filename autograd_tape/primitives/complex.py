"""Real and imaginary parts, conjugates and angles.

The convention is JAX's: the adjoint of a complex variable z = x + iy for a real target f is
∂f/∂x - i·∂f/∂y, rules are plain transposes, and no rule conjugates an adjoint except those here
(docs/conventions.md).
"""

from __future__ import annotations

import numpy as np

from ..dispatch import define
from .samples import both

real = define(
    lambda x: np.real(x),
    np.real,
    name="real",
    vjp=lambda ct, output, x: ct,  # the sweep makes it complex where x is
    jvp=lambda x_dot, output, x: np.real(x_dot),
    sample=both((3, 4)),
)

imag = define(
    lambda x: np.imag(x),
    np.imag,
    name="imag",
    vjp=lambda ct, output, x: -1j * ct if x.dtype.kind == "c" else 0 * ct,
    jvp=lambda x_dot, output, x: np.imag(x_dot),
    sample=both((3, 4)),
)

conjugate = define(
    lambda x: np.conjugate(x),
    np.conjugate,
    np.conj,
    name="conjugate",
    vjp=lambda ct, output, x: np.conjugate(ct),
    jvp=lambda x_dot, output, x: np.conjugate(x_dot),
    sample=both((3, 4)),
)
