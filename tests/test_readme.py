"""The Markdown pages stay true: their Python blocks run, and print what the pages say."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from autograd_tape import dispatch
from autograd_tape.primitive import registry

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, content) of every fenced block, in order."""
    return FENCE.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/design.md",
        "docs/exploring.md",
        "docs/gallery.md",
        "docs/limits.md",
        "docs/programs.md",
        "docs/property_testing.md",
    ],
)
def test_python_blocks_run_and_print_what_follows_them(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.suppress(ModuleNotFoundError):  # a page must not be the first
        import autograd_tape.special  # noqa: F401
    monkeypatch.setattr(dispatch, "registry", list(registry))  # a page may define a primitive
    monkeypatch.setattr(dispatch, "functions", dict(dispatch.functions))
    found = blocks(page)
    assert any(language == "python" for language, _ in found)
    namespace: dict[str, object] = {"__name__": "page"}
    for (language, code), after in zip(found, [*found[1:], ("", "")], strict=True):
        if language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, page, "exec"), namespace)
            assert printed.getvalue() == (after[1] if after[0] == "text" else ""), code


def test_links_lead_to_files() -> None:
    for page in ["README.md", "CONTRIBUTING.md", *map(str, (ROOT / "docs").glob("*.md"))]:
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
        for target in links + re.findall(r'\bsrc(?:set)?="([^"]+)"', text):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{page} links to {target}"


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    commands = re.findall(r"^make (\w+)", dict(blocks("README.md"))["sh"], re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    assert commands == ["demo", "test"]
    assert all(f"\n{name}:" in makefile for name in commands)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
