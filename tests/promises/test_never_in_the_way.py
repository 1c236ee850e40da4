"""A failure of the cache is never a failure of the call, and nothing computed is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
from other_process import run

from brinery import (
    BrineryWarning,
    Cache,
    ChangedWhileRunningWarning,
    DamagedEntryWarning,
    EvictionWarning,
    StoreWarning,
    UnstorableResultWarning,
)


class Holder:
    """Something that holds what cannot be pickled."""

    def __init__(self):
        self.hooks = [lambda: 1]


def test_a_result_that_cannot_be_pickled_is_returned_and_its_culprit_named(memory: Cache):
    """One warning names the path to it."""

    @memory
    def f():
        return {"model": Holder()}

    with pytest.warns(UnstorableResultWarning, match=r'result\["model"\]\.hooks\[0\]') as caught:
        assert f()["model"].hooks[0]() == f()["model"].hooks[0]() == 1
    assert len(caught) == 1


def test_what_a_program_draws_after_its_seed_stays_what_it_was(new_cache):
    """Storing, counting and making room draw from a generator of their own."""
    f = new_cache(max_entries=20)(lambda x: bytes(1000))
    random.seed(1)
    before = random.getstate()
    for number in range(50):
        f(number)
    assert random.getstate() == before


def test_warnings_as_errors_cost_nobody_the_result(memory: Cache):
    """Under `-W error` it is logged instead."""

    @memory
    def f():
        return threading.Lock()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f() is not f()


def test_strict_raises_where_brinery_would_warn(new_cache):
    """Asked for by name, a result that cannot be kept is an error."""
    f = new_cache(strict=True)(lambda: threading.Lock())
    for _ in range(2):
        with pytest.raises(UnstorableResultWarning):
            f()


MEMO: dict[int, int] = {}


def remember(x):
    MEMO[x] = MEMO.get(x) or x
    return MEMO[x]


def test_a_global_that_the_function_changes_is_named(memory: Cache):
    """The result is returned and not stored; left out by name, it is."""
    MEMO.clear()
    f = memory(remember)
    with pytest.warns(ChangedWhileRunningWarning, match=r"MEMO.*ignore=\['\.MEMO'\]") as caught:
        assert [f(1), f(2)] == [1, 2]
    assert len(caught) == 1
    assert len(memory) == 0
    g = memory(ignore=[".MEMO"])(remember)
    assert [g(3), g(3)] == [3, 3]
    assert g.cache_info().hits == 1


def test_an_argument_that_the_function_changes_is_named(memory: Cache):
    """Such a call cannot be answered without its effect."""

    @memory
    def sort_in_place(label, items):
        items.sort()
        return len(items)

    items = [3, 1, 2]
    with pytest.warns(ChangedWhileRunningWarning, match="argument items changed"):
        assert sort_in_place("a", items) == 3
    assert items == [1, 2, 3]
    other = [9, 8]
    assert sort_in_place("a", other) == 2
    assert other == [8, 9]


@pytest.mark.skipif(not os.path.exists("/dev/full") or os.geteuid() != 0, reason="a small disk takes root to mount")
def test_a_full_disk_costs_one_warning(tmp_path: Path):
    """Every result is returned, and the cache goes on when there is room again."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=False, capture_output=True
    ).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        cache = Cache(place / "store")
        f = cache(lambda size: bytes(size))
        with pytest.warns(StoreWarning, match="room") as caught:
            assert [len(f(size)) for size in (10, 400_000, 500_000, 400_000)] == [10, 400_000, 500_000, 400_000]
        assert len(caught) == 1
        assert f.is_cached(10)
        assert os.listdir(place / "store" / "tmp") == []
        assert cache.verify() == []
        cache._store.close()
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_store_that_vanishes_between_calls_is_made_again(memory: Cache):
    """Also when only a part of it is gone."""
    f = memory(lambda x: [x])
    f(1)
    shutil.rmtree(memory.path)
    assert f(1) == [1]
    assert f(2) == [2]
    assert f.is_cached(1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(bytes(len(path.read_bytes()))),
        lambda path: path.write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR."),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.mkdir(), (path / "file").write_text("mine")),
        lambda path: (path.unlink(), path.symlink_to("/nowhere")),
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: os.truncate(path, 1 << 40),
    ],
    ids=["empty", "cut", "zeros", "pickle", "folder", "full-folder", "dangling", "link", "fifo", "sparse"],
)
def test_a_damaged_entry_is_a_miss_and_heals(memory: Cache, damage):
    """Whatever stands where an entry was, the value is right and the next call hits."""
    f = memory(lambda x: [x, "right"])
    f(1)
    (entry,) = memory.entries()
    damage(Path(entry.path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedEntryWarning)
        assert f(1) == [1, "right"]
    before = f.cache_info().hits
    assert f(1) == [1, "right"]
    assert f.cache_info().hits == before + 1
    assert not Path("pwned").exists()
    for path in memory.path.rglob("*.displaced-*"):
        shutil.rmtree(path)


def test_a_result_larger_than_the_store_is_returned_and_said_once(new_cache):
    """It would push out everything else and not fit even so."""
    f = new_cache(max_size=50_000)(lambda size: bytes(size))
    with pytest.warns(EvictionWarning, match="more than the store may hold") as caught:
        assert len(f(100_000)) == len(f(100_000)) == 100_000
    assert len(caught) == 1


def test_the_limit_is_kept_and_the_first_eviction_says_so(new_cache):
    """Nothing vanishes in silence."""
    cache = new_cache(max_size=200_000)
    f = cache(lambda number: bytes([number % 256]) * 10_000)
    with pytest.warns(EvictionWarning) as caught:
        for number in range(100):
            f(number)
    assert len(caught) == 1
    assert sum(entry.size for entry in cache.entries()) <= 200_000 * 1.05


def test_a_result_expires(new_cache):
    """After its time to live a call computes again; the shorter of the two times counts."""
    cache = new_cache()
    calls = []

    def f():
        calls.append(1)

    long, short = cache(ttl="1d", ignore=[".calls"])(f), cache(ttl=0.05)(f)
    assert long.cache_parameters()["ttl"] == 86400
    g = cache(ttl=0.05)(lambda: [1])
    g()
    deadline = time.monotonic() + 5
    while g.is_cached() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not g.is_cached()
    assert short.cache_parameters()["ttl"] == 0.05


KILLED = """
import os, sys, time
from brinery import Cache
@Cache(sys.argv[1])
def f(size):
    print("running", flush=True)
    time.sleep(float(sys.argv[2]))
    return bytes(size)
print(len(f(3_000_000)), flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_wrong(tmp_path: Path):
    """The next one takes over at once, and leaves no temporary file."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    store = tmp_path / "store"
    first = subprocess.Popen([sys.executable, script, store, "60"], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert first.stdout is not None
    assert first.stdout.readline() == "running\n"
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    assert run(script, store, "0", cwd=tmp_path).split() == ["running", "3000000"]
    assert run(script, store, "0", cwd=tmp_path).split() == ["3000000"]
    assert os.listdir(store / "tmp") == []
    assert Cache(store).verify() == []


def test_an_interrupt_goes_through_at_once(memory: Cache):
    """No litter stays, and the lock is free."""

    @memory
    def f():
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            f()
    assert os.listdir(memory.path / "tmp") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_place_costs_one_warning(tmp_path: Path):
    """Every call computes."""
    tmp_path.chmod(0o500)
    f = Cache(tmp_path / "store")(lambda x: [x])
    with pytest.warns(BrineryWarning) as caught:
        assert [f(1), f(1)] == [[1], [1]]
    assert len(caught) == 1
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_where_there_is_no_memory_to_look_for_an_entry_the_call_is_computed(memory, monkeypatch, error):
    """Nothing is raised that the function does not raise."""

    @memory
    def f(x):
        return x + 1

    def fail(*_, **__):
        raise error

    f(1)
    monkeypatch.setattr("brinery._store.function_folder.open_file", fail)
    assert f(1) == 2


def test_where_there_is_no_memory_to_clean_up_the_result_is_returned(memory, monkeypatch):
    """And nobody waits for the call that could not."""

    @memory
    def f(x):
        return x + 1

    def fail(*_, **__):
        raise MemoryError

    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr("brinery._store.locking.temporary.status_of", fail)
        patch.setattr("brinery._store.function_writer.FunctionWriter.put", fail)
        assert f(1) == 2
    assert f(1) == 2
    assert f.is_cached(1)
