"""Prune removes what was chosen and nothing else, and the sum is right afterwards, whatever others do meanwhile.

What it chooses by limits, age and expiry stands in `test_directory`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from bare_store import keep, key_of, open_store, path_of, value_of

from brinery._store.accounting import counts
from brinery._store.directory import Directory
from brinery._store.maintenance.pruning import Pruning
from brinery._warnings import forget_warnings

TESTS = Path(__file__).parent.parent


@pytest.fixture
def store(new_store):
    return new_store()


@pytest.fixture
def folder(store):
    return store.folder("lab.f", dict)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the time of a folder's change for its last, however young it is."""
    monkeypatch.setattr(counts, "_SETTLED", -(10**12))


@pytest.fixture
def looked_into(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The shards whose files were counted, one after the other."""
    found: list[str] = []
    look = counts._look
    monkeypatch.setattr(counts, "_look", lambda shard, function: found.append(shard) or look(shard, function))
    return found


def truth(location: Path) -> tuple[int, int]:
    """Bytes and entries, by a look at every file."""
    files = [path.lstat() for path in location.rglob("*.brine1")]
    return sum(512 * file.st_blocks for file in files), len(files)


def prune_with(store: Directory, meanwhile, **options) -> tuple[int, int]:
    """Prune, and do something between the look and the removal; what was removed."""
    with store._opened() as root:
        pruning = Pruning(root, store.root, store._upkeep, **options)
        pruning.look()
        meanwhile()
        removed = pruning.remove()
        store._upkeep.recount(known=pruning.known)
    return removed


def test_an_entry_that_was_replaced_meanwhile_stays(store, folder, tmp_path):
    """What prune has seen as expired may have been recomputed before it is removed: that is another entry."""
    for number in range(6):
        keep(folder, key_of(number), "old", ttl=1e-9)

    def meanwhile() -> None:
        for number in range(3):
            keep(folder, key_of(number), "new" * 5000)

    assert prune_with(store, meanwhile).entries == 3
    assert [value_of(folder, key_of(number)) for number in range(3)] == ["new" * 5000] * 3
    assert store._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 3)


@pytest.mark.usefixtures("settled")
def test_what_was_stored_or_removed_meanwhile_is_counted(store, folder, tmp_path):
    """The sum does not stand on what was seen of a shard that has changed since."""
    for number in range(600):
        keep(folder, key_of(number), number, ttl=1e-9 if number < 50 else None)

    def meanwhile() -> None:
        for number in range(600, 640):
            keep(folder, key_of(number), bytes(10_000))
        for number in range(100, 120):
            path_of(folder, key_of(number)).unlink()

    assert prune_with(store, meanwhile).entries == 50
    assert store._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 570)
    (told,) = store.functions()
    assert (told.bytes, told.entries) == truth(tmp_path)


@pytest.mark.usefixtures("settled")
def test_only_shards_that_changed_are_counted_again(store, folder, looked_into, tmp_path):
    """Prune has just seen all of it: what it did not change is not looked at a second time."""
    for number in range(600):
        keep(folder, key_of(number), number, ttl=1e-9 if number < 3 else None)
    looked_into.clear()  # of the first entry stored
    assert store.prune().entries == 3
    assert sorted(looked_into) == sorted(key_of(number)[:2] for number in range(3))
    assert store._upkeep.usage.read() == truth(tmp_path)


def test_a_shard_that_changed_only_just_now_is_counted_again(store, folder, monkeypatch, looked_into):
    """What is stored next may come within the same tick of the file system's clock, and its folder look the same."""
    monkeypatch.setattr(counts, "_SETTLED", 10**12)
    for number in range(10):
        keep(folder, key_of(number), number)
    looked_into.clear()
    assert store.prune().entries == 0
    assert sorted(looked_into) == sorted(key_of(number)[:2] for number in range(10))


@pytest.mark.usefixtures("settled")
def test_what_is_no_entry_stays_and_is_counted_as_it_was(store, folder, tmp_path):
    """Damaged entries are for `verify`, other formats and names for nobody; a link leads prune nowhere."""
    for number in range(200):
        keep(folder, key_of(number), number)
    damaged = path_of(folder, key_of(0))
    damaged.write_bytes(b"nonsense")
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / path_of(folder, key_of(1)).name
    path_of(folder, key_of(1)).rename(victim)
    path_of(folder, key_of(1)).symlink_to(victim)
    shard = path_of(folder, key_of(2)).parent
    shard.rename(outside / shard.name)
    shard.symlink_to(outside / shard.name)
    others = [path_of(folder, key_of(number)).with_suffix(".brine9") for number in (0, 3)]
    for other in others:
        other.write_bytes(b"of another release")
    os.mkfifo(others[1].with_name(f"{key_of(3 + 256)}.brine1"))
    assert store.prune(max_entries=0).entries == 197
    assert damaged.exists()
    assert victim.exists()
    assert (outside / shard.name / path_of(folder, key_of(2)).name).exists()
    assert all(other.exists() for other in others)
    assert store._upkeep.usage.read() == (damaged.stat().st_blocks * 512, 1)
    (told,) = store.functions()
    assert (told.entries, told.other_formats) == (1, 2)


def test_what_was_used_last_stays_under_a_limit_and_what_expired_goes_first(new_store, tmp_path):
    """The limits count what has not expired; equal priorities do not stop it."""
    store = new_store(eviction="lru")
    folder = store.folder("lab.f", dict)
    for number in range(40):
        keep(folder, key_of(number), number, ttl=1e-9 if number % 4 == 0 else None)
        os.utime(path_of(folder, key_of(number)), (number // 10, number // 10))
    assert store.prune(max_entries=20, dry_run=True) == store.prune(max_entries=20)
    left = [number for number in range(40) if path_of(folder, key_of(number)).exists()]
    assert len(left) == 20
    assert not any(number % 4 == 0 for number in left)
    assert set(range(20, 40)) - set(left) == {20, 24, 28, 32, 36}


def test_a_priority_of_the_users_own_decides(new_store):
    """Prune ranks by the store's policy: by a function of the record where that is the policy."""
    store = new_store(eviction=lambda entry: -entry.seconds)
    folder = store.folder("lab.f", dict)
    for number in range(10):
        keep(folder, key_of(number), number, seconds=float(number))
    assert store.prune(max_entries=4).entries == 6
    assert sorted(entry.seconds for entry in store.walk()) == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("entries", [300, 1500])
def test_more_than_is_removed_at_once_goes_in_steps(store, folder, entries, tmp_path):
    """Writers wait for 256 removals and no more, in small shards and in one that holds all."""
    for number in range(300):
        keep(folder, f"07{number:030x}", "one shard")
    for number in range(1000, entries + 700):
        keep(folder, key_of(number), number)
    held = []
    removing = store._upkeep.removing
    store._upkeep.removing = lambda remove: held.append(removing(remove)) or held[-1]
    assert store.prune(max_entries=10).entries == sum(removed.entries for removed in held) == entries - 10
    assert max(removed.entries for removed in held) <= 256
    assert store._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 10)


KILLED = """
import os, signal, sys
from bare_store import open_store
from brinery._store.maintenance import pruning

store = open_store(sys.argv[1])
remove, left = pruning.remove_files, int(sys.argv[2])

def dying(folder, files):
    global left
    files = list(files)
    removed = remove(folder, files[:left])
    left -= removed.entries
    if len(files) > removed.entries:
        os.kill(os.getpid(), signal.SIGKILL)
    return removed

pruning.remove_files = dying
store.prune(max_entries=100)
"""


@pytest.mark.parametrize("after", [0, 1, 300])
def test_a_prune_that_is_killed_leaves_a_sound_store(store, folder, after, tmp_path):
    """The sum may be too high then, as it was, and never too low; the next prune does the rest."""
    for number in range(700):
        keep(folder, key_of(number), number)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "store"), str(after)]
    path = os.pathsep.join([str(TESTS), *sys.path])
    ended = subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": path})
    assert ended.returncode == -signal.SIGKILL
    size, entries = truth(tmp_path)
    assert entries == 700 - after
    counted = store._upkeep.usage.read()
    assert counted is not None
    assert counted.bytes >= size
    assert counted.entries >= entries
    assert store.verify() == []
    assert store.prune(max_entries=100).entries == entries - 100
    assert store._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 100)


WRITES = """
import sys
from bare_store import keep, key_of, open_store

store = open_store(sys.argv[1])
folder = store.folder("lab.f", dict)
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 400):
    keep(folder, key_of(number), number, ttl=1e-9 if number % 3 == 0 else None)
store.close()
"""


def test_writers_lose_nothing_that_prune_did_not_choose(new_store, tmp_path):
    """Two processes store while this one prunes what has expired: the rest is all there, and the sum is right."""
    store = new_store()
    folder = store.folder("lab.f", dict)
    path = os.pathsep.join([str(TESTS), *sys.path])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES, str(tmp_path / "store"), str(first)],
            env={**os.environ, "PYTHONPATH": path},
        )
        for first in (0, 200)
    ]
    removed = 0
    while any(writer.poll() is None for writer in writers):
        removed += store.prune(max_entries=10_000).entries
    removed += store.prune(max_entries=10_000).entries
    assert [writer.returncode for writer in writers] == [0, 0]
    assert removed >= 200
    assert all(value_of(folder, key_of(number)) == number for number in range(600) if number % 3)
    assert store._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 400)


def test_two_who_prune_at_once_subtract_each_entry_once(new_store, tmp_path):
    """Both chose the same entries; each removal is counted by whoever made it."""
    one, other = new_store(), open_store(tmp_path / "store")
    folder = one.folder("lab.f", dict)
    for number in range(500):
        keep(folder, key_of(number), number)
    removed = prune_with(one, lambda: other.prune(max_entries=200), max_entries=100)
    assert removed.entries == 100
    assert one._upkeep.usage.read() == truth(tmp_path) == (truth(tmp_path)[0], 100)
    other.close()


@pytest.mark.parametrize(
    "rank", [lambda entry: 1 / 0, lambda entry: "much", lambda entry: float("nan"), lambda entry: None]
)
def test_an_eviction_function_that_gives_no_number_costs_no_pruning(new_cache, rank):
    """Entries go by their last use then, and it is said once."""
    memory = new_cache(eviction=rank)

    @memory
    def f(x):
        return x

    for number in range(4):
        f(number)
        os.utime(memory.find(f.key(number))[0].path, (1e9 + number, 1e9 + number))
    forget_warnings()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert memory.prune(max_entries=2).entries == 2
    assert [f.is_cached(number) for number in range(4)] == [False, False, True, True]
    assert all("the eviction function raised" in str(one.message) for one in said)
    assert len(said) <= 1
