"""How a function's calls fared, as a notebook shows it."""

from __future__ import annotations

from .._columns import count, taken
from . import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._cache_info import CacheInfo


def of_calls(info: CacheInfo) -> str:
    """What a decorated function did in this process, and what it has in the store."""
    calls = info.hits + info.misses
    told = f"{info.hits} of {count(calls, 'calls')}" if calls else "not called yet"
    limit = "" if info.maxsize is None else f" of {info.maxsize}"
    return pieces.block(
        pieces.measures(
            [
                ("hits", told, info.hits / calls if calls else None),
                ("time saved", taken(info.seconds_saved), None),
                ("in the store", f"{info.currsize}{limit}", info.currsize / info.maxsize if info.maxsize else None),
            ]
        )
    )
