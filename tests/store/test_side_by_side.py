"""Where the disk makes a thread wait, others work as well; what is told is what all of them did."""

from __future__ import annotations

import sys
import threading
from itertools import count
from pathlib import Path

import pytest
from bare_store import keep, key_of

from brinery._store.disk.records import Removed
from brinery._store.maintenance import side_by_side
from brinery._store.maintenance.side_by_side import SideBySide

ITEMS = 40


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at this thread finds that the disk has made it wait, as the first file tells."""
    slept = count(0, 1000)
    monkeypatch.setattr(side_by_side, "_times_slept", lambda: next(slept))
    monkeypatch.setattr(side_by_side, "_TELLING", 1)


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name == "brinery-files"] == []


def test_nobody_helps_where_nothing_waits(monkeypatch):
    """In memory a second thread only gets in the way, however busy the machine is."""
    monkeypatch.setattr(side_by_side, "_times_slept", lambda: 7)
    at_work = set()
    items = list(range(ITEMS))
    SideBySide(4).run(items, lambda _: at_work.add(threading.get_ident()) or Removed(100, 0), lambda _: None)
    assert at_work == {threading.get_ident()}
    assert items == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count it for a thread")
def test_a_thread_that_was_put_to_sleep_is_told_from_one_that_was_busy():
    """What decides is that a thread had to wait."""
    before = side_by_side._times_slept()
    event = threading.Event()
    for _ in range(20):
        event.wait(0.0001)
    assert side_by_side._times_slept() - before >= 20


@pytest.mark.usefixtures("waiting")
def test_where_it_waits_all_threads_work_at_once_and_each_item_is_worked_on_once():
    """The outcomes are all taken by the thread that asked."""
    together = threading.Barrier(3, timeout=60)
    began, taken = [], []

    def work(item: int) -> Removed:
        began.append(item)
        if item < ITEMS - 1:  # the first tells that it waits
            together.wait()
        return Removed(1, item)

    def take(removed: Removed) -> None:
        taken.append((removed.bytes, threading.get_ident()))

    SideBySide(3).run(list(range(ITEMS)), work, take)
    assert sorted(began) == list(range(ITEMS))
    assert sorted(taken) == [(item, threading.get_ident()) for item in range(ITEMS)]


@pytest.mark.usefixtures("waiting")
def test_no_more_is_begun_when_enough_is_done():
    """Each thread may have begun one when that is reached, and the rest stays to be done."""
    items = list(range(ITEMS))
    done = []
    SideBySide(2).run(items, lambda item: Removed(10, item), done.append, 100)
    assert 100 <= sum(removed.entries for removed in done) <= 110
    assert sorted([*items, *(removed.bytes for removed in done)]) == list(range(ITEMS))


@pytest.mark.usefixtures("waiting")
def test_what_a_helper_raises_is_raised_for_who_asked():
    """And the others end."""
    caller = threading.get_ident()
    failed = threading.Event()
    items = list(range(ITEMS))

    def work(item: int) -> Removed:
        if threading.get_ident() != caller:
            failed.set()
            raise OSError(24, "no more descriptors")
        if item < ITEMS - 1:
            assert failed.wait(60)
        return Removed(1, item)

    with pytest.raises(OSError, match="no more descriptors"):
        SideBySide(2).run(items, work, lambda _: None)


@pytest.mark.parametrize("interrupts", [1, 2])
@pytest.mark.usefixtures("waiting")
def test_an_interrupt_ends_all_threads(monkeypatch, interrupts):
    """It comes when the items begun are done: the folders that helpers work in are not closed under them.

    A second one, while helpers are waited for, changes nothing.
    """
    items = list(range(ITEMS))
    release, helping = threading.Event(), threading.Event()
    caller = threading.get_ident()
    done = []

    def work(item: int) -> Removed:
        if threading.get_ident() != caller:
            helping.set()
            assert release.wait(60)
            done.append(item)
        elif item < ITEMS - 1:
            assert helping.wait(60)
            raise KeyboardInterrupt
        return Removed(1, item)

    join = threading.Thread.join
    left = [interrupts]

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        left[0] -= 1
        if left[0] > 0:
            raise KeyboardInterrupt
        release.set()
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        SideBySide(2).run(items, work, lambda _: None)
    assert len(done) == 1
    assert len(items) == ITEMS - 3


@pytest.mark.usefixtures("waiting")
def test_without_threads_the_work_is_done_all_the_same(monkeypatch):
    """A process may have as many as it is allowed."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = []
    SideBySide(4).run(list(range(ITEMS)), lambda item: Removed(1, item), done.append)
    assert sorted(removed.bytes for removed in done) == list(range(ITEMS))


def truth(location: Path) -> tuple[int, int]:
    files = [path.lstat() for path in location.rglob("*.brine1")]
    return sum(512 * file.st_blocks for file in files), len(files)


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that opened folders, by name."""
    found: list[str] = []
    step = side_by_side._Shared.step

    def seen(shared) -> bool:
        found.append(threading.current_thread().name)
        return step(shared)

    monkeypatch.setattr(side_by_side._Shared, "step", seen)
    return found


@pytest.mark.usefixtures("waiting")
def test_prune_and_clear_remove_and_tell_the_same_with_helpers(new_store, tmp_path, helped):
    """The sum is right, and held for no more than 256 removals and what a helper had begun."""
    store = new_store()
    folder = store.folder("lab.f", dict)
    for number in range(1500):
        keep(folder, key_of(number), number, ttl=1e-9 if number % 3 == 0 else None)
    size, _ = truth(tmp_path)
    held = []
    removing = store._upkeep.removing
    store._upkeep.removing = lambda remove: held.append(removing(remove).entries) or Removed(held[-1], 0)
    assert store.prune().entries == sum(held) == 500
    assert max(held) <= 256
    assert store._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 1000)
    assert store.prune(max_entries=900).entries == 100
    store._upkeep.removing = removing
    left, _ = truth(tmp_path)
    assert store.clear() == (900, left)
    assert truth(tmp_path) == (0, 0)
    assert store._upkeep.usage.read() == (0, 0)
    assert "brinery-files" in helped
    assert size > left


@pytest.mark.usefixtures("waiting")
def test_a_function_of_the_users_is_called_by_his_own_thread_alone(new_store):
    """It may be of a kind that no other thread may call."""
    callers = set()
    store = new_store(eviction=lambda entry: callers.add(threading.get_ident()) or entry.seconds)
    folder = store.folder("lab.f", dict)
    for number in range(300):
        keep(folder, key_of(number), number)
    assert store.prune(max_entries=100).entries == 200
    assert callers == {threading.get_ident()}
