"""Whether a call costs as much in a large store as in a small one, and what tools need for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from itertools import count
from random import Random
from time import perf_counter, process_time
from typing import Any, NamedTuple

from brinery import Cache
from brinery._cli import main
from brinery._store.disk.names import slug_of

from . import floors, peers
from .cases import Table
from .filling import fill, settle
from .timing import Contender, measure

_BURST = 200


def grown(folder: str, sizes: tuple[int, ...], rounds: int) -> list[Table]:
    """Hits at random and misses in stores of several sizes, each beside a bare read or write among as many files."""
    contenders = [one for size in sizes for one in _of_size(os.path.join(folder, str(size)), size)]
    rows = measure(contenders, rounds=rounds, burst=_BURST)  # all sizes in turns
    flat = "the same ratio as in a small store, within 15 %"
    tables = []
    for number, size in enumerate(sizes):
        read, hit, write, miss = rows[4 * number : 4 * number + 4]
        tables.append(Table(f"Hit among {size:,} entries", "us", [read, hit], flat))
        tables.append(Table(f"Miss among {size:,} entries", "us", [write, miss], flat))
    return tables


def _of_size(place: str, size: int) -> Iterator[Contender]:
    cache = peers.brinery_in(place)
    kept = cache(peers.small)
    fill(cache, kept, range(size))
    settle(cache)
    bare = floors.RenamedFiles(os.path.join(place, "bare"), peers.small(1))
    for _ in range(size):
        bare.store()
    random, new = Random(0), count(size)
    yield Contender(f"floor: read one of {size:,}", lambda: bare.load(random.randrange(size)))
    yield Contender(f"brinery, a hit among {size:,}", lambda: kept(random.randrange(size)))
    yield Contender(f"floor: write, rename among {size:,}", bare.store)
    yield Contender(f"brinery, a miss among {size:,}", lambda: kept(next(new)))


class Step(NamedTuple):
    """What a person waits for, and how long a plain loop over the same files takes; the processor's part of each."""

    name: str
    seconds: float
    floor: float
    entries: int  # that it goes through
    processor: float  # seconds, of the program and the kernel for it: what moves less with the load
    floor_processor: float


def a_year(folder: str, entries: int, functions: int) -> list[Step]:
    """Time each tool on a store such as a year of use would leave, and on bare files in the same folders."""
    cache = _filled(folder, entries, functions)
    root = str(cache.path)
    half = entries // 2
    first = cache.functions()[0].name
    place = f"{root}/{slug_of(first)}"
    steps = [
        _step("info", cache.info, lambda: _look(root), entries),
        _step("ls", cache.functions, lambda: _look(root), entries),
        _step("ls FUNCTION", lambda: _list(first, root), lambda: _look(place), entries // functions),
    ]
    kept = _function(0, cache)
    for number in range(entries, entries + 100 * functions, functions):
        kept(number)
    steps.append(_step("ls, after 100 results", cache.functions, lambda: _look(root), entries))
    bare = str(_filled(os.path.join(folder, "bare"), entries, functions).path)
    return [
        *steps,
        _step("prune half of it", lambda: cache.prune(max_entries=half), lambda: _remove(bare, half), entries),
        _step("clear the rest", cache.clear, lambda: _remove(bare, entries), half),
    ]


def step_lines(entries: int, functions: int, steps: list[Step]) -> Iterator[str]:
    """The steps as a table."""
    title = f"{entries:,} entries of {functions} functions"
    yield f"\n{title:44}{'brinery':>10}{'a bare loop':>14}{'entries a second':>20}{'processor, us an entry':>26}"
    yield "  target: info and ls under 1 s; prune and clear over 50,000 entries a second"
    for name, seconds, floor, gone_through, processor, floor_processor in steps:
        processors = f"{1e6 * processor / gone_through:19.1f} / {1e6 * floor_processor / gone_through:.1f}"
        yield f"  {name:42}{seconds:8.2f} s{floor:12.2f} s{gone_through / seconds:20,.0f}{processors}"


def _filled(folder: str, entries: int, functions: int) -> Cache:
    cache = peers.brinery_in(folder)
    for number in range(functions):
        fill(cache, _function(number, cache), range(number, entries, functions))
    settle(cache)
    return cache


def _function(number: int, cache: Cache) -> Any:
    return cache(version=str(number))(made_function(number))


def made_function(number: int) -> Any:
    """One of many functions that do the same."""
    space: dict[str, Any] = {"__name__": f"benchmarks.made{number}"}
    exec(f"def f{number}(x):\n    return [x, {number}]", space)  # noqa: S102  functions that differ by name
    return space[f"f{number}"]


def _step(name: str, run: Callable[[], object], bare: Callable[[], object], entries: int) -> Step:
    times, processor = [], []
    for work in (run, bare):
        began, began_processor = perf_counter(), process_time()
        work()
        times.append(perf_counter() - began)
        processor.append(process_time() - began_processor)
    return Step(name, times[0], times[1], entries, *processor)


def _list(function: str, root: str) -> None:
    """The whole command, but for the start of its process."""
    with redirect_stdout(StringIO()) as told:
        if main(["ls", function, "--dir", root]) or not told.getvalue():
            raise RuntimeError(f"ls {function} failed")


def _look(root: str) -> int:
    """The status of every file, in a plain loop."""
    size = 0
    for folder, _, names in os.walk(root):
        for name in names:
            size += os.stat(f"{folder}/{name}").st_blocks
    return size


def _remove(root: str, most: int) -> None:
    """So many of the files, in a plain loop that has to know their sizes."""
    left = most
    for folder, _, _ in os.walk(root):
        with os.scandir(folder) as items:
            for item in items:
                if left and stat.S_ISREG(item.stat(follow_symlinks=False).st_mode):
                    os.unlink(item.path)
                    left -= 1
