"""Nothing is ever written into, and nobody waits for, a file that another user owns or can write to."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from second_user import (
    ALICE,
    BOB,
    NAMES,
    ROOT,
    SHARED_SECRET,
    TEAM,
    as_user,
    cached,
    load_all,
    needs_root,
    open_folder_for_all,
    use,
)

from brinery import Cache
from brinery._store.accounting.statistics import flush_reports
from brinery._store.disk.names import temporary_name

pytestmark = needs_root

PRIVATE = b"the answer to"


@pytest.fixture(scope="module", autouse=True)
def everything_loaded():
    load_all()


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    """What has the owner and the mode of a lock of ours is waited for, for some seconds."""
    monkeypatch.setattr("brinery._store.locking.waiting._PATIENCE", 12)


def store_of(path: Path) -> Path:
    return next(above for above in path.parents if above.name == "store")


def plain(path: Path, owner: int, stranger: int) -> None:
    """What the issue saw: an empty file for everybody, kept open."""
    path.touch()
    path.chmod(0o666)
    os.chown(path, stranger, stranger)


def private(path: Path, owner: int, stranger: int) -> None:
    path.touch()
    path.chmod(0o600)
    os.chown(path, stranger, stranger)


def with_a_marker(path: Path, owner: int, stranger: int) -> None:
    """What a killed run leaves, it says."""
    path.write_bytes(b"brinery-holder 0123456789abcdef 1 1 token-1\n\n")
    path.chmod(0o666)
    os.chown(path, stranger, stranger)


def long(path: Path, owner: int, stranger: int) -> None:
    path.write_bytes(b"x" * 100_000)
    path.chmod(0o666)
    os.chown(path, stranger, stranger)


def own_for_all(path: Path, owner: int, stranger: int) -> None:
    """The user's own, but everybody can write it, and somebody has opened it."""
    path.touch()
    path.chmod(0o666)
    os.chown(path, owner, owner)


def own_for_the_group(path: Path, owner: int, stranger: int) -> None:
    path.touch()
    path.chmod(0o660)
    os.chown(path, owner, TEAM)


def handed_over(path: Path, owner: int, stranger: int) -> None:
    """Opened by a stranger first, and then given to the user: nothing about it is wrong any more."""
    path.touch()
    path.chmod(0o600)
    os.chown(path, owner, owner)


def hard_link(path: Path, owner: int, stranger: int) -> None:
    other = store_of(path).parent / f"another file for {path.name}"
    other.touch()
    os.chown(other, owner, owner)
    os.link(other, path)


def link(path: Path, owner: int, stranger: int) -> None:
    other = store_of(path).parent / f"another file for {path.name}"
    other.touch()
    other.chmod(0o666)
    os.chown(other, stranger, stranger)
    path.symlink_to(other)


def fifo(path: Path, owner: int, stranger: int) -> None:
    os.mkfifo(path)
    path.chmod(0o666)
    os.chown(path, stranger, stranger)


def folder(path: Path, owner: int, stranger: int) -> None:
    path.mkdir()
    path.chmod(0o777)
    os.chown(path, stranger, stranger)


PLANTS: dict[str, Callable[[Path, int, int], None]] = {
    "for all": plain,
    "private": private,
    "with a marker": with_a_marker,
    "long": long,
    "own, for all": own_for_all,
    "own, for the group": own_for_the_group,
    "handed over": handed_over,
    "hard link": hard_link,
    "link": link,
    "FIFO": fifo,
    "folder": folder,
}
# What the folders of the store allow, and whether they are the stranger's.
FOLDERS = {
    "open": (0o777, False),
    "open, the stranger's": (0o777, True),
    "sticky": (0o1777, False),
    "sticky, the stranger's": (0o1777, True),
    "setgid": (0o2770, False),
}
# With the stranger's lock on it, or without.
WAYS = [
    ("open", True),
    ("open, the stranger's", False),
    ("sticky", False),
    ("sticky, the stranger's", True),
    ("setgid", True),
    ("setgid", False),
]
USERS = [(ROOT, ALICE), (ALICE, BOB), (ALICE, ROOT)]


def open_up(store: Path, folders: str, stranger: int) -> None:
    """Let others write to the store's folders, as an administrator does who wants it shared."""
    mode, are_strangers = FOLDERS[folders]
    for found in (store, *store.rglob("*")):
        if found.is_dir():
            os.chown(found, stranger if are_strangers else -1, TEAM)
            found.chmod(mode)


@pytest.mark.parametrize(("folders", "held"), WAYS)
@pytest.mark.parametrize(("owner", "stranger"), USERS, ids=[f"{NAMES[one]}-{NAMES[other]}" for one, other in USERS])
@pytest.mark.parametrize("plant", PLANTS)
def test_no_result_is_written_into_a_file_of_somebody_elses(plant, owner, stranger, folders, held):
    """Whatever was put where the key's lock is to be: the call returns at once, and who put it reads nothing."""
    with open_folder_for_all() as place:
        store = place / "store"
        as_user(owner, use, store, 1)
        (function,) = store.glob("*-????????")
        cache = Cache(store, secret=SHARED_SECRET)
        lock = store / "tmp" / temporary_name(function.name, cached(cache).key(2))
        cache._store_here().close()
        open_up(store, folders, stranger)
        PLANTS[plant](lock, owner, stranger)
        kept_open = os.open(lock, os.O_RDONLY | os.O_NONBLOCK)
        try:
            before = os.fstat(kept_open)
            if held:
                fcntl.flock(kept_open, fcntl.LOCK_EX)
            began = time.monotonic()
            results, computed, stored, said = as_user(owner, use, store, 1, 2, 2)
            seconds = time.monotonic() - began
            after = os.fstat(kept_open)
            if stat.S_ISREG(after.st_mode):
                assert PRIVATE not in os.pread(kept_open, 1 << 20, 0)
                assert after.st_size == before.st_size
            assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
        finally:
            os.close(kept_open)
        assert results == [f"the answer to {number} is private" for number in (1, 2, 2)]
        assert (computed, stored) == ([2], [True] * 3)
        if held and plant == "handed over":
            assert "its lock is held, and by whom is not known" in said[0]
        else:
            assert said == []
        assert seconds < 5
        for found in store.rglob("*.brine1"):
            status = found.stat()
            assert (status.st_uid, status.st_mode & 0o777) == (owner, 0o600)


@pytest.mark.parametrize(("folders", "held"), WAYS)
@pytest.mark.parametrize(("owner", "stranger"), USERS, ids=[f"{NAMES[one]}-{NAMES[other]}" for one, other in USERS])
@pytest.mark.parametrize("plant", ["for all", "private", "own, for all", "link", "hard link", "FIFO"])
def test_no_file_of_the_store_is_somebody_elses(plant, owner, stranger, folders, held):
    """What is changed in place is the user's own, or replaced; else results are stored all the same."""
    with open_folder_for_all() as place:
        store = place / "store"
        as_user(owner, use, store, 1)
        (function,) = store.glob("*-????????")
        open_up(store, folders, stranger)
        in_root = ("usage", "generation", "store.json", "CACHEDIR.TAG", ".gitignore")
        in_folder = ("statistics", "function.json", "sources", "counts")
        targets = [*(store / name for name in in_root), *(function / name for name in in_folder)]
        kept_open = []
        try:
            for target in targets:
                target.unlink(missing_ok=True)
                PLANTS[plant](target, owner, stranger)
                kept_open.append(os.open(target, os.O_RDONLY | os.O_NONBLOCK))
                if held:
                    fcntl.flock(kept_open[-1], fcntl.LOCK_EX)
            before = [os.fstat(fd) for fd in kept_open]
            began = time.monotonic()
            results, computed, stored, said = as_user(owner, use_and_tend, store)
            assert time.monotonic() - began < 5
            for target, fd, then in zip(targets, kept_open, before, strict=True):
                now = os.fstat(fd)
                assert (now.st_size, now.st_mtime, now.st_uid) == (then.st_size, then.st_mtime, then.st_uid), target
                if plant not in ("own, for all", "hard link"):
                    assert now.st_mode == then.st_mode, target
        finally:
            for fd in kept_open:
                os.close(fd)
        assert results == [f"the answer to {number} is private" for number in (2, 3, 2)]
        assert computed == [2, 3]
        assert (stored, said) == ([True] * 3, [])


def use_and_tend(store: Path):
    """Call, and forget a call, which changes the generation; then write down what was counted."""
    found = use(store, 2, 3, 2)
    cache = Cache(store, secret=SHARED_SECRET)
    cached(cache).forget(7)
    cache._store_here().close()
    flush_reports()
    return found


def snatch(store: Path, names: list[str], stop: Path) -> bool:
    """Make the files of locks again and again, keep them open and locked; whether a result was read in one of them."""
    opened: list[int] = []
    while not stop.exists():
        for name in names:
            for flags in (os.O_CREAT | os.O_EXCL | os.O_RDWR, os.O_RDONLY):
                try:
                    opened.append(os.open(store / "tmp" / name, flags, 0o666))
                    fcntl.flock(opened[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    pass
        for fd in opened[:-200]:
            os.close(fd)
        opened = opened[-200:]
        if any(PRIVATE in os.pread(fd, 1 << 20, 0) for fd in opened):
            return True
    return False


@pytest.mark.parametrize(("owner", "stranger"), USERS[:2], ids=["root-alice", "alice-bob"])
def test_no_race_for_a_lock_lets_a_stranger_read_a_result(owner, stranger):
    """He makes the files of the locks while the user computes, as fast as he can."""
    with open_folder_for_all() as place:
        store, stop = place / "store", place / "stop"
        as_user(owner, use, store, 0)
        (function,) = store.glob("*-????????")
        cache = Cache(store, secret=SHARED_SECRET)
        names = [temporary_name(function.name, cached(cache).key(number)) for number in range(1, 40)]
        cache._store_here().close()
        open_up(store, "open", stranger)
        with ThreadPoolExecutor(1) as pool:
            snatching = pool.submit(as_user, stranger, snatch, store, names, stop)
            try:
                results, computed, stored, _ = as_user(owner, use, store, *range(1, 40))
            finally:
                stop.touch()
            assert snatching.result(60) is False
        assert results == [f"the answer to {number} is private" for number in range(1, 40)]
        assert computed == list(range(1, 40))
        assert all(stored)
