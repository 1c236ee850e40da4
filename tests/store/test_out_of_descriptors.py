"""A program that has used up its descriptors."""

from __future__ import annotations

import re

import pytest
from bare_store import key_of, open_store, start, value_of

OUT_OF_DESCRIPTORS = """
import os, resource
from brinery.errors import StoreError
keep(open_folder(sys.argv[1]), key_of(1), "value")
store = open_store(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for _ in range(int(sys.argv[3])):
    os.close(taken.pop())
try:
    print(eval(sys.argv[4]))
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("left", [0, 1, 2])
@pytest.mark.parametrize(
    "asked",
    [
        "sum(1 for _ in store.walk())",
        "store.info()",
        "store.verify(fix=True)",
        "store.clear()",
        "store.find('0')",
        "store.remove(key_of(1))",
    ],
)
def test_without_descriptors_the_store_says_so(tmp_path, asked, left):
    """It is neither an error without a name, nor does a store look empty, nor is what cannot be read removed."""
    arguments = tmp_path / "store", tmp_path / "store", left, asked
    process = start(OUT_OF_DESCRIPTORS, *arguments)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert re.fullmatch(r"the store at .* cannot be read.*: Too many open files.*\n", said)
    assert value_of(open_store(tmp_path / "store").folder("lab.f", dict), key_of(1)) == "value"


def test_without_descriptors_a_store_that_is_not_there_yet_says_so_too(tmp_path):
    """What the question itself needs to load cannot be loaded."""
    process = start(OUT_OF_DESCRIPTORS, tmp_path / "store", tmp_path / "none", 0, "sum(1 for _ in store.walk())")
    assert "Too many open files" in process.communicate(timeout=60)[0]
    assert process.returncode == 0


CROWD = """
import os, random, resource, threading, time
folder = open_folder(sys.argv[1])
runs = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
call(folder, key_of(1000), lambda: 0)  # what a miss needs is loaded
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[3]), int(sys.argv[3])))
print("ready")
sys.stdin.readline()
failures = []

def compute(number):
    os.write(runs, f"{number}\\n".encode())
    time.sleep(0.01)
    return number

def work(seed):
    numbers = list(range(30))
    random.Random(seed).shuffle(numbers)
    try:
        for number in numbers:
            assert call(folder, key_of(number), lambda: compute(number)) == number
    except BaseException as error:
        failures.append(repr(error))

threads = [threading.Thread(target=work, args=(int(sys.argv[4]) * 100 + seed,)) for seed in range(int(sys.argv[5]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(failures)
"""


@pytest.mark.parametrize(
    ("limit", "processes", "threads"),
    [
        (20, 1, 12),
        # On a busy machine one of several processes may, if rarely, compute what another has.
        pytest.param(40, 2, 20, marks=pytest.mark.stress),
        pytest.param(64, 3, 30, marks=pytest.mark.stress),
    ],
)
def test_a_crowd_with_few_descriptors_computes_each_key_once(tmp_path, limit, processes, threads):
    """Who finds none for a lock waits for those of the other threads, and nothing computed is lost for want of one."""
    crowd = [start(CROWD, tmp_path / "store", tmp_path / "runs", limit, number, threads) for number in range(processes)]
    for process in crowd:
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in crowd:
        assert process.communicate(timeout=60)[0] == "[]\n"
    assert sorted(map(int, (tmp_path / "runs").read_text().split())) == list(range(30))
