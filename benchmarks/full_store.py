"""What it costs to store a result in a large store that is full, beside one that has no limit."""

from __future__ import annotations

import os
import subprocess
from itertools import count

from brinery import Cache

from . import peers
from .cases import Table
from .filling import fill, settle
from .floors import SECRET
from .timing import Contender, measure


def misses(folder: str, rounds: int, entries: int) -> Table:
    """Calls whose result is not there, in two stores that hold as many entries; in one, each makes room for its own.

    Both go through the whole of a call: key, look-up, lock, file, signature. A warning says that the store is full.
    """
    unlimited = Cache(os.path.join(folder, "unlimited"), secret=SECRET.decode(), max_size=None)
    kept = unlimited(peers.small)
    fill(unlimited, kept, range(entries))
    settle(unlimited)
    subprocess.run(["cp", "-a", f"{folder}/unlimited", f"{folder}/full"], check=True)  # noqa: S607
    full = Cache(os.path.join(folder, "full"), secret=SECRET.decode(), max_size=None, max_entries=entries)
    numbers = count(entries)
    evicting = full(peers.small)
    contenders = [
        Contender("floor: without a limit", lambda: kept(next(numbers))),
        Contender("full: what is worth least makes room", lambda: evicting(next(numbers))),
    ]
    return Table(f"Miss, {entries:,} entries", "us", measure(contenders, rounds=rounds, burst=200))
