"""Pruning: each entry is looked at once; what goes is removed folder by folder, never for long while writers wait."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from time import time

from ..._display.progress import Progress
from ..accounting.counts import NOTHING, Count, settled_change
from ..accounting.eviction import Policy
from ..accounting.shards import (
    heads_of,
    list_slugs,
    open_if_there,
    opened_function,
    record_from,
    remove_files,
    shards_of,
)
from ..accounting.upkeep import Upkeep
from ..disk import names
from ..disk.files import closing, status_of
from ..disk.records import EntryRecord, Removed, function_name
from ..entry.encoding import expiry
from .side_by_side import SideBySide

_AT_ONCE = 256  # entries removed while writers wait
# Where the disk lets them wait: reads gain from each up to here, a file system's journal from little more than two.
_THREADS_TO_LOOK = 4
_THREADS_TO_REMOVE = 2

_File = tuple[str, int, int]  # of an entry: its name, the bytes allocated, its inode


class _Shard:
    """A shard that was looked into, what of it is to go, and what else may go."""

    __slots__ = ("files", "going", "is_all", "name", "ranks", "seen", "slug")

    def __init__(self, slug: str, name: str) -> None:
        self.slug = slug
        self.name = name
        self.seen = NOTHING
        self.is_all = False  # whether nothing else is there, and nothing that could not be read
        self.going: list[_File] = []
        self.ranks: Sequence[float] = ()
        self.files: Sequence[_File] = ()

    @property
    def entries(self) -> int:
        return self.seen.entries


_Going = tuple[_Shard, list[_File]]


class Pruning:
    """What is in a store, and what of it is to go.

    Args:
        root: the open store.
        path: where it is.
        upkeep: its sum and its policy.
        max_size: how many bytes may stay, at most; None: any number.
        max_entries: the same of entries.
        oldest: what was not used since then is to go.
        is_outdated: whether anything else is, for another reason than that it has expired.
    """

    def __init__(
        self,
        root: int,
        path: str,
        upkeep: Upkeep,
        *,
        max_size: int | None = None,
        max_entries: int | None = None,
        oldest: float = -math.inf,
        is_outdated: Callable[[EntryRecord], bool] | None = None,
    ) -> None:
        self._root = root
        self._path = path
        self._upkeep = upkeep
        self._max_size = math.inf if max_size is None else max_size
        self._max_entries = math.inf if max_entries is None else max_entries
        self._oldest = oldest
        self._is_outdated = is_outdated
        self._is_limited = max_size is not None or max_entries is not None
        self._is_ranked = self._is_limited and type(upkeep.policy).rank is not Policy.rank
        self._shards: list[_Shard] = []
        # Of what may stay, side by side: a tuple for each of a million is looked at by every garbage collection.
        self._ranks: list[float] = []  # the lowest goes first
        self._files: list[_File] = []
        self._places: list[_Shard] = []
        self.known: dict[str, dict[str, Count]] = {}  # what the shards hold, by function

    def look(self) -> None:
        """Look at all entries; choose what has expired or is outdated, and of the rest what is above the limits."""
        slugs = list_slugs(self._root)
        now = time()
        # A function of the user's is called by his own thread alone.
        together = SideBySide(1 if self._is_ranked or self._is_outdated else _THREADS_TO_LOOK)

        def take(shard: _Shard) -> None:
            self._keep_in_mind(shard)
            progress.advance()

        with Progress("looking through the entries", len(slugs) * len(names.SHARDS)) as progress:
            for slug in slugs:
                with opened_function(self._root, slug) as function:
                    shards = [] if function is None else shards_of(function)
                    progress.advance(len(names.SHARDS) - len(shards))
                    if function is None:
                        continue
                    home = function_name(self._root, slug)
                    together.run(shards, partial(self._look_into, function, slug, home, now), take)
        self._keep_to_limits()

    def _look_into(self, function: int, slug: str, home: str, now: float, name: str) -> _Shard:
        shard = _Shard(slug, name)
        folder = open_if_there(name, function)
        if folder is not None:
            with closing(folder):
                self._look_at_files(folder, shard, home, now)
        return shard

    def _look_at_files(self, folder: int, shard: _Shard, home: str, now: float) -> None:
        upkeep, oldest, is_outdated = self._upkeep, self._oldest, self._is_outdated
        is_ranked, is_limited = self._is_ranked, self._is_limited
        place = f"{self._path}/{shard.slug}/{shard.name}"
        status = os.fstat(folder)  # first: what changes while we look gives it another time
        changed = settled_change(status)
        present = os.listdir(folder)
        entries = size = 0
        last_use = 0.0
        ranks: list[float] = []
        files: list[_File] = []
        for file_name, file, head in heads_of(folder, shard.name, present):
            allocated = file.st_blocks * 512
            used = file.st_atime
            entries += 1
            size += allocated
            if used > last_use:  # noqa: PLR1730  a call of `max` takes five times as long
                last_use = used
            expires = expiry(head, file.st_size)
            if expires is None:  # no entry: that is for `verify`
                continue
            goes = expires <= now or used < oldest
            rank: float = file.st_mtime_ns
            if (is_outdated is not None and not goes) or is_ranked:
                record = record_from(file_name, file, head, home, place)
                if record is None:
                    continue
                goes = goes or (is_outdated is not None and is_outdated(record))
                if is_ranked and not goes:
                    ranked = upkeep.rank_of(record)
                    rank = record.last_use if ranked is None else ranked
            if goes:
                shard.going.append((file_name, allocated, file.st_ino))
            elif is_limited:
                ranks.append(rank)
                files.append((file_name, allocated, file.st_ino))
        shard.seen = Count(status.st_ino, changed, entries, size, 0, last_use)
        shard.ranks, shard.files = ranks, files
        shard.is_all = entries == len(present)

    def _keep_in_mind(self, shard: _Shard) -> None:
        if shard.seen is NOTHING:  # it is gone
            return
        self._ranks += shard.ranks
        self._files += shard.files
        self._places += [shard] * len(shard.files)
        shard.ranks = shard.files = ()
        self._shards.append(shard)
        if shard.is_all:
            self.known.setdefault(shard.slug, {})[shard.name] = shard.seen

    def _keep_to_limits(self) -> None:
        too_many = len(self._files) - self._max_entries
        too_much = sum(size for _, size, _ in self._files) - self._max_size
        if too_many > 0 or too_much > 0:
            for number, index in enumerate(sorted(range(len(self._ranks)), key=self._ranks.__getitem__)):
                if number >= too_many and too_much <= 0:
                    break
                file = self._files[index]
                self._places[index].going.append(file)
                too_much -= file[1]
        self._ranks, self._files, self._places = [], [], []

    def chosen(self) -> Removed:
        """How much is to go."""
        return Removed(
            sum(len(shard.going) for shard in self._shards),
            sum(size for shard in self._shards for _, size, _ in shard.going),
        )

    def remove(self) -> Removed:
        """Remove what was chosen, as far as it is still there."""
        entries = size = 0
        together = SideBySide(_THREADS_TO_REMOVE)
        with Progress("pruning", self.chosen().entries) as progress:
            for slug, shards in groupby(self._shards, key=attrgetter("slug")):
                with opened_function(self._root, slug) as function:
                    if function is None:
                        continue
                    for batch in _batches(shards):
                        chosen = sum(len(files) for _, files in batch)
                        removed = self._upkeep.removing(partial(_remove, function, batch, together))
                        entries += removed.entries
                        size += removed.bytes
                        progress.advance(chosen)
        return Removed(entries, size)


def _batches(shards: Iterator[_Shard]) -> Iterator[list[_Going]]:
    """What is to go, so much at once as writers wait for."""
    batch: list[_Going] = []
    room = _AT_ONCE
    for shard in shards:
        at = 0
        while at < len(shard.going):
            files = shard.going[at : at + room]
            batch.append((shard, files))
            at += len(files)
            room -= len(files)
            if not room:
                yield batch
                batch, room = [], _AT_ONCE
    if batch:
        yield batch


def _remove(function: int, batch: list[_Going], together: SideBySide) -> Removed:
    return together.remove(batch, partial(_remove_from, function))


def _remove_from(function: int, going: _Going) -> Removed:
    shard, files = going
    folder = open_if_there(shard.name, function)
    if folder is None:
        return Removed(0, 0)
    with closing(folder):
        is_as_seen = shard.seen.is_of(os.fstat(folder))  # or another entry of the same key may be there by now
        still = files if is_as_seen else [file for file in files if _is_still(file, folder)]
        return remove_files(folder, [(name, file_size) for name, file_size, _ in still])


def _is_still(file: _File, folder: int) -> bool:
    name, _, inode = file
    status = status_of(name, folder)
    return status is not None and status.st_ino == inode
