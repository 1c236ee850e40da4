"""A real kernel that runs cells, one by one, and can be restarted."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient


class Kernel:
    """What somebody types into a notebook, and what the kernel answers."""

    def __init__(self, folder: Path) -> None:
        self._notebook = nbformat.v4.new_notebook()
        self._client = NotebookClient(self._notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
        self._start()

    def _start(self) -> None:
        self._client.create_kernel_manager()
        self._client.start_new_kernel(cwd=self._client.resources["metadata"]["path"])
        self._client.start_new_kernel_client()

    def run(self, source: str) -> str:
        """Run a cell; give the text that it showed, the last expression included."""
        cell = nbformat.v4.new_code_cell(source)
        self._notebook.cells.append(cell)
        self._client.execute_cell(cell, len(self._notebook.cells) - 1)
        return "".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
        )

    def restart(self) -> None:
        """Begin anew, with no name defined."""
        self.stop()
        self._start()

    def stop(self) -> None:
        """End the kernel, as closing the notebook does."""
        self._client._cleanup_kernel()
