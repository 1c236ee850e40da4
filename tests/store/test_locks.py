"""The temporary file is the lock."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import shutil
import signal
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bare_store import CODEC, call, keep, key_of, open_store, start, value_of, wait_until

from brinery._store.disk.files import try_lock
from brinery._store.disk.names import temporary_name
from brinery._store.locking import holder, runs
from brinery._store.locking.locks import Turn
from brinery._store.locking.temporary import Temporary

KEY = key_of(1)
OTHER = key_of(2)

HOLD = """
folder = open_folder(sys.argv[1])
claim = folder.claim(key_of(1))
print(claim.attempt().name)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path):
    store = open_store(tmp_path / "store")
    yield store.folder("lab.f", dict)
    store.close()


def elsewhere(function, *arguments):
    """Call as another thread would: as part of no run."""
    return contextvars.Context().run(function, *arguments)


def temporaries(folder) -> list[str]:
    return os.listdir(Path(folder.prefix).parent / "tmp")


def put(folder, claim, value, key=KEY):
    return folder.put(claim, key, CODEC.dumps(value), seconds=1.0, ttl=None, metadata={})


def test_the_first_computes_and_the_second_waits_until_it_has_stored(folder):
    """One holds the key; who comes meanwhile waits, then looks and finds it."""
    first, second = folder.claim(KEY), folder.claim(KEY)
    assert first.attempt() is Turn.COMPUTE
    assert elsewhere(second.attempt) is Turn.WAIT
    assert put(folder, first, "one")
    first.release()
    assert elsewhere(second.attempt) is Turn.LOOK
    assert value_of(folder, KEY) == "one"
    second.release()
    assert temporaries(folder) == []


def test_a_claim_that_lost_the_race_is_told_to_look(folder):
    """What was stored between the miss and the lock is found, not computed again."""
    late = folder.claim(KEY)
    assert keep(folder, KEY, "one")
    assert late.attempt() is Turn.LOOK
    assert late.attempt() is Turn.COMPUTE
    late.release()


def test_waiters_of_a_run_that_stored_nothing_all_go_at_once(folder):
    """Nobody queues for a lock behind a result that cannot be kept."""
    first = folder.claim(KEY)
    waiters = [folder.claim(KEY) for _ in range(5)]
    assert first.attempt() is Turn.COMPUTE
    assert {elsewhere(waiter.attempt) for waiter in waiters} == {Turn.WAIT}
    first.release()
    assert [elsewhere(waiter.attempt) for waiter in waiters] == [Turn.LOOK] * 5
    assert [elsewhere(waiter.attempt) for waiter in waiters] == [Turn.ALONE] * 5
    assert all(put(folder, waiter, "alone") for waiter in waiters)
    for waiter in waiters:
        waiter.release()
    assert value_of(folder, KEY) == "alone"
    assert temporaries(folder) == []


def test_a_call_within_its_own_run_computes(folder):
    """A re-entrant call, and one by a task of the run, never waits for itself."""
    outer = folder.claim(KEY)
    assert outer.attempt() is Turn.COMPUTE
    assert folder.claim(KEY).attempt() is Turn.ALONE

    async def inner() -> Turn:
        async def task() -> Turn:
            return folder.claim(KEY).attempt()

        return await asyncio.create_task(task())

    assert asyncio.run(inner()) is Turn.ALONE
    outer.release()
    again = folder.claim(KEY)
    assert again.attempt() is Turn.COMPUTE
    again.release()


def test_tasks_of_one_thread_exclude_each_other(folder):
    """A waiting task is woken by the end of the one that computes, and finds its result."""

    async def one(value: str) -> str:
        claim = folder.claim(KEY)
        try:
            while (turn := claim.attempt()) is not Turn.COMPUTE:
                if turn is Turn.WAIT:
                    await claim.pause_async()
                elif (found := folder.get(KEY, None, CODEC)) is not None:
                    return found[0]
            await asyncio.sleep(0.01)
            put(folder, claim, value)
            return value
        finally:
            claim.release()

    async def both() -> list[str]:
        return await asyncio.gather(*[one(f"task {number}") for number in range(20)])

    assert set(asyncio.run(both())) == {"task 0"}


def test_release_can_be_called_at_any_time(folder):
    """Before an attempt, twice, after an exception: nothing is left."""
    claim = folder.claim(KEY)
    claim.release()
    assert claim.attempt() is Turn.COMPUTE
    claim.release()
    claim.release()
    assert temporaries(folder) == []


def test_a_pause_ends_with_the_run_that_is_waited_for(folder):
    """A thread that pauses goes on as soon as the holder in its process ends."""
    first = folder.claim(KEY)
    assert first.attempt() is Turn.COMPUTE
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call(folder, KEY, lambda: "computed twice")))
    thread.start()
    wait_until(lambda: bool(runs._runs[next(iter(runs._runs))]._listeners))
    put(folder, first, "once")
    first.release()
    thread.join(10)
    assert results == ["once"]


def test_a_killed_holder_is_succeeded_by_one_and_the_others_wait_for_that_one(folder, tmp_path):
    """After kill -9 the lock is free: one takes over the file, the waiters do not stampede."""
    child = start(HOLD, tmp_path / "store")
    assert child.stdout.readline() == "COMPUTE\n"
    first, second = folder.claim(KEY), folder.claim(KEY)
    assert elsewhere(first.attempt) is Turn.WAIT
    assert elsewhere(second.attempt) is Turn.WAIT
    child.kill()
    child.communicate()
    wait_until(lambda: elsewhere(first.attempt) is Turn.COMPUTE)
    assert elsewhere(second.attempt) is Turn.WAIT
    assert put(folder, first, "after")
    first.release()
    assert elsewhere(second.attempt) is Turn.LOOK
    assert value_of(folder, KEY) == "after"
    assert temporaries(folder) == []


def test_one_alone_takes_over_after_a_killed_holder(folder, tmp_path, monkeypatch):
    """Who finds the dead one's marker in a locked file waits if another is just taking over, and has not signed yet."""
    killed = start(HOLD, tmp_path / "store")
    assert killed.stdout.readline() == "COMPUTE\n"
    killed.kill()
    killed.communicate()
    path = tmp_path / "store" / "tmp" / temporary_name(folder.slug, KEY)
    marker = holder.encode_holder("another run")
    other = os.open(path, os.O_RDWR)
    assert try_lock(other)
    claim = folder.claim(KEY)

    def lock(fd, real=try_lock):
        is_ours = real(fd)
        if is_ours and stat.S_ISDIR(os.fstat(fd).st_mode):  # the folder's own, before the file is replaced
            os.pwrite(other, marker, 0)
            os.ftruncate(other, len(marker))
        return is_ours

    monkeypatch.setattr("brinery._store.locking.locks.try_lock", lock)
    try:
        assert claim.attempt() is Turn.WAIT
        assert path.stat().st_ino == os.fstat(other).st_ino
    finally:
        os.close(other)


def test_a_killed_holder_is_succeeded_though_a_forked_child_keeps_its_lock(folder, tmp_path):
    """The holder's process stands in the file, so an inherited lock deceives nobody."""
    source = """
import ctypes, os, signal
folder = open_folder(sys.argv[1])
claim = folder.claim(key_of(1))
claim.attempt()
child = ctypes.CDLL(None).fork()  # behind Python's back, so nothing is closed
if child == 0:
    signal.pause()
print(child)
signal.pause()
"""
    process = start(source, tmp_path / "store")
    orphan = int(process.stdout.readline())
    try:
        first, second = folder.claim(KEY), folder.claim(KEY)
        assert elsewhere(first.attempt) is Turn.WAIT
        assert elsewhere(second.attempt) is Turn.WAIT
        process.kill()
        process.wait()
        wait_until(lambda: elsewhere(first.attempt) is Turn.COMPUTE)
        assert elsewhere(second.attempt) is Turn.WAIT
        assert put(folder, first, "after")
        first.release()
    finally:
        os.kill(orphan, signal.SIGKILL)
        process.communicate()
    assert value_of(folder, KEY) == "after"
    assert temporaries(folder) == []


def test_a_forked_child_neither_keeps_nor_breaks_the_lock_of_its_parent(folder):
    """After a fork the child has no descriptor of the lock, and its end changes nothing."""
    claim = folder.claim(KEY)
    assert claim.attempt() is Turn.COMPUTE
    child = os.fork()
    if child == 0:
        code = 1
        try:
            opened = [os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
            is_closed = not any(KEY in path for path in opened)
            others = elsewhere(folder.claim(KEY).attempt) is Turn.WAIT
            inner = folder.claim(KEY).attempt() is Turn.ALONE
            is_kept = put(folder, claim, "the child's")  # by a file of its own
            claim.release()
            code = 0 if is_closed and others and inner and is_kept else 1
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert elsewhere(folder.claim(KEY).attempt) is Turn.WAIT
    assert put(folder, claim, "the parent's")
    claim.release()
    assert value_of(folder, KEY) == "the parent's"
    assert temporaries(folder) == []


def test_two_threads_that_wait_for_each_other_do_not_hang(folder):
    """f computes g in one thread and g computes f in another: at least one notices and computes."""
    for number in range(10):
        keys = key_of(10 * number + 1), key_of(10 * number + 2)
        barrier = threading.Barrier(2)

        def nested(outer: str, inner: str, meet=barrier) -> str:
            def compute() -> str:
                meet.wait(10)
                return call(folder, inner, lambda: "inner")

            return call(folder, outer, compute)

        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(nested, *keys), pool.submit(nested, *reversed(keys))]
            assert [future.result(20) for future in futures] == ["inner", "inner"]
    assert temporaries(folder) == []


def test_three_processes_on_a_ring_do_not_hang(folder, tmp_path):
    """Each holds one key and wants the next one's: they all end."""
    source = """
folder = open_folder(sys.argv[1])
mine, other = key_of(int(sys.argv[2])), key_of(int(sys.argv[3]))
def compute():
    print("ready"); sys.stdin.readline()
    return call(folder, other, lambda: "other")
print(call(folder, mine, compute))
"""
    processes = [start(source, tmp_path / "store", one, one % 3 + 1) for one in (1, 2, 3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=30)[0] == "other\n"
    assert temporaries(folder) == []


def test_what_is_removed_during_its_run_is_not_stored(folder):
    """`remove` and `clear` win over a run that began before them, with the lock or without."""
    for forget in (lambda: folder.remove(KEY), lambda: open_store(Path(folder.prefix).parent).clear("lab.f")):
        assert keep(folder, OTHER, "old")
        claim, alone = folder.claim(KEY), folder.claim(KEY)
        assert claim.attempt() is Turn.COMPUTE
        assert alone.attempt() is Turn.ALONE
        forget()
        assert not put(folder, claim, "too late")
        assert not put(folder, alone, "too late")
        claim.release()
        alone.release()
        assert value_of(folder, KEY) == "nothing"
        assert temporaries(folder) == []


def test_a_new_run_after_a_removal_does_not_wait_for_the_old_one(folder, tmp_path):
    """Whoever calls after `forget` gets a result that was computed after it."""
    child = start(HOLD, tmp_path / "store")
    child.stdout.readline()
    folder.remove(KEY)
    claim = folder.claim(KEY)
    assert claim.attempt() is Turn.COMPUTE
    assert put(folder, claim, "new")
    claim.release()
    child.communicate("\n")
    assert value_of(folder, KEY) == "new"
    assert temporaries(folder) == []


def test_a_removed_store_is_made_again(folder, tmp_path):
    """rm -rf during a run costs that result, and nothing else."""
    claim = folder.claim(KEY)
    assert claim.attempt() is Turn.COMPUTE
    shutil.rmtree(tmp_path / "store")
    assert not put(folder, claim, "lost")
    claim.release()
    assert call(folder, KEY, lambda: "again") == "again"
    assert value_of(folder, KEY) == "again"


@pytest.mark.parametrize("obstacle", ["fifo", "folder", "full folder", "link", "dangling link", "hard link"])
def test_whatever_stands_at_the_place_of_the_lock_makes_way(folder, tmp_path, obstacle):
    """A FIFO, a folder or a link there costs nothing: the lock is taken, and what a link leads to is untouched."""
    keep(folder, OTHER, "makes the store")
    name = Path(folder.prefix).parent / "tmp" / f"{folder.slug[-8:]}-{KEY}"
    victim = tmp_path / "victim"
    victim.write_text("precious")
    if obstacle == "fifo":
        os.mkfifo(name)
    elif obstacle == "folder":
        name.mkdir()
    elif obstacle == "full folder":
        name.mkdir()
        (name / "precious").touch()
    elif obstacle == "hard link":
        name.hardlink_to(victim)
    else:
        name.symlink_to(victim if obstacle == "link" else tmp_path / "nothing")
    claim = folder.claim(KEY)
    assert claim.attempt() is Turn.COMPUTE
    assert elsewhere(folder.claim(KEY).attempt) is Turn.WAIT
    assert put(folder, claim, "stored")
    claim.release()
    assert value_of(folder, KEY) == "stored"
    assert victim.read_text() == "precious"
    assert not os.path.lexists(name)
    if obstacle == "full folder":
        assert len(list(name.parent.glob(f"{name.name}.displaced-*/precious"))) == 1


def test_deep_recursion_leaves_descriptors_to_the_program(folder):
    """A function that calls itself through the cache a thousand times deep runs out of nothing."""
    key_at = key_of

    def count_down(number: int) -> int:
        return call(folder, key_at(number), lambda: 0 if number == 0 else 1 + count_down(number - 1))

    def run() -> int:
        return count_down(400)

    import sys

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        assert elsewhere(run) == 400
    finally:
        sys.setrecursionlimit(limit)
    assert temporaries(folder) == []


def test_an_interrupt_leaves_nothing(folder):
    """KeyboardInterrupt goes through at once, and the next call computes."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(folder, KEY, interrupt)
    gc.collect()
    assert temporaries(folder) == []
    assert call(folder, KEY, lambda: "computed") == "computed"


def test_markers_are_read_back_and_anything_else_is_none():
    """A marker says who holds; torn, foreign or hostile bytes say nothing."""
    marker = holder.encode_holder("token", ["a", "b"])
    parsed = holder.parse_holder(marker)
    assert parsed is not None
    assert (parsed.pid, parsed.token, parsed.waits) == (os.getpid(), "token", ("a", "b"))
    assert not parsed.is_gone()
    assert parsed._replace(started="1").is_gone()
    assert not parsed._replace(started="1", machine="another").is_gone()
    huge = marker.replace(f" {os.getpid()} ".encode(), b" 1" + b"0" * 30 + b" ")
    for odd in (b"", huge, marker[:-1], marker[:20], b"\xff" * 100, b"brinery-holder a -1 b c\n\n", b"x y 1 2 3\n\n"):
        assert holder.parse_holder(odd) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_a_number_that_another_users_process_was_given_holds_nothing(monkeypatch):
    """A killed process's marker is nobody's, whoever's process has its number now and may not be asked."""

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    parsed = holder.parse_holder(holder.encode_holder("token", has_lock=False))
    assert not parsed.is_gone()
    assert parsed.holds_by_marker()
    assert parsed._replace(started="1").is_gone()
    assert not parsed._replace(started="1").holds_by_marker()


def test_a_program_that_closes_all_descriptors_goes_on_storing(folder, tmp_path):
    """A daemon closes everything and opens other files: ours are opened anew, and its own are not written to."""
    source = """
folder = open_folder(sys.argv[1])
keep(folder, key_of(1), 1)
import os
os.closerange(3, 100)
mine = [os.open(f"{sys.argv[2]}/{number}", os.O_CREAT | os.O_RDWR) for number in range(10)]
os.mkdir(sys.argv[2] + "/folder")
mine += [os.open(sys.argv[2] + "/folder", os.O_RDONLY) for _ in range(10)]
print(keep(folder, key_of(2), 2), [os.fstat(fd).st_size for fd in mine[:10]], os.listdir(sys.argv[2] + "/folder"))
"""
    (tmp_path / "daemon").mkdir()
    process = start(source, tmp_path / "store", tmp_path / "daemon")
    assert process.communicate(timeout=30)[0] == f"True {[0] * 10} []\n"
    assert (value_of(folder, key_of(1)), value_of(folder, key_of(2))) == (1, 2)


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "after making room"])
def test_a_run_never_puts_anothers_unfinished_file_in_its_place(folder, monkeypatch, is_late):
    """Cleared in the moment of its renaming, and begun anew by another: nothing is stored, and nothing half shown."""
    claim = folder.claim(KEY)
    assert claim.attempt() is Turn.COMPUTE
    others = []

    def begin_anew():
        path = Path(folder.prefix).parent / "tmp" / temporary_name(folder.slug, KEY)
        path.unlink()
        path.write_bytes(b"a marker, or half an entry")
        others.append(path)

    def look(self, *given, real=Temporary._is_there):
        found = real(self, *given)
        if found and not others:
            begin_anew()
        return found

    def publish(self, *given, real=Temporary.publish):
        begin_anew()
        return real(self, *given)

    if is_late:
        monkeypatch.setattr("brinery._store.locking.temporary._AT_ONCE", 0.0)
        monkeypatch.setattr(Temporary, "_is_there", look)
    else:
        monkeypatch.setattr("brinery._store.locking.temporary._AT_ONCE", 60.0)
        monkeypatch.setattr(Temporary, "publish", publish)
    assert not put(folder, claim, "cleared")
    claim.release()
    assert others
    assert not Path(folder.prefix, KEY[:2], f"{KEY}.brine1").exists()
