"""The same function kept by brinery, joblib, diskcache, checkpointer and cachier, each in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import diskcache
import joblib
import numpy as np
from cachier import cachier
from checkpointer import Checkpointer

from brinery import Cache

from .floors import SECRET

LARGE: Any = np.empty(0)  # what `large` returns, whichever call it is


def small(number: int, name: str = "brinery") -> dict[str, object]:
    """Make a result of some 200 bytes in no time."""
    return {"number": number, "name": name, "label": "a short result, as most results are", "values": [1.5] * 12}


def large(number: int) -> Any:  # noqa: ARG001
    """Give a value that was made before, so that only keeping it takes time."""
    return LARGE


def set_large(value: Any) -> None:
    """Choose what `large` returns."""
    global LARGE
    LARGE = value


class Peer(NamedTuple):
    """A cache: `keep` decorates a function, `clear` empties the cache."""

    name: str
    keep: Callable[[Callable[..., Any]], Callable[..., Any]]
    clear: Callable[[], object]


def brinery_in(folder: str) -> Cache:
    """Make a cache that signs with a secret of its own: the user's is neither read nor made."""
    return Cache(os.path.join(folder, "brinery"), secret=SECRET.decode(), max_size=None)


def peers_in(folder: str) -> list[Peer]:
    """Make an empty cache of each kind."""
    brine = brinery_in(folder)
    memory = joblib.Memory(os.path.join(folder, "joblib"), verbose=0)
    disk = diskcache.Cache(os.path.join(folder, "diskcache"), size_limit=1 << 40)
    return [
        Peer("brinery", lambda function: brine(ignore=[".LARGE"] if function is large else [])(function), brine.clear),
        Peer("joblib", memory.cache, lambda: memory.clear(warn=False)),
        Peer("diskcache", disk.memoize(), disk.clear),
    ]


def slower_peers_in(folder: str) -> list[Peer]:
    """Two more, which keep small results well and take long for large ones."""
    checkpointer = Checkpointer(directory=os.path.join(folder, "checkpointer"), verbosity=0)
    return [
        Peer("checkpointer", checkpointer, lambda: _empty(folder, "checkpointer")),
        Peer(
            "cachier",
            cachier(cache_dir=os.path.join(folder, "cachier"), separate_files=True),
            lambda: _empty(folder, "cachier"),
        ),
    ]


def _empty(folder: str, name: str) -> None:
    """Remove the files of a peer that offers no way to do so for all functions."""
    for above, _, files in os.walk(os.path.join(folder, name)):
        for file in files:
            os.unlink(os.path.join(above, file))
