"""What one can ask a Variable about its tape: pictures and answers, each made in :mod:`.view`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from graphviz import Digraph

    from .variable import Variable
    from .view.badge import Check
    from .view.cost import Cost
    from .view.explain import Explanation
    from .view.nudge import Nudge

__all__ = ["Questions"]


class Questions:
    """Mixed into Variable; nothing here is needed to compute, so it is imported when asked."""

    __slots__ = ()

    def diagram(self, **options: Any) -> Digraph:
        """A graphviz.Digraph of everything this depends on; it shows itself in a notebook.

        ``depth=1``, ``edges="arithmetic"``, ``fold=False``, ``dark=True``, ``limit=`` and others:
        see :func:`autograd_tape.view.diagram.draw`.
        """
        return _variable(self).tape.diagram(**options)

    def explore(self, seed: Any = None, **options: Any) -> Any:
        """Both sweeps step by step, with a slider: for a notebook, or ``.save("sweep.html")``.

        seed  the adjoint of this variable, of its shape; may be left out for a scalar (1).
        Options are those of a diagram that say what is folded, as ``depth=1`` and ``limit=80``.
        """
        from .view.explore import explore

        return explore(_variable(self)._entry, seed, **options)

    def explain(self, target: Variable | None = None) -> Explanation:
        """Why this value is NaN or Inf, or the adjoint of it zero, NaN or missing: the culprit.

        target  of which the adjoint is asked (default: that of the last ``backward()``)

        Prints as a sentence with the numbers that the culprit saw, above the path that leads from
        here to the target; see :class:`autograd_tape.view.explain.Explanation`.
        """
        from .view.explain import explain

        return explain(_variable(self), target)

    def nudge(self, steps: dict[Variable, Any]) -> Nudge:
        """Change inputs a little: the change that the derivatives predict beside the actual one.

        steps  ``{a: 1e-3, w: array}``: what is added to each variable, a number or an array of its
               shape; the variables must be on the path to this one

        Prints as a table of everything between, from the inputs to here; see
        :class:`autograd_tape.view.nudge.Nudge`.  Nothing is changed but in this answer.
        """
        from .view.nudge import nudge

        return nudge(_variable(self), steps)

    def check(self, limit: int = 200) -> Check:
        """Each rule on the tape measured by differences on the spot, at the values that it saw.

        limit  look at this many operations at most, the last ones

        Prints as a table with a verdict per rule; ``v.check().ok`` is True unless one is wrong.
        See :class:`autograd_tape.view.badge.Check`.
        """
        from .view.badge import check

        return check(_variable(self), limit)

    def cost(self, repeat: int = 3) -> Cost:
        """Bytes kept, and time forward and reverse, of everything this depends on.

        See :meth:`Tape.cost`.
        """
        return _variable(self).tape.cost(repeat)


def _variable(v: Questions) -> Variable:
    return cast("Variable", v)
