"""A kernel whose cells are cached: what they show comes as it was shown, and each test begins with no name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import pytest
from kernel import Kernel
from nbclient.exceptions import CellExecutionError

BEGIN = """
%reset -f
%load_ext brinery
import os
os.chdir({folder!r})
import brinery
store = brinery.Cache("store")
%brinery use store
del os, brinery
"""


class Cells(Kernel):
    """A kernel for tests of ``%%brinery``, with a home of its own for as many tests as begin in it."""

    def _start(self) -> None:
        home = Path(self._client.resources["metadata"]["path"]) / "home"
        home.mkdir(exist_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(home))
            patch.setenv("BRINERY_DIR", str(home / "nowhere"))
            super()._start()

    def begin(self, folder: Path) -> None:
        """Forget every name, and keep what is cached in a folder."""
        self._folder = folder
        self.run(BEGIN.format(folder=str(folder)))

    def restart(self) -> None:
        """Begin anew in the same folder."""
        super().restart()
        self.begin(self._folder)

    def outputs(self, source: str) -> list[nbformat.NotebookNode]:
        """Run a cell; give what it showed, an error included."""
        cell = nbformat.v4.new_code_cell(source)
        self._notebook.cells.append(cell)
        with suppress(CellExecutionError):
            self._client.execute_cell(cell, len(self._notebook.cells) - 1)
        return list(cell.outputs)

    def text(self, source: str) -> str:
        """Run a cell; give all that it showed, as text."""
        return "".join(map(text_of, self.outputs(source)))

    def cached(self, body: str, options: str = "") -> str:
        """Run a cell under ``%%brinery``; give all that it showed, as text."""
        return self.text(f"%%brinery {options}\n{body}")

    def value(self, expression: str) -> str:
        """Give the `repr` of an expression."""
        return self.run(f"print(repr(({expression})))").strip()


def text_of(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return f"{output.data.get('text/plain', '')}\n"


@contextmanager
def running(folder: Path) -> Iterator[Cells]:
    """A kernel that ends when all is done."""
    cells = Cells(folder)
    try:
        yield cells
    finally:
        cells.stop()
