"""How many machine instructions a hit takes: a figure that does not move with the load of the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_FEW, _MANY = 500, 1500
_HITS = """
import sys
sys.path[:0] = {path!r}
from brinery import Cache

@Cache({place!r}, secret="0123456789abcdef" * 2)
def f(x, y=2):
    return {{"x": x, "label": "a short result, as most results are", "values": [1.5] * 12}}

for _ in range(int(sys.argv[1])):
    f(3)
"""
_FLOOR = """
import sys
sys.path[:0] = {path!r}
from benchmarks.floors import SignedFile
floor = SignedFile({place!r}, {{"x": 3, "label": "a short result, as most results are", "values": [1.5] * 12}})
for _ in range(int(sys.argv[1])):
    floor.load()
"""


def of_a_hit(folder: str) -> list[str]:
    """Count by valgrind, as the difference between many hits and few; says why where it cannot."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return ["Instructions of a hit: skipped, there is no valgrind"]
    scripts = {}
    for name, source in (("floor", _FLOOR), ("brinery", _HITS)):
        script = Path(folder, f"{name}.py")
        script.write_text(
            source.format(path=sys.path, place=folder if name == "floor" else os.path.join(folder, "store"))
        )
        subprocess.run([sys.executable, script, "1"], check=True)  # stores the result
        scripts[name] = script
    counts = dict.fromkeys(scripts, 0.0)
    for times, sign in ((_FEW, -1), (_MANY, 1)):
        # Both at once, as the load makes no difference.
        running = {name: _start(valgrind, script, times) for name, script in scripts.items()}
        for name, process in running.items():
            counts[name] += sign * _count(process) / (_MANY - _FEW)
    ratio = counts["brinery"] / counts["floor"]
    least = "open, fstat, read, HMAC, unpickle"
    line = f"Instructions of a hit: {counts['brinery']:,.0f}, {ratio:.2f} x the {counts['floor']:,.0f} of {least}"
    return [line, "  (outside the kernel)"]


def _start(valgrind: str, script: Path, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, script, str(times)],
        env={**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _count(process: subprocess.Popen[str]) -> int:
    told = process.communicate()[1]
    found = re.search(r"Collected : (\d+)", told)
    if process.returncode or found is None:
        raise RuntimeError(told)
    return int(found[1])
