"""A program that has used up its descriptors."""

from __future__ import annotations

import errno
import os
import re

import pytest
from bare_store import CODEC, key_of, open_store, start, value_of

from brinery._store.accounting.upkeep import sweep_temporary
from brinery._store.locking import waiting
from brinery._store.locking.locks import Turn

needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts its descriptors as Linux tells them")

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
call(folder, key_of(1000 + int(sys.argv[4])), lambda: 0)  # a miss in each process, so that what it needs is loaded
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
        (20, 3, 30),
        (40, 2, 20),
        (64, 3, 30),
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


FEW = """
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
taken = [os.open("/dev/null", os.O_RDONLY) for _ in range(24)]
folder = open_folder(sys.argv[1])
mine, other = key_of(int(sys.argv[2])), key_of(int(sys.argv[3]))
used = lambda: len(os.listdir("/proc/self/fd"))
before = used()

def compute():
    print(used() - before, flush=True)
    sys.stdin.readline()
    return call(folder, other, lambda: "other") if mine != other else "mine"

print(call(folder, mine, compute))
"""


@pytest.fixture
def folder(tmp_path):
    store = open_store(tmp_path / "store")
    yield store.folder("lab.f", dict)
    store.close()


def let_go_on(process) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


@needs_proc
def test_a_run_with_no_descriptor_for_its_lock_excludes_other_processes_all_the_same(folder, tmp_path):
    """Its marker says that it holds the key, also to those who sweep; it leaves nothing."""
    process = start(FEW, tmp_path / "store", 1, 1)
    assert int(process.stdout.readline()) <= 1  # the folder of temporary files
    store = open_store(tmp_path / "store")
    (name,) = os.listdir(tmp_path / "store" / "tmp")
    with folder.claim(key_of(1)) as claim:
        assert claim.attempt() is Turn.WAIT
        assert sweep_temporary(store._root) == 0
        assert list(store.verify(fix=True)) == []
        assert claim.attempt() is Turn.WAIT
        assert os.listdir(tmp_path / "store" / "tmp") == [name]
        let_go_on(process)
        assert process.communicate(timeout=30)[0] == "mine\n"
        assert claim.attempt() is Turn.LOOK
    assert value_of(folder, key_of(1)) == "mine"
    assert os.listdir(tmp_path / "store" / "tmp") == []


@needs_proc
def test_a_killed_run_that_had_no_descriptor_for_its_lock_is_succeeded(folder, tmp_path):
    """As one that had a lock is; and a sweep takes what it left."""
    process = start(FEW, tmp_path / "store", 1, 1)
    process.stdout.readline()
    process.kill()
    process.communicate()
    with folder.claim(key_of(1)) as claim:
        assert claim.attempt() is Turn.COMPUTE
    process = start(FEW, tmp_path / "store", 1, 1)
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert sweep_temporary(open_store(tmp_path / "store")._root) == 1


@needs_proc
def test_what_is_removed_during_a_run_that_has_no_descriptor_for_its_lock_is_not_stored(folder, tmp_path):
    process = start(FEW, tmp_path / "store", 1, 1)
    process.stdout.readline()
    folder.remove(key_of(1))
    with folder.claim(key_of(1)) as claim:
        assert claim.attempt() is Turn.COMPUTE
        let_go_on(process)
        assert process.communicate(timeout=30)[0] == "mine\n"
        assert len(os.listdir(tmp_path / "store" / "tmp")) == 1  # ours
    assert value_of(folder, key_of(1)) == "nothing"


@needs_proc
def test_runs_with_no_descriptors_for_their_locks_do_not_hang_on_a_ring(tmp_path):
    """Each holds one key by its marker alone and wants the next one's."""
    processes = [start(FEW, tmp_path / "store", one, one % 3 + 1) for one in (1, 2, 3)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        let_go_on(process)
    for process in processes:
        assert process.communicate(timeout=30)[0] == "other\n"
    assert os.listdir(tmp_path / "store" / "tmp") == []


def test_a_forked_child_leaves_the_marker_of_its_parents_run(folder, tmp_path, monkeypatch):
    """The child ends, and the parent still holds the key."""
    monkeypatch.setattr("brinery._store.locking.locks._most_descriptors", lambda: 0)
    with folder.claim(key_of(1)) as claim:
        assert claim.attempt() is Turn.COMPUTE
        child = os.fork()
        if child == 0:
            claim.release()
            os._exit(0)
        os.waitpid(child, 0)
        assert len(os.listdir(tmp_path / "store" / "tmp")) == 1
        assert folder.put(claim, key_of(1), CODEC.dumps("kept"), seconds=1.0, ttl=None, metadata={})
    assert os.listdir(tmp_path / "store" / "tmp") == []
    assert value_of(folder, key_of(1)) == "kept"


def test_who_has_used_up_all_descriptors_is_not_kept_waiting_each_time(monkeypatch):
    """A program whose other threads give none back waits once, and then no more for a while."""
    looks = []
    monkeypatch.setattr(waiting, "_is_one_free", lambda: looks.append(1))
    monkeypatch.setattr(waiting, "_impatient_until", 0.0)
    monkeypatch.setattr(waiting, "other_threads", lambda: 1)

    def work():
        raise OSError(errno.EMFILE, "none left")

    for _ in range(3):
        with pytest.raises(OSError, match="none left"):
            waiting.with_descriptors(work)
    assert len(looks) == 1
