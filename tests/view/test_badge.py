"""``v.check()``: right rules get their badge, planted wrong ones are found, kinks are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from autograd_tape import Tape, TapeError, Variable, checkpoint, no_grad, primitive
from autograd_tape.primitive import Primitive, registry
from autograd_tape.primitives.exponential import sigmoid
from autograd_tape.primitives.structure import outputs
from autograd_tape.testing import programs
from autograd_tape.variable import as_value


def test_the_example():
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    found = ((a + b) * b).check()
    assert found.ok
    assert [(x.name, x.argument, x.right) for x in found.badges] == [
        ("v2", "a", True), ("v2", "b", True), ("v3", "v2", True), ("v3", "b", True)
    ]  # fmt: skip
    assert all(x.error is not None and x.error < 1e-12 for x in found.badges)
    lines = str(found).splitlines()
    assert lines[0] == "Check of the rules: 4 right, 0 wrong"
    assert lines[1].split() == ["name", "operation", "rule", "for", "verdict", "error"]
    assert lines[2].startswith("v2    add(a, b)        a         ✓")
    assert "✓" in found._repr_html_()


def wrong(vjp, jvp=None, forward=np.tanh) -> Primitive:
    p = Primitive(forward, name="planted")
    p.set_rules(vjps=(vjp,), jvps=(jvp,) if jvp else ())
    return p


@pytest.mark.parametrize(
    ("p", "what"),
    [
        (wrong(lambda ct, y, x: ct * (1 + y * y)), "reverse rule gives"),
        (wrong(lambda ct, y, x: ct * (1 - y * y), lambda t, y, x: t * y), "forward rule gives"),
        (wrong(lambda ct, y, x: ct * (1 - y * y) * (1 + 1e-6)), "reverse rule gives"),
        (wrong(lambda ct, y, x: 1 / 0), "ZeroDivisionError"),
        (wrong(lambda ct, y, x: (ct * (1 - y * y))[:2]), "adjoint of shape (2,)"),
    ],
)
def test_a_planted_rule_is_found_among_right_ones(p, what):
    x = Variable(np.array([0.3, -0.6, 1.2, 0.1]), name="x")
    found = np.sum(np.sin(p(x * 2.0)) * x).check()
    assert not found.ok
    assert [b.call for b in found.wrong] == ["planted(v1)"]
    assert what in found.wrong[0].verdict
    assert str(found).count("✗") == 1


def test_one_wrong_element_of_many():
    p = wrong(lambda ct, y, x: np.where(np.arange(x.size) == 777, 0.99, 1.0) * ct, forward=np.copy)
    assert not p(Variable(np.linspace(0.0, 1.0, 1000))).check().ok


def test_not_checked_and_why():
    x = Variable(np.array([0.0, -1.0, 2.0]), name="x")
    found = np.sum(np.abs(x)).check()
    assert [b.right for b in found.badges] == [None, True]
    assert found.badges[0].verdict == "not checked: at a kink"
    assert found.ok
    assert "1 right, 0 wrong, 1 not checked" in str(found)
    bad = (Variable(np.array([np.nan, 1.0])) * 2.0).check()
    assert "not finite" in bad.badges[0].verdict
    through = checkpoint(lambda y: np.sin(y) * 2.0)(x).check()
    assert "a sweep of its own" in through.badges[0].verdict
    values, _ = np.linalg.eigh(Variable(np.array([[1.0, 0.3], [0.3, 2.0]]), name="m"))
    assert [b.right for b in np.sum(values).check().badges] == [True, None, True]
    values, _ = np.linalg.eigh(Variable(np.diag([1.0, 2.0]), name="m"))
    sign = np.sum(values).check().badges[0]  # of the eigenvectors: LAPACK's choice
    assert sign.verdict == "not checked: its value jumps here"

    @primitive
    def ruleless(x):
        return x**3

    assert "has no rule" in ruleless(x).check().badges[0].verdict


def test_every_primitive_of_the_package_gets_its_badge():
    rng = np.random.default_rng(0)
    for p in registry:
        if p.sample is None:
            continue
        args, params = next(iter(p.sample(rng)))
        floats = [
            Variable(x) if np.asarray(x).dtype.kind in "fc" and not isinstance(x, str) else x
            for x in args
        ]
        y = p(*floats, **params)
        first = outputs(y)[0] if isinstance(as_value(y), tuple) else y
        found = first.check()
        assert found.ok, f"{p.name}\n{found}"


@given(programs(margin=0.0))
def test_no_rule_of_a_random_program_is_called_wrong(program):
    f = program(*map(Variable, program.leaves))
    if isinstance(f, Variable):
        found = f.check()
        assert found.ok, str(found)


def test_nothing_is_left_on_the_active_tape():
    x = Variable(1.0, name="x")
    with Tape() as tape:
        y = np.sin(x) * 2.0
        n = len(tape)
        assert y.check().ok
        assert len(tape) == n
    assert tape.gradient(y, [x])[0] == pytest.approx(2 * np.cos(1.0))
    z = x * x
    with no_grad():
        assert z.check().ok


def test_long_tapes_are_looked_at_from_the_end():
    y = Variable(1.0, name="x")
    for _ in range(300):
        y = np.sin(y)
    found = y.check(limit=100)
    assert len(found.badges) == 100
    assert found.older == 200
    assert "200 older operations were not looked at" in str(found)
    assert "… 40 more …" in str(found)


def test_a_freed_tape_is_an_error():
    x = Variable(2.0)
    with Tape() as tape:
        y = x * x
    tape.gradient(y, [x])
    with pytest.raises(TapeError, match="were freed"):
        y.check()


def test_it_needs_neither_hypothesis_nor_pytest():
    code = (
        "import sys; sys.modules['hypothesis'] = sys.modules['pytest'] = None\n"
        "from autograd_tape import Variable; x = Variable(2.0)\nprint((x * x).check().ok)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        cwd=Path(__file__).parents[2], check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "True"


def test_an_infinite_value_is_not_checked_and_gives_no_warning():
    z = Variable(-800.0, name="z")
    with np.errstate(all="ignore"):
        f = np.log(sigmoid(z))
    assert [x.why for x in f.check().badges] == ["", "a value that is not finite"]
