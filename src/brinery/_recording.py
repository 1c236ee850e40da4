"""What a generator yields, kept item by item."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ._cached_function import CachedFunction, Call, held
from ._store.payload import Items, Unstorable
from .errors import UnstorableResultWarning


class Recording:
    """What a generator yields, frozen item by item, until it ends or it turns out that it cannot be kept."""

    def __init__(self, function: CachedFunction[Any, Any], call: Call) -> None:
        self._function = function
        self._call = function._begin(call)
        self._frozen: list[bytes] | None = []
        self._size = 0
        self._seconds = 0.0

    def run(self, step: Callable[[], Any]) -> Any:
        """Take the generator's next item and record it."""
        start = time.perf_counter()
        item = step()
        self.add(item, time.perf_counter() - start)
        return item

    def add(self, item: object, seconds: float) -> None:
        """Record an item; one that cannot be kept ends the recording and nothing else."""
        self._seconds += seconds
        if self._frozen is None:
            return
        try:
            frozen = self._function._codec.freeze(item)
        except Unstorable as error:
            number = len(self._frozen)
            self.give_up()
            self._function._warn(
                UnstorableResultWarning,
                f"item {number} of {self._function._home} cannot be kept: {error}; the items were returned, not stored",
                cause=f"unstorable {self._function._home}",
            )
            return
        self._frozen.append(frozen)
        self._size += len(frozen)
        limit = self._function._cache.max_size
        if limit is not None and self._size > limit:
            self.give_up()

    def give_up(self) -> None:
        """Keep nothing of this run."""
        self._frozen = None

    def finish(self, returned: object) -> None:
        """Store what was recorded, unless somebody else is storing it."""
        from ._store.locks import Turn

        self.add(returned, 0.0)
        if self._frozen is None:
            return
        function = self._function
        with held(function._folder.claim(self._call.key)) as claim:  # type: ignore[union-attr]
            if claim.attempt() in (Turn.COMPUTE, Turn.ALONE):
                function._keep(claim, self._call, Items(self._frozen), self._seconds)
