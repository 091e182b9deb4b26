"""How large an adjoint is, as a shade of one hue: vanishing is pale, exploding strong.

The scale is logarithmic, over the adjoints of a picture; on a dark page, from dark to bright.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Graph

__all__ = ["Scale", "magnitude"]

_ENDS = {False: ("#fff4e6", "#d9480f"), True: ("#33231a", "#ff9f50")}  # pale to strong, if dark
_WIDTH = 2.0  # decades: less of a difference looks like less


def magnitude(value: Any) -> float | None:
    """The mean modulus of the elements that are finite; None where there is none."""
    parts = value if isinstance(value, (tuple, list)) else [value]
    flat = [np.abs(np.asarray(p)).ravel() for p in parts if p is not None]
    elements = np.concatenate(flat) if flat else np.zeros(0)
    elements = elements[np.isfinite(elements)]
    return float(elements.mean()) if elements.size else None


class Scale:
    """Colours for the adjoints of a graph.

    low, high  the magnitudes at its ends, None if no node has an adjoint that is not zero
    """

    def __init__(self, graph: Graph, *, dark: bool = False) -> None:
        self.dark = dark
        sizes = [magnitude(n.adjoint) for n in graph.nodes if n.adjoint is not None]
        logs = [float(np.log10(x)) for x in sizes if x]
        self.low = self.high = None
        if logs:
            missing = max(0.0, _WIDTH - (max(logs) - min(logs))) / 2
            self.low, self.high = min(logs) - missing, max(logs) + missing

    def fill(self, adjoint: Any) -> str | None:
        """The colour behind a node with this adjoint; None where there is no finite one."""
        size = None if adjoint is None else magnitude(adjoint)
        if size is None:
            return None
        if self.low is None or self.high is None or size == 0:
            return self.at(0.0)
        return self.at((float(np.log10(size)) - self.low) / (self.high - self.low))

    def at(self, part: float) -> str:
        """The colour at a part of the way from the least to the greatest magnitude."""
        a, b = (np.array(_rgb(c)) for c in _ENDS[self.dark])
        r, g, b = np.rint(a + (b - a) * min(max(part, 0.0), 1.0)).astype(int)
        return f"#{r:02x}{g:02x}{b:02x}"


def ink(fill: str) -> str:
    """Black or white, whichever reads better on ``fill``."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (x / 255 for x in _rgb(fill))]  # fmt: skip
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if light > 0.18 else "#ffffff"


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
