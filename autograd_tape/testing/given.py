"""A property test of a derivative in three lines.

    @given_gradients(arrays((3,)), arrays((3,), domain="positive"))
    def test_loss(x, y):
        return np.sum(x * np.log(y))

Next to read: :mod:`autograd_tape.testing.program`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import given, note, reject
from hypothesis import strategies as st

from ..variable import Variable
from .check import check_grads
from .closed_over import as_arguments, parameters_of
from .culprit import record_placed
from .kinks import kink_distance
from .mismatch import GradientError, name_of

__all__ = ["given_gradients"]


def given_gradients(
    *arguments: st.SearchStrategy[Any], order: int = 2, modes: Sequence[str] = ("rev", "fwd"),
    rtol: float | None = None, margin: float = 0.02, variables: dict[str, Variable] | None = None,
    **named: st.SearchStrategy[Any],
) -> Callable[[Callable[..., Any]], Callable[[], None]]:  # fmt: skip
    """Make of a function the test that its derivatives are right wherever it is smooth.

    arguments, named  a Hypothesis strategy for each argument, in order or by name:
                      :func:`arrays`, ``st.floats``, ``st.fixed_dictionaries`` of them, ...
    order, modes, rtol, variables  as for :func:`check_grads`
    margin            points nearer than this to a kink that the tape knows of are not tested

    The result takes no arguments: pytest collects it if its name begins with ``test``, anybody can
    call it, and its attribute ``function`` is what was decorated.  ``hypothesis.settings`` may be
    put above.  Of a failure Hypothesis finds the simplest example, which is printed as code that
    shows it again, with its tape.
    """

    def decorate(f: Callable[..., Any]) -> Callable[[], None]:
        def check(*args: Any) -> None:
            values = tuple(args)
            if kink_distance(f, *values).distance < margin:
                reject()
            try:
                check_grads(f, values, order, modes, rtol, variables=variables)
            except GradientError as error:
                if error.mismatch.order > 1 and not error.mismatch.settled:
                    reject()  # a jump in a rule: beside it the rule is wrong, which says more
                note(failing_example(f, values))
                raise

        if not arguments and not named:
            raise TypeError("given_gradients needs a strategy for each argument of the function")

        def test(**drawn: Any) -> None:
            check(*drawn.values())

        strategies = dict(zip(_names(f, len(arguments)), arguments, strict=True)) | named
        test.__name__ = test.__qualname__ = name_of(f)
        test.__module__, test.__doc__ = f.__module__, f.__doc__
        test.__signature__ = _signature(strategies)  # type: ignore[attr-defined]
        result: Any = given(**strategies)(test)
        result.function = f
        return result  # type: ignore[no-any-return]

    return decorate


def _names(f: Callable[..., Any], n: int) -> list[str]:
    try:
        names = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        names = []
    return names[:n] if len(names) >= n else [f"x{i}" for i in range(n)]


def _signature(strategies: dict[str, Any]) -> Any:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature([inspect.Parameter(name, kind) for name in strategies])


def failing_example(f: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Code that shows a failure again, and the tape of ``f`` at these arguments."""
    from ..tape import Tape

    with np.printoptions(threshold=10**6, floatmode="unique", linewidth=88):
        literal = ", ".join(repr(a).replace("array(", "np.array(") for a in args)
    lines = [
        "import numpy as np",
        "from numpy import float32, float64",
        "from autograd_tape.testing import check_grads",
        f"check_grads({name_of(f)}.function, ({literal},))",
    ]
    if parameters := parameters_of(f):
        f, args = as_arguments(f, args, parameters)
    _, results = record_placed(f, args)
    targets = [y for y in results if y.__class__ is Variable]
    if targets:
        lines += ["", str(Tape.of(targets[-1]._entry))]
    return "\n".join(lines)
