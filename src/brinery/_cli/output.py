"""What the command line writes: plain columns for people, one JSON document for programs; harmless to a terminal."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from .._printable import printable
from .._units import format_size, format_time

# Results go to stdout; whatever is said about them, and every question, to stderr.


class UnwritableError(Exception):
    """The result has nowhere to go: a full disk, for instance."""


def say(line: str) -> None:
    """Write a line of the result, as it is."""
    with _writing():
        sys.stdout.write(line + "\n")


def finish() -> None:
    """See that all of the result has arrived."""
    with _writing():
        sys.stdout.flush()


def tell(message: str) -> None:
    """Write a line that is not part of the result."""
    finish()  # on one terminal, the two come in their order
    sys.stderr.write(f"brinery: {printable(message)}\n")


def say_path(path: str) -> None:
    """Write a path: to a program byte for byte, to a terminal so that it does no harm."""
    if sys.stdout.isatty():
        say(printable(path))
    else:
        finish()
        with _writing():
            sys.stdout.buffer.write(os.fsencode(path) + b"\n")


def say_json(document: object) -> None:
    """Write the one JSON document: ASCII, on one line unless a person is looking."""
    import json

    say(json.dumps(document, allow_nan=False, indent=2 if sys.stdout.isatty() else None))


def ask(question: str, *, yes: bool) -> bool:
    """Get a yes on a terminal; where there is none, only `-y` says it."""
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        tell(f"{question}? There is no terminal to ask on: say -y")
        return False
    finish()
    sys.stderr.write(f"{printable(question)}? [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # closed by Ctrl-D
        sys.stderr.write("\n")
    if answer.strip().lower() in ("y", "yes"):
        return True
    tell("nothing was changed")
    return False


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[str] = ()) -> str:
    """Lay out rows under their titles; the columns named in `numbers` stand to the right."""
    lines = [titles, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    right = [title in set(numbers) for title in titles]
    return "\n".join("  ".join(map(_padded, line, widths, right)).rstrip() for line in lines)


def fields(pairs: Iterable[tuple[str, str]]) -> str:
    """Lay out names and their values below each other."""
    pairs = [(printable(name), printable(value)) for name, value in pairs]
    widest = max((_width(name) for name, _ in pairs), default=0)
    return "\n".join(f"{_padded(name, widest)}  {value}".rstrip() for name, value in pairs)


def cut(text: str, width: int) -> str:
    """Shorten a text to so many columns."""
    text = printable(text)
    if _width(text) <= width:
        return text
    while text and _width(text) > width - 3:
        text = text[:-1]
    return text + "..."


def count(number: int, what: str = "entries") -> str:
    """Write a number of things.

    >>> count(1), count(2, "keys")
    ('1 entry', '2 keys')
    """
    one = {"entries": "entry"}.get(what, what.removesuffix("s"))
    return f"{number} {one if number == 1 else what}"


def amount(entries: int, size: int) -> str:
    """Write how much was or would be removed."""
    return f"{count(entries)} ({format_size(size)})"


def moment(when: float) -> str:
    """Write a time of the clock here; a dash for what is none."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))
    except (OverflowError, ValueError, OSError):
        return "-"


def ago(when: float, now: float) -> str:
    """Write how long ago something was; what lies ahead, by another clock, was just now."""
    return format_time(max(0.0, now - when)) if math.isfinite(when) and when > 0 else "-"


def finite(number: float) -> float | None:
    """Give a number that JSON has, or None."""
    return number if math.isfinite(number) else None


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwritableError(f"cannot write the result: {error.strerror or error}") from None


def _padded(text: str, width: int, to_the_right: bool = False) -> str:  # noqa: FBT001, FBT002  given by `map`
    space = " " * (width - _width(text))
    return space + text if to_the_right else text + space


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
