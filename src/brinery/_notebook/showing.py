"""What a cell shows: recorded in order while it is shown, and shown again."""

from __future__ import annotations

import builtins
import sys
from contextlib import ExitStack, contextmanager

from .._display.text import printable
from .._function.captured_output import STREAMS, heard, write_again
from .._units import format_time
from .outcome import NotKept, Shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_WIDGET = "application/vnd.jupyter.widget-view+json"  # it shows an object of the kernel's, which another has not


class Record:
    """What a cell has shown so far.

    Attributes:
        results: the values that were shown as a last expression.
        asked: what asked the user for an answer meanwhile, empty if nothing did.
    """

    def __init__(self) -> None:
        self._shown: list[Shown] = []
        self._pieces: list[str] = []
        self._is_paused = 0
        self.results: list[Any] = []
        self.asked = ""

    def hear(self, name: str, text: str) -> None:
        """Take note of what was written to a stream."""
        if self._is_paused or not text:
            return
        if not self._pieces or self._shown[-1].kind != name:
            self._end_stream()
            self._shown.append(Shown(name))
        self._pieces.append(text)

    def add(self, shown: Shown) -> None:
        """Take note of anything else."""
        self._end_stream()
        self._shown.append(shown)

    def _end_stream(self) -> None:
        if self._pieces:
            self._shown[-1] = self._shown[-1]._replace(text="".join(self._pieces))
            self._pieces = []

    def whole(self) -> tuple[Shown, ...]:
        """Return everything, in order."""
        self._end_stream()
        return tuple(self._shown)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take no note of what is written, for it is noted in another way."""
        self._is_paused += 1
        try:
            yield
        finally:
            self._is_paused -= 1


@contextmanager
def recording(shell: Any) -> Iterator[Record]:
    """Record what is shown, all of which is shown as well."""
    record = Record()
    with ExitStack() as stack:
        publisher = shell.display_pub
        stack.enter_context(_replaced(publisher, "publish", _publishing(publisher.publish, record)))
        stack.enter_context(_replaced(publisher, "clear_output", _clearing(publisher.clear_output, record)))
        stack.enter_context(_replaced(sys, "displayhook", _hooking(shell, sys.displayhook, record)))
        stack.enter_context(_replaced(builtins, "input", _asking("input()", builtins.input, record)))
        stack.enter_context(_replaced(sys, "breakpointhook", _asking("breakpoint()", sys.breakpointhook, record)))
        stack.enter_context(heard(record.hear))
        yield record


@contextmanager
def muted(shell: Any) -> Iterator[None]:
    """Show nothing of what is shown, for it is shown otherwise."""
    publisher = shell.display_pub
    with ExitStack() as stack:
        for name in ("publish", "clear_output"):
            stack.enter_context(_replaced(publisher, name, lambda *_, **__: None))
        stack.enter_context(heard(lambda _name, _text: None, silent=True))
        yield


def show_again(shell: Any, shown: tuple[Shown, ...], results: tuple[Any, ...] | None) -> None:
    """Show what was recorded, in its order and each as it was."""
    count = 0
    for item in shown:
        if item.kind in STREAMS:
            write_again(item.kind, item.text)
        elif item.kind == "clear":
            shell.display_pub.clear_output(**item.transient)
        elif item.kind == "result":
            text = str(item.data.get("text/plain", ""))
            _show_result(shell, NotKept(text) if results is None else results[count], item)
            count += 1
        else:
            update = item.kind == "update"
            shell.display_pub.publish(
                data=dict(item.data), metadata=dict(item.metadata), transient=dict(item.transient), update=update
            )


def _show_result(shell: Any, value: Any, item: Shown) -> None:
    """Show a value as it looked; what is shown by the way has been shown."""
    with _replaced(shell.display_formatter, "format", lambda *_, **__: (dict(item.data), dict(item.metadata))):
        sys.displayhook(value)


def tell_saved(shell: Any, seconds: float) -> None:
    """Say in one quiet line that nothing was computed."""
    tell_quietly(shell, f"reused, {format_time(seconds)} saved")


def tell_quietly(shell: Any, text: str) -> None:
    """Say something in one quiet line."""
    from html import escape

    text = printable(text)
    html = f'<span style="opacity:.6">{escape(text)}</span>'
    shell.display_pub.publish(data={"text/plain": text, "text/html": html}, metadata={})


def _publishing(publish: Any, record: Record) -> Any:
    def listen(
        data: Any, metadata: Any = None, *args: Any, transient: Any = None, update: bool = False, **more: Any
    ) -> Any:
        kept = {kind: value for kind, value in data.items() if kind != _WIDGET}
        if kept:
            kind = "update" if update else "display"
            record.add(Shown(kind, "", kept, dict(metadata or {}), dict(transient or {})))
        with record.paused():  # a terminal prints it
            return publish(data, metadata, *args, transient=transient, update=update, **more)

    return listen


def _clearing(clear: Any, record: Record) -> Any:
    def listen(wait: bool = False) -> Any:  # noqa: FBT001, FBT002  as it is called
        record.add(Shown("clear", transient={"wait": wait}))
        with record.paused():
            return clear(wait=wait)

    return listen


def _hooking(shell: Any, hook: Any, record: Record) -> Any:
    """Listen to `sys.displayhook`: what a value looks like is what the formatter says when the hook asks it."""

    def listen(value: Any) -> None:
        formatter = shell.display_formatter
        before = formatter.format
        looks: list[Any] = []

        def form(item: Any, *args: Any, **options: Any) -> Any:
            if item is not value or looks:
                return before(item, *args, **options)
            looks.append(None)
            record._is_paused -= 1  # noqa: SLF001  what is written by the way counts
            try:
                data, metadata = before(item, *args, **options)
            finally:
                record._is_paused += 1  # noqa: SLF001
            kept = {kind: look for kind, look in data.items() if kind != _WIDGET}
            looks[0] = Shown("result", "", kept, dict(metadata))
            return data, metadata

        with record.paused(), _replaced(formatter, "format", form):
            hook(value)
        if looks and looks[0] is not None:
            record.add(looks[0])
            record.results.append(value)

    return listen


def _asking(what: str, ask: Any, record: Record) -> Any:
    def listen(*prompt: Any, **options: Any) -> Any:
        record.asked = what
        return ask(*prompt, **options)

    return listen


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Put something in an attribute's place for a time; what took its place meanwhile stays."""
    own = vars(owner)
    had_own, before = name in own, own.get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if vars(owner).get(name) is value:
            if had_own:
                setattr(owner, name, before)
            else:
                delattr(owner, name)
