"""All checks of one primitive: used by tests/test_registry.py, and by tests/mutants.py.

``check_primitive`` judges a primitive at smooth points; here are added what it cannot see there:
conventions at kinks (tests/pins.py), broadcasting, Python floats.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

import autograd_tape.special  # noqa: F401 (registers its primitives)
from autograd_tape import Variable, jvp, vjp
from autograd_tape.primitive import Primitive, registry
from autograd_tape.primitives.structure import outputs
from autograd_tape.record import binary, unary
from autograd_tape.testing.check import first_mismatch
from autograd_tape.testing.culprit import apart
from autograd_tape.testing.oracles import quiet
from autograd_tape.testing.probe import Probe
from autograd_tape.testing.rules import check_primitive
from autograd_tape.variable import as_value
from tests.pins import Pin, corners_of, pins_of

INTERNAL = {"pick"}  # takes what only a primitive with several outputs produces
SEEDS = (0, 7)
FLOATS = 3  # how many elements of a sample are tried as Python floats

PRIMITIVES = [p for p in registry if p.name not in INTERNAL]


class Check(NamedTuple):
    """One check: ``run()`` raises AssertionError if it fails."""

    name: str
    run: Callable[[], None]


def checks(p: Primitive) -> Iterator[Check]:
    """The checks of ``p``, cheap and telling ones first."""
    for i, pin in enumerate(pins_of(p.name)):
        yield Check(f"pin-{i}", lambda pin=pin: check_pin(p, pin))
    for seed in SEEDS:
        for i, (args, params) in enumerate(samples(p, seed)):
            if seed == SEEDS[0]:
                yield Check(f"first-{i}", lambda a=args, k=params: check_first(p, a, k))
                if len(doubles(args)) > 1:
                    yield Check(f"mixed-{i}", lambda a=args, k=params: check_mixed(p, a, k))
            yield Check(f"sample-{seed}-{i}", lambda a=args, k=params: check_primitive(p, a, k))
    for i, (args, params) in enumerate(corners_of(p.name)):
        yield Check(f"corner-{i}", lambda a=args, k=params: check_primitive(p, a, k, memory=False))
    for i, (f, x, order) in enumerate(INVARIANTS.get(p.name, ())):
        yield Check(f"invariant-{i}", lambda f=f, x=x, n=order: check_invariant(p, f, x, n))
    for i, (call, xs) in enumerate(python_floats(p)):
        yield Check(f"float-{i}", lambda f=call, xs=xs: check_floats(p, f, xs))
    for i, (args, params) in enumerate(broadcasts(p)):
        yield Check(f"broadcast-{i}", lambda a=args, k=params: check_broadcast(p, a, k))


def samples(p: Primitive, seed: int = SEEDS[0]) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return list(p.sample(np.random.default_rng(seed)))


def moving(args: Any) -> list[int]:
    return [i for i, x in enumerate(args) if np.result_type(x).kind in "fc" and x is not None]


def call_of(p: Primitive, args: Any, params: dict[str, Any]) -> tuple[Callable[..., Any], Any]:
    """(the call as a function of those operands that move, those operands)."""
    which = moving(args)

    def call(*xs: Any) -> Any:
        filled = list(args)
        for i, x in zip(which, xs, strict=True):
            filled[i] = x
        return apart(p(*filled, **params))

    return call, tuple(args[i] for i in which)


def check_first(p: Primitive, args: Any, params: dict[str, Any]) -> None:
    """First derivatives only: what most mistakes fail, at a tenth of the price."""
    call, xs = call_of(p, args, params)
    mismatch = first_mismatch(call, xs, 1, ("rev", "fwd"), locate=False)
    assert mismatch is None, f"{p.name}: {mismatch}"


def oracle(p: Primitive, args: Any, params: dict[str, Any]) -> str | None:
    """What measures the derivatives of this call; None: nothing does (or there is no number)."""
    call, xs = call_of(p, args, params)
    check = Probe(call, xs, np.random.default_rng(0), None)
    numbers = sum(np.size(t) for t in check.tangents)
    if not numbers or not all(np.isfinite(t).all() for t in check.tangents):
        return None
    if check.oracle == "the complex step":
        return "complex step"
    settled = all(np.all(e <= 1e-6 * max(1.0, np.abs(d).max(initial=0)))
                  for d, e in zip(check.tangents, check.error, strict=True))  # fmt: skip
    return "differences" if settled else None


# -- single precision beside double ----------------------------------------------------------------


def doubles(args: Any) -> list[int]:
    return [i for i, x in enumerate(args) if getattr(x, "dtype", None) == np.float64]


def check_mixed(p: Primitive, args: Any, params: dict[str, Any]) -> None:
    """One operand in double precision, the others in single: its derivatives are good to double."""
    which = doubles(args)
    for wide in which[: 1 if p.name.endswith(".at") else None]:  # written into what v is made of
        mixed = [x.astype(np.float32) if i in which and i != wide else x
                 for i, x in enumerate(args)]  # fmt: skip
        same = [x.astype(np.float64) if i in which else x for i, x in enumerate(mixed)]
        for got, expected in zip(
            *(_alone(p, xs, params, wide) for xs in (mixed, same)), strict=True
        ):
            scale = np.max(np.abs(expected), initial=1e-30)
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 * scale, err_msg=p.name)


def _alone(p: Primitive, args: Any, params: dict[str, Any], i: int) -> list[Any]:
    """(adjoint of operand i, tangents along it), the others constant."""

    def call(x: Any) -> Any:
        return apart(p(*args[:i], x, *args[i + 1 :], **params))

    y, pullback = vjp(call, args[i])
    several = isinstance(y, tuple)
    back = pullback(tuple(map(np.ones_like, y)) if several else np.ones_like(y))
    y_dot = jvp(call, (args[i],), (np.ones_like(args[i]),))[1]
    return [*back, *(y_dot if several else (y_dot,))]


# -- kinks -----------------------------------------------------------------------------------------


def check_pin(p: Primitive, pin: Pin) -> None:
    """Both modes give the Jacobian of the pin, in double and single precision, and as floats."""
    kinds = {x.dtype.kind for x in pin.args}
    _compare(p, pin, pin.args, 1e-13)
    if kinds <= set("fc"):
        _compare(p, pin, [x.astype("F" if x.dtype.kind == "c" else "f") for x in pin.args], 1e-6)
    if pin.diagonal and kinds == {"f"}:
        for k in range(pin.args[0].size):
            one = pin._replace(jacobians=tuple(j[k] for j in pin.jacobians))
            _compare(p, one, [x[k].item() for x in pin.args], 1e-13)


def _compare(p: Primitive, pin: Pin, args: Any, rtol: float) -> None:
    rng = np.random.default_rng(0)
    call, xs = call_of(p, args, pin.params)
    with quiet():
        y, pullback = vjp(call, *xs)
        y = as_value(y)
        ct = _like(y, rng)
        back = pullback(ct)
        directions = tuple(_like(x, rng) for x in xs)
        forward = [
            jvp(call, xs, tuple(t if k == j else _zero(x) for j, x in enumerate(xs)))[1]
            for k, t in enumerate(directions)
        ]
    for k, i in enumerate(moving(args)):
        j = pin.jacobians[i]
        with quiet():
            adjoint = ct * j if pin.diagonal else np.tensordot(ct, j, np.ndim(ct))
            t = directions[k]
            tangent = j * t if pin.diagonal else np.tensordot(j, t, np.ndim(t))
        if np.result_type(y).kind != "c":
            tangent = np.real(tangent)
        what = f"{p.name} at {pin.where}, operand {i}"
        _same(back[k], adjoint, xs[k], f"{what}, reverse", rtol)
        _same(forward[k], tangent, y, f"{what}, forward", rtol)


def _same(got: Any, expected: Any, like: Any, what: str, rtol: float) -> None:
    got = as_value(got)
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol / 10, err_msg=what)
    assert np.shape(got) == np.shape(like), what
    assert np.result_type(got) == np.result_type(like), what


def _like(x: Any, rng: np.random.Generator) -> Any:
    d = rng.uniform(0.5, 1.5, np.shape(x))  # positive: an infinite slope stays one
    if np.result_type(x).kind == "c":
        d = d * (1 + 0.5j)
    return np.asarray(d, np.result_type(x))[()] if hasattr(x, "dtype") else type(x)(d)


def _zero(x: Any) -> Any:
    return np.zeros_like(x)[()] if hasattr(x, "dtype") else type(x)(0)


# -- vectors that LAPACK may choose ----------------------------------------------------------------

_SQUARE = np.random.default_rng(3).standard_normal((3, 3))
_COMPLEX = _SQUARE + 1j * np.random.default_rng(4).standard_normal((3, 3))
_TALL = np.random.default_rng(5).standard_normal((3, 2)) + 0.5j * _SQUARE[:, :2]
_TIED = [np.eye(3), np.zeros((2, 2)), np.diag([1.0, 2.0, 1.0])]


def _squared(x: Any) -> Any:
    return np.real(x * np.conj(x))


# (function of the outputs that does not depend on that choice, where, order)
INVARIANTS: dict[str, list[tuple[Callable[..., Any], Any, int]]] = {
    "eigh": [
        (lambda w, v: (w, _squared(v)), _COMPLEX + _COMPLEX.conj().T, 2),
        *((lambda w, v: np.sum(w**3) + np.sum(_squared(v)), x, 1) for x in _TIED),
    ],
    "eig": [
        (lambda w, v: np.real(np.sum(w**3)) + np.sum(_squared(v)), x, 1) for x in _TIED
    ],
    "svd": [
        (lambda u, s, vh: (_squared(u), s, _squared(vh)), _COMPLEX, 2),
        (lambda u, s, vh: (_squared(u), s, _squared(vh)), _TALL, 2),
        (lambda u, s, vh: (_squared(u), s, _squared(vh)), _TALL.T, 2),
        *((lambda u, s, vh: np.sum(s**2) + np.sum(_squared(u)), x, 1) for x in _TIED),
    ],
}  # fmt: skip
_STATIC = {"eigh": {"UPLO": "L"}, "svd": {"full": False}}


def check_invariant(p: Primitive, f: Callable[..., Any], x: Any, order: int) -> None:
    """Complex vectors have any phase, those of equal values any direction: f is free of that."""
    mismatch = first_mismatch(
        lambda x: f(*outputs(p(x, **_STATIC.get(p.name, {})))), (x,), order, ("rev", "fwd"),
        locate=False,
    )  # fmt: skip
    assert mismatch is None, f"{p.name}: {mismatch}"


# -- Python floats ---------------------------------------------------------------------------------


def python_floats(p: Primitive) -> Iterator[tuple[Callable[..., Any], tuple[float, ...]]]:
    """Calls with Python floats, of the first real sample, where the primitive maps elements."""
    args, params = samples(p)[0]
    if any(np.result_type(x).kind != "f" or not np.size(x) for x in args) or len(args) > 2:
        return
    if "index" in params:
        return
    if params:
        call = partial(p, **params)
    elif p.scalar is not p.forward or isinstance(p.forward, np.ufunc):
        call = unary(p) if len(args) == 1 else binary(p)
    else:
        return
    columns = (np.ravel(x).tolist() for x in args)
    for xs in islice(zip(*columns, strict=False), FLOATS):
        try:
            output = as_value(call(*map(Variable, xs)))
        except (TypeError, ValueError, AttributeError, IndexError):
            return  # it takes arrays only
        if output.__class__ is not float:
            return
        yield call, xs


def check_floats(p: Primitive, call: Callable[..., Any], xs: tuple[float, ...]) -> None:
    """Python floats stay such, in the adjoint as well, and their derivatives are right."""
    mismatch = first_mismatch(call, xs, 2, ("rev", "fwd"), locate=False)
    assert mismatch is None, f"{p.name} of Python floats: {mismatch}"
    y, pullback = vjp(call, *xs)
    values = [as_value(y), *pullback(1.0)]
    assert all(v.__class__ is float for v in values), f"{p.name}: {values} are no floats"


# -- broadcasting ----------------------------------------------------------------------------------

_EYE = np.eye(3, 4, dtype=bool)
_BATCHES: dict[str, list[tuple[tuple[tuple[int, ...], ...], dict[str, Any]]]] = {
    "where": [(s, {"condition": _EYE}) for s in (
        ((3, 4), (4,)), ((3, 1), (3, 4)), ((), (3, 4)), ((1, 1), (4,)), ((3, 4), ()),
    )],
    "clip": [(s, {}) for s in (
        ((3, 4), (4,), (3, 1)), ((3, 4), (), (1, 1)), ((4,), (3, 1), (3, 4)), ((), (3, 1), (4,)),
    )],
    "matmul": [(s, {}) for s in (
        ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((1, 3, 4), (2, 4, 5)), ((4,), (2, 4, 3)),
        ((2, 3, 4), (4,)), ((2, 1, 3, 4), (5, 4, 2)),
    )],
    "vecdot": [(s, {}) for s in (((3, 4), (4,)), ((3, 1, 4), (2, 4)), ((4,), (1, 4)))],
    "cross": [(s, {}) for s in (((2, 3), (3,)), ((2, 1, 3), (4, 3)), ((3,), (1, 3)))],
    "setitem": [
        (((3, 4), ()), {"index": ...}), (((3, 4), (4,)), {"index": slice(0, 2)}),
        (((3, 4), (2, 1)), {"index": slice(0, 2)}), (((3, 4), (1, 1)), {"index": slice(0, 2)}),
        (((3, 4), (4,)), {"index": np.array([0, 2, 0])}),
        (((3, 4), (1,)), {"index": (np.array([0, 0]), np.array([1, 1]))}),
    ],
    "maximum.at": [
        (((4,), ()), {"index": np.array([0, 2, 0])}),
        (((4, 2), (2,)), {"index": np.array([1, 1, 3])}),
        (((4, 2), (3, 1)), {"index": np.array([1, 1, 3])}),
    ],
    "sph_harm_y": [(s, {"n": 2, "m": 1}) for s in (((3, 4), (4,)), ((3, 1), (1, 4)), ((), (4,)))],
}  # fmt: skip
_BATCHES["minimum.at"] = _BATCHES["maximum.at"]
_SHAPES = [((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 4), ()), ((1, 1), (3, 4)), ((3, 1), (4,)),
           ((), (3,)), ((2, 1, 1), (3, 1))]  # fmt: skip


def broadcasts(p: Primitive) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Calls in which operands broadcast against one another."""
    rng = np.random.default_rng(0)
    if p.name == "solve":
        eye = 2 * np.eye(3)
        for a, b in (((3, 3), (2, 3, 2)), ((2, 3, 3), (3, 2)), ((2, 1, 3, 3), (4, 3, 1)),
                     ((2, 3, 3), (3,)), ((1, 3, 3), (2, 3, 2))):  # fmt: skip
            yield (rng.uniform(-1, 1, a) + eye, rng.uniform(-1, 1, b)), {}
    elif p.name in _BATCHES:
        for shapes, params in _BATCHES[p.name]:
            yield tuple(rng.uniform(0.2, 2.0, s) for s in shapes), params
    elif isinstance(p.forward, np.ufunc) and p.forward.nin == 2:
        (x, y), params = samples(p)[0]
        for shapes in _SHAPES:  # values from the sample, so that they are in the domain
            yield tuple(np.resize(v, s) for v, s in zip((x, y), shapes, strict=True)), params


def check_broadcast(p: Primitive, args: Any, params: dict[str, Any]) -> None:
    """Each adjoint has its operand's shape and is the sum of what reaches its broadcast copies."""
    check_first(p, args, params)
    core = {"matmul": 2, "solve": 2, "vecdot": 1, "cross": 1}.get(p.name, 0)
    full = list(args)
    if p.name in ("setitem", "maximum.at", "minimum.at"):
        target, w = args
        full[1] = np.array(np.broadcast_to(w, target[params["index"]].shape))
    else:
        shapes = [x.shape if core < 2 or x.ndim > 1 else None for x in args]
        if None in shapes:  # a vector among matrices is no stack of them
            return
        batch = np.broadcast_shapes(*(s[: len(s) - core] for s in shapes))
        full = [np.array(np.broadcast_to(x, (*batch, *x.shape[x.ndim - core :]))) for x in args]
    y = as_value(p(*args, **params))
    ct = np.random.default_rng(1).uniform(0.5, 1.5, np.shape(y))
    _, pullback = vjp(lambda *xs: p(*xs, **params), *args)
    _, pullback_full = vjp(lambda *xs: p(*xs, **params), *full)
    for x, got, whole in zip(args, pullback(ct), pullback_full(ct), strict=True):
        assert np.shape(got) == np.shape(x), f"{p.name}: {np.shape(got)}, not {np.shape(x)}"
        summed = np.asarray(whole)
        while summed.ndim > x.ndim:
            summed = summed.sum(axis=0)
        for axis, n in enumerate(x.shape):
            if n == 1:
                summed = summed.sum(axis=axis, keepdims=True)
        np.testing.assert_allclose(got, summed, rtol=1e-12, atol=1e-13, err_msg=p.name)
