"""The commands that look at a store and change nothing."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout

from .._display.text import ago, count, fields, printable
from .._units import format_size, format_time
from ..errors import SecretError
from .output import finite, moment, say, say_json, say_path, say_table, tell
from .store import exists, found_entry, open_store, path_of, store_at, tell_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._cache import Cache
    from .._store.disk.records import EntryRecord, StoreInfo


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


_TEXTS = ("result", "serializer", "python", "fingerprint")  # in an entry's metadata


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


def show(options: Namespace) -> int:
    """Show all that is known of one entry, without unpickling it."""
    cache = open_store(options)
    entry = found_entry(cache, options.key)
    if entry is None:
        return 1
    if options.value:
        return _show_value(cache, entry, options)
    metadata = cache.metadata(entry)
    document = entry_document(entry, metadata, valuation(cache.settings()))
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


def entry_document(
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
        "arguments": shown_arguments(metadata),
    }


def shown_arguments(metadata: dict[str, object] | None) -> dict[str, str] | None:
    """An entry's arguments in short; empty text where a value was not recorded."""
    recorded = (metadata or {}).get("arguments")
    if not isinstance(recorded, dict):
        return None
    return {
        str(name): parts[1]
        for name, parts in recorded.items()
        if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[1], str)
    }


def _expiry(expires: float, now: float) -> str:
    left = expires - now
    return f"{moment(expires)}, {f'in {format_time(left)}' if left > 0 else f'{format_time(-left)} ago'}"
