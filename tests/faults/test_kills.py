"""kill -9 at any instant, and a power failure: every later read is right, nothing is left, nobody hangs."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
import shim
from outcomes import quietly

from brinery import Cache

# A process is forked for each number of a system call, and ends itself by kill -9 before that call.
BETWEEN_CALLS = """
from test_kills import check_after, value

place, size, step, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
cache = Cache(place)
f = cache(value)
f(0, 1)
killed = done = 0
number = 1
while rounds and not done:
    rounds -= 1
    child = os.fork()
    if not child:
        own = Cache(place) if number % 2 else cache
        arm(number, -1, 0)
        own(value)(number, size)
        disarm()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed += os.WIFSIGNALED(status)
    done += not os.WIFSIGNALED(status)
    check_after(cache, f, number, size, place)
    number += step
print(json.dumps([killed, done]))
"""

# The same with the very first store of a user, who has no secret yet.
THE_FIRST = """
from test_kills import value

killed, number, step = 0, 1, int(sys.argv[1])
Cache("warm", secret="s" * 32)(value)(1, 10)
while True:
    state = os.environ["XDG_STATE_HOME"] = f"{os.getcwd()}/state-{number}"
    child = os.fork()
    if not child:
        f = Cache(f"store-{number}")(value)
        arm(number, -1, 0)
        f(1, 10)
        disarm()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    f = Cache(f"store-{number}")(value)
    with quietly() as said:
        for x in range(3):
            assert f(x, 10) == value(x, 10)
    assert said == [], said
    assert all(Cache(f"store-{number}")(value).is_cached(x, 10) for x in range(3))
    main(["secret", "rotate"])
    left = os.listdir(f"{state}/brinery")
    assert left == ["secret"], (number, left)
    if not os.WIFSIGNALED(status):
        break
    killed += 1
    number += step
print(json.dumps(killed))
"""

# Forked processes store one value after another until they are killed; their parent, which goes on, reads those.
AT_RANDOM = """
from test_kills import check_after, value

place, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
cache = Cache(place)
f = cache(value)
f(0, 1)
for turn in range(rounds):
    size = int(1000 * 20_000 ** chance.random())
    children = []
    for _ in range(chance.choice([1, 1, 3])):
        children.append(os.fork())
        if not children[-1]:
            own = (Cache(place) if turn % 2 else cache)(value)
            for number in range(turn * 100, turn * 100 + 50):
                own(number, size)
            os._exit(0)
    time.sleep(0.05 * chance.random() ** 2)
    for child in children:
        os.kill(child, signal.SIGKILL)
    began = time.monotonic()
    for child in children:
        os.waitpid(child, 0)
    for number in range(turn * 100, turn * 100 + 3):
        check_after(cache, f, number, size, place)
    assert time.monotonic() - began < 20, "something hangs"
assert cache.verify() == []
print(json.dumps(rounds))
"""


def value(number: int, size: int) -> list[object]:
    """Something of about that size that tells which it is."""
    return [number, bytes([number % 256]) * size, bytearray(number.to_bytes(8, "little")) * (size // 8)]


def check_after(cache: Cache, f, number: int, size: int, place: str) -> None:
    """What a killed process was about to store is right, whoever reads it, and nothing else is left of it."""
    with quietly() as said:
        for g in (f, Cache(place)(value)):
            assert g(number, size) == value(number, size)
        assert f.is_cached(number, size)
        until = time.monotonic() + 5
        f.refresh(0, 1)
        while (left := os.listdir(f"{place}/tmp")) and time.monotonic() < until:
            f.refresh(0, 1)  # one of the next stores: none looks again within two milliseconds
    assert said == [], said
    assert left == [], f"{left} after {number}"
    f.forget(number, size)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return shim.compiled(tmp_path_factory)


@pytest.mark.parametrize(
    ("size", "step"),
    [
        (1000, 3),
        (200_000, 4),
        *(pytest.param(*both, marks=pytest.mark.stress) for both in [(1000, 1), (200_000, 1), (20_000_000, 1)]),
    ],
)
def test_killed_before_any_system_call_of_a_store(library, tmp_path, size, step):
    """Whichever call comes next when a process is killed, the value is right afterwards and tmp/ is empty."""
    killed, done = shim.run(library, BETWEEN_CALLS, tmp_path / "store", size, step, 1000, cwd=tmp_path)
    assert killed > 20 // step
    assert done == 1


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.stress)])
def test_killed_while_the_secret_is_made(library, tmp_path, step):
    """Whichever system call comes next: the next process has a secret, and no half of one lies beside it."""
    assert shim.run(library, "from brinery._cli import main\n" + THE_FIRST, step, cwd=tmp_path) > 20 // step


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random(library, tmp_path, seed):
    """One or several writers killed after any time, values of 1 KB to 20 MB: every later read is right."""
    assert shim.run(library, AT_RANDOM, tmp_path / "store", seed, 12, cwd=tmp_path) == 12


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(10, 20))
def test_killed_at_random_for_long(library, tmp_path, seed):
    """The same hundreds of times."""
    assert shim.run(library, AT_RANDOM, tmp_path / "store", seed, 60, cwd=tmp_path, timeout=900) == 60


def zeroed_from(path: Path, start: int) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:start].ljust(len(data), b"\0"))


@pytest.mark.parametrize("size", [10, 5000, 3_000_000])
def test_a_power_failure_that_left_zeros_is_a_miss(tmp_path, size):
    """A file of the right length whose last blocks never reached the disk: recomputed, and whole again."""
    cache = Cache(tmp_path / "store")
    f = cache(value)
    right = f(1, size)
    (found,) = cache.entries()
    path = Path(found.path)
    whole = path.stat().st_size
    chance = random.Random(size)
    starts = {
        0,
        1,
        7,
        8,
        40,
        56,
        127,
        128,
        4096,
        8192,
        whole - 500,
        whole // 2,
        *(chance.randrange(whole) for _ in range(8)),
    }
    for misses, start in enumerate(sorted(start for start in starts if 0 <= start < whole - 400), 2):
        zeroed_from(path, start)
        with quietly():
            assert f(1, size) == right
        assert f.cache_info().misses == misses
    assert cache.verify() == []


def test_a_power_failure_that_zeroed_everything_loses_only_time(tmp_path):
    """Every file of the store of its old length and full of zeros: values are right, and the store is itself again."""
    cache = Cache(tmp_path / "store")
    f = cache(value)
    for number in range(5):
        f(number, 100)
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file():
            zeroed_from(path, 0)
    again = Cache(tmp_path / "store")
    g = again(value)
    with quietly() as said:
        assert [g(number, 100) for number in range(5)] == [value(number, 100) for number in range(5)]
        assert [g(number, 100) for number in range(5)] == [value(number, 100) for number in range(5)]
    assert g.cache_info().hits == 5
    assert len(said) <= 1
    assert again.path == tmp_path / "store"
    assert again.verify() == []
