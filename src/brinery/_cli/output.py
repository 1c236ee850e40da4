"""What the command line writes: plain columns for people, one JSON document for programs; harmless to a terminal."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from .._display.text import count, printable, table
from .._units import format_size

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


def answer_in_json(is_asked: bool) -> None:  # noqa: FBT001  the answer to a question
    """Write errors as JSON, too, from now on, or as lines."""
    global _in_json
    _in_json = is_asked


_in_json = False


def fail(name: str, message: str, code: int = 1) -> int:
    """Write an error, which ends with the name that docs/messages.md has it by; gives the exit code."""
    finish()
    if _in_json:
        import json

        sys.stderr.write(json.dumps({"error": {"name": name, "message": message}}) + "\n")
    else:
        tell(f"{message} [{name}]")
    return code


def say_table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[str] = (), *, may_cut: bool = False
) -> None:
    """Write rows under their titles, on a terminal in colour where rich is installed.

    The last column may be one that is cut to what a terminal is wide; what is to be copied is not.
    """
    if not is_terminal():
        say(table(titles, rows, numbers))
        return
    rows = list(rows)
    text = table(titles, rows, numbers, terminal_width() if may_cut else 0)
    say(_coloured(text, [printable(row[0]) for row in rows]) if _may_colour() else text)


def _coloured(text: str, names: Sequence[str]) -> str:
    try:
        from .coloured import coloured_table
    except ImportError:  # there is no rich
        return text
    return coloured_table(text, names)


def is_terminal() -> bool:
    """Whether the result goes to somebody who looks."""
    return sys.stdout.isatty()


def terminal_width() -> int:
    """How many columns there are, as `shutil.get_terminal_size` has it, which is slow to import."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdecimal() and int(given[:5]):
        return int(given[:5])
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError, AttributeError):  # no terminal
        return _USUAL_WIDTH


_USUAL_WIDTH = 80


def _may_colour() -> bool:
    """Whether whoever looks wants colours: not with `NO_COLOR`, nor on a terminal that has none."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def say_path(path: str) -> None:
    """Write a path: to a program byte for byte, to a terminal so that it does no harm."""
    if is_terminal():
        say(printable(path))
    else:
        finish()
        with _writing():
            sys.stdout.buffer.write(os.fsencode(path) + b"\n")


def say_json(document: object) -> None:
    """Write the one JSON document: ASCII, on one line unless a person is looking."""
    import json

    say(json.dumps(document, allow_nan=False, indent=2 if is_terminal() else None))


def ask(question: str, *, yes: bool) -> bool:
    """Get a yes on a terminal; where there is none, only `-y` says it."""
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        fail("no-answer", f"{question}? There is no terminal to ask on: say -y")
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
