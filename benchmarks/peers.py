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

LARGE = np.empty(0)  # what `large` returns, whichever call it is


def small(number: int, name: str = "brinery") -> dict[str, object]:
    """Make a result of some 200 bytes in no time."""
    return {"number": number, "name": name, "label": "a short result, as most results are", "values": [1.5] * 12}


def large(number: int) -> np.ndarray:  # noqa: ARG001
    """Give an array that was made before, so that only keeping it takes time."""
    return LARGE


def set_large(array: np.ndarray) -> None:
    """Choose what `large` returns."""
    global LARGE
    LARGE = array


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
        Peer("brinery", brine(ignore=[".LARGE"]), brine.clear),
        Peer("joblib", memory.cache, lambda: memory.clear(warn=False)),
        Peer("diskcache", disk.memoize(), disk.clear),
    ]


def slower_peers_in(folder: str) -> list[Peer]:
    """Two more, which keep small results well and take long for large ones."""
    checkpointer = Checkpointer(root_path=os.path.join(folder, "checkpointer"), verbosity=0)
    return [
        Peer("checkpointer", checkpointer, lambda: None),
        Peer("cachier", cachier(cache_dir=os.path.join(folder, "cachier"), separate_files=True), lambda: None),
    ]
