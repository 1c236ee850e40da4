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

# What is compiled into the interpreter, or a file of C beside it. `__future__` is what annotations cost; `math` is for
# an entry that was hit a few times only.
OF_PYTHON = {
    "__future__", "_collections", "_functools", "_operator", "_random", "_sha2", "_sha256", "_struct", "atexit",
    "errno", "gc", "itertools", "keyword", "marshal", "math", "_weakref",
}  # fmt: skip
OF_XXHASH = {"xxhash", "xxhash._xxhash", "xxhash.version"}
OF_BRINERY = {
    "_cache", "_cache_options", "_cached_function", "_computed_once", "_keyed_function", "_kinds", "_light",
    "_options", "_tally", "_tended", "_units", "_warning", "errors", "_keying", "_keying.arguments", "_keying.code",
    "_keying.compiled", "_keying.digest", "_keying.file_state", "_keying.fingerprint", "_keying.home", "_keying.key",
    "_keying.known_sources", "_keying.live", "_keying.names", "_keying.origin", "_keying.plain", "_keying.references",
    "_keying.registered", "_keying.scope", "_keying.shown", "_keying.source", "_keying.standard", "_keying.watch",
    "_store", "_store.eviction", "_store.files", "_store.function_folder", "_store.hashes", "_store.layout",
    "_store.loading", "_store.names", "_store.plain_stream", "_store.root", "_store.secret_file", "_store.signing",
    "_store.sources", "_store.statistics", "_store.store", "_store.tally",
}  # fmt: skip
OF_COUNTING = {"_cache_info"}  # which the program asks for


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
def test_a_first_hit_loads_what_it_needs_and_no_more(tmp_path, source):
    """Every module is named here: whoever makes a hit load another has to say so."""
    loaded = first_hit(tmp_path, source)
    ours = {name.removeprefix("brinery.") for name in loaded if name.startswith("brinery.")}
    assert ours - OF_COUNTING == OF_BRINERY
    assert {name for name in loaded if not name.startswith("brinery")} <= OF_PYTHON | OF_XXHASH


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs says where the user's folders are")
def test_the_default_folders_take_one_module_more(tmp_path):
    """The user's cache folder, and the secret in the state folder."""
    loaded = first_hit(tmp_path, DEFAULT.format(options=""))
    ours = {name.removeprefix("brinery.") for name in loaded if name.startswith("brinery.")}
    assert ours - OF_COUNTING == {*OF_BRINERY, "_folders"}
    assert {name for name in loaded if not name.startswith("brinery")} <= OF_PYTHON | OF_XXHASH


def test_importing_loads_a_dozen_modules_of_ours():
    """And nothing of anybody else's."""
    program = START + "import brinery\nprint(*sorted(set(sys.modules) - before))"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(child.stdout.split())
    ours = {name for name in loaded if name.startswith("brinery")}
    assert len(ours) <= 12
    assert loaded - ours <= {"__future__", "_collections", "_functools"}
