"""One computation per key at a time: among threads, tasks, processes, and after kill -9."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bare_store import call, key_of, open_folder, open_store, start, wait_until

WORK = """
import os, random
folder = open_folder(sys.argv[1])
log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
random.seed(sys.argv[3])
keys = list(range(60))
random.shuffle(keys)
def compute(number):
    os.write(log, b"%d\\n" % number)
    return number * number
print("ready"); sys.stdin.readline()
for number in keys:
    assert call(folder, key_of(number), lambda: compute(number)) == number * number
print("done")
"""


def test_processes_compute_each_key_once(tmp_path):
    """Four processes ask for the same sixty keys in their own order: sixty computations."""
    log = tmp_path / "log"
    processes = [start(WORK, tmp_path / "store", log, seed) for seed in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["done\n"] * 4
    assert sorted(map(int, log.read_text().split())) == list(range(60))
    store = open_store(tmp_path / "store")
    assert store.verify() == []
    assert os.listdir(tmp_path / "store" / "tmp") == []
    assert store.info().entries == 60


def test_threads_compute_each_key_once(tmp_path):
    """Eight threads ask for the same forty keys: forty computations."""
    folder = open_folder(tmp_path / "store")
    computed: list[int] = []

    def work(start_at: int) -> None:
        for number in range(40):
            key = (number * 7 + start_at) % 40
            assert call(folder, key_of(key), lambda key=key: computed.append(key) or key) == key

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sorted(computed) == list(range(40))
    assert os.listdir(tmp_path / "store" / "tmp") == []


def test_killed_processes_leave_a_store_that_is_right(tmp_path):
    """Killed at any instant, again and again, writers leave no damage, no lock that stays, and no litter."""
    source = """
import os
folder = open_folder(sys.argv[1])
number = int(sys.argv[2]) * 100_000
print("ready")
while True:
    number += 1
    call(folder, key_of(number), lambda: os.urandom(9000))
"""
    location = tmp_path / "store"
    for generation in range(6):
        processes = [start(source, location, 2 * generation + one) for one in range(2)]
        for process in processes:
            process.stdout.readline()
        enough = count(location) + 20
        wait_until(lambda enough=enough: count(location) > enough)
        for process in processes:
            process.kill()
        for process in processes:
            process.communicate()
    store = open_store(location)
    assert [bad for bad in store.verify() if "/tmp/" not in bad.path] == []
    folder = store.folder("lab.f", dict)
    assert call(folder, key_of(10**9), lambda: "computed") == "computed"
    assert os.listdir(location / "tmp") == []
    assert store.verify() == []


def count(location: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(location))
