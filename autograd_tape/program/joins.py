"""A pass: parts that fill an array of zeros are joined.

The adjoint of an array of which slices were taken, as of the four gates of an LSTM, is recorded as
zeros, to parts of which the adjoints of the slices are added.  To put them side by side takes half
as long.

Next to read: :mod:`.memory`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from .step import Graph, Increment, Step, inputs_of, steps_in

__all__ = ["joins"]


def joins(graph: Graph) -> Graph:
    """``t = np.zeros(...); t[:n] += a; t[n:] += b`` is ``t = np.concatenate((a, b)) + 0.0``: adding
    to zeros makes 0.0 of -0.0, too.  To be run after :func:`.dead`.
    """
    filled = {parts[-1]: parts for parts in _filled(graph.steps)}
    if not filled:
        return graph
    readers = Counter(chain.from_iterable(map(inputs_of, graph.steps)))
    readers.update(graph.returned)
    steps, gone = [], set()
    for step in graph.steps:
        parts = filled.get(step, ())
        before = [part.args[0] for part in parts]
        if parts and all(readers[x] == 1 for x in before):
            joined = _joined(step, parts)
            if joined is not None:
                steps.append(joined)
                gone.update(before)
                step.function, step.args, step.mutates = np.add, (joined, 0.0), False
        steps.append(step)
    steps = [step for step in steps if step not in gone]
    return Graph(graph.inputs, steps, graph.outputs, graph.state, graph.names)


def _filled(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Increments, each of what the one before gives, the first of zeros, of as many elements."""
    growing: dict[Step, tuple[list[Step], int]] = {}
    for step in steps:
        f = step.function
        if f is np.zeros and not step.kwargs and step.dtype.kind in "fc":
            growing[step] = [], 0
        elif f.__class__ is Increment and step.args[0] in growing:
            parts, size = growing.pop(step.args[0])
            if f.ufunc is np.add and f.view:
                parts.append(step)
                size += f.size
                if size == step.size:
                    yield parts
                else:
                    growing[step] = parts, size


def _joined(whole: Step, parts: Iterable[Step]) -> Step | None:
    """What is added, side by side; None where the parts do not lie so."""
    there = np.empty(whole.shape, whole.dtype)
    places = []
    for part in parts:
        _, index, x = part.args
        if x.__class__ is not Step or x.dtype != there.dtype or any(steps_in(index)):
            return None
        place = there[index]
        if x.shape != place.shape or x.strides != np.empty(x.shape, x.dtype).strides:
            return None  # (arrays that lie otherwise are joined to one that does)
        if place.strides != there.strides:
            return None
        offset = place.ctypes.data - there.ctypes.data
        places.append((offset, place.shape, x))
    places.sort(key=lambda p: p[:2])
    shapes = {shape for _, shape, _ in places}
    along = {i for shape in shapes for i, n in enumerate(shape) if n != there.shape[i]}
    if len(along) != 1:
        return None
    axis = along.pop()
    end = 0
    for offset, shape, _ in places:
        if offset != end:
            return None
        end += shape[axis] * there.strides[axis]
    joined = Step(np.concatenate, (tuple(x for _, _, x in places),), {"axis": axis}, there)
    joined.place, joined.reverse = whole.place, whole.reverse
    return joined
