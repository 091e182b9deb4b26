"""Every primitive of the package, from the registry: nothing is listed by hand."""

from itertools import product

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.primitive import registry
from autograd_tape.record import FALLBACK, binary, unary
from autograd_tape.variable import as_value
from tests.engine import INTERNAL, PRIMITIVES, checks, oracle, samples
from tests.pins import CORNERS, PINS


def cases():
    for p in PRIMITIVES:
        for check in checks(p):
            yield pytest.param(check.run, id=f"{p.name}-{check.name}")


@pytest.mark.parametrize("run", list(cases()))
def test_check(run):
    run()


def test_every_primitive_has_rules_and_names_are_unique():
    for p in registry:
        assert p.vjps, p.name
        assert p.jvps, p.name
        assert p.sample is not None or p.name in INTERNAL, f"{p.name} has no sample"
    names = [p.name for p in registry]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)


def test_every_pin_and_corner_is_of_a_primitive():
    names = {p.name for p in PRIMITIVES}
    assert {pin.primitive for pin in PINS} <= names
    assert {name for name, _, _ in CORNERS} <= names


def test_every_primitive_is_measured_by_an_oracle():
    def measured(p):
        return any(oracle(p, args, params) for args, params in samples(p))

    assert [p.name for p in PRIMITIVES if not measured(p)] == []


KINDS = ["e", "f", "d", "g", "F", "D", "G", "l", float, complex, int]  # of NumPy and of Python
CONFORMING = [p for p in PRIMITIVES if p.conforming]


def operand(x, kind):
    """A Variable of this dtype, or of a Python number; integers are not differentiated."""
    x = np.asarray(x).astype(kind)[()] if isinstance(kind, str) else kind(np.ravel(x)[0])
    return Variable(x) if np.result_type(x).kind in "fc" else x


def like(x):
    return type(x), np.shape(x), getattr(x, "dtype", None)


@pytest.mark.filterwarnings("ignore")  # outside the domain, float16 that overflows
@pytest.mark.parametrize("p", CONFORMING, ids=lambda p: p.name)
def test_rules_give_what_the_adjoint_is_where_an_argument_is_like_the_output(p):
    """The sweep does not look at such a contribution (``Primitive.conforming``)."""
    n, looked_at = len(p.vjps), 0
    record = unary(p) if n == 1 else binary(p)
    for kinds in product(KINDS, repeat=n):
        for args, _ in samples(p):
            vs = [operand(x, kind) for x, kind in zip(args, kinds, strict=True)]
            xs = [as_value(v) for v in vs]
            try:
                v = record(*vs)
            except TypeError:  # NumPy has no such loop
                continue
            if not isinstance(v, Variable):
                continue
            output = v.value
            ct = 0.5 * output
            assert like(ct) == like(output)
            for x, rule in zip(vs, p.vjps, strict=True):
                if isinstance(x, Variable) and x._entry.aval is v._entry.aval:
                    try:
                        c = rule(ct, output, *xs)
                    except FALLBACK:  # the sweep asks again, with numbers of NumPy's
                        continue
                    assert like(c) == like(ct), (kinds, xs)
                    looked_at += 1
    assert looked_at >= 5
