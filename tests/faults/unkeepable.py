"""Results that cannot be kept, and what is to come of them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

from outcomes import quietly

from brinery import Cache

LOCK = threading.Lock()
STREAM = io.TextIOWrapper(io.BytesIO())


def generate() -> Iterator[int]:
    yield 1


class Refuses:
    """Pickling it raises."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        raise self.error("not today")


class RefusesItsState(Refuses):
    __reduce__ = object.__reduce__  # type: ignore[assignment]

    def __getstate__(self) -> Any:
        raise self.error("not today")


class RefusesToComeBack(Refuses):
    """Unpickling it raises."""

    __reduce__ = object.__reduce__  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise state["error"]("not today")


class TurnsInto:
    """It pickles as something else."""

    def __reduce__(self) -> Any:
        return str, ("something else",)


class TurnsIntoNothing(TurnsInto):
    def __reduce__(self) -> Any:
        return type(None), ()


MADE: list[Any] = []


def returned_and_named(cache: Cache, make: Callable[[], Any], path: str, **options: Any) -> None:
    """See that each call computes, that one warning is given, and that it names the path."""
    MADE.clear()

    def compute() -> Any:
        MADE.append(make())
        return MADE[-1]

    f = cache(compute, ignore=[".MADE"], **options)
    with quietly() as said:
        for _ in range(2):
            assert f() is MADE[-1]
    assert len(MADE) == 2
    assert f.cache_info()[:3] == (0, 2, None)
    assert len(cache) == 0
    assert len(said) == 1
    assert f"cannot be kept: {path}: " in said[0]
