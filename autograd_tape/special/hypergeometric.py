"""Hypergeometric functions in their argument, and spherical harmonics in their angles.

The derivative of a hypergeometric function is one with its parameters shifted (DLMF 15.5.1,
13.3.15), so that all orders follow.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays import asarray, opaque
from ..dispatch import define
from ..needs import in_one_dtype
from ..primitives.samples import both, calls, real
from ..primitives.smoothness import domain, guarded, outside_cut, poles
from .common import in_last, like, require_plain, scipy_special, sp, value_of

_z = real((3, 4), low=-0.4, high=0.4, parameters=(1.5, 2.5))
_z3 = both((3, 4), low=-0.4, high=0.4, parameters=(0.5, 1.5, 2.5))

hyp0f1 = in_last(
    sp.hyp0f1,
    lambda ct, output, z, *, parameters: ct * (sp.hyp0f1(parameters[0] + 1, z) / parameters[0]),
    names=("v",),
    sample=both((3, 4), parameters=(1.5,)),
)


def _hyp1f1(ct: Any, output: Any, z: Any, *, parameters: Any) -> Any:
    a, b = parameters
    return ct * (a / b * sp.hyp1f1(a + 1, b + 1, z))


def _hyp2f1(ct: Any, output: Any, z: Any, *, parameters: Any) -> Any:
    a, b, c = parameters
    return ct * (a * b / c * sp.hyp2f1(a + 1, b + 1, c + 1, z))


def _hyperu(ct: Any, output: Any, z: Any, *, parameters: Any) -> Any:
    a, b = parameters
    return ct * (-a * sp.hyperu(a + 1, b + 1, z))


hyp1f1 = in_last(sp.hyp1f1, _hyp1f1, names=("a", "b"), sample=_z)
hyp2f1 = in_last(sp.hyp2f1, _hyp2f1, names=("a", "b", "c"), sample=_z3, kinks=outside_cut((1, 1)))
hyperu = in_last(
    sp.hyperu, _hyperu, names=("a", "b"), sample=real((3, 4), low=0.5, parameters=(1.5, 2.5)),
    kinks=domain(0.0),
)  # fmt: skip

# -- spherical harmonics --------------------------------------------------------------------------


def _harmonic_slope_theta(n: Any, m: Any, theta: Any, phi: Any) -> Any:
    """Half the difference of the ladder operators L+ and L-: no division by sin θ at the poles."""
    up = like(np.sqrt(np.maximum((n - m) * (n + m + 1), 0)), theta)
    down = like(np.sqrt(np.maximum((n + m) * (n - m + 1), 0)), theta)
    turn = np.exp(1j * phi)
    above = _harmonic(theta, phi, n=n, m=m + 1)
    below = _harmonic(theta, phi, n=n, m=m - 1)
    side = like(np.where(np.sin(value_of(theta)) < 0, -0.5, 0.5), theta)  # SciPy reads |sin θ|
    return side * (up * above / turn - down * below * turn)


def _harmonic_theta(ct: Any, output: Any, theta: Any, phi: Any, *, n: Any, m: Any) -> Any:
    return ct * _harmonic_slope_theta(n, m, theta, phi)


def _harmonic_phi(ct: Any, output: Any, theta: Any, phi: Any, *, n: Any, m: Any) -> Any:
    return ct * (like(np.asarray(1j * m), output) * output)


def _harmonic_value(theta: Any, phi: Any, *, n: Any, m: Any) -> Any:
    if hasattr(scipy_special, "sph_harm_y"):
        output = opaque(scipy_special.sph_harm_y)(n, m, theta, phi)
    else:  # SciPy before 1.15: orders first, the angles swapped, and nan outside |m| <= n
        inside = np.abs(m) <= n
        output = scipy_special.sph_harm(np.where(inside, m, 0), n, phi, theta)
        output = np.where(inside, output, 0.0)[()]
    narrow = np.result_type(theta, phi, np.float32) == np.float32
    return output.astype(np.complex64) if narrow else output


_at_poles = poles(math.pi)

_harmonic_slopes = (in_one_dtype(_harmonic_theta), in_one_dtype(_harmonic_phi))
_harmonic = define(
    _harmonic_value,
    name="sph_harm_y",
    vjp=_harmonic_slopes,
    jvp=_harmonic_slopes,
    sample=calls(
        real((3, 4), (3, 4), low=0.2, high=2.8, n=3, m=2),
        real((3, 1), (2,), low=0.2, high=2.8, n=2, m=-2),
        real((3,), (3,), low=0.2, high=2.8, n=np.array([0, 1, 4]), m=np.array([0, -1, 1])),
    ),
    # SciPy reads |sin θ|, of which there is an odd power for odd m.
    kinks=guarded(lambda theta, phi, *, n, m: np.where(np.mod(m, 2), _at_poles(theta), np.inf)),
)


def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any, *, diff_n: int = 0) -> Any:
    """Y_n^m(θ, φ), complex: θ the polar angle in [0, π], φ the azimuth; n >= |m| integers."""
    require_plain("sph_harm_y", n=n, m=m)
    if diff_n:
        raise TypeError(
            "sph_harm_y: diff_n is not supported here; differentiate with jvp or jacobian instead"
        )
    return _harmonic(_angle(theta), _angle(phi), n=_order(n), m=_order(m))


def _angle(x: Any) -> Any:
    return x if hasattr(x, "dtype") else asarray(x, float)


def _order(x: Any) -> Any:
    return int(x) if np.ndim(x) == 0 else np.array(value_of(x))
