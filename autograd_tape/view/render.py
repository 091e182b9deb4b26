"""Rendering: a diagram becomes SVG, PNG or PDF, or what a notebook shows where nothing can render.

``dot`` renders if the machine has it; otherwise the Graphviz inside ``pygraphviz`` does; with
neither, a notebook gets the table of :mod:`autograd_tape.view.text` instead.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import graphviz

if TYPE_CHECKING:
    from .graph import Graph

__all__ = ["Diagram"]

_FORMATS = {".svg", ".png", ".pdf", ".jpg", ".jpeg", ".gif", ".ps", ".eps"}
_one_at_a_time = threading.Lock()  # libgvc is not thread-safe


class Diagram(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no type hints
    """A ``graphviz.Digraph`` that also renders on a machine without the ``dot`` program."""

    table = ""  # what a notebook shows where nothing can render
    graph: Graph  # what was drawn

    def pipe(self, format: str | None = None, **options: Any) -> Any:
        """The rendered picture as bytes (as text if ``encoding`` is given)."""
        try:
            return super().pipe(format, **options)
        except graphviz.ExecutableNotFound as missing:
            data = self._bundled(format or self.format, options.get("engine"), missing)
        encoding = options.get("encoding")
        return data.decode(encoding) if encoding else data

    def render(
        self, filename: Any = None, directory: Any = None, view: bool = False,
        cleanup: bool = False, format: str | None = None, **options: Any,
    ) -> str:  # fmt: skip
        """Write the picture and return its path.

        ``render("f.svg")`` writes that one file.  Otherwise as in graphviz: ``render("f",
        format="svg")`` writes the source to ``f`` and the picture to ``f.svg``.
        """
        suffix = Path(filename or "").suffix.lower()
        if suffix in _FORMATS and format in (None, suffix[1:]) and "outfile" not in options:
            picture = Path(directory or "", filename)
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(self.pipe(suffix[1:]))
            if view:
                self._view(os.fspath(picture), format=suffix[1:], quiet=False)
            return os.fspath(picture)
        try:
            path = super().render(
                filename, directory=directory, view=view, cleanup=cleanup, format=format, **options
            )
            return str(path)
        except graphviz.ExecutableNotFound as missing:
            outfile = options.get("outfile")
            kind = format or (Path(outfile).suffix[1:] if outfile else self.format)
            data = self._bundled(kind, options.get("engine"), missing)
            source = self.save(filename, directory=directory)
            path = os.fspath(outfile or f"{source}.{kind}")
            Path(path).write_bytes(data)
            if cleanup:
                os.remove(source)
            if view:
                self._view(path, format=kind, quiet=False)
            return path

    def _bundled(self, format: str, engine: str | None, missing: Exception) -> bytes:
        """Rendered by the Graphviz library inside pygraphviz."""
        try:
            import pygraphviz
        except (ImportError, OSError):
            raise RuntimeError(
                "cannot draw: neither the dot program nor pygraphviz was found. "
                'pip install "autograd_tape[diagrams]" brings a Graphviz of its own; without it, '
                "print(v.tape) shows the same as a table, and v.diagram().source is the DOT text"
            ) from missing
        with _one_at_a_time:
            graph = pygraphviz.AGraph(string=self.source)
            try:
                return bytes(graph.draw(format=format, prog=engine or self.engine))
            finally:
                graph.close()

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        """SVG in a notebook; whatever goes wrong, the table and the reason instead."""
        try:
            return dict(super()._repr_mimebundle_(include, exclude))
        except Exception as problem:
            note = f"<p>{escape(str(problem))}</p>"
            return {"text/html": note + self.table, "text/plain": f"{self!r}: {problem}"}

    def _repr_html_(self) -> str:
        """Notebook viewers that know no mime bundles show the SVG or the table through this."""
        bundle = self._repr_mimebundle_()
        return str(bundle.get("image/svg+xml") or bundle["text/html"])
