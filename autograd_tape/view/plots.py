"""Plots of data, models and sweeps, with matplotlib (``pip install matplotlib``).

    from autograd_tape import plots
    plots.decision_boundary(model, X, y)

Each draws into ``ax`` if it is given, else into a new figure, and returns the axes.  The colours
are those of the style in use, light or dark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tape import no_grad
from ..variable import Variable, as_value

if TYPE_CHECKING:
    from .cost import MemoryStep

__all__ = ["attention_map", "decision_boundary", "histograms", "history", "memory"]

_NUMBER = 20  # points that a number in a cell of an attention map takes
_COLUMNS = 6  # histograms side by side
_MARKERS = "os^Dv*P"  # so that colour is not all that tells classes apart
_UNITS = {0: "B", 3: "kB", 6: "MB", 9: "GB"}


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "autograd_tape.plots draws with matplotlib, which is not installed: "
            "pip install matplotlib",
            name="matplotlib",
        ) from error
    return matplotlib.pyplot


def _axes(ax: Any) -> Any:
    return _pyplot().subplots(layout="constrained")[1] if ax is None else ax


def history(series: Mapping[str, Sequence[float]], ax: Any = None) -> Any:
    """Numbers by epoch, as ``nn.fit`` returns them: a line for each name."""
    ax = _axes(ax)
    for name, values in series.items():
        ax.plot(range(1, len(values) + 1), values, label=name)
    ax.set_xlabel("epoch")
    ax.legend()
    return ax


# -- data -----------------------------------------------------------------------------------------


def decision_boundary(
    predict: Callable[[Any], Any], X: Any, y: Any, ax: Any = None, *, threshold: float = 0.5,
    resolution: int = 200, names: Sequence[str] | None = None,
) -> Any:  # fmt: skip
    """Which class ``predict`` gives to each place of the plane, below the data.

    predict     a function of points (n, 2), such as a model: it returns (n,) labels, (n,) or (n, 1)
                scores of the second of two classes, or (n, k) scores of k classes
    X, y        the data: (n, 2) floats, and (n,) labels
    threshold   where a single score changes from the first class to the second: 0.5 for
                probabilities, 0 for logits; the shade then shows how far it is
    resolution  places along each axis
    names       of the two axes
    Raises ValueError for other shapes, and where a single score meets more than two classes.
    """
    X, y = np.asarray(as_value(X)), np.asarray(as_value(y))
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ValueError(f"decision_boundary: X has shape {X.shape}; it needs points (n, 2)")
    if y.shape != (len(X),):
        raise ValueError(f"decision_boundary: y has shape {y.shape}, but X {X.shape}; give (n,)")
    ax, plt = _axes(ax), _pyplot()
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.08 * np.where(high > low, high - low, 1.0)
    sides = [
        np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True)
    ]
    grid = np.stack([g.ravel() for g in np.meshgrid(*sides)], axis=1).astype(X.dtype)
    with no_grad():
        scores = np.asarray(as_value(predict(grid)))
    classes = np.unique(y)
    colours = _colours(plt, len(classes))
    place, scores = _classified(scores, classes, len(grid))
    shape = (resolution, resolution)
    if scores is None:
        levels = np.arange(len(classes) + 1) - 0.5
        ax.contourf(*sides, place.reshape(shape), levels=levels, colors=colours, alpha=0.3)
        between = levels[1:-1]
    else:
        from matplotlib.colors import LinearSegmentedColormap

        two = LinearSegmentedColormap.from_list("classes", [colours[0], colours[-1]])
        reach = max(float(np.max(np.abs(scores - threshold))), 1e-12)
        shades = {"cmap": two, "vmin": threshold - reach, "vmax": threshold + reach}
        ax.pcolormesh(*sides, scores.reshape(shape), alpha=0.4, rasterized=True, **shades)
        place, between = scores, np.array([threshold])
    if any(np.min(place) < level < np.max(place) for level in between):
        ink = ax.xaxis.label.get_color()
        ax.contour(*sides, place.reshape(shape), levels=between, colors=[ink], linewidths=1.2)
    for i, (c, colour) in enumerate(zip(classes, colours, strict=True)):
        look = {"color": colour, "marker": _MARKERS[i % len(_MARKERS)], "s": 22, "linewidth": 0.5}
        ax.scatter(*X[y == c].T, edgecolor=ax.get_facecolor(), label=c, **look)
    names = names or ("x₁", "x₂")
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
    ax.legend(title="class", fontsize="small")
    return ax


def _classified(scores: Any, classes: Any, n: int) -> tuple[Any, Any]:
    """(the position of the class of each place, the single scores if that is what they are)."""
    if scores.ndim == 2 and scores.shape[1] == len(classes) and scores.shape[1] > 1:
        return np.argmax(scores, axis=1), None
    if scores.size != n or scores.shape[0] != n:
        raise ValueError(
            f"decision_boundary: predict gives {scores.shape} for points ({n}, 2) and "
            f"{len(classes)} classes; it needs ({n},) or ({n}, {len(classes)})"
        )
    scores = scores.reshape(n)
    if np.isin(scores, classes).all():  # labels
        return np.searchsorted(classes, scores), None
    if len(classes) != 2:
        raise ValueError(
            f"decision_boundary: predict gives one score per point, but y has {len(classes)} "
            "classes; let it return labels of y, or a score for each class"
        )
    return None, scores


def _colours(plt: Any, n: int) -> list[Any]:
    cycle = plt.rcParams["axes.prop_cycle"].by_key().get("color", ["C0"])
    return [cycle[i % len(cycle)] for i in range(n)]


# -- models ---------------------------------------------------------------------------------------


def histograms(model: Any, gradients: Iterable[Any] | None = None, *, bins: int = 30) -> Any:
    """Weights, and their adjoints below, a column for each parameter.

    model      an nn.Module, or a dict or list of Variables
    gradients  in the order of the parameters, as ``tape.gradient`` gives them; by default the
               adjoints that ``backward()`` has left.  Without any there is no lower row
    Returns an array of axes, (2, n) or (1, n).  Values that are not finite, and zeros if there are
    many, are counted in the picture.
    """
    parameters = _parameters(model)
    adjoints = (
        [p.adjoint for p in parameters.values()]
        if gradients is None
        else [as_value(g) for g in gradients]
    )
    if len(adjoints) != len(parameters):
        raise ValueError(f"histograms: {len(adjoints)} gradients of {len(parameters)} parameters")
    rows = [("weight", [p.value for p in parameters.values()])]
    if any(a is not None for a in adjoints):
        rows.append(("adjoint", adjoints))
    n, height = len(parameters), len(rows)
    width, blocks = min(n, _COLUMNS), -(-n // _COLUMNS)
    _, grid = _pyplot().subplots(
        height * blocks, width, figsize=(1.2 + 1.9 * width, 0.6 + 1.7 * height * blocks),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    # One block of columns below the other: bring them side by side, and drop what is over.
    grid = grid.reshape(blocks, height, width).transpose(1, 0, 2).reshape(height, -1)
    for ax in grid[:, n:].ravel():
        ax.remove()
    for row, (what, arrays) in enumerate(rows):
        for ax, name, x in zip(grid[row, :n], parameters, arrays, strict=True):
            _histogram(ax, x, bins, f"C{row}")
            if row == 0:
                ax.set_title(name, fontsize="small", loc="left")
            ax.set_xlabel(what, fontsize="small")
            ax.tick_params(labelsize="x-small")
        for ax in grid[row, :n:_COLUMNS]:
            ax.set_ylabel("elements", fontsize="small")
    return grid[:, :n]


def _parameters(model: Any) -> dict[str, Variable]:
    if hasattr(model, "named_parameters"):
        found = dict(model.named_parameters())
    elif isinstance(model, Mapping):
        found = {str(k): p for k, p in model.items()}
    else:
        items = list(model) if isinstance(model, Iterable) else [model]
        found = {getattr(p, "name", None) or str(i): p for i, p in enumerate(items)}
    if not found or any(p.__class__ is not Variable for p in found.values()):
        raise TypeError("histograms: give a model with parameters, or a dict or list of Variables")
    return found


def _histogram(ax: Any, x: Any, bins: int, colour: str) -> None:
    flat = np.zeros(0) if x is None else np.abs(x).ravel() if np.iscomplexobj(x) else np.ravel(x)
    finite = flat[np.isfinite(flat)]
    ax.locator_params(nbins=3)
    ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
    ax.xaxis.get_offset_text().set_fontsize("x-small")
    if finite.size:
        ax.hist(finite, bins=min(bins, finite.size), color=colour)
    notes = [] if x is not None else ["none"]
    if finite.size < flat.size:
        notes.append(f"{flat.size - finite.size} not finite")
    zeros = int(np.count_nonzero(finite == 0))
    if zeros and 2 * zeros >= finite.size:
        notes.append(f"{zeros} of {flat.size} zero")
    if notes:
        place = {"transform": ax.transAxes, "ha": "right", "va": "top", "fontsize": "x-small"}
        ax.text(0.97, 0.95, "\n".join(notes), **place)


def attention_map(
    weights: Any, rows: Sequence[Any] | None = None, columns: Sequence[Any] | None = None,
    ax: Any = None,
) -> Any:  # fmt: skip
    """Attention weights as a picture: a row for each query, a column for each key.

    weights        (queries, keys); leading axes of length 1 are left out
    rows, columns  what the queries and keys are called, such as tokens
    Raises ValueError for other shapes (pick a sequence and a head: ``weights[0, 3]``), and for
    another number of names.
    """
    weights = np.asarray(as_value(weights))
    while weights.ndim > 2 and weights.shape[0] == 1:
        weights = weights[0]
    if weights.ndim != 2:
        raise ValueError(
            f"attention_map: weights have shape {weights.shape}; pick one sequence and head, "
            "such as weights[0, 3], to have (queries, keys)"
        )
    for what, names, n in (("rows", rows, len(weights)), ("columns", columns, weights.shape[1])):
        if names is not None and len(names) != n:
            raise ValueError(f"attention_map: {len(names)} {what} for weights {weights.shape}")
    ax = _axes(ax)
    picture = ax.imshow(weights, cmap="viridis", vmin=0.0, vmax=max(float(weights.max()), 1e-12),
                        aspect="equal", interpolation="nearest")  # fmt: skip
    ax.figure.colorbar(picture, ax=ax, label="weight", shrink=0.8)
    ax.set_xlabel("key")
    ax.set_ylabel("query")
    if columns is not None:
        long = max((len(str(c)) for c in columns), default=0) > 2
        ax.set_xticks(range(len(columns)), columns, rotation=90 if long else 0)
    if rows is not None:
        ax.set_yticks(range(len(rows)), rows)
    box, points = ax.get_window_extent(), 72 / ax.figure.dpi
    cell = points * min(box.height / len(weights), box.width / weights.shape[1])
    if cell >= _NUMBER:  # else numbers would overlap
        for (i, j), w in np.ndenumerate(weights):
            colour = "black" if w > 0.6 * weights.max() else "white"
            ax.text(j, i, f"{w:.2f}", ha="center", va="center", color=colour, fontsize="x-small")
    return ax


# -- sweeps ---------------------------------------------------------------------------------------


def memory(steps: Sequence[MemoryStep], ax: Any = None) -> Any:
    """Bytes alive after each operation of the forward computation and of the reverse sweep.

    steps  ``cost.memory``, of ``v.cost()``
    Raises ValueError if there are none.
    """
    if not steps:
        raise ValueError("memory: there is no operation on this tape")
    ax = _axes(ax)
    kinds = {"inputs": "inputs", "saved": "saved for the rules", "values": "values in use",
             "adjoints": "adjoints"}  # fmt: skip
    largest = max(m.total for m in steps)
    power = max((p for p in _UNITS if largest >= 10**p), default=0)
    edges = np.arange(len(steps) + 1) + 0.5
    layers = [np.array([getattr(m, kind) for m in (*steps, steps[-1])]) for kind in kinds]
    heights = [layer / 10**power for layer in layers]
    ax.stackplot(edges, *heights, labels=kinds.values(), step="post", alpha=0.85)
    turn = sum(m.sweep == "forward" for m in steps) + 0.5
    ax.axvline(turn, color=ax.xaxis.label.get_color(), linestyle=":", linewidth=1)
    for text, side in (("forward ", "right"), (" reverse", "left")):
        ax.text(turn, 1.0, text, ha=side, va="bottom", transform=ax.get_xaxis_transform())
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1.3 * max(largest, 1) / 10**power)  # room for the legend
    ax.set_xlabel("operation")
    ax.set_ylabel(f"memory / {_UNITS[power]}")
    ax.legend(loc="upper left", ncols=2, fontsize="small")
    return ax
