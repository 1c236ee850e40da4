"""What is written to stdout and stderr while something runs: kept in order as it is shown, and written again."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

STREAMS = ("stdout", "stderr")


@contextmanager
def heard(hear: Callable[[str, str], None], *, silent: bool = False) -> Iterator[None]:
    """Tell of all that this thread, and those begun meanwhile, write: the stream's name and the text.

    The streams themselves are listened to, as whoever has one at hand, such as a handler of `logging`, writes to it and
    not to what stands in `sys`. What is written to their descriptors, by other processes or by C code, goes unheard.

    Args:
        hear: called for each piece of text.
        silent: show nothing of it.
    """
    others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
    listened: list[tuple[Any, bool, Any]] = []
    seen: set[int] = set()
    try:
        for name in STREAMS:
            stream = getattr(sys, name)
            if stream is None or id(stream) in seen:
                continue
            seen.add(id(stream))
            own = getattr(stream, "__dict__", {})
            before = "write" in own, own.get("write")
            try:
                stream.write = _listening(stream.write, name, hear, others, silent=silent)
            except AttributeError:  # a stream of somebody's own that takes no attribute: what it gets is not heard
                continue
            listened.append((stream, *before))
        yield
    finally:
        for stream, had_own, write in listened:
            if had_own:
                stream.write = write
            else:
                with suppress(AttributeError):
                    del stream.write


def _listening(
    write: Callable[[str], Any], name: str, hear: Callable[[str, str], None], others: set[int | None], *, silent: bool
) -> Callable[[str], Any]:
    def listen(text: str, /) -> Any:
        if threading.get_ident() in others:
            return write(text)
        written = len(text) if silent else write(text)  # first, as it refuses what is no text
        hear(name, text)
        return written

    return listen


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
