"""What is timed: each case gives tables of contenders, the floor first."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from time import perf_counter_ns
from typing import Any, NamedTuple

import numpy as np

from brinery import Cache

from . import floors, peers
from .timing import Contender, Measurement, children_cpu_ns, measure


class Table(NamedTuple):
    """The measurements of one case."""

    title: str
    unit: str
    rows: list[Measurement]


def hits(folder: str, rounds: int) -> Table:
    """Calls whose result is there."""
    floor = floors.SignedFile(folder, peers.small(1))
    contenders = [Contender("floor: open, fstat, read, HMAC, unpickle", floor.load)]
    for name, keep, _ in peers.peers_in(folder) + peers.slower_peers_in(folder):
        contenders.append(Contender(name, _calls(keep(peers.small), lambda: 1)))
    return Table("Hit, a result of 200 bytes", "us", measure(contenders, rounds=rounds, burst=100))


def touched_hits(folder: str, rounds: int) -> Table:
    """Calls whose result is there, each of which raises the priority of its entry."""
    floor = floors.SignedFile(folder, peers.small(1))
    touched = Cache(os.path.join(folder, "lru"), secret=floors.SECRET.decode(), max_size=None, eviction="lru")
    contenders = [
        Contender("floor: open, fstat, read, HMAC, unpickle", floor.load, _pause),
        Contender("brinery, touched", partial(touched(peers.small), 1), _pause),
        Contender("brinery, not touched", partial(peers.brinery_in(folder)(peers.small), 1), _pause),
    ]
    return Table("Hit, its priority touched", "us", measure(contenders, rounds=rounds, burst=20))


def _pause() -> None:
    """A use is written down when the last was more than 0.1 ms ago."""
    began = perf_counter_ns()
    while perf_counter_ns() - began < 200_000:
        pass


def misses(folder: str, rounds: int) -> Table:
    """Calls whose result is not there: computed in no time, and stored."""
    floor = floors.RenamedFiles(os.path.join(folder, "renamed"), peers.small(1))
    # Long bursts: after a burst of files by another, the file system is slow for a while, whoever uses it.
    contenders = [Contender("floor: write a temporary file, rename", floor.store)]
    for name, keep, _ in peers.peers_in(folder) + peers.slower_peers_in(folder):
        contenders.append(Contender(name, _calls(keep(peers.small), count().__next__)))
    return Table("Miss, a result of 200 bytes", "us", measure(contenders, rounds=rounds, burst=200))


def large_values(folder: str, rounds: int, megabytes: int) -> list[Table]:
    """An array that is stored, with nothing else in the cache, and loaded."""
    peers.set_large(np.random.default_rng(0).random(megabytes * 125_000))
    floor = floors.LargeFile(folder, peers.LARGE)
    storing = [Contender("floor: write, rename", floor.store, floor.clear)]
    loading = [Contender("floor: read into new memory", floor.load)]
    for name, keep, clear in peers.peers_in(folder):
        kept = keep(peers.large)
        storing.append(Contender(name, _calls(kept, count(1).__next__), clear))
        loading.append(Contender(name, _calls(kept, lambda: 0)))
    mapped = peers.brinery_in(folder)(mmap=True, trust_unchanged=True, ignore=[".LARGE"])(peers.large)
    loading.append(Contender("brinery, mapped and trusted", partial(mapped, 0)))
    return [
        Table(f"Store an array of {megabytes} MB", "ms", measure(storing, rounds=rounds)),
        Table(f"Load an array of {megabytes} MB", "ms", measure(loading, rounds=rounds)),
    ]


def imports(rounds: int) -> Table:
    """CPU time of a process that imports, with compiled byte code, and ends."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    programs = {"floor: a bare interpreter": "pass"}
    programs |= {f"import {name}": f"import {name}" for name in ("brinery", "joblib", "diskcache")}
    contenders = [Contender(name, starts("-c", code, environment=environment)) for name, code in programs.items()]
    return Table("Import, CPU time", "ms", measure(contenders, rounds=rounds, clock=children_cpu_ns))


def command_line(folder: str, rounds: int, entries: int) -> Table:
    """The command line on a store with many entries."""
    cache = peers.brinery_in(folder)
    kept = cache(peers.small)
    for number in range(entries):
        kept(number)
    contenders = [Contender("floor: a bare interpreter", starts("-c", "pass"))]
    for command in ("info", "ls"):
        run = starts("-m", "brinery", command, "--dir", str(cache.path))
        contenders.append(Contender(f"brinery {command}", run))
    return Table(f"Command line, {entries:,} entries", "ms", measure(contenders, rounds=rounds))


def _calls(function: Callable[..., Any], argument: Callable[[], int]) -> Callable[[], object]:
    return lambda: function(argument())


def starts(*arguments: str, environment: Mapping[str, str] | None = None) -> Callable[[], object]:
    """Give what runs a new interpreter with these arguments, and waits for it."""
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
