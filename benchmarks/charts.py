"""The charts of RESULTS.md as SVG, once for light and once for dark pages; no page of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd_tape.view.colour import PALETTE

from .contenders import (
    BACKWARD,
    COMPILED,
    GRAD,
    GRADIENT,
    HAND,
    HIPS,
    JAX,
    JIT,
    MICROGRAD,
    MYGRAD,
    TORCH,
)
from .lengths import Lengths
from .timing import Spread

__all__ = ["LENGTHS", "SIZES", "draw", "picture"]

SIZES, LENGTHS = "sizes", "lengths"  # names of the charts

Curves = dict[str, dict[int, Spread]]
Panel = tuple[Curves, str, str, Callable[[float], str]]  # lines, names of the axes, numbers as text

# (on a light page, on a dark page), marker, line, width; ours in one hue
_LOOKS: dict[str, tuple[tuple[str, str], str, str, float]] = {
    COMPILED: (("#d9480f", "#ff9f50"), "o", "-", 2.4),
    GRADIENT: (("#d9480f", "#ff9f50"), "s", "--", 1.8),
    BACKWARD: (("#b08800", "#e3b341"), "D", ":", 1.5),
    GRAD: (("#b08800", "#e3b341"), "x", "-.", 1.2),
    TORCH: (("#0969da", "#58a6ff"), "^", "-", 1.5),
    HIPS: (("#8250df", "#bc8cff"), "v", "-", 1.5),
    MYGRAD: (("#1b7c83", "#39c5cf"), "P", "-", 1.5),
    MICROGRAD: (("#bf3989", "#ff7bc1"), "*", "-", 1.5),
    JAX: (("#1a7f37", "#56d364"), "<", ":", 1.5),
    JIT: (("#1a7f37", "#56d364"), ">", "-", 1.5),
    HAND: (("#59636e", "#b1bac4"), "+", "-", 1.5),
}
_SCHEMES = {"light": False, "dark": True}
_ALT = {
    SIZES: "Time per operation against the size of the arrays",
    LENGTHS: "Time per operation and memory against the length of the tape",
}


def picture(name: str, folder: str) -> str:
    """What RESULTS.md says to show a chart."""
    return "\n".join([
        "<picture>",
        f'  <source media="(prefers-color-scheme: dark)" srcset="{folder}/{name}-dark.svg">',
        f'  <img alt="{_ALT[name]}" src="{folder}/{name}-light.svg">',
        "</picture>",
    ])  # fmt: skip


def draw(sizes: Curves, lengths: Lengths, folder: Path) -> list[Path]:
    """Write the charts of what was measured; returns where."""
    figures: dict[str, list[Panel]] = {}
    if sizes:
        figures[SIZES] = [(sizes, "elements of each array", "time per operation", _time)]
    if lengths.seconds:
        figures[LENGTHS] = [(lengths.seconds, "operations", "time per operation", _time)]
        if lengths.bytes:
            figures[LENGTHS].append((lengths.bytes, "operations", "memory", _bytes))
    paths = []
    for name, panels in figures.items():
        folder.mkdir(parents=True, exist_ok=True)
        for scheme, dark in _SCHEMES.items():
            path = folder / f"{name}-{scheme}.svg"
            _figure(panels, dark, path, _ALT[name])
            paths.append(path)
    return paths


def _figure(panels: list[Panel], dark: bool, path: Path, title: str) -> None:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    colours = PALETTE[dark]
    style: Any = {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": path.stem,  # the same figures, the same file
        "text.color": colours["ink"],
        "axes.labelcolor": colours["ink"],
        "axes.edgecolor": colours["line"],
        "xtick.color": colours["pale"],
        "ytick.color": colours["pale"],
        "grid.color": colours["line"],
        "grid.alpha": 0.25,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
    with matplotlib.rc_context(style):
        width = {1: 6.0, 2: 8.2}[len(panels)] + 2.4  # inches; the rest is the legend
        figure = Figure(figsize=(width, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, panel in zip(axes, panels, strict=True):
            _panel(ax, panel, dark)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False)
        figure.savefig(path, transparent=True, metadata={"Date": None, "Title": title})
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")


def _panel(ax: Any, panel: Panel, dark: bool) -> None:
    """One log-log diagram: medians as lines, quartiles as shades."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    curves, x, y, text = panel
    for name, look in _LOOKS.items():
        by = curves.get(name)
        if not by:
            continue
        (light, bright), marker, line, width = look
        colour = bright if dark else light
        ns = list(by)
        ax.plot(
            ns, [by[n].median for n in ns], line, color=colour, marker=marker, markersize=5,
            linewidth=width, label=name, zorder=3 if name in (COMPILED, GRADIENT) else 2,
        )  # fmt: skip
        ax.fill_between(
            ns, [by[n].low for n in ns], [by[n].high for n in ns], color=colour, alpha=0.2,
            linewidth=0,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.set_xticks(sorted({n for by in curves.values() for n in by}))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: _count(n)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda s, _: text(s)))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())
    ax.tick_params(axis="x", which="minor", bottom=False)
    ax.grid(True, which="major")


def _count(n: float) -> str:
    return f"{n:,.0f}" if n < 10_000 else f"{n / 1e3:g}k" if n < 1e6 else f"{n / 1e6:g}M"


def _unit(x: float, units: tuple[tuple[float, str], ...]) -> str:
    for size, unit in units:
        if x >= 0.999 * size:
            return f"{x / size:g} {unit}"
    size, unit = units[-1]
    return f"{x / size:g} {unit}"


def _time(seconds: float) -> str:
    return _unit(seconds, ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")))


def _bytes(n: float) -> str:
    return _unit(n, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")))
