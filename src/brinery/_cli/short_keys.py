"""How much of its key tells an entry from all others."""

from __future__ import annotations

import math
from itertools import pairwise
from os.path import commonprefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._cache import Cache
    from .._store.records import EntryRecord, FunctionRecord

_SHORTEST = 8
_FEW_FOLDERS = 4096  # listed in a tenth of a second
_CHANCE = 0.001


def digits_of(entries: list[EntryRecord], cache: Cache, everything: list[FunctionRecord]) -> int:
    """How many digits tell the key of each of some entries from all others in the store.

    Where too many folders hold others of the same beginning to be looked into, it is as many as keys at random are sure
    to need, but for one list in a thousand. `show` and `rm` say so if a beginning can be that of two.
    """
    shards = {entry.key[:2] for entry in entries}
    if len(shards) * len(everything) <= _FEW_FOLDERS:
        return _digits_apart([key for shard in shards for key in cache.keys(shard)])
    pairs = len(entries) * max(1, sum(function.entries for function in everything))
    return max(_digits_apart([entry.key for entry in entries]), math.ceil(math.log(pairs / _CHANCE, 16)))


def _digits_apart(keys: list[str]) -> int:
    """How many digits tell each of the keys from all others."""
    digits = _SHORTEST
    for one, other in pairwise(sorted(keys)):
        if one[:digits] == other[:digits]:
            digits = len(commonprefix((one, other))) + 1  # noqa: RUF071
    return digits
