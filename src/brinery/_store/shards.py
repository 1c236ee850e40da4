"""What lies in a store, folder by folder, through descriptors; anything of another name is not seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from .._light import NamedTuple
from .entry import HEAD, Facts, facts
from .files import FOLDER, allocated, closing, is_out_of_resources, open_to_look
from .names import SHARDS, TEMPORARY, entry_key, is_slug, is_temporary
from .records import Removed

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


def list_shards(root: int, slug: str) -> list[str]:
    """The shards of a function; none if its folder is gone or not a folder."""
    try:
        with closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
            return [name for name in os.listdir(folder) if name in _SHARDS]
    except OSError as error:
        if is_out_of_resources(error):
            raise
        return []


@contextmanager
def opened_shard(root: int, slug: str, shard: str) -> Iterator[int | None]:
    """Open a shard, level by level; None if it is gone or not a folder."""
    try:
        with closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
            fd = os.open(shard, FOLDER, dir_fd=folder)
    except OSError as error:
        if is_out_of_resources(error):
            raise
        yield None
        return
    with closing(fd):
        yield fd


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


def facts_of(folder: int, name: str) -> Facts | None:
    """What the head of an entry says, not authenticated; None if it cannot be read."""
    try:
        with closing(open_to_look(name, folder)) as fd:
            status = os.fstat(fd)
            return facts(os.pread(fd, HEAD.size, 0), status.st_size) if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        if is_out_of_resources(error):
            raise
        return None


def remove_entries(root: int, entries: Iterable[Stored]) -> Removed:
    """Remove entries; counts those that were still there, so that two who remove the same count it once."""
    by_shard: dict[tuple[str, str], list[Stored]] = {}
    for entry in entries:
        by_shard.setdefault((entry.slug, entry.shard), []).append(entry)
    count = size = 0
    for (slug, shard), stored in by_shard.items():
        with opened_shard(root, slug, shard) as folder:
            if folder is None:
                continue
            for entry in stored:
                with suppress(OSError):
                    os.unlink(entry.name, dir_fd=folder)
                    count += 1
                    size += entry.size
    return Removed(count, size)
