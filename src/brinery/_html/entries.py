"""Entries as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterable

from .._columns import ago, cut, taken
from .._units import format_size
from . import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store.records import EntryRecord

_DIGITS = 8  # of a key
_WIDEST = 240  # of what is told of the arguments


def of_entries(entries: Iterable[tuple[EntryRecord, str]], now: float) -> str:
    """A row for each entry, given with what is told of its arguments."""
    rows = [
        (
            pieces.code(entry.function)
            + (pieces.line(pieces.code(cut(arguments, _WIDEST)), space="0") if arguments else "")
            + pieces.line(pieces.quiet(_whence(entry, now)), space="0"),
            pieces.text(format_size(entry.size)),
            pieces.text(taken(entry.seconds)),
        )
        for entry, arguments in entries
    ]
    return pieces.table(("entry", "size", "took"), rows, (False, True, True))


def _whence(entry: EntryRecord, now: float) -> str:
    ages = f"stored {ago(entry.created, now)} ago, last use {ago(entry.last_use, now)} ago"
    return f"{pieces.code(entry.key[:_DIGITS])} {pieces.text(ages)}"
