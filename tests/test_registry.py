"""Every primitive of the package, from the registry: nothing is listed by hand."""

import numpy as np
import pytest

import autograd_tape.special  # noqa: F401 (registers its primitives)
from autograd_tape import Variable
from autograd_tape.primitive import registry
from autograd_tape.primitives.structure import outputs
from autograd_tape.replay import evaluate
from autograd_tape.testing import check_grads
from autograd_tape.variable import as_value

INTERNAL = {"pick"}  # takes what only a primitive with several outputs produces


def cases():
    for p in registry:
        if p.name in INTERNAL:
            continue
        assert p.sample is not None, f"{p.name} has no sample"
        for i, (args, params) in enumerate(p.sample(np.random.default_rng(7))):
            yield pytest.param(p, args, params, id=f"{p.name}-{i}")


@pytest.mark.parametrize(("p", "args", "params"), list(cases()))
def test_rules_agree_with_differences(p, args, params):
    check_grads(lambda *a: outputs_of(p(*a, **params)), args, rtol=1e-5)


def outputs_of(y):
    """The outputs of a primitive that has several, apart."""
    several = isinstance(y, tuple) or isinstance(as_value(y), tuple)
    return outputs(y) if several else y


@pytest.mark.parametrize(("p", "args", "params"), list(cases()))
def test_one_entry_that_replays(p, args, params):
    before = [np.array(a) for a in args]
    variables = [Variable(a) for a in args]
    y = p(*variables, **params)
    entry = y._entry
    assert entry.primitive is p
    assert entry.parents == [v._entry for v in variables]
    again = evaluate(entry, [v._value for v in variables])
    for a, b in zip(_tuple(again), _tuple(as_value(y)), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)


def _tuple(x):
    return x if isinstance(x, tuple) else (x,)


def test_every_primitive_has_rules_and_names_are_unique():
    for p in registry:
        assert p.vjps, p.name
        assert p.jvps, p.name
    names = [p.name for p in registry]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
