"""How much a store holds, in numbers that processes share.

The sum is a few numbers in a small file, changed under a short lock. They are never trusted: a file that cannot be
right counts as none, and whoever sweeps compares the sum with what is there.

Most entries are stored without that lock: a process sets a small share of the store aside, which counts as used from
then on, and enters into that. What a killed process had set aside counts until the store is counted again.
"""

from __future__ import annotations

import atexit
import errno
import os
import threading
import time
from _struct import Struct
from contextlib import suppress
from weakref import WeakSet

from ..._light import NamedTuple
from ..disk import names
from ..disk.files import is_still, let_go, open_own, same_file, try_lock, unlock
from ..disk.root import Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

_SKIP = 10.0  # seconds for which nobody tries again after somebody held the lock for too long
_POLL = 0.0002  # seconds
# Looks, and not seconds: whoever was stopped together with the holder has not waited. Whoever was stopped while holding
# the lock must not stop the others for longer; a holder at work changes the file.
_PATIENCE = 4000
_LOOK_EVERY = 64

# What is used, of that what is set aside and until when (after the epoch) it may be spent, and when all was counted.
_SUM = Struct("<qqqqdq")
_SHARE_LASTS = 60.0  # seconds
_PART = 64
_FEW = 32  # entries
_MOST = 1 << 60


class Totals(NamedTuple):
    """What a store holds."""

    bytes: int  # allocated
    entries: int


_NOTHING = Totals(0, 0)


class _Sum(NamedTuple):
    """What stands in the file."""

    used: Totals
    aside: Totals  # of that: the shares of all processes, as they were when they were set aside
    until: float  # when the last of them may be spent
    counted: int  # nanoseconds after the epoch; another at each count


class Entering(NamedTuple):
    """What came of the wish to add."""

    is_added: bool
    totals: Totals  # as they are then, without what this process has set aside
    counted: int  # when the store was counted last: what is taken back later is taken from that count's sum alone


class Sum:
    """The sum of a store while it is held."""

    __slots__ = ("_fd", "_share")

    def __init__(self, fd: int, share: Share) -> None:
        self._fd = fd
        self._share = share

    def add(self, size: int, entries: int, *, counted: int | None = None) -> Totals | None:
        """Add to the sum and give the new one; None if there was none to add to, or it was counted again since."""
        before = self._read()
        if before is None or counted not in (None, before.counted):
            return None
        used = _sum(before.used, Totals(size, entries), _NOTHING)
        self._write(before._replace(used=used))
        return used

    def enter(self, size: int, entries: int, aside: Totals, allow: Callable[[Totals], bool]) -> Entering | None:
        """Add if what comes of it is allowed; None if there is no sum to add to.

        What is left of this process's share is replaced by a whole one, at most as large as `aside`, if that is allowed
        too.
        """
        before = self._read()
        if before is None:
            return None
        without = _sum(before.used, _NOTHING, self._share.left)
        used = _sum(without, Totals(size, entries), _NOTHING)
        for whole in _shares_of(used, aside):
            after = _sum(used, whole, _NOTHING)
            if allow(after):
                until = max(before.until, time.time() + _SHARE_LASTS) if whole.bytes else before.until
                self._write(_Sum(after, _sum(before.aside, whole, self._share.whole), until, before.counted))
                self._share.renew(whole, before.counted)
                return Entering(True, used, before.counted)
        return Entering(False, without, before.counted)

    def give_back(self) -> None:
        """Take from the sum what this process has set aside and not used."""
        before = self._read()
        if before is not None:
            used, aside = _sum(before.used, _NOTHING, self._share.left), _sum(before.aside, _NOTHING, self._share.whole)
            self._write(_Sum(used, aside, before.until, before.counted))
            self._share.renew(_NOTHING)

    def set(self, counted: Totals) -> Totals:
        """Put what was counted in place of the old sum, and give the new one: shares of other processes come to it."""
        before = self._read()
        aside, until = _NOTHING, 0.0
        if before is not None and time.time() < before.until < time.time() + 2 * _SHARE_LASTS:
            aside, until = _sum(before.aside, _NOTHING, self._share.whole), before.until
        used = Totals(counted.bytes + aside.bytes, counted.entries + aside.entries)
        self._write(_Sum(used, aside, until, time.time_ns()))
        os.ftruncate(self._fd, _SUM.size)
        self._share.renew(_NOTHING)
        return used

    def show_life(self) -> None:
        """Let those who wait for the sum know that whoever holds it is at work."""
        os.utime(self._fd)

    def _read(self) -> _Sum | None:
        return _parse(os.pread(self._fd, _SUM.size + 1, 0))

    def _write(self, new: _Sum) -> None:
        os.pwrite(self._fd, _SUM.pack(*new.used, *new.aside, new.until, new.counted), 0)


def _shares_of(used: Totals, most: Totals) -> list[Totals]:
    """What may be set aside, the best first: little beside what there is, as others may go by other limits.

    In a full store that is more than a sweep leaves room for, and then it is a part of that.
    """
    share = Totals(min(most.bytes, used.bytes // _PART), min(most.entries, used.entries // _PART))
    if not all(share):
        return [_NOTHING]
    part = Totals(min(share.bytes, _FEW * used.bytes // used.entries), min(share.entries, _FEW))
    return [share, part, _NOTHING]


def _sum(one: Totals, more: Totals, less: Totals, *, least: int = 0) -> Totals:
    size, entries = one.bytes + more.bytes - less.bytes, one.entries + more.entries - less.entries
    return Totals(max(least, size), max(least, entries))


class Share:
    """What a process has set aside and not used yet."""

    __slots__ = ("_bytes", "_entries", "_until", "counted", "whole")

    def __init__(self) -> None:
        self.renew(_NOTHING)

    @property
    def left(self) -> Totals:
        """What was not used yet."""
        return Totals(self._bytes, self._entries)

    def renew(self, whole: Totals, counted: int = 0) -> None:
        """Have a new share instead of the old one, of a sum counted at that time."""
        self.whole = whole
        self.counted = counted
        self._bytes, self._entries = whole
        self._until = time.monotonic() + _SHARE_LASTS if whole.bytes else -1.0

    def spend(self, size: int, entries: int) -> bool:
        """Take from the share; False if it does not suffice, or is too old."""
        if not 0 <= size <= self._bytes or not 0 <= entries <= self._entries or time.monotonic() > self._until:
            return False
        self._bytes -= size
        self._entries -= entries
        return True


class Usage:
    """The counted sum of a store; safe among threads, processes and forked children.

    Args:
        root: of the store.
        aside: how much `enter` may set aside for this process at a time.
    """

    def __init__(self, root: Root, aside: Totals = _NOTHING) -> None:
        self._root = root
        self._aside = aside
        self._share = Share()
        self._place: str | None = None
        self._fd = -1
        self._identity: os.stat_result | None = None
        self._uses = 0
        self._skip_until = 0.0
        self._lock = threading.RLock()
        self._is_held = False
        self.owed = _NOTHING  # what was put off
        _usages.add(self)

    def hold(self, work: Callable[[Sum], Result]) -> Result:
        """Hold the sum while something is done: nobody else changes it. OSError if it cannot be had.

        Whoever removes entries holds it, and whoever counts them, or what was just removed would be subtracted twice.
        """
        # No context manager of our own: at its end an interrupt would leave the sum held.
        with self._lock:
            if self._is_held:  # by what a signal handler has interrupted
                raise BlockingIOError(errno.EAGAIN, "the sum of the store is being changed")
            if time.monotonic() < self._skip_until:
                raise BlockingIOError(errno.EAGAIN, "somebody holds the sum of the store for too long")
            self._is_held = True
            try:
                fd = self._open()
                try:
                    _lock(fd)
                except BlockingIOError:
                    self._skip_until = time.monotonic() + _SKIP
                    raise
                try:
                    return work(Sum(fd, self._share))
                finally:
                    unlock(fd)
            finally:
                self._is_held = False

    def add(self, size: int, entries: int) -> Totals | None:
        """Add to the sum and give the new one; None if there was none to add to. OSError if it cannot be had."""
        owed = _sum(self.owed, Totals(size, entries), _NOTHING, least=-_MOST)
        try:
            new = self.hold(lambda total: total.add(*owed))
        except BlockingIOError:
            self.owed = owed
            raise
        self.owed = _NOTHING
        return new

    def enter(self, size: int, entries: int, allow: Callable[[Totals], bool]) -> Entering | None:
        """Add if what comes of it is allowed, and set something aside for what comes next.

        None if there was no sum to add to; OSError if it cannot be had.
        """
        if any(self.owed):
            self.add(0, 0)
        return self.hold(lambda total: total.enter(size, entries, self._aside, allow))

    def take_back(self, size: int, entries: int, counted: int) -> None:
        """Subtract what was added and did not come; OSError if the sum cannot be had.

        A count since then may not have seen it, when somebody had removed the file under way, and is left alone: a sum
        that is too low would let the store grow beyond its limits.
        """
        self.hold(lambda total: total.add(-size, -entries, counted=counted))

    def spend(self, size: int, entries: int) -> int | None:
        """Add out of what this process has set aside, so that the sum stays as it is; None if that does not do.

        Gives when the store was counted last, as far as this process knows.
        """
        with self._lock:
            if self._place is self._root.settled and self._share.spend(size, entries):
                return self._share.counted
            return None

    def owe(self, size: int, entries: int, allow: Callable[[Totals], bool]) -> bool:
        """Put off adding, as the sum cannot be had, if no more than is allowed was put off then."""
        with self._lock:
            owed = _sum(self.owed, Totals(size, entries), _NOTHING, least=-_MOST)
            if not allow(owed):
                return False
            self.owed = owed
            return True

    def read(self) -> Totals | None:
        """The sum as it stands, without what this process has set aside and not used; None if there is none."""
        data = self._root.read(names.USAGE)
        found = None if data is None else _parse(data)
        return None if found is None else _sum(found.used, _NOTHING, self._share.left)

    def _open(self) -> int:
        # One descriptor for the process; not of the parent, whose lock it would share, nor of a store that is gone.
        path = f"{self._root.path}/{names.USAGE}"
        if self._fd >= 0:
            if is_still(self._fd, self._identity):
                self._uses += 1
                if self._uses % _LOOK_EVERY or self._is_in_place(path):
                    return self._fd
            self._close()
        self._fd, self._identity = open_own(path)
        self._share.renew(_NOTHING)  # it was part of another file's sum
        self._place = self._root.settled
        return self._fd

    def _is_in_place(self, path: str) -> bool:
        """Whether the file is still that of this store, and did not move away with a whole old one."""
        try:
            return self._identity is not None and same_file(os.stat(path, follow_symlinks=False), self._identity)
        except OSError:
            return False

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0 and is_still(fd, self._identity, gone_too=True):
            let_go(fd)

    def give_back(self, *, patiently: bool = True) -> None:
        """Give back what was set aside and not used; what cannot be given back counts until the next count."""
        if not self._share.whole.bytes or not is_still(self._fd, self._identity):
            return
        if patiently:
            _lock(self._fd)
        elif not try_lock(self._fd):
            return
        try:
            Sum(self._fd, self._share).give_back()
        finally:
            unlock(self._fd)

    def close(self) -> None:
        """Give back what was set aside, and the descriptor; it is opened again when needed."""
        with self._lock:
            with suppress(OSError):
                self.give_back()
            self._close()

    def start_anew(self) -> None:
        """Leave the descriptor with its lock, and what was set aside, to the process that was forked."""
        self._lock = threading.RLock()
        self._is_held = False
        self.owed = _NOTHING
        self._share = Share()
        self._close()

    def __del__(self) -> None:
        try:
            self.give_back(patiently=False)
            self._close()
        except (
            AttributeError,
            ImportError,
            OSError,
            TypeError,
        ):  # at the end of the interpreter modules are taken apart
            pass


def _parse(data: bytes) -> _Sum | None:
    if len(data) != _SUM.size:
        return None
    *numbers, until, counted = _SUM.unpack(data)
    if not all(0 <= number < _MOST for number in numbers):
        return None
    return _Sum(Totals(*numbers[:2]), Totals(*numbers[2:]), until, counted)


def _lock(fd: int) -> None:
    looks = changed = 0
    while not try_lock(fd):
        if looks % _PATIENCE == 0:
            before, changed = changed, os.fstat(fd).st_mtime_ns
            if looks and before == changed:
                raise BlockingIOError(errno.EAGAIN, "somebody holds the lock on a sum for too long")
        looks += 1
        time.sleep(_POLL)


def _give_all_back() -> None:
    for usage in list(_usages):
        with suppress(Exception):
            usage.close()


_usages: WeakSet[Usage] = WeakSet()


def _after_fork_in_child() -> None:
    for usage in _usages:
        with suppress(Exception):
            usage.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_give_all_back)
