"""Clearing and pruning: many entries at once, each folder opened once, and never for long while writers wait."""

from __future__ import annotations

import functools
import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import itemgetter
from time import time

from .._progress import Progress
from . import names
from .descriptions import function_name
from .eviction import Policy
from .files import FOLDER, allocated, closing, is_out_of_resources
from .records import EntryRecord, Removed
from .shards import Stored, list_slugs, opened_function, records_of, remove_entries, shards_of
from .upkeep import Upkeep

_AT_ONCE = 256  # entries removed while writers wait


def clear(root: int, slugs: list[str], upkeep: Upkeep, *, everything: bool) -> Removed:
    """Remove all entries of some functions, and keep their runs under way from storing.

    A run stores by renaming its temporary file, so it stored before that file was removed here, and then its entry is
    found below, or not at all.
    """
    starts = {slug[-8:] for slug in slugs}
    with suppress(OSError), closing(os.open(names.TEMPORARY, FOLDER, dir_fd=root)) as temporary:
        for name in os.listdir(temporary):
            if names.is_temporary(name) and (everything or name[:8] in starts):
                with suppress(OSError):
                    os.unlink(name, dir_fd=temporary)
    entries = size = 0
    with Progress("clearing", len(slugs) * len(names.SHARDS)) as progress:
        for slug in slugs:
            removed = _clear_function(root, slug, upkeep, progress)
            entries += removed.entries
            size += removed.bytes
    return Removed(entries, size)


def _clear_function(root: int, slug: str, upkeep: Upkeep, progress: Progress) -> Removed:
    """Remove a function's entries and, if nothing else is left, what tells about the function."""
    entries = size = 0
    with opened_function(root, slug) as folder:
        if folder is None:
            return Removed(0, 0)
        shards = shards_of(folder)
        progress.advance(len(names.SHARDS) - len(shards))
        while shards:
            before = len(shards)
            removed = upkeep.removing(functools.partial(_empty_some, folder, shards))
            progress.advance(before - len(shards))
            entries += removed.entries
            size += removed.bytes
        with suppress(OSError):
            if names.BESIDE_SHARDS.issuperset(os.listdir(folder)):
                for name in names.BESIDE_SHARDS:
                    with suppress(OSError):
                        os.unlink(name, dir_fd=folder)
                os.rmdir(slug, dir_fd=root)
    return Removed(entries, size)


def _empty_some(function: int, shards: list[str]) -> Removed:
    """Empty and remove shards, and take them from the list, until enough is gone at once."""
    entries = size = 0
    while shards and entries < _AT_ONCE:
        shard = shards.pop()
        try:
            folder = os.open(shard, FOLDER, dir_fd=function)
        except OSError as error:
            if is_out_of_resources(error):
                raise
            continue
        with closing(folder):
            for name in os.listdir(folder):
                if names.entry_key(name) is None:
                    continue
                try:
                    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    os.unlink(name, dir_fd=folder)
                except OSError:  # gone, or a folder
                    continue
                if stat.S_ISREG(status.st_mode):
                    entries += 1
                    size += allocated(status)
        with suppress(OSError):  # something else is in it
            os.rmdir(shard, dir_fd=function)
    return Removed(entries, size)


def prune(
    root: int,
    path: str,
    upkeep: Upkeep,
    *,
    max_size: int | None,
    max_entries: int | None,
    is_outdated: Callable[[EntryRecord], bool],
    dry_run: bool,
) -> Removed:
    """Remove what has expired or is outdated, then what has the lowest priority above the limits."""
    now = time()
    going: list[Stored] = []
    staying: list[tuple[float, Stored]] = []
    for slug, record in _all_records(root, path):
        stored = Stored(slug, record.key + names.SUFFIX, record.size, 0, record.last_use)
        if record.expires <= now or is_outdated(record):
            going.append(stored)
        else:
            staying.append((_rank(upkeep.policy, record), stored))
    size, entries = sum(stored.size for _, stored in staying), len(staying)
    if (max_size is not None and size > max_size) or (max_entries is not None and entries > max_entries):
        staying.sort(key=itemgetter(0), reverse=True)
        while staying and (
            (max_size is not None and size > max_size) or (max_entries is not None and entries > max_entries)
        ):
            _, stored = staying.pop()
            size -= stored.size
            entries -= 1
            going.append(stored)
    if dry_run:
        return Removed(len(going), sum(stored.size for stored in going))
    going.sort()  # so that each folder is opened once
    entries = size = 0
    with Progress("pruning", len(going)) as progress:
        for at in range(0, len(going), _AT_ONCE):
            chosen = going[at : at + _AT_ONCE]
            removed = upkeep.removing(functools.partial(remove_entries, root, chosen))
            entries += removed.entries
            size += removed.bytes
            progress.advance(len(chosen))
    return Removed(entries, size)


def _all_records(root: int, path: str) -> Iterator[tuple[str, EntryRecord]]:
    """The records of all entries, each with its function's folder."""
    slugs = list_slugs(root)
    with Progress("looking through the entries", len(slugs) * len(names.SHARDS)) as progress:
        for slug in slugs:
            with opened_function(root, slug) as function:
                shards = [] if function is None else shards_of(function)
                progress.advance(len(names.SHARDS) - len(shards))
                home = function_name(root, slug)
                for shard in shards:
                    for record in [] if function is None else records_of(function, shard, slug, home, path):
                        yield slug, record
                    progress.advance()


def _rank(policy: Policy, record: EntryRecord) -> float:
    rank = policy.rank(record)
    return record.priority if rank is None or math.isnan(rank) else rank
