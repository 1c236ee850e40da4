"""Nobody waits for what cannot end before he goes on: the call computes, and says so where a person sees it."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bare_store import wait_until
from other_process import write

BEGIN = """
import logging, os, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
logging.getLogger("brinery").setLevel(logging.ERROR)  # that these functions use files

def ran(word):
    with open("runs", "a") as file:
        file.write(f"{word}\\n")

def wait_for(path, seconds=30):
    until = time.monotonic() + seconds
    while not os.path.exists(path):
        assert time.monotonic() < until, f"{path} did not come"
        time.sleep(0.005)
"""

# What each program does that computes a key, and waits meanwhile for something that calls for the same key.
CHILDREN = {
    "spawn": """
import multiprocessing
def work():
    child = multiprocessing.get_context("spawn").Process(target=print, args=("child",))
    child.start()
    child.join()
    return child.exitcode
""",
    "forkserver": """
import multiprocessing
def work():
    child = multiprocessing.get_context("forkserver").Process(target=print, args=("child",))
    child.start()
    child.join()
    return child.exitcode
""",
    "executor": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def work():
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(abs, -1).result()
    except Exception as error:
        return type(error).__name__
""",
    "the script again": """
import subprocess
def work():
    if len(sys.argv) > 3:
        return "so deep"
    return subprocess.run([sys.executable, *sys.argv, "deeper"], check=False).returncode
""",
    "by a shell": """
import subprocess
def work():
    if len(sys.argv) > 3:
        return "so deep"
    return subprocess.run(f"'{sys.executable}' {' '.join(sys.argv)} deeper; true", shell=True, check=False).returncode
""",
}


@pytest.mark.parametrize("way", CHILDREN)
def test_a_child_does_not_wait_for_its_parent(tmp_path: Path, way: str):
    """A script without a `__main__` guard starts itself again: what comes of it is what comes without a cache."""
    source = """
from brinery import Cache
memory = Cache("store" if sys.argv[1] == "cached" else None)
@memory(follow="own", ignore=[".sys", ".work"])
def f():
    ran("f")
    return work()
print(f())
"""
    write(tmp_path, script=BEGIN + CHILDREN[way] + source)

    def run(how: str) -> tuple[int, str, int]:
        (tmp_path / "runs").unlink(missing_ok=True)
        command = [sys.executable, "script.py", how]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, len((tmp_path / "runs").read_text().split())

    assert run("cached") == run("bare")


needs_gevent = pytest.mark.skipif(importlib.util.find_spec("gevent") is None, reason="gevent is not installed")

GREENLETS = """
{before}
import gevent
from brinery import Cache
{after}
memory = Cache("store")

@memory
def f(x):
    ran(x)
    gevent.sleep(0.1)
    return [x]

@memory
def g(x):
    return f(x)

jobs = [gevent.spawn(f, 1), gevent.spawn(f, 1), gevent.spawn(g, 2), gevent.spawn(f, 2), gevent.spawn(f, 3)]
gevent.joinall(jobs, timeout=20)
print([job.value for job in jobs])
"""


@needs_gevent
@pytest.mark.parametrize("patched", ["not", "before", "after"])
def test_greenlets_of_one_thread_do_not_wait_for_each_other_for_ever(tmp_path: Path, patched: str):
    """With gevent's patches they wait as threads do, without them the second computes."""
    patch = "from gevent import monkey; monkey.patch_all()"
    source = GREENLETS.format(before=patch if patched == "before" else "", after=patch if patched == "after" else "")
    write(tmp_path, script=BEGIN + source)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "[[1], [1], [2], [2], [3]]\n", done.stderr
    assert done.returncode == 0
    if patched == "before":
        assert (tmp_path / "runs").read_text().split() == ["1", "2", "3"]


STOPPED = """
from brinery._store.locking import waiting
waiting._PATIENCE = 10
from brinery import Cache
memory = Cache("store")
@memory(ignore=[".sys"])
def f(x):
    ran(sys.argv[1])
    if sys.argv[1] == "first":
        open("running", "w").close()
        wait_for("go", 60)
    return [x]
print(f(1))
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "script.py", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_holder_that_was_stopped_is_not_waited_for(tmp_path: Path):
    """After Ctrl-Z in another terminal the call computes, and its warning has the line that lets the other go on."""
    write(tmp_path, script=BEGIN + STOPPED)
    first = start(tmp_path, "first")
    try:
        wait_until((tmp_path / "running").exists)
        first.send_signal(signal.SIGSTOP)
        output, errors = start(tmp_path, "second").communicate(timeout=60)
        assert output == "[1]\n"
        assert f"process {first.pid}, which is computing it, was stopped, as by Ctrl-Z" in errors
        assert f"`kill -CONT {first.pid}` lets it go on [waiting]" in errors
    finally:
        first.send_signal(signal.SIGCONT)
        (tmp_path / "go").touch()
        assert first.communicate(timeout=60) == ("[1]\n", "")
    assert os.listdir(tmp_path / "store" / "tmp") == []


def test_a_holder_that_was_stopped_for_a_moment_is_waited_for(tmp_path: Path):
    """Nor does anybody compute what another one only takes long for."""
    write(tmp_path, script=BEGIN + STOPPED.replace("_PATIENCE = 10", "_PATIENCE = 400"))
    first = start(tmp_path, "first")
    wait_until((tmp_path / "running").exists)
    first.send_signal(signal.SIGSTOP)
    second = start(tmp_path, "second")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(2)
    first.send_signal(signal.SIGCONT)
    (tmp_path / "go").touch()
    assert [process.communicate(timeout=60) for process in (first, second)] == [("[1]\n", "")] * 2
    assert (tmp_path / "runs").read_text().split() == ["first"]


# Each of two processes holds a key in one greenlet or task, and its thread waits in another for what the other has.
CROSSED = {
    "greenlets": """
import gevent

@memory
def hold(name):
    open(f"holds-{name}", "w").close()
    while not both_hold():
        gevent.sleep(0.01)
    gevent.sleep(0.2)
    return name

def wait(name):
    while not both_hold():
        gevent.sleep(0.01)
    return hold(name)

jobs = [gevent.spawn(hold, "ab"[ME]), gevent.spawn(wait, "ba"[ME])]
gevent.joinall(jobs)
print(sorted(job.value for job in jobs))
""",
    "tasks": """
import asyncio

@memory
async def task(name):
    open(f"holds-{name}", "w").close()
    while not both_hold():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    return name

@memory
def plain(name):
    open(f"holds-{name}", "w").close()
    wait_for("holds-a")
    return [name, asyncio.run(task("a"))]

async def wait(name):
    while not both_hold():
        await asyncio.sleep(0.01)
    return plain(name)

async def both():
    await asyncio.gather(task("a"), wait("b"))

if ME == 0:
    asyncio.run(both())
else:
    plain("b")
print(["a", "b"])
""",
}


@pytest.mark.parametrize("kind", [pytest.param("greenlets", marks=needs_gevent), "tasks"])
def test_what_one_thread_does_by_turns_is_part_of_a_ring_of_processes(tmp_path: Path, kind: str):
    """As it cannot go on while its thread waits."""
    source = """
from brinery import Cache
memory = Cache("store")
def both_hold():
    return os.path.exists("holds-a") and os.path.exists("holds-b")
"""
    source = BEGIN + source + CROSSED[kind].replace("ME", "int(sys.argv[1])")
    write(tmp_path, script=source)
    processes = [
        subprocess.Popen([sys.executable, "script.py", me], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for me in ("0", "1")
    ]
    try:
        assert [process.communicate(timeout=60)[0] for process in processes] == ["['a', 'b']\n"] * 2
    finally:
        for process in processes:
            process.kill()
            process.communicate()
