"""Classes of a script are the same classes wherever the script's results are read: run, imported, tested, spawned."""

from __future__ import annotations

from pathlib import Path

import pytest
from other_process import run, write

SCRIPT = """
import dataclasses, enum, functools
from typing import NamedTuple
from brinery import Cache

class Plain:
    class Inner:
        pass
    def __init__(self, number):
        self.number = number

@dataclasses.dataclass(slots=True)
class Slotted:
    number: int

class Pair(NamedTuple):
    x: int
    y: int

class Color(enum.Enum):
    RED = 1

class Text(str):
    pass

class Refused(Exception):
    def __init__(self, who):
        super().__init__(f"{who} was refused")
        self.who = who

class Odd:
    def __reduce__(self):
        return make_odd, ()

def make_odd():
    return Odd()

def helper(x):
    return x + 1

memory = Cache("store")

def results():
    text = Text("text")
    text.unit = "km"
    found = {
        "plain": Plain(1), "inner": Plain.Inner(), "slotted": Slotted(2), "pair": Pair(1, 2), "color": Color.RED,
        "text": text, "refused": Refused("you"), "odd": Odd(), "class": Plain, "function": helper,
        "partial": functools.partial(helper, 1),
    }
    found["again"] = [found["plain"], found]
    return found

@memory
def by_pickle():
    return results()

@memory(serializer="cloudpickle")
def by_cloudpickle():
    return {**results(), "lambda": lambda x: helper(x) + len(Color)}

@memory
def items():
    yield results()

def look(found):
    assert found["lambda"](1) == 3 if "lambda" in found else True
    kinds = Plain, Plain.Inner, Slotted, Pair, Color, Text, Refused, Odd
    for name, kind in zip(found, kinds):
        assert type(found[name]) is kind, (name, type(found[name]))
    assert found["plain"].number == 1 and found["slotted"].number == 2 and found["pair"] == (1, 2)
    assert found["color"] is Color.RED and found["text"].unit == "km"
    assert (str(found["refused"]), found["refused"].who) == ("you was refused", "you")
    assert found["class"] is Plain and found["function"] is helper and found["partial"].func is helper
    assert found["again"][0] is found["plain"]

def check():
    look(by_pickle())
    look(by_cloudpickle())
    look(list(items())[0])
    print("misses", sum(f.cache_info().misses for f in (by_pickle, by_cloudpickle, items)), flush=True)

if __name__ == "__main__":
    check()
"""
TEST = """
import script

def test_results(capsys):
    with capsys.disabled():
        print()
        script.check()
"""
SPAWNING = """
import multiprocessing
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        import script
        pool.apply(script.check)
"""
NOTEBOOK = """
import sys, types
shell = types.ModuleType("__main__")
sys.modules["__main__"] = shell
for number, cell in enumerate(["import script", "found = script.by_pickle()", "script.check()"]):
    exec(compile(cell, f"<ipython-input-{number}>", "exec"), vars(shell))
"""
WAYS = {
    "script": ["script.py"],
    "-m": ["-m", "script"],
    "runpy": ["-c", "import runpy; runpy.run_path('script.py', run_name='__main__')"],
    "imported": ["-c", "import script; script.check()"],
    "notebook": ["notebook.py"],
    "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "test_script.py"],
    "spawned": ["spawning.py"],
}


def misses(folder: Path, way: str) -> int:
    said = run(*WAYS[way], cwd=folder)
    return [int(line.split()[1]) for line in said.splitlines() if line.startswith("misses ")][0]  # noqa: RUF015


@pytest.mark.parametrize("writer", WAYS)
def test_results_of_a_scripts_classes_are_read_everywhere(tmp_path: Path, writer: str):
    """Stored in one way and read in all others: hits, and objects of the very classes that the reader has."""
    write(tmp_path, script=SCRIPT, test_script=TEST, spawning=SPAWNING, notebook=NOTEBOOK)
    assert misses(tmp_path, writer) == 3
    assert {way: misses(tmp_path, way) for way in WAYS} == dict.fromkeys(WAYS, 0)


IN_A_PACKAGE = ["pkg/part/script.py", "-m pkg.part.script", "-c from pkg.part import script; script.check()"]


@pytest.mark.parametrize("writer", IN_A_PACKAGE)
@pytest.mark.parametrize("is_regular", [True, False])
def test_scripts_inside_packages(tmp_path: Path, writer: str, is_regular: bool):
    """A module of a package that is run as a script, or with -m, is the same as the one imported."""
    write(tmp_path, pkg__part__script=SCRIPT)
    for folder in ("pkg", "pkg/part") if is_regular else ():
        (tmp_path / folder / "__init__.py").touch()
    assert run(*writer.split(" ", 1), cwd=tmp_path).split() == ["misses", "3"]
    for way in IN_A_PACKAGE:
        assert run(*way.split(" ", 1), cwd=tmp_path).split() == ["misses", "0"]


CELLS = """
import sys, types, linecache
shell = types.ModuleType("__main__")
sys.modules["__main__"] = shell
cells = [
    "from brinery import Cache\\nclass Point:\\n    def __init__(self, x):\\n        self.x = x\\n",
    "@Cache('store')\\ndef f(x):\\n    return {'a': [Point(x)]}\\n",
    "found = f(1)\\nassert type(found['a'][0]) is Point and found['a'][0].x == 1\\nprint(f.cache_info().misses)",
]
for number, cell in enumerate(cells):
    name = f"<ipython-input-{number}-{sys.argv[1]}>"
    linecache.cache[name] = (len(cell), None, cell.splitlines(True), name)
    exec(compile(cell, name, "exec"), vars(shell))
"""


def test_classes_of_a_notebook_are_read_when_it_runs_again(tmp_path: Path):
    """The next kernel has the classes of its own cells."""
    write(tmp_path, cells=CELLS)
    assert [run("cells.py", kernel, cwd=tmp_path).strip() for kernel in ("1", "2", "2")] == ["1", "0", "0"]


def test_another_scripts_class_of_the_same_name_is_never_taken_for_it(tmp_path: Path):
    """Two scripts give a library their own `Point`: neither ever gets the other's, nor an error."""
    library = "from brinery import Cache\n@Cache('store')\ndef make(kind):\n    return [kind(3)]\n"
    script = """
from library import make
class Point:
    def __init__(self, x):
        self.x = x * {factor}
for _ in range(2):
    (found,) = make(Point)
    assert type(found) is Point and found.x == 3 * {factor}
print(make.cache_info().misses)
"""
    write(tmp_path, library=library, one=script.format(factor=1), two=script.format(factor=2))
    assert [run(name, cwd=tmp_path).strip() for name in ("one.py", "two.py", "one.py", "two.py")] == [
        "1",
        "1",
        "0",
        "0",
    ]


@pytest.mark.parametrize("change", ["moved", "renamed", "gone", "redefined"])
def test_a_class_that_is_no_longer_what_it_was(tmp_path: Path, change: str):
    """Moved, renamed or redefined: the result is of the present class, and hits again from then on."""
    write(
        tmp_path,
        shapes="class Point:\n    x = 1\n",
        script="from shapes import Point\nfrom brinery import Cache\n"
        "@Cache('store')\ndef f():\n    return [Point()]\n"
        "found = f()[0]\nassert type(found) is Point\nprint(found.x, f.cache_info().misses)\n",
    )
    assert run("script.py", cwd=tmp_path).split() == ["1", "1"]
    write(
        tmp_path,
        **{
            "moved": {"other": "class Point:\n    x = 1\n", "shapes": "from other import Point\n"},
            "renamed": {"shapes": "class Place:\n    x = 1\nPoint = Place\n"},
            "gone": {"shapes": "def make():\n    class Point:\n        x = 1\n    return Point\nPoint = make()\n"},
            "redefined": {"shapes": "class Point:\n    x = 2\n"},
        }[change],
    )
    expected = "2" if change == "redefined" else "1"
    assert run("script.py", cwd=tmp_path).split() == [expected, "1"]
    again = "1" if change == "gone" else "0"  # a class inside a function cannot be pickled
    assert run("script.py", cwd=tmp_path).split() == [expected, again]
