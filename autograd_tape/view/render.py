"""Rendering: a diagram becomes SVG, PNG or PDF, and nothing that it does can hang a notebook.

``dot`` renders if the machine has it; otherwise the Graphviz inside ``pygraphviz`` does.  Either
runs in a process of its own, for Graphviz may take minutes or crash, and only a process can be
stopped.  Where it does not deliver, SVG is drawn by :mod:`autograd_tape.view.layered`, and a line
in the picture says why; a notebook gets the table at worst.

Next to read: :mod:`autograd_tape.view.steps`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import graphviz
from graphviz.backend import dot_command

from . import layered
from .colour import PALETTE
from .graph import Graph

__all__ = ["Diagram"]

_FORMATS = {".svg", ".png", ".pdf", ".jpg", ".jpeg", ".gif", ".ps", ".eps"}
_MOST = 500  # nodes that the layered picture takes; more would keep a notebook waiting
_WITHOUT = "Drawn without Graphviz"
_INSTALL = 'pip install "autograd_tape[diagrams]" brings one'

# A fresh interpreter that imports nothing else is there in 0.1 s, and works in any thread, in any
# notebook and on any platform.  (fork and multiprocessing do not.)
_BUNDLED = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog=sys.argv[2]))
"""


class _NoPicture(RuntimeError):
    """Graphviz is missing, too slow or broken; the message is a whole clause."""


class Diagram(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no type hints
    """A ``graphviz.Digraph`` that renders without the ``dot`` program, too, and never hangs.

    seconds  how long Graphviz may take before it is stopped; settable: ``diagram.seconds = 60``
    """

    seconds = 4.0
    table = ""  # what a notebook shows where nothing can be drawn
    graph: Graph | None = None  # what is drawn where Graphviz does not deliver

    def __repr__(self) -> str:
        what = f"Diagram of {len(self.graph.nodes)} nodes" if self.graph else "Diagram"
        return f"<{what}: a notebook shows it; elsewhere diagram.render('f.svg') writes a picture>"

    def pipe(
        self, format: str | None = None, *rest: Any, engine: str | None = None,
        encoding: str | None = None, quiet: bool = False, **options: Any,
    ) -> Any:  # fmt: skip
        """The rendered picture as bytes (as text if ``encoding`` is given).

        Raises RuntimeError where Graphviz is missing, fails, or takes more than ``seconds``, and
        the format is not SVG, which can be drawn without it.
        """
        format = format or self.format
        options |= zip(("renderer", "formatter", "neato_no_op"), rest, strict=False)
        command = dot_command.command(engine or self.engine, format, **options)
        try:
            data = self._graphviz(command, [format, engine or self.engine])
        except _NoPicture as problem:
            if format != "svg" or self.graph is None or len(self.graph.nodes) > _MOST:
                raise RuntimeError(
                    f"cannot draw: {problem}. Without Graphviz, diagram.render('f.svg') draws up "
                    f"to {_MOST} nodes as SVG, print(v.tape) shows the same as a table, and "
                    "diagram.source is the DOT text"
                ) from problem
            data = self._layered(str(problem)).encode()
        return data.decode(encoding) if encoding else data

    def _graphviz(self, command: list[Any], bundled: list[str]) -> bytes:
        """What Graphviz writes, or :class:`_NoPicture`."""
        if shutil.which(command[0]) is None:
            if not sys.executable or find_spec("pygraphviz") is None:
                raise _NoPicture(f"no Graphviz was found ({_INSTALL})")
            command = [sys.executable, "-P", "-c", _BUNDLED, *bundled]  # -P: not from this folder
        try:
            done = subprocess.run(
                command,
                input=self.source.encode(errors="replace"),
                capture_output=True,
                timeout=self.seconds,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # (Windows)
            )
        except subprocess.TimeoutExpired:
            raise _NoPicture(
                f"Graphviz was stopped after {self.seconds:g} s; set diagram.seconds = 60 to wait "
                "longer, or draw less, as with limit=100"
            ) from None
        except OSError as problem:
            raise _NoPicture(f"Graphviz could not be started: {problem}") from problem
        if done.returncode or not done.stdout:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            reason = said[-1] if said else f"exit code {done.returncode}"
            raise _NoPicture(f"Graphviz failed: {reason}")
        return bytes(done.stdout)

    def _layered(self, reason: str) -> str:
        assert self.graph is not None
        return layered.svg(
            self.graph,
            dark=self.graph_attr.get("bgcolor") == PALETTE[True]["page"],
            rankdir=self.graph_attr.get("rankdir"),
            note="; ".join([f"{_WITHOUT}: {reason}", *filter(None, [self.graph.note])]),
        )

    def render(
        self, filename: Any = None, directory: Any = None, view: bool = False,
        cleanup: bool = False, format: str | None = None, *, outfile: Any = None,
        quiet_view: bool = False, **options: Any,
    ) -> str:  # fmt: skip
        """Write the picture and return its path.

        ``render("f.svg")`` writes that one file.  Otherwise as in graphviz: ``render("f",
        format="svg")`` writes the source to ``f`` and the picture to ``f.svg``.
        """
        suffix = Path(filename or "").suffix.lower()
        if outfile is None and suffix in _FORMATS and format in (None, suffix[1:]):
            kind, path = suffix[1:], Path(directory or "", filename)
            data = self.pipe(kind, **options)
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            kind = format or (Path(outfile).suffix[1:] if outfile else self.format)
            data = self.pipe(kind, **options)
            source = self.save(
                Path(outfile).with_suffix(".gv") if outfile and filename is None else filename,
                directory=directory,
            )
            path = Path(outfile or f"{source}.{kind}")
            if cleanup:
                os.remove(source)
        path.write_bytes(data)
        if view or quiet_view:
            self._view(os.fspath(path), format=kind, quiet=quiet_view)
        return os.fspath(path)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        """SVG in a notebook; whatever goes wrong, the table and the reason instead."""
        try:
            bundle = dict(super()._repr_mimebundle_(include, exclude))
        except Exception as problem:
            note = f"<p>{escape(str(problem))}</p>"
            return {"text/html": note + self.table, "text/plain": str(problem)}
        if _WITHOUT not in bundle.get("image/svg+xml", _WITHOUT):
            # JupyterLab shows no SVG of a notebook that ran elsewhere: there the PNG has to do.
            with suppress(RuntimeError):
                bundle["image/png"] = b64encode(self.pipe("png")).decode()
        return bundle
