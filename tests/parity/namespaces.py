"""JAX and PyTorch as peers: each runs a random program's own source with its own functions.

A :class:`Peer` says which operations it can express, and gives values and derivatives of a program
as NumPy arrays in *our* conventions, so that what differs on purpose is stated here, once:

- the adjoint of a complex variable: PyTorch's is the conjugate of ours, which is JAX's
- ``cholesky``, ``eigh`` and ``eigvalsh`` of both peers symmetrise their argument, ours read one
  triangle: the operations hand over symmetric matrices only, where all agree
- phases of eigenvectors and of singular vectors: the operations do not depend on them
- conventions at kinks and ties: random programs keep away from them

Next to read: :mod:`tests.parity.agreement`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import numpy as np

from autograd_tape.testing import Program
from autograd_tape.testing.operations import ALL, Operation

__all__ = ["Peer", "jax_peer", "torch_peer"]

Reasons = Mapping[str, str]
REMEMBERED = 200  # how many programs JAX compiles before it forgets them: they take memory


@dataclass(frozen=True)
class Peer:
    """Another engine.

    namespace   what ``np`` and ``special`` stand for in a program's source
    in_place    whether it may write into arrays
    cannot      operations, and functions (``np.clip``) of operations, that it cannot express
                although it has the functions, or where it is wrong or too coarse; and why
    in_narrow   the same, in single precision only
    in_complex  the same, of complex arguments only
    twice       the same, of second derivatives only
    """

    name: str
    namespace: Mapping[str, Any]
    in_place: bool
    vjp: Callable[[Program, Any], tuple[Any, list[Any]]]  # (program, ct): value, adjoints
    jvp: Callable[[Program, list[Any]], tuple[Any, Any]] | None  # (.., tangents): value, tangent
    hvp: Callable[[Program, Any, list[Any]], list[Any]] | None  # (.., ct, tangents)
    cannot: Reasons
    in_narrow: Reasons = field(default_factory=dict)
    in_complex: Reasons = field(default_factory=dict)
    twice: Reasons = field(default_factory=dict)

    def expresses(
        self, op: Operation, *, narrow: bool = False, complex: bool = False, twice: bool = False
    ) -> bool:
        """Whether random programs for this peer may have the operation."""
        listed = dict(self.cannot)
        listed |= self.in_narrow if narrow else {}
        listed |= self.in_complex if complex else {}
        listed |= self.twice if twice else {}
        return (
            not listed.keys() & {op.name, *op.names}
            and (self.in_place or not op.in_place)
            and all(map(self.has, op.names))
        )

    def has(self, name: str) -> bool:
        """Whether it has a function of that full name: ``np.linalg.inv``."""
        head, *path = name.split(".")
        found = self.namespace[head]
        for part in path:
            found = getattr(found, part, None)
        return found is not None

    def operations(self, **kind: bool) -> list[Operation]:
        return [op for op in ALL if self.expresses(op, **kind)]


class _Overlay:
    """A module with some of its names replaced."""

    def __init__(self, module: Any, **names: Any) -> None:
        vars(self).update(names)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


# -- JAX ------------------------------------------------------------------------------------------

_JAX_CANNOT: Reasons = {
    "special.spence": "its derivative is NaN",
    "np.partition": "leaves the elements on either side in an order of its own",
}
_JAX_NARROW: Reasons = {}
_JAX_COMPLEX: Reasons = {
    **dict.fromkeys(
        [
            "np.clip", "np.median", "np.partition", "special.dawsn", "special.erf", "special.erfc",
            "special.exp1", "special.expi", "special.fresnel", "special.hyp2f1",
            "special.log_ndtr", "special.ndtr", "special.psi", "special.sici",
        ],
        "refuses complex arguments",
    ),
    "special.loggamma": "refuses to be differentiated of complex arguments",
}  # fmt: skip
_JAX_TWICE: Reasons = {
    "special.exp1": "cannot be differentiated twice: TypeError",
    "special.expn": "cannot be differentiated twice: TypeError",
}


@cache
def jax_peer() -> Peer:
    """JAX in double precision, compiled with few optimisations: each program runs once."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_disable_most_optimizations", True)
    namespace = _jax_namespace()
    runs = count(1)

    def function(program: Program) -> Callable[..., Any]:
        if next(runs) % REMEMBERED == 0:
            jax.clear_caches()
        return lambda *xs: program.run(namespace, *xs)

    def vjp(program: Program, ct: Any) -> tuple[Any, list[Any]]:
        y, pullback = jax.vjp(function(program), *map(jax.numpy.asarray, program.leaves))
        return np.asarray(y), [np.asarray(x) for x in pullback(jax.numpy.asarray(ct, y.dtype))]

    def jvp(program: Program, tangents: list[Any]) -> tuple[Any, Any]:
        leaves = tuple(map(jax.numpy.asarray, program.leaves))
        y, y_dot = jax.jvp(function(program), leaves, tuple(map(jax.numpy.asarray, tangents)))
        return np.asarray(y), np.asarray(y_dot)

    def hvp(program: Program, ct: Any, tangents: list[Any]) -> list[Any]:
        f = function(program)
        leaves = tuple(map(jax.numpy.asarray, program.leaves))
        moving = tuple(map(jax.numpy.asarray, tangents))
        gradient = jax.grad(lambda *xs: (f(*xs) * ct).sum(), tuple(range(len(leaves))))
        return [np.asarray(h) for h in jax.jvp(gradient, leaves, moving)[1]]

    return Peer("JAX", namespace, False, vjp, jvp, hvp,
                _JAX_CANNOT, _JAX_NARROW, _JAX_COMPLEX, _JAX_TWICE)  # fmt: skip


def _jax_namespace() -> dict[str, Any]:
    """JAX's modules, where lists are arrays, too, and with what is only spelled in another way."""
    import jax
    from jax import numpy as jnp
    from jax.scipy import special

    def eig(x: Any) -> Any:
        return jax.lax.linalg.eig(x, compute_left_eigenvectors=False, enable_eigvec_derivs=True)

    def interp(x: Any, xp: Any, fp: Any) -> Any:
        return jnp.interp(x, jnp.asarray(xp), fp)

    def sph_harm_y(n: int, m: int, theta: Any, phi: Any) -> Any:
        return special.sph_harm_y(
            jnp.full(theta.shape, n), jnp.full(theta.shape, m), theta, phi, n_max=n
        )

    return {
        "np": _Overlay(
            jnp,
            # Its own has the derivative 1 at 0, whatever n is.
            ldexp=lambda x, n: x * 2.0**n,
            # Its own gives NaN for 0**0, because the exponents are an array.
            vander=lambda x, n: jnp.stack([x**k for k in range(n)][::-1], -1),
            # Its own keeps leading zeros, unless told.
            polymul=lambda x, y: jnp.polymul(x, y, trim_leading_zeros=True),
            take=lambda x, indices, axis=None: jnp.take(x, jnp.asarray(indices), axis),
            compress=lambda condition, x: jnp.compress(jnp.asarray(condition), x),
            choose=lambda which, arrays: jnp.choose(jnp.asarray(which), arrays),
            interp=interp,
            linalg=_Overlay(jnp.linalg, eig=eig, eigvals=lambda x: eig(x)[0]),
        ),
        "special": _Overlay(
            special,
            sph_harm_y=sph_harm_y,
            log1p=jnp.log1p,
            expm1=jnp.expm1,
            exp2=jnp.exp2,
            exp10=lambda x: 10.0**x,
            cbrt=jnp.cbrt,
            exprel=lambda x: jnp.expm1(x) / x,
            log_expit=jax.nn.log_sigmoid,
            psi=special.digamma,
            binom=lambda n, k: (
                special.gamma(n + 1.0) / (special.gamma(k + 1.0) * special.gamma(n - k + 1.0))
            ),
            betaincc=lambda a, b, x: special.betainc(b, a, 1.0 - x),
            erfcinv=lambda x: special.erfinv(1.0 - x),
        ),
    }


# -- PyTorch --------------------------------------------------------------------------------------

_TORCH_CANNOT: Reasons = {
    "special.polygamma": "accurate to 5e-10 only",
}
_TORCH_NARROW: Reasons = {}
_TORCH_COMPLEX: Reasons = dict.fromkeys(
    [
        "np.clip", "np.fmax", "np.fmin", "np.max", "np.maximum", "np.maximum.accumulate",
        "np.maximum.at", "np.maximum.reduce", "np.median", "np.min", "np.minimum",
        "np.minimum.accumulate", "np.minimum.at", "np.nan_to_num", "np.nanmax", "np.nanmean",
        "np.nanmin", "np.ptp", "np.sort", "special.erf", "special.erfc", "special.erfcx",
        "special.gamma", "special.log_ndtr", "special.log_softmax", "special.loggamma",
        "special.ndtr", "special.psi", "special.softmax", "special.xlog1py",
        "special.xlogy", "{0}.min()", "{out} = {0} * 1.0; {out}.sort()",
    ],
    "does not take complex tensors, or has no gradient of them",
)  # fmt: skip


@cache
def torch_peer() -> Peer:
    """PyTorch by way of :mod:`tests.parity.torch_arrays`."""
    import torch

    from .torch_arrays import Array, functions, special_functions

    namespace = {"np": functions(), "special": special_functions()}

    def vjp(program: Program, ct: Any) -> tuple[Any, list[Any]]:
        leaves = [torch.tensor(x, requires_grad=True) for x in program.leaves]
        y = program.run(namespace, *map(Array, leaves))
        if not y.tensor.requires_grad:
            return y.numpy(), [np.zeros_like(x) for x in program.leaves]
        adjoints = torch.autograd.grad(
            y.tensor,
            leaves,
            torch.tensor(np.conj(ct), dtype=y.tensor.dtype),
            materialize_grads=True,
        )
        return y.numpy(), [np.conj(Array(x).numpy()) for x in adjoints]

    return Peer("PyTorch", namespace, True, vjp, None, None,
                _TORCH_CANNOT, _TORCH_NARROW, _TORCH_COMPLEX)  # fmt: skip
