"""The colours of pictures, and how large an adjoint is as a shade of one hue.

Vanishing is pale, exploding strong; the scale is logarithmic, over the adjoints of a picture.  On a
dark page it goes from dark to bright.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Graph

__all__ = ["PALETTE", "Scale", "magnitude"]

PALETTE: dict[bool, dict[str, str]] = {  # on a dark page?
    False: {
        "page": "#ffffff", "ink": "#1b1f24", "pale": "#59636e", "line": "#6e7781",
        "scope": "#57606a0d", "bad": "#cf222e",
        "input": "#ddf4ff", "parameter": "#eef0ff", "operation": "#f6f8fa", "group": "#f6f8fa",
        "constant": "#fff8c5", "target": "#dafbe1",
    },
    True: {
        "page": "#1b1f24", "ink": "#f0f3f6", "pale": "#b1bac4", "line": "#8c959f",
        "scope": "#b1bac414", "bad": "#ff7b72",
        "input": "#0c3a6b", "parameter": "#322a63", "operation": "#2d333b", "group": "#2d333b",
        "constant": "#4d3d00", "target": "#0f4a24",
    },
}  # fmt: skip
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
