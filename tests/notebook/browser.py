"""A real browser without a window: Debian's Chromium, driven by playwright, that reaches nothing outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="what drives the browser")

READABLE = Path(__file__).with_name("readable.js").read_text()
CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")


@contextmanager
def browser(home: Path) -> Iterator[playwright.Browser]:
    """Start a browser that keeps what it has to keep in a folder, and end it."""
    with playwright.sync_playwright() as driver:
        places = {name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        made = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET), env={**os.environ, **places})
        try:
            yield made
        finally:
            made.close()


def unreadable(page: playwright.Page, selector: str) -> list[str]:
    """Texts and bars on a page that have too little contrast, as the Web Content Accessibility Guidelines count it."""
    found = page.eval_on_selector_all(selector, f"roots => roots.flatMap({READABLE})")
    assert isinstance(found, list)
    return found


def too_wide(page: playwright.Page) -> int:
    """By how many pixels a page can be moved to the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
