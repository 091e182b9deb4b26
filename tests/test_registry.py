"""Every primitive of the package, from the registry: nothing is listed by hand."""

import pytest

from autograd_tape.primitive import registry
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
