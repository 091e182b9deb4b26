"""The sweep, step by step, in a notebook or a browser: one piece of HTML that needs nothing else.

The picture (an ``<img>``, which no viewer takes apart) and the table of the final values are plain
HTML, so that a reader whose viewer strips scripts sees them.  A script then puts them into a shadow
tree beside a slider: styles and ids cannot clash with the page, and several explorers may stand on
one.  (An ``<iframe>`` would do as much, but a viewer that drops it shows nothing.)

Next to read: ``explorer.js``, which runs in the browser.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..adjoint import default_seed
from ..containers import flatten
from ..entry import Entry
from ..gradient import require_variable
from ..tape import Tape
from ..variable import Variable
from . import layered
from . import text as show
from .build import build
from .graph import Graph
from .steps import Step, place_text, steps

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Explorer", "explore", "explore_function"]

LIMIT = 80  # nodes that can be followed; a longer tape is folded
_WIDE = 700  # pixels that the picture has beside the table


class Explorer:
    """The two sweeps with a slider: a notebook shows it, ``save`` writes it to a file.

    steps  what the slider passes through, as plain data (:class:`autograd_tape.view.steps.Step`)
    """

    def __init__(self, title: str, graph: Graph, entries: Sequence[Entry], steps: list[Step]):
        self.title, self.steps = title, steps
        self._html = _fragment(title, graph, entries, steps)

    def __repr__(self) -> str:
        return (
            f"<{self.title}, {len(self.steps)} steps: a notebook shows it; elsewhere "
            "explorer.save('sweep.html') writes a page for the browser>"
        )

    def _repr_html_(self) -> str:
        return self._html

    def save(self, path: str | PathLike[str]) -> str:
        """Write one HTML file that needs no network and no Python, and return its path."""
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        style = ":root{color-scheme:light dark} body{margin:16px;font-family:sans-serif}"
        file.write_text(
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{escape(self.title)}</title><style>{style}</style></head>\n"
            f"<body>\n{self._html}\n</body></html>\n",
            encoding="utf-8",
        )
        return str(file)


def explore(
    target: Entry, seed: Any = None, *, limit: int = LIMIT, edges: str = "none", **options: Any
) -> Explorer:
    """An :class:`Explorer` of both sweeps, from all that ``target`` depends on, and back.

    seed     the adjoint of the target, of its shape; may be left out for a scalar (1)
    limit    of a longer tape, blocks are folded or the middle is left out until so many nodes stay
    edges    labels of the edges, as in a diagram: "none", "partial" or "arithmetic"
    options  those of a diagram that say what is folded: ``depth`` and ``fold``
    Leaves no adjoint on the tape.  Raises TapeError for a freed tape, or a missing seed.
    """
    seed = default_seed(target, seed)
    entries = Tape.of(target).entries
    graph = build(entries, limit=limit, edges=edges, **options)
    title = f"Explorer of {show.names_of(entries)(target)}, {len(entries)} entries"
    return Explorer(title, graph, entries, steps(graph, entries, target, seed))


def explore_function(f: Callable[..., Any], args: Sequence[Any], **options: Any) -> Explorer:
    """See :func:`autograd_tape.explore`."""
    if not callable(f):
        raise TypeError(
            f"explore(f, *args) takes a function, not {type(f).__name__}; of a variable, a result "
            "that is there already, use v.explore()"
        )
    try:
        names = list(inspect.signature(f).bind(*args).signature.parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"x{i}" for i in range(len(names), len(args))]
    with Tape(places=True):
        output = f(*map(_named, args, names))
    if output.__class__ is not Variable and any(np.size(x) and _is_integer(x) for x in args):
        raise TypeError(
            "explore: the function's result depends on no Variable. Integers are not "
            "differentiated and were passed on as they are: write 2.0 for 2"
        )
    return explore(require_variable(output, "the function's result")._entry, **options)


def _is_integer(x: Any) -> bool:
    return isinstance(x, (int, np.ndarray, np.generic)) and np.asarray(x).dtype.kind in "iub"


def _named(arg: Any, name: str) -> Any:
    """``arg`` with Variables for its floats and arrays of them; all else stays as it is."""
    leaves, rebuild = flatten(arg)
    many = len(leaves) > 1

    def variable(x: Any, i: int) -> Any:
        number = isinstance(x, (float, complex, np.ndarray, np.generic))
        if not number or np.asarray(x).dtype.kind not in "fc":
            return x
        return Variable(x, name=f"{name}[{i}]" if many else name)

    return rebuild([variable(x, i) for i, x in enumerate(leaves)])


# -- HTML -----------------------------------------------------------------------------------------


def _fragment(title: str, graph: Graph, entries: Sequence[Entry], steps: list[Step]) -> str:
    room: dict[str, str] = {}  # adjoints that are pending may be longer than in the end
    for step in steps:
        for key, (text, _, _) in step.adjoints.items():
            room[key] = max(room.get(key, ""), text, key=layered.width_of)
    rankdir = "TB" if layered.layout(graph, room=room).width > _WIDE else None
    name = f"Graph of {title}"
    picture = layered.svg(graph, title=name, rankdir=rankdir, room=room).encode()
    image = b64encode(picture).decode()
    data = {
        "title": title,
        "note": graph.note.replace("v.diagram(", "v.explore("),
        "css": _resource("explorer.css"),
        "html": _resource("explorer.html"),
        "steps": [{**vars(s), "node": s.node.key if s.node else None} for s in steps],
    }
    # "<" is written out, lest a name end the script.
    script_data = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    mark = hashlib.sha256(script_data.encode() + picture).hexdigest()[:16]
    script = (
        f"(() => {{\n{_resource('explorer.js')}\n"
        f"for (const host of document.querySelectorAll('[data-explorer=\"{mark}\"]'))\n"
        f"  if (!host.shadowRoot) explore(host, {script_data});\n}})();"
    )
    return (
        f'<div data-explorer="{mark}"><img alt="{layered.safe(name)}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{image}">'
        f'<div style="overflow:auto">{_table(title, graph, entries)}</div></div>\n'
        f"<script>\n{script}\n</script>"
    )


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _table(title: str, graph: Graph, entries: Sequence[Entry]) -> str:
    """A row for each node but the constants, in the order of the tape, in the page's colours."""
    number = {e: i for i, e in enumerate(entries)}
    places = any(e.note("place") for e in entries)
    cell = 'style="text-align:left;padding:2px 10px;white-space:nowrap"'
    heads = ["index", "name and operation", "primal", "adjoint", "", *(["line"] if places else [])]
    lines: dict[int, str] = {}  # by the last index that it stands for
    for node in graph.nodes:
        if not node.entries:
            continue
        operations = [e for e in node.entries if e.primitive is not None]
        indices = sorted(number[e] for e in operations or node.entries)
        several = node.kind in ("group", "more") and len(indices) > 1
        texts = dict(layered.rows(node))
        cells = {
            "index": f"{indices[0]}–{indices[-1]}" if several else str(indices[-1]),
            "name": texts["title"],
            "primal": texts.get("primal", "-"),
            "adjoint": texts.get("adjoint", "-"),
            "state": "",
        }
        if places:
            cells["line"] = place_text(entries[indices[-1]])
        tds = (f'<td class="{k}" {cell}>{layered.safe(text)}</td>' for k, text in cells.items())
        lines[indices[-1]] = f'<tr data-key="{layered.safe(node.key)}">{"".join(tds)}</tr>'
    return (
        '<table style="border-collapse:collapse;font-family:monospace;background:transparent">'
        f'<caption style="text-align:left;padding:2px 10px">{layered.safe(title)} (final values; '
        "where scripts run, a slider steps through the sweeps)</caption>"
        f"<thead><tr>{''.join(f'<th {cell}>{h}</th>' for h in heads)}</tr></thead>"
        f"<tbody>{''.join(lines[i] for i in sorted(lines))}</tbody></table>"
    )
