"""What each shard of a large function holds, as it was counted before: a million entries are told of without a look.

The file of an entry is never changed in place, so a shard holds what it held as long as its folder has the same time of
change, which nobody can set. To tell of a function is to look again into the shards that have changed since, so what is
told is always true, and writes nothing. Who counts the whole store writes down what the shards hold; nobody counts when
a process ends.

Anybody who can write to the store can write there what he likes: the numbers are shown to people, and nothing else
stands on them.
"""

from __future__ import annotations

import os
import stat
import time
from _struct import Struct
from collections.abc import Iterable, Iterator, Mapping

from ..._light import NamedTuple
from ..disk import names
from ..disk.files import closing, read_small, status_of, write_aside
from .shards import open_if_there, shards_of

_WORTH = 64  # shards; what lies in fewer is counted as soon as it is read what was counted
_SETTLED = 100_000_000  # nanoseconds; a younger change might share its time with one that is still to come
_SECOND = 1_000_000_000
_LINE = Struct("<B7x Q q Q Q Q d")  # of each shard: its number, and its count
_MOST = 1 << 60
_LATEST = 2.0**33  # seconds after the epoch


class Count(NamedTuple):
    """What a shard held when its folder last changed at that time."""

    inode: int
    changed: int  # nanoseconds after the epoch; 0 if the folder had changed only just then
    entries: int
    bytes: int  # allocated
    other_formats: int
    last_use: float

    def is_of(self, status: os.stat_result | None) -> bool:
        """Whether a folder of that status holds just this."""
        return status is not None and self.changed == status.st_ctime_ns and self.inode == status.st_ino


NOTHING = Count(0, 0, 0, 0, 0, 0.0)
_NONE: Mapping[str, Count] = {}


def count_shards(function: int, known: Mapping[str, Count] = _NONE) -> Iterator[tuple[str, Count]]:
    """The shards of a function's open folder and what they hold; those that are as they are known are not looked at."""
    for shard in shards_of(function):
        before = known.get(shard)
        count = before if before is not None and before.is_of(status_of(shard, function)) else _look(shard, function)
        if count is not None:
            yield shard, count


def _look(shard: str, function: int) -> Count | None:
    entries = size = others = 0
    last_use = 0.0
    folder = open_if_there(shard, function)
    if folder is None:
        return None
    with closing(folder), os.scandir(folder) as items:
        status = os.fstat(folder)  # first: what changes while we look gives it another time
        changed = settled_change(status)
        for item in items:
            name = item.name
            if names.entry_key(name) is None:
                others += names.is_other_format(name)
            elif name[:2] == shard:
                try:  # here, too, hundreds pass
                    found = item.stat(follow_symlinks=False)
                except OSError:  # removed as we came
                    continue
                if stat.S_ISREG(found.st_mode):
                    entries += 1
                    size += found.st_blocks * 512
                    last_use = max(last_use, found.st_atime)
    return Count(status.st_ino, changed, entries, size, others, last_use)


def settled_change(status: os.stat_result) -> int:
    """The time of a folder's latest change, as a `Count` has it, while the next one is sure to have another; else 0."""
    changed = status.st_ctime_ns
    # A file system that keeps whole seconds cannot tell what came later in the same one.
    return changed if time.time_ns() - changed > _SETTLED and changed % _SECOND else 0


def read_counts(function: int) -> dict[str, Count]:
    """What was written down of the shards of a function; it may be anything, as long as it can be."""
    data = read_small(names.COUNTS, function) or b""
    if len(data) % _LINE.size or len(data) > _LINE.size * len(names.SHARDS):
        return {}
    lines = [(number, Count(*numbers)) for number, *numbers in _LINE.iter_unpack(data)]
    is_possible = all(
        count.entries < _MOST and count.bytes < _MOST and count.other_formats < _MOST and 0 <= count.last_use < _LATEST
        for _, count in lines
    )
    return {names.SHARDS[number]: count for number, count in lines} if is_possible else {}


def write_counts(counts: Iterable[tuple[str, Count]], function: int, aside: int) -> None:
    """Write down what was counted, if there is enough of it to be worth it; `aside` is a folder to write it in."""
    lines = [_LINE.pack(int(shard, 16), *count) for shard, count in counts if count.changed]
    if len(lines) >= _WORTH:
        write_aside(names.COUNTS, b"".join(lines), aside=aside, folder=function)
