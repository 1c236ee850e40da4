"""Small stays small: a process that decorates a function and gets its first hit loads next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BODY = """
FACTOR = 3

def helper(x):
    return x * FACTOR

@keep{options}
def f(x, y=2):
    return {{"sum": helper(x) + y, "label": "a short result", "values": [1.5] * 12}}

if __name__ == "__main__":
    f(3)
    print(f.cache_info().hits, *sorted(set(sys.modules) - before))
"""
START = "import sys\nbefore = set(sys.modules)\n"
HERE = START + "from brinery import Cache\nkeep = Cache('store', secret='0123456789abcdef' * 2)\n" + BODY
DEFAULT = START + "from brinery import cache as keep\n" + BODY

# What takes longer to import than a hit takes, and what only misses, faces and questions need.
HEAVY = {
    "argparse", "ast", "asyncio", "concurrent", "ctypes", "dis", "email", "filelock", "importlib.metadata", "inspect",
    "json", "logging", "multiprocessing", "numpy", "opcode", "pandas", "platformdirs", "rich", "socket", "ssl",
    "subprocess", "tempfile", "tokenize", "tomllib", "urllib", "warnings", "zipfile",
}  # fmt: skip
FACES = {
    "brinery._cli",
    "brinery._notebook",
    "brinery._display.html",
    "brinery._store.locking.locks",
    "brinery._store.accounting.usage",
}


def heavy(loaded: set[str]) -> set[str]:
    """Those modules that a first hit must not load."""
    return {name for name in loaded for one in HEAVY | FACES if name == one or name.startswith(f"{one}.")}


def first_hit(folder: Path, source: str) -> set[str]:
    """Run a program until its only call is a hit that parses nothing; what it has loaded by then."""
    (folder / "script.py").write_text(source)
    environment = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    environment.pop("BRINERY_DIR", None)
    environment.pop("BRINERY_SECRET", None)
    for _ in range(50):  # the state of a file that was just written says too little
        child = subprocess.run(
            [sys.executable, "script.py"], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        hits, *loaded = child.stdout.split()
        if hits == "1" and "ast" not in loaded:
            return set(loaded)
    raise AssertionError(child.stdout)


@pytest.mark.parametrize(
    "source",
    [HERE.format(options=""), HERE.format(options="(ttl='7d', version=2)")],
    ids=["as it comes", "with a time to live"],
)
def test_a_first_hit_loads_nothing_heavy(tmp_path, source):
    """Neither a parser, nor the locks of a miss, nor any library that the program does not use."""
    assert heavy(first_hit(tmp_path, source)) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs says where the user's folders are")
def test_the_default_folders_take_nothing_heavy_either(tmp_path):
    """The user's cache folder, and the secret in the state folder."""
    assert heavy(first_hit(tmp_path, DEFAULT.format(options=""))) == set()


def test_importing_loads_few_modules_of_ours():
    """And nothing heavy."""
    program = START + "import brinery\nprint(*sorted(set(sys.modules) - before))"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(child.stdout.split())
    assert len([name for name in loaded if name.startswith("brinery")]) <= 14
    assert heavy(loaded) == set()
