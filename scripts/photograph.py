"""What JupyterLab shows of a small analysis, photographed in Debian's Chromium: the pictures in docs/pictures."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import nbformat
from browser import browser
from jupyter_lab import DARK, LIGHT, JupyterLab
from PIL import Image
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
BEGIN = """
from brinery import Cache
memory = Cache("/tmp/analysis", max_size="20MB")
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

DIRECTIONS = 8

@memory
def load():
    return load_digits(return_X_y=True)

@memory
def features(images):
    steps = np.stack(np.gradient(images.reshape(-1, 8, 8), axis=(1, 2)))
    angle = np.arctan2(*steps) // (2 * np.pi / DIRECTIONS)
    return np.stack([(angle == way).reshape(len(images), -1) for way in np.unique(angle)], -1).reshape(len(images), -1)

@memory
def score(strength, penalty="l2"):
    images, labels = load()
    return cross_val_score(LogisticRegression(C=strength, max_iter=40), features(images), labels, cv=2).mean()
"""
RUN = """
import warnings; warnings.simplefilter("ignore")
for again in range(3):
    scores = [score(strength) for strength in (0.1, 1, 10)]
"""
EDIT = 'DIRECTIONS = 12\nscore.explain(100, penalty="l1")'
PICTURES = {"cache": (LIGHT, "memory"), "entries": (LIGHT, "memory.entries()"), "explain": (DARK, EDIT)}
FORM = ".jp-OutputArea-executeResult .jp-RenderedHTML"
COLOURS = 48


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        notebooks, own = Path(folder, "notebooks"), Path(folder, "own")
        notebooks.mkdir(), own.mkdir()
        server = JupyterLab(notebooks, own)
        try:
            with browser(own) as window:
                for name, (theme, source) in PICTURES.items():
                    cells = [nbformat.v4.new_code_cell(text.strip()) for text in (BEGIN, RUN, source)]
                    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
                    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
                    nbformat.write(notebook, notebooks / f"{name}.ipynb")
                    server.configure("apputils-extension:themes", {"theme": theme})
                    (ROOT / "docs" / "pictures").mkdir(exist_ok=True)
                    save(photograph(window, server.url(f"{name}.ipynb")), ROOT / "docs" / "pictures" / f"{name}.png")
        finally:
            server.stop()


def photograph(window: Browser, url: str) -> bytes:
    """The last cell, with what it shows."""
    page = window.new_page(viewport={"width": 860, "height": 900}, device_scale_factor=1.5)
    page.goto(url)
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
    page.click(".jp-Notebook .jp-CodeCell .cm-content >> nth=0")
    for _ in range(3):
        page.keyboard.press("Shift+Enter")
    page.wait_for_selector(FORM, state="attached", timeout=120_000)
    page.keyboard.press("Escape")
    cell = page.locator(".jp-CodeCell", has=page.locator(FORM))
    cell.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    found = cell.bounding_box()
    found["height"] -= 6  # the next cell's frame
    made = page.screenshot(clip=found)
    page.close()
    return bytes(made)


def save(picture: bytes, path: Path) -> None:
    """Keep it small: a form has few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f}kB", image.size)


if __name__ == "__main__":
    main()
