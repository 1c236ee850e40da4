"""Lists of entries and of functions: lists in every way, which print as tables, and are tables in a notebook."""

from __future__ import annotations

import time

from ._columns import ago, cut, table, taken
from ._light import R, overload
from ._overview import function_table
from ._store.reading import metadata_at
from ._store.records import EntryRecord, FunctionRecord
from ._units import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, SupportsIndex

_MOST_ROWS = 30
_DIGITS = 8  # of a key
_WIDEST = 60  # of what is told of the arguments


class Listing(list[R]):
    """A list with a table for its printed form, cut after some rows; a piece or a copy of it is one, too."""

    __slots__ = ()

    of = ""

    def table(self) -> str:
        """The first rows in plain text."""
        raise NotImplementedError

    def html(self) -> str:
        """The same rows in HTML."""
        raise NotImplementedError

    def shown(self) -> list[R]:
        """The items that have a row."""
        return list(self[:_MOST_ROWS])

    def remark(self) -> str:
        """What is said below the rows."""
        more = len(self) - _MOST_ROWS
        return f"... and {more} more" if more > 0 else "" if self else f"no {self.of}"

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.table() if self else "", self.remark())))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001  IPython's own signature
        # Inside of something else it is a list like another.
        printer.text(str(self) if len(printer.stack) <= 1 else repr(self))

    def _repr_html_(self) -> str:
        from ._html.pieces import block, line, quiet, text

        return block(self.html() if self else "", line(quiet(text(self.remark()))))

    @overload
    def __getitem__(self, at: SupportsIndex, /) -> R: ...
    @overload
    def __getitem__(self, at: slice, /) -> Self: ...
    def __getitem__(self, at: Any, /) -> Any:
        found = super().__getitem__(at)
        return type(self)(found) if isinstance(at, slice) else found

    def copy(self) -> Self:
        """Return a list of the same items."""
        return type(self)(self)


class EntryList(Listing[EntryRecord]):
    """What `Cache.entries` gives."""

    __slots__ = ()

    of = "entries"

    def table(self) -> str:
        """A line for each entry."""
        now = time.time()
        titles = ("key", "function", "size", "took", "age", "last use", "arguments")
        rows = [
            (
                entry.key[:_DIGITS],
                entry.function,
                format_size(entry.size),
                taken(entry.seconds),
                ago(entry.created, now),
                f"{ago(entry.last_use, now)} ago",
                cut(_arguments(entry), _WIDEST),
            )
            for entry in self.shown()
        ]
        return table(titles, rows, numbers=titles[2:6])

    def html(self) -> str:
        """A row for each entry."""
        from ._html.entries import of_entries

        return of_entries([(entry, _arguments(entry)) for entry in self.shown()], time.time())


class FunctionList(Listing[FunctionRecord]):
    """What `Cache.functions` gives."""

    __slots__ = ()

    of = "functions"

    def table(self) -> str:
        """A line for each function."""
        return function_table(self.shown())

    def html(self) -> str:
        """A row for each function, with bars."""
        from ._html.functions import of_functions

        return of_functions(self.shown(), time.time())


def _arguments(entry: EntryRecord) -> str:
    """What was recorded of an entry's arguments; nothing if it is gone or damaged meanwhile."""
    from ._description import pairs_of  # whoever only asks for the list does without

    recorded = metadata_at(entry.path) or {}
    return ", ".join(f"{name}={value or '?'}" for name, (_, value) in pairs_of(recorded.get("arguments")).items())
