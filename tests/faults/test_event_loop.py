"""An event loop goes on while a large result is stored or read, or somebody else holds the lock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

import brinery
from brinery import Cache

TURNS = 10  # of the loop; one that is blocked makes two or three


def turns_during(work: Callable[[], Coroutine[Any, Any, Any]]) -> tuple[int, Any]:
    """How often a loop turned while it did some work, and what came of that."""

    async def both() -> tuple[int, Any]:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.001)
                turns += 1

        turning = asyncio.create_task(turn())
        result = await work()
        turning.cancel()
        return turns, result

    return asyncio.run(both())


def many_small() -> list[dict[str, Any]]:
    return [{"number": number, "name": f"number {number}"} for number in range(300_000)]


def one_array() -> np.ndarray:
    return np.arange(15_000_000, dtype=np.float64)


class Text:
    """A serializer of a user, which takes its time and lets others go on."""

    name = "slow text"

    def dumps(self, value: Any) -> bytes:
        threading.Event().wait(0.2)
        return str(len(value)).encode()

    def loads(self, data: bytes) -> Any:
        return list(range(int(data)))


SLOW = Text()


@pytest.mark.parametrize(
    ("make", "options"),
    [
        pytest.param(many_small, {}, id="many small objects"),
        pytest.param(one_array, {}, id="an array"),
        pytest.param(
            lambda: b" ".join(b"%d" % number for number in range(5_000_000)), {"compress": True}, id="compressed"
        ),
        pytest.param(lambda: list(range(10)), {"serializer": SLOW}, id="a slow serializer"),
    ],
)
def test_the_loop_goes_on_while_a_large_result_is_stored(memory: Cache, make: Callable[[], Any], options: Any):
    """A coroutine function's result is pickled, squeezed and written beside the loop."""
    made = make()

    @memory(ignore=["made"], **options)
    async def f() -> Any:
        return made

    turns, _ = turns_during(f)
    assert turns > TURNS
    assert f.cache_info().currsize == 1


@pytest.mark.parametrize("make", [many_small, one_array])
def test_the_loop_goes_on_while_a_large_result_is_read(memory: Cache, make: Callable[[], Any]):
    """It is read, verified and unpickled beside the loop as well."""

    @memory
    async def f() -> Any:
        return make()

    expected = asyncio.run(f())
    turns, found = turns_during(f)
    assert turns > TURNS
    assert f.cache_info().hits == 1
    assert type(found) is type(expected)
    assert np.array_equal(found, expected)


def test_the_loop_goes_on_while_an_async_generator_is_kept_and_replayed(memory: Cache):
    """Its large items are frozen, stored and thawed beside the loop, and come back as they were."""
    runs = []

    @memory(ignore=["runs"])
    async def f() -> AsyncIterator[Any]:
        runs.append(1)
        for count in (10, 150_000, 150_000):
            yield [{"number": number, "name": f"number {number}"} for number in range(count)]

    async def collect() -> tuple[int, list[Any]]:
        """Turns are counted while the items are frozen, and not while they are made."""
        return [item async for item in f()]

    turns, computed = turns_during(collect)
    assert turns > TURNS
    turns, replayed = turns_during(collect)
    assert turns > TURNS
    assert replayed == computed
    assert runs == [1]


def test_a_cancelled_task_leaves_no_half_of_a_large_result(memory: Cache):
    """Cancelled, and cancelled again while it stores: the store is whole, and the next call has the right value."""

    @memory
    async def f(number: int) -> list[int]:
        return list(range(number, number + 400_000))

    async def main() -> None:
        for number in range(8):
            task = asyncio.create_task(f(number))
            await asyncio.sleep(0.004 * number)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert await f(number) == list(range(number, number + 400_000))

    asyncio.run(main())
    assert memory.verify() == []


def test_an_executor_in_which_all_threads_wait_for_the_result_gets_it(memory: Cache):
    """What works beside the loop has a thread of its own: the loop's may all be waiting for it."""

    @memory
    async def f(number: int) -> list[int]:
        return list(range(number, number + 300_000))

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()

        def wait(number: int) -> int:
            return len(asyncio.run_coroutine_threadsafe(f(number % 4), loop).result(30))

        return await asyncio.gather(*[asyncio.to_thread(wait, number) for number in range(64)])

    assert asyncio.run(main()) == [300_000] * 64
    assert asyncio.run(main()) == [300_000] * 64


def test_without_an_event_loop_of_asyncio_it_is_done_at_once(memory: Cache):
    """Under another library's loop, or none, large results are stored and read all the same."""

    @memory
    async def f() -> list[int]:
        return list(range(400_000))

    def drive() -> Any:
        running = f()
        try:
            running.send(None)
        except StopIteration as stop:
            return stop.value
        raise AssertionError("it waits for a loop")

    assert drive() == drive() == list(range(400_000))
    assert f.cache_info()[:2] == (1, 1)


def test_where_no_thread_can_be_had_it_is_done_at_once(memory: Cache, monkeypatch: pytest.MonkeyPatch):
    """As at the end of the interpreter, or at the limit of a container."""

    @memory
    async def f() -> list[int]:
        return list(range(400_000))

    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    assert asyncio.run(f()) == asyncio.run(f()) == list(range(400_000))
    assert f.cache_info()[:2] == (1, 1)


def test_what_fails_beside_the_loop_costs_a_warning(memory: Cache):
    """A large result that cannot be pickled comes back, and is not stored."""

    @memory
    async def f() -> list[Any]:
        return [*range(400_000), threading.Lock()]

    with pytest.warns(brinery.UnstorableResultWarning, match=r"\[400000\]"):
        result = asyncio.run(f())
    assert len(result) == 400_001
    assert f.cache_info().currsize == 0
