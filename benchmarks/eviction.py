"""What each policy saves of the time that could be saved, on seeded traces, beside a bound that knows the future.

No store is written: the package's own policies number the entries, its own sampling chooses what goes, and its own
limits say how much; only files are replaced by records in memory, and the clock by that of the trace.

A call that was made before could be saved, if its result had been kept: what it takes to compute is *savable*. The
bound is PFOO-L of Berger, Beckmann and Harchol-Balter, "Practical Bounds on Optimal Caching with Variable Object
Sizes" (SIGMETRICS 2018), with seconds in the place of hits: keeping a result from one call to the next takes its bytes
for that long; what saves most per byte and call is kept first, until that takes all the room there is, added up over
the whole trace. Nobody who has that much room at every moment can save more.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from brinery._store.accounting.eviction import Policy
from brinery._store.accounting.shards import Stored
from brinery._store.accounting.sweep import SAMPLE, Limits, choose_lowest, sample_shards
from brinery._store.accounting.usage import Totals
from brinery._store.disk.names import SHARDS
from brinery._store.store import policy

POLICIES = ("value", "lru", "lfu", "fifo", "largest")
HALF_LIFE = 604_800.0  # the default
DAYS = 60
DAY = 86_400.0
BLOCK = 4096
DECADES = 6  # of seconds, and of bytes
ROOMS = (0.01, 0.1)  # of the bytes of all results


class Result(NamedTuple):
    """What a call gives: how long that takes, and how many bytes."""

    seconds: float
    size: int


class Trace(NamedTuple):
    """Calls in the order of their times, spread evenly over some days; each names its result by number."""

    name: str
    results: list[Result]
    calls: list[int]


class Savings(NamedTuple):
    """The share of the savable seconds that each policy saved, and that nobody could exceed."""

    trace: str
    room: float  # of the bytes of all results
    bound: float
    saved: dict[str, float]


def savings(calls: int) -> Iterator[Savings]:
    """Replay every trace under every policy."""
    for trace in traces(calls):
        savable = savable_seconds(trace)
        for part in ROOMS:
            room = int(part * sum(trace.results[number].size for number in set(trace.calls)))
            saved = {name: replay(trace, room, policy(name, HALF_LIFE)) / savable for name in POLICIES}
            yield Savings(trace.name, part, bound(trace, room) / savable, saved)


def lines(rows: list[Savings]) -> Iterator[str]:
    """The savings as a table."""
    heads = "".join(f"{name:>9}" for name in ("room", "bound", *POLICIES))
    yield f"\n{'Share of the savable seconds saved':44}{heads}"
    for trace, room, most, saved in rows:
        yield f"  {trace:42}{room:9.0%}{most:9.1%}" + "".join(f"{saved[name]:9.1%}" for name in POLICIES)


# Traces.


def traces(calls: int) -> Iterator[Trace]:
    """Give the traces; each is the same at every run."""
    count = calls // 10
    yield Trace("drifting popularity", _results(1, count), list(_drifting(2, count, calls)))
    yield Trace(
        "the same, seconds growing with bytes", _results(3, count, correlated=True), list(_drifting(4, count, calls))
    )
    yield Trace("one-off sweeps over a small working set", _results(5, 2 * count), list(_sweeps(6, count, calls)))
    yield Trace("both in turns", _results(7, 3 * count), list(_mixed(8, count, calls)))


def _results(seed: int, count: int, *, correlated: bool = False) -> list[Result]:
    """Results whose seconds and bytes are spread evenly, by their logarithms, over six decades."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        size = rng.random()
        seconds = 0.7 * size + 0.3 * rng.random() if correlated else rng.random()
        blocks = round(10 ** (DECADES * size))
        made.append(Result(10 ** (DECADES * seconds - 3), BLOCK * blocks))
    return made


def _drifting(seed: int, count: int, calls: int) -> Iterator[int]:
    """Popularity by rank as Zipf has it; with every call a result may take the rank of another."""
    rng = random.Random(seed)
    ranks = list(range(count))
    rng.shuffle(ranks)
    weights = [1 / (rank + 1) ** 0.8 for rank in range(count)]
    chosen = rng.choices(range(count), weights, k=calls)
    for rank in chosen:
        if rng.random() < 0.2:  # so that all have changed places several times by the end
            one, other = rng.randrange(count), rng.randrange(count)
            ranks[one], ranks[other] = ranks[other], ranks[one]
        yield ranks[rank]


def _sweeps(seed: int, count: int, calls: int) -> Iterator[int]:
    """A small set that is in use all the time, and now and then a sweep over what is asked for once or twice."""
    rng = random.Random(seed)
    in_use = range(count // 20)
    fresh = in_use.stop
    left = 0
    for _ in range(calls):
        if not left and rng.random() < 0.001:
            left = rng.randrange(count // 10, count // 2)
            at = fresh if rng.random() < 0.7 else rng.randrange(in_use.stop, 2 * count)
        if left and rng.random() < 0.5:
            left -= 1
            at = at + 1 if at + 1 < 2 * count else in_use.stop
            fresh = max(fresh, at)
            yield at
        else:
            yield min(int(rng.expovariate(3 / in_use.stop)), in_use.stop - 1)


def _mixed(seed: int, count: int, calls: int) -> Iterator[int]:
    rng = random.Random(seed)
    drifting, sweeping = _drifting(seed + 100, count, calls), _sweeps(seed + 200, count, calls)
    for _ in range(calls):
        yield next(drifting) if rng.random() < 0.5 else count + next(sweeping)


# What was saved, and what could have been.


def savable_seconds(trace: Trace) -> float:
    """What all calls but the first of each result take to compute."""
    first = sum(trace.results[number].seconds for number in set(trace.calls))
    return sum(trace.results[number].seconds for number in trace.calls) - first


def bound(trace: Trace, room: int) -> float:
    """The seconds that nobody could exceed, even if the future were known: PFOO-L."""
    times: dict[int, list[int]] = {}
    for at, number in enumerate(trace.calls):
        times.setdefault(number, []).append(at)
    kept = []
    for number, called in times.items():
        seconds, size = trace.results[number]
        if size <= room:
            kept += [(seconds / size / (later - before), seconds) for before, later in pairwise(called)]
    kept.sort(reverse=True)
    left = float(room * len(trace.calls))
    saved = 0.0
    for worth, seconds in kept:
        takes = seconds / worth
        saved += seconds * min(1.0, left / takes)
        left -= takes
        if left <= 0:
            break
    return saved


def replay(trace: Trace, room: int, chosen: Policy) -> float:
    """The seconds that a store of so many bytes saves."""
    random.seed(0)  # what the policies and the sampling draw from
    rng = random.Random(0)
    limits = Limits(room, None)
    places = [rng.choice(SHARDS) for _ in trace.results]
    shards: dict[str, dict[int, Stored]] = {shard: {} for shard in SHARDS}
    used = entries = 0
    saved = 0.0
    step = DAYS * DAY / len(trace.calls)
    now = 1.7e9
    for number in trace.calls:
        now += step
        seconds, size = trace.results[number]
        shard = shards[places[number]]
        found = shard.get(number)
        if found is not None:
            saved += seconds
            priority = chosen.again(found.priority, now, seconds, size)
            if priority is not None:
                shard[number] = found._replace(priority=priority, last_use=now)
            continue
        if size > room:  # returned and not kept
            continue
        need = limits.need(Totals(used + size, entries + 1))
        if any(need):
            sample = sample_shards(lambda name: shards[name].values(), SAMPLE * need[0], SAMPLE * need[1])
            for gone in choose_lowest(sample.entries, *need, None):
                del shards[gone.shard][int(gone.name[2:])]
                used -= gone.size
                entries -= 1
        name = f"{places[number]}{number}"
        shard[number] = Stored("f", name, size, chosen.first(now, seconds, size), now)
        used += size
        entries += 1
    return saved


if __name__ == "__main__":
    print(*lines(list(savings(50_000))), sep="\n")
