"""What the command line writes: plain columns for people, one JSON document for programs; harmless to a terminal."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .._columns import ago, count, cut, fields, table
from .._printable import printable
from .._units import format_size

__all__ = [
    "UnwritableError",
    "ago",
    "amount",
    "ask",
    "count",
    "cut",
    "fields",
    "finish",
    "finite",
    "moment",
    "say",
    "say_json",
    "say_path",
    "table",
    "tell",
]

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


def amount(entries: int, size: int) -> str:
    """Write how much was or would be removed."""
    return f"{count(entries)} ({format_size(size)})"


def moment(when: float) -> str:
    """Write a time of the clock here; a dash for what is none."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))
    except (OverflowError, ValueError, OSError):
        return "-"


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
