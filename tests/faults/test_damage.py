"""Whatever becomes of a stored file: the right value, promptly, without an exception, and the store heals."""

from __future__ import annotations

import os
import random
import shutil
import time
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from damage import EVERY, OF_CONTENT, VICTIM_TEXT, Damage, Place, full_folder, removed, swapped, unreadable
from outcomes import quietly

from brinery import Cache

BESIDE_THE_ENTRIES = ["CACHEDIR.TAG", ".gitignore", "store.json", "usage", "generation", "function.json", "statistics"]
BESIDE_THE_ENTRIES += ["counts"]


def value(x: int) -> list[object]:
    return [x, "right", "a text that makes it longer " * x]


@pytest.fixture
def victim(tmp_path: Path):
    """Somebody else's file, which nothing may change."""
    path = tmp_path / "victim"
    path.write_bytes(VICTIM_TEXT)
    path.chmod(0o640)
    before = path.stat()
    yield path
    after = path.stat()
    assert path.read_bytes() == VICTIM_TEXT
    assert (after.st_mode, after.st_mtime_ns, after.st_ino) == (before.st_mode, before.st_mtime_ns, before.st_ino)


def filled(place: Path) -> Cache:
    """A store with every kind of file that one has."""
    cache = Cache(place)
    f = cache(value)
    for x in range(4):
        f(x)
        f(x)
    cache(lambda: "of another function")()
    f.forget(3)
    from brinery._store.accounting.statistics import flush_reports

    flush_reports()
    return cache


def place_for(damage: Damage, path: Path, other: Path, victim: Path) -> Place:
    return Place(other, victim, random.Random(zlib.crc32(f"{damage.__name__} {path.name}".encode())))


def entry_of(cache: Cache, f: Callable[..., object], x: int) -> Path:
    (found,) = cache.find(f.key(x))
    return Path(found.path)


@pytest.mark.parametrize("damage", EVERY, ids=lambda damage: damage.__name__)
def test_a_spoilt_entry_is_a_miss_and_heals(tmp_path, victim, damage):
    """Whatever stands at an entry's place: the call is right at once, says so once at most, and then hits again."""
    for is_known in (True, False):
        place = tmp_path / f"{is_known}"
        cache = filled(place)
        f = cache(value)
        path = entry_of(cache, f, 1)
        damage(path, place_for(damage, path, entry_of(cache, f, 2), victim))
        if not is_known:
            cache = Cache(place)
            f = cache(value)
        began = time.monotonic()
        with quietly() as said:
            assert [f(1), f(2), f(0)] == [value(1), value(2), value(0)]
            assert f.is_cached(1)
            hits = f.cache_info().hits
            assert [f(1), f(2), f(0)] == [value(1), value(2), value(0)]
            assert f.cache_info().hits == hits + 3
        assert time.monotonic() - began < 5
        assert len(said) <= (2 if damage.__name__ == "swapped" else 1)
        cache.verify(fix=True)  # the metadata, which are only for people, may be damaged still
        assert cache.verify() == []


@pytest.mark.parametrize("damage", EVERY, ids=lambda damage: damage.__name__)
def test_a_spoilt_file_beside_the_entries_loses_nothing(tmp_path, victim, damage):
    """What is stored is still found, what is new is kept, and people's questions are answered without a word."""
    for name, is_known in product(BESIDE_THE_ENTRIES, (True, False)):
        with telling(f"{name}, {'in the same process' if is_known else 'opened anew'}"):
            place = tmp_path / f"{name}-{is_known}"
            cache = filled(place)
            f = cache(value)
            folder = entry_of(cache, f, 1).parent.parent
            in_folder = ("function.json", "statistics", "counts")
            path = folder / name if name in in_folder else place / name
            if name == "counts":  # which only a larger one has
                path.write_bytes(bytes(56 * 64))
            other = folder / "function.json" if name != "function.json" else place / "store.json"
            damage(path, place_for(damage, path, other, victim))
            cache = cache if is_known else Cache(place, max_entries=100)
            check_that_nothing_is_lost(cache, place)


def check_that_nothing_is_lost(cache: Cache, place: Path) -> None:
    f = cache(value)
    with quietly() as said:
        assert f(1) == value(1)
        assert f.cache_info().hits == 1
        assert f(7) == f(7) == value(7)
        assert f.cache_info().hits == 2
        cache.info()
        cache.functions()
        cache.settings()
        f.explain(9)
        f.forget(7)
        assert not f.is_cached(7)
        assert f.refresh(0) == value(0)
        assert cache.path == place
    assert said == []
    cache.clear()
    assert cache.entries() == []


@contextmanager
def telling(what: str):
    """Add to whatever goes wrong inside what it was about."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"with {what}")
        raise


@pytest.mark.parametrize("at", [0, 5, 40, 100, 127, 128, 140, 200])
def test_a_long_result_is_covered_at_every_place(tmp_path, at):
    """A flipped bit in a large buffer, in its table or in its stream is a miss like any other."""
    cache = Cache(tmp_path / "store")
    f = cache(lambda size: [bytearray(range(256)) * size, "end"])
    right = f(8000)
    path = entry_of(cache, f, 8000)
    size = path.stat().st_size
    data = bytearray(path.read_bytes())
    data[at * (size - 1) // 200] ^= 0x10
    path.write_bytes(data)
    with quietly():
        assert f(8000) == right
        assert f(8000) == right
    assert f.cache_info().hits == (2 if at == 200 else 1)  # the last byte is of the metadata


@pytest.mark.parametrize("damage", OF_CONTENT, ids=lambda damage: damage.__name__)
def test_a_spoilt_entry_with_buffers_is_a_miss_and_heals(tmp_path, victim, damage):
    """The same for entries of several megabytes, and for what `mmap` and `trust_unchanged` leave unhashed."""
    cache = Cache(tmp_path / "store", trust_unchanged=True)
    f = cache(lambda size: [bytearray(range(256)) * size, size])
    for size in (5000, 6000):
        f(size)
        f(size)
    path = entry_of(cache, f, 5000)
    damage(path, place_for(damage, path, entry_of(cache, f, 6000), victim))
    with quietly():
        for size in (5000, 6000):
            for _ in range(2):
                assert f(size) == [bytearray(range(256)) * size, size]


@pytest.mark.parametrize("obstacle", ["file", "fifo", "link", "dangling link"])
@pytest.mark.parametrize("spot", ["function", "shard", "tmp"])
@pytest.mark.parametrize("mended", ["by verify", "by the next store"])
def test_a_folder_of_the_store_replaced_by_something_else_heals(tmp_path, spot, obstacle, mended):
    """It is one miss, `verify` lists it, and it goes with `verify --fix` or the next result that is stored there."""
    cache = Cache(tmp_path / "store")
    f = cache(value)
    f(1)
    (found,) = cache.entries()
    shard = Path(found.path).parent
    place = {"function": shard.parent, "shard": shard, "tmp": tmp_path / "store" / "tmp"}[spot]
    shutil.rmtree(place)
    victim = tmp_path / "victim"
    if obstacle == "file":
        place.write_bytes(b"nothing of ours")
    elif obstacle == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to(victim)
    if obstacle == "link":
        victim.mkdir()
        (victim / "precious").write_bytes(VICTIM_TEXT)
    with quietly() as said:
        assert [bad.path for bad in cache.verify()] == [str(place)]
        if mended == "by verify":
            assert [bad.removed for bad in cache.verify(fix=True)] == [True]
            assert not os.path.lexists(place)
        assert [f(1), f.refresh(1)] == [value(1), value(1)]
        assert Cache(tmp_path / "store")(value).is_cached(1)
    assert said == []
    assert cache.verify() == []
    if obstacle == "link":
        assert os.listdir(victim) == ["precious"]
        assert (victim / "precious").read_bytes() == VICTIM_TEXT


def test_verify_finds_every_bad_file_and_fix_removes_exactly_those(tmp_path, victim):
    """Entries spoilt in each way, and whatever stands at temporary names: listed, then gone, the rest untouched."""
    place = tmp_path / "store"
    cache = Cache(place)
    f = cache(value)
    arguments = range(2 * len(EVERY))
    for x in arguments:
        f(x)
    paths = [entry_of(cache, f, x) for x in arguments]
    bad = set()
    for number, damage in enumerate(EVERY):
        path, other = paths[2 * number], paths[2 * number + 1]
        if damage is unreadable or damage is removed:  # nothing is bad then, at least not for root
            continue
        damage(path, place_for(damage, path, other, victim))
        bad |= {path, other} if damage is swapped else {path}
    kinds = ("file", "fifo", "link", "folder")
    names = {kind: place / "tmp" / f"0123abcd-{number:032x}" for number, kind in enumerate(kinds)}
    names["file"].write_bytes(b"half")
    os.mkfifo(names["fifo"])
    names["link"].symlink_to(victim)
    names["folder"].mkdir()
    bad |= set(names.values())
    strays = [place / "notes.txt", paths[0].parent / "notes.txt", place / "tmp" / "notes.txt"]
    for path in strays:
        path.write_text("mine")
    good = {path: path.read_bytes() for path in paths if path not in bad and path.exists()}

    assert {Path(one.path) for one in cache.verify()} == bad
    fixed = cache.verify(fix=True)
    assert {Path(one.path) for one in fixed if one.removed} == bad
    assert not any(path.is_symlink() or path.exists() for path in bad)
    assert {path: path.read_bytes() for path in good} == good
    assert all(path.read_text() == "mine" for path in strays)
    assert cache.verify() == []
    assert (next(paths[EVERY.index(full_folder) * 2].parent.glob("*displaced*")) / "file").read_bytes() == VICTIM_TEXT
