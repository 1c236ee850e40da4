"""Each system call of a store and of a load failing in turn: the call returns the right value all the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import shim

ERRORS = ["ENOSPC", "EIO", "EACCES", "EMFILE", "EROFS", "EINTR"]

# One process tries them all. For each number of a system call: a state made again, the fault, the call, and then,
# without faults, the same call twice and another one, after which nothing may be left of the fault.
IN_TURN = """
import gc
from brinery._warnings import forget_warnings

def value(size):
    return {"size": size, "data": bytearray(range(256)) * size}

def other(x):
    return [x]

def open_entry_files():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if ".brine1" in path or "/tmp/" in path.replace(os.getcwd(), ""):
            found.append(path)
    return found

def count_fds():
    return len(os.listdir("/proc/self/fd"))

def situation(name, place):
    # The function whose call is to meet the fault, and its argument.
    size = 20_000 if "large" in name else 3
    cache = Cache(place, max_entries=1000)
    f = cache(value)
    if name.startswith("first"):
        os.environ["XDG_STATE_HOME"] = place + "-state"
        return cache, f, size
    g = cache(other)
    g(0)
    if name.startswith("store"):
        return cache, f, size
    f(size)
    if name.startswith("damaged"):
        (found,) = cache.find(f.key(size))
        with open(found.path, "r+b") as file:
            file.truncate(100)
    if name.startswith("folder"):
        (found,) = cache.find(f.key(size))
        os.unlink(found.path)
        os.mkdir(found.path)
    if "anew" in name:
        cache._store.close()
        cache = Cache(place, max_entries=1000)
        f = cache(value)
    if "cleared" in name:
        cache.clear()
    if "removed" in name:
        import shutil
        shutil.rmtree(place)
    return cache, f, size

def attempt(name, place, number, error, lasting):
    wrong = []
    cache, f, size = situation(name, place)
    with quietly() as said:
        arm(number, error, lasting)
        try:
            result = f(size)
        except BaseException as raised:
            disarm()
            return disarm(), [f"raised {raised!r}"]
        count = disarm()
    if result != value(size):
        wrong.append("a wrong value")
    if len(said) > 1 + lasting + name.startswith(("damaged", "folder")) or len(set(said)) < len(said):
        wrong.append(f"said {len(said)} times: {said}")
    del result
    with quietly() as said:
        if f(size) != value(size) or f(size) != value(size):
            wrong.append("a wrong value afterwards")
        if f.cache_info().hits < 1:
            wrong.append("never a hit afterwards")
        if said and not name.startswith(("damaged", "folder")):
            wrong.append(f"says afterwards: {said}")
        cache(other)(number + 10)
        until = time.monotonic() + 5
        while (left := os.listdir(place + "/tmp")) and time.monotonic() < until:
            cache(other)(time.monotonic())  # one of the next stores: none looks again within two milliseconds
        if left:
            wrong.append(f"litter: {left}")
        bad = cache.verify()
        if bad:
            wrong.append(f"bad: {bad}")
    from brinery._store.locking.runs import _runs
    if _runs:
        wrong.append(f"a run never ends: {list(_runs)}")
        _runs.clear()
    cache._store.close()
    if open_entry_files():
        wrong.append(f"left open: {open_entry_files()}")
    return count, wrong

place, names, errors, lasting, step, start = sys.argv[1], *map(json.loads, sys.argv[2:7])
failures, tried = [], 0
for name in names:
    attempt(name, f"{place}/{name}-warm", 0, 0, 0)
    count, wrong = attempt(name, f"{place}/{name}-none", 0, 0, 0)
    assert not wrong, (name, wrong)
    for error in errors:
        for number in range(1 + start % step, count + 4, step):
            before = count_fds()
            tried += 1
            _, wrong = attempt(name, f"{place}/{name}-{error}-{number}", number, getattr(errno, error), lasting)
            if wrong:
                failures.append([name, error, number, failed(), wrong])
            gc.collect()
            # Without `fstat` nobody can tell whether a descriptor kept for long is still ours to close.
            if not lasting and failed() != "fstat64" and count_fds() > before:
                failures.append([name, error, number, failed(), ["descriptors are left open"]])
print(json.dumps([tried, failures]))
"""

STORES = ["first", "store", "store-large", "damaged", "folder", "cleared", "removed"]
LOADS = ["load", "load-large", "load-anew", "load-large-anew"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return shim.compiled(tmp_path_factory)


def try_in_turn(
    library: Path, tmp_path: Path, names: list[str], errors: list[str], *, lasting: bool = False, step: int, start: int
) -> None:
    arguments = [json.dumps(names), json.dumps(errors), int(lasting), step, start]
    tried, failures = shim.run(library, IN_TURN, tmp_path / "stores", *arguments, cwd=tmp_path)
    shutil.rmtree(tmp_path / "stores")
    assert failures == []
    assert tried >= len(names)


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_one_system_call_fails(library, tmp_path, number):
    """Whichever one it is, the value is right, one warning at most is said, and nothing of it is left: a sample."""
    try_in_turn(library, tmp_path, STORES + LOADS, [ERRORS[number]], step=31, start=5 * number)


@pytest.mark.stress
@pytest.mark.parametrize("name", [*STORES, *LOADS])
def test_each_system_call_fails_in_turn(library, tmp_path, name):
    """The same for each one and each error."""
    try_in_turn(library, tmp_path, [name], ERRORS, step=1, start=0)


def test_all_system_calls_fail_from_one_on(library, tmp_path):
    """A disk that is gone, from any moment of a store or a load on: the value is right, and all is well after it."""
    try_in_turn(library, tmp_path, STORES + LOADS, ["EIO"], lasting=True, step=43, start=3)


@pytest.mark.stress
@pytest.mark.parametrize("error", [error for error in ERRORS if error != "EINTR"])
def test_all_system_calls_fail_from_each_one_on(library, tmp_path, error):
    """The same from each one on."""
    try_in_turn(library, tmp_path, STORES + LOADS, [error], lasting=True, step=2, start=len(error))
