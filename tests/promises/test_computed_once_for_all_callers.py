"""However many call at once, and from wherever, a result is computed once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from other_process import write

SCRIPT = """
import asyncio, sys, threading, time
from brinery import Cache

memory = Cache("store")


@memory
def slow(x):
    with open("runs", "a") as file:
        file.write(x)
    time.sleep(0.3)
    return [x]


@memory
async def slow_too(x):
    with open("runs", "a") as file:
        file.write(x)
    await asyncio.sleep(0.3)
    return [x]


async def main():
    return await asyncio.gather(*(slow_too("c") for _ in range(8)))


assert slow("a") == ["a"]
found = []
threads = [threading.Thread(target=lambda: found.append(slow("b"))) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert found == [["b"]] * 8
assert asyncio.run(main()) == [["c"]] * 8
"""


@pytest.mark.slow
def test_eight_processes_with_eight_threads_and_tasks_compute_each_result_once(tmp_path: Path):
    """Nobody computes what somebody else is computing; everybody gets it."""
    write(tmp_path, script=SCRIPT)
    running = [
        subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for process in running:
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
    assert sorted((tmp_path / "runs").read_text()) == ["a", "b", "c"]
    assert os.listdir(tmp_path / "store" / "tmp") == []
