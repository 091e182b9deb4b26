"""Operations on functions with a domain or a structure of their own.

A random node is hardly ever in the domain of ``arccosh``, or positive definite.  So an *anchored*
operation starts from a constant, a valid operand taken from the primitive's own ``sample``, and
moves it by a little that depends on the node::

    v0_x = np.array([1.81, 2.3, 1.27]) + 0.05 * np.tanh(np.resize(x0, (3,)))
    v0 = np.arccosh(v0_x)

The little stays below a quarter of the constant's distance to a kink of the primitive.  ufuncs and
the functions of scipy.special are found in the registry; only what is called in another way than it
is recorded is listed here.

Next to read: :mod:`autograd_tape.testing.operations`, which puts these at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..primitive import Primitive, registry
from .kinks import distance
from .templates import Operation, literal, operations_of

__all__ = ["Anchored", "anchored", "distance"]

SEEDS = 4  # how many different samples an operation starts from
STEPS = (0.1, 0.05, 0.02, 0.01)
SHORT = 12  # elements of a constant that is still read
_NEAR = 0.04  # constants nearer to a kink are not used

Anchor = tuple[tuple[Any, ...], float, tuple[Any, ...]]  # constants, how far to move, parameters


class Anchored(Operation):
    """``template`` applied to constants that the node moves a little.

    template    ``{0}`` and ``{1}`` are the moved constants, ``{p0}``, ``{p1}`` numbers that the
                sample gives in its ``parameters``
    primitive   whose sample gives the constants
    elementwise takes three elements of the sample are enough
    """

    def __init__(
        self, template: str, primitive: Primitive, *, elementwise: bool = False,
        is_complex: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(template, is_complex=is_complex, p0=(), p1=(), p2=())
        self.primitive = primitive
        self.elementwise = elementwise
        self._anchor = lru_cache(maxsize=None)(self._find)

    @property
    def names(self) -> tuple[str, ...]:
        return (*super().names, "np.array", "np.tanh", "np.resize")

    def bind(self, choices: Sequence[int], operands: Sequence[Any]) -> str | None:
        of_complex = any(np.iscomplexobj(x) for x in operands)
        anchor = self._anchor(choices[0] % SEEDS, choices[1] % 3, of_complex)
        if anchor is None:
            return None
        constants, small, numbers = anchor
        narrow = np.result_type(*operands).itemsize < (16 if of_complex else 8)
        lines = []
        for i in range(self.arity):
            x = constants[i]
            if narrow:
                x = x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)
            node = f"{{{i}}}"
            if np.iscomplexobj(operands[i]) and not any(map(np.iscomplexobj, constants)):
                node = f"np.real({node})"
            moved = f"{small} * np.tanh(np.resize({node}, {x.shape}))"
            lines.append(f"{{out}}_{'xyz'[i]} = {literal(x)} + {moved}")
        text = self.template if "{out}" in self.template else "{out} = " + self.template
        for i in range(self.arity):
            text = text.replace(f"{{{i}}}", f"{{out}}_{'xyz'[i]}")
        for i, number in enumerate(numbers):
            text = text.replace(f"{{p{i}}}", repr(number))
        return "\n".join([*lines, text])

    def _find(self, seed: int, pick: int, of_complex: bool) -> Anchor | None:
        """The constants of one sample call, rounded; None if all are too near to a kink."""
        found = []
        for args, params in self._calls(seed):
            if len(args) < self.arity or any(np.size(x) == 0 for x in args):
                continue
            constants = tuple(self._short(np.asarray(x)) for x in args)
            if any(x.size > SHORT or not x.ndim for x in constants):
                continue
            numbers = tuple(
                np.ravel(p)[pick % np.size(p)].item() for p in params.get("parameters", ())
            )
            if numbers:
                params = {"parameters": numbers}
            d = distance(self.primitive, constants, params)
            if d >= _NEAR:
                small = next(step for step in STEPS if step <= d / 4)
                found.append((constants, small, numbers))
        alike = [a for a in found if any(map(np.iscomplexobj, a[0])) is of_complex] or found
        return alike[pick % len(alike)] if alike else None

    def _calls(self, seed: int) -> Iterable[Any]:
        assert self.primitive.sample is not None
        return self.primitive.sample(np.random.default_rng(seed))

    def _short(self, x: Any) -> Any:
        x = np.round(x, 2)
        return np.ravel(x)[:3] if self.elementwise else x


# -- structured operands --------------------------------------------------------------------------

# The functions of eigenvectors and singular vectors do not depend on their phases.
_STRUCTURED = """
inv: np.linalg.inv({0})
solve: np.linalg.solve({0}, {1})
det: np.linalg.det({0})
slogdet: np.linalg.slogdet({0})[1]
cholesky: np.linalg.cholesky({0} + np.conj({0}.mT))
qr: np.linalg.qr({0})[0]
qr: np.linalg.qr({0})[1]
eigh: np.linalg.eigvalsh({0} + np.conj({0}.mT))
eigh: {out}_w, {out}_v = np.linalg.eigh({0} + np.conj({0}.mT)); \
{out} = ({out}_v * np.sin({out}_w)[..., None, :]) @ np.conj({out}_v.mT)
eig: np.abs(np.linalg.eigvals({0}))
eig: {out}_w, {out}_v = np.linalg.eig({0}); \
{out} = np.real(({out}_v * np.sin({out}_w)[..., None, :]) @ np.linalg.inv({out}_v))
svd: np.linalg.svdvals({0})
svd: {out}_u, {out}_s, {out}_v = np.linalg.svd({0}, full_matrices=False); \
{out} = ({out}_u * np.sin({out}_s)[..., None, :]) @ {out}_v
svd: np.linalg.norm({0}, 'nuc', axis=(-2, -1))
svd: np.linalg.cond({0})
pinv: np.linalg.pinv({0})
lstsq: np.linalg.lstsq({0}, {1}, rcond=None)[0]
inv: np.linalg.tensorinv({0}, ind=1)
inv: np.linalg.matrix_power({0}, -2)
recurrence: np.multiply.at({0}, (..., np.array([0, 0, -1])), np.resize({1}, 3)); {out} = {0}
add: np.geomspace(3.0 + {0}, 4.0 + {1}, 3)
"""

# -- scipy.special --------------------------------------------------------------------------------

# What SciPy writes in Python, and what is recorded in another way than it is called.
_SPECIAL = """
special.logsumexp({0}, axis={axes})
special.softmax({0}, axis={axes})
special.log_softmax({0}, axis={axes})
special.expit({0})
special.erf({0})
special.polygamma(1, {0} ** 2 + 1.0)
special.multigammaln({0} ** 2 + 2.0, 2)
special.factorial({0} ** 2)
"""

_SPECIAL_ANCHORED = """
fresnel: special.fresnel({0})[0]
fresnel: special.fresnel({0})[1]
sici: special.sici({0})[0]
sici: special.sici({0})[1]
shichi: special.shichi({0})[0]
shichi: special.shichi({0})[1]
sph_harm_y: np.real(special.sph_harm_y(3, 2, {0}, {1}))
sph_harm_y: np.imag(special.sph_harm_y(2, -1, {0}, {1}))
"""

_COMPLEX = {"hankel1", "hankel2", "wofz"}  # values are complex where the argument is real
_OPERATORS = {"add", "subtract", "multiply", "divide", "negative", "positive", "conjugate"}


def anchored(known: Iterable[Operation]) -> list[Operation]:
    """The operations on primitives that no template of ``known`` calls plainly."""
    special = find_spec("scipy") is not None
    if special:
        import_module("autograd_tape.special")  # registers its primitives
    primitives = {p.name: p for p in registry}
    found: list[Operation] = _listed(_STRUCTURED, primitives)
    templates = {op.template for op in known}
    if special:
        found += operations_of(_SPECIAL) + _listed(_SPECIAL_ANCHORED, primitives)
        templates |= {op.template for op in found}
    found += [
        Anchored(template, p, elementwise=True, is_complex=p.name in _COMPLEX)
        for p in registry
        if (template := _called(p)) is not None and template not in templates
    ]
    return found


def _listed(table: str, primitives: dict[str, Primitive]) -> list[Operation]:
    found: list[Operation] = []
    for line in table.strip().splitlines():
        name, template = line.split(": ", 1)
        p = primitives[name]
        elementwise = isinstance(p.forward, np.ufunc) or "special." in template
        found.append(Anchored(template, p, elementwise=elementwise))
    return found


def _called(primitive: Primitive) -> str | None:
    """How a ufunc, or a function of scipy.special in its last argument, is called."""
    f = primitive.forward
    if isinstance(f, np.ufunc):
        if f.__name__ in _OPERATORS:
            return None
        module = "np" if getattr(np, f.__name__, None) is f else "special"
        return f"{module}.{f.__name__}({', '.join(f'{{{i}}}' for i in range(f.nin))})"
    if getattr(f, "__module__", None) != "autograd_tape.special.common":
        return None
    assert primitive.sample is not None
    ((_, params), *_) = primitive.sample(np.random.default_rng(0))
    if "parameters" not in params:
        return None
    numbers = [f"{{p{i}}}" for i in range(len(params["parameters"]))]
    return f"special.{primitive.name}({', '.join([*numbers, '{0}'])})"
