"""Whether a call costs as much in a large store as in a small one, and what tools need for it."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from . import peers
from .cases import Table
from .timing import Contender, measure

_BURST = 200


def grown(folder: str, sizes: tuple[int, ...], rounds: int) -> list[Table]:
    """Hits at random and misses in stores of several sizes, each beside a bare read of as many files."""
    return [_of_size(os.path.join(folder, str(size)), size, rounds) for size in sizes]


def _of_size(place: str, size: int, rounds: int) -> Table:
    cache = peers.brinery_in(place)
    kept = cache(peers.small)
    for number in range(size):
        kept(number)
    paths = _bare_files(os.path.join(place, "bare"), size)
    random, new = Random(0), count(size)
    contenders = [
        Contender("floor: a bare read of one of as many", lambda: _read(random.choice(paths))),
        Contender("brinery, a hit", lambda: kept(random.randrange(size))),
        Contender("brinery, a miss", lambda: kept(next(new))),
    ]
    return Table(f"A store of {size:,} entries", "us", measure(contenders, rounds=rounds, burst=_BURST))


def a_year(folder: str, entries: int, functions: int) -> list[str]:
    """Fill a store as a year of use would, and say how long a person waits for each tool."""
    cache = peers.brinery_in(folder)
    kept = [cache(version=str(number))(made_function(number)) for number in range(functions)]
    began = perf_counter()
    for number in range(entries):
        kept[number % functions](number)
    lines = [f"{entries:,} entries of {functions} functions", f"  filled in {perf_counter() - began:.0f} s"]
    steps: dict[str, Any] = {
        "info": cache.info,
        "functions": cache.functions,
        "prune of a half": lambda: cache.prune(max_entries=entries // 2),
        "clear": cache.clear,
    }
    for name, step in steps.items():
        began = perf_counter()
        step()
        seconds = perf_counter() - began
        rate = f", {entries / 2 / seconds:,.0f} entries a second" if name in ("prune of a half", "clear") else ""
        lines.append(f"  {name}: {seconds:.2f} s{rate}")
    return lines


def made_function(number: int) -> Any:
    """One of many functions that do the same."""
    space: dict[str, Any] = {"__name__": f"benchmarks.made{number}"}
    exec(f"def f{number}(x):\n    return [x, {number}]", space)  # noqa: S102  functions that differ by name
    return space[f"f{number}"]


def _bare_files(folder: str, size: int) -> list[str]:
    """As many files as a store has, in as many folders."""
    for shard in range(256):
        os.makedirs(f"{folder}/{shard:02x}")
    paths = [f"{folder}/{number % 256:02x}/{number:032x}" for number in range(size)]
    for path in paths:
        Path(path).write_bytes(bytes(500))
    return paths


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
