"""How far something long has come: a bar on a terminal or below a notebook's cell, and nothing in a pipe."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, Self

    class Bar(Protocol):
        """What draws."""

        def update(self, done: int) -> None:
            """Draw how much is done."""

        def stop(self) -> None:
            """Take everything away."""


_UNSEEN = 0.5  # seconds: what is done sooner shows no bar
_EVERY = 0.1

_drawn: set[str] = set()  # where a bar is: what is done meanwhile, by the way, has none there
_latest = "", ""  # the cell in which one was drawn last, and its name: there it is drawn again


class Progress:
    """A bar that goes when all is done; use it in a `with`.

    On stderr where that is a terminal, drawn by rich if it is installed; in a notebook as HTML. There only the cells'
    own thread draws: what other threads show would come below whichever cell is running by then.
    """

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total  # None: nobody knows
        self._done = 0
        self._shell = _notebook_shell()
        is_seen = self._shell is not None or is_shown()
        self._next = time.monotonic() + _UNSEEN if is_seen else float("inf")
        self._place = ""
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._next = float("inf")
        bar, self._bar = self._bar, None
        if bar is not None:
            _drawn.discard(self._place)
            bar.stop()

    def advance(self, number: int = 1) -> None:
        """Tell that so much more is done."""
        self._done += number
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        if self._bar is None:
            place = "terminal" if self._shell is None else _cell(self._shell)
            if place in _drawn:
                return
            _drawn.add(place)
            self._place = place
            self._bar = self._new_bar(place)
        self._bar.update(self._done)

    def _new_bar(self, place: str) -> Bar:
        if self._shell is not None:
            return _NotebookBar(self._what, self._total, self._shell.display_pub, place)
        try:
            return _RichBar(self._what, self._total)
        except Exception:  # it is not installed, or of another mind
            return _Line(self._what, self._total)


def is_shown() -> bool:
    """Whether somebody looks at stderr."""
    stream = sys.stderr
    return stream is not None and hasattr(stream, "isatty") and stream.isatty()


def _notebook_shell() -> Any:
    """IPython's shell, if this is the thread of a kernel that runs its cells, and shows what they show."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)  # never imported for this
    if get_ipython is None:
        return None
    try:
        import threading

        shell = get_ipython()
        process = shell.kernel.session.pid  # a forked child has the shell, too, and nobody listens to it
        is_captured = not isinstance(shell.display_pub, shell.display_pub_class)  # as `%%capture` does
        is_elsewhere = threading.current_thread() is not threading.main_thread()
    except Exception:  # a shell without a kernel, or of another make
        return None
    return None if is_captured or is_elsewhere or process != os.getpid() else shell


def _cell(shell: Any) -> str:
    """What tells the run of a cell that is under way from all others."""
    header = getattr(shell.display_pub, "parent_header", None)
    return str(header.get("msg_id") if isinstance(header, dict) else shell.execution_count)


def so_far(done: int, total: int | None) -> str:
    """Write how much is done, of how much where that is known."""
    return f"{done}" if total is None else f"{done} of {total}"


class _Line:
    """A line of text that is written over."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._width = 0

    def update(self, done: int) -> None:
        line = f"{self._what}: {so_far(done, self._total)}"
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def stop(self) -> None:
        sys.stderr.write("\r" + " " * self._width + "\r")
        sys.stderr.flush()


class _RichBar:
    """What rich draws, where it is installed."""

    def __init__(self, what: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(console=Console(stderr=True), transient=True)
        self._bar.add_task(what, total=total)
        self._bar.start()

    def update(self, done: int) -> None:
        self._bar.update(0, completed=done)  # type: ignore[arg-type]

    def stop(self) -> None:
        self._bar.stop()


class _NotebookBar:
    """An output of the cell, which is replaced; empty in the end, as others of the same cell are to stay."""

    def __init__(self, what: str, total: int | None, publisher: Any, cell: str) -> None:
        global _latest
        self._what = what
        self._total = total
        self._publisher = publisher
        self._is_new = _latest[0] != cell
        if self._is_new:
            _latest = cell, f"brinery-progress-{os.urandom(8).hex()}"
        self._name = _latest[1]

    def update(self, done: int) -> None:
        from .html import of_progress

        text = f"{self._what}: {so_far(done, self._total)}"
        self._show({"text/plain": text, "text/html": of_progress(self._what, done, self._total)})

    def stop(self) -> None:
        self._show({"text/plain": "", "text/html": ""})

    def _show(self, forms: dict[str, str]) -> None:
        try:
            self._publisher.publish(forms, transient={"display_id": self._name}, update=not self._is_new)
        except Exception:  # nobody listens any more: that does not matter to the work
            return
        self._is_new = False
