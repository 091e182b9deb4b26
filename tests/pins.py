"""Derivatives where oracles fail, each written by hand from docs/conventions.md; smooth traps, too.

A pin is one call of one primitive at a kink, with the Jacobian that the conventions give there.
``CORNERS`` are calls at smooth points that the samples miss (zeros, poles that cancel, constant
exponents): there the oracles judge.
"""

from typing import Any, NamedTuple

import numpy as np

INF, NAN = np.inf, np.nan
THIRD = 1 / 3
EXTREME = {"axis": None, "keepdims": False, "initial": np._NoValue, "where": True}
SPREAD = {"axis": 1, "ddof": 0, "keepdims": False, "where": True}
SINC = -(np.pi**2) / 3  # sinc''(0)


class Pin(NamedTuple):
    """``jacobians[i]``: for operand i the slopes if ``diagonal``, else output.shape + x.shape."""

    primitive: str
    where: str
    args: tuple[Any, ...]
    params: dict[str, Any]
    jacobians: tuple[Any, ...]
    diagonal: bool


def _slopes(name: str, where: str, args: Any, slopes: Any, /, **params: Any) -> Pin:
    args = tuple(np.array(x) for x in args)
    return Pin(name, where, args, params, tuple(np.array(s) for s in slopes), True)


def _matrix(name: str, where: str, args: Any, jacobians: Any, /, **params: Any) -> Pin:
    args = tuple(np.array(x) for x in args)
    return Pin(name, where, args, params, tuple(np.array(j, float) for j in jacobians), False)


def _negated(pin: Pin, name: str) -> Pin:
    """A maximum turned into a minimum: f(-x) = -g(x) has the same Jacobian."""
    params = dict(pin.params)
    if isinstance(params.get("initial"), float):
        params["initial"] = -params["initial"]
    return pin._replace(primitive=name, args=tuple(-x for x in pin.args), params=params)


_MAX = [
    _matrix("max", "ties", [[[1.0, 3.0, 3.0]]], [[[0.0, 0.5, 0.5]]], **EXTREME),
    _matrix(
        "max", "ties in some rows", [[[2.0, 2.0, 2.0], [1.0, 5.0, 0.0]]],
        [[[[THIRD] * 3, [0.0] * 3], [[0.0] * 3, [0.0, 1.0, 0.0]]]], **(EXTREME | {"axis": 1}),
    ),
    _matrix(
        "max", "ties with initial", [[3.0, 1.0, 3.0]], [[THIRD, 0.0, THIRD]],
        **(EXTREME | {"initial": 3.0}),
    ),
    _matrix(
        "max", "initial above all", [[3.0, 1.0, 3.0]], [[0.0, 0.0, 0.0]],
        **(EXTREME | {"initial": 4.0}),
    ),
    _matrix(
        "max", "a masked tie", [[3.0, 3.0, 3.0]], [[0.5, 0.0, 0.5]],
        **(EXTREME | {"initial": -9.0, "where": np.array([True, False, True])}),
    ),
]  # fmt: skip
_NANMAX = [
    *(pin._replace(primitive="nanmax") for pin in _MAX),
    _matrix("nanmax", "ties beside nan", [[3.0, NAN, 3.0]], [[0.5, 0.0, 0.5]], **EXTREME),
]
_MAXIMUM = _slopes(
    "maximum", "ties", [[2.0, 2.0, 1.0, 0.0], [2.0, 1.0, 2.0, 0.0]],
    [[0.5, 1.0, 0.0, 0.5], [0.5, 0.0, 1.0, 0.5]],
)  # fmt: skip
_FMAX = _slopes(
    "fmax", "nan and ties", [[NAN, 2.0, 2.0], [1.0, NAN, 2.0]], [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]]
)
_ACCUMULATE = _matrix(
    "maximum.accumulate", "ties", [[1.0, 3.0, 3.0, 2.0, 3.0]],
    [[[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0, 0],
      [0, THIRD, THIRD, 0, THIRD]]],
)  # fmt: skip
_AT = _matrix(
    "maximum.at", "ties of v and w", [[1.0, 3.0, 0.0, 2.0], [3.0, 2.0, 3.0]],
    [[[0, 0, 0, 0], [0, THIRD, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
     [[0, 1, 0], [THIRD, 0, THIRD], [0, 0, 0], [0, 0, 0]]],
    index=np.array([1, 0, 1]),
)  # fmt: skip
_AT_ONLY_W = _matrix(
    "maximum.at",
    "ties of w",
    [[1.0, 3.0], [5.0, 5.0]],
    [[[0, 0], [0, 1]], [[0.5, 0.5], [0, 0]]],
    index=np.array([0, 0]),
)

PINS = [
    *_MAX, *(_negated(pin, "min") for pin in _MAX),
    *_NANMAX, *(_negated(pin, "nanmin") for pin in _NANMAX),
    _MAXIMUM, _negated(_MAXIMUM, "minimum"),
    _MAXIMUM._replace(primitive="fmax"), _negated(_MAXIMUM, "fmin"),
    _FMAX, _negated(_FMAX, "fmin"),
    _ACCUMULATE, _negated(_ACCUMULATE, "minimum.accumulate"),
    _AT, _negated(_AT, "minimum.at"), _AT_ONLY_W, _negated(_AT_ONLY_W, "minimum.at"),
    _matrix(
        "sort", "ties", [[3.0, 1.0, 3.0, 2.0]],
        [[[0, 1, 0, 0], [0, 0, 0, 1], [0.5, 0, 0.5, 0], [0.5, 0, 0.5, 0]]], axis=0,
    ),
    _matrix(
        "partition", "ties", [[3.0, 1.0, 3.0, 2.0]],
        [[[0, 1, 0, 0], [0, 0, 0, 1], [0.5, 0, 0.5, 0], [0.5, 0, 0.5, 0]]], kth=1, axis=0,
    ),
    _matrix(
        "average_ties", "a run of two", [[1.0, 2.0, 4.0]],
        [[[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]], starts=np.array([0, 2]), axis=0,
    ),
    _matrix(
        "permute", "a cycle", [[1.0, 1.0, 4.0]], [[[0, 0, 1], [1, 0, 0], [0, 1, 0]]],
        order=np.array([2, 0, 1]), axis=0,
    ),
    # -- of one element ----------------------------------------------------------------------------
    _slopes("relu", "0", [[0.0, -1.0, 2.0]], [[0.0, 0.0, 1.0]]),
    _slopes("absolute", "0", [[0.0, -2.0, 3.0]], [[0.0, -1.0, 1.0]]),
    _slopes("absolute", "complex 0", [[0j, 3.0 + 4.0j]], [[0.0, 0.6 - 0.8j]]),
    _slopes("fabs", "0", [[0.0, -2.0, 3.0]], [[0.0, -1.0, 1.0]]),
    _slopes("sqrt", "0", [[0.0, 4.0]], [[INF, 0.25]]),
    _slopes("copysign", "0", [[0.0, -2.0], [1.0, 1.0]], [[0.0, -1.0], [0.0, 0.0]]),
    _slopes("heaviside", "0", [[0.0, -2.0], [0.5, 0.5]], [[0.0, 0.0], [1.0, 0.0]]),
    _matrix(
        "heaviside", "0, the other operand broadcast", [[[0.0, -1.0], [0.0, 0.0]], [0.5, 0.7]],
        [np.zeros((2, 2, 2, 2)), [[[1, 0], [0, 0]], [[1, 0], [0, 1]]]],
    ),
    _slopes(
        "nan_to_num", "nan and inf", [[NAN, INF, -INF, 2.0]], [[0.0, 0.0, 0.0, 1.0]],
        nan=0.0, posinf=None, neginf=None,
    ),
    _slopes("hypot", "the origin", [[0.0, 0.0, -3.0], [0.0, 2.0, 4.0]],
            [[0.0, 0.0, -0.6], [0.0, 1.0, 0.8]]),
    _slopes("arctan2", "the origin", [[0.0, 3.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, -THIRD]]),
    _slopes("sinc", "0", [[0.0]], [[0.0]], order=0),
    _slopes("sinc", "0, its slope", [[0.0]], [[SINC]], order=1),
    *(
        _slopes(name, "0", [[0.0] * 4, [0.0, 1.0, 2.0, 3.0]], [[0.0, 1.0, 0.0, 0.0], [0.0] * 4])
        for name in ("power", "float_power")
    ),
    _slopes("power", "0 to the power of an integer", [[0.0] * 4, [0, 1, 2, 3]],
            [[0.0, 1.0, 0.0, 0.0], NAN]),
    _slopes("logaddexp", "ties of infinities", [[-INF, INF, -INF], [-INF, INF, 0.0]],
            [[0.5, 0.5, 0.0], [0.5, 0.5, 1.0]]),
    _slopes("logaddexp2", "ties of infinities", [[-INF, INF, -INF], [-INF, INF, 0.0]],
            [[0.5, 0.5, 0.0], [0.5, 0.5, 1.0]]),
    # -- clip: a within or on the bounds moves alone; where bounds cross, the upper wins -----------
    _slopes(
        "clip", "on a bound", [[1.0, 2.0, 0.0, 3.0, 1.5], [1.0] * 5, [2.0] * 5],
        [[1.0, 1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]],
    ),
    _slopes(
        "clip", "bounds that cross", [[0.0, 1.5, 3.0], [2.0] * 3, [1.0] * 3],
        [[0.0] * 3, [0.0] * 3, [1.0] * 3],
    ),
    _slopes(
        "clip", "bounds that agree", [[0.0, 1.0, 3.0], [1.0] * 3, [1.0] * 3],
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    # -- reductions --------------------------------------------------------------------------------
    _matrix("norm", "0", [[0.0, 0.0]], [[0.0, 0.0]], axis=None, keepdims=False),
    _matrix(
        "norm", "a row of zeros", [[[0.0, 0.0], [3.0, 4.0]]],
        [[[[0, 0], [0, 0]], [[0, 0], [0.6, 0.8]]]], axis=(1,), keepdims=False,
    ),
    _matrix(
        "std", "constant rows", [[[7.0, 7.0], [1.0, 3.0]]],
        [[[[0, 0], [0, 0]], [[0, 0], [-0.5, 0.5]]]], **SPREAD,
    ),
    _matrix(
        "std", "constant up to rounding", [[[0.1, 0.1, 0.1]]], [[[[0, 0, 0]]]], **SPREAD,
    ),
    _matrix(
        "var", "constant rows", [[[7.0, 7.0], [1.0, 3.0]]],
        [[[[0, 0], [0, 0]], [[0, 0], [-1.0, 1.0]]]], **SPREAD,
    ),
    _matrix("prod", "a zero", [[2.0, 0.0, 3.0]], [[0, 6, 0]]),
    _matrix("prod", "two zeros", [[2.0, 0.0, 0.0]], [[0, 0, 0]]),
    _matrix("cumprod", "a zero", [[2.0, 0.0, 3.0]], [[[1, 0, 0], [0, 2, 0], [0, 6, 0]]]),
    _matrix(
        "softmax", "a masked row", [[[-INF, -INF], [0.0, 0.0]]],
        [[np.zeros((2, 2, 2)), [[[0, 0], [0.25, -0.25]], [[0, 0], [-0.25, 0.25]]]]], axis=-1,
    ),
    _matrix(
        "softmax", "a masked element", [[-INF, 0.0]], [[[0, 0], [0, 0]]], axis=-1,
    ),
    _matrix(
        "log_softmax", "a masked row", [[[-INF, -INF], [0.0, 0.0]]],
        [[np.zeros((2, 2, 2)), [[[0, 0], [0.5, -0.5]], [[0, 0], [-0.5, 0.5]]]]], axis=-1,
    ),
    _matrix(
        "logsumexp", "a masked row", [[[-INF, -INF], [0.0, 0.0]]],
        [[[[0, 0], [0, 0]], [[0, 0], [0.5, 0.5]]]], axis=1, keepdims=False,
    ),
    _matrix(
        "logaddexp.accumulate", "a masked head", [[-INF, 0.0, 0.0]],
        [[[0, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]],
    ),
    # -- indices that occur twice ------------------------------------------------------------------
    _matrix("getitem", "an index twice", [[1.0, 2.0, 3.0]],
            [[[1, 0, 0], [1, 0, 0], [0, 0, 1]]], index=np.array([0, 0, 2])),
    _matrix("setitem", "an index twice", [[1.0, 2.0, 3.0], [5.0, 6.0]],
            [[[1, 0, 0], [0, 0, 0], [0, 0, 1]], [[0, 0], [0, 1], [0, 0]]], index=np.array([1, 1])),
    _matrix("put", "an index twice", [[5.0, 6.0]], [[[1, 1], [0, 0], [0, 0]]],
            index=np.array([0, 0]), shape=(3,)),
    # -- singular matrices -------------------------------------------------------------------------
    _matrix("det", "a singular matrix", [[[1.0, 2.0], [2.0, 4.0]]], [[[4, -2], [-2, 1]]]),
    _matrix("det", "rank 0", [np.zeros((3, 3))], [np.zeros((3, 3))]),
    _matrix(
        "pinv", "constant rank 1", [[[1.0, 0.0], [0.0, 0.0]]],
        [[[[[-1, 0], [0, 0]], [[0, 0], [1, 0]]], [[[0, 1], [0, 0]], [[0, 0], [0, 0]]]]],
        rcond=1e-10,
    ),
]  # fmt: skip

# -- of scipy.special ------------------------------------------------------------------------------

PINS += [
    _slopes("xlogy", "0·log y", [[0.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]),
    _slopes("xlog1py", "0·log 0", [[0.0, 0.0], [-1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
    _slopes("xlog1py", "0 in x alone", [[0.0], [-0.5]], [[-np.log(2)], [0.0]]),
    _slopes("xlogy", "complex 0·log 0", [[0j, 0j], [0j, 1j]], [[0.0, 0.5j * np.pi], [0.0, 0.0]]),
    _slopes(
        "xlog1py",
        "complex 0·log 0",
        [[0j, 0j], [-1 + 0j, 1j - 1]],
        [[0.0, 0.5j * np.pi], [0.0, 0.0]],
    ),
    _slopes("rel_entr", "0·log 0", [[0.0], [0.0]], [[1.0], [0.0]]),  # as of kl_div + x - y
    _slopes("kl_div", "0·log 0", [[0.0], [0.0]], [[0.0], [1.0]]),
    _slopes("entr", "0", [[0.0, 1.0]], [[INF, -1.0]]),
]

_POWERS = ("power", "float_power")
_ZEROS = np.array([0.0, 2.0, 0.0, -1.5])

# Smooth points: the oracles judge them as they judge the samples.
CORNERS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *(("power", (np.array([0.0, 0.7, -1.3]), n), {}) for n in (0, 1, 2, 3)),
    *((p, (x, n), {}) for p in _POWERS for x in (0.7, -1.3) for n in (0, 1, 2, 3)),
    *(("power", (0.0, n), {}) for n in (0, 1, 2, 3)),
    *((p, (np.array([0.7, -1.3]), np.array([n, 2])), {}) for p in _POWERS for n in (-1, 1)),
    *((p, (0.7, -2), {}) for p in _POWERS),
    *((p, (2, np.array([0.7, -1.3])), {}) for p in _POWERS),
    *((p, (3, 1.2), {}) for p in _POWERS),
    *((p, (np.array([2, 3]), np.array([0.7, -1.3])), {}) for p in _POWERS),
    ("float_power", (np.array([0.0, 0.7]), 2), {}),
    ("square", (_ZEROS,), {}),
    ("multiply", (_ZEROS, np.zeros(4)), {}),
    ("sinc", (np.array([0.0, 1e-3, 1.0]),), {"order": 0}),
    ("i0", (np.array([0.0, 1e-3]),), {"order": 0}),
    ("prod", (_ZEROS,), {}),
    ("prod", (np.array([[0.0, 2.0, 3.0], [1.0, 0.0, 0.0]]),), {}),
    ("cumprod", (_ZEROS,), {}),
    ("recurrence", (_ZEROS, _ZEROS[::-1]), {}),
    ("var", (np.full((2, 3), 7.0),), SPREAD),
    ("var", (np.zeros((2, 3)),), SPREAD | {"ddof": 1}),
    ("relu", (np.array([-1.0, 2.0]),), {}),
    ("clip", (np.array([-1.0, 0.5, 2.0]), None, np.array(1.0)), {}),
    ("clip", (np.array([-1.0, 0.5, 2.0]), np.array(0.0), None), {}),
    ("clip", (0.5, 0.0, 1.0), {}),
    ("clip", (-0.5, 0.0, 1.0), {}),
    ("clip", (1.5, 0.0, 1.0), {}),
    ("svd", (np.array([[1.0, 2.0], [0.5, -1.0], [0.3, 0.7]]),), {"full": True}),
    (
        "einsum",
        (np.array([0.5, 2.0]), np.array([[1.0, 3.0], [0.2, -1.0]])),
        {"subscripts": "i,ii->i", "optimize": None},
    ),
    ("exprel", (np.array([0.0, 1e-9]),), {}),
    ("boxcox", (np.array([0.7, 1.0]), np.zeros(2)), {}),
    ("boxcox1p", (np.array([0.7, 0.0]), np.zeros(2)), {}),
    ("j1", (np.array([0.0, -0.5]),), {}),
    ("i1", (np.array([0.0, -0.5]),), {}),
    ("rgamma", (np.array([-2.0, 0.0, 1.0]),), {}),
    ("poch", (np.array([-2.0, -3.0, -1.0]), np.array([1, 2, 2])), {}),
    ("poch", (np.array([0.0, -2.0, -1.0]), np.array([0.5, 0.3, 1.7])), {}),
    ("beta", (np.array([0.5, 1.3]), np.array([-0.5, -1.3])), {}),
    ("beta", (np.array([0.5, 0.5]), np.array([-0.5, 1.3])), {}),
    ("beta", (np.array([0.5, 0.25]), np.array([-1.5, -2.25])), {}),
    ("binom", (np.array([2.0, 3.0]), np.array([3.0, 1.0])), {}),
    ("binom", (np.array([0.5, 1.25]), np.array([2.5, 2.25])), {}),
    ("spence", (np.array([1.0, 1.2]),), {}),
]


def pins_of(name: str) -> list[Pin]:
    return [pin for pin in PINS if pin.primitive == name]


def corners_of(name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [(args, params) for p, args, params in CORNERS if p == name]
