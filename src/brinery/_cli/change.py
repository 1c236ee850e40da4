"""The commands that remove. Each takes the parsed options and gives the exit code; what names no key asks first."""

from __future__ import annotations

from argparse import Namespace

from .._cache import Cache
from .._display.text import count, printable
from ..errors import StoreError
from .output import amount, ask, say, say_json, say_table, tell
from .store import chosen_functions, exists, fail_absent, found_entry, open_store, path_of, tell_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store.disk.records import BadEntry, FunctionRecord, Removed

_WHOLE_KEY = 32


def rm(options: Namespace) -> int:
    """Remove entries by their keys."""
    cache = open_store(options)
    chosen = [key for key in [_key_of_one(cache, key) for key in options.keys] if key is not None]
    is_allowed = options.dry_run or not chosen
    if not is_allowed and not ask(f"remove {count(len(chosen))} from {path_of(cache)}", yes=options.yes):
        return 1
    removed = []
    for key in chosen:
        if not options.dry_run and not cache.remove(key):  # somebody else was quicker
            fail_absent(cache, key)
            continue
        removed.append(key)
        if not options.json:
            say(f"{'would remove' if options.dry_run else 'removed'} {key}")
    if options.json:
        say_json({"removed": removed, "dry_run": options.dry_run})
    return 0 if len(removed) == len(options.keys) else 1


def _key_of_one(cache: Cache, key: str) -> str | None:
    """The whole key of an entry; None, and said, if there is none, or several begin so."""
    if len(key) < _WHOLE_KEY:
        entry = found_entry(cache, key)
        return None if entry is None else entry.key
    if cache.keys(key):  # one that is damaged, too
        return key
    fail_absent(cache, key)
    return None


def clear(options: Namespace) -> int:
    """Remove all entries, or all of some functions."""
    cache = open_store(options)
    functions = cache.functions()
    if options.function is not None and functions:
        chosen = chosen_functions(functions, options.function, cache)
        if chosen is None:
            return 1
        functions = chosen
    entries = sum(function.entries for function in functions)
    size = sum(function.bytes for function in functions)
    removed = (0, 0)
    if options.dry_run:
        removed = (entries, size)
    elif entries:
        names = ", ".join(function.name for function in functions[:3])
        if len(functions) > 3:
            names += f" and {len(functions) - 3} more"
        of = "" if options.function is None else f"of {names} "
        if not ask(f"remove {amount(entries, size)} {of}from {path_of(cache)}", yes=options.yes):
            return 1
        if options.function is None:
            removed = cache.clear()
        else:
            each = [cache.clear(function.name) for function in functions]
            removed = (sum(one.entries for one in each), sum(one.bytes for one in each))
        if removed[0] < entries and (left := _still_there(cache, functions)):
            path = path_of(cache)
            raise StoreError(f"{count(left)} could not be removed from {path}: `brinery doctor` says what is wrong")
    return _report(removed, cache, options)


def _still_there(cache: Cache, functions: list[FunctionRecord]) -> int:
    names = {function.name for function in functions}
    return sum(function.entries for function in cache.functions() if function.name in names)


def prune(options: Namespace) -> int:
    """Remove what has expired, was not used for long, or exceeds the limits."""
    cache = open_store(options)

    def prune(*, dry_run: bool) -> Removed:
        return cache.prune(
            max_size=options.max_size,
            max_entries=options.max_entries,
            older_than=options.older_than,
            stale=options.stale,
            dry_run=dry_run,
        )

    removed = prune(dry_run=options.dry_run or not options.yes)  # with a yes, one look at every entry is enough
    if removed.entries and not options.dry_run and not options.yes:
        if not ask(f"remove {amount(*removed)} from {path_of(cache)}", yes=False):
            return 1
        removed = prune(dry_run=False)
    return _report(removed, cache, options)


def adopt(options: Namespace) -> int:
    """Keep the results of a function's former code."""
    from .store import found_function  # the other commands call no function

    function = found_function(options.function)
    if function is None:
        return 1
    plan = function.adopt(dry_run=True)
    done = plan
    if plan.entries and not options.dry_run:
        if not options.yes:
            for line in str(plan).splitlines():
                tell(line)
        if not ask("vouch that these changes cannot have changed the results", yes=options.yes):
            return 1
        done = function.adopt(quiet=True)
    if options.json:
        say_json({**done._asdict(), "dry_run": options.dry_run})
    else:
        say(f"{done}")
    return 0


def verify(options: Namespace) -> int:
    """Check all entries, and remove the bad ones if asked."""
    cache = open_store(options)
    checked = cache.info().entries
    bad = sorted(cache.verify())
    if not options.json:
        _list_bad(bad, checked, cache)
    ours = sum(not file.is_foreign for file in bad)
    if ours and options.fix:
        if not ask(f"remove {count(ours, 'files')} from {path_of(cache)}", yes=options.yes):
            return 1
        bad = sorted(cache.verify(fix=True))
        if not options.json:
            _list_fixed(bad)
    elif ours and not options.json:
        tell(f"--fix would remove {count(ours, 'files')}")
    if len(bad) > ours and not options.json:
        foreign = count(len(bad) - ours, "files")
        tell(f"{foreign} may be right for whoever has the other secret, or the missing library; --fix leaves them")
    if options.json:
        names = ("path", "reason", "removed", "is_foreign")
        documents = [{name: getattr(file, name) for name in names} for file in bad]
        say_json({"path": path_of(cache), "checked": checked, "bad": documents})
    return 0 if all(file.removed for file in bad) else 1


def _list_bad(bad: list[BadEntry], checked: int, cache: Cache) -> None:
    if bad:
        say_table(("reason", "file"), [(file.reason, file.path) for file in bad])
    elif checked:
        say(f"{count(checked)} checked, all as they were stored")
    else:
        tell_empty(cache)


def _list_fixed(bad: list[BadEntry]) -> None:
    for file in bad:
        if file.is_foreign:
            continue
        say(f"{'removed' if file.removed else 'could not remove'} {printable(file.path)}")


def _report(removed: tuple[int, int], cache: Cache, options: Namespace) -> int:
    """Say what was removed, or would have been."""
    entries, size = removed
    if options.json:
        say_json({"path": path_of(cache), "entries": entries, "bytes": size, "dry_run": options.dry_run})
    elif not exists(path_of(cache)):
        tell_empty(cache)
    else:
        say(f"{'would remove' if options.dry_run else 'removed'} {amount(entries, size)}")
    return 0
