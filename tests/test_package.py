"""The package as a whole: what it imports, what it lists, and what ``nn`` may not do."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import autograd_tape
import nn

ROOT = Path(__file__).parent.parent


def run(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nn_registers_no_primitive_and_has_no_rules() -> None:
    counts = run(
        "from autograd_tape.primitive import registry; before = len(registry)\n"
        "import nn; print(len(registry) - before)"
    )
    assert counts == "0"
    for path in (ROOT / "nn").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for word in ("defvjp", "defjvp", "@primitive", "elementwise(", "define("):
            assert word not in source, f"{path.name} holds {word}"


def test_nn_does_not_touch_the_entries_of_the_tape() -> None:
    recording = {"adjoint", "backward", "entry", "needs", "pull", "record", "scatter"}
    private = {"adjoints", "entries", "entry"}
    for cls in (autograd_tape.Variable, autograd_tape.Tape, autograd_tape.entry.Entry):
        private |= {x for x in dir(cls) if x[0] == "_" and not x.endswith("__")}
    assert {"_entry", "_value"} <= private
    for path in (ROOT / "nn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}, line {getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd_tape"):
                assert node.module.partition(".")[2] not in recording, where  # type: ignore[union-attr]
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "self":
                assert node.attr not in private, where


def test_importing_the_engine_imports_nothing_but_numpy() -> None:
    code = (
        "import sys, numpy; before = set(sys.modules); import autograd_tape, json\n"
        "print(json.dumps(sorted({m.partition('.')[0] for m in set(sys.modules) - before})))"
    )
    unwanted = {"graphviz", "pygraphviz", "scipy", "safetensors", "tqdm", "torch", "sklearn", "nn",
                "hypothesis", "pytest"}  # fmt: skip
    assert not unwanted & set(json.loads(run(code)))


def test_importing_the_engine_is_quick() -> None:
    """40 ms more than NumPy are 50,000 calls of functions; benchmarks/startup.py takes the time."""
    code = (
        "import numpy; from tests.counting import calls\n"
        "print(calls(lambda: __import__('autograd_tape')))"
    )
    assert int(run(code)) < 50_000


def test_both_packages_are_listed_and_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    for package in (autograd_tape, nn):
        top = Path(package.__path__[0])
        assert (top / "py.typed").exists()
        found = {".".join(p.parent.relative_to(top.parent).parts) for p in top.rglob("__init__.py")}
        assert found <= listed


def test_the_changelog_and_licence_are_there() -> None:
    assert "Unreleased" in (ROOT / "CHANGELOG.md").read_text()
    assert "The autograd_tape authors" in (ROOT / "LICENSE").read_text()
    assert autograd_tape.__version__


def test_public_names_exist() -> None:
    assert all(hasattr(autograd_tape, name) for name in autograd_tape.__all__)


def test_no_two_modules_of_nn_export_one_name() -> None:
    shown = re.findall(r"^from \.(\w+) import \*$", Path(nn.__file__).read_text(), re.MULTILINE)
    names = [name for m in shown for name in importlib.import_module(f"nn.{m}").__all__]
    assert len(names) == len(set(names)) > 50
    assert all(hasattr(nn, name) for name in names)
