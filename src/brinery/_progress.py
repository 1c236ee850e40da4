"""How far something long has come: a bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

_UNSEEN = 0.5  # seconds: what is done sooner shows no bar
_EVERY = 0.1


def is_shown() -> bool:
    """Whether somebody looks."""
    stream = sys.stderr
    return stream is not None and hasattr(stream, "isatty") and stream.isatty()


class Progress:
    """A bar on stderr, drawn by rich where it is installed, that goes when all is done; use it in a `with`."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._next = time.monotonic() + _UNSEEN if is_shown() else float("inf")
        self._bar: Any = None
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
        self._width, self._next = 0, float("inf")

    def advance(self, number: int = 1) -> None:
        """Tell that so much more is done."""
        self._done += number
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        if self._bar is None and not self._width:
            self._bar = _rich_bar(self._what, self._total)
        if self._bar is not None:
            self._bar.update(0, completed=self._done)
        else:
            line = f"{self._what}: {self._done}" + ("" if self._total is None else f" of {self._total}")
            sys.stderr.write("\r" + line.ljust(self._width))
            sys.stderr.flush()
            self._width = len(line)


def _rich_bar(what: str, total: int | None) -> Any:
    try:
        from rich.console import Console
        from rich.progress import Progress as RichProgress
    except ImportError:
        return None
    bar = RichProgress(console=Console(stderr=True), transient=True)
    bar.add_task(what, total=total)
    bar.start()
    return bar
