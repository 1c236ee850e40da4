"""All that a kernel sends while a cell runs, in every form that it has."""

from __future__ import annotations

from typing import Any

from kernel import Kernel


class Outputs:
    """What the cells of a kernel show, message by message."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._messages: list[tuple[str, dict[str, Any]]] = []
        take = kernel._client.process_message

        def watch(message, cell, index):
            self._messages.append((message["msg_type"], message["content"]))
            return take(message, cell, index)

        kernel._client.process_message = watch

    def forms(self, source: str) -> dict[str, str]:
        """Run a cell; give the last expression in all its forms."""
        return self.of(source, "execute_result")[-1]["data"]

    def of(self, source: str, *kinds: str) -> list[dict[str, Any]]:
        """Run a cell; give the messages of some kinds, in their order."""
        self._messages.clear()
        self._kernel.run(source)
        return [content for kind, content in self._messages if kind in kinds]

    def bar(self) -> list[dict[str, str]]:
        """What the last cell showed of its progress, one after the other, in all its forms."""
        shown = [content for kind, content in self._messages if kind in ("display_data", "update_display_data")]
        assert all(content["transient"]["display_id"].startswith("brinery-progress-") for content in shown)
        return [content["data"] for content in shown]

    def left(self) -> list[dict[str, str]]:
        """What stands below the last cell in the end, in all its forms."""
        return [output["data"] for output in self._kernel._notebook.cells[-1].outputs if "data" in output]
