"""A store without the public face above it, and a call as simple as can be."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brinery._store.directory import Directory
from brinery._store.function_folder import FunctionFolder
from brinery._store.locking.locks import Turn
from brinery._store.results.payload import Codec
from brinery._store.store import policy

CODEC = Codec("pickle", module="lab", home_module="lab")
SECRET = "a secret of more than thirty-two bytes"


def key_of(number: int) -> str:
    """Make a key; successive ones lie in different shards."""
    return f"{number * 37 % 256:02x}{number:030x}"


def number_of(key: str) -> int:
    """The number that a key was made of."""
    return int(f"0x{key[2:]}", 0)


def open_store(
    location: str | Path,
    *,
    eviction: Any = "value",
    half_life: float = 86400.0,
    max_size: int | None = None,
    max_entries: int | None = None,
    **options: Any,
) -> Directory:
    return Directory(
        str(location),
        max_size=max_size,
        max_entries=max_entries,
        policy=policy(eviction, half_life),
        half_life=half_life,
        **{"secret": SECRET, **options},
    )


def open_folder(location: str | Path, home: str = "lab.f", **options: Any) -> FunctionFolder:
    return open_store(location, **options).folder(home, lambda: ("0" * 32, lambda: {"source": "def f(x): ..."}))


def call(
    folder: FunctionFolder, key: str, compute: Callable[[], Any], *, ttl: float | None = None, seconds: float = 1.0
) -> Any:
    """Look up, else compute once and keep."""
    found = folder.get(key, ttl, CODEC)
    if found is not None:
        return found[0]
    claim = folder.claim(key)
    try:
        while (turn := claim.attempt()) not in (Turn.COMPUTE, Turn.ALONE):
            if turn is Turn.WAIT:
                claim.pause()
            elif (found := folder.get(key, ttl, CODEC)) is not None:
                return found[0]
        result = compute()
        folder.put(claim, key, CODEC.dumps(result), seconds=seconds, ttl=ttl, metadata={"shown": "f(1)"})
        return result
    finally:
        claim.release()


def keep(folder: FunctionFolder, key: str, value: Any, **options: Any) -> bool:
    """Store a value; whether it was kept."""
    claim = folder.claim(key)
    try:
        while claim.attempt() not in (Turn.COMPUTE, Turn.ALONE):
            pass
        options = {"seconds": 1.0, "ttl": None, "metadata": {"shown": "f(1)"}, **options}
        return folder.put(claim, key, CODEC.dumps(value), **options)
    finally:
        claim.release()


def value_of(folder: FunctionFolder, key: str, ttl: float | None = None) -> Any:
    """What is stored, or "nothing"."""
    found = folder.get(key, ttl, CODEC)
    return "nothing" if found is None else found[0]


def path_of(folder: FunctionFolder, key: str) -> Path:
    return Path(folder.prefix, key[:2], f"{key}.brine1")


def start(source: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python with a source text that may use this module; what it prints can be read as it comes."""
    preamble = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom bare_store import *\n"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", preamble + source, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Poll for something that another process or thread is about to do."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("it did not come to pass")
        time.sleep(0.002)
