"""However many call at once, and whatever becomes of them: the right value, one computation, and nobody hangs."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bare_store import wait_until
from other_process import run, write

from brinery import Cache

BEGIN = """
import asyncio, logging, multiprocessing, os, random, signal, sys, threading, time, warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from brinery import BrineryWarning, Cache, EvictionWarning
logging.getLogger("brinery").setLevel(logging.ERROR)  # that these functions use files

def ran(word):
    with open("runs", "a") as file:
        file.write(f"{word}\\n")

def wait_for(path, seconds=30):
    until = time.monotonic() + seconds
    while not os.path.exists(path):
        assert time.monotonic() < until, f"{path} did not come"
        time.sleep(0.005)

def touch(path):
    open(path, "w").close()

def tell_who_waits():
    # a thread that waits, and has seen for whose computation, leaves a file
    from brinery._store.locking.locks import Claim
    pause = Claim.pause
    def told(claim):
        if claim._waiting is not None and claim._waiting.token:
            touch(f"waiting-{os.getpid()}-{threading.get_ident()}")
        pause(claim)
    Claim.pause = told
"""


def start(folder: Path, source: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Start a program; all programs in a folder share their functions and their store."""
    if not (folder / "script.py").exists():  # written again, it would be half there for one that is starting
        write(folder, script=BEGIN + source)
    return subprocess.Popen(
        [sys.executable, "script.py", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ends(process: subprocess.Popen[str], seconds: float = 60) -> str:
    """What a program printed, after it ended as it should."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError("it hangs") from None
    assert errors == ""
    assert process.returncode == 0
    return output


def runs(folder: Path) -> list[str]:
    return sorted((folder / "runs").read_text().split())


def is_tidy(folder: Path) -> bool:
    """Whether every entry is right and no temporary file is left."""
    return os.listdir(folder / "store" / "tmp") == [] and Cache(folder / "store").verify() == []


CROWD = """
way, seed, threads, keys, rounds = sys.argv[1], *map(int, sys.argv[2:])
warnings.simplefilter("ignore", EvictionWarning)
memory = Cache("store", max_entries=None if way == "once" else keys // 2, max_size=None if way == "once" else "3MB")

@memory(ignore=[".way"])
def f(key):
    if way == "once":
        ran(key)
    return {"key": key, "bytes": bytes([key % 256]) * (key * 97 % 9000)}

@memory
def g(key):
    return f(key)["key"] if key % 3 else -key

failures = []

def call(seed):
    chance = random.Random(seed)
    order = [key for key in range(keys) for _ in range(rounds)]
    chance.shuffle(order)
    try:
        for key in order:
            assert f(key) == {"key": key, "bytes": bytes([key % 256]) * (key * 97 % 9000)}
            if way != "once":
                assert g(key) == (key if key % 3 else -key)
                if chance.random() < 0.02:
                    f.forget(key)
    except BaseException as error:
        failures.append(repr(error))

def disturb(seed):
    chance = random.Random(seed)
    try:
        while len(calling) and any(thread.is_alive() for thread in calling):
            chance.choice([memory.clear, f.cache_clear, lambda: memory.prune(max_entries=keys // 4),
                           lambda: memory.prune(older_than=0.01), lambda: len(memory), memory.info,
                           lambda: memory.verify(fix=True)])()
            time.sleep(chance.random() / 20)
    except BaseException as error:
        failures.append(repr(error))

calling = [threading.Thread(target=call, args=(seed * 100 + number,)) for number in range(threads)]
if way != "once":
    calling_others = threading.Thread(target=disturb, args=(seed,))
touch(f"ready-{seed}")
wait_for("go")
for thread in calling:
    thread.start()
if way == "disturbed":
    calling_others.start()
    calling_others.join()
for thread in calling:
    thread.join()
assert not failures, failures[:3]
"""

SIZES = [
    pytest.param((4, 4, 50, 1), id="4x4x50"),
    pytest.param((8, 8, 500, 1), marks=pytest.mark.stress, id="8x8x500"),
]


def crowd(folder: Path, way: str, size: tuple[int, int, int, int]) -> None:
    processes, *rest = size
    running = [start(folder, CROWD, way, seed, *rest) for seed in range(processes)]
    wait_until(lambda: all((folder / f"ready-{seed}").exists() for seed in range(processes)))
    (folder / "go").touch()
    for process in running:
        ends(process, 1000)


@pytest.mark.parametrize("size", SIZES)
def test_a_crowd_computes_each_key_once(tmp_path: Path, size):
    """Processes of several threads call for the same keys in their own orders: every key is computed one time."""
    crowd(tmp_path, "once", size)
    assert sorted(map(int, runs(tmp_path))) == list(range(size[2]))
    assert is_tidy(tmp_path)


@pytest.mark.parametrize("size", SIZES)
def test_a_crowd_is_right_while_others_clear_prune_and_evict(tmp_path: Path, size):
    """No call raises or gives another value, whatever is cleared, pruned, forgotten or evicted under it."""
    crowd(tmp_path, "disturbed", size)
    cache = Cache(tmp_path / "store")
    assert len(cache) <= size[2] // 2
    assert is_tidy(tmp_path)


KINDS = {
    "function": ("def f(x):", "return [x]", "f(x)"),
    "coroutine": ("async def f(x):", "await asyncio.sleep(0); return [x]", "asyncio.run(f(x))"),
    "generator": ("def f(x):", "yield x", "list(f(x))"),
    "async generator": ("async def f(x):", "yield x", "asyncio.run(all_of(f(x)))"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fork_during_a_computation_neither_hangs_nor_breaks_it(tmp_path: Path, kind: str):
    """The child waits for the parent's thread, gets its result, and computes others for itself.

    Generators have no lock while they run, so the child computes for itself what its parent is at.
    """
    head, end, call = KINDS[kind]
    source = f"""
import asyncio
memory = Cache("store")

@memory
{head}
    ran(x)
    touch(f"running-{{x}}")
    if x == "slow":
        wait_for("go")
    {end}

async def all_of(items):
    return [item async for item in items]

def call(x):
    return {call}

thread = threading.Thread(target=call, args=("slow",))
thread.start()
wait_for("running-slow")
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on warns of threads
child = os.fork()
if child == 0:
    assert call("other") == ["other"]
    touch("waiting")
    assert call("slow") == ["slow"]
    os._exit(7)
wait_for("waiting")
time.sleep(0.2)
touch("go")
thread.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert call("slow") == ["slow"]
"""
    ends(start(tmp_path, source))
    assert runs(tmp_path) == ["other", "slow"] + ["slow"] * ("generator" in kind)
    assert is_tidy(tmp_path)


POOLS = """
memory = Cache("store")

@memory
def f(x):
    ran(x)
    time.sleep(0.02)
    return [x]

def square(x):
    return f(x)[0] ** 2

if __name__ == "__main__":
    numbers = list(range(12)) * 4
    if sys.argv[1] == "executor":
        with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("forkserver")) as pool:
            assert list(pool.map(square, numbers)) == [x * x for x in numbers]
            assert list(pool.map(f, numbers)) == [[x] for x in numbers]
    else:
        with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
            assert pool.map(square, numbers, chunksize=1) == [x * x for x in numbers]
            assert pool.map(f, numbers) == [[x] for x in numbers]
    assert square(3) == 9
"""


@pytest.mark.parametrize("way", ["fork", "spawn", "executor"])
def test_the_workers_of_a_pool_share_their_results(tmp_path: Path, way: str):
    """However they were started, each result is computed once among them."""
    write(tmp_path, script=BEGIN + POOLS)
    run("script.py", way, cwd=tmp_path)
    assert sorted(map(int, runs(tmp_path))) == list(range(12))
    assert is_tidy(tmp_path)


def test_functions_that_call_each_other_in_opposite_orders_do_not_hang(tmp_path: Path):
    """One process enters f and then g, another g and then f, at the same instant, many times: all end."""
    source = """
memory = Cache("store")
me = sys.argv[1]

def meet(x):
    touch(f"{me}-{x}")
    wait_for(f"{'b' if me == 'a' else 'a'}-{x}", 1)

@memory(ignore=[".me"], follow="own")
def f(x, depth):
    if depth:
        meet(x)
        return ["f", g(x, 0)]
    return "f"

@memory(ignore=[".me"], follow="own")
def g(x, depth):
    if depth:
        meet(x)
        return ["g", f(x, 0)]
    return "g"

@memory(follow="own", key=lambda x, way: x)
def first(x, way):
    meet(x)
    return ["first", second(x, way) if way == "a" else 0]

@memory(follow="own", key=lambda x, way: x)
def second(x, way):
    meet(x)
    return ["second", first(x, way) if way == "b" else 0]

for x in range(8):
    assert (f(x, 1) if me == "a" else g(x, 1)) == (["f", "g"] if me == "a" else ["g", "f"])
for x in range(100, 108):
    found = first(x, me) if me == "a" else second(x, me)
    assert found[0] == ("first" if me == "a" else "second"), found
"""
    both = [start(tmp_path, source, way) for way in "ab"]
    for process in both:
        ends(process)
    assert is_tidy(tmp_path)


HOLDER = """
memory = Cache("store")

def idle(_):
    time.sleep(60)

@memory(ignore=[".sys"], follow="own")
def f(x):
    ran("run")
    if sys.argv[1] == "first":
        if sys.argv[2] == "pool":
            pool = multiprocessing.get_context("fork").Pool(2)
            pool.map_async(idle, [1, 2])
            with open("children", "w") as file:
                file.write(" ".join(str(child.pid) for child in multiprocessing.active_children()))
        elif sys.argv[2] == "popen":
            import subprocess
            child = subprocess.Popen(["sleep", "60"], close_fds=False)
            with open("children", "w") as file:
                file.write(str(child.pid))
        touch("running")
        time.sleep(60)
    return [x]

tell_who_waits()
print(f(1), time.time())
"""


@pytest.mark.parametrize("children", ["none", "pool", "popen"])
def test_a_killed_holder_stops_nobody_for_long(tmp_path: Path, children: str):
    """After kill -9 one of those who waited computes, within a second, though children of the dead one live on."""
    took = []
    for attempt in range(4):  # the machine may have no time for us for once
        folder = tmp_path / str(attempt)
        folder.mkdir()
        took.append(seconds_until_all_go_on(folder, children))
        if took[-1] < 1.0:
            break
    assert took[-1] < 1.0, took


def seconds_until_all_go_on(folder: Path, children: str) -> float:
    first = start(folder, HOLDER, "first", children)
    wait_until((folder / "running").exists)
    others = [start(folder, HOLDER, "other", children) for _ in range(3)]
    wait_until(lambda: len(list(folder.glob("waiting-*"))) == 3)
    try:
        killed = time.time()
        first.kill()
        first.wait()
        ended = [float(ends(process).split()[1]) for process in others]
    finally:
        for pid in (folder / "children").read_text().split() if (folder / "children").exists() else ():
            os.kill(int(pid), signal.SIGKILL)
        first.communicate()
    assert runs(folder) == ["run", "run"]
    assert is_tidy(folder)
    return max(ended) - killed


SIDE_BY_SIDE = """
memory = Cache("store")
number, crowd, way = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

@memory(ignore=[".number", ".crowd", ".way", ".sys"], follow="own")
def f(x):
    if number == 0:
        touch("running")
        wait_for("go")
    else:
        touch(f"inside-{os.getpid()}-{threading.get_ident()}")
        until = time.monotonic() + 20  # all are inside at once, or this takes for ever
        while len([name for name in os.listdir() if name.startswith("inside-")]) < crowd:
            assert time.monotonic() < until, "they go one after the other"
            time.sleep(0.005)
    if number == 0 and way == "raises":
        raise LookupError("as it does")
    if number == 0 and way == "interrupted":
        raise KeyboardInterrupt
    return threading.Lock() if way == "unstorable" else [x]

def call():
    f(1)
    done.append(1)

done = []
warnings.simplefilter("ignore", BrineryWarning)
try:
    if number == 0:
        call()
    else:
        tell_who_waits()
        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 3
except (LookupError, KeyboardInterrupt) as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("way", "said"), [("raises", "LookupError"), ("interrupted", "KeyboardInterrupt"), ("unstorable", "")]
)
def test_when_a_holder_ends_with_nothing_all_who_waited_go_side_by_side(tmp_path: Path, way: str, said: str):
    """Nobody queues behind a result that will never be there: threads and processes compute all at once."""
    first = start(tmp_path, SIDE_BY_SIDE, 0, 6, way)
    wait_until((tmp_path / "running").exists)
    others = [start(tmp_path, SIDE_BY_SIDE, number, 6, way) for number in (1, 2)]
    wait_until(lambda: len(list(tmp_path.glob("waiting-*"))) == 6)
    (tmp_path / "go").touch()
    assert ends(first).strip() == said
    for process in others:
        ends(process)
    assert is_tidy(tmp_path)


@pytest.mark.parametrize("way", ["clear", "cache_clear", "forget", "remove"])
def test_what_is_cleared_during_its_run_is_returned_and_not_stored(memory: Cache, way: str):
    """Whoever asks to forget gets what he asked for, also of what is being computed, here or elsewhere."""
    running, go = threading.Event(), threading.Event()

    @memory(ignore=[".running", ".go"], follow="own", key=lambda x: x)
    def f(x: int) -> list[int]:
        running.set()
        assert go.wait(20)
        return [x]

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(f, 1)
        assert running.wait(20)
        {
            "clear": memory.clear,
            "cache_clear": f.cache_clear,
            "forget": lambda: f.forget(1),
            "remove": lambda: memory.remove(f.key(1)),
        }[way]()
        go.set()
        assert going.result(20) == [1]
    assert not f.is_cached(1)
    assert f(1) == [1]
    assert f.is_cached(1)


WAITING = """
from brinery._store.locking import waiting
waiting._LONG_WAIT = float(sys.argv[2])
warnings.showwarning = lambda message, *_: print(message)
memory = Cache("store")

@memory(ignore=[".sys"])
def f(x):
    touch("running")
    wait_for("go")
    return [x]

if sys.argv[1] == "wait":
    f.is_cached(0)
    begun = time.process_time()
    touch("waiting")
    assert f(1) == [1]
    print("CPU", time.process_time() - begun)
else:
    f(1)
"""


@pytest.mark.parametrize("seconds", [1.0, pytest.param(10.0, marks=pytest.mark.stress)])
def test_whoever_waits_long_burns_no_processor_and_says_so(tmp_path: Path, seconds: float):
    """A few hundredths of a second of waiting are spent working, and a warning tells what is waited for."""
    first = start(tmp_path, WAITING, "hold", seconds)
    wait_until((tmp_path / "running").exists)
    other = start(tmp_path, WAITING, "wait", seconds)
    wait_until((tmp_path / "waiting").exists)
    time.sleep(seconds + 2)
    (tmp_path / "go").touch()
    ends(first)
    log, _, used = ends(other).partition("CPU")
    assert re.search(r"still waiting for .*script\.f, which process \d+ is computing", log)
    assert float(used) < 0.06 * (seconds + 2)


def test_threads_that_wait_for_a_thread_burn_no_processor(memory: Cache):
    """A holder in the same process wakes them by its end."""
    running, go = threading.Event(), threading.Event()

    @memory(ignore=[".running", ".go"], follow="own", key=lambda: 0)
    def f() -> list[int]:
        running.set()
        assert go.wait(20)
        return [1]

    with ThreadPoolExecutor(8) as pool:
        going = [pool.submit(f)]
        assert running.wait(20)
        going += [pool.submit(f) for _ in range(7)]
        time.sleep(0.3)
        before = resource.getrusage(resource.RUSAGE_SELF)
        time.sleep(1.0)
        after = resource.getrusage(resource.RUSAGE_SELF)
        go.set()
        assert [one.result(20) for one in going] == [[1]] * 8
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3
    assert f.cache_info().misses == 1


def test_a_function_that_calls_itself_alike_gets_a_recursion_error(memory: Cache):
    """As it would without the cache, and it does not hang; what it called elsewhere is kept."""

    @memory
    def leaf(x: int) -> int:
        return x

    @memory
    def f(x: int) -> int:
        leaf(x)
        return f(x)

    with pytest.raises(RecursionError):
        f(1)
    assert leaf.is_cached(1)
    assert not f.is_cached(1)
    assert os.listdir(memory.path / "tmp") == []


CALLS: list[int] = []


def test_recursion_is_answered_level_by_level(memory: Cache):
    """Each level is computed once, from threads at once as well."""
    CALLS.clear()

    @memory(ignore=[".CALLS"], follow="own")
    def fibonacci(n: int) -> int:
        CALLS.append(n)
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fibonacci, [30, 29, 28, 30])) == [832040, 514229, 317811, 832040]
    assert sorted(set(CALLS)) == list(range(31))
    assert len(CALLS) < 62  # two threads that wait for each other may compute a level twice


FIRST_CALLS = """
import dataclasses, enum, functools, json, re
sys.setswitchinterval(1e-6)
memory = Cache("store")

class Kind(enum.Enum):
    A = 1
    B = 2

@dataclasses.dataclass
class Point:
    x: int
    kind: Kind = Kind.A
    def moved(self):
        return dataclasses.replace(self, x=self.x + OFFSET["x"])

OFFSET = {"x": 3}
TABLE = {n: lambda x, n=n: x + n for n in range(3)}

def helper(x):
    def inner(y):
        return [json.dumps(z) for z in range(y)]
    return inner(x), re.compile("a+")

@functools.lru_cache
def known(x):
    return helper(x)

@memory
def inner(p):
    return p.moved()

def functions():
    made = [memory(function) for function in (
        lambda p: (known(p.x), TABLE[1](p.x)),
        lambda p: inner(p),
        lambda p: Kind(p.x),
        functools.partial(lambda a, p: helper(a), 2),
    )]
    return [*made, inner]

found = []
made = functions()
barrier = threading.Barrier(int(sys.argv[1]))

def call():
    try:
        barrier.wait()
        found.append([function.key(Point(2, Kind.B)) for function in made])
    except BaseException as error:
        found.append(repr(error))

threads = [threading.Thread(target=call) for _ in range(int(sys.argv[1]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*sorted({str(keys) for keys in found}), sep="\\n")
"""


@pytest.mark.parametrize("times", [6, pytest.param(200, marks=pytest.mark.stress)])
def test_threads_that_call_for_the_first_time_at_once_take_the_same_keys(tmp_path: Path, times: int):
    """What a function depends on is found by several threads at once, and is the same as when one alone finds it."""
    alone = ends(start(tmp_path, FIRST_CALLS, 1))
    assert alone.startswith("[")
    for _ in range(times):
        assert ends(start(tmp_path, FIRST_CALLS, 4)) == alone
