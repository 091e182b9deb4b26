"""The incomplete gamma and beta integrals and their inverses, differentiable in the argument.

Their slopes are densities with the shape parameters a and b; those are primitives of their own,
because their derivatives are densities again, with shifted powers and no division by x.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import define
from ..primitive import Primitive
from ..primitives.samples import calls, real
from ..primitives.smoothness import domain
from .common import in_last, like, sp

# x^p e^(-x) e^scale, and its derivative without a division by x
_gamma_density: Primitive = define(
    lambda x, *, p, scale: like(np.exp(sp.xlogy(p, x) - x + scale), x),
    name="gamma_density",
    vjp=lambda ct, output, x, *, p, scale: ct * _gamma_density_slope(output, x, p, scale),
    jvp=lambda x_dot, output, x, *, p, scale: x_dot * _gamma_density_slope(output, x, p, scale),
    sample=calls(real((3, 4), low=0.3, p=1.5, scale=0.2), real((3,), low=0.3, p=0.0, scale=0.0)),
    kinks=domain(0.0),
)


def _gamma_density_slope(output: Any, x: Any, p: Any, scale: Any) -> Any:
    lower = _gamma_density(np.where(p == 0, 1.0, x), p=p - 1, scale=scale)
    return p * lower - output


# x^p (1 - x)^q e^scale, likewise
_beta_density: Primitive = define(
    lambda x, *, p, q, scale: like(np.exp(sp.xlogy(p, x) + sp.xlog1py(q, -x) + scale), x),
    name="beta_density",
    vjp=lambda ct, output, x, *, p, q, scale: ct * _beta_density_slope(x, p, q, scale),
    jvp=lambda x_dot, output, x, *, p, q, scale: x_dot * _beta_density_slope(x, p, q, scale),
    sample=calls(
        real((3, 4), low=0.2, high=0.8, p=1.5, q=-0.5, scale=0.2),
        real((3,), low=0.2, high=0.8, p=0.0, q=2.0, scale=0.0),
    ),
    kinks=domain(0.0, 1.0),
)


def _beta_density_slope(x: Any, p: Any, q: Any, scale: Any) -> Any:
    at_p, at_q = np.where(p == 0, 0.5, x), np.where(q == 0, 0.5, x)  # 0 times whatever is finite
    return p * _beta_density(at_p, p=p - 1, q=q, scale=scale) - q * _beta_density(
        at_q, p=p, q=q - 1, scale=scale
    )


def _gamma_slope(x: Any, parameters: Any) -> Any:
    (a,) = parameters
    return _gamma_density(x, p=_number(a - 1.0), scale=_number(-sp.gammaln(a)))


def _beta_integrand(x: Any, parameters: Any) -> Any:
    a, b = parameters
    scale = _number(-sp.betaln(a, b))
    return _beta_density(x, p=_number(a - 1.0), q=_number(b - 1.0), scale=scale)


def _number(parameter: Any) -> Any:
    """A number that promotes no array: SciPy gives np.float64 for Python's floats."""
    return parameter.item() if isinstance(parameter, np.generic) else parameter


_shapes_gamma = calls(
    real((3, 4), low=0.3, parameters=(1.5,)), real((3,), low=0.3, parameters=(np.arange(1.0, 4),))
)
_shapes_beta = calls(
    real((3, 4), low=0.2, high=0.8, parameters=(1.5, 2.5)),
    real((3, 1), low=0.2, high=0.8, parameters=(np.array([1.0, 2.0]), 3.0)),
)
_levels = real((3, 4), low=0.2, high=0.8, parameters=(1.5,))
_beta_levels = real((3, 4), low=0.2, high=0.8, parameters=(1.5, 2.5))

gammainc = in_last(
    sp.gammainc,
    lambda ct, output, x, *, parameters: ct * _gamma_slope(x, parameters),
    names=("a",),
    sample=_shapes_gamma,
    kinks=domain(0.0),
)
gammaincc = in_last(
    sp.gammaincc,
    lambda ct, output, x, *, parameters: -ct * _gamma_slope(x, parameters),
    names=("a",),
    sample=_shapes_gamma,
    kinks=domain(0.0),
)
gammaincinv = in_last(
    sp.gammaincinv,
    lambda ct, output, y, *, parameters: ct / _gamma_slope(output, parameters),
    names=("a",),
    sample=_levels,
    kinks=domain(0.0, 1.0),
)
gammainccinv = in_last(
    sp.gammainccinv,
    lambda ct, output, y, *, parameters: -ct / _gamma_slope(output, parameters),
    names=("a",),
    sample=_levels,
    kinks=domain(0.0, 1.0),
)
betainc = in_last(
    sp.betainc,
    lambda ct, output, x, *, parameters: ct * _beta_integrand(x, parameters),
    names=("a", "b"),
    sample=_shapes_beta,
    kinks=domain(0.0, 1.0),
)
betaincinv = in_last(
    sp.betaincinv,
    lambda ct, output, y, *, parameters: ct / _beta_integrand(output, parameters),
    names=("a", "b"),
    sample=_beta_levels,
    kinks=domain(0.0, 1.0),
)
if hasattr(sp, "betaincc"):
    betaincc = in_last(
        sp.betaincc,
        lambda ct, output, x, *, parameters: -ct * _beta_integrand(x, parameters),
        names=("a", "b"),
        sample=_shapes_beta,
        kinks=domain(0.0, 1.0),
    )
