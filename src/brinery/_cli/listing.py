"""`brinery ls`: the functions of a store, or the entries of some, chosen and sorted."""

from __future__ import annotations

import math
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from os.path import commonprefix

from .._display.text import ago, cut
from .._explain.tables import function_rows
from .._light import NamedTuple
from .._units import format_size, format_time
from .look import entry_document, shown_arguments, shown_value, valuation
from .output import finite, is_terminal, say, say_json, say_table, tell, terminal_width
from .store import chosen_functions, open_store, path_of, tell_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._cache import Cache
    from .._store.disk.records import EntryRecord, FunctionRecord


_SHORTEST = 8
_FEW_FOLDERS = 4096  # listed in a tenth of a second
_CHANCE = 0.001


def digits_of(entries: list[EntryRecord], cache: Cache, everything: list[FunctionRecord]) -> int:
    """How many digits tell the key of each of some entries from all others in the store.

    Where too many folders hold others of the same beginning to be looked into, it is as many as keys at random are sure
    to need, but for one list in a thousand. `show` and `rm` say so if a beginning can be that of two.
    """
    shards = {entry.key[:2] for entry in entries}
    if len(shards) * len(everything) <= _FEW_FOLDERS:
        return _digits_apart([key for shard in shards for key in cache.keys(shard)])
    pairs = len(entries) * max(1, sum(function.entries for function in everything))
    return max(_digits_apart([entry.key for entry in entries]), math.ceil(math.log(pairs / _CHANCE, 16)))


def _digits_apart(keys: list[str]) -> int:
    """How many digits tell each of the keys from all others."""
    digits = _SHORTEST
    for one, other in pairwise(sorted(keys)):
        if one[:digits] == other[:digits]:
            digits = len(commonprefix((one, other))) + 1  # noqa: RUF071
    return digits


_WIDTH_WITH_VALUE = 80  # of a terminal


class Order(NamedTuple):
    """How `ls` can sort: what of a function, what of an entry; None is refused when it is typed."""

    function: Any  # from a FunctionRecord
    entry: Any  # from an EntryRecord


# The largest come first, and the most recent.
ORDERS = {
    "name": Order(lambda function: function.name, lambda entry: (entry.function, -entry.created)),
    "entries": Order(lambda function: -function.entries, None),
    "size": Order(lambda function: -function.bytes, lambda entry: -entry.size),
    "hits": Order(lambda function: -function.hits, None),
    "saved": Order(lambda function: -function.seconds_saved, None),
    "use": Order(lambda function: -function.last_use, lambda entry: -entry.last_use),
    "key": Order(None, lambda entry: entry.key),
    "age": Order(None, lambda entry: -entry.created),
    "cost": Order(None, lambda entry: -entry.seconds),
    "value": Order(None, lambda entry: -entry.priority),
}


def ls(options: Namespace) -> int:
    """List the functions of the store, or the entries of some."""
    cache = open_store(options)
    functions = everything = cache.functions()
    pattern = options.pattern if options.function is None else options.function
    if pattern is not None:
        chosen = chosen_functions(functions, pattern, cache)
        if chosen is None:
            return 1
        functions = chosen
    is_filtered = options.older_than is not None or options.larger_than is not None or options.stale
    lists_entries = options.function is not None or options.quiet
    if not lists_entries and not is_filtered:
        return _list_functions(functions, cache, options)
    entries = cache.entries() if pattern is None else [entry for one in functions for entry in cache.entries(one.name)]
    entries = _filtered(entries, cache, options)
    if lists_entries:
        return _list_entries(entries, cache, options, everything, several=len(functions) > 1)
    of: dict[str, list[EntryRecord]] = {}
    for entry in entries:
        of.setdefault(entry.function, []).append(entry)
    functions = [
        function._replace(
            entries=len(of[function.name]),
            bytes=sum(entry.size for entry in of[function.name]),
            last_use=max(entry.last_use for entry in of[function.name]),
        )
        for function in functions
        if function.name in of
    ]
    return _list_functions(functions, cache, options, is_filtered=True)


def _filtered(entries: list[EntryRecord], cache: Cache, options: Namespace) -> list[EntryRecord]:
    """Those that all given filters let through; the one that reads every entry's metadata comes last."""
    if options.older_than is not None:
        oldest = time.time() - options.older_than
        entries = [entry for entry in entries if entry.last_use < oldest]
    if options.larger_than is not None:
        entries = [entry for entry in entries if entry.size > options.larger_than]
    return cache.stale(entries) if options.stale else entries


def _list_functions(
    functions: list[FunctionRecord], cache: Cache, options: Namespace, *, is_filtered: bool = False
) -> int:
    functions = _arranged(functions, ORDERS[options.sort or "name"].function, options)
    if options.json:
        documents = [
            {
                "name": function.name,
                "entries": function.entries,
                "bytes": function.bytes,
                "hits": function.hits,
                "misses": function.misses,
                "seconds_saved": finite(function.seconds_saved),
                "last_use": finite(function.last_use) if function.entries else None,
            }
            for function in functions
        ]
        say_json({"path": path_of(cache), "functions": documents})
    elif not functions:
        _tell_none(cache, is_filtered=is_filtered)
    else:
        titles, rows = function_rows(functions)
        say_table(titles, rows, numbers=titles[1:])
    return 0


def _tell_none(cache: Cache, *, is_filtered: bool) -> None:
    if is_filtered:
        tell(f"no entry in {path_of(cache)} is like that")
    else:
        tell_empty(cache)


def _list_entries(
    entries: list[EntryRecord], cache: Cache, options: Namespace, everything: list[FunctionRecord], *, several: bool
) -> int:
    entries = _arranged(entries, ORDERS[options.sort or "age"].entry, options)
    if options.json:
        value_of = valuation(cache.settings())
        documents = [entry_document(entry, metadata, value_of) for entry, metadata in _described(cache, entries)]
        say_json({"path": path_of(cache), "entries": documents})
    elif not entries:
        is_filtered = options.older_than is not None or options.larger_than is not None or options.stale
        _tell_none(cache, is_filtered=is_filtered)
    elif options.quiet:
        say("\n".join(entry.key for entry in entries))
    else:
        now = time.time()
        value_of = valuation(cache.settings())
        digits = digits_of(entries, cache, everything)
        columns: dict[str, Callable[[EntryRecord], str]] = {
            "key": lambda entry: entry.key[:digits],
            "function": lambda entry: entry.function,
            "size": lambda entry: format_size(entry.size),
            "age": lambda entry: ago(entry.created, now),
            "cost": lambda entry: format_time(entry.seconds),
            "value": lambda entry: shown_value(value_of(entry)),
            "last use": lambda entry: f"{ago(entry.last_use, now)} ago",
        }
        if not several:
            del columns["function"]
        is_narrow = is_terminal() and terminal_width() < _WIDTH_WITH_VALUE and options.sort != "value"
        if is_narrow or value_of(entries[0]) is None:  # another policy
            del columns["value"]
        rows = [
            [*(write(entry) for write in columns.values()), _arguments(metadata)]
            for entry, metadata in _described(cache, entries)
        ]
        numbers = [title for title in columns if title not in ("key", "function")]
        say_table([*columns, "arguments"], rows, numbers, may_cut=True)
    return 0


def _arranged(records: list[Any], order: Callable[[Any], Any], options: Namespace) -> list[Any]:
    records = sorted(records, key=lambda record: (order(record), record[0]))  # of equal ones, by key or name
    if options.reverse:
        records.reverse()
    return records[: options.limit]


def _described(cache: Cache, entries: Iterable[EntryRecord]) -> Iterator[tuple[EntryRecord, dict[str, object] | None]]:
    for entry in entries:
        yield entry, cache.metadata(entry)


def _arguments(metadata: dict[str, object] | None) -> str:
    shown = shown_arguments(metadata)
    if shown is None:
        return "(cannot be read)"
    return cut(", ".join(f"{name}={value or '?'}" for name, value in shown.items()), 80)
