"""The pictures of docs/gallery.md and the README: ``python -m tests.gallery`` draws them anew.

The last line of a code block above a picture is what it shows; it is drawn once light, once dark.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograd_tape import Variable
from autograd_tape.view.render import Diagram

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "gallery.md"
FOLDER = DOCS / "images" / "gallery"
SCHEMES = ("light", "dark")
DARK = ast.keyword("dark", ast.Constant(True))
STEPS = 5  # of the explorer's slider, on its picture: b has one of its two contributions

BLOCK = re.compile(r"^```python\n(.*?)^```\n\n(?:<picture>.*?-light\.svg)?", re.M | re.S)


def diagrams() -> Iterator[tuple[str, dict[str, Diagram]]]:
    """Of each picture of the page its name, and its diagram by colour scheme."""
    namespace: dict[str, object] = {"__name__": "gallery"}
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        name = re.search(r"([\w-]+)-light\.svg$", block[0])
        code = ast.parse(block[1])
        last = code.body.pop() if name else None
        exec(compile(code, str(PAGE), "exec"), namespace)
        if name:
            assert isinstance(last, ast.Expr), f"the block of {name} ends with a diagram"
            assert isinstance(last.value, ast.Call)
            light = last.value
            dark = ast.Call(light.func, light.args, [*light.keywords, DARK])
            calls = zip(SCHEMES, (light, dark), strict=True)
            yield name[1], {scheme: eval(ast.unparse(c), namespace) for scheme, c in calls}


def draw() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, by_scheme in diagrams():
        for scheme, diagram in by_scheme.items():
            print(diagram.render(FOLDER / f"{name}-{scheme}.svg"))


def photograph() -> None:
    """The explorer as a browser shows it, in the middle of the reverse sweep."""
    from playwright.sync_api import sync_playwright

    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_of_its_own = Path(((a + b) * b).explore().save(Path(folder) / "explorer.html"))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--disable-gpu", "--disable-quic", "--disable-sync"],
        )
        for scheme in SCHEMES:
            page = browser.new_page(
                offline=True,
                viewport={"width": 1000, "height": 600},
                device_scale_factor=1.5,
                color_scheme=scheme,
            )
            page.goto(page_of_its_own.as_uri())
            page.locator("input").focus()
            for _ in range(STEPS):
                page.keyboard.press("ArrowRight")
            page.locator("input").blur()
            path = DOCS / "images" / f"explorer-{scheme}.png"
            page.locator(".explorer").screenshot(path=path, animations="disabled")
            print(path)
        browser.close()


if __name__ == "__main__":
    draw()
    try:
        photograph()
    except Exception as problem:  # Chromium or Playwright is missing
        sys.exit(f"the pictures of the explorer stay as they were: {problem}")
