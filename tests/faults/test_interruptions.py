"""Interrupted at any instant, a call leaves no lock, no litter and nobody waiting for it."""

from __future__ import annotations

import ast
import contextvars
import functools
import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest
from other_process import run, write

import brinery
from brinery import Cache
from brinery._store.locking import runs

PACKAGE = str(Path(brinery.__file__).parent)


class Interrupt(BaseException):
    """As KeyboardInterrupt, and nobody else's."""


@functools.cache
def not_interruptible(filename: str) -> frozenset[int]:
    """Lines at which Python looks for no signals though it reports them: the heads of `with` and `try`."""
    tree = ast.parse(Path(filename).read_text())
    return frozenset(node.lineno for node in ast.walk(tree) if isinstance(node, ast.With | ast.Try))


def interrupted(call: Callable[[], object], at: int) -> bool:
    """Call with an interrupt before the line of that number that runs in brinery; whether there were as many."""
    passed = 0

    def in_brinery(frame: FrameType, event: str, _: object) -> object:
        return line if frame.f_code.co_filename.startswith(PACKAGE) else None

    def line(frame: FrameType, event: str, _: object) -> object:
        nonlocal passed
        is_line = event == "line" and frame.f_lineno not in not_interruptible(frame.f_code.co_filename)
        if is_line and frame.f_code.co_name != "__del__":  # where Python only reports what is raised
            passed += 1
            if passed == at:
                sys.settrace(before)
                raise Interrupt
        return line

    before = sys.gettrace()
    try:
        sys.settrace(in_brinery)
        call()
    except Interrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.fixture(autouse=True)
def descriptors_closed(no_leaks: None):
    """Between opening and taking note of it, an interrupt costs a descriptor, and no more than that."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # here, and not in the middle of another test, which would hear of it
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if re.search(r"[0-9a-f]{32}", os.path.basename(os.readlink(f"/proc/self/fd/{name}"))):
                os.close(int(name))


def in_a_thread(call: Callable[[], object], seconds: float = 20.0) -> list[object]:
    """What a call gives to a thread that has no part in what happened before; nothing if it hangs."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call()), daemon=True)
    thread.start()
    thread.join(seconds)
    return results


def test_an_interrupt_at_any_line_of_a_miss_leaves_nobody_waiting(memory: Cache):
    """Whichever line it hits, the next call of another thread computes or hits, and no lock or litter is left."""

    @memory
    def f(x: int) -> list[int]:
        return [x, x]

    f(-1)
    at = 0
    while True:
        at += 1
        if not contextvars.Context().run(interrupted, lambda x=at: f(x), at):
            break
        assert runs._runs == {}, at
        assert in_a_thread(lambda x=at: f(x)) == [[at, at]], at
        assert os.listdir(memory.path / "tmp") == [], at
    assert at > 200
    assert runs.held() == ()


def test_an_interrupt_at_any_line_of_a_hit_changes_nothing(memory: Cache):
    """The next call hits."""
    f = memory(lambda x: [x])
    f(1)
    at = 1
    while contextvars.Context().run(interrupted, lambda: f(1), at):
        assert f.is_cached(1)
        at += 1
    assert at > 30
    assert in_a_thread(lambda: f(1)) == [[1]]


REAL = """
import os, random, signal, sys, threading
from brinery import Cache
from brinery._store.locking import runs

memory = Cache("store")

@memory
def f(x):
    return [x, x]

class Interrupt(BaseException): pass
def interrupt(*_):
    raise Interrupt
signal.signal(signal.SIGALRM, interrupt)
f(-1)
chance = random.Random(int(sys.argv[1]))
stopped = 0
for number in range(int(sys.argv[2])):
    try:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(5e-6, 1.5e-3))
        try:
            f(number)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Interrupt:
        stopped += 1
        found = []
        thread = threading.Thread(target=lambda: found.append(f(number)), daemon=True)
        thread.start()
        thread.join(20)
        assert found == [[number, number]], (number, found, runs._runs)
assert not runs._runs
f("last")
print(stopped, os.listdir("store/tmp"))
"""


@pytest.mark.parametrize("rounds", [400, pytest.param(20_000, marks=pytest.mark.stress)], ids=["a few", "many"])
def test_real_interrupts_at_random_instants_leave_nothing(tmp_path: Path, rounds: int):
    """Signals that raise in the midst of misses, again and again: every later call answers, and no file stays."""
    write(tmp_path, script=REAL)
    stopped, _, litter = run("script.py", "7", str(rounds), cwd=tmp_path).strip().partition(" ")
    assert int(stopped) > rounds / 20
    assert litter == "[]"
    assert Cache(tmp_path / "store").verify() == []


HANDLED = """
import os, random, signal, sys
from brinery import Cache

memory = Cache("store", max_entries=200)

@memory
def f(x):
    return [x, x]

handled = [0]
def handler(*_):
    handled[0] += 1
    number = handled[0]
    assert f(number % 7) == [number % 7] * 2       # mostly hits
    assert f(f"h{number}") == [f"h{number}"] * 2   # misses
    assert f(current[0]) == [current[0]] * 2       # what was interrupted, as often as not

signal.signal(signal.SIGALRM, handler)
import warnings
warnings.simplefilter("ignore")
chance = random.Random(3)
for number in range(int(sys.argv[1])):
    current = [number]
    signal.setitimer(signal.ITIMER_REAL, chance.uniform(5e-6, 1.2e-3))
    assert f(number) == [number, number]
signal.setitimer(signal.ITIMER_REAL, 0)
print(handled[0])
hits, misses, *_ = f.cache_info()
assert hits + misses == number + 1 + 3 * handled[0], (hits, misses, number, handled)
"""


@pytest.mark.parametrize("rounds", [400, pytest.param(20_000, marks=pytest.mark.stress)], ids=["a few", "many"])
def test_a_signal_handler_may_call_what_it_interrupts(tmp_path: Path, rounds: int):
    """One that hits, misses and asks for the very key under way, at any instant: no deadlock, no call uncounted."""
    write(tmp_path, script=HANDLED)
    assert int(run("script.py", str(rounds), cwd=tmp_path, seconds=600)) > rounds / 20
    cache = Cache(tmp_path / "store")
    assert len(cache) <= 200
    assert cache.verify() == []


INTERRUPTED = """
import sys, time
from brinery import Cache

@Cache("store")
def slow(x):
    print("running", flush=True)
    time.sleep(60 if sys.argv[1] == "slow" else 0)
    return [x]

try:
    print(slow(1), flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.readline()
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "script.py", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_during_a_run_lets_others_go_on_though_the_program_lives(tmp_path: Path):
    """The interrupt goes through, and whoever waited computes while the interrupted program still runs."""
    write(tmp_path, script=INTERRUPTED)
    first = start(tmp_path, "slow")
    assert first.stdout.readline() == "running\n"
    second = start(tmp_path, "quick")
    time.sleep(0.3)
    first.send_signal(signal.SIGINT)
    assert second.communicate(timeout=30)[0] == "running\n[1]\n"
    assert first.poll() is None
    assert first.communicate("\n", timeout=30)[0] == "interrupted\n"
    assert os.listdir(tmp_path / "store" / "tmp") == []


ENDING = """
import atexit, sys, threading, time
from brinery import Cache

memory = Cache("store")

@memory
def f(x):
    return bytearray(x)

how = sys.argv[1]
if how == "thread":  # outlives the main thread, and stores while the interpreter is going down
    def work():
        time.sleep(0.2)
        for size in range(3_000_000, 3_000_020):
            assert len(f(size)) == size
    threading.Thread(target=work).start()
elif how == "daemon":  # is stopped wherever it happens to be
    def work():
        size = 8_000_000
        while True:
            size += 1
            f(size)
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.3)
elif how == "atexit":
    atexit.register(lambda: f(4_000_000))
    atexit.register(lambda: f(10))
elif how == "finalizer":
    class Last:
        def __del__(self):
            f(20)
    sys.last = Last()
"""


@pytest.mark.parametrize("how", ["thread", "daemon", "atexit", "finalizer"])
def test_a_program_may_end_while_it_stores(tmp_path: Path, how: str):
    """Nothing hangs, nothing is printed, and what is in the store is whole."""
    write(tmp_path, script=ENDING)
    done = subprocess.run(
        [sys.executable, "script.py", how], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    cache = Cache(tmp_path / "store")
    cache(lambda: 1)()
    assert os.listdir(tmp_path / "store" / "tmp") == []
    assert cache.verify() == []
