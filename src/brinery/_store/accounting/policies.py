"""The policies of eviction that are seldom chosen."""

from __future__ import annotations

from ...errors import OptionError
from .eviction import SECOND, Policy, Value, random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..disk.records import EntryRecord


class _LeastFrequent(Policy):
    """The priority is the number of uses, in seconds after the epoch."""

    name = "lfu"

    def first(self, _now: float, _seconds: float, _size: int, /) -> int:
        return SECOND

    def again(self, old: int, _now: float, _seconds: float, _size: int, /) -> int | None:
        step = max(1.0, old / SECOND / 16)
        return old + int(step * SECOND) if step == 1.0 or random() * step < 1.0 else None


class _FirstIn(Policy):
    """The priority is the time of the making, whatever is used."""

    name = "fifo"

    def again(self, _old: int, _now: float, _seconds: float, _size: int, /) -> int | None:
        return None


class _Largest(Policy):
    """The largest goes first: the priority is so many nanoseconds before a fixed day as it has bytes."""

    name = "largest"
    _DAY = 2_000_000_000 * SECOND

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


_POLICIES = {kind.name: kind for kind in (Value, Policy, _LeastFrequent, _FirstIn, _Largest)}


def other_policy(choice: str | Callable[[EntryRecord], float], half_life: float) -> Policy:
    """The policy of that name, or one that ranks by a function of an entry's record; see `store.policy`."""
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
