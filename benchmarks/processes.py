"""What several processes cost: the first hit of a new one, and four at once on one store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from . import floors
from .cases import Table
from .timing import Contender, Measurement, children_cpu_ns, measure

_BODY = """
FACTOR = 3

def helper(x):
    return x * FACTOR

@keep
def f(x, y=2):
    return {"sum": helper(x) + y, "label": "a short result, as most results are", "values": [1.5] * 12}
"""
_FLOOR = """
import hmac, os, pickle, sys, xxhash
fd = os.open(sys.argv[1], os.O_RDONLY)
data = os.read(fd, os.fstat(fd).st_size)
os.close(fd)
assert hmac.compare_digest(data[:32], hmac.digest(%r, data[32:], "sha256"))
pickle.loads(data[32:])
"""
KEEPS = {
    "brinery": "from brinery import Cache\nkeep = Cache(sys.argv[1], secret='0123456789abcdef' * 2)",
    "joblib": "import joblib\nkeep = joblib.Memory(sys.argv[1], verbose=0).cache",
    "diskcache": "import diskcache\nkeep = diskcache.Cache(sys.argv[1]).memoize()",
    "checkpointer": "from checkpointer import Checkpointer\nkeep = Checkpointer(directory=sys.argv[1], verbosity=0)",
    "cachier": "from cachier import cachier\nkeep = cachier(cache_dir=sys.argv[1], separate_files=True)",
}

_MIXED = """
import random, time
numbers = list(range(int(sys.argv[3])))
for number in numbers[::2]:  # as the other processes do: half of them are there when the clock starts
    f(number)
open(sys.argv[1] + "." + sys.argv[2], "w").close()
while not os.path.exists(sys.argv[1] + ".go"):
    time.sleep(0.001)
random.Random(int(sys.argv[2])).shuffle(numbers)
began = time.perf_counter()
for number in numbers:
    f(number if number % 2 == 0 else number + 10**6 * (1 + int(sys.argv[2])))
print(began, time.perf_counter())
"""
_MIXED_FLOOR = """
import hmac, pickle
os.makedirs(sys.argv[1], exist_ok=True)

def f(number):
    path = f"{sys.argv[1]}/{hash(number) % 256:02x}"
    name = f"{path}/{number}".replace(" ", "")
    try:
        fd = os.open(name, os.O_RDONLY)
    except FileNotFoundError:
        data = pickle.dumps({"sum": 1, "label": "a short result, as most results are", "values": [1.5] * 12}, 5)
        os.makedirs(path, exist_ok=True)
        fd = os.open(f"{name}.{sys.argv[2]}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.write(fd, hmac.digest(SECRET, data, "sha256") + data)
        os.close(fd)
        os.rename(f"{name}.{sys.argv[2]}", name)
        return
    data = os.read(fd, os.fstat(fd).st_size)
    os.close(fd)
    assert hmac.compare_digest(data[:32], hmac.digest(SECRET, data[32:], "sha256"))
    pickle.loads(data[32:])
"""


def first_hit(folder: str, rounds: int) -> Table:
    """CPU time of a process that asks for one result that is there, and ends; beside one that does it by hand."""
    floors.SignedFile(folder, {"sum": 11, "values": [1.5] * 12})
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    programs = {
        "a bare interpreter": "pass",
        "floor: imports, a signed read": _FLOOR % floors.SECRET,
        **{name: f"import sys\n{keep}\n{_BODY.replace('@keep', '@keep', 1)}\nf(3)" for name, keep in KEEPS.items()},
    }
    contenders = []
    for number, (name, source) in enumerate(programs.items()):
        path = os.path.join(folder, f"program{number}.py")
        Path(path).write_text(source)
        place = os.path.join(folder, "signed" if name.startswith("floor") else f"store{number}")

        def run(command: tuple[str, ...] = (sys.executable, path, place)) -> None:
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

        run()
        contenders.append(Contender(name, run))
    bare, *others = measure(contenders, rounds=rounds, clock=children_cpu_ns)
    rows = [
        row._replace(median=row.median - bare.median, p99=row.p99 - bare.median, longest=row.longest - bare.median)
        for row in others
    ]
    return Table("First hit of a process, CPU over bare Python", "ms", rows, "at most 15 ms, where the floor is 13")


def four_at_once(folder: str, rounds: int, calls: int) -> Table:
    """The time of one call where four processes make hits and misses, half and half, on one store."""
    programs = {"floor: signed files, renamed": f"SECRET = {floors.SECRET!r}\n{_MIXED_FLOOR}"}
    programs |= {name: f"{KEEPS[name]}\n{_BODY}" for name in KEEPS if name != "cachier"}  # which may wait for ever
    samples: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(rounds):
        for number, (name, source) in enumerate(programs.items()):
            path = Path(folder, f"mixed{number}.py")
            path.write_text(f"import os, sys\n{source}\n{_MIXED}")
            samples[name].append(_seconds_of_four(path, f"{folder}/mixed{turn}-{number}", calls) / (4 * calls))
    rows = []
    for name, times in samples.items():
        times.sort()
        rows.append(Measurement(name, times[len(times) // 2], times[-1], times[-1], 4 * calls * rounds))
    return Table("Four processes, hits and misses, a call", "us", rows, "at most 1 / 0.6 = 1.67 x the floor")


def _seconds_of_four(path: Path, place: str, calls: int) -> float:
    running = [
        subprocess.Popen([sys.executable, path, place, str(number), str(calls)], stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    try:
        while not all(os.path.exists(f"{place}.{number}") for number in range(4)):
            if any(process.poll() for process in running):
                raise RuntimeError(f"{path} failed")
        Path(f"{place}.go").touch()
        spans: list[list[float]] = [
            json.loads(f"[{process.communicate()[0].replace(' ', ',')}]") for process in running
        ]
    finally:
        for process in running:
            process.kill()
    return max(span[1] for span in spans) - min(span[0] for span in spans)
