"""List the contents of a store, folder by folder, through descriptors; files of other names are not seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from ..._light import NamedTuple
from ..disk.files import FOLDER, allocated, closing, is_out_of_resources, open_to_look
from ..disk.names import SHARDS, SUFFIX, TEMPORARY, entry_key, is_slug, is_temporary
from ..disk.records import EntryRecord, Removed
from ..entry.encoding import facts
from ..layout import HEAD

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


def heads_of(folder: int, shard: str, present: list[str]) -> Iterator[tuple[str, os.stat_result, bytes]]:
    """The names of the entries among those in an open shard, with the status of each and the bytes of its head.

    What cannot be read is not among them.
    """
    size, is_regular, fstat, pread, close = HEAD.size, stat.S_ISREG, os.fstat, os.pread, os.close
    for name in present:
        if name[:2] != shard or entry_key(name) is None:
            continue
        try:
            fd = open_to_look(name, folder)
            try:  # no `with`: whoever prunes passes here a million times
                status = fstat(fd)
                head = pread(fd, size, 0) if is_regular(status.st_mode) else None
            finally:
                close(fd)
        except OSError as error:
            if is_out_of_resources(error):
                raise
            continue
        if head is not None:
            yield name, status, head


def records_of(function: int, shard: str, slug: str, home: str, path: str) -> list[EntryRecord]:
    """The records of all entries in a shard of a function's open folder, whose store is at `path`."""
    folder = open_if_there(shard, function)
    if folder is None:
        return []
    with closing(folder):
        place = f"{path}/{slug}/{shard}"
        heads = heads_of(folder, shard, os.listdir(folder))
        found = [record_from(name, status, head, home, place) for name, status, head in heads]
    return [record for record in found if record is not None]


def record_of(folder: int, slug: str, name: str, home: str, path: str) -> EntryRecord | None:
    """The record of an entry in an open shard, from its head, not authenticated; None if that cannot be read."""
    for found, status, head in heads_of(folder, name[:2], [name]):
        return record_from(found, status, head, home, f"{path}/{slug}/{name[:2]}")
    return None


def record_from(name: str, status: os.stat_result, head: bytes, home: str, place: str) -> EntryRecord | None:
    """The record of an entry whose head was read, in a shard at that path; None if it is no head."""
    found = facts(head, status.st_size)
    if found is None:
        return None
    return EntryRecord(  # in the order of its fields, which takes a fifth of naming them
        name.removesuffix(SUFFIX),  # whatever its head says
        home,
        f"{place}/{name}",
        allocated(status),
        found.created,
        found.expires,
        found.seconds,
        status.st_atime,
        status.st_mtime_ns / _SECOND,
    )


def remove_entries(root: int, entries: Iterable[Stored]) -> Removed:
    """Remove entries; counts those that were still there, so that two who remove the same count it once."""
    by_function: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for entry in entries:
        by_function.setdefault(entry.slug, {}).setdefault(entry.shard, []).append((entry.name, entry.size))
    count = size = 0
    for slug, by_shard in by_function.items():
        with opened_function(root, slug) as function:
            if function is None:
                continue
            for shard, files in by_shard.items():
                folder = open_if_there(shard, function)
                if folder is not None:
                    with closing(folder):
                        removed = remove_files(folder, files)
                    count += removed.entries
                    size += removed.bytes
    return Removed(count, size)


def remove_files(folder: int, files: Iterable[tuple[str, int]]) -> Removed:
    """Remove files from an open shard by their names, with the bytes that each takes."""
    count = size = 0
    for name, allocated_size in files:
        try:  # no `suppress`: here, too, a million pass
            os.unlink(name, dir_fd=folder)
        except OSError:  # gone
            continue
        count += 1
        size += allocated_size
    return Removed(count, size)
