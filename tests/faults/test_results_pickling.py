"""Objects whose pickling or unpickling fails, or turns them into others: the result is returned all the same."""

from __future__ import annotations

import logging
import os
import signal
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from outcomes import quietly
from result_kinds import Record
from unkeepable import (
    STREAM,
    Refuses,
    RefusesItsState,
    RefusesToComeBack,
    TurnsInto,
    TurnsIntoNothing,
    generate,
    returned_and_named,
)

from brinery import Cache


@pytest.mark.parametrize("kind", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: Record("", inner)])
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle", "json"])
def test_a_very_deep_result(memory: Cache, kind: Callable[[Any], Any], serializer: str):
    """A hundred thousand levels: returned, and one warning; nothing crashes."""

    def build() -> Any:
        result: Any = 1
        for _ in range(100_000):
            result = kind(result)
        return result

    f = memory(build, serializer=serializer)
    with quietly() as said:
        for _ in range(2):
            result = f()
            depth = 0
            while type(result) is not int:  # take it apart without recursion
                result = (
                    result[0]
                    if type(result) is list
                    else next(reversed((vars(result) if type(result) is Record else result).values()))
                )
                depth += 1
            assert depth == 100_000
    assert len(said) == 1
    assert f.cache_info()[:2] == (0, 2)


@pytest.mark.parametrize("make", [generate, lambda: iter([1]), lambda: map(str, [1]), lambda: STREAM])
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_what_reading_uses_up_is_not_read(memory: Cache, make: Callable[[], Any], serializer: str):
    """An iterator or a file is returned with all that is in it."""
    f = memory(lambda: make(), serializer=serializer)
    with quietly() as said:
        for _ in range(2):
            assert f() is not None
            assert [str(one) for one in f()] == ([] if make() is STREAM else ["1"])
    assert len(said) == 1
    assert "used up" in said[0]


# Pickling that raises, lies, or does not come back.


class RefusesToBeMade:
    """Unpickling it raises, and no code of its own says so."""

    def __new__(cls, needed: int) -> Any:
        return super().__new__(cls)

    def __init__(self, needed: int) -> None:
        self.needed = needed


class NeedsItself:
    """Its hash needs what it has not got yet while it is unpickled."""

    def __init__(self) -> None:
        self.name = "a"
        self.friends = {self}

    def __hash__(self) -> int:
        return hash(self.name)


class Unreachable:
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


ERRORS = [
    ValueError,
    TypeError,
    RecursionError,
    MemoryError,
    OSError,
    EOFError,
    SystemExit,
    GeneratorExit,
    StopIteration,
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("kind", [Refuses, RefusesItsState, RefusesToComeBack])
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_pickling_or_unpickling_that_raises(memory: Cache, error: type[BaseException], kind: type, serializer: str):
    """Whatever it raises, even an exit: the result is returned each time, and one warning says so."""
    f = memory(lambda: {"a": [kind(error)]}, serializer=serializer)
    with quietly() as said:
        for _ in range(3):
            assert type(f()["a"][0]) is kind
    assert len(said) == 1
    assert "cannot be kept" in said[0]
    assert error is RecursionError or 'result["a"][0]' in said[0]
    assert f.cache_info()[:2] == (0, 3)


@pytest.mark.parametrize("make", [lambda: RefusesToBeMade(1), NeedsItself])
def test_what_cannot_be_unpickled_is_told_by_the_second_call(memory: Cache, make: Callable[[], Any]):
    """Nothing in its class shows it, so the first attempt to load it does; from then on it is computed and said."""
    f = memory(lambda: [make()])
    with quietly() as said:
        kinds = [type(f()[0]) for _ in range(3)]
    assert kinds == [type(make())] * 3
    assert len(said) == 1
    assert "pickles, but cannot be unpickled" in said[0]
    assert f.cache_info()[:2] == (0, 3)


@pytest.mark.parametrize("kind", [TurnsInto, TurnsIntoNothing])
def test_what_would_come_back_as_something_else_is_not_kept(memory: Cache, kind: type):
    """Each call returns what the function returns, and nothing that pickles like it."""
    returned_and_named(memory, lambda: {"a": (kind(), 1)}, 'result["a"][0]')


def test_an_object_that_cannot_be_touched(memory: Cache):
    """Where every attribute raises, the warning still comes, and the result too."""
    f = memory(lambda: [Unreachable()])
    with quietly() as said:
        assert type(f()[0]) is type(f()[0]) is Unreachable
    assert len(said) == 1
    assert "ZeroDivisionError" in said[0]


@pytest.mark.parametrize("kind", [Refuses, RefusesToComeBack])
def test_an_interrupt_goes_through(memory: Cache, kind: type):
    """A KeyboardInterrupt is the user's, wherever it comes."""
    with pytest.raises(KeyboardInterrupt):
        memory(lambda: [kind(KeyboardInterrupt)])()


ONCE: list[str] = []


class Signalled:
    """While it is unpickled, or pickled, the process is asked to end."""

    def __getstate__(self) -> dict[str, int]:
        if ONCE and ONCE[-1] == "pickled":
            os.kill(os.getpid(), signal.SIGUSR1)
        return {"a": 1}

    def __setstate__(self, state: object) -> None:
        if ONCE and ONCE[-1] == "unpickled":
            os.kill(os.getpid(), signal.SIGUSR1)


@pytest.mark.parametrize("when", ["pickled", "unpickled"])
def test_an_exit_that_a_signal_brought_goes_through(memory: Cache, when: str):
    """It is told apart from an object that raises an exit every time; what was stored stays."""

    def end(*_: object) -> None:
        ONCE.clear()
        raise SystemExit(3)

    ONCE.clear()
    f = memory(ignore=[".ONCE"])(lambda: [Signalled()])
    before = signal.signal(signal.SIGUSR1, end)
    try:
        if when == "unpickled":
            f()
        ONCE.append(when)
        with pytest.raises(SystemExit):
            f()
    finally:
        signal.signal(signal.SIGUSR1, before)
    for _ in range(2):
        assert type(f()[0]) is Signalled
    assert f.cache_info().hits >= 1


def test_a_class_that_is_gone_is_a_miss(memory: Cache, caplog: pytest.LogCaptureFixture):
    """The call computes, in silence, and what it stores counts again."""
    module = types.ModuleType("soon_gone")
    sys.modules["soon_gone"] = module

    def define(name: str) -> None:
        vars(module).pop("Old", None)
        exec(f"class {name}: pass", vars(module), vars(module))
        getattr(module, name).__module__ = "soon_gone"

    def make() -> Any:
        name = "soon_gone_"[:-1]  # where no reader of the code finds it
        (kind,) = [one for one in vars(sys.modules[name]).values() if isinstance(one, type)]
        return [kind()]

    try:
        define("Old")
        f = memory(make, key=lambda: 1)
        assert type(f()[0]).__name__ == type(f()[0]).__name__ == "Old"
        define("New")
        with caplog.at_level(logging.INFO, "brinery"):
            assert type(f()[0]).__name__ == "New"
        assert "cannot be loaded" in caplog.text
        assert type(f()[0]).__name__ == "New"
        assert f.cache_info()[:2] == (2, 2)
    finally:
        del sys.modules["soon_gone"]
