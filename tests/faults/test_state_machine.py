"""Calls, damage, ends of life, eviction, removals, crashes and rotations in any order: never a wrong value."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import warnings
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from damage import EVERY, VICTIM_TEXT, Place
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from brinery import BrineryWarning, Cache
from brinery._store.accounting.statistics import flush_reports
from brinery._store.signing import rotation

COMPUTED: list[int] = []  # each computation gives another value, so an old one is told from a new one

SIZES = [0, 10, 5000, 300_000]
ARGUMENTS = st.tuples(st.integers(0, 4), st.sampled_from(SIZES))
OPTIONS = {"ignore": [".COMPUTED"], "follow": "own"}
SHORT = 0.03  # seconds; the life of what `brief` gives


def value(number: int, size: int) -> list[object]:
    COMPUTED.append(number)
    return [number, len(COMPUTED), bytes(size)]


def brief(number: int, size: int) -> list[object]:
    COMPUTED.append(number)
    return [number, len(COMPUTED), bytearray(size)]


def is_right(result: list[object], number: int, size: int) -> bool:
    return result[0] == number and len(result) == 3 and bytes(result[2]) == bytes(size)  # type: ignore[arg-type]


class Store(RuleBasedStateMachine):
    """Against a model that knows, for each call, which computation may answer it."""

    limits: ClassVar[dict[str, int]] = {"max_entries": 6}
    damaged = Bundle("damaged")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brinery-states-"))
        self.victim = self.folder / "victim"
        self.victim.write_bytes(VICTIM_TEXT)
        self.latest: dict[tuple[str, int, int], int] = {}  # the computation that a hit would have to give
        self.open_anew()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            flush_reports()
            shutil.rmtree(self.folder)

    def open_anew(self) -> None:
        self.cache = Cache(self.folder / "store", **self.limits)  # type: ignore[arg-type]
        self.value = self.cache(**OPTIONS)(value)
        self.brief = self.cache(ttl=SHORT, **OPTIONS)(brief)

    def check(self, name: str, arguments: tuple[int, int], result: list[object], computed: int) -> None:
        """A result is either fresh, or the very one that was stored last and not removed since."""
        assert is_right(result, *arguments)
        if len(COMPUTED) > computed:
            assert result[1] == len(COMPUTED)
        else:
            assert result[1] == self.latest.get((name, *arguments))
        self.latest[name, *arguments] = result[1]  # type: ignore[assignment]

    def entries(self) -> list[Path]:
        return sorted((self.folder / "store").rglob("*.brine1"))

    @rule(arguments=ARGUMENTS, times=st.integers(1, 3))
    def call(self, arguments: tuple[int, int], times: int) -> None:
        for _ in range(times):
            computed = len(COMPUTED)
            self.check("value", arguments, self.value(*arguments), computed)

    @rule(arguments=ARGUMENTS, wait=st.booleans())
    def call_what_expires(self, arguments: tuple[int, int], wait: bool) -> None:
        computed = len(COMPUTED)
        self.check("brief", arguments, self.brief(*arguments), computed)
        if wait:
            time.sleep(SHORT)
            computed = len(COMPUTED)
            assert not self.brief.is_cached(*arguments)
            self.check("brief", arguments, self.brief(*arguments), computed)
            assert len(COMPUTED) == computed + 1

    @rule(arguments=ARGUMENTS)
    def refresh(self, arguments: tuple[int, int]) -> None:
        computed = len(COMPUTED)
        self.check("value", arguments, self.value.refresh(*arguments), computed)
        assert len(COMPUTED) == computed + 1

    @rule(arguments=ARGUMENTS)
    def forget(self, arguments: tuple[int, int]) -> None:
        self.value.forget(*arguments)
        assert not self.value.is_cached(*arguments)
        self.latest.pop(("value", *arguments), None)

    @rule(name=st.sampled_from(["value", "brief", None]))
    def clear(self, name: str | None) -> None:
        self.cache.clear(None if name is None else getattr(self, name))
        self.latest = {key: number for key, number in self.latest.items() if name is not None and key[0] != name}

    @rule(most=st.integers(1, 4))
    def prune(self, most: int) -> None:
        self.cache.prune(max_entries=most)
        assert len(self.cache) <= most

    @rule(number=st.integers(0, 100), damage=st.sampled_from(EVERY), seed=st.integers(0, 1000))
    def damage_an_entry(self, number: int, damage, seed: int) -> None:
        entries = [path for path in self.entries() if path.is_file() and not path.is_symlink()]
        if len(entries) < 2:
            return
        path, other = entries[number % len(entries)], entries[(number + 1) % len(entries)]
        if path.lstat().st_nlink == other.lstat().st_nlink == 1:
            damage(path, Place(other, self.victim, Random(seed)))

    @rule(number=st.integers(0, 100), damage=st.sampled_from(EVERY), seed=st.integers(0, 1000))
    def damage_something_else(self, number: int, damage, seed: int) -> None:
        files = [
            path for path in sorted((self.folder / "store").rglob("*")) if path.is_file() and not path.is_symlink()
        ]
        files = [path for path in files if path.suffix != ".brine1" and path.lstat().st_nlink == 1]
        if len(files) > 1:
            path, other = files[number % len(files)], files[(number + 1) % len(files)]
            damage(path, Place(other, self.victim, Random(seed)))

    @rule(arguments=ARGUMENTS, delay=st.floats(0.0002, 0.02), is_new=st.booleans())
    def crash(self, arguments: tuple[int, int], delay: float, is_new: bool) -> None:
        """A child is ended at any moment of its calls; what it stored, nobody here knows."""
        child = os.fork()
        if not child:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, delay)
            warnings.simplefilter("ignore")
            if is_new:
                self.open_anew()
            while True:
                self.value.refresh(*arguments)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        # Its computations have numbers of its own, so one call here decides which of them it is.
        computed = len(COMPUTED)
        result = self.value(*arguments)
        assert is_right(result, *arguments)
        assert result[1] >= self.latest.get(("value", *arguments), 0) or len(COMPUTED) > computed
        self.value.refresh(*arguments)
        self.latest["value", *arguments] = len(COMPUTED)

    @rule()
    def reopen(self) -> None:
        flush_reports()
        self.open_anew()

    @rule(drop=st.booleans())
    def rotate(self, drop: bool) -> None:
        rotation.rotate()
        if drop:
            rotation.drop_old()

    @rule()
    def remove_the_store(self) -> None:
        shutil.rmtree(self.folder / "store", ignore_errors=True)
        self.latest.clear()

    @rule()
    def mend(self) -> None:
        bad = self.cache.verify(fix=True)
        assert all(file.removed or file.is_foreign for file in bad)
        assert [file for file in self.cache.verify() if not file.is_foreign] == []

    @rule(arguments=ARGUMENTS)
    def ask(self, arguments: tuple[int, int]) -> None:
        computed = len(COMPUTED)
        self.value.explain(*arguments)
        self.cache.info()
        self.cache.entries()
        is_cached = self.value.is_cached(*arguments)
        assert len(COMPUTED) == computed
        if is_cached:
            assert ("value", *arguments) in self.latest

    @invariant()
    def nothing_of_others_is_touched(self) -> None:
        if hasattr(self, "folder"):
            assert self.victim.read_bytes() == VICTIM_TEXT


def run(examples: int, steps: int) -> None:
    COMPUTED.clear()
    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BrineryWarning)
        run_state_machine_as_test(Store, settings=options)


def test_no_order_of_events_gives_a_wrong_value(home):
    """A few dozen events in some orders: every value is right, and none comes back that was removed."""
    run(12, 25)


@pytest.mark.stress
def test_no_order_of_many_events_gives_a_wrong_value(home):
    """The same for long."""
    run(300, 50)
