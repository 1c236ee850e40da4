"""The store and the functions that a command is about: opened by place, found by name, pattern or key."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import redirect_stdout
from importlib import import_module

from .._cache import Cache
from .._display.text import count
from .._function.cached import CachedFunction
from ..errors import StoreError
from .output import fail, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._store.disk.records import EntryRecord, FunctionRecord


def found_function(name: str) -> CachedFunction[..., object] | None:
    """Import the function of that name, as `brinery ls` writes it or `module:name`; None, and said, if there is none.

    Modules are looked for in this folder first, as a program that is started here would.
    """
    here = os.getcwd()
    if sys.path[:1] != [here]:
        sys.path.insert(0, here)
    module, colon, path = name.partition(":")
    splits = [(module, path)] if colon else _splits(name)
    for module, path in splits:
        try:
            with redirect_stdout(sys.stderr):  # what the module prints is no result
                found: object = import_module(module)
        except ModuleNotFoundError as error:
            if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
                continue
            fail("not-importable", f"cannot import {module}: {error}")
            return None
        except (Exception, SystemExit) as error:
            fail("not-importable", f"cannot import {module}: {type(error).__name__}: {error}")
            return None
        for step in path.split("."):
            found = getattr(found, step, None)
        if isinstance(found, CachedFunction):
            return found
        what = f"there is no {path} in {module}" if found is None else f"{module}.{path} is not decorated"
        fail("no-function", f"{what}; for a function made inside another, call f.adopt() in the program")
        return None
    if not splits:
        fail("no-function", f"{name!r} names no module: write it as `brinery ls` does, such as analysis.fit")
    else:
        fail(
            "not-importable",
            f"cannot import {splits[-1][0]} from {here}: run this where the program runs, or set PYTHONPATH",
        )
    return None


def look_here_last(function: str) -> None:
    """Have the modules of a function's program found in this folder, if it is that program's: after all others.

    Whatever else is in the folder, such as a `json.py`, is imported in place of nothing. Python itself puts the folder
    first under `python -m brinery`.
    """
    here = os.getcwd()
    if sys.path[:1] in ([""], [here]):
        del sys.path[0]
    package = function.partition(".")[0]
    if any(os.path.exists(os.path.join(here, name)) for name in (f"{package}.py", package)):
        sys.path.append(here)


def _splits(name: str) -> list[tuple[str, str]]:
    """`a.b.c` as module and name: `a.b` and `c` first."""
    words = name.split(".")
    return [(".".join(words[:end]), ".".join(words[end:])) for end in range(len(words) - 1, 0, -1)]


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
