"""Counting hits, misses and the seconds saved: of one function, in this process, safe among threads."""

from __future__ import annotations

import os
from _thread import RLock  # what `threading` gives, which takes a millisecond to import

from ._display.text import printable
from ._light import suppress
from ._units import format_time
from ._warnings import logger

_lock = RLock()  # a signal handler may call a function whose call it has interrupted
_MOST_UNCOUNTED = 1000
_WORTH_TELLING, _FEWEST = 0.05, 5  # seconds that a function's hits lost in all, and hits
SLOW = 0.005  # seconds of a hit that are looked into
SLOW_HITS = 3  # so many make it a habit: the first of a process loads what it needs
_room = 1  # hits that a tally holds before it counts them: at the first, what they are is looked up


def _start_anew() -> None:
    """A child of fork may inherit the lock in the hands of a thread that it does not have, and may end sooner."""
    global _lock, _room
    _lock = RLock()
    _room = 1


def _write_down() -> None:
    """Write down what was counted, unless this is only the first hit of a process that will live to do so later."""
    from ._store.accounting.statistics import flush_reports, hits_between

    global _room
    is_first, _room = _room == 1, hits_between()
    if not is_first or _room == 1:
        flush_reports()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


class Tally:
    """Hits, misses and seconds saved since the process began, and since the last `reset`."""

    __slots__ = (
        "_before", "_computed", "_hits", "_latest", "_missed", "_misses", "_saved", "_spent", "_weighed_at", "name",
    )  # fmt: skip

    def __init__(self) -> None:
        self.name = ""  # of the function, once it is known
        self._spent = -1.0  # seconds that hits took, but for the first, which loads what it needs
        self._weighed_at = _WORTH_TELLING
        self._latest: list[float] = []  # hits that were not counted yet, by the seconds that each saved
        self._computed: list[None] = []  # the same of calls that were computed
        self._hits = 0
        self._misses = 0
        self._saved = 0.0
        self._before = (0, 0, 0.0)
        self._missed = ""

    def hit(self, seconds: float, took: float = 0.0) -> None:
        """Count a call that was answered from the store: what computing it had taken, and what the hit took."""
        self._spent = self._spent + took if self._spent >= 0 else 0.0
        if self._spent > self._weighed_at:
            self._weigh()
        latest = self._latest
        latest.append(seconds)  # in one step, whoever else does: a hit takes no lock
        if len(latest) >= _room:
            self._count()
            _write_down()

    def _weigh(self) -> None:
        """Say once in the log if hits take longer than computing does."""
        spent = self._spent
        self._weighed_at = 2 * spent
        hits, _, saved = self.totals()
        if hits < _FEWEST or spent - saved < _WORTH_TELLING:
            return
        self._weighed_at = float("inf")
        logger.warning(
            "%d hits of %s took %s, and computing would have taken %s: it is quicker without the cache [cheap]",
            hits,
            printable(self.name),
            format_time(spent),
            format_time(saved),
        )

    def _count(self) -> None:
        found, computed = [], 0
        with suppress(IndexError):
            while True:
                found.append(self._latest.pop())
        with suppress(IndexError):
            while True:
                self._computed.pop()
                computed += 1
        with _lock:
            self._hits += len(found)
            self._saved += sum(found)
            self._misses += computed

    def miss(self) -> None:
        """Count a call that was computed."""
        self._computed.append(None)
        if len(self._computed) >= _MOST_UNCOUNTED:
            self._count()

    def wants_missed(self) -> bool:
        """Whether there is no call yet to stand for those that were computed since one was taken."""
        return not self._missed

    def note_missed(self, missed: str) -> None:
        """Have a call stand for those that are computed."""
        self._missed = missed

    def take_missed(self) -> str:
        """Give that call, once; empty if there is none."""
        missed, self._missed = self._missed, ""
        return missed

    def stored(self, seconds: float) -> None:
        """Hear of a result that was kept, and what it took."""

    def totals(self) -> tuple[int, int, float]:
        """Return hits, misses and seconds saved since the process began."""
        self._count()
        with _lock:
            return self._hits, self._misses, self._saved

    def since_reset(self) -> tuple[int, int, float]:
        """Return hits, misses and seconds saved since the last reset."""
        hits, misses, saved = self.totals()
        before = self._before
        return hits - before[0], misses - before[1], saved - before[2]

    def reset(self) -> None:
        """Begin to count from nothing."""
        self._before = self.totals()
