"""What keys cost: digesting large arguments, the first fingerprint of a function, the check at every call."""

from __future__ import annotations

import ast
import importlib.util
import os
import pickle
from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import count
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from xxhash import xxh3_128_digest

from . import floors, peers
from .cases import Table
from .timing import Contender, measure

HELPERS = 20  # and as many constants


def arguments(folder: str, rounds: int) -> list[Table]:
    """Hits with large arguments, each beside a pass of the hash over its bytes, or over a plain pickle, and a read."""
    random = Random(0)
    numbers = np.random.default_rng(0)
    array = numbers.random(12_500_000)
    lists = {f"k{index}": [random.randrange(10**6) for _ in range(10)] for index in range(20_000)}
    frame = pd.DataFrame(
        {
            "number": numbers.integers(0, 100, 1_000_000),
            "value": numbers.random(1_000_000),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(numbers.integers(0, 10_000, 1_000_000), "min"),
            "name": pd.array([f"name{index % 1000}" for index in range(1_000_000)], dtype="str"),
        }
    )
    cases: list[tuple[str, str, Any, Any, str]] = [
        ("an array of 100 MB", "xxh3_128 of its bytes", array, xxh3_128_digest, "1.3"),
        ("a frame of 1,000,000 rows", "xxh3_128 of its buffers", frame, _hashed_buffers, "1.5"),
        ("a dict of 20,000 lists", "fast pickle, xxh3_128", lists, _hashed_pickle, "1.3"),
    ]
    tables = []
    read = floors.SignedFile(folder, 1).load
    for what, least_name, value, least, most in cases:
        place = os.path.join(folder, what.replace(" ", "-"))
        os.mkdir(place)
        contenders = [Contender(f"floor: {least_name}, a signed read", partial(_after, least, value, read))]
        for name, keep, _ in peers.peers_in(place) + peers.slower_peers_in(place):
            contenders.append(Contender(name, partial(keep(_takes), value)))
        rows = measure(contenders, rounds=rounds)
        tables.append(Table(f"Hit, {what} as argument", "ms", rows, f"at most {most} x the floor"))
    return tables


def _after(least: Callable[[Any], object], value: Any, read: Callable[[], object]) -> object:
    return least(value), read()


def check(folder: str, rounds: int) -> Table:
    """A hit of a function that reaches helpers and constants, beside one that reaches nothing."""
    cache = peers.brinery_in(folder)
    plain = cache(_takes)
    reaching = cache(_module(folder, "checked").f)
    contenders = [
        Contender("floor: a function that reaches nothing", lambda: plain(1)),
        Contender(f"{HELPERS} helpers, {HELPERS} constants", lambda: reaching(1)),
    ]
    return Table("Hit, and the check of what it reaches", "us", measure(contenders, rounds=rounds, burst=100))


def first_fingerprint(folder: str, rounds: int) -> Table:
    """The first key of a function, in a module that was never seen, beside parsing and compiling its source."""
    cache = peers.brinery_in(folder)
    modules = (_module(folder, f"first{number}") for number in count())
    waiting: list[ModuleType] = []
    source = _source()
    contenders = [
        Contender("floor: parse and compile the source", lambda: compile(ast.parse(source), "f.py", "exec")),
        Contender(
            f"{HELPERS} helpers, {HELPERS} constants",
            lambda: cache(waiting.pop().f).key(1),
            lambda: waiting.append(next(modules)),
        ),
    ]
    return Table("First fingerprint of a function", "ms", measure(contenders, rounds=rounds))


def _takes(value: object) -> int:  # noqa: ARG001
    """Take any argument."""
    return 1


def _hashed_pickle(value: object) -> bytes:
    stream = BytesIO()
    pickler = pickle.Pickler(stream, 4)
    pickler.fast = True  # no memo: the structure alone
    pickler.dump(value)
    return xxh3_128_digest(stream.getbuffer())


def _hashed_buffers(frame: pd.DataFrame) -> list[bytes]:
    digests: list[bytes] = []
    for name in frame.columns:
        column: Any = frame[name].array
        if hasattr(column, "_pa_array"):  # text is in Arrow's memory
            buffers = [buffer for chunk in column._pa_array.chunks for buffer in chunk.buffers() if buffer is not None]  # noqa: SLF001
        else:
            buffers = [np.ascontiguousarray(frame[name].to_numpy()).view("u1").data]
        digests += map(xxh3_128_digest, buffers)
    return digests


def _source() -> str:
    constants = [f"K{index} = {index}" for index in range(HELPERS)]
    helpers = [
        f"def h{index}(x, y={index}):\n"
        f'    """Doc."""\n'
        f"    z = x + y\n"
        f"    if z > {index}:\n"
        f"        z = z * K{index}\n"
        f"    return [z + w for w in range(3)]"
        for index in range(HELPERS)
    ]
    body = " + ".join(f"sum(h{index}(x))" for index in range(HELPERS))
    return "\n".join([*constants, *helpers, f"def f(x):\n    return {body}\n"])


def _module(folder: str, name: str) -> ModuleType:
    path = os.path.join(folder, f"{name}.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_source())
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
