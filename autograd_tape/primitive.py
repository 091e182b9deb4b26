"""A primitive: a function with a rule for each argument.

Forward, reverse rule, forward rule and a sample of valid calls stand together, in one block, in
one of the families of :mod:`autograd_tape.primitives`.  What an entry keeps is read off the rules
themselves: a rule that never looks at ``x`` (or only at its shape and dtype) does not keep ``x``
alive, and is handed the entry of ``x`` in its place.

Next to read: :mod:`autograd_tape.record`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from .needs import Rule, needs_of
from .record import record
from .variable import Variable

__all__ = ["FREED", "Primitive", "primitive", "registry"]

Call = tuple[tuple[Any, ...], dict[str, Any]]  # the arguments and keywords of one sample call
Sample = Callable[[Any], Iterable[Call]]  # of a np.random.Generator (slow to import: not named)

registry: list[Primitive] = []  # every primitive of the package, in order of definition


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
    kinks     how far the operands are from where the function is not smooth: ``kinks(*args,
              **params)`` gives one distance or an array of them, in units of the operands, to the
              nearest kink, tie, jump, pole, branch cut or edge of the domain; None: smooth all over
    """

    __slots__ = (
        "__dict__", "_operands", "arity", "batched", "conforming", "examined", "forward", "joint",
        "jvps", "kinks", "name", "needs", "needs_output", "needs_x", "needs_y", "sample", "scalar",
        "vjp_x", "vjp_y", "vjps",
    )  # fmt: skip

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        name: str | None = None,
        scalar: Callable[..., Any] | None = None,
        batched: bool = False,
        sample: Sample | None = None,
        kinks: Callable[..., Any] | None = None,
    ) -> None:
        self.forward = forward
        self.name: str = name or forward.__name__
        self.scalar = scalar or forward
        self.batched = batched
        self.sample = sample
        self.kinks = kinks
        self.vjps: tuple[Rule | None, ...] | Rule = ()
        self.jvps: tuple[Rule | None, ...] | Rule = ()
        self.examined = False  # is it known what the rules read?
        self.arity = 0  # 1 or 2 where the sweep can read the rules by itself
        # Is it known that rules give adjoints of the output's class, shape and dtype?
        self.conforming = False
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
        self.conforming = False
        self.examined = False

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

    def examine(self) -> None:
        """Find out what the rules read: it takes time, so only when a first call is recorded.

        (A ``__getattr__`` could do it unasked, but a class that has one pays 25 ns more for each
        look at any attribute: a tenth of the cost of a scalar operation.)
        """
        self.needs_output, needs = needs_of(self)
        self.needs = needs
        self.needs_x = needs is None or (len(needs) > 0 and needs[0])
        self.needs_y = needs is None or (len(needs) > 1 and needs[1])
        self.examined = True

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
