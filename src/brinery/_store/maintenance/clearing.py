"""Clearing: all entries of functions, each folder opened once, and never for long while writers wait."""

from __future__ import annotations

import functools
import os
import stat
from contextlib import suppress

from ..._display.progress import Progress
from ..accounting.shards import open_if_there, opened_function, shards_of
from ..accounting.upkeep import Upkeep
from ..disk import names
from ..disk.files import FOLDER, allocated, closing
from ..disk.records import Removed
from .side_by_side import SideBySide

_AT_ONCE = 256  # entries removed while writers wait
_THREADS = 2  # where the disk lets them wait; a file system's journal takes little more


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
    together = SideBySide(_THREADS)
    with Progress("clearing", len(slugs) * len(names.SHARDS)) as progress:
        for slug in slugs:
            removed = _clear_function(root, slug, upkeep, progress, together)
            entries += removed.entries
            size += removed.bytes
    return Removed(entries, size)


def _clear_function(root: int, slug: str, upkeep: Upkeep, progress: Progress, together: SideBySide) -> Removed:
    """Remove a function's entries and, if nothing else is left, what tells about the function."""
    entries = size = 0
    with opened_function(root, slug) as folder:
        if folder is None:
            return Removed(0, 0)
        shards = shards_of(folder)
        progress.advance(len(names.SHARDS) - len(shards))
        while shards:
            before = len(shards)
            removed = upkeep.removing(functools.partial(_empty_some, folder, shards, together))
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


def _empty_some(function: int, shards: list[str], together: SideBySide) -> Removed:
    """Empty and remove shards, and take them from the list, until enough is gone at once."""
    return together.remove(shards, functools.partial(_empty, function), _AT_ONCE)


def _empty(function: int, shard: str) -> Removed:
    folder = open_if_there(shard, function)
    if folder is None:
        return Removed(0, 0)
    entries = size = 0
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
