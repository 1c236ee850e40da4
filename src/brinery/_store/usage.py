"""What a store holds, in numbers that processes share.

The sum is a few numbers in a small file, changed under a short lock. They are never trusted: a file that cannot be
right counts as none, and whoever sweeps compares the sum with what is there.

Most entries are stored without that lock: a process sets a small share of the store aside, which counts as used from
then on, and enters into that. What a killed process had set aside counts until the store is counted anew.
"""

from __future__ import annotations

import atexit
import errno
import os
import threading
import time
from contextlib import suppress
from struct import Struct
from weakref import WeakSet

from .._light import NamedTuple
from . import names
from .files import is_still, let_go, open_own, same_file, try_lock, unlock
from .root import Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

_PATIENCE = 1.0  # seconds; whoever was stopped while holding the lock must not stop the others
_SKIP = 30.0  # seconds for which nobody tries again after that
_POLL = 0.0002
_LOOK_EVERY = 64

_SUM = Struct("<qqqqd")  # what is used, of that what is set aside, and until when (after the epoch) it may be spent
_SHARE_LASTS = 60.0  # seconds
_PART = 64
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


class Sum:
    """The sum of a store while it is held."""

    __slots__ = ("_fd", "_share")

    def __init__(self, fd: int, share: Share) -> None:
        self._fd = fd
        self._share = share

    def add(self, size: int, entries: int, *, most_aside: Totals | None = None) -> Totals | None:
        """Add to the sum and give the new one; None if there was none to add to.

        With `most_aside`, what is left of this process's share is replaced by a whole one, at most as large as that.
        """
        before = _parse(os.pread(self._fd, _SUM.size + 1, 0))
        if before is None:
            return None
        used, aside, until = before
        if most_aside is not None:
            whole = _share_of(used, most_aside)
            used = _sum(used, whole, self._share.left)
            aside = _sum(aside, whole, self._share.whole)
            if whole.bytes:
                until = max(until, time.time() + _SHARE_LASTS)
        used = _sum(used, Totals(size, entries), _NOTHING)
        os.pwrite(self._fd, _SUM.pack(*used, *aside, until), 0)
        if most_aside is not None:
            self._share.renew(whole)
        return used

    def set(self, counted: Totals) -> Totals:
        """Put what was counted in place of the old sum, and give the new one: shares of other processes come to it."""
        before = _parse(os.pread(self._fd, _SUM.size + 1, 0))
        aside, until = _NOTHING, 0.0
        if before is not None and time.time() < before.until < time.time() + 2 * _SHARE_LASTS:
            aside, until = _sum(before.aside, _NOTHING, self._share.whole), before.until
        used = Totals(counted.bytes + aside.bytes, counted.entries + aside.entries)
        os.pwrite(self._fd, _SUM.pack(*used, *aside, until), 0)
        os.ftruncate(self._fd, _SUM.size)
        self._share.renew(_NOTHING)
        return used


def _share_of(used: Totals, most: Totals) -> Totals:
    """What may be set aside: little beside what there is, as other writers may go by other limits."""
    share = Totals(min(most.bytes, used.bytes // _PART), min(most.entries, used.entries // _PART))
    return share if all(share) else _NOTHING


def _sum(one: Totals, more: Totals, less: Totals) -> Totals:
    return Totals(max(0, one.bytes + more.bytes - less.bytes), max(0, one.entries + more.entries - less.entries))


class Share:
    """What a process has set aside and not used yet."""

    __slots__ = ("_bytes", "_entries", "_until", "whole")

    def __init__(self) -> None:
        self.renew(_NOTHING)

    @property
    def left(self) -> Totals:
        """What was not used yet."""
        return Totals(self._bytes, self._entries)

    def renew(self, whole: Totals) -> None:
        """Have a new share instead of the old one."""
        self.whole = whole
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
        self._owed = _NOTHING
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
        return self._add(size, entries, None)

    def spend(self, size: int, entries: int) -> bool:
        """Add out of what this process has set aside, so that the sum stays as it is; False if that does not do."""
        with self._lock:
            return self._place is self._root.settled and self._share.spend(size, entries)

    def enter(self, size: int, entries: int) -> Totals | None:
        """Add as `add` does, and set something aside for what comes next."""
        return self._add(size, entries, self._aside)

    def _add(self, size: int, entries: int, most_aside: Totals | None) -> Totals | None:
        size, entries = size + self._owed.bytes, entries + self._owed.entries
        try:
            new = self.hold(lambda total: total.add(size, entries, most_aside=most_aside))
        except BlockingIOError:
            self._owed = Totals(size, entries)  # added by the next one who has the sum
            raise
        self._owed = _NOTHING
        return new

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
            Sum(self._fd, self._share).add(0, 0, most_aside=_NOTHING)
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
        self._owed = _NOTHING
        self._share = Share()
        self._close()

    def __del__(self) -> None:
        try:
            self.give_back(patiently=False)
            self._close()
        except (AttributeError, OSError, TypeError):  # at the end of the interpreter modules are taken apart
            pass


def _parse(data: bytes) -> _Sum | None:
    if len(data) != _SUM.size:
        return None
    *numbers, until = _SUM.unpack(data)
    if not all(0 <= number < _MOST for number in numbers):
        return None
    return _Sum(Totals(*numbers[:2]), Totals(*numbers[2:]), until)


def _lock(fd: int) -> None:
    until = 0.0
    while not try_lock(fd):
        now = time.monotonic()
        until = until or now + _PATIENCE
        if now > until:
            raise BlockingIOError(errno.EAGAIN, "somebody holds the lock on a sum for too long")
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
