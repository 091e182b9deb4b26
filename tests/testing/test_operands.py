"""The strategies give what they promise, and shrink."""

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autograd_tape.special  # noqa: F401 (registers its primitives)
from autograd_tape.primitive import registry
from autograd_tape.testing import arrays, broadcastable, operands_for
from autograd_tape.testing.kinks import distance
from autograd_tape.testing.operands import LAYOUTS, with_layout

PRIMITIVES = {p.name: p for p in registry}
FEW = settings(max_examples=60, deadline=None, database=None)


@pytest.mark.parametrize(
    ("dtype", "domain", "inside"),
    [
        (np.float64, "real", lambda x: abs(x) <= 2),
        (np.float32, "positive", lambda x: (x > 0) & (x <= 2)),
        (np.float64, "unit", lambda x: abs(x) < 1),
        (np.float32, "probability", lambda x: (x > 0) & (x < 1)),
        (np.float64, "nonzero", lambda x: (x != 0) & (abs(x) <= 2)),
        (np.float64, (0.1, 0.29), lambda x: (x > 0.1) & (x < 0.29)),
        (np.float64, (0.001, 0.002), lambda x: (x > 0.001) & (x < 0.002)),
        (np.complex128, "positive", lambda x: x.real > 0),
        (np.complex64, "nonzero", lambda x: x != 0),
    ],
)
def test_dtype_and_domain(dtype, domain, inside):
    @FEW
    @given(arrays(dtype=dtype, domain=domain))
    def check(x):
        assert x.dtype == dtype
        assert np.all(inside(x))
        assert x.ndim <= 3
        assert all(n <= 4 for n in x.shape)

    check()


LAID_OUT = {
    "C": lambda x: x.flags.c_contiguous,
    "Fortran": lambda x: x.flags.f_contiguous and not x.flags.c_contiguous,
    "read-only": lambda x: not x.flags.writeable and x.flags.c_contiguous,
    "reversed": lambda x: all(s < 0 for s in x.strides) and x.ndim > 1,
    "strided": lambda x: x.ndim > 0 and x.strides[-1] == 2 * x.itemsize,
    "broadcast": lambda x: x.size > 1 and 0 in x.strides,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_drawn(layout):
    x = find(arrays((2, 3)), LAID_OUT[layout], settings=settings(max_examples=5000, database=None))
    np.testing.assert_array_equal(x, np.zeros((2, 3)))  # the smallest values, in that layout


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (0,), (2, 0)])
def test_layouts_keep_shape_dtype_and_values(layout, shape):
    x = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    y = with_layout(x, layout)
    assert y.shape == x.shape
    assert y.dtype == x.dtype
    if layout != "broadcast":
        np.testing.assert_array_equal(y, x)


def test_layouts_can_be_left_out():
    @FEW
    @given(arrays(layouts=False))
    def check(x):
        assert x.flags.c_contiguous
        assert x.flags.writeable

    check()


def test_shapes_include_0_d_and_size_0():
    options = settings(database=None)
    assert find(arrays(), lambda x: x.ndim == 0, settings=options).shape == ()
    assert find(arrays(), lambda x: x.size == 0 and x.ndim > 1, settings=options).size == 0
    assert find(arrays(), lambda x: x.ndim == 3 and x.size > 0, settings=options).ndim == 3


def test_shrinks_to_short_values():
    x = find(
        arrays((3,)), lambda x: x[1] > 0.555, settings=settings(max_examples=5000, database=None)
    )
    assert repr(x) == "array([0.  , 0.56, 0.  ])"
    x = find(
        arrays((1,), domain="positive"),
        lambda x: True,
        settings=settings(max_examples=5000, database=None),
    )
    assert x[0] == 1.0


def test_strategies_for_shape_and_dtype():
    shapes, dtypes = st.sampled_from([(2,), (2, 2)]), st.sampled_from([np.float32, np.complex64])

    @FEW
    @given(arrays(shapes, dtype=dtypes, unique=True))
    def check(x):
        assert x.shape in {(2,), (2, 2)}
        assert x.dtype in {np.dtype(np.float32), np.dtype(np.complex64)}
        assert len(set(x.ravel().tolist())) == x.size

    check()


@pytest.mark.parametrize("options", [{"domain": "odd"}, {"domain": (1, 1)}, {"dtype": int}])
def test_what_cannot_be_drawn_is_refused(options):
    with pytest.raises(ValueError, match="arrays: "):
        find(arrays((1,), **options), lambda x: True)


def test_broadcastable_operands():
    @FEW
    @given(broadcastable(3, dtype=st.sampled_from([np.float32, np.float64]), min_side=1))
    def check(operands):
        assert len(operands) == 3
        assert len({x.dtype for x in operands}) == 1
        np.broadcast_shapes(*(x.shape for x in operands))

    check()
    x, y = find(broadcastable(), lambda xy: xy[0].shape != xy[1].shape,
                settings=settings(max_examples=5000, database=None))  # fmt: skip
    assert x.size <= 1
    assert y.size <= 1


@pytest.mark.parametrize("name", [p.name for p in registry if p.sample is not None])
def test_operands_for_every_primitive(name):
    """They are valid, and no draw is near a kink."""
    p = PRIMITIVES[name]

    @settings(max_examples=8, deadline=None, database=None)
    @given(operands_for(p))
    def check(call):
        args, params = call
        assert distance(p, args, params) > 0.02
        output = p(*args, **params)
        for y in output if isinstance(output, tuple) else (output,):
            assert np.all(np.isfinite(y))

    check()


@pytest.mark.parametrize("name", ["add", "maximum", "cholesky", "clip", "where"])
def test_narrow_operands(name):
    @FEW
    @given(operands_for(PRIMITIVES[name], narrow=True))
    def check(call):
        for x in call[0]:
            assert x.dtype in {np.dtype(np.float32), np.dtype(np.complex64)}

    check()


def test_operands_move_and_change_their_layout():
    sine = operands_for(PRIMITIVES["sin"])
    options = settings(database=None)
    assert find(sine, lambda call: call[0][0].strides[0] < 0, settings=options)
    still, _ = next(iter(PRIMITIVES["sin"].sample(np.random.default_rng(0))))
    (moved,), _ = find(
        sine, lambda call: not np.any(np.isin(call[0][0], still[0])), settings=options
    )
    assert np.max(abs(moved)) < 3
