"""The one table of this package: aligned text in a terminal, HTML in a notebook.

Next to read: :mod:`autograd_tape.view.text`, which fills it with the rows of a tape.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["LIMIT", "Shown", "Table", "ends"]

LIMIT = 60  # rows that a table shows; of a longer one it shows both ends
_WIDEST = 56  # one long cell must not push the other rows' columns off the screen
_WIDTH = 100  # of a title that is a sentence
_CELL = "padding:2px 20px 2px 0;color:inherit;white-space:nowrap"
_PAGE = "font-family:monospace;color:inherit;text-align:left;padding:2px 10px"


@dataclass(frozen=True)
class Table:
    """Cells as text.

    left_out  how many rows are missing in the middle
    right     the columns, by their headers, that are aligned to the right
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left_out: int = 0
    right: tuple[str, ...] = ("index",)

    def text(self) -> str:
        """Title, header and rows; the title alone where there are no rows."""
        title = "\n".join(_wrapped(line) for line in self.title.splitlines())
        if not self.rows:
            return title
        table = [self.header, *self.rows]
        widths = [min(max(map(len, column)), _WIDEST) for column in zip(*table, strict=True)]

        def line(row: tuple[str, ...]) -> str:
            cells = zip(row, widths, self.header, strict=True)
            padded = (c.rjust(w) if h in self.right else c.ljust(w) for c, w, h in cells)
            return "  ".join(padded).rstrip()

        lines = [title, *map(line, table)]
        if self.left_out:
            lines.insert(2 + len(self.rows) // 2, f"{'':{widths[0]}}  … {self.left_out} more …")
        return "\n".join(lines)

    def html(self) -> str:
        """The same; its colours are those of the page, dark or light."""

        def line(row: tuple[str, ...], tag: str) -> str:
            cells = (
                f'<{tag} style="text-align:{self._side(h)};{_CELL}">{escape(c)}</{tag}>'
                for c, h in zip(row, self.header, strict=True)
            )
            return f"<tr>{''.join(cells)}</tr>"

        body = [line(row, "td") for row in self.rows]
        if self.left_out:
            more = f'<td colspan="{len(self.header)}" style="{_CELL}">… {self.left_out} more …</td>'
            body.insert(len(body) // 2, f"<tr>{more}</tr>")
        title = escape(self.title).replace("\n", "<br>")
        return (
            f'<div style="{_PAGE};max-width:60em">{title}</div>'
            f'<div style="{_PAGE};overflow-x:auto">'  # a wide one scrolls inside its box
            '<table style="border-collapse:collapse;background:transparent;font:inherit">'
            '<thead style="border-bottom:1px solid rgba(128,128,128,.5)">'
            f"{line(self.header, 'th')}</thead><tbody>{''.join(body)}</tbody></table></div>"
        )

    def _side(self, header: str) -> str:
        return "right" if header in self.right else "left"


class Shown:
    """An answer that shows itself as a table, in a terminal and in a notebook."""

    def table(self) -> Table:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_html_(self) -> str:
        return self.table().html()


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def ends(n: int, limit: int = LIMIT) -> Sequence[int]:
    """The positions of ``n`` rows that are shown: all, or as many from both ends as fit."""
    half = limit // 2
    return range(n) if n <= limit else [*range(half), *range(n - half, n)]
