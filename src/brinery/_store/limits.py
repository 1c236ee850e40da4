"""What a store may hold, and how much has to go when it would be more."""

from __future__ import annotations

from .._light import NamedTuple
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
