"""Timing several contenders in turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median, quantiles
from time import perf_counter_ns
from typing import NamedTuple

Clock = Callable[[], int]  # nanoseconds


class Contender(NamedTuple):
    """Something to be timed: `prepare` is called before each call of `run`, and its time does not count."""

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] | None = None


class Measurement(NamedTuple):
    """How long the calls of one contender took, in seconds."""

    name: str
    median: float
    p99: float
    longest: float
    calls: int


def children_cpu_ns() -> int:
    """CPU time of all child processes that have ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return round((used.ru_utime + used.ru_stime) * 1e9)


def measure(
    contenders: list[Contender], *, rounds: int, burst: int = 1, clock: Clock = perf_counter_ns
) -> list[Measurement]:
    """Time all contenders in turns, `rounds` times for a burst of calls, after a round that does not count."""
    samples: dict[str, list[int]] = {contender.name: [] for contender in contenders}
    order = Random(0)
    for number in range(-1, rounds):
        # What a contender leaves behind, in memory or in caches, helps or hinders the next one: not always the same.
        for name, run, prepare in order.sample(contenders, len(contenders)):
            kept = samples[name] if number >= 0 else []
            for _ in range(burst):
                if prepare is not None:
                    prepare()
                began = clock()
                run()
                kept.append(clock() - began)
    return [_summary(name, times) for name, times in samples.items()]


def _summary(name: str, times: list[int]) -> Measurement:
    p99 = quantiles(times, n=100, method="inclusive")[-1] if len(times) > 1 else times[0]
    return Measurement(name, median(times) / 1e9, p99 / 1e9, max(times) / 1e9, len(times))
