"""What a generator yields, kept item by item."""

from __future__ import annotations

import functools
import sys
import time
from contextlib import contextmanager

from .._interpreter import own_work
from .._store.results.items import Items
from ..errors import BrineryWarning, UnstorableResultWarning
from .call import ComputedOnce
from .in_thread import beside
from .keyer import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    from .._store.layout import Bytes
    from .._store.locking.locks import Claim
    from .._store.results.loading import Loader
    from .._store.results.payload import Codec

LARGE = 1 << 20  # bytes from which an event loop is spared the work
_UNCHANGEABLE = frozenset({int, float, complex, bool, str, bytes, type(None)})


class Recording:
    """What a generator yields, frozen item by item, until it ends or it turns out that it cannot be kept."""

    def __init__(self, function: ComputedOnce[Any, Any], call: Call, *, refresh: bool = False) -> None:
        self._function = function
        self._call = call
        function._begin(call, refresh=refresh)
        self._frozen: list[bytes] | None = []
        self._size = 0
        self._held: dict[int, object] = {}  # what may still be changed, by its number
        self.seconds = 0.0

    @property
    def _codec(self) -> Codec:
        return self._function._codec

    def freeze(self, item: object) -> bytes | Exception:
        """An item as it is now, or why it cannot be kept."""
        try:
            return self._codec.freeze(item)
        except Exception as error:
            return error

    async def freeze_beside(self, item: object) -> bytes | Exception:
        """Pickle an item as it is now, a large one in a thread while the event loop goes on; or say why not."""
        from .._store.results.payload import TooLong

        try:
            try:
                return self._codec.yielding(LARGE).freeze(item)
            except TooLong:
                return await beside(functools.partial(self._codec.yielding().freeze, item))
        except Exception as error:
            return error

    @own_work
    def add(self, frozen: bytes | Exception) -> None:
        """Record an item; nothing more is recorded if it cannot be kept."""
        if self._frozen is None:
            return
        if isinstance(frozen, Exception):
            home, number = self._function._home, len(self._frozen)
            self._frozen = None
            self._held.clear()
            self._function._warn(
                UnstorableResultWarning,
                f"item {number} of {home} cannot be kept: {frozen}; the items were returned, not stored",
                cause=f"unstorable {home}",
            )
            return
        self._frozen.append(frozen)
        self._size += len(frozen)
        limit = self._function._cache.max_size
        if limit is not None and self._size > limit:
            self._frozen = None

    def hold(self, item: object) -> None:
        """Keep the item that was recorded last, to see later whether it was changed after it was yielded."""
        if self._frozen is not None and type(item) not in _UNCHANGEABLE:
            self._held[len(self._frozen) - 1] = item

    def due(self) -> Iterator[tuple[int, object]]:
        """Give back items that nobody else has any more: those before the one that the consumer has just left."""
        number = len(self._frozen or ()) - 3
        if number in self._held and _holders(self._held, number) <= _ALONE:
            yield number, self._held.pop(number)

    def held(self) -> Iterator[tuple[int, object]]:
        """Give back all items that are left."""
        while self._held:
            number = next(iter(self._held))
            yield number, self._held.pop(number)

    @own_work
    def see(self, number: int, frozen: bytes | Exception) -> None:
        """Stop recording if an item is no longer what was yielded: whoever keeps the items would see the difference.

        Either the generator has changed it, as one that yields the same list again and again, or its consumer, and what
        came next may depend on that.
        """
        if self._frozen is None or self._frozen[number] == frozen:
            return
        home = self._function._home
        self._frozen = None
        self._held.clear()
        self._function._warn(
            UnstorableResultWarning,
            f"item {number} of {home} was changed after it was yielded, so the items were returned, not stored; yield "
            "a copy, such as `yield list(item)`, where one object is filled again and again",
            cause=f"unstorable {home}",
        )

    @own_work
    def finish(self, returned: object) -> None:
        """Store what was recorded, unless somebody else is storing it."""
        for number, item in self.held():
            self.see(number, self.freeze(item))
        self.add(self.freeze(returned))
        with self._claimed() as claim:
            if claim is not None:
                self._function._keep(claim, self._call, self._whole(), self.seconds)

    async def finish_beside(self, keep: Callable[[Claim, Call, object, float], Awaitable[None]]) -> None:
        """Store what was recorded of an async generator by `keep`, unless somebody else is storing it."""
        for number, item in self.held():
            self.see(number, await self.freeze_beside(item))
        self.add(self.freeze(None))
        with self._claimed() as claim:
            if claim is not None:
                await keep(claim, self._call, self._whole(), self.seconds)

    @contextmanager
    def _claimed(self) -> Iterator[Claim | None]:
        if self._frozen is None:
            yield None
            return
        with self._function._claimed(self._call.key) as claim:
            yield claim if claim is not None and self._may_keep(claim) else None

    def _may_keep(self, claim: Claim) -> bool:
        """Whether it is this recording's turn, and all that storing needs is there."""
        try:
            return claim.attempt().may_compute
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._function._tell_failure("storing a result", error)
            return False

    def _whole(self) -> Items:
        return Items(self._frozen or ())


async def thawed_beside(loader: Loader, frozen: Bytes) -> Any:
    """Give an item back, in a thread if it is large."""
    if len(frozen) < LARGE:
        return loader.thaw(frozen)
    return await beside(functools.partial(loader.yielding().thaw, frozen))


def _holders(held: dict[int, object], number: int) -> int:
    return sys.getrefcount(held[number])


_ALONE = _holders({0: object()}, 0)  # what is counted for an object that nothing else refers to


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
