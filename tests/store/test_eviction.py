"""The limit is kept, by whoever writes, and what is worth least goes."""

from __future__ import annotations

import os
import random
import signal
import time
import warnings
from contextlib import suppress
from math import log2

import pytest
from bare_store import CODEC, call, keep, key_of, number_of, path_of, start, value_of, wait_until

from brinery._store.accounting import upkeep
from brinery._store.store import policy
from brinery.errors import EvictionWarning, StoreWarning

pytestmark = pytest.mark.filterwarnings("ignore::brinery.errors.EvictionWarning")

SECOND = 10**9
DAY = 86400.0


def kept(folder) -> set[int]:
    return {number_of(key) for key in folder}


@pytest.mark.parametrize(("wrong", "hint"), [("lur", "'lru'"), ("values", "'value'"), ("zzz", "choose one of")])
def test_an_unknown_policy_names_the_nearest(wrong, hint):
    """A typo is a ValueError that says what was probably meant."""
    with pytest.raises(ValueError, match=hint):
        policy(wrong, DAY)


@pytest.mark.parametrize("half_life", [0, -1.0, float("inf"), float("nan")])
def test_a_half_life_is_a_positive_time(half_life):
    """Nothing else makes sense."""
    with pytest.raises(ValueError, match="half_life"):
        policy("value", half_life)


def test_a_policy_is_a_name_or_a_function():
    """Anything else is a TypeError."""
    with pytest.raises(TypeError, match="eviction"):
        policy(3, DAY)  # type: ignore[arg-type]


def test_value_is_seconds_per_byte_halved_every_half_life():
    """Twice the seconds, half the bytes, or a half-life later: each is worth one half-life."""
    value = policy("value", DAY)
    base = value.first(1.7e9, 1.0, 8192)
    for other in (value.first(1.7e9, 2.0, 8192), value.first(1.7e9, 1.0, 4096), value.first(1.7e9 + DAY, 1.0, 8192)):
        assert other - base == pytest.approx(DAY * SECOND, abs=SECOND)
    assert base == pytest.approx((1.7e9 + DAY * log2(1 / 8192)) * SECOND, abs=SECOND)


def test_value_counts_hits_right_on_average_though_few_touch():
    """After many hits at once the priority is near log2 of their number, with far fewer touches."""
    random.seed(1)
    value = policy("value", DAY)
    ends = []
    touches = 0
    for _ in range(200):
        first = now = value.first(1.7e9, 1.0, 4096)
        for _ in range(1000):
            new = value.again(now, 1.7e9, 1.0, 4096)
            if new is not None:
                now = new
                touches += 1
        ends.append((now - first) / SECOND / DAY)
    assert sum(ends) / len(ends) == pytest.approx(log2(1001), abs=0.7)
    assert touches / len(ends) < 15


def test_value_forgets_a_long_silence():
    """A hit after many half-lives puts an entry where a new one would be."""
    value = policy("value", DAY)
    old = value.first(1.7e9 - 100 * DAY, 1.0, 4096)
    assert value.again(old, 1.7e9, 1.0, 4096) == pytest.approx(value.first(1.7e9, 1.0, 4096), abs=SECOND)


@pytest.mark.parametrize("name", ["value", "lru", "lfu", "fifo", "largest"])
def test_extreme_numbers_are_still_times(name):
    """No seconds, size or clock makes a number that a file cannot carry."""
    one = policy(name, 1e10)
    for now in (0.0, 1.7e9, 1e12):
        for seconds in (0.0, 1e-300, 1e300):
            for size in (0, 1, 1 << 60):
                first = one.first(now, seconds, size)
                again = one.again(first, now + 1, seconds, size)
                assert all(abs(number) < 1 << 63 for number in (first, again or 0))


@pytest.mark.parametrize(
    ("eviction", "gone"),
    [
        ("value", {1, 3, 5, 7}),  # quick to compute
        ("lru", {4, 5, 6, 7}),  # not hit
        ("lfu", {4, 5, 6, 7}),
        ("fifo", {0, 1, 2, 3}),
        ("largest", {0, 1, 4, 5}),
        (lambda entry: -entry.created, {4, 5, 6, 7}),
        (lambda entry: entry.seconds * 0 + number_of(entry.key) % 4, {0, 1, 4, 5}),
    ],
)
def test_what_is_worth_least_by_the_policy_goes(new_store, eviction, gone):
    """Eight entries, four hit, two at a time differing in cost and size: the right ones go."""
    folder = new_store(eviction=eviction).folder("lab.f", dict)
    for number in range(8):
        size = 1000 if number % 4 >= 2 else 50_000
        assert keep(folder, key_of(number), bytes(size), seconds=1e-6 if number % 2 else 1e6)
    for number in range(4):
        value_of(folder, key_of(number))
    store = new_store(eviction=eviction)
    store.prune(max_entries=4)
    assert kept(store.folder("lab.f", dict)) == set(range(8)) - gone


@pytest.mark.parametrize("eviction", ["value", "lru", "lfu", "fifo", "largest", lambda entry: entry.created])
def test_the_limit_is_kept_at_every_moment(new_store, eviction):
    """Neither the bytes on the disk nor the number of entries ever exceeds its limit."""
    random.seed(2)
    store = new_store(max_size=400_000, max_entries=70, eviction=eviction)
    folder = store.folder("lab.f", dict)
    for number in range(300):
        assert keep(folder, key_of(number), os.urandom(random.choice([10, 5000, 20_000])), seconds=random.random())
        if number % 10 == 0:
            info = store.info()
            assert info.bytes <= 400_000
            assert info.entries <= 70
    assert store.info().bytes > 250_000 or store.info().entries > 60
    assert store._upkeep.usage.read() == (store.info().bytes, store.info().entries)


def test_the_limit_counts_all_functions_and_all_formats_of_none_other(new_store, tmp_path):
    """One limit for the store, whichever function writes; what is not brinery's neither counts nor goes."""
    store = new_store(max_entries=30)
    folders = [store.folder(f"lab.f{number}", dict) for number in range(5)]
    foreign = tmp_path / "store" / "photos" / "ab" / f"{key_of(1)}.brine1"
    for number in range(100):
        keep(folders[number % 5], key_of(number), number)
        if number == 50:
            foreign.parent.mkdir(parents=True)
            foreign.write_bytes(bytes(10**6))
    assert store.info().entries <= 30
    assert foreign.exists()


def test_a_result_larger_than_the_limit_is_returned_and_empties_nothing(new_store):
    """It is said once per function, and what was stored stays."""
    store = new_store(max_size=100_000)
    folder = store.folder("lab.f", dict)
    keep(folder, key_of(1), "small")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for number in (2, 3):
            assert len(call(folder, key_of(number), lambda: bytes(200_000))) == 200_000
    assert [warning.category for warning in told] == [EvictionWarning]
    assert "200," in str(told[0].message)
    assert kept(folder) == {1}
    assert value_of(folder, key_of(1)) == "small"


def test_the_first_eviction_says_so_once(new_store):
    """One EvictionWarning per process, naming the limit."""
    folder = new_store(max_entries=5).folder("lab.f", dict)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for number in range(30):
            keep(folder, key_of(number), number)
    assert [warning.category for warning in told] == [EvictionWarning]
    assert "5 entries" in str(told[0].message)


def test_a_function_that_cannot_rank_does_not_cost_a_result(new_store):
    """It raises, returns nonsense: one warning, entries go by their last use."""
    for number, rank in enumerate([lambda entry: 1 / 0, lambda entry: "x", lambda entry: float("nan")]):
        store = new_store(max_entries=10, eviction=rank)
        folder = store.folder(f"lab.f{number}", dict)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StoreWarning)
            assert all(keep(folder, key_of(number), number) for number in range(40))
        assert store.info().entries <= 10


def test_a_changed_policy_renumbers_at_the_next_sweep(new_store):
    """Entries made under another policy are compared by the new one."""
    old = new_store(eviction="lfu").folder("lab.f", dict)
    for number in range(20):
        keep(old, key_of(number), number, seconds=100.0 if number < 10 else 0.001)
    store = new_store(eviction="value", max_entries=12)
    new = store.folder("lab.f", dict)
    keep(new, key_of(20), "new", seconds=1000.0)
    assert {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20} <= kept(new)
    assert store.settings()["policy"] == "value"


def test_two_policies_on_one_store_number_it_once_each(new_store, monkeypatch):
    """Numbering reads every entry, so caches of different policies do not do it for each other again and again."""
    monkeypatch.setattr(upkeep, "_TEND_EVERY", 2)
    numbered = []
    monkeypatch.setattr(upkeep, "renumber", lambda root, policy: numbered.append(policy.name))
    folders = [new_store(eviction=name, max_entries=10).folder("lab.f", dict) for name in ("lru", "value", "lfu")]
    for number in range(90):
        assert keep(folders[number % 3], key_of(number), number)
    assert sorted(numbered) == ["lfu", "value"]


def test_replacing_an_entry_counts_it_once(new_store):
    """The sum follows a value that is stored again, larger or smaller."""
    store = new_store()
    folder = store.folder("lab.f", dict)
    for size in (10, 50_000, 10, 5000):
        keep(folder, key_of(1), bytes(size))
        assert store._upkeep.usage.read() == (store.info().bytes, 1)


WRITE = """
import random, os
store = open_store(sys.argv[1], max_size=600_000)
folder = store.folder("lab.f", dict)
random.seed(sys.argv[2])
print("ready"); sys.stdin.readline()
number = int(sys.argv[2]) * 10**6
for _ in range(int(sys.argv[3])):
    number += 1
    keep(folder, key_of(number), os.urandom(random.choice([10, 3000, 9000])))
print("done")
"""


@pytest.mark.filterwarnings("ignore")
def test_four_writers_keep_the_limit(tmp_path, new_store):
    """Processes that write at once stay within the limit all the time, and fill it."""
    processes = [start(WRITE, tmp_path / "store", one, 120) for one in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    store = new_store(max_size=600_000)
    while any(process.poll() is None for process in processes):
        for process in processes:  # or the sum would count what goes, and then what came for it
            process.send_signal(signal.SIGSTOP)
        for process in processes:  # it takes effect when the kernel comes to it
            with suppress(ChildProcessError):  # it has ended, and been waited for
                os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        size = sum(path.stat().st_blocks * 512 for path in (tmp_path / "store").rglob("*.brine1"))
        for process in processes:
            process.send_signal(signal.SIGCONT)
        assert size <= 600_000
        time.sleep(0.01)
    assert [process.communicate()[0] for process in processes] == ["done\n"] * 4
    assert 350_000 < store.info().bytes <= 600_000
    assert store.verify() == []


def test_what_makes_room_as_soon_as_it_is_stored_is_subtracted_once(new_store, monkeypatch):
    """Another writer may choose it in the moment between its renaming and the last look at it."""
    store = new_store(max_size=600_000)
    folder = store.folder("lab.f", dict)
    keep(folder, key_of(1), b"first")
    before = store._upkeep.usage.read()
    rename = os.rename

    def rename_and_evict(source, target, **folders):
        rename(source, target, **folders)
        size = os.stat(target, dir_fd=folders["dst_dir_fd"]).st_blocks * 512
        os.unlink(target, dir_fd=folders["dst_dir_fd"])
        store._upkeep.usage.add(-size, -1)

    monkeypatch.setattr(os, "rename", rename_and_evict)
    keep(folder, key_of(2), b"second")
    monkeypatch.undo()
    assert store._upkeep.usage.read() == before
    assert list(folder) == [key_of(1)]


@pytest.mark.filterwarnings("ignore")
def test_what_killed_writers_counted_is_mended(tmp_path, new_store):
    """Kills make the sum too high, and then the store would fill ever less: it does not."""
    for generation in range(5):
        process = start(WRITE, tmp_path / "store", generation, 10**6)
        process.stdout.readline()
        process.stdin.write("\n")
        process.stdin.flush()
        wait_until((tmp_path / "store" / "usage").exists)
        store = new_store()
        wait_until(lambda store=store: store.info().bytes > 300_000)
        process.kill()
        process.communicate()
    store._upkeep.usage.add(400_000, 100)  # many kills more
    last = new_store(max_size=600_000)
    folder = last.folder("lab.f", dict)
    for number in range(150):
        keep(folder, key_of(number), os.urandom(3000))
    assert 350_000 < last.info().bytes <= 600_000
    counted = last._upkeep.usage.read()
    assert counted.bytes == pytest.approx(last.info().bytes, rel=0.1)


def test_a_hit_moves_an_entry_away_from_its_end(new_store, tmp_path):
    """What is used again and again survives a flood of what is not."""
    store = new_store(max_entries=50)
    folder = store.folder("lab.f", dict)
    keep(folder, key_of(0), "favourite")
    for _ in range(20):
        assert value_of(folder, key_of(0)) == "favourite"
    for number in range(1, 300):
        keep(folder, key_of(number), number)
    assert value_of(folder, key_of(0)) == "favourite"


def test_a_touch_that_fails_is_silent(new_store, monkeypatch):
    """A hit on another's file, or on a read-only disk, is a hit."""
    folder = new_store().folder("lab.f", dict)
    keep(folder, key_of(0), "value")
    before = path_of(folder, key_of(0)).stat().st_mtime_ns

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "not yours")

    monkeypatch.setattr(os, "utime", refuse)
    assert folder.get(key_of(0), None, CODEC) == ("value", 1.0)
    assert path_of(folder, key_of(0)).stat().st_mtime_ns == before


def test_evictions_are_told_to_the_logger(new_store, caplog):
    """One line each time that room is made: how many entries, and how much they took."""
    store = new_store(max_entries=3)
    folder = store.folder("lab.f", dict)
    with caplog.at_level("INFO", "brinery"):
        for number in range(5):
            keep(folder, key_of(number), number)
    told = [record.getMessage() for record in caplog.records if "evicted" in record.getMessage()]
    assert told
    assert sum(int(line.split()[1]) for line in told) == 5 - store.info().entries > 0
    assert all("B) to make room in" in line for line in told)
