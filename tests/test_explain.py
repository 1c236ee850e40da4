"""`explain` says why a call hits or misses, in a person's terms, and changes nothing."""

from __future__ import annotations

import enum
import itertools
import json
import os
import re
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from other_process import run

import brinery
from brinery import Cache
from brinery.errors import ChangedWhileRunningWarning, UnstorableResultWarning

LOCK = threading.Lock()

MODULE = """
import os, random, time
from brinery import Cache
memory = Cache("store")
LIMIT = 8
API_TOKEN = "old-and-confidential"

def scale(x):
    return x * LIMIT

@memory
def fit(x, settings=None):
    API_TOKEN
    return scale(x)
"""


def explained(folder: Path, call: str, module: str) -> str:
    """What `explain` prints of a call in a new process, after the module was edited."""
    folder.joinpath("model.py").write_text(module)
    return run("-c", f"import model; print(model.{call})", cwd=folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a module whose function has stored two results."""
    tmp_path.joinpath("model.py").write_text(MODULE)
    run("-c", "import model; model.fit(1); model.fit(2, {'rate': 0.5, 'steps': [1, 2, 3]})", cwd=tmp_path)
    return tmp_path


def test_a_hit_tells_when_it_was_stored_and_what_it_took(project: Path):
    """Nothing but the stored result is told of, since nothing else decides."""
    text = explained(project, "fit.explain(1)", MODULE)
    assert re.fullmatch(r"model\.fit: hit\n  stored \S+ ago, took \S+\n", text)


def test_a_changed_constant_is_named_with_both_values_and_its_place(project: Path):
    """From what to what, and in which line; the function whose lines are the same is not blamed."""
    text = explained(project, "fit.explain(1)", MODULE.replace("LIMIT = 8", "LIMIT = 12"))
    assert "  global model.LIMIT: 8 -> 12 (model.py:5)\n" in text
    assert "function" not in text.partition("\n")[2].partition("compared")[0]


def test_a_changed_helper_is_named_with_its_line(project: Path):
    """Which function, in which module, at which line."""
    text = explained(project, "fit.explain(1)", MODULE.replace("return x * LIMIT", "return x + LIMIT"))
    assert "  function model.scale changed (model.py:8)\n" in text
    assert "model.fit changed" not in text


def test_what_is_new_and_what_is_gone_are_told_apart(project: Path):
    """A helper that took another's place does not look like an edit of it."""
    edited = MODULE.replace("def scale", "def stretch").replace("return scale(x)", "return stretch(x)")
    text = explained(project, "fit.explain(1)", edited)
    assert "function model.stretch is used now (model.py:8)" in text
    assert "function model.scale is used no longer" in text
    assert "function model.fit changed (model.py:" in text


def test_a_confidential_constant_is_never_printed(project: Path):
    """That it changed is told, and neither what it was nor what it is."""
    text = explained(project, "fit.explain(1)", MODULE.replace("old-and", "new-and"))
    assert "global model.API_TOKEN changed (model.py:6)" in text
    assert "confidential" not in text
    assert "confidential" not in "".join(path.read_text() for path in project.rglob("function.json"))


TABLES = """
from dataclasses import dataclass
from brinery import Cache
memory = Cache("store")
SETTINGS = {"rate": 0.5, "steps": [1, 2, 3], "login": {"password": "old-secret", "deep": {"token": {"id": "old-id"}}}}
TOKENS = ["old-token"]

@dataclass
class Model:
    depth: int = 3

@memory
def fit(x, *, size=4):
    return x, SETTINGS, TOKENS, Model()
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"rate": 0.5', '"rate": 0.7', ["global tables.SETTINGS['rate']: 0.5 -> 0.7 (tables.py:5)"]),
        ("[1, 2, 3]", "[1, 4, 3]", ["global tables.SETTINGS['steps'][1]: 2 -> 4 (tables.py:5)"]),
        ("[1, 2, 3]", "[1, 2]", ["global tables.SETTINGS['steps'][2] is gone (tables.py:5)"]),
        ('"rate": 0.5', '"rate": 0.5, "new": 1', ["global tables.SETTINGS['new'] is new (tables.py:5)"]),
        ("old-secret", "new-secret", ["global tables.SETTINGS changed (tables.py:5)"]),
        ("old-id", "new-id", ["global tables.SETTINGS changed (tables.py:5)"]),
        ("old-token", "new-token", ["global tables.TOKENS changed (tables.py:6)"]),
        ("depth: int = 3", "depth: int = 5", ["attribute tables.Model.depth: 3 -> 5 (tables.py:9)"]),
        ("size=4", "size=5", ["default tables.fit.size: 4 -> 5 (tables.py:12)", "argument size: 4 -> 5"]),
        (
            "size=4",
            "size=4, more=1",
            [
                "function tables.fit changed (tables.py:12)",
                "default tables.fit.more is new (tables.py:12)",
                "argument more is new",
            ],
        ),
        ("@memory\n", "@memory(version='2')\n", ["option version: none -> 2"]),
    ],
)
def test_an_edit_is_told_once_and_to_the_place_inside_a_table(tmp_path: Path, old: str, new: str, told: list[str]):
    """As one would tell a colleague: what, where, from what to what; no secret, and nothing twice."""
    module = tmp_path / "tables.py"
    module.write_text(TABLES)
    run("-c", "import tables; tables.fit(1)", cwd=tmp_path)
    assert old in TABLES
    module.write_text(TABLES.replace(old, new))
    text = run("-c", "import tables; print(tables.fit.explain(1))", cwd=tmp_path)
    text = text.replace("(tables.py:8)", "(tables.py:9)")  # from Python 3.13 on a class begins at its decorator
    assert [line.strip() for line in text.splitlines()[1:-1]] == told
    written = "".join(path.read_text() for path in tmp_path.rglob("function.json"))
    assert not any(secret in written + text for secret in ("old-secret", "new-secret", "old-id", "old-token"))


def test_another_type_is_told_and_not_what_is_inside(memory: Cache):
    """That a list became a tuple says more than that its items are gone."""

    @memory
    def f(rows):
        return 0

    f([1, 2, 3])
    assert f.explain((1, 2, 3)).reasons == ("argument rows: <list of 3> -> <tuple of 3>",)
    assert f.explain({"a": 1}).reasons == ("argument rows: <list of 3> -> <dict of 1>",)
    f({"a": 1})
    assert f.explain([1, 2, 4]).reasons == ("argument rows[2]: 3 -> 4",)


def test_a_changed_argument_is_told_to_the_place_inside_it(project: Path):
    """Which argument, where in it, from what to what, against the most similar call."""
    text = explained(project, "fit.explain(2, {'rate': 0.5, 'steps': [1, 4, 3]})", MODULE)
    assert "  argument settings['steps'][1]: 2 -> 4\n" in text
    text = explained(project, "fit.explain(3)", MODULE)
    assert "  argument x: 1 -> 3\n" in text


def test_inside_frames_objects_and_long_lists(memory: Cache):
    """A column, an attribute, a stretch of a long list."""
    pandas = pytest.importorskip("pandas")

    @memory
    def f(table, point, numbers):
        return 0

    def call(price: float, y: int, hundredth: int):
        numbers = [*range(100), hundredth, *range(900)]
        return pandas.DataFrame({"name": ["a", "b"], "price": [1.0, price]}), Point(1, y), numbers

    f(*call(2.0, 2, 0))
    assert f.explain(*call(3.0, 2, 0)).reasons == ("argument table['price'] differs",)
    assert f.explain(*call(2.0, 3, 0)).reasons == ("argument point.y: 2 -> 3",)
    assert f.explain(*call(2.0, 2, 7)).reasons == ("argument numbers[64:128] differs",)


@dataclass
class Point:
    """What an argument is made of."""

    x: int
    y: int


def test_an_argument_whose_class_changed(project: Path):
    """Its values are what they were, and it is told so."""
    module = (
        MODULE + "class Point:\n    def __init__(self):\n        self.x = 1\n    def norm(self):\n        return 1\n"
    )
    project.joinpath("model.py").write_text(module)
    run("-c", "import model; model.fit(1, model.Point())", cwd=project)
    text = explained(project, "fit.explain(1, model.Point())", module.replace("return 1", "return 2"))
    assert "  argument settings differs in the code of its class, deeper inside, or in which of its parts are" in text


def test_values_that_are_not_to_be_recorded_are_not(new_cache: Callable[..., Cache], tmp_path: Path):
    """With `record_values=False` neither a value nor a piece of one is written in the clear."""
    memory = new_cache(record_values=False)

    @memory
    def f(name, inside):
        return 0

    f("Rumpelstilzchen", {"of Rumpelstilzchen": 1})
    assert f.explain("Rumpelstilzchen", {"of Rumpelstilzchen": 2}).reasons == ("argument inside differs",)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"Rumpel" in path.read_bytes()]


def test_names_that_sound_like_secrets_keep_their_values(memory: Cache, tmp_path: Path):
    """A password that is passed, or stands inside what is passed, is written nowhere in the clear."""

    @memory
    def f(password, login):
        return 0

    f("Rumpelstilzchen", {"user": "me", "password": "Rumpelstilzchen"})
    text = str(f.explain("Rumpelstilzchen", {"user": "me", "password": "Heinz"}))
    assert "argument login['password'] differs" in text
    assert "Heinz" not in text
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"Rumpel" in path.read_bytes()]


def test_an_option_and_a_python_are_named_as_they_are(new_cache: Callable[..., Cache]):
    """What a person changed on purpose is told in the words of the decorator."""
    memory = new_cache()

    def f(x):
        return x

    memory(version="1")(f)(1)
    assert memory(version="2")(f).explain(1).reasons == ("option version: 1 -> 2",)


def test_expired_since_when(new_cache: Callable[..., Cache]):
    """Too old is told from never called."""

    def f(x):
        return x

    memory = new_cache()
    memory(f)(1)
    found = memory(ttl=1e-9)(f).explain(1)
    assert not found.hit
    assert re.fullmatch(r"expired \S+ ago: stored \S+ ago, took \S+, and counted for \S+", found.reasons[0])


def test_never_called_before(memory: Cache):
    """No result of the function at all."""

    @memory
    def f(x):
        return x

    assert f.explain(1).reasons == ("never called before: there is no result of this function",)


def test_switched_off(monkeypatch: pytest.MonkeyPatch, memory: Cache):
    """Where every call computes, that is the reason."""

    @memory
    def f(x):
        return x

    monkeypatch.setenv("BRINERY_DISABLE", "1")
    assert f.explain(1).reasons == ("caching is switched off",)


def test_a_memo_that_is_outdated(tmp_path: Path):
    """Calls that are computed because a helper remembers what an old global gave: the helper, and what ends it."""
    module = (
        "from functools import lru_cache\nfrom brinery import cache\nLIMIT = 1\n"
        "@lru_cache\ndef scale(x): return x * LIMIT\n@cache\ndef fit(x): return scale(x)\nfit(1)\nLIMIT = 2\n"
    )
    text = explained(tmp_path, "fit.explain(1)", module)
    assert "scale remembers what was computed before" in text
    assert "until scale.cache_clear() is called" in text
    assert "switched off" not in text


def test_what_the_key_cannot_see_is_listed_with_its_line(tmp_path: Path):
    """Files, clocks, randomness, the environment, code from text: each with the function and the line it stands in."""
    module = MODULE.replace(
        "    return x * LIMIT\n",
        "    with open(os.devnull) as file:\n"
        "        file.read()\n"
        "    time.time()\n"
        "    random.random()\n"
        "    os.environ.get('HOME')\n"
        "    return eval('x') * LIMIT\n",
    )
    text = explained(tmp_path, "fit.explain(1)", module)
    unseen = text.partition("the key cannot see:\n")[2].splitlines()
    for what, line in (("open", 9), ("time.time", 11), ("random.random", 12), ("os.environ", 13), ("eval", 14)):
        assert any(what in found and found.endswith(f"in model.scale, line {line}") for found in unseen), (what, unseen)


def test_what_counts_by_type_and_place_only_is_listed(memory: Cache):
    """A lock that is reached."""

    @memory
    def f(x):
        with LOCK:
            return x

    assert any("LOCK" in line and "lock" in line for line in f.explain(1).by_type)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_it_changes_no_byte(project: Path):
    """Neither a hit nor a miss that is explained leaves a trace."""
    before = contents(project / "store")
    script = "import model; [model.fit.explain(x) for x in (1, 2, 3)]; model.LIMIT = 9; model.fit.explain(1)"
    run("-c", script, cwd=project)
    assert contents(project / "store") == before


def test_in_a_store_that_does_not_exist_it_makes_none(tmp_path: Path):
    """A question leaves no folder behind."""
    memory = Cache(tmp_path / "none")

    @memory
    def f(x):
        return x

    assert not f.explain(1).hit
    assert not (tmp_path / "none").exists()


def test_a_description_that_somebody_else_wrote_does_not_count(project: Path):
    """Who can write to the store cannot put words into our mouth: an unsealed description tells nothing."""
    (path,) = project.rglob("function.json")
    described = json.loads(path.read_text())
    for record in described["fingerprints"].values():
        record["parts"]["global model.LIMIT"][1] = "\x1b[31mforged"
    path.write_text(json.dumps(described))
    text = explained(project, "fit.explain(1)", MODULE.replace("LIMIT = 8", "LIMIT = 12"))
    assert "forged" not in text
    assert "not recorded any more" in text


def test_a_damaged_entry_is_called_so(project: Path):
    """It is no miss like another."""
    for path in project.rglob("*.brine1"):
        path.write_bytes(path.read_bytes()[:-50])
    assert "damaged" in explained(project, "fit.explain(1)", MODULE)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_form_for_notebooks_is_whole_and_escaped(memory: Cache):
    """Nothing of a value is taken for markup; no script, no outside resource."""

    @memory
    def f(text):
        open(os.devnull).close()
        return text

    f("<script>alert(1)</script>")
    html = f.explain("</div><img src=x>")._repr_html_()
    tags = _Tags()
    tags.feed(html)
    assert tags.open == []
    assert tags.seen <= {"div", "span", "code", "ul", "li", "del", "b", "details", "summary"}
    assert "&lt;script&gt;" in html
    assert "://" not in html


class TestOnTheCommandLine:
    """`brinery explain KEY` says it of a stored entry, as far as the store tells."""

    def test_an_entry_of_the_present_code_can_be_hit(self, project: Path):
        key = run("-c", "import model; print(model.fit.key(1))", cwd=project).strip()
        text = run("-m", "brinery", "explain", key[:8], "--dir", "store", cwd=project)
        assert text.startswith("model.fit: hit\n")

    def test_an_entry_of_former_code_tells_what_changed(self, project: Path):
        key = run("-c", "import model; print(model.fit.key(1))", cwd=project).strip()
        project.joinpath("model.py").write_text(MODULE.replace("LIMIT = 8", "LIMIT = 12"))
        run("-c", "import model; model.fit(1)", cwd=project)
        text = run("-m", "brinery", "explain", key, "--dir", "store", cwd=project)
        assert text.startswith("model.fit: miss\n  the code has changed since it was stored")
        assert "  global model.LIMIT: 8 -> 12 (model.py:5)\n" in text
        found = json.loads(run("-m", "brinery", "explain", key, "--dir", "store", "--json", cwd=project))
        assert found["hit"] is False
        assert found["key"] == key
        assert "global model.LIMIT: 8 -> 12 (model.py:5)" in found["reasons"]


def test_the_public_names_are_there():
    """What is returned can be named in an annotation."""
    assert issubclass(brinery.Explanation, tuple)


def test_what_takes_long_to_tell_is_not_told(new_cache, monkeypatch):
    """What is inside an argument is told for people only, so it may not take many times as long as the key."""
    ticks = itertools.count()
    monkeypatch.setattr("brinery._keying.report.outline.thread_time", lambda: float(next(ticks)))
    cache = new_cache()

    @cache
    def f(rows):
        return len(rows)

    f([1, 2])
    assert "argument rows differs" in str(f.explain([1, 3]))
    assert "rows[1]" not in str(f.explain([1, 3]))


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a: int) -> None:
        self.a = a

    def method(self) -> int:
        return self.a


def adder(n: int) -> Callable[[int], int]:
    return lambda x: x + n


# A case is a line, however long, as in a table.
# ruff: noqa: E501
_ORDER = "argument x has its items in another order"
_COLUMN = "argument x['a']: <Series 1 of int64> -> <Series 1 of float64>"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, _ORDER),
        ({"r": {"a": 1, "b": 2}}, {"r": {"b": 2, "a": 1}}, _ORDER),
        (np.zeros(3), np.zeros(3, dtype="f4"), "argument x.dtype: 'float64' -> 'float32'"),
        (np.zeros(3), np.zeros(3, dtype=">f8"), "argument x.dtype: 'float64' -> '>f8'"),
        (np.zeros(3), np.ones(3), "argument x differs in what it holds"),
        (pd.Series([1]).to_frame("a"), pd.Series([1.0]).to_frame("a"), _COLUMN),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [2], "a": [1]}), _ORDER),
        (Path("a/b"), Path("a/c"), "argument x: PosixPath('a/b') -> PosixPath('a/c')"),
        ([Path("a/b")], [Path("a/c")], "argument x[0]: PosixPath('a/b') -> PosixPath('a/c')"),
        (date(2026, 1, 1), date(2026, 1, 2), "argument x: datetime.date(2026, 1, 1) -> datetime.date(2026, 1, 2)"),
        (Decimal("1.0"), Decimal("1.00"), "argument x: Decimal('1.0') -> Decimal('1.00')"),
        (np.float64(1), np.float32(1), "argument x: np.float64(1.0) -> np.float32(1.0)"),
        (pd.Series([1], name="a"), pd.Series([1], name="b"), "argument x.name: 'a' -> 'b'"),
        (pd.Series([1]), pd.Series([2]), "argument x.values differs"),
        (pd.Timestamp("2020"), pd.Timestamp("2021"), "argument x: Timestamp('2020-01-01 00:00:00') -> Timestamp('2021-01-01 00:00:00')"),
        (Colour.RED, Colour.BLUE, "argument x: Colour.RED -> Colour.BLUE"),
        (Slotted(1), Slotted(2), "argument x.a: 1 -> 2"),
        (sorted, len, "argument x: <function sorted> -> <function len>"),
        (json.dumps, json.loads, "argument x: <function json.dumps> -> <function json.loads>"),
        (adder(1), adder(2), "argument x has another body, or uses other code or values"),
        (int, float, "argument x: <class int> -> <class float>"),
        (partial(pow, 1), partial(pow, 2), "argument x.args[0]: 1 -> 2"),
        (Slotted(1).method, Slotted(2).method, "argument x.__self__.a: 1 -> 2"),
        (json, itertools, "argument x: <module json> -> <module itertools>"),
        (ValueError("a"), ValueError("b"), "argument x.args[0]: 'a' -> 'b'"),
        (re.compile("a"), re.compile("a", re.IGNORECASE), "argument x: re.compile('a') -> re.compile('a', re.IGNORECASE)"),
        (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1), _ORDER),
        (Counter(a=1), Counter(a=2), "argument x['a']: 1 -> 2"),
        (deque([1], 2), deque([1], 3), "argument x.maxlen: 2 -> 3"),
        ({1, 2}, {1}, "argument x item 2 is gone"),
        ("a" * 500, "b" * 500, "argument x differs in what it holds"),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Paris")), "argument x: datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc) -> <datetime 2026-01-01 00:00:00+01:00>"),
    ],
)  # fmt: skip
def test_what_differs_in_an_argument_is_said(before: object, after: object, said: str, memory: Cache):
    """Another order, another dtype, another path: never that it lies deeper inside."""

    @memory
    def f(x):
        return 1

    f(before)
    assert f.explain(after).reasons == (said,)


def test_a_call_of_which_nothing_was_kept_was_not_never_called(memory: Cache):
    """One that raised, whose result cannot be kept, or that changed its argument, is told from none."""

    @memory
    def fails(x):
        raise KeyError(x)

    @memory
    def opens(x):
        return open(os.devnull)

    @memory
    def changes(x):
        x.append(1)

    with pytest.raises(KeyError):
        fails(1)
    with pytest.warns(UnstorableResultWarning):
        opens(1).close()
    with pytest.warns(ChangedWhileRunningWarning):
        changes([1])
    for explanation in (fails.explain(1), opens.explain(1), changes.explain([1])):
        assert explanation.reasons[0].startswith("no result of it is stored")


def test_what_is_told_of_a_cache_agrees(memory: Cache):
    """`info()` counts what this process has not written down yet, as the form in a notebook does."""

    @memory
    def f(x):
        return x

    for x in (1, 1, 2, 1):
        f(x)
    info = memory.info()
    assert (info.hits, info.misses, info.entries) == (2, 2, 2)
    assert "2 of 4 calls" in memory._repr_mimebundle_()["text/plain"]
    assert memory.functions()[0][4:6] == (2, 2)
