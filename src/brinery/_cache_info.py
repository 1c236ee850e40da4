"""How a decorated function fared in this process, as `functools.lru_cache` tells it and more."""

from __future__ import annotations

from ._light import NamedTuple


class CacheInfo(NamedTuple):
    """What a decorated function did in this process, and what it has in the store.

    Attributes:
        hits: calls answered from the store.
        misses: calls computed.
        maxsize: the cache's limit of entries, None if there is none.
        currsize: entries of this function in the store now.
        seconds_saved: what computing the hits had taken, in seconds.
    """

    hits: int
    misses: int
    maxsize: int | None
    currsize: int
    seconds_saved: float

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from ._html.calls import of_calls

        return of_calls(self)
