"""A program as a page in a notebook: its source in colours, each line linked to what caused it."""

from __future__ import annotations

import io
import keyword
import linecache
import token
import tokenize
from html import escape

from .source import Text, place_text

__all__ = ["page"]

# Mixed with the page's own text colour, so that they do on a dark page, too.
_COLOURS = {"keyword": "#9b6ef3", "number": "#2196c4", "string": "#2da44e", "comment": "#8c959f"}
_LINE = "white-space:pre;color:inherit"


def page(text: Text) -> str:
    """HTML; pointing at a line shows the line of the user's function that it is due to."""
    marked = _marked(text.text)
    rows = []
    for html, step in zip(marked, text.lines, strict=True):
        title = ""
        if step is not None and step.place is not None:
            code, number = step.place
            cause = linecache.getline(code.co_filename, number).strip()
            which = "reverse sweep of" if step.reverse else "from"
            title = f' title="{escape(f"{which} {place_text(step.place)}: {cause}")}"'
        rows.append(f'<div style="{_LINE}"{title}>{html or " "}</div>')
    return (
        '<div class="autograd-tape-program" style="font-family:monospace;font-size:13px;'
        'line-height:1.45;overflow-x:auto;color:inherit;text-align:left">'
        + "".join(rows) + "</div>"
    )  # fmt: skip


def _marked(source: str) -> list[str]:
    """Each line as HTML with its tokens in colours."""
    lines = source.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    spans: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    for t in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = {token.NUMBER: "number", token.STRING: "string", tokenize.COMMENT: "comment"}.get(
            t.type
        )
        if t.type == token.NAME and keyword.iskeyword(t.string):
            kind = "keyword"
        if kind is not None and t.start[0] == t.end[0]:
            spans[t.start[0] - 1].append((t.start[1], t.end[1], kind))
    return [_coloured(line, marks) for line, marks in zip(lines, spans, strict=True)]


def _coloured(line: str, marks: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    if marks and not line[: marks[0][0]].strip():  # some pages drop a text of blanks alone
        marks = [(0, *marks[0][1:]), *marks[1:]]
    for start, end, kind in marks:
        parts.append(escape(line[at:start]))
        parts.append(f'<span style="color:{_COLOURS[kind]}">{escape(line[start:end])}</span>')
        at = end
    return "".join([*parts, escape(line[at:])])
