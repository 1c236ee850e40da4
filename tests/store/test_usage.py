"""Sums that processes share, and that no process can spoil for the others."""

from __future__ import annotations

import os
import threading
import time

import pytest
from bare_store import keep, key_of, open_store, start

from brinery._store.accounting import usage
from brinery._store.accounting.usage import Totals, Usage
from brinery._store.disk.files import try_lock
from brinery._store.disk.root import Root


def anything(totals: Totals) -> bool:
    return True


@pytest.fixture
def root(tmp_path):
    root = Root(str(tmp_path / "store"))
    root.make()
    yield root
    root.close()


@pytest.fixture
def sums(root):
    made = Usage(root)
    made.hold(lambda total: total.set(Totals(0, 0)))
    yield made
    made.close()


def test_no_addition_is_lost_among_threads_and_processes(sums, tmp_path):
    """Four threads here and two processes elsewhere add at once: the sum is exact."""
    source = """
from brinery._store.accounting.usage import Usage
from brinery._store.disk.root import Root
sums = Usage(Root(sys.argv[1]))
for _ in range(500):
    assert sums.add(10, 1)
"""
    processes = [start(source, tmp_path / "store") for _ in range(2)]
    threads = [threading.Thread(target=lambda: [sums.add(10, 1) for _ in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert sums.read() == (20_000, 2000)


def test_a_forked_child_adds_by_a_descriptor_of_its_own(sums):
    """A lock excludes nobody who shares its descriptor, so the child opens the file anew."""
    sums.add(1, 1)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if all(sums.add(1, 1) for _ in range(300)) else 1
            finally:
                os._exit(code)
        children.append(child)
    for _ in range(300):
        sums.add(1, 1)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert sums.read() == (1201, 1201)


def test_a_sum_never_goes_below_nothing(sums):
    """What is subtracted twice ends at zero."""
    sums.add(10, 1)
    assert sums.add(-100, -100) == (0, 0)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 16, b"\xff" * 16, b"too long for a sum" * 3])
def test_a_spoilt_sum_is_counted_anew(tmp_path, content):
    """Whatever stands in the file, the next entry stored finds the right sum."""
    store = open_store(tmp_path / "store", max_entries=100)
    folder = store.folder("lab.f", dict)
    for number in range(5):
        keep(folder, key_of(number), number)
    (tmp_path / "store" / "usage").write_bytes(content)
    keep(folder, key_of(5), 5)
    store.close()
    counted = store._upkeep.usage.read()
    assert counted is not None
    if content != b"x" * 16:  # which is a number, and too high
        assert counted == (store.info().bytes, 6)


def test_a_removed_or_replaced_store_gets_a_sum_of_its_own(sums, root, tmp_path):
    """The descriptor of a file that is gone is not used any more."""
    sums.add(10, 1)
    (tmp_path / "store" / "usage").unlink()
    assert sums.add(5, 1) is None
    sums.hold(lambda total: total.set(Totals(5, 1)))
    assert sums.read() == (5, 1)


def test_whoever_sits_on_the_lock_stops_nobody_for_long(sums, tmp_path, monkeypatch):
    """A process stopped while it holds the lock costs the others the sum, not their results."""
    monkeypatch.setattr(usage, "_PATIENCE", 50)
    with open(tmp_path / "store" / "usage", "rb+") as file:
        assert try_lock(file.fileno())
        with pytest.raises(BlockingIOError):
            sums.add(1, 1)
        store = open_store(tmp_path / "store", max_entries=1000)
        assert keep(store.folder("lab.f", dict), key_of(1), 1)
        with pytest.raises(BlockingIOError):
            sums.add(1, 1)  # at once
        store.close()


@pytest.fixture
def shared(root):
    """A sum of much, of which each process may set a little aside."""
    made = [Usage(root, Totals(1 << 20, 100)) for _ in range(2)]
    made[0].hold(lambda total: total.set(Totals(64 << 20, 6400)))
    yield made
    for one in made:
        one.close()


def test_most_entries_are_entered_without_the_lock(shared, tmp_path):
    """A process sets something aside once and enters into that, though somebody else sits on the sum."""
    one, other = shared
    assert not one.spend(4096, 1)
    assert one.enter(4096, 1, anything)[:2] == (True, ((64 << 20) + 4096, 6401))
    assert other.read() == ((64 << 20) + 4096 + (1 << 20), 6400 + 1 + 100)
    with open(tmp_path / "store" / "usage", "rb+") as file:
        assert try_lock(file.fileno())
        assert all(one.spend(4096, 1) for _ in range(100))
        assert not one.spend(4096, 1)
    assert one.read() == ((64 << 20) + 101 * 4096, 6501)
    assert other.read() == ((64 << 20) + 4096 + (1 << 20), 6501)


def test_what_is_set_aside_counts_as_used_until_it_is_given_back(shared):
    """The sum is never too low for anybody: a count adds the shares of others; it is exact when all have ended."""
    one, other = shared
    one.enter(4096, 1, anything)
    assert one.spend(4096, 1)
    counted = Totals((64 << 20) + 8192, 6402)
    assert other.hold(lambda total: total.set(counted)) == (counted.bytes + (1 << 20), counted.entries + 100)
    assert one.spend(4096, 1)
    one.close()
    assert other.read() >= ((64 << 20) + 3 * 4096, 6403)
    assert other.hold(lambda total: total.set(Totals((64 << 20) + 3 * 4096, 6403))) == ((64 << 20) + 3 * 4096, 6403)


def test_what_a_killed_process_set_aside_is_counted_away(shared, monkeypatch):
    """It cannot be spent any more after a minute, so a later count leaves it out."""
    one, other = shared
    one.enter(4096, 1, anything)
    now = time.time()
    monkeypatch.setattr(usage.time, "time", lambda: now + 61)
    assert other.hold(lambda total: total.set(Totals(64 << 20, 6400))) == (64 << 20, 6400)


def test_what_was_set_aside_long_ago_is_not_spent(shared, monkeypatch):
    """Others may have counted it away meanwhile."""
    one, _ = shared
    one.enter(4096, 1, anything)
    assert one.spend(4096, 1)
    now = time.monotonic()
    monkeypatch.setattr(usage.time, "monotonic", lambda: now + 61)
    assert not one.spend(4096, 1)


def test_a_forked_child_has_no_part_in_what_its_parent_set_aside(shared):
    """What both would spend would count once."""
    one, _ = shared
    one.enter(4096, 1, anything)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 1 if one.spend(4096, 1) else 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert one.spend(4096, 1)


def test_little_is_set_aside_of_little(sums, root):
    """One process without a limit does not fill the store of another that has a small one."""
    generous = Usage(root, Totals(1 << 20, 1000))
    for number in range(10):
        assert generous.enter(4096, 1, anything)[:2] == (True, ((number + 1) * 4096, number + 1))
    generous.close()
    assert sums.read() == (40_960, 10)


def test_a_process_that_ends_gives_back_what_it_set_aside(shared, tmp_path):
    """After a clean end the sum is exact, though nobody closed anything."""
    source = """
from brinery._store.accounting.usage import Totals, Usage
from brinery._store.disk.root import Root
sums = Usage(Root(sys.argv[1]), Totals(1 << 20, 100))
sums.enter(4096, 1, lambda totals: True)
assert sums.spend(4096, 1)
"""
    process = start(source, tmp_path / "store")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert shared[0].read() == ((64 << 20) + 8192, 6402)


def test_nothing_is_added_that_would_exceed_a_limit(shared):
    """What does not fit leaves the sum as it is; what just fits is added without setting anything aside."""
    one, other = shared
    room = Totals((64 << 20) + 4096, 6401)
    assert one.enter(4096, 1, lambda totals: totals <= room)[:2] == (True, room)
    assert one.enter(4096, 1, lambda totals: totals <= room)[:2] == (False, room)
    assert other.read() == room


def test_little_is_owed_while_the_sum_cannot_be_had(sums, tmp_path, monkeypatch):
    """It is added as soon as that can be done, and what would be too much is refused."""
    monkeypatch.setattr(usage, "_PATIENCE", 50)
    with open(tmp_path / "store" / "usage", "rb+") as file:
        assert try_lock(file.fileno())
        assert sums.owe(10, 1, lambda owed: owed.entries <= 2)
        assert sums.owe(10, 1, lambda owed: owed.entries <= 2)
        assert not sums.owe(10, 1, lambda owed: owed.entries <= 2)
    assert sums.add(5, 1) == (25, 3)
    assert sums.add(5, 1) == (30, 4)


def test_a_holder_at_work_is_waited_for(sums, tmp_path, monkeypatch):
    """Counting a large store takes long, and nobody stores past the limit meanwhile."""
    monkeypatch.setattr(usage, "_PATIENCE", 50)
    path = tmp_path / "store" / "usage"
    looks = 0

    def work(_: float) -> None:
        nonlocal looks
        looks += 1
        os.utime(path, ns=(looks, looks))
        if looks == 300:
            file.close()

    with open(path, "rb+") as file:
        assert try_lock(file.fileno())
        monkeypatch.setattr(usage.time, "sleep", work)
        assert sums.add(1, 1) == (1, 1)
    assert looks == 300
