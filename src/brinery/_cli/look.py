"""The commands that look at a store and change nothing."""

from __future__ import annotations

import math
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from itertools import pairwise
from os.path import commonprefix

from .._cache import Cache
from .._display.text import ago, count, cut, fields, printable
from .._explain.tables import function_rows
from .._light import NamedTuple
from .._units import format_size, format_time
from ..errors import SecretError
from .output import finite, is_terminal, moment, say, say_json, say_path, say_table, tell, terminal_width
from .store import chosen_functions, exists, found_entry, open_store, path_of, store_at, tell_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._cache import Cache
    from .._store.disk.records import EntryRecord, FunctionRecord, StoreInfo


_FURTHEST = 1000.0  # half-lives
_MEGABYTE = 1_000_000


def valuation(settings: Mapping[str, object]) -> Callable[[EntryRecord], float | None]:
    """Give what tells the seconds that an entry saves per byte, each use halved with every half-life.

    None under another policy than "value": what those go by stands in columns of its own.
    """
    half_life = settings.get("half_life")
    now = time.time()

    def value_of(entry: EntryRecord) -> float | None:
        if settings.get("policy") != "value" or not isinstance(half_life, (int, float)):
            return None
        # The priority is a time: that at which an entry worth one second per byte would have been stored.
        return float(2.0 ** max(-_FURTHEST, min((entry.priority - now) / half_life, _FURTHEST)))

    return value_of


def shown_value(value: float | None) -> str:
    """Write a value as a time per megabyte."""
    return "-" if value is None else f"{format_time(value * _MEGABYTE)}/MB"


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
_TEXTS = ("result", "serializer", "python", "fingerprint")  # in an entry's metadata


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


def directory(options: Namespace) -> int:
    """Say where the store is, or would be made."""
    path = path_of(store_at(options))
    if options.json:
        say_json({"path": path, "exists": exists(path)})
    else:
        say_path(path)
    return 0


def info(options: Namespace) -> int:
    """Describe the store in numbers."""
    cache = open_store(options)
    path = path_of(cache)
    found = cache.info()
    settings = cache.settings()
    policy = settings.get("policy")
    if options.json:
        say_json(
            {
                "path": path,
                "exists": exists(path),
                "functions": found.functions,
                "entries": found.entries,
                "bytes": found.bytes,
                "other_formats": found.other_formats,
                "max_size": cache.max_size,
                "max_entries": cache.max_entries,
                "eviction": policy if isinstance(policy, str) else None,
                "half_life": found.half_life if "half_life" in settings else None,
                "hits": found.hits,
                "misses": found.misses,
                "hit_rate": _hit_rate(found),
                "seconds_saved": finite(found.seconds_saved),
                "signed_by": _signer(),
            }
        )
        return 0
    if not exists(path):
        say(printable(f"there is no store at {path} yet"))
        return 0
    pairs = [
        ("store", path),
        ("functions", f"{found.functions}"),
        ("entries", f"{found.entries}"),
        ("size", format_size(found.bytes)),
    ]
    if settings:
        pairs += [
            ("max size", "none" if cache.max_size is None else format_size(cache.max_size)),
            ("max entries", "none" if cache.max_entries is None else f"{cache.max_entries}"),
            ("eviction", f"{policy}"),
            ("half-life", format_time(found.half_life)),
        ]
    pairs += [
        ("hits", f"{found.hits}"),
        ("misses", f"{found.misses}"),
        ("hit rate", "-" if (rate := _hit_rate(found)) is None else f"{100 * rate:.1f}%"),
        ("saved", format_time(found.seconds_saved)),
        ("signed by", _signer() or "nobody yet: the first result stored makes a secret"),
    ]
    if found.other_formats:
        pairs.append(("other formats", f"{count(found.other_formats)}, left alone"))
    say(fields(pairs))
    return 0


def _hit_rate(found: StoreInfo) -> float | None:
    calls = found.hits + found.misses
    return found.hits / calls if calls else None


def _signer() -> str | None:
    """Whose secret signs what is stored from here; it is not read."""
    from .._store.signing.secret_file import secret_path

    if "BRINERY_SECRET" in os.environ:
        return "BRINERY_SECRET"
    try:
        path = secret_path()
    except SecretError:  # there is no home to have one in
        return None
    return path if os.path.lexists(path) else None


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
        documents = [_entry_document(entry, metadata, value_of) for entry, metadata in _described(cache, entries)]
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


def show(options: Namespace) -> int:
    """Show all that is known of one entry, without unpickling it."""
    cache = open_store(options)
    entry = found_entry(cache, options.key)
    if entry is None:
        return 1
    if options.value:
        return _show_value(cache, entry, options)
    metadata = cache.metadata(entry)
    document = _entry_document(entry, metadata, valuation(cache.settings()))
    if options.json:
        say_json(document)
        return 0
    now = time.time()
    pairs = [
        ("key", entry.key),
        ("function", entry.function),
        ("file", entry.path),
        ("size", format_size(entry.size)),
        ("cost", format_time(entry.seconds)),
        *([] if document["value"] is None else [("value", shown_value(document["value"]))]),
        ("created", f"{moment(entry.created)}, {ago(entry.created, now)} ago"),
        ("last use", f"{moment(entry.last_use)}, {ago(entry.last_use, now)} ago"),
        ("expires", "never" if document["expires"] is None else _expiry(entry.expires, now)),
    ]
    pairs += [(name, document[name]) for name in _TEXTS if document[name] is not None]
    say(fields(pairs))
    arguments = document["arguments"]
    if arguments is None:
        tell("what was recorded beside this entry cannot be read: `brinery verify` tells more")
    elif arguments:
        say("arguments")
        say(fields((f"  {name}", value or "(not recorded)") for name, value in arguments.items()))
    return 0


def _show_value(cache: Cache, entry: EntryRecord, options: Namespace) -> int:
    """Show what the entry gives to those who hit it; its signature is checked before it is unpickled."""
    from .store import look_here_last

    look_here_last(entry.function)
    with redirect_stdout(sys.stderr):  # what these modules print is no result
        text = repr(cache.load(entry))
    if options.json:
        say_json({"key": entry.key, "value": text})
    else:
        say("\n".join(map(printable, text.split("\n"))))
    return 0


def explain(options: Namespace) -> int:
    """Say whether an entry can still be hit, and if not why."""
    cache = open_store(options)
    if options.last:
        return _explain_last(cache, options)
    entry = found_entry(cache, options.key)
    found = None if entry is None else cache.explain(entry.key)
    if found is None:
        return 1
    if options.json:
        say_json(found._asdict())
    else:
        say(f"{found}")
    return 0


def _explain_last(cache: Cache, options: Namespace) -> int:
    """Say what the latest program found in the store, what it computed and why."""
    session = cache.last_session()
    if options.json:
        documents = [
            {
                "name": function.function,
                "hits": function.hits,
                "misses": function.misses,
                "seconds_saved": finite(function.seconds_saved),
                "reason": function.reason or None,
                "key": function.key or None,
            }
            for function in (session.functions if session else ())
        ]
        program, last = (session.program or None, session.last) if session else (None, None)
        say_json({"path": path_of(cache), "program": program, "last": last, "functions": documents})
    elif session is None:
        tell_empty(cache)
    else:
        titles, rows = session.rows()
        say_table(titles, rows, numbers=titles[1:-1], may_cut=True)
        say(session.sum())
        tell(f"that was {session.program or 'a program'}, {ago(session.last, time.time())} ago")
    return 0


def _arranged(records: list[Any], order: Callable[[Any], Any], options: Namespace) -> list[Any]:
    records = sorted(records, key=lambda record: (order(record), record[0]))  # of equal ones, by key or name
    if options.reverse:
        records.reverse()
    return records[: options.limit]


def _described(cache: Cache, entries: Iterable[EntryRecord]) -> Iterator[tuple[EntryRecord, dict[str, object] | None]]:
    for entry in entries:
        yield entry, cache.metadata(entry)


def _entry_document(
    entry: EntryRecord, metadata: dict[str, object] | None, value_of: Callable[[EntryRecord], float | None]
) -> dict[str, Any]:
    """One entry for JSON; of its metadata what is known and as it should be, for it may hold anything."""
    texts = {name: (metadata or {}).get(name) for name in _TEXTS}
    return {
        "key": entry.key,
        "function": entry.function,
        "path": entry.path,
        "bytes": entry.size,
        "seconds": finite(entry.seconds),
        "value": value_of(entry),
        "priority": finite(entry.priority),
        "created": finite(entry.created),
        "last_use": finite(entry.last_use),
        "expires": finite(entry.expires),
        **{name: text if isinstance(text, str) else None for name, text in texts.items()},
        "arguments": _shown_arguments(metadata),
    }


def _shown_arguments(metadata: dict[str, object] | None) -> dict[str, str] | None:
    """An entry's arguments in short; empty text where a value was not recorded."""
    recorded = (metadata or {}).get("arguments")
    if not isinstance(recorded, dict):
        return None
    return {
        str(name): parts[1]
        for name, parts in recorded.items()
        if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[1], str)
    }


def _arguments(metadata: dict[str, object] | None) -> str:
    shown = _shown_arguments(metadata)
    if shown is None:
        return "(cannot be read)"
    return cut(", ".join(f"{name}={value or '?'}" for name, value in shown.items()), 80)


def _expiry(expires: float, now: float) -> str:
    left = expires - now
    return f"{moment(expires)}, {f'in {format_time(left)}' if left > 0 else f'{format_time(-left)} ago'}"
