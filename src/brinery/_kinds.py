"""The kinds of function that do not simply return: coroutine functions, generators, async generators."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ._cached_function import CachedFunction, Call, held
from ._recording import Recording
from .errors import BrineryWarning

if TYPE_CHECKING:
    from ._cache import Cache
    from ._options import FunctionOptions
    from ._store.locks import Claim
    from ._store.payload import Payload

P = ParamSpec("P")
R = TypeVar("R")

_LARGE = 1 << 20  # bytes from which an event loop is spared the work


class _Deferred(CachedFunction[P, R]):
    """A function whose call only makes what is awaited or iterated over later; the key is taken at the call."""

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        call = self._take_key(args, kwargs)
        return self.__wrapped__(*args, **kwargs) if call is None else self._answer(call)

    def _answer(self, call: Call) -> R:
        raise NotImplementedError


class CachedCoroutineFunction(_Deferred[P, Coroutine[Any, Any, R]]):
    """A decorated ``async def``: its key is taken when it is called, the rest happens when it is awaited."""

    async def _answer(self, call: Call) -> R:
        found = await self._look_up_beside(call.key)
        return found[0] if found is not None else await self._compute(call)

    async def _answer_anew(self, call: Call) -> R:
        return await self._compute(call, anew=True)

    async def _look_up_beside(self, key: str) -> tuple[Any, float] | None:
        """Look up; a large entry is read in a thread, so that the event loop goes on."""
        if self._folder.size(key) < _LARGE:  # type: ignore[union-attr]
            return self._look_up(key)
        import asyncio

        return await asyncio.to_thread(self._look_up, key)

    async def _compute(self, call: Call, *, anew: bool = False) -> R:
        from ._store.locks import Turn

        with held(self._folder.claim(call.key)) as claim:  # type: ignore[union-attr]
            while (turn := claim.attempt()) not in (Turn.COMPUTE, Turn.ALONE):
                if turn is Turn.WAIT:
                    await claim.pause_async()
                elif not anew and (found := await self._look_up_beside(call.key)) is not None:
                    return found[0]  # type: ignore[no-any-return]
            call = self._begin(call)
            result = await self.__wrapped__(*call.args, **call.kwargs)
            await self._keep_beside(claim, call, result, time.perf_counter() - call.began)
            return result

    async def _keep_beside(self, claim: Claim, call: Call, result: object, seconds: float) -> None:
        try:
            payload = self._prepare(call, result)
            if payload is None:
                return
            if _size(payload) < _LARGE:
                self._put(claim, call, payload, result, seconds)
            else:
                await _to_the_end(functools.partial(self._put, claim, call, payload, result, seconds))
        except BrineryWarning:
            raise
        except Exception as error:
            self._tell_failure("storing a result", error)


class CachedGeneratorFunction(_Deferred[P, Generator[Any, Any, Any]]):
    """A decorated generator function: a hit replays the items; a miss keeps them as they are yielded.

    Nothing is locked while the consumer pauses; a generator that is closed early, or sent values, is not stored.
    """

    def _answer(self, call: Call, *, anew: bool = False) -> Generator[Any, Any, Any]:
        found = None if anew else self._look_up(call.key)
        if found is not None:
            *items, returned = found[0].frozen
            for item in items:
                yield self._codec.thaw(item)
            return self._codec.thaw(returned)
        recording = Recording(self, call)
        generator = self.__wrapped__(*call.args, **call.kwargs)
        step: Callable[[], Any] = functools.partial(next, generator)
        try:
            while True:
                item = recording.run(step)
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    recording.give_up()
                    step = functools.partial(generator.throw, error)
                else:
                    if sent is not None:
                        recording.give_up()
                    step = (
                        functools.partial(next, generator) if sent is None else functools.partial(generator.send, sent)
                    )
        except StopIteration as stop:
            recording.finish(stop.value)
            return stop.value
        finally:
            generator.close()

    def _answer_anew(self, call: Call) -> Generator[Any, Any, Any]:
        return self._answer(call, anew=True)


class CachedAsyncGeneratorFunction(_Deferred[P, AsyncGenerator[Any, Any]]):
    """A decorated async generator function: as `CachedGeneratorFunction`."""

    async def _answer(self, call: Call, *, anew: bool = False) -> AsyncGenerator[Any, Any]:
        found = None if anew else self._look_up(call.key)
        if found is not None:
            for item in found[0].frozen[:-1]:
                yield self._codec.thaw(item)
            return
        recording = Recording(self, call)
        generator = self.__wrapped__(*call.args, **call.kwargs)
        step: Callable[[], Any] = generator.__anext__
        try:
            while True:
                start = time.perf_counter()
                item = await step()
                recording.add(item, time.perf_counter() - start)
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    recording.give_up()
                    step = functools.partial(generator.athrow, error)
                else:
                    if sent is not None:
                        recording.give_up()
                    step = generator.__anext__ if sent is None else functools.partial(generator.asend, sent)
        except StopAsyncIteration:
            recording.finish(None)
        finally:
            await generator.aclose()

    def _answer_anew(self, call: Call) -> AsyncGenerator[Any, Any]:
        return self._answer(call, anew=True)


async def _to_the_end(work: Callable[[], None]) -> None:
    """Work in a thread, and wait for its end even if the task is cancelled meanwhile: it holds the lock's file."""
    import asyncio

    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _size(payload: Payload) -> int:
    return len(payload.stream) + sum(buffer.nbytes for buffer in payload.buffers)


def make_cached(
    function: Callable[..., Any], cache: Cache, options: FunctionOptions, home: str | None = None
) -> CachedFunction[Any, Any]:
    """Make the kind of cached function that a callable wants."""
    return _kind_of(function)(function, cache, options, home)


def _kind_of(function: Callable[..., Any]) -> type[CachedFunction[Any, Any]]:
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    inner = getattr(inner, "__func__", inner)
    call = vars(type(inner)).get("__call__")  # of a callable object
    code = getattr(inner, "__code__", None) or getattr(call, "__code__", None)
    flags = getattr(code, "co_flags", 0)
    for flag, kind in _KINDS:
        if flags & flag:
            return kind
    return CachedFunction


_KINDS: tuple[tuple[int, type[CachedFunction[Any, Any]]], ...] = (
    (0x80 | 0x100, CachedCoroutineFunction),  # CO_COROUTINE, CO_ITERABLE_COROUTINE
    (0x200, CachedAsyncGeneratorFunction),  # CO_ASYNC_GENERATOR
    (0x20, CachedGeneratorFunction),  # CO_GENERATOR
)
