"""Every primitive, compiled: the registry's own samples, against the engine to the last bit."""

import numpy as np
import pytest

from autograd_tape import Variable, compile, value_and_grad
from autograd_tape.primitives.structure import outputs
from autograd_tape.program.step import Guard
from autograd_tape.variable import as_value
from tests.engine import PRIMITIVES, python_floats, samples
from tests.program.agreement import assert_same

# The number of terms of their series depends on the operands: a guard on an int.
LOOPS = {"i0", "hurwitz_zeta", "psi"}


def scalar_of(p, params):
    """Σ w·y over all outputs, of complex ones both parts."""

    def f(*args):
        y = p(*args, **params)
        total = 0.0
        for part in outputs(y) if isinstance(as_value(y), tuple) else (y,):
            shape, dtype = np.shape(as_value(part)), np.result_type(as_value(part))
            if dtype.kind not in "fc":
                continue
            w = np.random.default_rng(1).uniform(0.5, 1.0, shape)
            w = w.astype(np.zeros((), dtype).real.dtype)[()]
            total = total + np.sum(np.real(part * w))
            if dtype.kind == "c":
                total = total + np.sum(np.imag(part * w))
        return total

    return f


def differentiated(p, args):
    return tuple(
        i for i, x in enumerate(args)
        if np.result_type(x).kind in "fc" and p.rule("vjp", i) is not None
    )  # fmt: skip


def cases():
    for p in PRIMITIVES:
        for k, (args, params) in enumerate(samples(p)):
            if differentiated(p, args):
                yield pytest.param(p, args, params, id=f"{p.name}-{k}")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("p", "args", "params"), list(cases()))
def test_program_and_source_give_what_the_engine_gives(p, args, params):
    f, argnums = scalar_of(p, params), differentiated(p, args)
    wanted = value_and_grad(f, argnums)(*args)
    if type(wanted[0]) is Variable:
        pytest.skip("its sample holds a Variable")
    program = compile(f, *args, argnums=argnums)
    assert_same(program(*args), wanted)
    assert program.recordings == 1, "a call at the same arguments was recorded anew"

    space = {}
    exec(program.source, space)
    plain = [x for x in args if isinstance(x, (float, complex, np.ndarray, np.generic))]
    value, *gradient = space[program.name](*plain, **program.constants)
    assert_same((value, tuple(gradient)), wanted)

    asked = {s.function.ask for s in program.latest.graph.steps if type(s.function) is Guard}
    allowed = {bool, np.shape, type} | ({int} if p.name in LOOPS else set())
    assert asked <= allowed, "the program holds for these values only"


def float_cases():
    for p in PRIMITIVES:
        for i, (call, xs) in enumerate(python_floats(p)):
            yield pytest.param(p, call, xs, id=f"{p.name}-{i}")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("p", "call", "xs"), list(float_cases()))
def test_python_floats(p, call, xs):
    """Near the sample no other recording is needed: what C computes is part of the program."""
    argnums = tuple(i for i in range(len(xs)) if p.rule("vjp", i) is not None)
    program = compile(call, *xs, argnums=argnums)
    for factor in (1.0, 1.0 + 1e-9, 1.0 - 1e-9):
        args = tuple(x * factor for x in xs)
        assert_same(program(*args), value_and_grad(call, argnums)(*args))
    if p.name not in LOOPS | {"modf"}:  # (math.modf gives two numbers)
        assert program.recordings == 1
