"""Random programs: valid, away from kinks, runnable as printed, and small when they fail."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings

from autograd_tape import Variable, vjp
from autograd_tape.primitive import registry
from autograd_tape.testing import Program, programs
from autograd_tape.testing.anchored import Anchored
from autograd_tape.testing.kinks import distance
from autograd_tape.testing.operations import ALL, Operation
from autograd_tape.testing.program import _Decoder
from autograd_tape.testing.templates import literal
from autograd_tape.variable import as_value
from tests.counting import calls

QUIET = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def some(n, strategy, seed=0):
    """``n`` programs, always the same."""
    found = []

    @settings(max_examples=n, derandomize=True, phases=[Phase.generate], **QUIET)
    @given(strategy)
    def collect(program):
        found.append(program)

    collect()
    return found


def only(template):
    """The smallest program that applies one operation."""
    strategy = programs(operations=[Operation(template)])
    return find(strategy, len, settings=settings(database=None))


def close(a, b, dtype=np.float64):
    tolerance = 1e-4 if np.dtype(dtype).itemsize < 8 else 1e-10
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# -- one program ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"complex": True}, {"dtype": np.float32}, {"depth": 3, "leaves": (2, 2)}],
    ids=["real", "complex", "narrow", "short"],
)
def test_source_runs_by_itself_and_gives_the_same(options):
    for program in some(100, programs(**options)):
        scope = {}
        exec(program.source, scope)
        value = program(*program.leaves)
        close(scope["f"](*(scope[name] for name in program.names)), value, np.asarray(value).dtype)
        for name, leaf in zip(program.names, program.leaves, strict=True):
            np.testing.assert_array_equal(scope[name], leaf)
            assert scope[name].dtype == leaf.dtype
        recorded = as_value(program.record())
        close(recorded, value, options.get("dtype", np.float64))
        assert np.shape(recorded) == np.shape(value)
        assert len(program) <= options.get("depth", 8)
        kind = np.asarray(value).dtype.kind
        assert kind in ("fc" if options.get("complex") else "f")


def test_prints_as_source_and_tape():
    program = only("np.sum({0}, axis={axes})")
    assert repr(program) == program.source + "\n" + "".join(
        f"# {line}\n" for line in str(program.record().tape).splitlines()
    )
    assert "import numpy as np\n\nx0 = np.array(" in repr(program)
    assert "    v0 = np.sum(x0, axis=" in repr(program)
    scope = {}
    exec(repr(program), scope)  # the tape is a comment


def test_prints_even_where_it_cannot_be_recorded():
    operation = Operation("np.array([{0}])")  # refused by Variables
    decoder = _Decoder([np.array(0.5)], is_complex=False, margin=0.02, smooth=True)
    assert decoder.take(operation, (0,), (0,))
    assert "# not recorded: TypeError: a Variable cannot" in repr(decoder.program())


def test_runs_with_other_modules():
    class Loud:
        def __getattr__(self, name):
            calls.append(name)
            return getattr(np, name)

    calls = []
    program = only("np.sin({0})")
    close(program.run({"np": Loud()}, *program.leaves), np.sin(program.leaves[0]))
    assert calls == ["sin"]


def test_what_the_result_does_not_need_is_left_out():
    leaves = [np.array(0.5), np.array(1.5)]
    decoder = _Decoder(leaves, is_complex=False, margin=0.02, smooth=True)
    for operation in (Operation("np.sin({0})"), Operation("np.cos({0})")):
        assert decoder.take(operation, (0,), (0,))
    program = Program(leaves, decoder.steps[:1], [(2, False)])
    assert program.code == "def f(x0):\n    v0 = np.sin(x0)\n    return v0\n"
    assert program.leaves == [leaves[1]]
    assert program.operations == ["np.sin({0})"]
    assert decoder.program().code.count("v1") == 2  # the last; v0 is its operand


def test_unused_results_are_added_up():
    decoder = _Decoder([np.array([0.5, 0.7])], is_complex=False, margin=0.02, smooth=True)
    assert decoder.take(Operation("np.sin({0})"), (0,), (0,))
    assert decoder.take(Operation("np.outer({0}, {1})"), (2, 2), (0,))
    assert decoder.take(Operation("np.resize({0}, 3)"), (2,), (0,))
    assert "return " in decoder.program().code


@pytest.mark.parametrize(
    "array",
    [np.array(0.5), np.array([[0.25, -1.0]], np.float32), np.array([1 - 2.5j, 3]),
     np.array(0.1, np.float32), np.zeros((2, 0)), np.zeros(0), np.array([1e-7])],
)  # fmt: skip
def test_literals(array):
    again = eval(literal(array), {"np": np})
    np.testing.assert_array_equal(again, array)
    assert again.dtype == array.dtype
    assert again.shape == array.shape


# -- what is drawn --------------------------------------------------------------------------------


def test_no_recorded_call_is_near_a_kink():
    for program in some(150, programs(margin=0.03)):
        for entry, values in calls_of(program):
            assert distance(entry.primitive, values, entry.params) > 0.0299


def calls_of(program):
    """Each recorded entry with the values of its inputs."""
    from autograd_tape.entry import Entry, linearize
    from autograd_tape.replay import primals

    result = program.record()
    order = linearize(result._entry)
    values = primals(order)
    # What adds the branches up at the end is smooth, so all entries may be asked.
    return [
        (e, [values[x] if isinstance(x, Entry) else x for x in e.inputs])
        for e in order
        if e.primitive is not None
    ]


def test_filters():
    chosen = programs(operations=lambda op: not op.in_place and "np.linalg" not in op.template)
    for program in some(100, chosen):
        assert "np.linalg" not in program.code
        assert "] *=" not in program.code
    for program in some(50, programs(anchored=False)):
        assert not any(isinstance(step.operation, Anchored) for step in program.steps)
    for program in some(20, programs(operations=[Operation("np.sin({0})")])):
        assert set(program.operations) <= {"np.sin({0})"}
    with pytest.raises(ValueError, match="no operation is left"):
        programs(operations=lambda op: False)


def test_names_and_in_place():
    operation = Operation("{out} = {0}.copy(); {out}[1:] *= np.linalg.det(np.eye(2))")
    assert operation.names == ("np.linalg.det", "np.eye")
    assert operation.in_place
    assert not Operation("np.sum({0}[0])").in_place
    inverse = next(op for op in ALL if op.name == "np.linalg.inv({0})")
    assert set(inverse.names) == {"np.linalg.inv", "np.array", "np.tanh", "np.resize"}


def test_most_genes_become_steps_and_all_operations_appear(monkeypatch):
    asked, taken = Counter(), Counter()
    take = _Decoder.take

    def counting(self, operation, *gene):
        done = take(self, operation, *gene)
        asked[operation.name] += 1
        taken[operation.name] += done
        return done

    monkeypatch.setattr(_Decoder, "take", counting)
    found = some(2000, programs())
    assert taken.total() >= 5 / 8 * asked.total()
    assert np.mean([len(p) for p in found]) > 4
    real = {op.name for op in ALL if not op.is_complex}
    assert len(real & {name for name, n in taken.items() if n}) >= 0.95 * len(real)
    shared = sum(max(Counter(i for s in p.steps for i in s.operands).values(), default=0) > 1
                 for p in found)  # fmt: skip
    assert shared > len(found) / 4  # nodes that several steps read


def test_names_of_operations_are_unique():
    names = [op.name for op in ALL]
    assert len(names) == len(set(names)), [n for n in names if names.count(n) > 1]


# -- every primitive is reached -------------------------------------------------------------------

INTERNAL = {
    "average_ties": "only in rules: ties of sort",
    "beta_density": "only in rules: the slope of betainc",
    "cofactor": "only in rules: the slope of det",
    "gamma_density": "only in rules: the slope of gammainc",
    "hurwitz_zeta": "only in rules: the slope of psi at complex numbers",
    "normal_hazard": "only in rules: the slope of log_ndtr",
    "permute": "only in rules: sort and partition",
    "relu": "called by nn.functional, not under a name of NumPy's",
    "shift": "only in rules: cumulative functions",
    "sigmoid": "called by nn.functional, not under a name of NumPy's",
}


def test_every_primitive_is_recorded_by_some_operation():
    rng = np.random.default_rng(0)
    shapes = [(), (3,), (2, 3), (3, 3), (2, 2), (2, 3, 2), (4,), (1,)]
    real = [np.array(np.round(rng.uniform(-2, 2, shape), 2)) for shape in shapes]
    wide = [x + 1j * x[..., ::-1] if x.ndim else x + 0.3j for x in real]
    reached = set()
    for operation in ALL:
        fits = 0
        for leaves in (real, wide):
            for i in range(5):
                decoder = _Decoder(
                    leaves, is_complex=leaves is wide or operation.is_complex, margin=0.02,
                    smooth=True,
                )  # fmt: skip
                if decoder.take(operation, (i, i + 1), (i, i + 1, i + 2)):
                    fits += 1
                    reached |= {e.primitive.name for e, _ in calls_of(decoder.program())}
        assert fits, f"{operation} never fits"
    ours = {p.name for p in registry}
    assert ours - reached == set(INTERNAL) & ours
    assert reached <= ours


# -- a wrong rule is found, and shown small -------------------------------------------------------


def wrong(program):
    """Whether the vjp differs from a central difference along one direction."""
    rng = np.random.default_rng(0)
    y, pullback = vjp(program, *program.leaves)
    ct = rng.standard_normal(np.shape(y))
    along = [rng.standard_normal(np.shape(x)) for x in program.leaves]
    back = pullback(np.asarray(ct))
    back = back if isinstance(back, tuple) else (back,)
    got = sum(np.sum(b * d) for b, d in zip(back, along, strict=True))
    h = 1e-5
    plus, minus = (
        program(*(np.asarray(x + s * d) for x, d in zip(program.leaves, along, strict=True)))
        for s in (h, -h)
    )
    expected = np.sum(ct * (plus - minus)) / (2 * h)
    return not abs(got - expected) <= 1e-4 * max(1.0, abs(expected))


@pytest.mark.parametrize("name", ["tanh", "sort", "setitem"])
def test_a_wrong_rule_shrinks_to_a_short_program(name):
    primitive = next(p for p in registry if p.name == name)
    rules = primitive.vjps
    smallest = []

    @settings(max_examples=2000, derandomize=False, report_multiple_bugs=False, **QUIET)
    @given(programs())
    def check(program):
        if wrong(program):
            smallest.append(program)
            raise AssertionError

    def planted(rule):
        return lambda ct, *args, **params: 1.01 * rule(ct, *args, **params)

    primitive.set_rules(vjps=tuple(map(planted, rules)))
    try:
        # Where one search gets stuck depends on numbers that Hypothesis reads off our sources.
        for n in range(5):
            with pytest.raises(AssertionError):
                seed(n)(check)()
            if len(smallest[-1]) <= 2:
                break
    finally:
        primitive.set_rules(vjps=rules)
    program = smallest[-1]
    assert len(program) <= 2
    assert any(e.primitive is primitive for e, _ in calls_of(program))


def test_right_rules_pass():
    for program in some(200, programs()):
        assert not wrong(program), program


def test_programs_are_drawn_quickly():
    """In 20 ms, which are 50,000 calls of functions."""
    some(20, programs())  # the constants of anchored operations are made once
    assert calls(lambda: some(100, programs())) / 100 < 50_000


def test_variables_and_arrays_give_the_same_types():
    for program in some(50, programs()):
        result = program(*(Variable(x) for x in program.leaves))
        assert isinstance(result, Variable)
        assert result.dtype == np.asarray(program(*program.leaves)).dtype
