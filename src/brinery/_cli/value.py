"""What eviction holds an entry worth, in numbers that mean something to people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .._units import format_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store.records import EntryRecord

_FURTHEST = 1000.0  # half-lives
_MEGABYTE = 1_000_000


def valuation(settings: Mapping[str, object]) -> Callable[[EntryRecord], float | None]:
    """Give what tells the seconds that an entry saves per byte, each use halved with every half-life.

    None under another policy than "value": what those go by stands in columns of its own.
    """
    half_life = settings.get("half_life")
    now = time.time()

    def value_of(entry: EntryRecord) -> float | None:
        if settings.get("policy") != "value" or not isinstance(half_life, (int, float)):
            return None
        # The priority is a time: that at which an entry worth one second per byte would have been stored.
        return float(2.0 ** max(-_FURTHEST, min((entry.priority - now) / half_life, _FURTHEST)))

    return value_of


def shown_value(value: float | None) -> str:
    """Write a value as a time per megabyte."""
    return "-" if value is None else f"{format_time(value * _MEGABYTE)}/MB"
