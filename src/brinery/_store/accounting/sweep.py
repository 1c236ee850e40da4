"""Making room: what a store may hold, and which entries go when it would be more: the lowest of a random sample."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random

from ..._light import NamedTuple
from ..disk.names import SHARDS
from .eviction import Policy
from .shards import Stored, all_entries, entries_in, list_shards, list_slugs, opened_shard, record_of
from .usage import Totals

_MOST_AT_ONCE = 48  # entries that go in one sweep, so that not every put needs one, and none takes long
_SPARED = 32  # nor more of them than this part of the limit
_PART_ASIDE = 1024  # what a process sets aside is no more than this part of the limit
_MOST_ASIDE = Totals(4 << 20, 1024)
_PART_OWED = 128  # what a process stores while the sum cannot be had is no more than this part of the limit


class Limits(NamedTuple):
    """What a store may hold; None is no limit."""

    max_size: int | None
    max_entries: int | None

    def aside(self) -> Totals:
        """What one process may count as used at a time before it is: so little that it makes no difference."""
        size = _MOST_ASIDE.bytes if self.max_size is None else self.max_size // _PART_ASIDE
        entries = _MOST_ASIDE.entries if self.max_entries is None else self.max_entries // _PART_ASIDE
        return Totals(min(size, _MOST_ASIDE.bytes), min(entries, _MOST_ASIDE.entries))

    def excess(self, totals: Totals) -> tuple[int, int]:
        """The bytes and the entries above the limits."""
        size = 0 if self.max_size is None else totals.bytes - self.max_size
        entries = 0 if self.max_entries is None else totals.entries - self.max_entries
        return max(0, size), max(0, entries)

    def allow(self, totals: Totals) -> bool:
        """Whether a store may hold so much."""
        return not any(self.excess(totals))

    def allow_owing(self, owed: Totals) -> bool:
        """Whether one process may have stored so much that is not in the sum yet."""
        return (self.max_size is None or owed.bytes <= self.max_size // _PART_OWED) and (
            self.max_entries is None or owed.entries <= self.max_entries // _PART_OWED
        )

    def need(self, totals: Totals) -> tuple[int, int]:
        """How many bytes and entries should go: the excess, and a little more to have peace for a while."""
        size, entries = self.excess(totals)
        if size and self.max_size is not None:
            mean = totals.bytes // max(1, totals.entries)
            size += min(_MOST_AT_ONCE * mean, self.max_size // _SPARED)
        if entries and self.max_entries is not None:
            entries += min(_MOST_AT_ONCE, self.max_entries // _SPARED)
        return size, entries


SAMPLE = 6  # so many times as much as has to go is looked at
_MANY = 8  # functions; of more not even one shard of each is looked into, if some hold enough

_SECOND = 1_000_000_000

_chance = Random()  # not the generator that programs seed and draw from: what they draw is not for us to change

Rank = Callable[[Stored], float]


class Sample(NamedTuple):
    """Some shards of all functions: as keys are spread evenly, a fair sample of the whole store."""

    entries: list[Stored]
    shards: int  # 0: only some functions were looked into, so that it tells nothing about the whole store

    @property
    def is_all(self) -> bool:
        """Whether it is no sample but everything."""
        return self.shards == len(SHARDS)

    def estimate(self) -> tuple[int, int]:
        """How many bytes and entries the whole store holds."""
        factor = len(SHARDS) / max(1, self.shards)
        return int(factor * sum(entry.size for entry in self.entries)), int(factor * len(self.entries))


def take_sample(root: int, size: int, entries: int, *, shards: int = len(SHARDS)) -> Sample:
    """Look into random shards until so many bytes and entries are seen, or so many shards."""
    present: dict[str, list[str]] = {}
    for slug in list_slugs(root):
        for shard in list_shards(root, slug):
            present.setdefault(shard, []).append(slug)

    def look(shard: str) -> list[Stored]:
        return [entry for slug in present.get(shard, ()) for entry in entries_in(root, slug, shard)]

    return sample_shards(look, size, entries, shards=shards)


def take_candidates(root: int, size: int, entries: int) -> Sample:
    """Return random entries to choose from for removal, where it need not be known how many there are."""
    slugs = list_slugs(root)
    if len(slugs) > _MANY:
        shard = _chance.choice(SHARDS)
        seen: list[Stored] = []
        seen_size = 0
        for slug in _chance.sample(slugs, len(slugs)):
            found = entries_in(root, slug, shard)
            seen += found
            seen_size += sum(entry.size for entry in found)
            if seen_size >= size and len(seen) >= entries:
                return Sample(seen, 0)
    return take_sample(root, size, entries)


def sample_shards(
    look: Callable[[str], Iterable[Stored]], size: int, entries: int, *, shards: int = len(SHARDS)
) -> Sample:
    """Return the entries of random shards, until they are enough: `look` gives those of a shard."""
    seen: list[Stored] = []
    seen_size = looked = 0
    for shard in _chance.sample(SHARDS, len(SHARDS)):
        if looked == shards or (seen_size >= size and len(seen) >= entries):
            break
        looked += 1
        found = look(shard)
        seen += found
        seen_size += sum(entry.size for entry in found)
    return Sample(seen, looked)


def choose_lowest(sample: list[Stored], size: int, entries: int, rank: Rank | None) -> list[Stored]:
    """Those of a sample that have the lowest priority: so many bytes and entries."""
    if rank is None:
        sample = sorted(sample, key=lambda entry: entry.priority)
    else:
        sample = [entry for _, _, entry in sorted((rank(entry), entry.priority, entry) for entry in sample)]
    chosen = []
    left_size, left_entries = size, entries
    for entry in sample:
        if left_size <= 0 and left_entries <= 0:
            break
        chosen.append(entry)
        left_size -= entry.size
        left_entries -= 1
    return chosen


def renumber(root: int, policy: Policy) -> None:
    """Give every entry the priority that another policy would have given it when it was made."""
    for entry in all_entries(root):
        with opened_shard(root, entry.slug, entry.shard) as folder:
            if folder is None:
                continue
            record = record_of(folder, entry.slug, entry.name, "", "")
            if record is not None:
                times = (int(entry.last_use * _SECOND), policy.first(record.created, record.seconds, entry.size))
                with suppress(OSError, OverflowError, ValueError):
                    os.utime(entry.name, ns=times, dir_fd=folder, follow_symlinks=False)
