"""A cache at a glance, for people who look at it in a notebook: in HTML, and in plain text beside it."""

from __future__ import annotations

import os
import time

from ._columns import ago, count, fields, percent, table, taken
from ._light import NamedTuple
from ._printable import printable
from ._units import format_size
from .errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._cache import Cache
    from ._store.directory import Directory
    from ._store.records import FunctionRecord

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
        from ._html.overview import of_overview

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
    now = time.time()
    titles = ("function", "entries", "size", "hits", "saved", "last use")
    rows = [
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
    return table(titles, rows, numbers=titles[1:])


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
