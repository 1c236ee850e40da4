"""Record what is written to stdout and stderr while something runs, and write it again."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

STREAMS = ("stdout", "stderr")


class _Listener:
    """One part of a program that listens to what is written.

    Attributes:
        hear: called for each piece of text.
        others: the threads that were there before, and have nothing to do with it.
        silent: whether nothing of what it hears is to be shown.
    """

    __slots__ = ("hear", "others", "silent")

    def __init__(self, hear: Callable[[str, str], None], *, silent: bool) -> None:
        self.hear = hear
        self.others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
        self.silent = silent


# Those that this thread or task is part of, the innermost last.
_listening: ContextVar[tuple[_Listener, ...]] = ContextVar("brinery_listening", default=())


class _Tap:
    """What stands in the place of a stream's `write` as long as anybody listens to it."""

    def __init__(self, stream: Any, name: str) -> None:
        own = getattr(stream, "__dict__", {})
        self._stream = stream
        self._name = name
        self._had_own = "write" in own
        self._write = stream.write
        self._listeners: tuple[_Listener, ...] = ()
        self._listen = self.listen  # the very object that is put there
        stream.write = self._listen

    def add(self, listener: _Listener) -> None:
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: _Listener) -> bool:
        """Take a listener away; whether that was the last one, and the stream is as it was."""
        self._listeners = tuple(one for one in self._listeners if one is not listener)
        if self._listeners:
            return False
        # Somebody may have put his own function over ours: it calls ours, which passes everything on.
        if getattr(self._stream, "__dict__", {}).get("write") is self._listen:
            if self._had_own:
                self._stream.write = self._write
            else:
                with suppress(AttributeError):
                    del self._stream.write
        return True

    def listen(self, text: str, /) -> Any:
        """Write a text, and have those hear it to whom it belongs."""
        hearing = self._hearing()
        silent = any(one.silent for one in hearing)
        written = len(text) if silent else self._write(text)  # first, as it refuses what is no text
        for one in reversed(hearing):
            one.hear(self._name, text)
            if one.silent:
                break
        return written

    def _hearing(self) -> list[_Listener]:
        present = self._listeners
        own = [one for one in _listening.get() if one in present]
        # A thread that is in no such part itself was begun by one of them, unless it was there before.
        return own or [one for one in present if threading.get_ident() not in one.others]


_taps: dict[int, _Tap] = {}
_guard = threading.RLock()  # a signal handler may come here while its thread is here already


@contextmanager
def heard(hear: Callable[[str, str], None], *, silent: bool = False) -> Iterator[None]:
    """Tell of all that this thread, and those begun meanwhile, write: the stream's name and the text.

    The streams themselves are listened to, as whoever has one at hand, such as a handler of `logging`, writes to it and
    not to what stands in `sys`. What is written to their descriptors, by other processes or by C code, goes unheard.
    Several may listen at once, in threads or tasks, and end in any order: each hears its own, and who listens within
    another is heard by both.

    Args:
        hear: called for each piece of text.
        silent: show nothing of it.
    """
    listener = _Listener(hear, silent=silent)
    tapped: list[int] = []
    _listening.set((*_listening.get(), listener))
    try:
        with _guard:
            for name in STREAMS:
                stream = getattr(sys, name)
                if stream is None or id(stream) in tapped:
                    continue
                tap = _taps.get(id(stream))
                if tap is None:
                    try:
                        tap = _Tap(stream, name)
                    except AttributeError:  # a stream that takes no attribute: what it gets is not heard
                        continue
                    _taps[id(stream)] = tap
                tapped.append(id(stream))
                tap.add(listener)
        yield
    finally:
        with _guard:
            for place in tapped:
                if _taps[place].remove(listener):
                    del _taps[place]
        _listening.set(tuple(one for one in _listening.get() if one is not listener))


def _after_fork_in_child() -> None:
    global _guard
    _guard = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def write_again(name: str, text: str) -> None:
    """Write a piece of text to the stream that has this name now."""
    stream = getattr(sys, name)
    if stream is not None:
        stream.write(text)
        stream.flush()


class Heard:
    """Collects what was heard, pieces of one stream in one."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, list[str]]] = []

    def __call__(self, name: str, text: str) -> None:
        """Hear one piece."""
        if self._pieces and self._pieces[-1][0] == name:
            self._pieces[-1][1].append(text)
        elif text:
            self._pieces.append((name, [text]))

    def pieces(self) -> list[tuple[str, str]]:
        """Everything so far, in order."""
        return [(name, "".join(texts)) for name, texts in self._pieces]
