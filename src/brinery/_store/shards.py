"""What lies in a store, folder by folder, through descriptors; anything of another name is not seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from .._light import NamedTuple
from .entry import HEAD, facts
from .files import FOLDER, allocated, closing, is_out_of_resources, open_to_look
from .names import SHARDS, SUFFIX, TEMPORARY, entry_key, is_slug, is_temporary
from .records import EntryRecord, Removed

_SECOND = 1_000_000_000
_SHARDS = frozenset(SHARDS)


class Stored(NamedTuple):
    """One entry's file as its status tells it."""

    slug: str
    name: str  # of the file; the shard is its first two digits
    size: int  # allocated
    priority: int  # the modification time, in nanoseconds
    last_use: float

    @property
    def shard(self) -> str:
        return self.name[:2]


def list_slugs(root: int) -> list[str]:
    """The functions' folders in an open root."""
    return [name for name in os.listdir(root) if is_slug(name)]


@contextmanager
def opened_function(root: int, slug: str) -> Iterator[int | None]:
    """Open a function's folder; None if it is gone or not a folder."""
    fd = open_if_there(slug, root)
    if fd is None:
        yield None
        return
    with closing(fd):
        yield fd


def shards_of(function: int) -> list[str]:
    """The shards in a function's open folder."""
    return [name for name in os.listdir(function) if name in _SHARDS]


def list_shards(root: int, slug: str) -> list[str]:
    """The shards of a function; none if its folder is gone or not a folder."""
    with opened_function(root, slug) as folder:
        return [] if folder is None else shards_of(folder)


@contextmanager
def opened_shard(root: int, slug: str, shard: str) -> Iterator[int | None]:
    """Open a shard, level by level; None if it is gone or not a folder."""
    with opened_function(root, slug) as function:
        fd = None if function is None else open_if_there(shard, function)
    if fd is None:
        yield None
        return
    with closing(fd):
        yield fd


def open_if_there(name: str, folder: int) -> int | None:
    """Open a folder in an open folder; None if it is gone or not a folder."""
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except OSError as error:
        if is_out_of_resources(error):
            raise
        return None


def entries_in(root: int, slug: str, shard: str) -> list[Stored]:
    """The entries of a shard."""
    with opened_shard(root, slug, shard) as folder:
        return [] if folder is None else entries_of(folder, slug, shard)


def entries_of(folder: int, slug: str, shard: str) -> list[Stored]:
    """The entries of an open shard."""
    found = []
    with os.scandir(folder) as items:
        for item in items:
            name = item.name
            if name[:2] != shard or entry_key(name) is None:
                continue
            try:  # a sweep passes here for each of hundreds
                status = item.stat(follow_symlinks=False)
            except OSError:  # removed as we came
                continue
            if stat.S_ISREG(status.st_mode):
                found.append(Stored(slug, name, status.st_blocks * 512, status.st_mtime_ns, status.st_atime))
    return found


def all_entries(root: int) -> Iterator[Stored]:
    """Every entry of a store."""
    for slug in list_slugs(root):
        for shard in list_shards(root, slug):
            yield from entries_in(root, slug, shard)


def temporary_size(root: int) -> Removed:
    """What the files under way take, as a number of files and allocated bytes."""
    count = size = 0
    try:
        with closing(os.open(TEMPORARY, FOLDER, dir_fd=root)) as folder, os.scandir(folder) as items:
            for item in items:
                if is_temporary(item.name):
                    with suppress(OSError):
                        size += allocated(item.stat(follow_symlinks=False))
                        count += 1
    except OSError:
        pass
    return Removed(count, size)


def records_of(function: int, shard: str, slug: str, home: str, path: str) -> list[EntryRecord]:
    """The records of all entries in a shard of a function's open folder, whose store is at `path`."""
    folder = open_if_there(shard, function)
    if folder is None:
        return []
    with closing(folder):
        found = [
            record_of(folder, slug, name, home, path)
            for name in os.listdir(folder)
            if name[:2] == shard and entry_key(name) is not None
        ]
    return [record for record in found if record is not None]


def record_of(folder: int, slug: str, name: str, home: str, path: str) -> EntryRecord | None:
    """The record of an entry in an open shard, from its head, not authenticated; None if that cannot be read."""
    try:
        fd = open_to_look(name, folder)
        try:  # no `with`: whoever prunes passes here a million times
            status = os.fstat(fd)
            found = facts(os.pread(fd, HEAD.size, 0), status.st_size) if stat.S_ISREG(status.st_mode) else None
        finally:
            os.close(fd)
    except OSError as error:
        if is_out_of_resources(error):
            raise
        return None
    if found is None:
        return None
    return EntryRecord(
        key=name.removesuffix(SUFFIX),  # whatever its head says
        function=home,
        path=f"{path}/{slug}/{name[:2]}/{name}",
        size=allocated(status),
        created=found.created,
        expires=found.expires,
        seconds=found.seconds,
        last_use=status.st_atime,
        priority=status.st_mtime_ns / _SECOND,
    )


def remove_entries(root: int, entries: Iterable[Stored]) -> Removed:
    """Remove entries; counts those that were still there, so that two who remove the same count it once."""
    by_function: dict[str, dict[str, list[Stored]]] = {}
    for entry in entries:
        by_function.setdefault(entry.slug, {}).setdefault(entry.shard, []).append(entry)
    count = size = 0
    for slug, by_shard in by_function.items():
        with opened_function(root, slug) as function:
            if function is None:
                continue
            for shard, stored in by_shard.items():
                removed = _remove_from(function, shard, stored)
                count += removed.entries
                size += removed.bytes
    return Removed(count, size)


def _remove_from(function: int, shard: str, entries: Iterable[Stored]) -> Removed:
    count = size = 0
    folder = open_if_there(shard, function)
    if folder is not None:
        with closing(folder):
            for entry in entries:
                with suppress(OSError):
                    os.unlink(entry.name, dir_fd=folder)
                    count += 1
                    size += entry.size
    return Removed(count, size)
