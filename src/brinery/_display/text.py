"""Text for people: in columns, harmless to a terminal, and sentences that know their parts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .._units import format_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


def printable(text: str) -> str:
    r"""Escape what a terminal would obey, or not show: control characters, directions of writing, lone surrogates.

    >>> printable("plain, \x1b[31mred")
    'plain, \\x1b[31mred'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


class Change(str):
    """What changed, as a sentence; a form that sets its parts apart finds them here.

    Attributes:
        what: what changed: a part of the code, an option, a place in an argument.
        before: its value before, in short; empty where it is not told.
        after: its value now.
        note: what happened to it, where no values are told.
        where: the file and line in which it stands; empty where that is not known.
    """

    __slots__ = ("after", "before", "note", "what", "where")

    what: str
    before: str
    after: str
    note: str
    where: str

    def __new__(cls, what: str, *, before: str = "", after: str = "", note: str = "", where: str = "") -> Self:
        """Make the sentence from its parts."""
        told = f": {before or '?'} -> {after or '?'}" if before or after else f" {note}"
        place = f" ({where})" if where else ""
        made = super().__new__(cls, f"{what}{told}{place}")
        made.what, made.before, made.after, made.note, made.where = what, before, after, note, where
        return made

    def __reduce__(self) -> Any:
        parts = {name: getattr(self, name) for name in ("before", "after", "note", "where")}
        return _change, (self.what, parts)


def _change(what: str, parts: dict[str, str]) -> Change:
    return Change(what, **parts)


_LEAST = 12  # columns that a cut text needs to tell anything


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[str] = (), width: int = 0) -> str:
    """Lay out rows under their titles; the columns named in `numbers` stand to the right.

    With a width the last column is cut so that lines fit, if there is room for some of it.
    """
    lines = [titles, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(columns_of, column)) for column in zip(*lines, strict=True)]
    right = [title in set(numbers) for title in titles]
    room = width - sum(widths[:-1]) - 2 * len(widths[:-1]) if width else widths[-1]
    if widths[-1] > room >= _LEAST:
        lines = [[*line[:-1], cut(line[-1], room)] for line in lines]
        widths[-1] = room
    return "\n".join("  ".join(map(padded, line, widths, right)).rstrip() for line in lines)


def fields(pairs: Iterable[tuple[str, str]]) -> str:
    """Lay out names and their values below each other."""
    pairs = [(printable(name), printable(value)) for name, value in pairs]
    widest = max((columns_of(name) for name, _ in pairs), default=0)
    return "\n".join(f"{padded(name, widest)}  {value}".rstrip() for name, value in pairs)


def cut(text: str, width: int) -> str:
    """Shorten a text to so many columns."""
    text = printable(text)
    if columns_of(text) <= width:
        return text
    while text and columns_of(text) > width - 3:
        text = text[:-1]
    return text + "..."


def count(number: int, what: str = "entries") -> str:
    """Write a number of things.

    >>> count(1), count(2, "keys")
    ('1 entry', '2 keys')
    """
    one = {"entries": "entry"}.get(what, what.removesuffix("s"))
    return f"{number} {one if number == 1 else what}"


def ago(when: float, now: float) -> str:
    """Write how long ago something was; what lies ahead, by another clock, was just now."""
    return format_time(max(0.0, now - when)) if math.isfinite(when) and when > 0 else "-"


def taken(seconds: float) -> str:
    """Write how long something took, as whoever can write to the store may tell it."""
    return format_time(seconds) if math.isfinite(seconds) and seconds >= 0 else "-"


def percent(share: float) -> str:
    """Write a share of one.

    >>> percent(0.05)
    '5%'
    """
    return f"{100 * share:.0f}%"


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int, to_the_right: bool = False) -> str:  # noqa: FBT001, FBT002  given by `map`
    """Fill a text up with spaces."""
    space = " " * (width - columns_of(text))
    return space + text if to_the_right else text + space
