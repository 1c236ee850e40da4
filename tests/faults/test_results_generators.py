"""What generators yield, kept item by item."""

from __future__ import annotations

from collections.abc import Iterator
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


# Serializers.
