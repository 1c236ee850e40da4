"""Functions that do not simply return: coroutine functions, generators, async generators."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncGenerator, Coroutine, Generator

from .._light import Any, P, R
from .._warnings import logger
from ..errors import BrineryWarning, OptionError
from .cached import CachedFunction
from .generators import LARGE, Recording, measured, thawed_beside
from .in_thread import beside
from .keyer import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .._store.locking.locks import Claim
    from .._store.results.payload import Items, Payload


class _Deferred(CachedFunction[P, R]):
    """A function whose call only makes what is awaited or iterated over later; the key is taken at the call."""

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        call = self._keyed(args, kwargs)
        if call is None:
            self._count_unkeyed()
            return self.__wrapped__(*args, **kwargs)
        return self._answer(call)

    def map(self, *_iterables: Any, **_options: Any) -> NoReturn:
        """There is nothing to hand to an executor: a call only makes what is awaited or iterated over."""
        raise OptionError(f"{self._called} does not return its result, so it cannot be mapped: call it for each item")

    def _answer(self, call: Call) -> R:
        raise NotImplementedError

    def _note_lost(self, error: Exception) -> None:
        """Note that an item cannot be loaded; the real generator goes on instead."""
        logger.info("%s: an item cannot be loaded and is recomputed: %r", self._home, error)

    async def _look_up_beside(self, key: str) -> tuple[Any, float] | None:
        """Look up; a large entry is read in a thread, so that the event loop goes on."""
        if self._folder.size(key) < LARGE:  # type: ignore[union-attr]
            return self._look_up(key)
        return await beside(functools.partial(self._look_up, key, self._loader.yielding()))

    async def _keep_beside(self, claim: Claim | None, call: Call, result: object, seconds: float) -> None:
        """As `_keep`; what is large is pickled and written in a thread, which has the lock's file to the end."""
        if claim is None:
            return
        try:
            from .._store.results.payload import TooLong

            try:
                payload = self._prepare(call, result, self._codec.yielding(LARGE))
            except TooLong:
                prepare = functools.partial(self._prepare, call, result, self._codec.yielding())
                payload = await beside(prepare, to_the_end=True)
            if payload is None:
                return
            if _size(payload) < LARGE:
                self._put(claim, call, payload, result, seconds)
            else:
                await beside(functools.partial(self._put, claim, call, payload, result, seconds), to_the_end=True)
        except BrineryWarning:
            raise
        except Exception as error:
            self._tell_failure("storing a result", error)


class CachedCoroutineFunction(_Deferred[P, Coroutine[Any, Any, R]]):
    """A decorated ``async def``: its key is taken when it is called, the rest happens when it is awaited."""

    async def _answer(self, call: Call) -> R:
        found = await self._look_up_beside(call.key)
        return found[0] if found is not None else await self._compute(call)

    async def _refresh(self, call: Call) -> R:
        return await self._compute(call, refresh=True)

    async def _compute(self, call: Call, *, refresh: bool = False) -> R:
        with self._claimed(call.key) as claim:
            found = await self._wait_beside(claim, call.key, refresh=refresh)
            if found is not None:
                return found[0]  # type: ignore[no-any-return]
            self._begin(call, refresh=refresh)
            result = await self.__wrapped__(*call.args, **call.kwargs)
            await self._keep_beside(claim, call, result, time.perf_counter() - call.began)
            return result

    async def _wait_beside(self, claim: Claim | None, key: str, *, refresh: bool) -> tuple[Any, float] | None:
        """As `_wait_for`, without stopping the event loop."""
        if claim is None:
            return None
        try:
            while not (turn := claim.attempt()).may_compute:
                if turn.must_wait:
                    await claim.pause_async()
                elif not refresh and (found := await self._look_up_beside(key)) is not None:
                    return found
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("waiting for a result", error)
        return None


class CachedGeneratorFunction(_Deferred[P, Generator[Any, Any, Any]]):
    """A decorated generator function: a hit replays the items; a miss keeps them as they are yielded.

    Nothing is locked while the consumer pauses. A generator that is closed early, or sent values, is not stored; one
    that is sent a value while it is replayed goes on as the real one.
    """

    def _answer(self, call: Call, *, refresh: bool = False) -> Generator[Any, Any, Any]:
        found = None if refresh else self._look_up(call.key)
        answer = _Answer()
        delivered = 0
        if found is not None:
            items = _Replay(self, found[0])
            for item in items:
                delivered += 1
                try:
                    answer.sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    answer.thrown = error
                if answer:
                    break
            if items.returned:
                return items.returned[0]
        generator = self.__wrapped__(*call.args, **call.kwargs)
        recording = None if answer or delivered else Recording(self, call, refresh=refresh)
        try:
            for _ in range(delivered):
                next(generator)
            while True:
                with measured(recording):
                    item = answer.give(generator)
                if recording is not None:
                    recording.add(recording.freeze(item))
                    recording.hold(item)
                    for number, earlier in recording.due():
                        recording.see(number, recording.freeze(earlier))
                answer = _Answer()
                try:
                    answer.sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    answer.thrown = error
                if answer:
                    recording = None
        except StopIteration as stop:
            if recording is not None:
                recording.finish(stop.value)
            return stop.value
        finally:
            generator.close()

    def _refresh(self, call: Call) -> Generator[Any, Any, Any]:
        return self._answer(call, refresh=True)


class CachedAsyncGeneratorFunction(_Deferred[P, AsyncGenerator[Any, Any]]):
    """A decorated async generator function: as `CachedGeneratorFunction`."""

    async def _answer(self, call: Call, *, refresh: bool = False) -> AsyncGenerator[Any, Any]:
        found = None if refresh else await self._look_up_beside(call.key)
        answer = _Answer()
        delivered = 0
        if found is not None:
            *items, _ = found[0].frozen
            for frozen in items:
                try:
                    item = await thawed_beside(self._loader, frozen)
                except Exception as error:
                    self._note_lost(error)
                    break
                delivered += 1
                try:
                    answer.sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    answer.thrown = error
                if answer:
                    break
            if delivered == len(items) and not answer:
                return
        generator = self.__wrapped__(*call.args, **call.kwargs)
        recording = None if answer or delivered else Recording(self, call, refresh=refresh)
        try:
            for _ in range(delivered):
                await anext(generator)
            while True:
                with measured(recording):
                    item = await answer.give_async(generator)
                if recording is not None:
                    recording.add(await recording.freeze_beside(item))
                    recording.hold(item)
                    for number, earlier in recording.due():
                        recording.see(number, await recording.freeze_beside(earlier))
                answer = _Answer()
                try:
                    answer.sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    answer.thrown = error
                if answer:
                    recording = None
        except StopAsyncIteration:
            if recording is not None:
                await recording.finish_beside(self._keep_beside)
        finally:
            await generator.aclose()

    def _refresh(self, call: Call) -> AsyncGenerator[Any, Any]:
        return self._answer(call, refresh=True)


class _Replay:
    """The stored items of a generator, up to the first that cannot be loaded; then the real one has to go on.

    Attributes:
        returned: what the generator returned, in a list of its own; nothing if not all could be loaded.
    """

    __slots__ = ("_frozen", "_function", "returned")

    def __init__(self, function: CachedGeneratorFunction[...], items: Items) -> None:
        self._function = function
        self._frozen = items.frozen
        self.returned: list[Any] = []

    def __iter__(self) -> Generator[Any, None, None]:
        loader = self._function._loader
        *items, returned = self._frozen
        try:
            for item in items:
                yield loader.thaw(item)
            self.returned.append(loader.thaw(returned))
        except Exception as error:
            self._function._note_lost(error)


class _Answer:
    """What a consumer gave back for an item: nothing, a value sent, or an exception thrown in."""

    __slots__ = ("sent", "thrown")

    def __init__(self) -> None:
        self.sent: Any = None
        self.thrown: BaseException | None = None

    def __bool__(self) -> bool:
        return self.sent is not None or self.thrown is not None

    def give(self, generator: Generator[Any, Any, Any]) -> Any:
        """Hand it to the generator and take its next item."""
        if self.thrown is not None:
            return generator.throw(self.thrown)
        return next(generator) if self.sent is None else generator.send(self.sent)

    async def give_async(self, generator: AsyncGenerator[Any, Any]) -> Any:
        """Hand it to an async generator and take its next item."""
        if self.thrown is not None:
            return await generator.athrow(self.thrown)
        return await (anext(generator) if self.sent is None else generator.asend(self.sent))


def _size(payload: Payload) -> int:
    return len(payload.stream) + sum(map(len, payload.buffers))
