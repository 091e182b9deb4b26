"""``kinks=``: how far operands are from where a primitive is not smooth."""

import warnings

import numpy as np
import pytest

import autograd_tape.special  # noqa: F401 (registers its primitives)
from autograd_tape.primitive import registry
from autograd_tape.primitives.smoothness import away_from, domain, gaps, nearest, outside_cut, poles

PRIMITIVES = {p.name: p for p in registry}
INTERNAL = {"pick"}  # takes what only a primitive with several outputs produces
# The order of eigenvalues and the signs of real vectors are LAPACK's choice: they may change at any
# place, which no distance can foretell.  What does not depend on them is looked at instead.
GAUGE = {"eigh", "eig", "svd"}
# Kinks at single points of the plane or in too few dimensions for a line to meet them by chance.
ISOLATED = {
    "eigh", "hypot", "nan_to_num", "norm", "normal_hazard", "sigmoid", "softmax", "std", "tanh",
}  # fmt: skip
INF, NAN = np.inf, np.nan
PI = np.pi
EXTREME = {"axis": None, "keepdims": False, "initial": np._NoValue, "where": True}
SPREAD = {"axis": None, "ddof": 0, "keepdims": False, "where": True}


def distance(name, *args, **params):
    """The least distance; no warning may leak."""
    kinks = PRIMITIVES[name].kinks
    if kinks is None:
        return INF
    d = np.asarray(kinks(*args, **params), float)
    assert not np.isnan(d).any()
    assert (d >= 0).all()
    return float(d.min(initial=INF))


# -- by hand ---------------------------------------------------------------------------------------

BY_HAND = [
    ("sin", (3.0,), {}, INF),
    ("divide", (1.0, np.array([-0.5, 2.0])), {}, 0.5),
    ("divide", (1.0, 2), {}, INF),  # an integer is a constant
    ("divide", (1.0, 0), {}, 0.0),
    ("reciprocal", (0.3 + 0.4j,), {}, 0.5),
    ("power", (-1.5, 2), {}, INF),
    ("power", (-1.5, -2), {}, 1.5),
    ("power", (0.25, 0.5), {}, 0.25),
    ("power", (-0.25, 0.5), {}, 0.0),
    ("power", (-0.25, 3.0), {}, 0.25),
    ("power", (-3.0 + 0.5j, 0.5), {}, 0.5),
    ("float_power", (0.25, 0.5), {}, 0.25),
    ("remainder", (2.5, 1.0), {}, 0.5 / 4),  # x = 3y: x and y move
    ("remainder", (2.5, 1), {}, 0.5),
    ("remainder", (0.2, 1), {}, 0.2),
    ("fmod", (0.2, 1), {}, 0.8),  # goes through 0 smoothly
    ("fmod", (-2.2, 1), {}, 0.2),
    ("modf", (1.75,), {}, 0.25),
    ("modf", (0.0,), {}, 1.0),
    ("absolute", (np.array([3.0, -0.125]),), {}, 0.125),
    ("absolute", (0.3 - 0.4j,), {}, 0.5),
    ("log", (0.5,), {}, 0.5),
    ("log", (-0.5,), {}, 0.0),
    ("log", (-0.5 + 0.25j,), {}, 0.25),
    ("log", (0.3 - 0.4j,), {}, 0.5),
    ("log1p", (-0.75,), {}, 0.25),
    ("sqrt", (0.0,), {}, 0.0),
    ("cbrt", (-0.2,), {}, 0.2),
    ("arcsin", (0.75,), {}, 0.25),
    ("arctanh", (-0.75,), {}, 0.25),
    ("arccosh", (1.5,), {}, 0.5),
    ("arccosh", (0.5 + 0.25j,), {}, 0.25),
    ("arctan", (3.0,), {}, INF),
    ("arctan", (0.25 + 2.0j,), {}, 0.25),
    ("arcsinh", (0.5j,), {}, 0.5),
    ("tan", (1.5,), {}, PI / 2 - 1.5),
    ("tan", (-PI / 2 + 0.5j,), {}, 0.5),
    ("tanh", (100.0,), {}, INF),
    ("tanh", (2j,), {}, 2 - PI / 2),
    ("sigmoid", (3j,), {}, PI - 3),
    ("hypot", (0.3, -0.4), {}, 0.4),  # the largest component: both move
    ("arctan2", (0.25, -3.0), {}, 0.25),
    ("arctan2", (0.25, 3.0), {}, 3.0),
    ("arctan2", (0, -3.0), {}, 3.0),
    ("unwrap", (np.array([0.0, 1.0]),), {"discont": None, "axis": -1, "period": 4.0}, 0.5),
    ("unwrap", (np.array([0.0, 5.5]),), {"discont": 5.0, "axis": -1, "period": 4.0}, 0.25),
    ("maximum", (1.0, 1.5), {}, 0.25),
    ("minimum", (1, 1.5), {}, 0.5),
    ("fmax", (2.0, 2.0), {}, 0.0),
    ("relu", (-0.25,), {}, 0.25),
    ("clip", (0.25, 0, 1), {}, 0.25),
    ("clip", (0.25, None, 1.25), {}, 0.5),
    ("clip", (-1.0, 0.0, 0.5), {}, 0.25),  # until the bounds meet
    ("clip", (0.25, -INF, INF), {}, INF),
    ("copysign", (0.5, -0.25), {}, 0.25),
    ("heaviside", (-0.5, 0.0), {}, 0.5),
    ("nan_to_num", (1.0,), {"nan": 0.0, "posinf": None, "neginf": None}, INF),
    ("nan_to_num", (NAN,), {"nan": 0.0, "posinf": None, "neginf": None}, 0.0),
    ("sort", (np.array([3.0, 1.0, 1.5]),), {"axis": -1}, 0.25),
    ("sort", (np.array([[3.0, 1.0], [3.0, 2.0]]),), {"axis": 1}, 0.5),
    ("sort", (np.array([1.0 + 5j, 1.25]),), {"axis": -1}, 0.125),  # real parts first
    ("partition", (np.array([3.0, 1.0, 1.5]),), {"kth": 2, "axis": 0}, 0.25),
    ("max", (np.array([0.0, 0.0, 3.0, 2.0]),), EXTREME, 0.5),
    ("max", (np.array([0.0, 3.0]),), EXTREME | {"initial": 2.75}, 0.25),
    ("max", (np.array([0.0, 3.0]),), EXTREME | {"initial": 3.5}, 0.5),
    ("max", (np.array([0.0, 3.0]),), EXTREME | {"initial": -INF}, 1.5),
    ("max", (np.array([[0.0], [3.0]]),), EXTREME | {"axis": 1}, INF),
    ("min", (np.array([0.0, 0.5, 3.0]),), EXTREME, 0.25),
    ("min", (np.array([0.0, 0.5, 3.0]),), EXTREME | {"where": np.arange(3) > 0}, 1.25),
    ("nanmax", (np.array([0.0, NAN, 3.0, 2.0]),), EXTREME, 0.5),
    ("maximum.accumulate", (np.array([1.0, 0.5, 2.0]),), {}, 0.25),
    ("minimum.accumulate", (np.array([1.0, 1.5, 2.0]),), {}, 0.25),
    ("maximum.at", (np.array([1.0, 5.0]), np.array([0.0, 1.5])), {"index": np.array([0, 0])}, 0.25),
    ("minimum.at", (np.array([1.0, 5.0]), np.array([6.0, 1.5])), {"index": np.array([1, 0])}, 0.25),
    ("norm", (np.array([[3.0, -4.0], [0.5, 0.0]]),), {"axis": (1,), "keepdims": False}, 0.5),
    ("std", (np.array([1.0, 1.5, 1.25]),), SPREAD, 0.25),
    ("std", (np.array([1.0]),), SPREAD, INF),
    ("logsumexp", (np.array([0.0, 1.0]),), {"axis": None, "keepdims": False}, INF),
    ("softmax", (np.array([0.0, 1j * PI]),), {"axis": -1}, 0.0),  # 1 - 1
    ("inv", (np.diag([3.0, -0.5]),), {}, 0.25),
    ("solve", (np.diag([3.0, -0.5]), np.ones(2)), {}, 0.25),
    ("slogdet", (np.zeros((2, 2)),), {}, 0.0),
    ("pinv", (np.diag([4.0, 0.5]),), {"rcond": 0.0}, 0.25),
    ("pinv", (np.diag([4.0, 0.75]),), {"rcond": 0.125}, 0.25 / (2 * 1.125)),
    ("cholesky", (np.diag([3.0, 0.5]),), {}, 0.25),
    ("cholesky", (np.diag([3.0, -0.5]),), {}, 0.0),
    ("eigh", (np.diag([3.0, 2.0]),), {"UPLO": "L"}, 0.25),
    ("eig", (np.diag([3.0, 2.0]),), {}, 0.25),
    ("svd", (np.diag([3.0, 2.0]),), {"full": False}, 0.25),
    ("svd", (np.diag([3.0, 0.5]),), {"full": False}, 0.25),
    ("svd", (np.ones((2, 3)),), {"full": True}, 0.0),  # up to rounding
    ("pinv", (np.outer([0.1, 0.7], [0.3, 0.9]),), {"rcond": 1e-15}, 0.0),
    ("qr", (np.array([[0.125], [3.0]]),), {}, 0.125),  # below 0 LAPACK turns the sign of R
    ("qr", (np.eye(2),), {}, 0.0),  # not reflected, unlike its neighbours
    ("gamma", (-1.25,), {}, 0.25),
    ("gamma", (2.5,), {}, 2.5),
    ("beta", (2.5, 0.5), {}, 0.5),
    ("binom", (-0.75, 5.0), {}, 0.25),
    ("zeta", (-1.25,), {"parameters": (2.0,)}, 0.25),
    ("zeta", (-1.25,), {"parameters": (2.5,)}, 0.0),
    ("xlogy", (0.0, 0.5), {}, 0.5),
    ("kl_div", (0.25, 0.5), {}, 0.25),
    ("logit", (0.75,), {}, 0.25),
    ("erfinv", (0.75,), {}, 0.25),
    ("ellipk", (0.75,), {}, 0.25),
    ("ellipk", (-9.0,), {}, 10.0),
    ("jv", (0.5,), {"parameters": (2.0,)}, INF),
    ("jv", (0.5,), {"parameters": (1.5,)}, 0.5),
    ("ive", (-0.5 + 2j,), {"parameters": (2.0,)}, 0.5),
    ("i0e", (-0.5,), {}, 0.5),
    ("hyp2f1", (0.75,), {"parameters": (0.5, 1.5, 2.5)}, 0.25),
    ("gammainc", (0.25,), {"parameters": (1.5,)}, 0.25),
    ("betainc", (0.75,), {"parameters": (1.5, 2.5)}, 0.25),
    ("expi", (-0.5,), {}, 0.5),
    ("expi", (-3 + 0.5j,), {}, 0.5),
    ("spence", (0.5,), {}, 0.5),
    ("sph_harm_y", (0.25, 1.0), {"n": 3, "m": 1}, 0.25),
    ("sph_harm_y", (0.25, 1.0), {"n": 3, "m": 2}, INF),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "params", "expected"), BY_HAND)
def test_by_hand(name, args, params, expected):
    assert distance(name, *args, **params) == pytest.approx(expected, rel=1e-12)


def test_zeros_of_the_normal_distribution():
    """The nearest zero of erfc is at -1.35481 ± 1.99147i (DLMF 7.13)."""
    zero = np.sqrt(2) * complex(1.354810128, 1.991466843)
    for name in ("normal_hazard", "log_ndtr"):
        for offset in (0.5, 0.01, -0.3j, 1 + 1j):
            assert 0 < distance(name, zero + offset) < abs(offset)
        assert distance(name, -30.0) == INF


def test_vocabulary():
    x = np.array([-3.0, 0.25, 9.0])
    np.testing.assert_array_equal(away_from(0.0, 8.0)(x), [3, 0.25, 1])
    np.testing.assert_array_equal(domain(0.0, 8.0)(x), [0, 0.25, 0])
    np.testing.assert_array_equal(outside_cut((0, -1))(x), [0, 0.25, 9])
    np.testing.assert_array_equal(poles(2.0, 1.0)(x), [0, 0.75, 0])
    np.testing.assert_array_equal(gaps(x), [1.625, 4.375])
    assert nearest(away_from(0.0), domain(high=9.5))(x) == 0.25


@pytest.mark.parametrize("name", sorted(n for n, p in PRIMITIVES.items() if p.kinks is not None))
def test_operands_that_are_not_finite_or_empty(name):
    p = PRIMITIVES[name]
    for args, params in p.sample(np.random.default_rng(7)):
        if not all(np.size(x) for x in args):
            assert distance(name, *args, **params) == INF
            continue
        first = np.array(args[0])
        for value in (NAN, INF, -INF):
            first.flat[0] = value
            if not (name.startswith("nan") and name != "nan_to_num" and np.isnan(value)):
                assert distance(name, first, *args[1:], **params) == 0, value


# -- the promise -----------------------------------------------------------------------------------


def cases():
    for p in registry:
        if p.name not in INTERNAL:
            for i, (args, params) in enumerate(p.sample(np.random.default_rng(7))):
                yield pytest.param(p.name, args, params, id=f"{p.name}-{i}")


def walk(name, args, params, rng):
    """h -> the outputs, as one vector, h along a direction in which no element is faster than 1."""
    p, ts = PRIMITIVES[name], []
    for x in args:
        t = rng.uniform(-1, 1, np.shape(x))
        if np.iscomplexobj(x):
            t = (t + 1j * rng.uniform(-1, 1, np.shape(x))) / np.sqrt(2)
        ts.append(t)

    def f(h):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                y = p.forward(*at(h), **params)
            except np.linalg.LinAlgError:
                return None
            if name in GAUGE:
                y = invariants(y)
        parts = [np.ravel(o) for o in (y if isinstance(y, tuple) else (y,))]
        y = np.concatenate(parts)
        return np.concatenate([y.real, y.imag])

    def at(h):
        return [x + h * t for x, t in zip(args, ts, strict=True)]

    return f, at


def invariants(y):
    """What does not depend on the order of eigenvalues and on the signs of vectors."""
    if len(y) == 3:  # u, s, vh
        return (y[0] ** 2, y[1], y[2] ** 2)
    w, v = y
    return np.einsum("...ik,...k,...jk->...ij", v, w, v.conj())


@pytest.mark.parametrize(("name", "args", "params"), list(cases()))
def test_samples_are_smooth_as_far_as_promised(name, args, params):
    """Central differences at h, h/2, h/4 converge as h² does, and no kink is within the distance.

    A sample at 0.02 or more leaves room for the steps of a check.
    """
    d = distance(name, *args, **params)
    assert d >= 0.02
    rng = np.random.default_rng(3)
    for _ in range(2):
        f, _ = walk(name, args, params, rng)
        h = min(0.05, d / 8)
        a, b, c = ((f(s) - f(-s)) / (2 * s) for s in (h, h / 2, h / 4))
        rounding = 1e-13 * np.linalg.norm(f(0.0)) / h + 1e-10 * np.linalg.norm(c)
        assert np.linalg.norm(b - c) <= 0.35 * np.linalg.norm(a - b) + rounding
        reach = min(0.98 * d, 0.5)
        assert breaks(f, -reach, reach) == []


# -- what no ``kinks`` announces -------------------------------------------------------------------

POINTS = 65


def breaks(f, low, high):
    """Where f, on a line, has a kink or a jump, or ends: what is left when one zooms in.

    There the third difference stands out: of a smooth function it falls with the cube of the step,
    but at a kink with the step itself.
    """
    step = (high - low) / (POINTS - 1)
    xs = np.linspace(low, high, POINTS)
    ys = [f(x) for x in xs]
    shape = max((np.shape(y) for y in ys if y is not None), default=(0,))
    ys = np.array([np.full(shape, NAN) if y is None else y for y in ys])
    with np.errstate(all="ignore"):
        bad = ~np.isfinite(ys)
        suspects = {int(k) for k in np.flatnonzero((bad[1:] != bad[:-1]).any(axis=1))}
        third = np.abs(np.diff(ys, 3, axis=0))
        scale = np.max(np.where(bad, 0, np.abs(ys)), axis=0, initial=0)
        window = np.lib.stride_tricks.sliding_window_view(third, 9, axis=0)
        others = np.sort(window, axis=-1)[..., 3]  # a pole lifts five of the nine
        stands_out = (window[..., 4] > 8 * others + 1e-10 * scale) & (
            window[..., 4] == window.max(axis=-1)
        )
    suspects |= {int(k) + 5 for k in np.flatnonzero(stands_out.any(axis=1))}
    if step < 1e-5:
        return [float(xs[k]) for k in sorted(suspects)]
    found = []
    for k in sorted(suspects)[:8]:
        found += breaks(f, xs[max(k - 3, 0)], xs[min(k + 4, POINTS - 1)])
    return found


LINES = [
    (abs, True), (np.sign, True), (np.cbrt, True), (np.sqrt, True), (lambda x: max(x, 0.1), True),
    (lambda x: np.log(abs(x)), True),
    (np.exp, False), (np.tanh, False), (lambda x: np.sin(9 * x), False),
    (lambda x: 1 / (x * x + 0.01), False), (lambda x: x**9, False), (lambda x: 0 * x, False),
]  # fmt: skip


@pytest.mark.parametrize(("f", "broken"), LINES)
def test_breaks_are_found(f, broken):
    with np.errstate(all="ignore"):
        found = breaks(lambda x: np.array([f(np.float64(x))]), -1.1, 1.0)
    assert bool(found) == broken
    assert all(abs(x) < 1e-3 or abs(x - 0.1) < 1e-3 for x in found)


@pytest.mark.parametrize("name", sorted(PRIMITIVES.keys() - INTERNAL))
def test_no_kink_is_unannounced(name):
    """Far walks through each sample: next to every break, ``kinks`` says that one is near."""
    rng, found = np.random.default_rng(3), 0
    for args, params in PRIMITIVES[name].sample(np.random.default_rng(8)):
        f, at = walk(name, args, params, rng)
        for x in breaks(f, -4.0, 4.3):
            assert distance(name, *at(x), **params) < 1e-3, (x, at(x))
            found += 1
    announced = PRIMITIVES[name].kinks is not None
    assert bool(found) == (announced and name not in ISOLATED), "the walk meets what there is"
