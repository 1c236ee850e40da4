"""Large stores made in little time: signed entries such as a call would have stored, written without one."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from brinery import Cache
from brinery._store.disk.names import SHARDS
from brinery._store.entry.encoding import encode
from brinery._store.layout import SUFFIX


def fill(cache: Cache, function: Any, numbers: Iterable[int]) -> None:
    """Store what a cached function would give for each number; whoever reads it finds no difference.

    The first is stored by a call, and all others have its result and its metadata, as far as those can be seen.
    """
    waiting = iter(numbers)
    first = next(waiting)
    function(first)
    folder, codec = function._folder, function._codec  # noqa: SLF001  so that it is what a call would have stored
    signer = folder._secrets().current  # noqa: SLF001
    payload = codec.dumps(function.__wrapped__(first))
    metadata = _json(cache.metadata(function.key(first)))
    for shard in SHARDS:
        os.makedirs(f"{folder.prefix}{shard}", mode=0o700, exist_ok=True)
    for number in waiting:
        key = function.key(number)
        now = time.time()
        parts = encode(
            bytes.fromhex(key),
            payload,
            created=now,
            expires=math.inf,
            seconds=0.001,
            metadata=metadata,
            signer=signer,
        )
        descriptor = os.open(f"{folder.prefix}{key[:2]}/{key}{SUFFIX}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.writev(descriptor, parts)
        finally:
            os.close(descriptor)


def settle(cache: Cache) -> None:
    """Have the store counted, as it is by whoever finds that its sum cannot be right, or prunes."""
    upkeep: Callable[[], object] = cache._directory_here()._upkeep.recount  # noqa: SLF001
    upkeep()


def _json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()
