"""A result is found again wherever the same code runs: however it is started, from where, and in which worker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from other_process import write

# The function tells on stderr, which the key knows nothing of, that it is computed.
DIGITS = """
import os
import sys
from brinery import Cache
from tools import scale

memory = Cache(os.environ["STORE"])
FACTOR = {"a": 2, "b": [3]}

class Point:
    def __init__(self, x):
        self.x = x
    def moved(self):
        return Point(self.x + FACTOR["a"])

@memory
def load(x, start=Point(1)):
    print("computed", file=sys.stderr)
    return [scale(x) + start.moved().x, sorted({"a", "b", "c"})]

if __name__ == "__main__":
    print(load(20))
"""
TOOLS = "LIMIT = 100\ndef scale(x):\n    return min(x * 2, LIMIT)\n"
EXPECTED = "[43, ['a', 'b', 'c']]\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder, digits=DIGITS, tools=TOOLS)
    return folder


def _output(
    project: Path, *arguments: str | Path, store: Path | None = None, cwd: Path | None = None, hash_seed: int = 0
) -> tuple[str, int]:
    """Run a program and return what it printed and how often the function ran."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd or project,
        env={
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            "PYTHONDONTWRITEBYTECODE": "1",
            "STORE": str(store or project.parent / "store"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, done.stderr.count("computed")


def _script(project: Path) -> tuple[str, int]:
    return _output(project, "digits.py")


def _module(project: Path) -> tuple[str, int]:
    return _output(project, "-m", "digits", hash_seed=7)


def _imported(project: Path) -> tuple[str, int]:
    return _output(project, "-c", "import digits; print(digits.load(20))", hash_seed=8)


def _elsewhere(project: Path) -> tuple[str, int]:
    return _output(project, project / "digits.py", cwd=project.parent, hash_seed=9)


def _without_assertions(project: Path) -> tuple[str, int]:
    return _output(project, "-O", "digits.py")


def _by_runpy(project: Path) -> tuple[str, int]:
    return _output(project, "-c", "import runpy; runpy.run_path('digits.py', run_name='__main__')")


def _with_bytecode(project: Path) -> tuple[str, int]:
    _output(project, "-m", "compileall", "-q", ".")
    return _output(project, "-m", "digits")


def _moved(project: Path) -> tuple[str, int]:
    moved = project.parent / "another place"
    shutil.copytree(project, moved)
    return _output(moved, "digits.py", store=project.parent / "store")


def _under_pytest(project: Path) -> tuple[str, int]:
    write(project, test_it="import digits\ndef test_it():\n    print(digits.load(20), file=open('out', 'w'))\n")
    _, computed = _output(
        project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-s", "test_it.py"
    )
    return (project / "out").read_text(), computed


WAYS = [_script, _module, _imported, _elsewhere, _without_assertions, _by_runpy, _with_bytecode, _moved, _under_pytest]


@pytest.mark.parametrize("way", WAYS[1:], ids=lambda way: way.__name__.strip("_"))
def test_what_a_script_stored_is_found_in_every_other_way(way, project: Path) -> None:
    """A script computes once; the same code started otherwise finds the result, under another hash seed too."""
    assert _script(project) == (EXPECTED, 1)
    assert way(project) == (EXPECTED, 0)


@pytest.mark.parametrize("way", WAYS[1:3], ids=lambda way: way.__name__.strip("_"))
def test_what_was_stored_otherwise_is_found_by_a_script(way, project: Path) -> None:
    """It works in the other direction too."""
    assert way(project) == (EXPECTED, 1)
    assert _script(project) == (EXPECTED, 0)


_POOL = """
import multiprocessing, sys
if __name__ == "__main__":
    import digits
    {before}
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        print(pool.map(digits.load, [20])[0])
    print(digits.load(20))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_and_its_parent_find_each_others_results(method: str, project: Path) -> None:
    """Whoever computes first, a worker or its parent, the other hits."""
    write(
        project,
        pool=_POOL.format(before="", method=method),
        first=_POOL.format(before="digits.load(30)", method=method),
    )
    assert _output(project, "pool.py") == (2 * EXPECTED, 1)
    assert _output(project, "first.py") == (2 * EXPECTED, 1)
    assert _output(project, "pool.py") == (2 * EXPECTED, 0)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_function_of_the_script_itself_is_found_in_workers(method: str, project: Path) -> None:
    """A worker knows the script as ``__mp_main__``, which is the same script."""
    source = DIGITS.replace(
        "    print(load(20))",
        "    import multiprocessing\n"
        f"    with multiprocessing.get_context({method!r}).Pool(1) as pool:\n"
        "        print(pool.map(load, [20])[0])",
    )
    assert source != DIGITS
    write(project, digits=source)
    assert _output(project, "digits.py") == (EXPECTED, 1)
    assert _output(project, "-c", "import digits; print(digits.load(20))") == (EXPECTED, 0)


_LOKY = """
import digits, joblib
print(joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(digits.load)(20) for _ in range(1))[0])
"""
_LOKY_ITSELF = """
    from loky import get_reusable_executor
    executor = get_reusable_executor(max_workers=1)
    print(executor.submit(load, 20).result())
    executor.shutdown()
"""


def test_a_worker_of_loky_finds_what_its_parent_stored(project: Path) -> None:
    """A function of a module, sent to loky's workers, hits there."""
    write(project, pool=_LOKY)
    assert _script(project) == (EXPECTED, 1)
    assert _output(project, "pool.py") == (EXPECTED, 0)


def test_a_function_of_the_script_itself_is_found_by_loky(project: Path) -> None:
    """A function that cloudpickle sends by value, with all that it reaches, is the same function."""
    assert _script(project) == (EXPECTED, 1)
    write(project, digits=DIGITS.replace("    print(load(20))\n", _LOKY_ITSELF))
    assert _output(project, "digits.py") == (EXPECTED, 0)


_DUMP = """
import cloudpickle, pathlib, tools
cloudpickle.register_pickle_by_value(tools)
pathlib.Path("dump").write_bytes(cloudpickle.dumps(load))
"""
_LOAD = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb'))(20))"


def test_a_function_sent_by_cloudpickle_needs_no_source(project: Path) -> None:
    """Where the source is out of reach, a pickled function brings what it takes to come to the same key."""
    assert _script(project) == (EXPECTED, 1)
    write(project, digits=DIGITS + "".join(f"    {line}\n" for line in _DUMP.splitlines()))
    assert _output(project, "digits.py") == (EXPECTED, 0)
    dump = (project / "dump").rename(project.parent / "dump")
    shutil.rmtree(project)
    project.mkdir()
    assert _output(project, "-c", _LOAD, dump) == (EXPECTED, 0)


def test_a_function_pickled_by_name_is_found_by_name(project: Path) -> None:
    """A decorated function of a module goes through pickle as its name."""
    write(project, dump="import digits, pickle; pickle.dump(digits.load, open('dump', 'wb'))")
    assert _script(project) == (EXPECTED, 1)
    _output(project, "dump.py")
    assert _output(project, "-c", _LOAD, "dump") == (EXPECTED, 0)


def test_two_scripts_with_a_function_of_one_name_do_not_meet(project: Path) -> None:
    """Two scripts' ``load`` are two functions, even in one store and with the same text."""
    write(project, other=DIGITS)
    assert _script(project) == (EXPECTED, 1)
    assert _output(project, "other.py") == (EXPECTED, 1)


def test_a_module_of_a_package_is_the_same_by_path_and_by_name(tmp_path: Path) -> None:
    """A file inside a package has the package's name, imported or started with -m."""
    project = tmp_path / "project"
    write(project, pkg____init__="", pkg__digits=DIGITS, tools=TOOLS)
    (project / "pkg" / "__init__.py").write_text("")
    assert _output(project, "-m", "pkg.digits") == (EXPECTED, 1)
    assert _output(project, "-c", "import pkg.digits; print(pkg.digits.load(20))") == (EXPECTED, 0)


_CELLS = """
import linecache, os, sys
def cell(number, text):
    name = f"<ipython-input-{number}-{os.getpid()}>"
    if WITH_SOURCE:
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), space)
space = {"__name__": "__main__"}
sys.modules["__main__"].__dict__.update(space)
space = sys.modules["__main__"].__dict__
cell(1, "import os\\nfrom brinery import Cache\\nmemory = Cache(os.environ['STORE'])\\ndef helper(x): return x + 1")
cell(2, "import sys\\n@memory\\ndef load(x):\\n    print('computed', file=sys.stderr)\\n    return helper(x)")
"""


@pytest.mark.parametrize("source", [True, False], ids=["with sources", "without sources"])
def test_a_notebook_finds_its_results_after_a_restart(source: bool, project: Path) -> None:
    """Cells executed again, in another order of numbers or in another kernel, define the same function."""
    start = _CELLS.replace("WITH_SOURCE", str(source))
    again = start.splitlines()[-1].replace("cell(2", "cell(7") + "\n"
    changed = 'cell(8, "def helper(x): return x + 2")\n'
    assert _output(project, "-c", start + "print(load(1), load(1))") == ("2 2\n", 1)
    assert _output(project, "-c", start + again + "print(load(1))", hash_seed=5) == ("2\n", 0)
    assert _output(project, "-c", start + "load(1)\n" + changed + "print(load(1))") == ("3\n", 1)


def test_a_cell_with_a_comment_added_still_hits(project: Path) -> None:
    """With sources at hand, as in a notebook, formatting does not count."""
    start = _CELLS.replace("WITH_SOURCE", "True")
    commented = start.replace("    return helper(x)", "    # said\\n\\n    return (helper(x))")
    assert commented != start
    assert _output(project, "-c", start + "print(load(1))") == ("2\n", 1)
    assert _output(project, "-c", commented + "print(load(1))") == ("2\n", 0)


def test_the_minor_version_of_python_counts() -> None:
    """What another minor version of Python computed may be something else: it is part of the fingerprint."""
    from brinery._keying.code.reach import fingerprint

    def function() -> None: ...

    assert fingerprint(function).parts["python"].shown == "{}.{}".format(*sys.version_info)
