"""What is kept and what goes: one number for each entry, its priority, kept in its file's modification time.

A sweep therefore needs only the status of the files. `Policy.first` gives the number of a new entry and `Policy.again`
what a hit makes of it; the lowest go first.
"""

from __future__ import annotations

from _random import Random  # the C generator itself, as `random` takes 3 ms to import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from ..disk.records import EntryRecord

random = Random().random
SECOND = 1_000_000_000

_BLOCK = 4096
_EARLIEST, _LATEST = -(2**31) + 1, 2**33  # what file systems keep as a time, in seconds

_LEAST = 1e-9  # seconds
_LOG2_E = 1.4426950408889634

_log2: Callable[[float], float] | None = None  # of hits few come as far as to need it

# A hit that would raise a priority by less than one raises it by one, in just as many fewer cases: right on average,
# and an entry that is hit all the time is hardly ever touched.


class Policy:
    """Least recently used goes first: the priority is the time of the latest use. The parent of the others."""

    name: ClassVar[str] = "lru"
    _RESOLUTION = 100_000  # nanoseconds

    def __init__(self, half_life: float) -> None:
        self.half_life = half_life

    def first(self, now: float, _seconds: float, _size: int, /) -> int:
        """The modification time, in nanoseconds, of an entry made now that took so many seconds and bytes."""
        return _as_time(now)

    def again(self, old: int, now: float, _seconds: float, _size: int, /) -> int | None:
        """What a hit makes of it; None if the difference is not worth a touch."""
        new = _as_time(now)
        return new if new - old > self._RESOLUTION else None

    def rank(self, _entry: EntryRecord, /) -> float | None:
        """A priority to be computed when room has to be made; None: the one that was kept."""
        return None


class Value(Policy):
    """Most time saved per byte stays, and use is forgotten exponentially.

    The priority is log2 of a sum over all uses, each worth seconds per byte and halved every half-life. Times the
    half-life it is a time: of an entry whose worth is one second per byte, that of its making.
    """

    name = "value"

    def first(self, now: float, seconds: float, size: int, /) -> int:
        # log2 of the seconds saved per byte that the disk gives away
        return _as_time(now + self.half_life * (_log2 or _load_log2())((seconds or _LEAST) / (size or _BLOCK)))

    def again(self, old: int, now: float, seconds: float, size: int, /) -> int | None:
        # What the hit is worth, measured by what the entry is worth already; most hits of a hot entry end here.
        try:
            worth = 2.0 ** ((now - old * 1e-9) / self.half_life) * (seconds or _LEAST) / (size or _BLOCK)
        except OverflowError:  # not used for a thousand half-lives
            return self.first(now, seconds, size)
        chance = random()
        if worth * _LOG2_E < chance:  # as log2(1 + worth) is less still
            return None
        rise = (_log2 or _load_log2())(1.0 + worth)
        if rise < chance:
            return None
        return _as_time(old / SECOND + max(rise, 1.0) * self.half_life)


def _load_log2() -> Callable[[float], float]:
    global _log2
    from math import log2

    _log2 = log2
    return log2


def _as_time(seconds: float) -> int:
    if not _EARLIEST < seconds < _LATEST:
        seconds = min(max(seconds, _EARLIEST), _LATEST)
    return int(seconds * SECOND)
