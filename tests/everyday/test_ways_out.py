"""The line that a warning ends with works as it is: pasted above the function, the second run computes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from freshness.edit import write_files
from freshness.many_processes import Nursery, Ran


class WayOut(NamedTuple):
    """A program that changes what its key covers, and what its warning must offer.

    Attributes:
        what: what is changed, as the name of the case.
        source: the files; the decorator of `f` is a line ``@cache``.
        offers: the decorator that the warning ends with.
        call: what is evaluated in `main`, twice.
    """

    what: str
    source: str
    offers: str
    call: str = "f(1)"


# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
_MAKE = "def make():\n    {}\n    @cache\n    def f(x):\n        {}\n        return x\n    return f\nf = make()"
WAYS_OUT = [
    WayOut("a counter", "COUNT = 0\n@cache\ndef f(x):\n    global COUNT\n    COUNT = 1 + COUNT\n    return x", "@cache(ignore=['.COUNT'])"),
    WayOut("a counter of another module", "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\nCOUNT = 0\ndef g(x):\n    global COUNT\n    COUNT = 1 + COUNT\n    return x", "@cache(ignore=['helper.COUNT'])"),
    WayOut("a memo dictionary in a helper", "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\nMEMO = {}\ndef g(x):\n    if x not in MEMO: MEMO[x] = [x * 2]\n    return MEMO[x]", "@cache(ignore=['helper.MEMO'])"),
    WayOut("a lazy singleton of a class", "class Client:\n    def get(self, x): return x\nCLIENT = None\ndef client():\n    global CLIENT\n    if CLIENT is None: CLIENT = Client()\n    return CLIENT\n@cache\ndef f(x): return client().get(x)", "@cache(ignore=['.CLIENT'])"),
    WayOut("a lazy singleton that is a function", "G = None\ndef double(x): return 2 * x\n@cache\ndef f(x):\n    global G\n    if G is None: G = double\n    return G(x)", "@cache(ignore=['.G'])"),
    WayOut("a name that comes to be", "@cache\ndef f(x):\n    global LATE\n    try: return LATE\n    except NameError: LATE = x\n    return LATE", "@cache(ignore=['.LATE'])"),
    WayOut("a list that is read as well", "SEEN = []\n@cache\ndef f(x):\n    SEEN.append(len(SEEN))\n    return x", "@cache(ignore=['.SEEN'])"),
    WayOut("a table that held something", "TABLE = {'a': 1}\n@cache\ndef f(x):\n    TABLE.setdefault('b', 2)\n    return TABLE['a']", "@cache(may_change=['.TABLE'])"),
    WayOut("an object that counts its calls", "class Model:\n    def __init__(self, scale): self.scale, self.calls = scale, 0\n    def run(self, x):\n        self.calls += 1\n        return self.scale * x\nMODEL = Model(3)\n@cache\ndef f(x): return MODEL.run(x)", "@cache(ignore=['.Model.calls'])"),
    WayOut("an object of another module that counts its calls", "from helper import MODEL\n@cache\ndef f(x): return MODEL.run(x)\n#: helper.py\nclass Base:\n    def __init__(self): self.calls, self.seen = 0, []\nclass Model(Base):\n    def run(self, x):\n        self.calls += 1\n        self.seen.append(x)\n        return 3 * x\nMODEL = Model()", "@cache(ignore=['helper.Model.calls', 'helper.Model.seen'])"),
    WayOut("an object with a memo dictionary", "class Model:\n    def __init__(self): self.memo = {}\n    def run(self, x):\n        if x not in self.memo: self.memo[x] = 2 * x\n        return self.memo[x]\nMODEL = Model()\n@cache\ndef f(x): return MODEL.run(x)", "@cache(ignore=['.Model.memo'])"),
    WayOut("an object that makes another at first use", "class Model:\n    made = None\n    def run(self, x):\n        if self.made is None: self.made = [3]\n        return self.made[0] * x\nMODEL = Model()\n@cache\ndef f(x): return MODEL.run(x)", "@cache(ignore=['.Model.made'])"),
    WayOut("an object with slots", "class Model:\n    __slots__ = ('calls', 'scale')\n    def __init__(self): self.calls, self.scale = 0, 3\n    def run(self, x):\n        self.calls += 1\n        return self.scale * x\nMODEL = Model()\n@cache\ndef f(x): return MODEL.run(x)", "@cache(ignore=['.Model.calls'])"),
    WayOut("a dataclass that counts", "from dataclasses import dataclass, field\n@dataclass\nclass Stats:\n    calls: int = 0\n    seconds: float = 0.0\n    log: list = field(default_factory=list)\nSTATS = Stats()\n@cache\ndef f(x):\n    STATS.calls += 1\n    STATS.seconds += 0.5\n    STATS.log.append(x)\n    return x", "@cache(ignore=['.Stats.calls', '.Stats.log', '.Stats.seconds'])"),
    WayOut("an object in an object in a list", "class Part:\n    def __init__(self): self.calls = 0\n    def run(self, x):\n        self.calls += 1\n        return x\nclass App:\n    def __init__(self): self.parts, self.runs = [Part(), Part()], 0\n    def run(self, x):\n        self.runs += 1\n        return sum(part.run(x) for part in self.parts)\nAPP = App()\n@cache\ndef f(x): return APP.run(x)", "@cache(ignore=['.App.runs', '.Part.calls'])"),
    WayOut("an object that says what it pickles", "class Model:\n    def __init__(self): self.calls, self.scale = 0, 3\n    def __getstate__(self): return dict(self.__dict__)\n    def run(self, x):\n        self.calls += 1\n        return self.scale * x\nMODEL = Model()\n@cache\ndef f(x): return MODEL.run(x)", "@cache(ignore=['.Model.calls'])"),
    WayOut("an object with a table that held something", "class Model:\n    def __init__(self): self.table = {'a': 1}\n    def run(self, x):\n        self.table['b'] = 2\n        return self.table['a']\nMODEL = Model()\n@cache\ndef f(x): return MODEL.run(x)", "@cache(may_change=['.Model.table'])"),
    WayOut("a bound method of an object that counts", "class Model:\n    def __init__(self): self.calls = 0\n    def run(self, x):\n        self.calls += 1\n        return x\nrun = Model().run\n@cache\ndef f(x): return run(x)", "@cache(ignore=['.Model.calls'])"),
    WayOut("an object in a closure that counts", _MAKE.format("stats = Stats()", "stats.calls += 1").replace("def make", "class Stats: calls = 0\ndef make", 1), "@cache(ignore=['.Stats.calls'])"),
    WayOut("an argument that counts and is fitted", "class Model:\n    def __init__(self): self.fits = 0\n@cache\ndef f(x):\n    x.fits += 1\n    x.mean = 0.5\n    return 1", "@cache(ignore=['.Model.fits'], may_change=['x'])", "f(Model())"),
    WayOut("an argument that is sorted in place", "@cache\ndef f(x):\n    x.sort()\n    return x[0]", "@cache(may_change=['x'])", "f([3, 1, 2])"),
    WayOut("an object that is an argument", "class Box: pass\n@cache\ndef f(x):\n    x.seen = True\n    return 1", "@cache(may_change=['x'])", "f(Box())"),
    WayOut("the object of a method", "class Job:\n    n = 0\n    @cache\n    def f(self, x):\n        self.n += 1\n        return x\nf = Job.f", "@cache(ignore=['.Job.n'])", "Job().f(1)"),
    WayOut("the object of a method that is fitted", "class Job:\n    @cache\n    def f(self, x):\n        self.mean = x\n        return x\nf = Job.f", "@cache(may_change=['self'])", "Job().f(1)"),
    WayOut("the object of a method with a memo dictionary", "class Job:\n    def __init__(self): self.memo = {}\n    @cache\n    def f(self, x):\n        if x not in self.memo: self.memo[x] = 2 * x\n        return x\nf = Job.f\nJOB = Job()", "@cache(ignore=['.Job.memo'])", "JOB.f(1)"),
    WayOut("an argument behind key=", "@cache(key=lambda x, y: x)\ndef f(x, y):\n    x.sort()\n    return x[0]", "@cache(may_change=['x', 'y'])", "f([3, 1, 2], 1)"),
    WayOut("a default", "@cache\ndef f(x, seen=[]):\n    seen.append(x)\n    return x", "@cache(ignore=['seen'])"),
    WayOut("a default that is given by keyword only", "@cache\ndef f(x, *, seen={}):\n    seen[x] = 1\n    return x", "@cache(ignore=['seen'])"),
    WayOut("a default that held something", "@cache\ndef f(x, seen={'a': 1}):\n    seen[x] = x\n    return seen['a']", "@cache(may_change=['seen'])"),
    WayOut("an argument that cannot be digested afterwards", "import threading\nclass Box: pass\n@cache\ndef f(x, y):\n    x.lock = threading.Lock()\n    return y", "@cache(may_change=['x'])", "f(Box(), [1])"),
    WayOut("a callback that counts", "COUNT = 0\ndef call(x):\n    global COUNT\n    COUNT = 1 + COUNT\n    return x\n@cache\ndef f(x, back): return back(x)", "@cache(may_change=['back'])", "f(1, call)"),
    WayOut("a default of a helper", "def g(x, seen=[]):\n    seen.append(x)\n    return x\n@cache\ndef f(x): return g(x)", "@cache(ignore=['.g.seen'])"),
    WayOut("a default of a helper of another module", "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\ndef g(x, seen={}):\n    seen[x] = len(seen)\n    return x", "@cache(ignore=['helper.g.seen'])"),
    WayOut("a closure variable of its own", _MAKE.format("n = 0", "nonlocal n; n = 1 + n"), "@cache(ignore=['n'])"),
    WayOut("a closure variable that held something", _MAKE.format("n = {'a': 1}", "n['a'] = n['a'] + x"), "@cache(may_change=['n'])"),
    WayOut("a closure variable of a helper", "def make():\n    n = 0\n    def g():\n        nonlocal n\n        n = 1 + n\n    return g\ng = make()\n@cache\ndef f(x):\n    g()\n    return x", "@cache(ignore=['.make.g.n'])"),
    WayOut("a closure variable of a helper of another module", "import helper\n@cache\ndef f(x):\n    helper.g()\n    return x\n#: helper.py\ndef make():\n    n = 0\n    def g():\n        nonlocal n\n        n = 1 + n\n    return g\ng = make()", "@cache(ignore=['helper.make.g.n'])"),
    WayOut("an attribute of a helper", "def g(x):\n    g.calls = 1 + g.calls\n    return x\ng.calls = 0\n@cache\ndef f(x): return g(x)", "@cache(ignore=['.g.calls'])"),
    WayOut("an attribute of the function itself", "@cache\ndef f(x):\n    f.calls = f.calls + 1\n    return x\nf.calls = 0", "@cache(ignore=['.f'])"),
    WayOut("an attribute of a class", "class Job:\n    total = 0\n    def run(self, x):\n        Job.total = 1 + Job.total\n        return x\n@cache\ndef f(x): return Job().run(x)", "@cache(ignore=['.Job.total'])"),
    WayOut("an attribute of a class in another module", "import helper\n@cache\ndef f(x): return helper.Job().run(x)\n#: helper.py\nclass Job:\n    made = []\n    def run(self, x):\n        self.made.append(len(self.made))\n        return x", "@cache(ignore=['helper.Job.made'])"),
    WayOut("a generator of random numbers", "import random\nrng = random.Random(0)\n@cache\ndef f(x): return rng.random() < 2", "@cache(ignore=['.rng'])"),
    WayOut("a generator behind a method of its", "import random\ndraw = random.Random(0).random\n@cache\ndef f(x): return draw() < 2", "@cache(ignore=['.draw'])"),
    WayOut("many at once", "import helper\nA = B = C = D = 0\nMEMO = {}\n@cache\ndef f(x, y):\n    global A, B, C, D\n    A, B, C, D = A + 1, B + 1, C + 1, D + 1\n    MEMO[x] = len(MEMO)\n    y.sort()\n    return helper.g(x)\n#: helper.py\nSEEN = set()\ndef g(x):\n    SEEN.add(len(SEEN))\n    return x",
           "@cache(ignore=['.A', '.B', '.C', '.D', '.MEMO', 'helper.SEEN'], may_change=['y'])", "f(1, [2, 1])"),
    WayOut("beside names that are there already", "A = 0\nDEBUG = False\n@cache(ignore=['.DEBUG'])\ndef f(x):\n    global A\n    A = 1 + A\n    return x", "@cache(ignore=['.DEBUG', '.A'])"),
    WayOut("a function in a package", "from pkg.work import f\n#: pkg/__init__.py\n#: pkg/state.py\nCOUNT = 0\n#: pkg/work.py\nfrom brinery import cache\nfrom pkg import state\nOWN = 0\n@cache\ndef f(x):\n    global OWN\n    OWN, state.COUNT = OWN + 1, state.COUNT + 1\n    return x", "@cache(ignore=['.OWN', 'pkg.state.COUNT'])"),
]
# fmt: on
_LINE = re.compile(r"@cache\([^)]*\)")


def _without_key(source: str) -> str:
    return source.replace("@cache(key=lambda x, y: x)", "@cache").replace("@cache(ignore=['.DEBUG'])", "@cache")


def _run_twice(folder: Path, nurseries: list[Nursery], call: str) -> tuple[Ran, Ran]:
    return nurseries[0].run(folder, call, call), nurseries[1].run(folder, call, call)


@pytest.mark.parametrize("case", WAYS_OUT, ids=[case.what for case in WAYS_OUT])
def test_the_line_of_the_warning_works_when_it_is_pasted(
    case: WayOut, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """One warning names all that changed; with its line there is none, and another process computes nothing."""
    write_files(tmp_path, case.source)
    first, _ = _run_twice(tmp_path, nurseries, case.call)
    assert first.values == first.truths
    assert first.warnings
    lines = _LINE.findall(first.warnings[0])
    assert lines == [case.offers], first.warnings
    has_key = "@cache(key=" in case.source
    pasted = case.offers if not has_key else case.offers.replace("(", "(key=lambda x, y: x, ", 1)
    write_files(tmp_path, _without_key(case.source).replace("@cache\n", f"{pasted}\n"))
    first, second = _run_twice(tmp_path, nurseries, case.call)
    assert first.warnings == second.warnings == []
    assert first.values == second.values == first.truths
    assert first.computed[0] == 1
    assert second.computed[0] == 0, "another process did not find the result"
    if (
        "may_change" not in case.offers
    ):  # else the uncached run, which gives the truth, has made the second another call
        assert second.computed == [0, 0]


_OBJECT = """
class Model:
    def __init__(self): self.calls, self.scale = 0, 3
    def run(self, x):
        self.calls += 1
        return self.scale * x
MODEL = Model()
@cache(ignore=['{}'])
def f(x): return MODEL.run(x)
@cache(ignore=['{}'])
def g(model, x): return model.run(x)
"""


@pytest.mark.parametrize("name", [".Model.calls", "main.Model.calls", ".MODEL.calls"])
def test_an_attribute_of_instances_is_named_by_their_class_or_by_a_global(
    name: str, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """It counts neither in what a function reaches nor in its arguments; the other attributes do."""
    source = _OBJECT.format(name, name)
    write_files(tmp_path, source)
    first = nurseries[0].run(tmp_path, "f(1)", "f(2)", "f(1)", "g(Model(), 1)", "g(MODEL, 1)", "g.explain(MODEL, 2)")
    assert first.warnings == []
    assert first.computed == [1, 1, 0, 1, 0, 0]
    assert ".calls" not in first.values[-1]
    assert nurseries[1].run(tmp_path, "f(1)", "f(2)", "g(MODEL, 1)").computed == [0, 0, 0]
    write_files(tmp_path, source.replace("0, 3", "0, 4"))
    changed = nurseries[1].run(tmp_path, "f(1)", "g(MODEL, 1)")
    assert changed.values == changed.truths == ["4", "4"]


def test_an_attribute_of_a_value_in_a_global_cannot_be_named(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """One warning says so, where the value is nothing of the user's, and where the name leads further down."""
    write_files(tmp_path, _OBJECT.format(".MODEL.calls.real", ".MODEL.scale.imag"))
    (said,) = nurseries[0].run(tmp_path, "f(1)").warnings[:1]
    assert "which can only be named as a whole" in said


def test_the_warning_says_what_its_line_promises(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """For what is left out of the key, and for what may change, in plain words."""
    source = (
        "MEMO, TABLE = {}, {'a': 1}\n@cache\ndef f(x):\n    MEMO[x] = TABLE['b'] = len(MEMO)\n    return TABLE['a']"
    )
    write_files(tmp_path, source)
    (said,) = nurseries[0].run(tmp_path, "f(1)").warnings
    assert (
        "A hit does not make that change. If results are the same whatever MEMO holds and no later call depends on the "
        "change of TABLE, decorate with @cache(ignore=['.MEMO'], may_change=['.TABLE'])"
    ) in said


@pytest.mark.parametrize(
    ("option", "changed"),
    [("ignore=['.TABLE']", False), ("may_change=['.TABLE']", True), ("ignore=['.other']", True)],
)
def test_what_may_change_is_still_told_apart(
    option: str, changed: bool, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """A run under another table recomputes, unless the table is left out of the key."""
    source = f"TABLE = {{'a': 1}}\nother = 1\n@cache({option})\ndef f(x):\n    TABLE['b'] = x\n    return TABLE['a']"
    write_files(tmp_path, source)
    nurseries[0].run(tmp_path, "f(1)")
    write_files(tmp_path, source.replace("'a': 1", "'a': 5"))
    ran = nurseries[1].run(tmp_path, "f(1)")
    assert (ran.values == ran.truths) is changed
    assert ran.computed == [int(changed)]
