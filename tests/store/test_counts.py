"""What is told of a large store is true, whenever its shards were counted last, and few of them are looked into."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from bare_store import keep, key_of, path_of, wait_until
from other_process import run, write

from brinery import Cache
from brinery._store.accounting import counts

SHARDS = 256


@pytest.fixture
def looked_into(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The shards whose files were looked at, one after the other."""
    found: list[str] = []
    look = counts._look

    def noting(shard: str, function: int):
        found.append(shard)
        return look(shard, function)

    monkeypatch.setattr(counts, "_look", noting)
    return found


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Count nothing as changed only just now, once the clock of the file system has gone on."""
    monkeypatch.setattr(counts, "_SETTLED", 0)

    def wait() -> None:
        def stamp() -> int:
            (tmp_path / "clock").write_bytes(b"")
            os.utime(tmp_path / "clock")
            return (tmp_path / "clock").stat().st_ctime_ns

        before = stamp()
        wait_until(lambda: stamp() > before)

    return wait


def truth(folder: Path) -> tuple[int, int]:
    """Entries and bytes, by a look at every file."""
    files = [path.stat() for path in folder.rglob("*.brine1")]
    return len(files), sum(512 * file.st_blocks for file in files)


def filled(new_store, entries: int):
    store = new_store()
    folder = store.folder("lab.f", dict)
    for number in range(entries):
        keep(folder, key_of(number), number)
    return store, folder


def test_only_what_changed_is_looked_into_again(new_store, looked_into, settled, tmp_path):
    """Counted once, a store is told of by the times of its folders; who asks writes nothing."""
    store, folder = filled(new_store, 300)
    settled()
    store._upkeep.recount()
    looked_into.clear()
    assert store.info().entries == 300
    assert store.functions()[0].entries == 300
    assert looked_into == []

    keep(folder, key_of(1000), 0)
    path_of(folder, key_of(7)).unlink()
    changed = {key_of(1000)[:2], key_of(7)[:2]}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for _ in range(2):
        looked_into.clear()
        (found,) = store.functions()
        assert (found.entries, found.bytes) == truth(tmp_path) == (300, found.bytes)
        assert set(looked_into) == changed
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("seed", range(5))
def test_what_is_told_is_true_after_any_change(new_store, settled, tmp_path, seed):
    """Entries stored, replaced by larger ones, removed, evicted and deleted by hand, counted at any time between."""
    rng = random.Random(seed)
    store, folder = filled(new_store, 200)
    small = new_store(max_entries=180).folder("lab.f", dict)
    for _ in range(60):
        number = rng.randrange(300)
        key = key_of(number)
        change = rng.randrange(7)
        if change == 0:
            keep(folder, key, bytes(rng.randrange(20_000)))
        elif change == 1:
            folder.remove(key)
        elif change == 2:
            path_of(folder, key).unlink(missing_ok=True)
        elif change == 3:
            keep(small, key_of(1000 + number), number)
        elif change == 4:
            shard = path_of(folder, key).parent
            shard.mkdir(exist_ok=True)
            (shard / f"{key}.brine9").touch()
        else:
            settled()
            store._upkeep.recount()
        (found,) = store.functions()
        assert (found.entries, found.bytes) == truth(tmp_path)
        assert found.other_formats == store.info().other_formats == len(list(tmp_path.rglob("*.brine9")))


def test_a_folder_that_changed_only_just_now_is_looked_into_again(new_store, looked_into, tmp_path):
    """What comes next may come within the same tick of the file system's clock, and must not be missed."""
    store, folder = filled(new_store, 100)
    for number in range(100, 400):
        store._upkeep.recount()
        keep(folder, key_of(number), number)
        assert store.info().entries == number + 1


@pytest.mark.parametrize(
    "data",
    [b"", b"nonsense", bytes(56 * 256), bytes(56 * 300), b"\xff" * 56 * 100, bytes(range(56)) * 64],
    ids=["empty", "odd", "zeros", "long", "ones", "any"],
)
def test_a_spoilt_file_of_counts_is_none(new_store, tmp_path, data):
    """Whatever is in it: the store is told of as if there were none, and the file is made again."""
    store, folder = filled(new_store, 300)
    Path(folder.prefix, "counts").write_bytes(data)
    (found,) = store.functions()
    assert (found.entries, found.bytes) == truth(tmp_path)
    assert 0 < found.last_use < 2**33
    assert store.clear().entries == 300
    assert not Path(folder.prefix).exists()


PROGRAM = """
import sys
from brinery import Cache

@Cache("store", max_size=None)
def f(x):
    return x

@Cache("store", max_size=None)
def g(x):
    return x

first, last = map(int, sys.argv[1:])
for number in range(first, last):
    f(number)
if not first:
    for number in range(last):
        g(number)
"""


def test_a_process_that_ends_counts_nothing(tmp_path: Path):
    """However much it stored, and however large the store: it writes its own hits and misses, and looks at no entry."""
    write(tmp_path, script=PROGRAM)
    run("script.py", "0", "400", cwd=tmp_path)
    looking = "import brinery._store.accounting.counts as counts\ncounts._look = lambda *_: print('looked')\n"
    write(tmp_path, looking=looking + PROGRAM)
    assert run("looking.py", "400", "700", cwd=tmp_path) == ""
    assert not list(tmp_path.rglob("counts"))
    total = Cache(tmp_path / "store").info()
    assert (total.entries, total.misses) == (1100, 1100)


def test_a_hit_that_is_written_down_is_the_last_use_of_its_function(tmp_path: Path, looked_into):
    """Even though the file that it touched is not looked at."""
    write(tmp_path, script=PROGRAM)
    for first, last in ((0, 400), (400, 401)):
        run("script.py", str(first), str(last), cwd=tmp_path)
    place = tmp_path / "store" / Cache(tmp_path / "store").functions()[0].slug
    for file in place.rglob("*.brine1"):  # all of them are old and of little worth, so that a hit is written down
        os.utime(file, (1e9, 1e9))
    Cache(tmp_path / "store")._directory_here()._upkeep.recount()
    assert Cache(tmp_path / "store").functions()[0].last_use < 1.7e9
    looked_into.clear()
    run("script.py", "5", "6", cwd=tmp_path)
    latest = max(file.stat().st_atime for file in place.rglob("*.brine1"))
    assert Cache(tmp_path / "store").functions()[0].last_use == pytest.approx(latest, abs=0.01)
    assert len(looked_into) < 20


def test_small_functions_leave_no_file(tmp_path: Path):
    """What lies in a few shards is counted as soon as it is read what was counted."""
    write(tmp_path, script=PROGRAM)
    run("script.py", "0", "40", cwd=tmp_path)
    run("script.py", "40", "41", cwd=tmp_path)
    assert not list(tmp_path.rglob("counts"))
