"""Lists of entries and functions, and a cache at a glance: as text on a terminal, as tables in a notebook."""

from __future__ import annotations

import os
import time

from .._display.text import ago, count, cut, fields, percent, printable, table, taken
from .._light import NamedTuple, R, overload
from .._store.disk.records import EntryRecord, FunctionRecord
from .._store.entry.reading import metadata_at
from .._units import format_size
from ..errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, SupportsIndex

    from .._cache import Cache
    from .._store.directory import Directory


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
        """The first rows in HTML."""
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
        from .._display.markup import block, line, quiet, text

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
        from .._display.html import of_entries

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
        from .._display.html import of_functions

        return of_functions(self.shown(), time.time())


def _arguments(entry: EntryRecord) -> str:
    """What was recorded of an entry's arguments; nothing if it is gone or damaged meanwhile."""
    from .description import pairs_of  # not needed by those who only ask for the list

    recorded = metadata_at(entry.path) or {}
    return ", ".join(f"{name}={value or '?'}" for name, (_, value) in pairs_of(recorded.get("arguments")).items())


_MOST_SECONDS = 1.0  # that counting the entries may take; nobody waits longer for a glance
_MOST_FUNCTIONS = 10


class Overview(NamedTuple):
    """What is told of a cache."""

    place: str
    measures: list[tuple[str, str, float | None]]  # a name, what is told of it, and the share that it is of something
    functions: list[FunctionRecord]  # those that take most
    remark: str

    def plain(self) -> str:
        """Tell it in plain text."""
        parts = [printable(f"Cache {self.place}".rstrip())]
        if self.measures:
            parts.append(fields((name, _with_share(told, share)) for name, told, share in self.measures))
        if self.functions:
            parts.append(f"\n{function_table(self.functions)}")
        if self.remark:
            parts.append(printable(self.remark))
        return "\n".join(parts)

    def html(self) -> str:
        """Tell it in HTML."""
        from .._display.html import of_overview

        return of_overview("Cache", self.place, self.measures, self.functions, self.remark, time.time())


def overview(cache: Cache) -> Overview:
    """Look at a cache; changes no byte, and does without what would take long."""
    if cache._is_off:
        return Overview("", [], [], "nothing is cached: every call computes")
    store = cache._directory_here()
    try:
        functions = store.functions_within(_MOST_SECONDS)
        place = store.root
    except StoreError as error:
        return Overview(store.location, [], [], str(error))
    if functions is None:
        remark = "there are too many entries to count them here: brinery info counts them"
        return Overview(place, _totals(store, cache), [], remark)
    if not functions and not os.path.lexists(place):
        return Overview(place, [], [], "there is no store yet: it is made when first something is stored")
    shown = sorted(functions, key=lambda function: -function.bytes)[:_MOST_FUNCTIONS]
    more = len(functions) - len(shown)
    hits = sum(function.hits for function in functions)
    calls = hits + sum(function.misses for function in functions)
    measures = [
        *_limited(
            sum(function.bytes for function in functions), sum(function.entries for function in functions), cache
        ),
        ("hits", f"{hits} of {count(calls, 'calls')}" if calls else "no calls yet", hits / calls if calls else None),
        ("time saved", taken(sum(function.seconds_saved for function in functions)), None),
    ]
    return Overview(place, measures, shown, f"... and {count(more, 'more functions')}" if more else "")


def function_table(functions: list[FunctionRecord]) -> str:
    """Lay out functions in plain text."""
    titles, rows = function_rows(functions)
    return table(titles, rows, numbers=titles[1:])


def function_rows(functions: list[FunctionRecord]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the titles of a table of functions, and a row of texts for each."""
    now = time.time()
    titles = ("function", "entries", "size", "hits", "saved", "last use")
    rows: list[tuple[str, ...]] = [
        (
            function.name,
            f"{function.entries}",
            format_size(function.bytes),
            f"{function.hits}",
            taken(function.seconds_saved),
            f"{ago(function.last_use, now)} ago" if function.entries else "-",
        )
        for function in functions
    ]
    return titles, rows


def _totals(store: Directory, cache: Cache) -> list[tuple[str, str, float | None]]:
    """What those who store have added up."""
    totals = store.totals()
    return [] if totals is None else _limited(totals.bytes, totals.entries, cache)


def _limited(size: int, entries: int, cache: Cache) -> list[tuple[str, str, float | None]]:
    most = cache.max_size, cache.max_entries
    of_size = "" if most[0] is None else f" of {format_size(most[0])}"
    of_entries = "" if most[1] is None else f" of {most[1]}"
    return [
        ("size", f"{format_size(size)}{of_size}", size / most[0] if most[0] else None),
        ("entries", f"{entries}{of_entries}", entries / most[1] if most[1] else None),
    ]


def _with_share(told: str, share: float | None) -> str:
    return told if share is None else f"{told} ({percent(share)})"
