"""Run a part of a test as another user of the machine, which takes root."""

from __future__ import annotations

import os
import pickle
import select
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from outcomes import quietly

from brinery import Cache

ROOT, ALICE, BOB = 0, 54321, 54322
TEAM = 54400
NAMES = {ROOT: "root", ALICE: "alice", BOB: "bob"}
SHARED_SECRET = "known to all users of these tests"

# A child that another thread forks meanwhile would hold a pipe open, and its reader would wait for that child to end.
_forking = threading.Lock()

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")


def as_user(uid: int, function: Callable[..., Any], *arguments: Any, seconds: float = 60) -> Any:
    """Call a function in a forked child that is that user for good, and return what it returned.

    The child may not be able to read the interpreter's own files: what it is to import must be imported before.
    """
    with _forking:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(reading)
                become(uid)
                found = pickle.dumps(function(*arguments))
                while found:
                    found = found[os.write(writing, found) :]
                code = 0
            except BaseException as error:
                os.write(2, f"as {NAMES[uid]}: {error!r}\n".encode())
            finally:
                os._exit(code)
        os.close(writing)
    try:
        data = b""
        while select.select([reading], [], [], seconds)[0]:
            more = os.read(reading, 1 << 16)
            if not more:
                break
            data += more
        else:
            os.kill(child, signal.SIGKILL)
            raise AssertionError(f"{NAMES[uid]} hangs")
    finally:
        os.close(reading)
        status = os.waitpid(child, 0)[1]
    assert status == 0, f"{NAMES[uid]} failed"
    return pickle.loads(data)


def become(uid: int) -> None:
    """Be that user, with one group in common with the others, for good."""
    os.umask(0o022)
    if uid:
        os.setgroups([TEAM])
        os.setgid(uid)
        os.setuid(uid)


@contextmanager
def open_folder_for_all(mode: int = 0o777) -> Iterator[Path]:
    """Make a folder that every user can reach and write to; pytest's own are for one user."""
    folder = Path(tempfile.mkdtemp(prefix="brinery-safety-", dir="/tmp"))
    folder.chmod(mode)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


computed: list[int] = []


def answer(number: int) -> str:
    """Compute what is not everybody's business."""
    computed.append(number)
    return f"the answer to {number} is private"


def cached(cache: Cache):
    return cache(ignore=[".computed"])(answer)


def use(location: Path, *numbers: int) -> tuple[list[str], list[int], list[bool], list[str]]:
    """Call a cached function; return its results, what was computed, what is stored, and what was said."""
    computed.clear()
    cache = Cache(location, secret=SHARED_SECRET)
    f = cached(cache)
    with quietly() as said:
        results = [f(number) for number in numbers]
        stored = [f.is_cached(number) for number in numbers]
        cache._store_here().close()
    return results, computed[:], stored, said


def load_all() -> None:
    """Import here and now what misses, hits, waiting and upkeep need."""
    with open_folder_for_all() as folder:
        use(folder / "store", 1, 1)
        cache = Cache(folder / "store", secret=SHARED_SECRET)
        use(folder / "store", 2)
        (folder / "store" / "usage").chmod(0o666)
        use(folder / "store", 3)
        cache.prune()
        cache.verify(fix=True)
        cache.clear()
