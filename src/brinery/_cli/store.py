"""The store that a command is about: opened by its place, functions by name or pattern, entries by their key."""

from __future__ import annotations

import os
from argparse import Namespace

from .._cache import Cache
from .._columns import count
from ..errors import StoreError
from .output import fail, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._store.records import EntryRecord, FunctionRecord


_MOST_TOLD = 5


def store_at(options: Namespace) -> Cache:
    """The store that was asked for, as far as its place goes."""
    cache = Cache() if options.dir is None else Cache(options.dir)
    path = path_of(cache)
    if os.path.isfile(path):
        raise StoreError(f"{path} is a file: --dir, or BRINERY_DIR, takes the folder of a store")
    return cache


def open_store(options: Namespace) -> Cache:
    """The store that was asked for, under the limits that the programs which write it go by."""
    cache = store_at(options)
    place: list[Any] = [] if options.dir is None else [options.dir]
    limits: dict[str, Any] = {"max_size": None, "max_entries": None}
    for name, value in cache.settings().items():
        option: dict[str, Any] = {"eviction": value} if name == "policy" else {name: value}
        try:
            Cache(*place, **option)
        except (TypeError, ValueError):  # a policy that only its program knows, or a file that somebody spoilt
            continue
        limits |= option
    return Cache(*place, **limits)


def path_of(cache: Cache) -> str:
    return cache.location or ""


def exists(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    except OSError:  # it may be there; whoever opens it is told what is wrong
        return True
    return True


def tell_empty(cache: Cache) -> None:
    path = path_of(cache)
    tell(f"the store at {path} is empty" if exists(path) else f"there is no store at {path} yet")


def chosen_functions(functions: list[FunctionRecord], pattern: str, cache: Cache) -> list[FunctionRecord] | None:
    """The functions of that name, or whose names fit the pattern; None, and said, if there are none."""
    from fnmatch import fnmatchcase

    chosen = [function for function in functions if function.name == pattern]
    chosen = chosen or [function for function in functions if fnmatchcase(function.name, pattern)]
    if chosen or not functions:
        return chosen
    from .._options import nearest

    names = tuple(function.name for function in functions)
    ending = [name for name in names if name.endswith(f".{pattern}")]
    near = ending[0] if ending else nearest(pattern, names)
    hint = f"did you mean {near!r}?" if near else "`brinery ls` lists them"
    fail("no-function", f"there is no function {pattern!r} in {path_of(cache)}; {hint}")
    return None


def fail_absent(cache: Cache, key: str) -> None:
    """Say that there is no entry of a key."""
    path = path_of(cache)
    if exists(path):
        fail("no-entry", f"there is no entry {key} in {path}; `brinery ls FUNCTION` lists them")
    else:
        fail("no-entry", f"there is no store at {path} yet, and no entry {key}")


def found_entry(cache: Cache, beginning: str) -> EntryRecord | None:
    """The entry whose key begins so; None, and said, if there is none or more than one."""
    found = cache.find(beginning)
    if len(found) == 1:
        return found[0]
    if not found:
        fail_absent(cache, beginning)
        return None
    first = ", ".join(f"{entry.key} ({entry.function})" for entry in sorted(found)[:_MOST_TOLD])
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    fail("ambiguous-key", f"{beginning} can be any of {count(len(found))}: write more of the key: {first}{more}")
    return None
