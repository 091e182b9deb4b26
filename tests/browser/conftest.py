"""Pages in headless Chromium, with the network off; without Chromium or Playwright, no tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS, SCHEMES = (800, 1400), ("light", "dark")
Open = Callable[..., Any]


# (of each module, and not longer: Playwright keeps an event loop running, which others mind)
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no Chromium here")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, folder: Path) -> Iterator[Open]:
    """Opens a page of ``folder`` offline; none may write an error, or ask the network."""
    contexts, errors = [], []

    def open_page(name: str, width: int = 1400, scheme: str = "light", **options: Any) -> Any:
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": 800}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: errors.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("requestfailed", lambda r: errors.append(r.url))
        page.goto((folder / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def export(notebook: Any, theme: str) -> str:
    """A notebook as HTML; two scripts that the exporter's page asks a server for are left out."""
    nbconvert = pytest.importorskip("nbconvert")
    exporter = nbconvert.HTMLExporter(theme=theme, require_js_url="", mathjax_url="")
    return exporter.from_notebook_node(notebook)[0]  # type: ignore[no-any-return]
