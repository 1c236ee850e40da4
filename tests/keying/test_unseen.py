"""What a key cannot see is listed with the line where it stands, and nothing else is."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from brinery._keying.code.reach import fingerprint
from brinery._keying.report.places import places_of
from brinery._keying.report.unseen import Unseen, unseen_by

Load = Callable[..., ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write modules to a folder and import the first."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names: list[str] = []

    def write(**files: str) -> ModuleType:
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
            names.append(name)
        importlib.invalidate_caches()
        return importlib.import_module(names[0])

    yield write
    for name in names:
        sys.modules.pop(name, None)


def _listed(module: ModuleType) -> list[tuple[str, str]]:
    return [(item.kind, item.what) for item in unseen_by(fingerprint(module.f))]


_IMPORTS = """
import datetime as dt, importlib, operator, os, random, secrets, socket, subprocess, sys, time, urllib.request, uuid
import numpy as np, pandas as pd
from datetime import date, datetime
from os import environ
from os.path import exists
from pathlib import Path
from random import choice
from time import time as now
NAME = "json"
WHERE = Path("a")
"""


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("open(x)", "file", "open"),
        ("Path(x).read_text()", "file", ".read_text"),
        ("x.read_bytes()", "file", ".read_bytes"),
        ("WHERE.read_text()", "file", "WHERE.read_text"),
        ("os.listdir(x)", "file", "os.listdir"),
        ("exists(x)", "file", "exists"),
        ("np.load(x)", "file", "np.load"),
        ("pd.read_csv(x)", "file", "pd.read_csv"),
        ("list(map(open, x))", "file", "open"),
        ("urllib.request.urlopen(x)", "network", "urllib.request.urlopen"),
        ("socket.create_connection(x)", "network", "socket.create_connection"),
        ("time.time()", "clock", "time.time"),
        ("now()", "clock", "now"),
        ("datetime.now()", "clock", "datetime.now"),
        ("dt.datetime.now()", "clock", "dt.datetime.now"),
        ("date.today()", "clock", "date.today"),
        ("time.localtime()", "clock", "time.localtime"),
        ("random.random()", "randomness", "random.random"),
        ("choice(x)", "randomness", "choice"),
        ("random.Random()", "randomness", "random.Random"),
        ("np.random.rand(x)", "randomness", "np.random.rand"),
        ("np.random.default_rng()", "randomness", "np.random.default_rng"),
        ("uuid.uuid4()", "randomness", "uuid.uuid4"),
        ("secrets.token_hex()", "randomness", "secrets.token_hex"),
        ("os.urandom(x)", "randomness", "os.urandom"),
        ("os.environ[x]", "environment", "os.environ"),
        ("environ.get(x)", "environment", "environ.get"),
        ("os.getenv(x)", "environment", "os.getenv"),
        ("sys.argv", "environment", "sys.argv"),
        ("subprocess.run(x)", "process", "subprocess.run"),
        ("os.system(x)", "process", "os.system"),
        ("input()", "input", "input"),
        ("eval(x)", "code", "eval"),
        ("exec(x)", "code", "exec"),
        ("getattr(x, y)", "attribute", "getattr"),
        ("getattr(x, y, None)", "attribute", "getattr"),
        ("getattr(x, 'a' if y else 'b')", "attribute", "getattr"),
        ("getattr(*x)", "attribute", "getattr"),
        ("importlib.import_module(x)", "import", "importlib.import_module"),
        ("__import__(x)", "import", "__import__"),
        ("sys.modules[x]", "import", "sys.modules"),
        ("sys.modules.get(x)", "import", "sys.modules.get"),
        ("globals()", "namespace", "globals"),
        ("vars()", "namespace", "vars"),
    ],
)
def test_what_comes_from_outside_is_listed(load: Load, text: str, kind: str, what: str) -> None:
    """Each is listed once, by its kind, as the code writes it."""
    assert _listed(load(m=f"{_IMPORTS}\ndef f(x, y=1): return {text}\n")) == [(kind, what)]


@pytest.mark.parametrize(
    "text",
    [
        "getattr(x, 'a')",
        "getattr(x, 'a', None)",
        "getattr(f(x), 'a', max(1, 2))",
        "hasattr(x, 'a')",
        "importlib.import_module('json')",
        "importlib.import_module(NAME)",
        "sys.modules['json']",
        "sys.modules.get('json')",
        "np.random.default_rng(1)",
        "np.random.default_rng(x).random()",
        "random.Random(1).random()",
        "[random.seed(1), random.random()]",
        "[np.random.seed(x), np.random.rand()]",
        "time.localtime(x)",
        "time.strftime('%Y', x)",
        "dt.datetime(2020, 1, x)",
        "datetime.fromtimestamp(x)",
        "os.path.join(x, 'a')",
        "Path(x) / 'a'",
        "np.array(x)",
        "np.loads",
        "socket.AF_INET",
        "vars(x)",
        "x.get('now')",
    ],
)
def test_what_the_key_sees_is_not_listed(load: Load, text: str) -> None:
    """A literal name is followed, a seeded generator is none to warn of, and computing with paths touches no file."""
    assert _listed(load(m=f"{_IMPORTS}\ndef f(x): return {text}\n")) == []


def test_each_is_said_with_its_function_and_line(load: Load) -> None:
    """The function's own come first, then those of what it reaches, each by line; what is not reached is left out."""
    text = """\
import time
from h import g
def unused(): return open('a')
class C:
    def run(self):
        return time.time()
def f(x):
    y = input(x)
    z = [open(a) for a in y]
    return g(z), C().run()
"""
    module = load(m=text, h="def g(x):\n    def inner():\n        return input()\n    return inner()\n")
    assert unseen_by(fingerprint(module.f)) == [
        Unseen("input", "input", "m.f", "m", 8),
        Unseen("file", "open", "m.f", "m", 9),
        Unseen("input", "input", "h.g", "h", 3),
        Unseen("clock", "time.time", "m.C.run", "m", 6),
    ]


def test_imports_inside_the_function_are_looked_through(load: Load) -> None:
    """A module that is imported when code runs is looked at by its file, loaded or not."""
    files = {
        "m": "def f(x):\n    import os, late\n    return os.environ, late.g(x)\n",
        "late": "from time import time as now\ndef g(x):\n    return now()\n",
    }
    module = load(**files)
    expected = [Unseen("environment", "os.environ", "m.f", "m", 3), Unseen("clock", "now", "late.g", "late", 3)]
    assert "late" not in sys.modules
    assert unseen_by(fingerprint(module.f)) == expected
    importlib.import_module("late")
    assert unseen_by(fingerprint(module.f)) == expected


def test_code_without_a_source_has_lines_too() -> None:
    """What was made by exec is read off its bytecode."""
    space: dict[str, object] = {"__name__": "made"}
    exec("import time\ndef f():\n\n    return time.time()", space)
    function = space["f"]
    assert [(item.what, item.line) for item in unseen_by(fingerprint(function))] == [("time.time", 4)]


def test_a_method_of_the_users_own_class_is_no_file(load: Load) -> None:
    """What is called like a method of a path, and is reached as code of the user's, is covered."""
    module = load(m="class C:\n    def exists(self): return True\ndef f(x):\n    c = C()\n    return c.exists()\n")
    assert unseen_by(fingerprint(module.f)) == []


def test_every_part_has_its_place(load: Load) -> None:
    """Functions, classes and globals stand where their files say; what belongs to them stands there too."""
    text = """\
import h
K = 1

class C:
    n = 1
    def run(self): return K

def g(x, y=2): return x
def f(x): return g(x), C().run(), h.LATER
"""
    module = load(m=text, h="def unused():\n    LATER = 0\nLATER = [1]\n")
    places = places_of(fingerprint(module.f))
    assert {part: (place.module, place.line) for part, place in places.items()} == {
        "function m.f": ("m", 9),
        "function m.g": ("m", 8),
        "default m.g.y": ("m", 8),
        "class m.C": ("m", 4),
        "attribute m.C.n": ("m", 4),
        "function m.C.run": ("m", 6),
        "global m.K": ("m", 2),
        "global h.LATER": ("h", 3),
    }
    assert {place.filename for part, place in places.items() if part.endswith("LATER")} == {str(module.h.__file__)}
