"""Many calls at once: only what is missing is computed, and everything comes in order."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from itertools import count
from pathlib import Path

import pytest
from other_process import run, write

from brinery import Cache


class Counting(ThreadPoolExecutor):
    """An executor that counts what it is given."""

    submitted = 0

    def submit(self, fn, /, *args, **kwargs) -> Future:
        self.submitted += 1
        return super().submit(fn, *args, **kwargs)


@pytest.fixture
def square(memory: Cache):
    runs: list[int] = []

    @memory(ignore=["runs"])
    def square(x: int) -> list[int]:
        runs.append(x)
        if x < 0:
            raise ValueError(f"{x} is negative")
        return [x * x]

    return square, runs


@pytest.mark.parametrize("executor", [None, Counting])
def test_only_what_is_missing_is_computed(square, executor):
    """What is stored is read; what is asked for twice is computed once; the order is that of the calls."""
    f, runs = square
    f(2), f(4)
    runs.clear()
    pool = executor and executor(3)
    assert list(f.map([1, 2, 3, 1, 4, 2, 5], executor=pool)) == [[1], [4], [9], [1], [16], [4], [25]]
    assert sorted(runs) == [1, 3, 5]
    if pool:
        assert pool.submitted == 3
        pool.shutdown()
    assert list(f.map(range(1, 6), executor=pool)) == [[1], [4], [9], [16], [25]]  # nothing is submitted any more
    assert f.cache_info().misses == 5


def test_equal_calls_get_results_of_their_own(square):
    """A change of one result is seen in no other."""
    f, _ = square
    with ThreadPoolExecutor(2) as pool:
        first, second = f.map([3, 3], executor=pool)
    first.append("changed")
    assert second == [9]
    assert f(3) == [9]


def test_several_iterables_go_side_by_side(memory: Cache):
    """As for `map`, the shortest ends it; none at all is nothing to do."""

    @memory
    def add(x, y, z=1):
        return [x + y + z]

    with ThreadPoolExecutor(2) as pool:
        for executor in (None, pool):
            assert list(add.map(iter([1, 2, 3]), (10, 20), executor=executor)) == [[12], [23]]
            assert list(add.map(executor=executor)) == []
            assert list(add.map([], executor=executor)) == []


def test_without_an_executor_no_argument_is_taken_before_its_turn(square):
    """As for `map`, the arguments may have no end."""
    f, runs = square
    taken = []

    def numbers():
        for number in count():
            taken.append(number)
            yield number

    results = f.map(numbers())
    assert taken == []
    assert [next(results) for _ in range(3)] == [[0], [1], [4]]
    assert taken == runs == [0, 1, 2]
    results.close()


def test_methods_map_for_their_instance(memory: Cache):
    """The instance is an argument of every call."""

    class Scale:
        def __init__(self, factor):
            self.factor = factor

        @memory
        def times(self, x):
            return [self.factor * x]

    with ThreadPoolExecutor(2) as pool:
        for executor in (None, pool):
            assert list(Scale(3).times.map([1, 2], executor=executor)) == [[3], [6]]
            assert list(Scale(3).times.map(executor=executor)) == []


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor])
def test_an_exception_comes_in_its_turn_and_costs_nothing_that_was_computed(square, executor):
    """As with `Executor.map`; what others computed is stored."""
    f, _ = square
    pool = executor and executor(1)
    results = f.map([1, -1, 2], executor=pool)
    assert next(results) == [1]
    with pytest.raises(ValueError, match="-1 is negative"):
        next(results)
    if pool:
        pool.shutdown()
    assert f.is_cached(1)
    assert not f.is_cached(-1)


def test_arguments_that_cannot_be_keyed_are_an_error_in_their_turn(square):
    """A lock has no lasting identity; the calls before it have their results."""
    f, _ = square
    with ThreadPoolExecutor(1) as pool:
        results = f.map([1, threading.Lock()], executor=pool)
        assert next(results) == [1]
        with pytest.raises(TypeError, match="lock"):
            next(results)


def test_calls_that_do_not_fit_the_signature_say_what_the_function_says(square):
    """The executor, too, raises the function's own TypeError."""
    f, _ = square
    with ThreadPoolExecutor(1) as pool:
        for executor in (None, pool):
            with pytest.raises(TypeError, match="positional argument"):
                list(f.map([1], [2], executor=executor))


def test_without_a_cache_everything_is_computed(monkeypatch: pytest.MonkeyPatch, square):
    """Switched off, it is the executor's own map."""
    f, runs = square
    monkeypatch.setenv("BRINERY_DISABLE", "1")
    with ThreadPoolExecutor(2) as pool:
        assert list(f.map([1, 1, 2], executor=pool)) == [[1], [1], [4]]
    assert sorted(runs) == [1, 1, 2]


def test_a_timeout_is_that_of_the_executor(memory: Cache):
    """What is not there in time raises, and what has not begun is cancelled."""
    go = threading.Event()

    @memory(ignore=["go"])
    def wait(x):
        assert go.wait(20)
        return [x]

    with ThreadPoolExecutor(1) as pool:
        results = wait.map(range(100), executor=pool, timeout=0.05)
        with pytest.raises(FutureTimeoutError):
            next(results)
        go.set()
    assert wait.cache_info().currsize <= 2


def test_closing_early_cancels_the_rest(memory: Cache):
    """As with `Executor.map`: who has seen enough waits for nothing more."""
    runs, go = [], threading.Event()

    @memory(ignore=["runs", "go"])
    def f(x):
        runs.append(x)
        assert x < 2 or go.wait(20)
        return [x]

    with ThreadPoolExecutor(1) as pool:
        results = f.map(range(100), executor=pool)
        assert next(results) == [0]
        results.close()
        go.set()
    assert len(runs) <= 3


@pytest.mark.parametrize("kind", ["coroutine", "generator"])
def test_what_does_not_return_cannot_be_mapped(memory: Cache, kind: str):
    """Said at once, and not by what an executor makes of a coroutine."""
    if kind == "coroutine":

        @memory
        async def f(x):
            return x
    else:

        @memory
        def f(x):
            yield x

    with pytest.raises(TypeError, match="cannot be mapped"):
        f.map([1, 2])


IN_PROCESSES = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import loky
from brinery import Cache

memory = Cache("store")

@memory
def f(x):
    with open("runs", "a") as file:
        file.write(f"{x}\\n")
    return [x, x]

if __name__ == "__main__":
    f(3)
    way = sys.argv[1]
    with loky.ProcessPoolExecutor(2) if way == "loky" else ProcessPoolExecutor(2, mp_context=get_context(way)) as pool:
        assert list(f.map(range(20), executor=pool, chunksize=int(sys.argv[2]))) == [[x, x] for x in range(20)]
        assert list(f.map(range(20), executor=pool)) == [[x, x] for x in range(20)]
    print(f.cache_info().currsize, len(open("runs").readlines()))
"""


@pytest.mark.parametrize(("way", "chunksize"), [("spawn", 1), ("fork", 7), ("loky", 3)])
def test_processes_compute_what_is_missing(tmp_path: Path, way: str, chunksize: int):
    """The functions of a script, too, are found by the processes of a pool, which store what they compute."""
    pytest.importorskip("loky")
    write(tmp_path, script=IN_PROCESSES)
    assert run("script.py", way, str(chunksize), cwd=tmp_path).split() == ["20", "20"]


CHANGED_HERE = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import warnings
from brinery import Cache, WorkerWarning

memory = Cache("store")
LIMIT = 1
TABLE = {"a": 1}

def helper(x):
    return x + LIMIT

@memory
def f(x):
    return helper(x) + TABLE["a"]

@memory
def g(x):
    return 2 * x

def set_limit():
    global LIMIT
    LIMIT = 10

def made(way, initializer=None):
    if way == "loky":
        import loky
        return loky.ProcessPoolExecutor(2, initializer=initializer)
    return ProcessPoolExecutor(2, mp_context=get_context(way), initializer=initializer)

if __name__ == "__main__":
    way, initialized = sys.argv[1:]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        f(3)
        LIMIT = 10
        with made(way, set_limit if initialized == "yes" else None) as pool:
            found = list(f.map(range(6), executor=pool, chunksize=2))
            assert list(g.map(range(3), executor=pool)) == [0, 2, 4]
    assert found == [f.__wrapped__(x) for x in range(6)] == [11 + x for x in range(6)], found
    assert [f(x) for x in range(6)] == found
    LIMIT = 1
    assert [f(x) for x in range(6)] == [f.__wrapped__(x) for x in range(6)]
    said = [str(one.message) for one in caught]
    if initialized == "yes" or way in ("fork", "loky"):  # loky sends what a script defines by value
        assert said == [], said
    else:
        assert len(said) == 1 and "LIMIT" in said[0] and caught[0].category is WorkerWarning, said
"""


@pytest.mark.parametrize("way", ["spawn", "forkserver", "loky", "fork"])
@pytest.mark.parametrize("initialized", ["yes", "no"])
def test_a_global_that_was_set_here_counts_for_what_processes_compute(tmp_path: Path, way: str, initialized: str):
    """Workers that know another value compute nothing for this process, and it is said; nothing is filed wrongly."""
    write(tmp_path, script=CHANGED_HERE)
    run("script.py", way, initialized, cwd=tmp_path)


class OnlySubmits:
    """An executor as other libraries have them: no `map`, and futures that tell their result."""

    submitted = 0

    def submit(self, function, /, *args):
        self.submitted += 1
        future = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("chunksize", [1, 2, 100])
def test_an_executor_needs_submit_and_nothing_else(square, chunksize: int):
    """Adapters of a few lines do, and nothing is submitted where everything is stored."""
    f, runs = square
    executor = OnlySubmits()
    assert list(f.map(range(5), executor=executor, chunksize=chunksize)) == [[x * x] for x in range(5)]
    assert executor.submitted == -(-5 // chunksize)
    assert list(f.map(range(5), executor=executor, chunksize=chunksize)) == [[x * x] for x in range(5)]
    assert executor.submitted == -(-5 // chunksize)
    assert runs == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("chunksize", [1, 3, 100])
def test_an_exception_in_a_chunk_comes_in_its_turn(square, chunksize: int):
    """What was computed before it in the same task is returned, and the call that raises is made once."""
    f, runs = square
    with ThreadPoolExecutor(1) as pool:
        results = f.map([1, 2, -1, 3], executor=pool, chunksize=chunksize)
        assert [next(results), next(results)] == [[1], [4]]
        with pytest.raises(ValueError, match="-1 is negative"):
            next(results)
    assert runs.count(-1) == 1


def test_an_executor_that_is_shut_down_is_asked_only_for_what_is_missing(square):
    """Where everything is stored it does not matter; else it says what it always says."""
    f, _ = square
    f(1)
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    assert list(f.map([1, 1], executor=pool)) == [[1], [1]]
    assert list(f.map([], executor=pool)) == []
    with pytest.raises(RuntimeError, match="shutdown"):
        f.map([1, 2], executor=pool)


def test_arguments_without_end_with_an_executor(square, monkeypatch: pytest.MonkeyPatch):
    """They are taken in batches, each when the one before it is asked for."""
    monkeypatch.setattr("brinery._function.map._BATCH", 3)
    f, _ = square
    taken = []

    def numbers():
        for number in count():
            taken.append(number)
            yield number

    with ThreadPoolExecutor(1) as pool:
        results = f.map(numbers(), executor=pool)
        assert taken == [0, 1, 2]
        assert [next(results) for _ in range(4)] == [[0], [1], [4], [9]]
        assert taken == list(range(9))
        results.close()
        assert list(f.map(range(7), executor=pool)) == [[x * x] for x in range(7)]


@pytest.mark.parametrize("chunksize", [0, -1])
def test_a_chunk_has_a_call_at_least(square, chunksize: int):
    """As for every executor."""
    f, _ = square
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="chunksize is"):
        f.map([1], executor=pool, chunksize=chunksize)


def test_what_the_arguments_raise(square):
    """What the iterable raises is raised at once with an executor, and in its turn without."""
    f, _ = square

    def numbers():
        yield 1
        raise LookupError("no more")

    with ThreadPoolExecutor(1) as pool, pytest.raises(LookupError):
        f.map(numbers(), executor=pool)
    results = f.map(numbers())
    assert next(results) == [1]
    with pytest.raises(LookupError):
        next(results)


WITH_DASK = """
import warnings
from brinery import Cache
memory = Cache("store")

@memory
def f(x):
    with open("runs", "a") as file:
        file.write(f"{x}\\n")
    return [x, x]

if __name__ == "__main__":
    from dask.distributed import Client
    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None, processes=False) as client:
        pool = client.get_executor()
        for _ in range(2):
            assert list(f.map(range(4), executor=pool)) == [[x, x] for x in range(4)]
            assert list(f.map([], executor=pool)) == []
    print(len(open("runs").readlines()))
"""


def test_dask_is_asked_for_what_is_missing_only(tmp_path: Path):
    """Its executor fails when it is given nothing to do."""
    pytest.importorskip("distributed")
    write(tmp_path, script=WITH_DASK)
    assert run("script.py", cwd=tmp_path).split() == ["4"]


ON_A_TERMINAL = """
import sys, time
if sys.argv[1] != "rich":
    sys.modules["rich.progress"] = None
from brinery import Cache
@Cache("store")
def slow(x):
    time.sleep(0.2)
    return x
print(sum(slow.map((x for x in range(6)) if sys.argv[1] == "endless" else range(6))))
"""


@pytest.mark.parametrize("drawn_by", ["plain", "endless", "rich"])
def test_a_terminal_shows_how_far_it_has_come_and_a_pipe_nothing(tmp_path: Path, drawn_by: str):
    """The bar is on stderr, and goes when all is done."""
    write(tmp_path, script=ON_A_TERMINAL)
    theirs, ours = pty.openpty()
    process = subprocess_on(ours, tmp_path, drawn_by)
    os.close(ours)
    shown = all_that_comes(theirs)
    assert process.communicate(timeout=30)[0] == "15\n"
    assert b"slow" in shown
    assert b"6" in shown
    if drawn_by != "rich":
        assert shown.endswith(b"\r")
        assert (b" of 6" in shown) == (drawn_by == "plain")
    piped = subprocess.run(
        [sys.executable, "script.py", drawn_by], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (piped.stdout, piped.stderr) == ("15\n", "")


def all_that_comes(terminal: int) -> bytes:
    """What is written to the other end of a terminal until it is closed."""
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    return shown


def subprocess_on(terminal: int, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "script.py", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        env={**os.environ, "TERM": "xterm"},
    )


INSIDE = """
import sys
if sys.argv[1] == "plain":
    sys.modules["rich.progress"] = None
import brinery._display.progress as progress
from brinery import Cache
progress._UNSEEN = progress._EVERY = 0
cache = Cache("store")
@cache
def inner(x):
    return x
@cache
def outer(x):
    return sum(inner.map(range(x)))
print(sum(outer.map(range(1, 4))), progress._drawn)
"""


@pytest.mark.parametrize("drawn_by", ["plain", "rich"])
def test_a_bar_is_not_drawn_over_another(tmp_path: Path, drawn_by: str):
    """What a cached function itself maps has none while its own is there, and nothing fails."""
    write(tmp_path, script=INSIDE)
    theirs, ours = pty.openpty()
    process = subprocess_on(ours, tmp_path, drawn_by)
    os.close(ours)
    shown = all_that_comes(theirs)
    assert process.communicate(timeout=30)[0] == "4 set()\n"
    assert b"outer" in shown
    assert b"inner" not in shown.partition(b"outer")[2]
