"""What generators yield, kept item by item."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from outcomes import quietly
from unkeepable import LOCK

from brinery import Cache

BROKEN: list[int] = []
RUNS: list[int] = []


class BreaksLater:
    """It can be unpickled until it cannot."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state["number"] in BROKEN:
            raise ValueError("no longer")
        vars(self).update(state)


@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_an_item_that_cannot_be_loaded_is_computed(memory: Cache, broken: int):
    """A replayed generator goes on as the real one where an item, or what it returns, does not come back."""
    BROKEN.clear()
    RUNS.clear()

    def items() -> Iterator[BreaksLater]:
        RUNS.append(1)
        for number in range(3):
            yield BreaksLater(number)
        return BreaksLater(3)  # type: ignore[return-value]

    def numbers() -> list[int]:
        found: list[int] = []

        def collect() -> Iterator[Any]:
            last = yield from f()
            found.append(last.number)

        return [item.number for item in collect()] + found

    f = memory(items, ignore=[".BROKEN", ".RUNS"])
    assert numbers() == numbers() == [0, 1, 2, 3]
    assert len(RUNS) == 1
    BROKEN.append(broken)
    with quietly():
        assert numbers() == [0, 1, 2, 3]
    assert len(RUNS) == 2
    BROKEN.clear()
    assert numbers() == [0, 1, 2, 3]


def test_items_that_cannot_be_kept_are_yielded(memory: Cache):
    """The warning names the item and the path inside it."""

    @memory
    def items() -> Iterator[Any]:
        yield 1
        yield {"a": [LOCK]}

    with quietly() as said:
        for _ in range(2):
            assert list(items()) == [1, {"a": [LOCK]}]
    assert len(said) == 1
    assert "item 1 of" in said[0]
    assert '["a"][0]' in said[0]


# Items that are changed after they were yielded: whoever keeps them would see another thing in a replay.


def one_list() -> Iterator[Any]:
    buffer: list[int] = []
    for number in range(4):
        buffer.append(number)
        yield buffer


def one_list_in_new_dicts() -> Iterator[Any]:
    numbers: list[int] = []
    for number in range(4):
        numbers.append(number)
        yield {"number": number, "numbers": numbers}


def two_lists_in_turn() -> Iterator[Any]:
    buffers: tuple[list[int], list[int]] = [], []
    for number in range(6):
        buffer = buffers[number % 2]
        buffer.append(number)
        yield buffer


def changed_at_the_end() -> Iterator[Any]:
    buffer = [1]
    yield buffer
    yield 5
    buffer.append(2)


def changed_much_later() -> Iterator[Any]:
    first = [1]
    yield first
    for number in range(5):
        yield [number]
    first.append(2)
    yield 6


def one_array() -> Iterator[Any]:
    import numpy as np

    array = np.zeros(2)
    for _ in range(3):
        array += 1
        yield array


def one_object() -> Iterator[Any]:
    item = BreaksLater(0)
    for number in range(3):
        item.number = number
        yield item


@pytest.mark.parametrize(
    "items",
    [
        one_list,
        one_list_in_new_dicts,
        two_lists_in_turn,
        changed_at_the_end,
        changed_much_later,
        one_array,
        one_object,
    ],
)
@pytest.mark.parametrize("keeps", [True, False])
def test_items_that_are_changed_later_are_not_kept(memory: Cache, items: Any, keeps: bool):
    """Neither for a consumer that keeps the items nor for one that does not: the next one may."""
    BROKEN.clear()

    def consumed(generator: Iterator[Any]) -> list[str]:
        return list(map(shown, list(generator))) if keeps else [shown(item) for item in generator]

    def shown(item: Any) -> str:
        return str(vars(item)) if isinstance(item, BreaksLater) else repr(item)

    f = memory(items, ignore=[".BROKEN"])
    with quietly() as said:
        for _ in range(2):
            assert consumed(f()) == consumed(items())
    assert len(said) == 1
    assert "was changed after it was yielded" in said[0]
    assert len(memory) == 0


def test_items_of_async_generators_that_are_changed_later(memory: Cache):
    """As those of others."""

    @memory
    async def items() -> AsyncIterator[list[int]]:
        buffer: list[int] = []
        for number in range(3):
            buffer.append(number)
            yield buffer

    async def consumed() -> list[list[int]]:
        return [item async for item in items()]

    with quietly() as said:
        for _ in range(2):
            assert asyncio.run(consumed()) == [[0, 1, 2]] * 3
    assert len(said) == 1
    assert "item 0 of" in said[0]


def fresh_lists() -> Iterator[Any]:
    for number in range(5):
        yield [number]


def one_that_stays() -> Iterator[Any]:
    constant = [1]
    for _ in range(3):
        yield constant


def copies_of_one() -> Iterator[Any]:
    buffer: list[int] = []
    for number in range(3):
        buffer.append(number)
        yield list(buffer)


@pytest.mark.parametrize("items", [fresh_lists, one_that_stays, copies_of_one])
def test_items_that_stay_as_they_are_are_kept(memory: Cache, items: Any):
    """New objects, copies, or one that nobody changes; what a consumer does after the end does not matter."""
    f = memory(items)
    kept = list(f())
    for item in kept:
        item.append("mine")
    assert list(f()) == list(items())
    assert f.cache_info()[:2] == (1, 1)


class Counted:
    """It is known how many there are."""

    alive = 0

    def __init__(self) -> None:
        Counted.alive += 1

    def __del__(self) -> None:
        Counted.alive -= 1


def test_items_that_the_consumer_has_left_are_let_go(memory: Cache):
    """A generator of many large items needs no more memory for being recorded than for what is stored."""

    def items() -> Iterator[Any]:
        for _ in range(20):
            yield [Counted()]

    most = 0
    for _ in memory(items)():
        most = max(most, Counted.alive)
    assert most <= 4
