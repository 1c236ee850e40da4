"""What a generator yields, kept item by item."""

from __future__ import annotations

import time

from ._computed_once import ComputedOnce, held
from ._keyed_function import Call
from .errors import UnstorableResultWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNCHANGEABLE = frozenset({int, float, complex, bool, str, bytes, type(None)})


class Recording:
    """What a generator yields, frozen item by item, until it ends or it turns out that it cannot be kept."""

    def __init__(self, function: ComputedOnce[Any, Any], call: Call) -> None:
        self._function = function
        self._call = call
        function._begin(call)
        self._frozen: list[bytes] | None = []
        self._size = 0
        self.seconds = 0.0

    def add(self, item: object) -> bool:
        """Record an item; False, and nothing more is recorded, if it cannot be kept."""
        if self._frozen is None:
            return False
        from ._store.payload import Unstorable

        try:
            frozen = self._function._codec.freeze(item)
        except Unstorable as error:
            number = len(self._frozen)
            self._frozen = None
            self._function._warn(
                UnstorableResultWarning,
                f"item {number} of {self._function._home} cannot be kept: {error}; the items were returned, not stored",
                cause=f"unstorable {self._function._home}",
            )
            return False
        self._frozen.append(frozen)
        self._size += len(frozen)
        limit = self._function._cache.max_size
        if limit is not None and self._size > limit:
            self._frozen = None
        return True

    def last_changed(self, item: object) -> bool:
        """Whether the consumer changed the item that it was given: what comes next may depend on that."""
        if self._frozen is None or type(item) in _UNCHANGEABLE:
            return False
        try:
            return self._function._codec.freeze(item) != self._frozen[-1]
        except Exception:
            return True

    def finish(self, returned: object) -> None:
        """Store what was recorded, unless somebody else is storing it."""
        from ._store.locks import Turn
        from ._store.payload import Items

        if not self.add(returned) or self._frozen is None:
            return
        function = self._function
        with held(function._folder.claim(self._call.key)) as claim:  # type: ignore[union-attr]
            if claim.attempt() in (Turn.COMPUTE, Turn.ALONE):
                function._keep(claim, self._call, Items(self._frozen), self.seconds)


class measured:  # noqa: N801  reads as a statement
    """Add to a recording, if there is one, the time that the generator itself takes."""

    __slots__ = ("_recording", "_start")

    def __init__(self, recording: Recording | None) -> None:
        self._recording = recording

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_exception: object) -> None:
        if self._recording is not None:
            self._recording.seconds += time.perf_counter() - self._start
