"""Derivatives for scipy.special, where SciPy is installed.

``scipy.special.gamma(v)`` and the other ufuncs work on Variables by themselves: the first one that
meets a Variable imports this package, which registers their rules.  What SciPy writes in Python
(logsumexp, softmax, polygamma, factorial, ...) cannot be intercepted; take those from here:

>>> from autograd_tape.special import logsumexp

They work on plain arrays too, and keep float32.  Any other name of scipy.special is found here as
well, so that this module can stand in for that one.
"""

from __future__ import annotations

from typing import Any

try:
    from . import bessel, elementary, error, gammas, hypergeometric, incomplete, integrals
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] != "scipy":
        raise
    raise ModuleNotFoundError(
        "autograd_tape.special needs SciPy: pip install scipy", name="scipy"
    ) from None

from .common import scipy_special, sp
from .factorials import bernoulli, comb, factorial, multigammaln, perm, polygamma, zeta
from .hypergeometric import sph_harm_y
from .reductions import log_softmax, logsumexp, softmax, softplus

__all__ = [
    "bernoulli", "comb", "factorial", "log_softmax", "logsumexp", "multigammaln", "perm",
    "polygamma", "softmax", "softplus", "sph_harm_y", "zeta",
]  # fmt: skip

_families = (bessel, elementary, error, gammas, hypergeometric, incomplete, integrals)


def __getattr__(name: str) -> Any:
    """What scipy.special has under this name; its ufuncs bare, whatever SCIPY_ARRAY_API is."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(sp, name, None) or getattr(scipy_special, name)
