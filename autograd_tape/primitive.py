"""A primitive: a function with a rule for each argument, and the act of recording a call of it.

``record`` computes the primal value and appends one entry; ``unary`` and ``binary`` do the same for
one and two arguments, written out because this is the hot path: a small operation costs about as
much in Python as in NumPy.  ``pull`` reads the rules of an entry during the reverse sweep.

What an entry keeps is read off the rules themselves: a rule that never looks at ``x`` (or only at
its shape and dtype) does not keep ``x`` alive, and is handed the entry of ``x`` in its place.

Next to read: :mod:`autograd_tape.tape`.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from .tape import Entry, TapeError, active, next_index
from .variable import Variable

__all__ = ["Primitive", "differentiable_functions", "primitive", "registry"]

Rule = Callable[..., Any]
Call = tuple[tuple[Any, ...], dict[str, Any]]  # the arguments and keywords of one sample call
Sample = Callable[[Any], Iterable[Call]]  # of a np.random.Generator (slow to import: not named)

registry: list[Primitive] = []  # every primitive of the package, in order of definition


_NEEDS = ("needs", "needs_output", "needs_x", "needs_y")


class Primitive:
    """A function that is recorded as one entry.

    forward   computes the primal value from plain values: positional arguments are operands,
              keyword arguments are static parameters
    scalar    the same for Python floats, where something faster than NumPy exists
    vjps      ``rule(ct, output, *args, **params)``: the adjoint of one argument, given that of the
              output.  One rule per positional argument (None: not differentiable in it), or a
              single function ``rule(i, ct, output, *args, **params)`` for any number of them
    jvps      the same with the tangent of that argument, giving its share of the output's tangent
    batched   rules may return leading (batch) axes that the argument was broadcast over
    sample    valid calls for the tests: ``sample(rng)`` gives pairs of arguments and keywords
    """

    __slots__ = (
        "__dict__", "_operands", "arity", "batched", "forward", "joint", "jvps", "name", "needs",
        "needs_output", "needs_x", "needs_y", "sample", "scalar", "vjp_x", "vjp_y", "vjps",
    )  # fmt: skip

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        name: str | None = None,
        scalar: Callable[..., Any] | None = None,
        batched: bool = False,
        sample: Sample | None = None,
    ) -> None:
        self.forward = forward
        self.name: str = name or forward.__name__
        self.scalar = scalar or forward
        self.batched = batched
        self.sample = sample
        self.vjps: tuple[Rule | None, ...] | Rule = ()
        self.jvps: tuple[Rule | None, ...] | Rule = ()
        self.arity = 0  # 1 or 2 where the sweep can read the rules by itself
        # Reverse and forward rule for all inputs at once (checkpoint): they see the entry itself.
        self.joint: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        self.__doc__ = forward.__doc__
        self.__name__ = self.name
        self._operands: list[str] | None = None

    # -- rules ---------------------------------------------------------------------------------

    def defvjp(self, *rules: Rule | None) -> Primitive:
        """One reverse rule per positional argument: ``rule(ct, output, *args, **params)``."""
        self._require_arity(rules)
        self.set_rules(vjps=rules)
        return self

    def defjvp(self, *rules: Rule | None) -> Primitive:
        """One forward rule per positional argument: ``rule(x_dot, output, *args, **params)``."""
        self._require_arity(rules)
        self.set_rules(jvps=rules)
        return self

    def set_rules(self, *, vjps: Any = None, jvps: Any = None) -> None:
        """Rules without the look at the signature that users' own deserve."""
        if vjps is not None:
            self.vjps = vjps
            fixed = isinstance(vjps, tuple) and None not in vjps
            self.arity = len(vjps) if fixed and len(vjps) < 3 else 0
            if self.arity:
                self.vjp_x, self.vjp_y = vjps[0], vjps[-1]
        if jvps is not None:
            self.jvps = jvps
        for known in _NEEDS:
            with suppress(AttributeError):
                delattr(self, known)

    def linear(self, *which: int) -> Primitive:
        """Forward rules for arguments in which the function is linear: itself, at the tangent."""

        def rule_for(i: int) -> Rule:
            def rule(x_dot: Any, output: Any, *args: Any, **params: Any) -> Any:
                return self(*args[:i], x_dot, *args[i + 1 :], **params)

            return rule

        rules = [rule_for(i) if i in which else None for i in range(max(which) + 1)]
        # Of the other operands everything is needed; the argument itself is not looked at.
        for i, rule in enumerate(rules):
            if rule is not None:
                rule.reads = {j for j in range(len(rules)) if j != i}  # type: ignore[attr-defined]
        self.jvps = tuple(rules)
        return self

    def _require_arity(self, rules: tuple[Rule | None, ...]) -> None:
        known = _positional(self.forward)
        if known is not None and len(rules) != known:
            raise TypeError(
                f"{self.name} has {known} positional arguments but was given {len(rules)} rules; "
                "give one rule per positional argument, None where it is not differentiable"
            )

    def rule(self, mode: str, i: int) -> Rule | None:
        """The ``"vjp"`` or ``"jvp"`` rule of argument ``i``."""
        rules = self.vjps if mode == "vjp" else self.jvps
        if callable(rules):
            return partial(rules, i)
        return rules[i] if i < len(rules) else None

    def __getattr__(self, attribute: str) -> Any:
        """What the rules read, found out when the first call is recorded."""
        if attribute not in _NEEDS:
            raise AttributeError(f"Primitive {self.name!r} has no attribute {attribute!r}")
        self.needs_output, needs = _needs(self)
        self.needs = needs
        self.needs_x = needs is None or (len(needs) > 0 and needs[0])
        self.needs_y = needs is None or (len(needs) > 1 and needs[1])
        return getattr(self, attribute)

    # -- calling -------------------------------------------------------------------------------

    def __call__(self, *args: Any, **params: Any) -> Any:
        if params:
            args, params = self._bind(args, params)
        for x in args:
            if x.__class__ is Variable:
                return record(self, args, params)
        return self.forward(*args, **params)

    def _bind(self, args: tuple[Any, ...], params: dict[str, Any]) -> Call:
        """Arguments given by keyword go to their places; a Variable as a parameter is an error."""
        if self._operands is None:
            self._operands = _operand_names(self.forward)
        for name in self._operands[len(args) :]:
            if name not in params:
                break
            args = (*args, params.pop(name))
        for key, value in params.items():
            if value.__class__ is Variable:
                raise TypeError(
                    f"{self.name}: the parameter {key!r} is a Variable, but keyword parameters are "
                    f"static; pass {key}.value, or make it a positional argument with a rule"
                )
        return args, params

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


FREED = Primitive(lambda *a: None, name="freed")


def _operand_names(f: Callable[..., Any]) -> list[str]:
    """Names of the positional parameters of ``f``, those that may be given by keyword, too."""
    parameters = inspect.signature(f).parameters
    return [n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]


def _positional(f: Callable[..., Any]) -> int | None:
    """How many operands ``f`` takes; None for any number."""
    if isinstance(f, np.ufunc):
        return f.nin
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


_SHAPE_ONLY = {"shape", "dtype", "ndim", "size"}


def reads(rule: Rule | None, skip: int = 1) -> set[int] | None:
    """Which of ``(output, *args)``, counted from -1, a rule reads; None: possibly all of them.

    A look at ``x.shape``, ``.dtype``, ``.ndim`` or ``.size`` does not count.
    """
    if rule is None:
        return set()
    known = getattr(rule, "reads", None)
    if known is not None:
        return set(known)
    code = getattr(rule, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS:
        return None
    places = {name: i - 1 for i, name in enumerate(code.co_varnames[skip : code.co_argcount])}
    found: set[int] = set()
    before: set[str] = set()
    for instruction in dis.get_instructions(code):
        if not (instruction.opname == "LOAD_ATTR" and instruction.argval in _SHAPE_ONLY):
            found |= {places[n] for n in before}
        before = set()
        value = instruction.argval
        names = value if isinstance(value, tuple) else (value,)
        if not instruction.opname.startswith("STORE"):
            before = {n for n in names if isinstance(n, str) and n in places}
        if len(before) > 1:  # a fused load: only its last name is what an attribute is read of
            found |= {places[n] for n in names[:-1] if n in places}
    return found


def _needs(p: Primitive) -> tuple[bool, tuple[bool, ...] | None]:
    """(is the output read, which arguments are read or None for all) by the rules of ``p``."""
    if not p.vjps and not p.jvps:
        return p.joint is None, None if p.joint is None else ()
    if callable(p.vjps) or callable(p.jvps):
        # Rules for any number of arguments are told what they read by an attribute of theirs.
        known = [getattr(r, "reads", None) for r in (p.vjps, p.jvps) if callable(r)]
        read: set[int] = set().union(*(r for r in known if r is not None))
        if None in known or read - {-1}:
            return True, None
        return -1 in read, ()
    found: set[int] = set()
    for rule in (*p.vjps, *p.jvps):
        more = reads(rule)
        if more is None:
            return True, None
        found |= more
    return -1 in found, tuple(i in found for i in range(len(p.vjps)))


# -- recording ------------------------------------------------------------------------------------

FALLBACK = (ValueError, OverflowError, ZeroDivisionError)  # what math.* raises where NumPy warns
_object = np.dtype(object)
_PYTHON_NUMBERS = {float, int, bool, complex}
new = object.__new__  # Variable() would copy its value and make a leaf


def unary(primitive: Primitive) -> Callable[[Any], Any]:
    """The function that records ``primitive(x)`` for a Variable ``x``."""
    scalar, forward = primitive.scalar, primitive.forward

    def call(x: Any) -> Any:
        if x.__class__ is not Variable:
            return scalar(x) if x.__class__ is float else forward(x)
        value, parent = x._value, x._entry
        if value.__class__ is float:
            try:
                output = scalar(value)
            except FALLBACK:
                output = float(forward(value))
        else:
            output = forward(value)
            if value.__class__ is complex and output.__class__ not in _PYTHON_NUMBERS:
                output = output.item()  # a Python number stays one, and promotes nothing
        entry = Entry()
        entry.index = next_index()
        entry.primitive = primitive
        entry.inputs = (parent,)
        entry.params = None
        entry.output = output if primitive.needs_output else None
        if primitive.needs_x:
            parent.output = value
        if output.__class__ is float:
            entry.shape = ()
            entry.dtype = float
        else:
            describe(entry, output)
        tape = active()
        if tape is not None:
            tape.record(entry, output)
        result: Any = new(Variable)
        result._value = output
        result._entry = entry
        return result

    return call


def binary(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """The function that records ``primitive(x, y)`` where one or both are Variables."""
    scalar, forward = primitive.scalar, primitive.forward

    def call(x: Any, y: Any) -> Any:
        if x.__class__ is Variable:
            a, ex = x._value, x._entry
            if primitive.needs_x:
                ex.output = a
        else:
            a = ex = constant(primitive, x)
        if y.__class__ is Variable:
            b, ey = y._value, y._entry
            if primitive.needs_y:
                ey.output = b
        elif ex is a:
            return forward(x, y)
        else:
            b = ey = constant(primitive, y)
        try:
            output = scalar(a, b)
        except FALLBACK:
            output = forward(a, b)
            if a.__class__ in _PYTHON_NUMBERS and b.__class__ in _PYTHON_NUMBERS:
                output = output.item()
        entry = Entry()
        entry.index = next_index()
        entry.primitive = primitive
        entry.inputs = (ex, ey)
        entry.params = None
        entry.output = output if primitive.needs_output else None
        if output.__class__ is float:
            entry.shape = ()
            entry.dtype = float
        else:
            describe(entry, output)
        tape = active()
        if tape is not None:
            tape.record(entry, output)
        result: Any = new(Variable)
        result._value = output
        result._entry = entry
        return result

    return call


def record(primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Variable:
    """Record ``primitive(*args, **params)`` where at least one argument is a Variable."""
    needs = primitive.needs
    values, inputs = [], []
    for i, x in enumerate(args):
        if x.__class__ is Variable:
            if needs is None or (needs and needs[i]):
                x._entry.output = x._value
            values.append(x._value)
            inputs.append(x._entry)
        else:
            x = constant(primitive, x)
            values.append(x)
            inputs.append(x)
    output = primitive.forward(*values, **params)
    return enter(primitive, tuple(inputs), params, output)


def enter(
    primitive: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], output: Any
) -> Variable:
    """Append the entry of a call whose ``output`` is known; a Variable that holds it."""
    entry = Entry()
    entry.index = next_index()
    entry.primitive = primitive
    entry.inputs = inputs
    entry.params = params or None
    entry.output = output if primitive.needs_output else None
    describe(entry, output)
    tape = active()
    if tape is not None:
        tape.record(entry, output)
    return handle(entry, output)


def handle(entry: Entry, value: Any) -> Variable:
    """A Variable for an entry that exists."""
    result: Any = new(Variable)
    result._value, result._entry = value, entry
    return result  # type: ignore[no-any-return]


def describe(entry: Entry, output: Any) -> None:
    """Shape and dtype of what was computed; a result that cannot be differentiated is an error."""
    kind = output.__class__
    if kind is float or kind is complex:
        entry.shape, entry.dtype = (), kind
    elif kind is tuple:  # several outputs: each is picked by an entry of its own
        entry.shape, entry.dtype = tuple(o.shape for o in output), tuple(o.dtype for o in output)
    else:
        try:
            entry.shape, entry.dtype = output.shape, output.dtype
        except AttributeError:
            name = entry.primitive.name if entry.primitive else "leaf"
            raise TypeError(
                f"{name} returned {output!r} of type {kind.__name__}; a primitive's forward must "
                "return a float, complex or NumPy array (or a tuple of arrays)"
            ) from None
        if entry.dtype is _object:
            name = entry.primitive.name if entry.primitive else "leaf"
            raise TypeError(
                f"{name} gave an array of dtype object, which cannot be differentiated: one of its "
                "operands holds Python objects; convert it to float first"
            )


_PLAIN = {float, int, complex, bool, np.ndarray, type(None), str, tuple, slice}


def constant(primitive: Primitive, x: Any) -> Any:
    """A plain operand as it is recorded; what NumPy would make an object array is an error."""
    if x.__class__ in _PLAIN or isinstance(x, np.generic):
        return x
    if isinstance(x, list):
        from .variable import reject_nested

        reject_nested(x, primitive.name)
        return np.asarray(x)
    return x


# -- reading the rules back -----------------------------------------------------------------------


def pull(entry: Entry, ct: Any, floor: int, recorded: bool) -> Iterator[tuple[Entry, Any]]:
    """(input, what ``ct``, the adjoint of ``entry``, contributes to it), for each recorded input.

    In a ``recorded`` sweep the rules see Variables, so that what they compute can be
    differentiated again.  Inputs older than ``floor`` lead to no source and are skipped.
    """
    primitive = entry.primitive
    assert primitive is not None
    if primitive is FREED:
        raise TapeError(freed_message())
    if primitive.joint is not None:
        yield from primitive.joint[0](ct, entry, recorded)
        return
    output, args = operands(entry, recorded)
    params = entry.params or {}
    for i, x in enumerate(entry.inputs):
        if x.__class__ is Entry and x.index >= floor:
            rule = primitive.rule("vjp", i)
            if rule is None:
                raise TypeError(no_rule_message(primitive, "vjp", i))
            try:
                c = rule(ct, output, *args, **params)
            except FALLBACK:
                c = retry(rule, ct, entry, recorded)
            yield x, c


def operands(entry: Entry, recorded: bool) -> tuple[Any, list[Any]]:
    """(output, arguments) of an entry as its rules see them."""
    if recorded:
        args = [_handle(x) if x.__class__ is Entry else x for x in entry.inputs]
        return _handle(entry), args
    args = [
        x if x.__class__ is not Entry else x if x.output is None else x.output for x in entry.inputs
    ]
    return entry if entry.output is None else entry.output, args


def retry(rule: Rule, moving: Any, entry: Entry, recorded: bool) -> Any:
    """A rule that failed on Python floats, on NumPy's, which give inf and nan where Python raises."""
    if entry.dtype is not float or recorded:
        raise  # noqa: PLE0704 (called while the rule's error is being handled)
    output, args = operands(entry, recorded)
    boxed = [np.float64(x) if x.__class__ is float else x for x in (moving, output, *args)]
    return rule(*boxed, **(entry.params or {}))


def _handle(entry: Entry) -> Any:
    """A Variable for a recorded value, or the bare entry (shape and dtype) where none was kept."""
    value = entry.output
    if value is None:
        return entry
    if value.__class__ is tuple:
        from .primitives.structure import pick

        whole = handle(entry, value)
        return tuple(pick(whole, index=i) for i in range(len(value)))
    return handle(entry, value)


def no_rule_message(p: Primitive, mode: str, i: int) -> str:
    return (
        f"{p.name} has no {mode} rule for its argument {i}; it is not differentiable in it. Pass a "
        f"plain value there (stop_gradient(x)), or register a rule with {p.name}.def{mode}(...)"
    )


def freed_message() -> str:
    return (
        "the sweep reached an entry of a finished tape, whose saved values were freed by "
        "tape.gradient() or a transform. Record the computation again, keep it with "
        "Tape(persistent=True), or cut the path there with stop_gradient(x)"
    )


# -- users' own primitives ------------------------------------------------------------------------


def primitive(f: Callable[..., Any]) -> Primitive:
    """Make ``f(x, y, *, scale=1)`` a primitive: recorded as one entry, with rules of its own.

    Positional arguments are operands, keyword-only ones static parameters.  Give the rules with
    ``f.defvjp(rule_x, rule_y)`` and ``f.defjvp(rule_x, rule_y)``; each is called as
    ``rule(ct, output, x, y, scale=1)`` and returns that argument's adjoint (or its share of the
    tangent), written in NumPy, so that it can be differentiated again.

    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> cube.defvjp(lambda ct, output, x: ct * 3 * x**2)
    <primitive cube>
    """
    p = Primitive(f)
    return p


def differentiable_functions() -> dict[str, Any]:
    """NumPy functions that differentiate, by their public name."""
    from .dispatch import functions

    return {getattr(f, "__name__", str(f)): g for f, g in functions.items()}
