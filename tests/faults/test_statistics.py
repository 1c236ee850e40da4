"""How calls fared is known of all processes, however they end, and no process can spoil it for the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bare_store import open_store, start
from other_process import run, write

from brinery import Cache
from brinery._store.accounting import statistics
from brinery._store.accounting.statistics import Tally
from brinery._store.accounting.statistics_lines import parse_lines, sum_of
from brinery._store.disk.root import Root

PROGRAM = """
import multiprocessing, os, sys, signal
from concurrent.futures import ProcessPoolExecutor
from brinery import Cache

@Cache("store")
def f(x):
    return [x]

def main():
    way = sys.argv[1]
    assert [f(x) for x in (1, 2, 1, 1)] == [[1], [2], [1], [1]]
    if way == "alone":
        pass
    elif way == "executor":
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert list(pool.map(f, [1] * 20)) == [[1]] * 20
    elif way == "loky":
        import loky

        with loky.ProcessPoolExecutor(2) as pool:
            assert list(pool.map(f, [1] * 20)) == [[1]] * 20
    elif way == "killed":
        for _ in range(2000):
            f(1)
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        kind, _, end = way.partition("-")
        pool = multiprocessing.get_context(kind).Pool(2)
        assert pool.map(f, [1] * 20) == [[1]] * 20
        if end == "terminated":
            pool.terminate()
        else:
            pool.close()
        pool.join()

if __name__ == "__main__":
    main()
"""


def counted(folder: Path) -> tuple[int, int]:
    (found,) = Cache(folder / "store").functions()
    return found.hits, found.misses


@pytest.mark.parametrize(
    "way", ["alone", "fork-closed", "fork-terminated", "spawn-terminated", "forkserver-closed", "executor", "loky"]
)
def test_every_call_of_every_process_is_counted(tmp_path: Path, way: str):
    """Exactly, after a clean end: workers of a pool too, which are ended by a signal."""
    write(tmp_path, script=PROGRAM)
    run("script.py", way, cwd=tmp_path)
    calls = 0 if way == "alone" else 20
    assert counted(tmp_path) == (2 + calls, 2)
    run("script.py", way, cwd=tmp_path)
    assert counted(tmp_path) == (2 + calls + 4 + calls, 2)


def test_a_killed_process_takes_little_with_it(tmp_path: Path):
    """Of two thousand hits nearly all are counted after kill -9."""
    write(tmp_path, script=PROGRAM)
    done = subprocess.run([sys.executable, "script.py", "killed"], cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    hits, misses = counted(tmp_path)
    assert 1700 < hits <= 2002
    assert misses == 2


def test_the_seconds_saved_are_those_that_computing_took(tmp_path: Path):
    """Of a call that took a tenth of a second, three hits save three tenths."""
    write(
        tmp_path,
        script="import time, brinery\n@brinery.Cache('store')\ndef f(x): time.sleep(0.1)\nfor _ in 'abcd': f(1)",
    )
    run("script.py", cwd=tmp_path)
    (found,) = Cache(tmp_path / "store").functions()
    assert found.seconds_saved == pytest.approx(0.3, rel=0.2)
    assert found.bytes > 0


EACH = """
import sys, threading
from brinery import Cache

cache = Cache("store")

@cache
def small(x):
    return x

@cache
def large(x):
    return bytes(x)

def call():
    for x in range(5):
        small(x)
        large(50_000 + x // 4)

call()
threads = [threading.Thread(target=call) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_each_function_is_counted_for_itself(tmp_path: Path):
    """Hits, misses, entries and bytes of each, of all threads and of one process after the other, to the last one."""
    write(tmp_path, script=EACH)
    for number in range(2):
        run("script.py", cwd=tmp_path)
        large, small = Cache(tmp_path / "store").functions()
        assert (large.name, small.name) == ("script.large", "script.small")
        assert (small.hits, small.misses) == (20 + 25 * number, 5)
        assert (large.hits, large.misses) == (23 + 25 * number, 2)
    for record, entries in ((small, 5), (large, 2)):
        files = list((tmp_path / "store" / record.slug).rglob("*.brine1"))
        assert record.entries == len(files) == entries
        assert record.bytes == sum(512 * file.stat().st_blocks for file in files)


HITS = """
import sys
from brinery import Cache

@Cache("store")
def f(x):
    return [x]

f(1)
import atexit, multiprocessing.util
# Registered last and called first, so it calls what brinery has registered and looks then.
def look():
    from brinery._store.accounting.statistics import flush_reports
    flush_reports()
    print(*sorted(name for name in sys.modules if name.partition(".")[0] in sys.argv[1:]))
atexit.register(look)
"""


def test_a_program_that_only_hits_needs_no_lock_to_count(tmp_path: Path):
    """Somebody sits on every lock there is, for ever: the program ends at once, and its hits are counted."""
    write(tmp_path, script=HITS)
    run("script.py", cwd=tmp_path)
    (statistics_file,) = (tmp_path / "store").glob("*/statistics")
    holder = start(
        "from brinery._store.disk.files import try_lock\nimport os\n"
        "held = [os.open(path, os.O_RDWR) for path in sys.argv[1:]]\n"
        "assert all(map(try_lock, held))\nprint('held'); sys.stdin.readline()",
        statistics_file,
        tmp_path / "store" / "usage",
    )
    try:
        assert holder.stdout.readline() == "held\n"
        assert run("script.py", "filelock", cwd=tmp_path).strip() == ""
        assert counted(tmp_path) == (1, 1)
    finally:
        holder.communicate("\n")


def test_many_processes_append_at_once_and_nothing_is_lost(tmp_path: Path):
    """Four processes write four hundred lines each, beside and over what the others wrote: the sum is exact."""
    root = Root(str(tmp_path / "store"))
    root.make()
    os.mkdir(tmp_path / "store" / "lab.f-01234567")
    source = """
from brinery._store.disk.root import Root
from brinery._store.accounting.statistics import Report
counts = [0, 0, 0.0]
report = Report(Root(sys.argv[1]), "lab.f-01234567", lambda: tuple(counts))
print("ready"); sys.stdin.readline()
for _ in range(400):
    counts[0] += 1; counts[1] += 2; counts[2] += 0.5
    report.write()
"""
    processes = [start(source, tmp_path / "store") for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60) and process.returncode for process in processes] == [0] * 4
    assert read(tmp_path) == Tally(1600, 3200, 800.0)


def read(folder: Path) -> Tally:
    fd = os.open(folder / "store" / "lab.f-01234567", os.O_RDONLY)
    try:
        return statistics.read_sum(fd).tally
    finally:
        os.close(fd)


def test_a_long_file_is_shortened(tmp_path: Path):
    """Years of processes leave a file of a few lines with the same sum."""
    root = Root(str(tmp_path / "store"))
    root.make()
    place = tmp_path / "store" / "lab.f-01234567"
    place.mkdir()
    (place / "statistics").write_bytes(b"\n3 2 0.25" * 10_000)
    counts = [1, 1, 1.0]
    report = statistics.Report(root, place.name, lambda: (counts[0], counts[1], counts[2]))
    report.write()
    assert read(tmp_path) == Tally(30_001, 20_001, 2501.0)
    assert (place / "statistics").stat().st_size < 100
    root.close()


def test_reporting_twice_adds_nothing_twice(tmp_path: Path):
    """Only what is new is added; a function that stored nothing leaves no folder."""
    root = Root(str(tmp_path / "store"))
    root.make()
    counts = [1, 2, 3.0]
    report = statistics.Report(root, "lab.f-01234567", lambda: (counts[0], counts[1], counts[2]))
    with pytest.raises(FileNotFoundError):
        report.write()
    place = tmp_path / "store" / "lab.f-01234567"
    assert not place.exists()
    place.mkdir()
    report.write()
    report.write()
    counts[0] += 1
    report.write()
    assert read(tmp_path) == Tally(2, 2, 3.0)
    root.close()


@pytest.mark.parametrize(
    "lines",
    [
        b"-1 0 0\n",
        b"0 0 -1.0\n",
        b"1e3 0 0\n",
        b"9" * 5000 + b" 0 0\n",
        b"0 0 nan\n",
        b"0 0 inf\n",
        b"0 0 1e300\n",
        b"\xff\xfe 0 0\n",
        b"1 1\n",
        b"1 1 1 1 1\n",
        b"1 1 1 -1\n",
        b"1 1 1 nan\n",
        b"1 1 1 1e30\n",
        b"\0" * 5000 + b"\n",
        str(1 << 60).encode() + b" 0 0\n",
    ],
)
def test_lines_that_cannot_be_right_do_not_count(lines: bytes):
    """Whatever somebody else, or a power loss, put between them."""
    assert sum_of(parse_lines(b"\n1 2 0.5" + b"\n" + lines + b"3 4 0.5")).tally == Tally(4, 6, 1.0)


@pytest.mark.parametrize("way", ["huge", "fifo", "folder", "link", "dangling", "hard"])
def test_whatever_stands_in_its_place_is_neither_read_nor_written(tmp_path: Path, way: str):
    """A sparse terabyte, a FIFO, links to somebody's file: counted anew, promptly, the victim untouched."""
    root = Root(str(tmp_path / "store"))
    root.make()
    place = tmp_path / "store" / "lab.f-01234567"
    place.mkdir()
    path = place / "statistics"
    victim = tmp_path / "victim"
    victim.write_bytes(b"1000 1000 1000\n")
    if way == "huge":
        path.write_bytes(b"\n5 5 5")
        os.truncate(path, 1 << 40)
    elif way == "fifo":
        os.mkfifo(path)
    elif way == "folder":
        path.mkdir()
        (path / "mine").write_bytes(b"precious")
    elif way == "link":
        path.symlink_to(victim)
    elif way == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    else:
        os.link(victim, path)
    report = statistics.Report(root, place.name, lambda: (1, 1, 1.0))
    report.write()
    counts = [2, 2, 2.0]
    report._totals = lambda: (counts[0], counts[1], counts[2])
    report.write()
    assert read(tmp_path) in (Tally(2, 2, 2.0), Tally(1, 1, 1.0))
    assert victim.read_bytes() == b"1000 1000 1000\n"
    assert not (tmp_path / "nowhere").exists()
    assert open_store(tmp_path / "store").info().hits <= 2
    root.close()
