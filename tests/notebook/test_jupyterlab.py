"""Real JupyterLab in a real browser: the cells of a notebook are run, and what they show is at home there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="a notebook needs a kernel")

import nbformat
from browser import browser, needs_browser, unreadable
from jupyter_lab import DARK, LIGHT, JupyterLab

needs_jupyterlab = pytest.mark.skipif(find_spec("jupyterlab") is None, reason="there is no JupyterLab to show it")
pytestmark = [pytest.mark.slow, needs_browser, needs_jupyterlab]

BEGIN = """
import time
from brinery import Cache
memory = Cache("store", max_size="1MB")

@memory
def measured(text, pause=0):
    time.sleep(pause)
    return text

for text in ["$x^2$ and <script>document.title = 'run'</script> and $y$", "$x^2$ and $y$", "$x^2$ and $y$"]:
    measured(text)
memory
"""
CELLS = [BEGIN.strip(), "memory.entries()", "measured.explain('$x^2$ or $y$')", "measured.cache_info()"]
LONG_WORK = "print(list(measured.map('abcd', [.4] * 4)))"
FORM = ".jp-OutputArea-executeResult .jp-RenderedHTML"


@pytest.fixture
def jupyterlab(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A server that shows what is in the folder of this test."""
    server = JupyterLab(tmp_path, tmp_path_factory.mktemp("jupyterlab"))
    yield server
    server.stop()


def write(path: Path, sources: list[str]) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def opened(window, jupyterlab: JupyterLab, notebook: str, asked: list[str]):
    """A page with a notebook in it, and a list of whatever is asked for elsewhere."""
    page = window.new_page(viewport={"width": 1000, "height": 1100})
    page.set_default_timeout(40_000)
    page.on("request", lambda request: asked.append(request.url) if "//127.0.0.1:" not in request.url else None)
    page.goto(jupyterlab.url(notebook))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
    return page


def run_cells(page, number: int) -> None:
    """Run the first cells as somebody at the keyboard does."""
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()  # before, cells are not run at all
    page.click(".jp-Notebook .jp-CodeCell .cm-content >> nth=0")
    for _ in range(number):
        page.keyboard.press("Shift+Enter")
    page.wait_for_selector(f"{FORM} >> nth={number - 1}", state="attached")


def test_forms_and_progress_are_at_home_in_jupyterlab(jupyterlab: JupyterLab, tmp_path: Path, tmp_path_factory):
    """In its light and its dark theme, run and opened again, trusted and not: readable, and nothing but a picture."""
    write(tmp_path / "notebook.ipynb", [*CELLS, LONG_WORK])
    asked: list[str] = []
    with browser(tmp_path_factory.mktemp("browser")) as window:
        for theme in (LIGHT, DARK):
            jupyterlab.configure("apputils-extension:themes", {"theme": theme})
            page = opened(window, jupyterlab, "notebook.ipynb", asked)
            assert page.get_attribute("body", "data-jp-theme-light") == str(theme == LIGHT).lower()
            run_cells(page, len(CELLS))
            assert "measured" in page.inner_text(f"{FORM} >> nth=0")
            assert "x^2" in page.inner_text(f"{FORM} >> nth=1")
            assert "was" in page.inner_text(f"{FORM} >> nth=2")
            assert unreadable(page, FORM) == []
            assert page.locator(f"{FORM} [style*='color:inherit']").count() > 0
            assert page.locator(f"{FORM} mjx-container").count() == 0  # no formula is made of a value
            if theme == DARK:
                see_progress(page)
            page.keyboard.press("Control+s")
            page.wait_for_selector(".jp-mod-dirty", state="detached")
            page.close()

        saved = json.loads((tmp_path / "notebook.ipynb").read_text())
        for cell in saved["cells"]:
            cell["source"] = ["# somebody else's\n", *cell["source"]]  # so that it is not the one that was trusted
        (tmp_path / "stranger.ipynb").write_text(json.dumps(saved))
        page = opened(window, jupyterlab, "stranger.ipynb", asked)
        page.wait_for_selector(f"{FORM} >> nth={len(CELLS) - 1}", state="attached")
        assert page.locator(f"{FORM} [style*='color:inherit']").count() == 0  # what is not trusted loses some styles
        assert unreadable(page, FORM) == []
        page.close()
    assert asked == []


def see_progress(page) -> None:
    """Run the last cell: a bar comes, and goes."""
    page.keyboard.press("Shift+Enter")
    page.get_by_text("of 4").wait_for()
    assert unreadable(page, ".jp-OutputArea-output:has-text('of 4')") == []
    page.get_by_text("['a', 'b', 'c', 'd']").wait_for()
    page.get_by_text("of 4").wait_for(state="detached")
    assert page.locator(".jp-CodeCell", has_text="measured.map").bounding_box()["height"] < 120
