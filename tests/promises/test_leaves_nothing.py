"""What a program has done with, brinery lets go: functions, caches, objects and descriptors."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from brinery import Cache
from brinery._store.accounting import statistics

MANY = 100


def define(cache: Cache, number: int = 0) -> Callable[[int], object]:
    def load(x: int) -> object:
        return [x, number]

    return cache(load)


def redefined(folder: Path) -> list[object]:
    """A notebook's cell that is run again and again."""
    cache = Cache(folder)
    made = [define(cache, number) for number in range(MANY)]
    for function in made:
        function(1)
        function(1)
    return list(made)


def never_called(folder: Path) -> list[object]:
    cache = Cache(folder)
    return [define(cache) for _ in range(MANY)]


def caches_in_a_loop(folder: Path) -> list[object]:
    found: list[object] = []
    for number in range(MANY):
        cache = Cache(folder / str(number % 3))
        function = define(cache, number)
        function(1)
        found += [cache, function]
    return found


def bound_methods(folder: Path) -> list[object]:
    cache = Cache(folder)

    class Model:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        @cache
        def scaled(self, x: int) -> int:
            return x * self.factor

    models = [Model(number) for number in range(MANY)]
    for model in models:
        model.scaled(1)
    return list(models)


def unpickled(folder: Path) -> list[object]:
    """What a worker of a pool does for each task."""
    sent = cloudpickle.dumps(define(Cache(folder)))
    made = [pickle.loads(sent) for _ in range(MANY)]
    for number, function in enumerate(made):
        function(number % 5)
    return made


def arguments(folder: Path) -> list[object]:
    function = define(Cache(folder))
    given = [type("Given", (), {})() for _ in range(MANY)]
    for item in given:
        function(item)  # type: ignore[arg-type]
    return list(given)


@pytest.mark.parametrize("use", [redefined, never_called, caches_in_a_loop, bound_methods, unpickled, arguments])
def test_what_is_done_with_is_let_go(use: Callable[[Path], list[object]], tmp_path: Path) -> None:
    """Nothing of it is alive afterwards, and no descriptor is left open."""
    made = [weakref.ref(thing) for thing in use(tmp_path)]
    for _ in range(3):  # what had a finalizer goes with the next one
        gc.collect()
    assert [thing for reference in made if (thing := reference()) is not None] == []
    assert [place for place in open_files() if place.startswith(str(tmp_path))] == []


def open_files() -> list[str]:
    """Where the descriptors of this process lead, on Linux."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/self/fd/{number}"))
    return found


def test_reports_of_functions_that_are_gone_are_dropped_and_counted(tmp_path: Path) -> None:
    """However many functions have been defined: what they counted is in the sums, and nothing else is kept of them."""
    cache = Cache(tmp_path)
    for number in range(300):
        function = define(cache, number % 2)
        function(7)
        del function
        if number % 50 == 0:
            gc.collect()
    gc.collect()
    define(cache)(7)
    assert len(statistics._reports) < 200
    statistics.flush_reports()
    (told,) = cache.functions()
    assert (told.hits, told.misses) == (299, 2)
    session = cache._directory_here().last_session(own=True)
    assert [called.tally[:2] for called in session.called] == [(299, 2)]


@pytest.mark.parametrize("verbose", [False, True])
def test_threads_at_a_first_call_count_once(verbose: bool, tmp_path: Path) -> None:
    """Eight threads call a new function at the same time, time and again: each call is one hit or one miss."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for attempt in range(5):
            cache = Cache(tmp_path / str(attempt), verbose=verbose)
            function = define(cache)
            together = threading.Barrier(8)

            def call(function: Any = function, together: threading.Barrier = together) -> None:
                together.wait()
                for number in range(5):
                    function(number)

            threads = [threading.Thread(target=call) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            statistics.flush_reports()
            (told,) = cache.functions()
            info = function.cache_info()  # type: ignore[attr-defined]
            assert (told.hits + told.misses, info.hits + info.misses) == (40, 40)
    finally:
        sys.setswitchinterval(interval)
