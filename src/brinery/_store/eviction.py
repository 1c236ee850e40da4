"""What is kept and what goes: one number for each entry, its priority, kept in its file's modification time.

A sweep therefore needs only the status of the files. `Policy.first` gives the number of a new entry and `Policy.again`
what a hit makes of it; the lowest go first.
"""

from __future__ import annotations

from _random import Random  # the C generator itself, as `random` takes 3 ms to import

from ..errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from .records import EntryRecord

random = Random().random

_SECOND = 1_000_000_000
_BLOCK = 4096
_EARLIEST, _LATEST = -(2**31) + 1, 2**33  # what file systems keep as a time, in seconds

_LEAST = 1e-9  # seconds
_LOG2_E = 1.4426950408889634

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


class _Value(Policy):
    """Most time saved per byte stays, and use is forgotten exponentially.

    The priority is log2 of a sum over all uses, each worth seconds per byte and halved every half-life. Times the
    half-life it is a time: of an entry whose worth is one second per byte, that of its making.
    """

    name = "value"

    def first(self, now: float, seconds: float, size: int, /) -> int:
        return _as_time(now + self.half_life * _worth(seconds, size))

    def again(self, old: int, now: float, seconds: float, size: int, /) -> int | None:
        # What the hit is worth, measured by what the entry is worth already; most hits of a hot entry end here.
        try:
            worth = 2.0 ** ((now - old * 1e-9) / self.half_life) * (seconds or _LEAST) / (size or _BLOCK)
        except OverflowError:  # not used for a thousand half-lives
            return self.first(now, seconds, size)
        chance = random()
        if worth * _LOG2_E < chance:  # as log2(1 + worth) is less still
            return None
        from math import log2  # of hits few come as far

        rise = log2(1.0 + worth)
        if rise < chance:
            return None
        return _as_time(old / _SECOND + max(rise, 1.0) * self.half_life)


class _LeastFrequent(Policy):
    """The priority is the number of uses, in seconds after the epoch."""

    name = "lfu"

    def first(self, _now: float, _seconds: float, _size: int, /) -> int:
        return _SECOND

    def again(self, old: int, _now: float, _seconds: float, _size: int, /) -> int | None:
        step = max(1.0, old / _SECOND / 16)
        return old + int(step * _SECOND) if step == 1.0 or random() * step < 1.0 else None


class _FirstIn(Policy):
    """The priority is the time of the making, whatever is used."""

    name = "fifo"

    def again(self, _old: int, _now: float, _seconds: float, _size: int, /) -> int | None:
        return None


class _Largest(Policy):
    """The largest goes first: the priority is so many nanoseconds before a fixed day as it has bytes."""

    name = "largest"
    _DAY = 2_000_000_000 * _SECOND

    def first(self, _now: float, _seconds: float, size: int, /) -> int:
        return self._DAY - size

    def again(self, _old: int, _now: float, _seconds: float, _size: int, /) -> int | None:
        return None


class _Custom(Policy):
    """The user's own number, computed from an entry's record when room has to be made."""

    name = "custom"

    def __init__(self, half_life: float, function: Callable[[EntryRecord], float]) -> None:
        super().__init__(half_life)
        self._function = function

    def rank(self, entry: EntryRecord, /) -> float | None:
        return float(self._function(entry))


_POLICIES = {kind.name: kind for kind in (_Value, Policy, _LeastFrequent, _FirstIn, _Largest)}


def policy(choice: str | Callable[[EntryRecord], float], half_life: float) -> Policy:
    """The policy of that name, or one that ranks by a function of an entry's record (the lowest goes first).

    Raises:
        ValueError: no policy has that name, or the half-life is no positive number of seconds.
        TypeError: neither a name nor callable.
    """
    if not 0 < half_life < float("inf"):
        raise OptionError(f"half_life must be a positive number of seconds, not {half_life!r}")
    if callable(choice):
        return _Custom(half_life, choice)
    if not isinstance(choice, str):
        raise OptionError(f"eviction must be a name or a function of an entry, not {type(choice).__name__}")
    kind = _POLICIES.get(choice)
    if kind is None:
        from difflib import get_close_matches

        near = get_close_matches(choice.lower(), _POLICIES, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(map(repr, _POLICIES))}"
        raise OptionError(f"there is no eviction policy {choice!r}: {hint}")
    return kind(half_life)


def _worth(seconds: float, size: int) -> float:
    """log2 of the seconds saved per byte that the disk gives away."""
    from math import log2

    return log2((seconds or _LEAST) / (size or _BLOCK))


def _as_time(seconds: float) -> int:
    return int(min(max(seconds, _EARLIEST), _LATEST) * _SECOND)
