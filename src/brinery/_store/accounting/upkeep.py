"""Keep a store within its limits, and free of what killed processes left, while entries are stored."""

from __future__ import annotations

import errno
import math
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from random import Random

from ..._light import NamedTuple
from ..._units import format_size
from ..._warnings import logger, warn
from ...errors import EvictionWarning, StoreWarning
from ..disk import names
from ..disk.files import allocated, closing, is_no_folder, open_folder, remove_if_dead
from ..disk.records import EntryRecord, Removed, function_name, read_settings
from ..disk.root import Root
from ..locking.holder import is_held_by_marker
from .counts import Count, count_shards, write_counts
from .eviction import Policy
from .shards import Stored, list_slugs, opened_function, opened_shard, record_of, remove_entries, temporary_size
from .sweep import SAMPLE, Limits, Rank, Sample, choose_lowest, renumber, take_candidates, take_sample
from .usage import Sum, Totals, Usage

_TELLING = 64  # entries that a sample must have to tell whether the sum is right
_TELLING_ENTRIES = 2048  # that tell it well, from fewer shards even
_TELLING_SHARDS = 4
_SMALL = 4096  # entries that are quicker counted than estimated
_COUNT_EVERY = 64  # sweeps
_CLEAN_AFTER = 0.002, 0.05  # seconds, at least and at most: what a killed process left goes with the next entry stored
_CLEAN_PART = 0.01  # of the time of those who store, for that
_TEND_EVERY = 1024  # entries stored
_RECOUNT_AFTER = 60.0  # seconds
_LEEWAY = 1 << 16  # bytes; what may be under way
_ROUNDS = 100  # for which a writer makes room that others take, or wait for like itself
_AT_ONCE = 64  # entries removed while other writers wait
_PAUSE = 0.002  # seconds
_chance = Random().random  # not the generator that programs seed and draw from

_NOTHING = Totals(0, 0)

Known = Mapping[str, Mapping[str, Count]]  # by a function's folder and a shard
_UNKNOWN: Known = {}


class Entered(NamedTuple):
    """What an entry about to be stored was accounted for."""

    bytes: int
    entries: int
    counted: int | None  # when the store was counted last; None if it is not in the sum

    def and_also(self, more: Entered) -> Entered:
        """This and what was entered after it."""
        counted = self.counted if self.counted == more.counted else None
        return Entered(self.bytes + more.bytes, self.entries + more.entries, counted)


class Upkeep:
    """The limits of one store, kept by every writer."""

    def __init__(self, root: Root, limits: Limits, policy: Policy) -> None:
        self.limits = limits
        self.policy = policy
        self.usage = Usage(root, limits.aside())
        self._root = root
        self._stored = 0
        self._sweeps = 0
        self._pid = 0
        self._clean_at = -math.inf
        self._must_renumber = False
        self._is_recorded = False
        self._recounted = -math.inf

    def enter(self, size: int, entries: int, fd: int) -> Entered | None:
        """Account for an entry about to be stored, and make room for it; None if there is none to be had.

        `size` and `entries` is how much more there will be, `fd` the file written. The sum never says more than the
        limits, whoever stores at the same time: who would exceed it makes room first.
        """
        self._stored += 1
        if (now := time.monotonic()) > self._clean_at:
            sweep_temporary(self._root)
            pause = (time.monotonic() - now) / _CLEAN_PART
            self._clean_at = now + min(max(pause, _CLEAN_AFTER[0]), _CLEAN_AFTER[1])
        if self._stored % _TEND_EVERY and (counted := self.usage.spend(size, entries)) is not None:
            return Entered(size, entries, counted)
        under_way = partial(_still_under_way, fd)
        if self._stored % _TEND_EVERY == 0 or self._pid != os.getpid():
            self._pid = os.getpid()
            with suppress(OSError):
                self._tend(under_way)
        try:
            return self._enter(Totals(size, entries), under_way)
        except BlockingIOError:
            return Entered(size, entries, None) if self.usage.owe(size, entries, self.limits.allow_owing) else None
        except OSError:  # a sum that cannot be had is mended later
            return Entered(size, entries, None)

    def _enter(self, change: Totals, under_way: Callable[[], Totals]) -> Entered | None:
        for number in range(_ROUNDS):
            entering = self.usage.enter(*change, self.limits.allow)
            if entering is None:
                self.recount(under_way)
            elif entering.is_added:
                return Entered(*change, entering.counted)
            elif not self._make_room(entering.totals, change, under_way):
                # What takes the room is on its way into the store, or will not get there: others wait as well.
                time.sleep(_PAUSE * _chance() * min(number, 8))
        return None

    def replace(
        self, size: int, entered: Entered, look: Callable[[], Totals], publish: Callable[[], bool]
    ) -> tuple[bool, Entered]:
        """Publish a file of that size in the place of what `look` finds there; `entered` is how much more was expected.

        What was to be replaced may have made room meanwhile, for this very file even: then that has to be entered, too.
        Gives whether the file was published, and what is entered by then.
        """
        is_held = False

        def work(total: Sum) -> tuple[bool, Totals]:
            nonlocal is_held
            is_held = True
            present = look()
            more = Totals(size - present.bytes - entered.bytes, 1 - present.entries - entered.entries)
            if max(more) > 0:
                return False, more
            is_published = publish()
            if is_published and any(more):
                total.add(*more)
            return is_published, _NOTHING

        for _ in range(_ROUNDS):
            is_held = False
            try:
                is_published, more = self.usage.hold(work)
            except OSError:
                if is_held:
                    raise
                return publish(), entered
            if not any(more):
                return is_published, entered
            try:
                added = self._enter(more, lambda: _NOTHING)
            except OSError:
                return publish(), entered
            if added is None:
                break
            entered = entered.and_also(added)
        return False, entered

    def leave(self, entered: Entered) -> None:
        """Account for what was entered and did not come."""
        if entered.counted is not None:
            with suppress(OSError):
                self.usage.take_back(entered.bytes, entered.entries, entered.counted)

    def forget(self, slug: str, key: str) -> bool:
        """Remove one entry, and keep a run of it that is under way from storing; True if there was an entry.

        OSError is raised if it is there, as far as can be told, and cannot be removed.
        """
        with suppress(OSError), closing(self._root.open_temporary()) as temporary:
            self._root.raise_generation()
            with suppress(OSError):
                os.unlink(names.temporary_name(slug, key), dir_fd=temporary)
        name = f"{key}{names.SUFFIX}"
        try:
            with (
                closing(self._root.open_function(slug)) as function,
                closing(open_folder(key[:2], function)) as folder,
            ):

                def remove() -> Removed:
                    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    os.unlink(name, dir_fd=folder)
                    return Removed(1, allocated(status)) if stat.S_ISREG(status.st_mode) else Removed(0, 0)

                self.removing(remove)
        except OSError as error:
            if is_no_folder(error) or error.errno in (errno.EISDIR, errno.ENAMETOOLONG):  # no entry
                return False
            raise
        return True

    def stop_runs(self, key: str) -> None:
        """Keep runs of a key that are under way from storing, whichever function's they are."""
        with suppress(OSError), closing(self._root.open_temporary()) as temporary:
            self._root.raise_generation()
            for name in os.listdir(temporary):
                if names.is_temporary(name) and name.partition("-")[2].startswith(key):
                    with suppress(OSError):
                        os.unlink(name, dir_fd=temporary)

    def removing(self, remove: Callable[[], Removed]) -> Removed:
        """Hold the sum, if it can be had, while entries are removed, and subtract them from it."""
        is_held = False

        def work(total: Sum) -> Removed:
            nonlocal is_held
            is_held = True
            removed = remove()
            total.add(-removed.bytes, -removed.entries)
            return removed

        try:
            return self.usage.hold(work)
        except OSError:
            if is_held:
                raise
        return remove()

    def recount(self, besides: Callable[[], Totals] = lambda: _NOTHING, known: Known = _UNKNOWN) -> Totals:
        """Count what is there, and correct the sum.

        Files under way come first and count as well: as their writers add them, too, the sum may be a little too high
        for a while, but is never too low. `besides` says what of them is not to count; it is asked after the count, as
        a file under way may be removed at any time. `known` is what the caller himself saw only just now, by function
        and shard: what has not changed since is not looked at again.
        """
        with closing(self._root.open()) as root:

            def work(total: Sum) -> Totals:
                size, entries = self._count(root, total.show_life, known)
                own = besides()
                return total.set(Totals(max(0, size - own.bytes), max(0, entries - own.entries)))

            totals = self.usage.hold(work)
        self._recounted = time.monotonic()
        return totals

    def _count(self, root: int, show_life: Callable[[], None], known: Known) -> Totals:
        """Look at every file, and write down what each shard holds for those who ask."""
        under_way = temporary_size(root)
        size, entries = under_way.bytes, under_way.entries
        for slug in list_slugs(root):
            with opened_function(root, slug) as function:
                counts = []
                for shard, count in () if function is None else count_shards(function, known.get(slug, {})):
                    show_life()
                    size += count.bytes
                    entries += count.entries
                    counts.append((shard, count))
                if function is not None:
                    with suppress(OSError), closing(self._root.open_temporary()) as aside:
                        write_counts(counts, function, aside)
        return Totals(size, entries)

    def _make_room(self, totals: Totals, change: Totals, under_way: Callable[[], Totals]) -> bool:
        """Remove what is worth least, to have room for a change; False if nothing was there to be removed."""
        if self._sweeps % _COUNT_EVERY == 0 and totals.entries <= _SMALL:
            totals = self.recount(under_way)
        self._sweeps += 1
        with closing(self._root.open()) as root:
            if self._must_renumber:
                self._must_renumber = False
                renumber(root, self.policy)
            size, entries = self._need(totals, change)
            sample = take_candidates(root, SAMPLE * size, SAMPLE * entries)
            if self._is_too_high(root, totals, sample):
                totals = self.recount(under_way)
            size, entries = self._need(totals, change)
            if not size and not entries:
                return True
            self._say()
            rank = self._rank(root)
            lowest = choose_lowest(sample.entries, size, entries, rank)
            lowest.sort(key=lambda entry: (entry.slug, entry.name))  # so that each folder is opened once
            evicted = freed = 0
            for at in range(0, len(lowest), _AT_ONCE):
                removed = self.removing(partial(remove_entries, root, lowest[at : at + _AT_ONCE]))
                evicted += removed.entries
                freed += removed.bytes
        if evicted:
            what = "1 entry" if evicted == 1 else f"{evicted} entries"
            logger.info("evicted %s (%s) to make room in %s", what, format_size(freed), self._root.path)
        return bool(lowest)

    def _need(self, totals: Totals, change: Totals) -> tuple[int, int]:
        return self.limits.need(Totals(totals.bytes + change.bytes, totals.entries + change.entries))

    def _is_too_high(self, root: int, totals: Totals, sample: Sample) -> bool:
        """Whether the sum exceeds what there is by more than chance, as it does after kills."""
        if sample.is_all:
            size, entries = sample.estimate()
            if not all(self.limits.aside()):  # nobody sets anything aside, so what is too much was counted twice
                return totals.bytes > size or totals.entries > entries
            return totals.bytes > 1.03 * size + _LEEWAY or totals.entries > 1.03 * entries + _LEEWAY // 4096
        if time.monotonic() - self._recounted < _RECOUNT_AFTER or (sample.shards and not _exceeds(totals, sample)):
            return False
        # Sweeps take much from few shards. Counting a large store takes a second, so nobody does for chance.
        self._recounted = time.monotonic()
        return _exceeds(totals, take_sample(root, 0, _TELLING_ENTRIES, shards=_TELLING_SHARDS))

    def _rank(self, root: int) -> Rank | None:
        if type(self.policy).rank is Policy.rank:
            return None
        functions: dict[str, str] = {}

        def rank(entry: Stored) -> float:
            if entry.slug not in functions:
                functions[entry.slug] = function_name(root, entry.slug)
            with opened_shard(root, entry.slug, entry.shard) as folder:
                record = (
                    None
                    if folder is None
                    else record_of(folder, entry.slug, entry.name, functions[entry.slug], self._root.path)
                )
            if record is None:  # nothing that could be read: nobody will miss it
                return -math.inf
            number = self.rank_of(record)
            return entry.last_use if number is None else number

        return rank

    def rank_of(self, record: EntryRecord) -> float | None:
        """What the policy holds an entry worth; None, and said once, where a function of the user's gives no number."""
        try:
            number = self.policy.rank(record)
            return None if number is None or math.isnan(number) else number
        except Exception as error:
            warn(
                StoreWarning,
                f"the eviction function raised {type(error).__name__}; entries go by their last use instead; "
                "make it return a number for every entry",
                cause="eviction function",
                store=self._root.location,
            )
            return None

    def _say(self) -> None:
        limit = [] if self.limits.max_size is None else [f"{self.limits.max_size:,} bytes"]
        limit += [] if self.limits.max_entries is None else [f"{self.limits.max_entries:,} entries"]
        warn(
            EvictionWarning,
            f"the store at {self._root.path} is full ({' or '.join(limit)}); from now on the entries of least worth "
            f"make room ({self.policy.name!r}); give the Cache a larger limit if they are recomputed too often",
            cause="eviction",
            store=self._root.location,
        )

    def _tend(self, under_way: Callable[[], Totals]) -> None:
        """Now and then: record the settings, remove what killed writers left, see whether the sum can be right."""
        self._root.mend_tag()
        self._record_settings()
        with closing(self._root.open()) as root:
            sample = take_sample(root, 0, _TELLING_ENTRIES, shards=_TELLING_SHARDS)
            totals = self.usage.read()
            # A power failure leaves zeros. That nothing is there is soon seen to be wrong.
            if totals is not None and not totals.entries and take_sample(root, 0, 1).entries:
                totals = self.recount(under_way)
        if totals is not None and len(sample.entries) >= _TELLING:
            size, entries = sample.estimate()
            if totals.bytes < 0.7 * size or totals.entries < 0.7 * entries:
                self.recount(under_way)

    def _record_settings(self) -> None:
        ours: dict[str, object] = {
            "format": 1,
            "max_size": self.limits.max_size,
            "max_entries": self.limits.max_entries,
            "policy": self.policy.name,
            "half_life": self.policy.half_life,
        }
        recorded = read_settings(self._root)
        if recorded != ours:
            if not self._is_recorded:  # once: two policies on one store would number it for each other without end
                self._must_renumber = any(
                    name in recorded and recorded[name] != ours[name] for name in ("policy", "half_life")
                )
            import json

            self._root.write(names.SETTINGS, json.dumps(ours, indent=2).encode() + b"\n")
        self._is_recorded = True


def _still_under_way(fd: int) -> Totals:
    """What a file written takes among those under way; nothing where `clear` or `forget` has removed it."""
    status = os.fstat(fd)
    return Totals(allocated(status), 1) if status.st_nlink else _NOTHING


def _exceeds(totals: Totals, sample: Sample) -> bool:
    size, entries = sample.estimate()
    return len(sample.entries) >= _TELLING and (totals.bytes > 1.25 * size or totals.entries > 1.25 * entries)


def sweep_temporary(root: Root) -> int:
    """Remove the temporary files of killed processes, which are those whose lock is free; says how many."""
    removed = 0
    with suppress(OSError), closing(root.open_temporary()) as folder:
        for name in os.listdir(folder):
            if names.is_temporary(name) or names.is_aside(name):
                removed += remove_if_dead(name, folder, is_held=is_held_by_marker)
    return removed
