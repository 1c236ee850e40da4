"""A store keeps to its size at every moment, whoever writes, is killed or goes by another limit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from bare_store import start, wait_until
from outcomes import quietly

from brinery import Cache
from brinery._store.accounting import usage
from brinery._store.disk.files import try_lock
from brinery.errors import EvictionWarning

pytestmark = pytest.mark.filterwarnings("ignore::brinery.errors.EvictionWarning")

WITHIN = 1.05

WRITE = """
import os, random, warnings
from brinery import Cache

place = sys.argv[1]
options, sizes, count, seed = map(eval, sys.argv[2:])
warnings.simplefilter("ignore")
cache = Cache(place, **options)

@cache
def f(number, size):
    return os.urandom(size)

random.seed(seed)
print("ready"); sys.stdin.readline()
last = []
for number in range(count):
    call = seed * 10**6 + number, round(2 ** random.uniform(*random.choice(sizes)))
    last = [*last[-20:], call]
    for one in (call, random.choice(last)):
        assert len(f(*one)) == one[1]
print("done")
"""

SMALL = [(7.6, 12.0)]  # log2 of bytes: 200 to 4 KB
LARGE = [(16.6, 21.0)]  # 100 KB to 2 MB
MIXED = SMALL * 9 + LARGE

CASES = [
    ({"max_size": 800_000}, SMALL, 150),
    ({"max_size": 12_000_000, "eviction": "lru"}, LARGE, 20),
    ({"max_size": 8_000_000, "eviction": "lfu"}, MIXED, 60),
    ({"max_entries": 120, "eviction": "fifo"}, SMALL, 120),
    ({"max_size": 3_000_000, "max_entries": 60, "eviction": "largest"}, MIXED, 60),
    ({"max_size": 800_000, "ttl": 0.001}, SMALL, 100),  # a result is replaced as soon as it is asked for again
]
OWN_POLICY = "{'max_size': 8_000_000, 'eviction': lambda entry: entry.seconds / entry.size}"


class Writers:
    """Processes that write, and what they made of the store while all of them stand still."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.running: list[subprocess.Popen[str]] = []

    def start(self, options: object, sizes: object, count: int, seeds: Sequence[int]) -> None:
        """Start a writer for each seed; they begin together."""
        new = [start(WRITE, self.place, options, sizes, count, seed) for seed in seeds]
        for process in new:
            assert process.stdout.readline() == "ready\n"
        for process in new:
            process.stdin.write("\n")
            process.stdin.flush()
        self.running += new

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()
        self.running.remove(process)

    def measure(self) -> tuple[int, int]:
        """Bytes and entries at one moment: somebody who goes through a store sees what goes and what comes for it."""
        for process in self.running:
            process.send_signal(signal.SIGSTOP)
        for process in [one for one in self.running if one.returncode is None]:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        try:
            return measure(self.place)
        finally:
            for process in self.running:
                process.send_signal(signal.SIGCONT)

    def are_at_work(self) -> bool:
        return any(process.poll() is None for process in self.running)

    def end(self) -> list[str]:
        return [process.communicate(timeout=60)[0] for process in self.running]


def measure(place: Path) -> tuple[int, int]:
    blocks = [path.stat().st_blocks for path in place.rglob("*.brine1")]
    return 512 * sum(blocks), len(blocks)


def watch(writers: Writers, max_size: float, max_entries: float, pause: float = 0.02) -> tuple[int, int]:
    """See that a limit is kept until the writers end; gives what there was at most, and how often it was looked at."""
    most = looks = 0
    while writers.are_at_work():
        size, entries = writers.measure()
        assert size <= WITHIN * max_size
        assert entries <= WITHIN * max_entries
        most, looks = max(most, size), looks + 1
        time.sleep(pause)
    return most, looks


@pytest.fixture
def writers(tmp_path: Path):
    made = Writers(tmp_path / "store")
    yield made
    for process in made.running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("options", "sizes", "count"),
    [*CASES, (OWN_POLICY, MIXED, 60)],
    ids=["value", "lru-large", "lfu-mixed", "fifo-entries", "largest-both", "ttl", "own"],
)
def test_four_writers_keep_to_it_at_every_moment(writers: Writers, options: object, sizes: object, count: int):
    """Whatever they write and whatever goes first, there is never more than 5 % above it, and it is made use of."""
    keep_to_it(writers, options, sizes, count)


@pytest.mark.stress
@pytest.mark.parametrize(
    ("options", "sizes", "count"),
    [*CASES, (OWN_POLICY, MIXED, 60)],
    ids=["value", "lru-large", "lfu-mixed", "fifo-entries", "largest-both", "ttl", "own"],
)
def test_four_writers_keep_to_it_for_long(writers: Writers, options: object, sizes: object, count: int):
    """The same, twenty times as long: no error adds up."""
    keep_to_it(writers, options, sizes, 20 * count)


def keep_to_it(writers: Writers, options: object, sizes: object, count: int) -> None:
    limits = options if isinstance(options, dict) else {"max_size": 8_000_000}
    max_size, max_entries = limits.get("max_size", 1e18), limits.get("max_entries", 1e18)
    writers.start(options, sizes, count, range(4))
    _, looks = watch(writers, max_size, max_entries)
    assert looks >= 3
    assert writers.end() == ["done\n"] * 4
    size, entries = measure(writers.place)
    assert size <= max_size
    assert entries <= max_entries
    assert size > 0.6 * max_size or entries > 0.6 * max_entries
    assert Cache(writers.place).verify() == []


@pytest.mark.parametrize(
    ("max_size", "sizes", "kills"),
    [
        pytest.param(800_000, SMALL, 3, id="small"),
        pytest.param(12_000_000, LARGE, 3, id="large"),
        pytest.param(800_000, SMALL, 100, marks=pytest.mark.stress, id="small-long"),
        pytest.param(12_000_000, LARGE, 100, marks=pytest.mark.stress, id="large-long"),
    ],
)
def test_killed_writers_neither_exceed_it_nor_take_room_with_them(
    writers: Writers, max_size: int, sizes: object, kills: int
):
    """After kill -9 at random instants the others go on within the limit, and soon the whole of it is used again."""
    rng = random.Random(kills)
    writers.start({"max_size": max_size}, sizes, 10**6, range(3))
    wait_until(lambda: measure(writers.place)[0] > 0.7 * max_size)
    for number in range(kills):
        time.sleep(rng.uniform(0, 0.05))
        writers.kill(rng.choice(writers.running))
        for _ in range(3):
            assert writers.measure()[0] <= WITHIN * max_size
        writers.start({"max_size": max_size}, sizes, 10**6, [10 + number])
    for process in list(writers.running):
        writers.kill(process)
    writers.start({"max_size": max_size}, sizes, 60 if sizes is LARGE else 400, [5])
    watch(writers, max_size, 1e18)
    assert writers.end() == ["done\n"]
    assert 0.7 * max_size < measure(writers.place)[0] <= max_size


def test_writers_of_different_limits_on_one_store(writers: Writers):
    """There is never more than the larger one allows; whoever goes by the smaller one makes room down to that."""
    writers.start({"max_size": 1_000_000}, SMALL, 60, range(2))
    writers.start({"max_size": 3_000_000}, SMALL, 250, range(2, 4))
    most, _ = watch(writers, 3_000_000, 1e18)
    assert writers.end() == ["done\n"] * 4
    assert most > 0
    writers.running.clear()
    writers.start({"max_size": 1_000_000}, SMALL, 1, [4])
    assert writers.end() == ["done\n"]
    assert measure(writers.place)[0] <= 1_000_000


def test_two_caches_of_a_process_each_keep_to_their_own_limit(new_cache: Callable[..., Cache], tmp_path: Path):
    """After every call of the one with the smaller limit, there is no more than that."""
    small, large = new_cache(max_entries=20), new_cache(max_entries=50)

    def one(number: int) -> int:
        return number

    def other(number: int) -> int:
        return -number

    f, g = small(one), large(other)
    most = 0
    for number in range(120):
        g(number)
        most = max(most, measure(tmp_path / "store")[1])
        if number % 10 == 0:
            f(number)
            assert measure(tmp_path / "store")[1] <= 20
    assert 20 < most <= 50


@pytest.mark.parametrize("limits", [{"max_size": 400_000}, {"max_entries": 100}])
def test_a_lowered_limit_is_kept_from_the_first_result_on(new_cache: Callable[..., Cache], tmp_path: Path, limits):
    """What was within the old one and is above the new one goes when first something is stored."""
    fill, _ = filled(new_cache(max_size=10**9, max_entries=10**6))
    for number in range(300):
        fill(number)
    assert measure(tmp_path / "store") == (300 * 4096, 300)
    fill, _ = filled(new_cache(**limits))
    fill(300)
    size, entries = measure(tmp_path / "store")
    assert 0.8 * limits.get("max_size", 0) <= size <= limits.get("max_size", 1e18)
    assert 0.8 * limits.get("max_entries", 0) <= entries <= limits.get("max_entries", 1e18)
    assert fill.is_cached(300)


CALLS: list[int] = []


def filled(cache: Cache, size: int = 100):
    """A function whose results have a size, and the list of its computed calls."""
    CALLS.clear()

    @cache(ignore=[".CALLS"])
    def fill(number: int) -> bytes:
        CALLS.append(number)
        return bytes(size)

    return fill, CALLS


def test_what_makes_room_for_what_replaces_it_is_counted(new_cache: Callable[..., Cache], tmp_path: Path):
    """A result that is recomputed may evict its own former self: the sum is right all the same, again and again."""
    memory = new_cache(max_size=40 * 4096, eviction="fifo")

    @memory(ignore=["blocks"])
    def f(number: int, blocks: int) -> bytes:
        return bytes(blocks * 4096)

    counted = memory._directory_here()._upkeep.usage
    rng = random.Random(1)
    for _ in range(200):
        f.refresh(rng.randrange(20), rng.randrange(6))
        assert measure(tmp_path / "store")[0] <= min(40 * 4096, counted.read().bytes)
    assert counted.read() == measure(tmp_path / "store")


def test_whoever_cannot_account_for_a_result_does_not_exceed_it(
    new_cache: Callable[..., Cache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Somebody sits on the sum: results are returned, few are kept, it is said once; later all is as it should be."""
    memory = new_cache(max_entries=400)
    fill, calls = filled(memory)
    for number in range(400):
        fill(number)
    monkeypatch.setattr(usage, "_PATIENCE", 10)
    memory._directory_here().close()
    with open(tmp_path / "store" / "usage", "rb+") as file:
        assert try_lock(file.fileno())
        with quietly() as said:
            assert all(fill(number) == bytes(100) for number in range(400, 600))
        assert 400 <= measure(tmp_path / "store")[1] <= WITHIN * 400
        assert len(said) == 1
        assert "not kept" in said[0]
    monkeypatch.setattr(usage, "_SKIP", 0.0)
    memory._directory_here()._upkeep.usage._skip_until = 0.0
    fill(600)
    assert fill.is_cached(600)
    assert measure(tmp_path / "store")[1] <= 400
    assert len(calls) == 601


def test_a_result_larger_than_the_limit_is_returned_and_said_once(new_cache: Callable[..., Cache], tmp_path: Path):
    """What counts is what it takes on the disk, which is more than it holds; nothing else makes room for it."""
    for max_size, size in ((50_000, 60_000), (5000, 4200), (3000, 10)):
        memory = new_cache(tmp_path / str(max_size), max_size=max_size)
        fill, calls = filled(memory, size)
        with quietly() as said:
            assert [fill(1), fill(1), fill(2)] == [bytes(size)] * 3
        assert calls == [1, 1, 2]
        assert len(said) == 1
        assert "returned and not kept" in said[0]
        assert measure(tmp_path / str(max_size)) == (0, 0)


def test_with_strict_a_result_larger_than_the_limit_is_an_error_and_eviction_is_none(new_cache: Callable[..., Cache]):
    """What was asked for not to be passed over is raised at every call; that a full store evicts is as it should be."""
    memory = new_cache(max_size=50_000, strict=True)
    fill, _ = filled(memory, 60_000)
    for _ in range(2):
        with pytest.raises(EvictionWarning, match="returned and not kept"):
            fill(1)
    small, _ = filled(memory)
    with quietly() as said:
        assert all(small(number) == bytes(100) for number in range(40))
    assert len(said) == 1
    assert "full" in said[0]


def test_nothing_vanishes_before_it_is_said(new_cache: Callable[..., Cache], tmp_path: Path):
    """Up to the first eviction every result is there; each process says when it comes to that, and then no more."""
    fill, calls = filled(new_cache(max_entries=200))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(200):
            fill(number)
        assert all(map(fill.is_cached, range(200)))
    with quietly() as said:
        for number in range(200, 300):
            fill(number)
    assert len(said) == 1
    assert "200 entries" in said[0]
    assert calls == list(range(300))
    other = """
import warnings
from brinery import Cache
@Cache(sys.argv[1], max_entries=200)
def f(number):
    return number
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    for number in range(100):
        f(number)
print(len(said), said[0].category.__name__)
"""
    assert start(other, tmp_path / "store").communicate(timeout=60)[0] == "1 EvictionWarning\n"


def test_four_writers_below_it_lose_nothing(writers: Writers, new_cache: Callable[..., Cache]):
    """Every result of every process is there as long as there is room for all."""
    writers.start({"max_size": 50_000_000, "max_entries": 240}, SMALL, 60, range(4))
    assert writers.end() == ["done\n"] * 4
    assert measure(writers.place)[1] == 240
