"""What is timed: each case gives tables of contenders, the floor first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import count
from time import perf_counter_ns
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from brinery import Cache
from brinery._store.entry.chunks import has_blake3

from . import floors, peers
from .filling import fill, settle
from .timing import Contender, Measurement, children_cpu_ns, measure


class Table(NamedTuple):
    """The measurements of one case."""

    title: str
    unit: str
    rows: list[Measurement]
    target: str = ""  # what brinery is to reach


def hits(folder: str, rounds: int) -> Table:
    """Calls whose result is there."""
    floor = floors.SignedFile(folder, peers.small(1))
    contenders = [Contender("floor: open, fstat, read, HMAC, unpickle", floor.load)]
    for name, keep, _ in peers.peers_in(folder) + peers.slower_peers_in(folder):
        contenders.append(Contender(name, _calls(keep(peers.small), lambda: 1)))
    rows = measure(contenders, rounds=rounds, burst=100)
    return Table("Hit, a result of 200 bytes", "us", rows, "at most 1.3 x the floor")


def touched_hits(folder: str, rounds: int) -> Table:
    """Calls whose result is there, each of which raises the priority of its entry."""
    floor = floors.SignedFile(folder, peers.small(1))
    touched = Cache(os.path.join(folder, "lru"), secret=floors.SECRET.decode(), max_size=None, eviction="lru")
    contenders = [
        Contender("floor: open, fstat, read, HMAC, unpickle", floor.load, _pause),
        Contender("brinery, touched", partial(touched(peers.small), 1), _pause),
        Contender("brinery, not touched", partial(peers.brinery_in(folder)(peers.small), 1), _pause),
    ]
    rows = measure(contenders, rounds=rounds, burst=20)
    return Table("Hit, its priority touched", "us", rows, "at most 1.45 x the floor")


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
    rows = measure(contenders, rounds=rounds, burst=200)
    return Table("Miss, a result of 200 bytes", "us", rows, "at most 1.8 x the floor")


def large_values(folder: str, rounds: int, megabytes: int) -> list[Table]:
    """An array that is stored, with nothing else in the cache, and loaded."""
    peers.set_large(np.random.default_rng(0).random(megabytes * 125_000))
    floor = floors.LargeFile(folder, peers.LARGE)
    storing = [Contender("floor: write, rename", floor.store, floor.clear)]
    loading = [Contender("floor: read into new memory", floor.load)]
    for name, keep, clear in peers.peers_in(folder) + peers.slower_peers_in(folder):
        kept = keep(peers.large)
        storing.append(Contender(name, _calls(kept, count(1).__next__), clear))
        loading.append(Contender(name, _calls(kept, lambda: 0)))
    mapped = peers.brinery_in(folder)(mmap=True, trust_unchanged=True, ignore=[".LARGE"])(peers.large)
    loading.append(Contender("brinery, mapped and trusted", partial(mapped, 0)))
    digest = "digested by BLAKE3" if has_blake3() else "digested by SHA-256: the extra blake3 is not installed"
    stored, loaded = measure(storing, rounds=rounds), measure(loading, rounds=rounds)
    store_target = f"faster than joblib ({digest})" if has_blake3() else f"0.8 x as fast as joblib ({digest})"
    most = "1.25" if has_blake3() else "3"
    load_target = f"at most {most} x joblib, which checks nothing ({digest}); mapped and trusted under 2 ms"
    return [
        Table(f"Store an array of {megabytes} MB", "ms", stored, store_target),
        Table(f"Load an array of {megabytes} MB", "ms", loaded, load_target),
    ]


def kinds_of_values(folder: str, rounds: int, megabytes: int) -> Iterator[Table]:
    """Results that pickle otherwise than an array does, stored and loaded, beside joblib."""
    for number, (kind, value) in enumerate(_values(megabytes << 20).items()):
        place = os.path.join(folder, str(number))
        os.mkdir(place)
        peers.set_large(value)
        storing, loading = [], []
        for name, keep, clear in peers.peers_in(place)[1::-1]:
            kept = keep(peers.large)
            as_floor = "floor: joblib" if name == "joblib" else name
            storing.append(Contender(as_floor, _calls(kept, count(1).__next__), clear))
            loading.append(Contender(as_floor, _calls(kept, lambda: 0)))
        yield Table(f"Store {kind}", "ms", measure(storing, rounds=rounds), "no slower than joblib")
        yield Table(f"Load {kind}", "ms", measure(loading, rounds=rounds), "no slower than joblib")
        peers.set_large(np.empty(0))
        shutil.rmtree(place)


def _values(size: int) -> dict[str, Any]:
    """Of so many bytes each, about."""
    numbers = np.random.default_rng(0).random(size // 8)
    values = {
        "times": (numbers * 1e9).astype("M8[s]"),
        "every other number": np.repeat(numbers, 2)[::2],
        "objects": np.array([str(number) for number in numbers[: size // 256]], dtype=object),
        "bytes": numbers.tobytes(),
        "a list of numbers": numbers[: size // 256].tolist(),
        "pandas": pd.DataFrame({"a": numbers, "day": (numbers * 1e9).astype("M8[s]")}),
    }
    with suppress(ImportError):
        import polars as pl

        values["polars"] = pl.DataFrame({"a": numbers})
    with suppress(ImportError):
        import torch  # type: ignore[import-not-found]

        values["torch"] = torch.from_numpy(numbers)
    return values


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
    fill(cache, cache(peers.small), range(entries))
    settle(cache)
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
