"""Keys are linear in what they cover, whatever its shape: twice as much takes about twice the steps.

Steps are calls of functions, Python's and C's, so that a busy machine changes nothing.
"""

from __future__ import annotations

import functools
import itertools
import random
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from brinery._keying.code.fingerprint import EVERYTHING
from brinery._keying.code.in_values import CodeOf
from brinery._keying.code.reach import fingerprint
from brinery._keying.values.digest import encode

MOST = 2.3  # times the steps for twice the size


def steps_of(work: Callable[[], object]) -> int:
    """Count the calls that a piece of work makes."""
    count = 0

    def note(_frame: object, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def assert_linear(make: Callable[[int], Any], work: Callable[[Any], object], size: int) -> None:
    """Assert that a shape of twice the size takes about twice the steps, once everything is loaded."""
    work(make(size))
    small, large = (steps_of(functools.partial(work, make(count))) for count in (size, 2 * size))
    assert large <= MOST * small, f"{small:,} steps for {size}, {large:,} for twice as many"


def nested(around: Callable[[Any], Any]) -> Callable[[int], Any]:
    """A value inside of a value, each of which holds the one before more than once."""

    def make(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = around(value)
        return value

    return make


class Pair:
    def __init__(self, first: object, second: object) -> None:
        self.first, self.second = first, second


@dataclass
class Record:
    first: object
    second: object


def graph(links: int) -> Callable[[int], Any]:
    """Objects that refer to others of them, in circles."""

    def make(count: int) -> list[Pair]:
        chance = random.Random(1)
        objects = [Pair(number, []) for number in range(count)]
        for item in objects:
            item.second = [chance.choice(objects) for _ in range(links)]
        return objects

    return make


def in_itself(count: int) -> list[Any]:
    value: list[Any] = []
    value.extend([value, number] for number in range(count))
    return value


def frame(count: int) -> Any:
    pandas = pytest.importorskip("pandas")
    shared = nested(lambda value: [value, value])(12)
    return pandas.DataFrame({"a": [shared, [shared]] * count, "b": [(shared,)] * 2 * count})


SHARED = {
    "lists": (nested(lambda value: [value, value]), 40),
    "tuples": (nested(lambda value: (value, value)), 40),
    "dicts": (nested(lambda value: {"a": value, "b": value}), 40),
    "lists of tuples and dicts": (nested(lambda value: [(value, value), {"k": value}]), 40),
    "lists with an object": (nested(lambda value: [value, value, Ellipsis, Pair]), 40),
    "frozensets": (nested(lambda value: frozenset([value, (value,)])), 40),
    "objects": (nested(lambda value: Pair(value, value)), 40),
    "dataclasses": (nested(lambda value: Record(value, value)), 40),
    "namespaces": (nested(lambda value: SimpleNamespace(a=value, b=value)), 40),
    "partials": (nested(lambda value: functools.partial(max, value, [value])), 40),
    "exceptions": (nested(lambda value: ValueError(value, value)), 40),
    "types in brackets": (nested(lambda value: dict[value, value]), 40),
    "constructs of typing": (nested(lambda value: typing.Union[list[value], dict[str, value]] if value != 1 else int), 8),  # noqa: E501, UP007
    "wide lists": (lambda count: nested(lambda value: [value] * 200)(count), 40),
    "sets of shared frozensets": (lambda count: [{frozenset([k, "a"]) for k in range(20)}] * count, 100),
    "a sparse graph": (graph(1), 400),
    "a graph": (graph(3), 400),
    "a dense graph": (graph(30), 100),
    "a list in itself": (in_itself, 500),
    "a frame of shared lists": (frame, 40),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHARED)
def test_a_value_is_encoded_in_steps_linear_in_its_parts(shape: str) -> None:
    """However many ways lead to a part of an argument, it is looked at once or so."""
    make, size = SHARED[shape]
    assert_linear(make, encode, size)


def global_value(value: object) -> Callable[[], object]:
    """A function that reads a value as a global."""
    space: dict[str, Any] = {"__name__": "__main__", "VALUE": value}
    exec("def read(): return VALUE", space)
    read: Callable[[], object] = space["read"]
    return read


@pytest.mark.parametrize("shape", SHARED)
def test_a_value_that_a_function_reaches_counts_in_steps_linear_in_its_parts(shape: str) -> None:
    """The same value as a global: its first look, and the check that it is what it was."""
    make, size = SHARED[shape]
    assert_linear(lambda count: global_value(make(count)), lambda read: fingerprint(read).holds(), size)


@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "not loaded"])
def test_modules_that_import_each_other_inside_functions_count_once(
    loaded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever imports lead to a module of the user's, and through whatever circles, it is looked at once."""
    monkeypatch.syspath_prepend(tmp_path)
    made = itertools.count()

    def make(count: int) -> Callable[[], object]:
        prefix = f"ring{next(made)}{loaded}_"
        for number in range(count):
            lines = [f"LIMIT = {number}", f"COMPUTED = len('{number}')", "def run(x):"]
            for step in (1, 3, 7):
                lines += [f"    from {prefix}{(number + step) % count} import run as run{step}, COMPUTED as c{step}"]
            (tmp_path / f"{prefix}{number}.py").write_text("\n".join([*lines, "    return x + LIMIT"]) + "\n")
        if loaded:
            for number in range(count):
                import_module(f"{prefix}{number}")
        space: dict[str, Any] = {"__name__": "__main__"}
        exec(f"def start(): from {prefix}0 import run; return run(1)", space)
        start: Callable[[], object] = space["start"]
        return start

    assert_linear(make, lambda start: fingerprint(start).holds(), 12)


def code(text: Callable[[int], str]) -> Callable[[int], Any]:
    """Code that is generated, as the names of a module; its function `start` is where all begins."""

    def make(count: int) -> Any:
        space: dict[str, Any] = {"__name__": "__main__"}
        exec(text(count), space)
        return space["start"]

    return make


def lines(text: str, end: str = "def start(): return f0(1)") -> Callable[[int], Any]:
    """One line of code for each number, in which `{n}`, `{next}` and `{other}` are numbers."""
    return code(
        lambda count: "\n".join(
            [text.format(n=n, next=(n + 1) % count, other=n * 7 % count) for n in range(count)] + [end]
        )
    )


def decorated(count: int) -> Any:
    """A function under many decorators, each of which keeps the one below in a cell."""

    def decorate(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            return function(x)

        return call

    function: Callable[[Any], Any] = lambda x: x
    for _ in range(count):
        function = decorate(function)
    return function


def sharing_cells(count: int) -> Any:
    """Functions that all close over one list of all of them."""
    table: list[Any] = []
    for _ in range(count):
        table.append(lambda: table)
    return table[0]


def subclasses(count: int) -> Any:
    base = type("Base", (), {"go": lambda self: self})
    kept = [type(f"Kept{number}", (base,), {"number": number}) for number in range(count)]
    space: dict[str, Any] = {"__name__": "__main__", "Base": base, "KEPT": kept}
    exec("def start(): return Base.__subclasses__()", space)
    return space["start"]


CODE = {
    "functions in a chain": (lines("def f{n}(x): return f{next}(x) if x else {n}"), 100),
    "functions that call each other": (lines("def f{n}(x): return f{next}(x) + f{other}(x)"), 100),
    "functions that read one table": (
        lines("def f{n}(x): return TABLE[x] + f{next}(x)", "TABLE = {n: [n] * 20 for n in range(300)}\ndef start(): return f0(1)"),  # noqa: E501
        60,
    ),
    "functions that read one object": (
        lines("def f{n}(x): return OBJECT.a + f{next}(x)", "class C: pass\nOBJECT = C()\nOBJECT.a = [[C()] for _ in range(100)]\ndef start(): return f0(1)"),  # noqa: E501
        60,
    ),
    "a table of functions": (lines("def f{n}(x): return TABLE[x]", "TABLE = [f0, *[globals()['f' + str(n)] for n in range(9)]]\ndef start(): return TABLE"), 100),  # noqa: E501
    "classes in a chain": (lines("class C{n}:\n  def m(self): return C{next}()", "def start(): return C0()"), 60),
    "methods of one class": (lambda count: code(lambda n: "class C:\n" + "\n".join(f"  def m{i}(self): return self.m{i // 2}()" for i in range(n)) + "\ndef start(): return C()")(count), 100),  # noqa: E501
    "decorators": (decorated, 50),
    "cells that are shared": (sharing_cells, 60),
    "subclasses": (subclasses, 60),
    "functions in functions": (lambda count: code(lambda n: "\n".join("  " * i + f"def {'start' if i == 0 else f'f{i}'}(x):" for i in range(n)) + "\n" + "  " * n + "return x\n" + "\n".join("  " * i + f"return {f'f{i}' if i else 'x'}" for i in range(n - 1, 0, -1)))(count), 20),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("shape", CODE)
def test_code_counts_in_steps_linear_in_what_it_reaches(shape: str) -> None:
    """Whoever calls and reads whom: each function, class and value is looked at once, also by the check."""
    make, size = CODE[shape]
    assert_linear(make, lambda start: fingerprint(start).holds(), size)


def all_named(letter: str, text: str, before: str = "") -> Callable[[int], list[Any]]:
    """Functions or classes in a ring, each of which names the next one; `start` gives all of them."""
    end = f"def start(): return [value for name, value in globals().items() if name[0] == '{letter}' and name[1:].isdigit()]"  # noqa: E501
    return lambda count: lines(f"{before}\n{text}" if before else text, end)(count)()


def ring_of_closures(count: int) -> list[Any]:
    ring: list[Any] = []
    for number in range(count):
        ring.append(lambda x, n=number: ring[(n + 1) % count](x))
    return ring


def all_of_one_table(count: int) -> list[Any]:
    functions = all_named("f", "def f{n}(x): return TABLE[x]")(count)
    functions[0].__globals__["TABLE"] = functions
    return functions


DECORATOR = "import functools\ndef wrap(f):\n  @functools.wraps(f)\n  def call(*args): return f(*args)\n  return call"

CODE_IN_ARGUMENTS = {
    "functions": all_named("f", "def f{n}(x): return f{next}(x)"),
    "functions that call two others": all_named("f", "def f{n}(x): return f{next}(x) + f{other}(x)"),
    "decorated functions": all_named("f", "@wrap\ndef f{n}(x): return f{next}(x)", DECORATOR),
    "closures that one function made": ring_of_closures,
    "classes": all_named("C", "class C{n}:\n  def m(self): return C{next}()"),
    "a function and a class in turns": all_named("C", "class C{n}:\n  def m(self): return g{next}()\ndef g{n}(): return C{n}"),  # noqa: E501
    "functions that read one table": all_of_one_table,
}  # fmt: skip


def ring_of_modules(count: int) -> list[Any]:
    made = []
    for number in range(count):
        module: Any = ModuleType(f"brinery_ring_{count}_{number}")
        exec("def run(x): return following.run(x)", module.__dict__)
        made.append(module)
        sys.modules[module.__name__] = module
    for number, module in enumerate(made):
        module.following = made[(number + 1) % count]
    return made


@pytest.mark.parametrize(
    "holder",
    [list, lambda ring: dict(enumerate(ring)), lambda ring: [Pair(each, each) for each in ring]],
    ids=["list", "dict", "objects"],
)
@pytest.mark.parametrize("shape", [*CODE_IN_ARGUMENTS, "modules"])
def test_a_ring_of_code_in_an_argument_counts_in_steps_linear_in_its_members(
    shape: str, holder: Callable[[list[Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that lead to each other are walked over once, and checked once at later calls."""
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    make = CODE_IN_ARGUMENTS.get(shape, ring_of_modules)
    assert_linear(lambda count: holder(make(count)), lambda ring: encode(ring, "", CodeOf(EVERYTHING, frozenset())), 20)
    code_of = CodeOf(EVERYTHING, frozenset())
    rings = {count: holder(make(count)) for count in (20, 40)}
    for ring in rings.values():
        encode(ring, "", code_of)
    again = [steps_of(functools.partial(encode, ring, "", code_of)) for ring in rings.values()]
    assert again[1] <= MOST * again[0]


@pytest.mark.parametrize("shape", CODE_IN_ARGUMENTS)
def test_a_member_of_a_ring_counts_the_same_wherever_the_ring_was_entered(shape: str) -> None:
    """The order in which functions are met differs between processes; what they are does not."""
    first, second = CODE_IN_ARGUMENTS[shape](7), CODE_IN_ARGUMENTS[shape](7)
    numbers = list(range(len(first)))
    code_of, other = CodeOf(EVERYTHING, frozenset()), CodeOf(EVERYTHING, frozenset())
    expected = {number: code_of(first[number]) for number in numbers}
    random.Random(3).shuffle(numbers)
    assert {number: other(second[number]) for number in numbers} == expected
    assert len(set(expected.values())) == len(numbers)


@pytest.mark.parametrize("entered", [0, 3])
def test_a_change_of_one_member_of_a_ring_changes_what_each_counts_as(entered: int) -> None:
    ring = CODE_IN_ARGUMENTS["functions"](7)
    code_of = CodeOf(EVERYTHING, frozenset())
    code_of(ring[entered])
    before = list(map(code_of, ring))
    ring[5].__code__ = (lambda x: x).__code__
    assert not set(before) & set(map(code_of, ring))


@pytest.mark.parametrize("called", [False, True])
def test_a_stencil_of_numba_counts_by_its_function_and_options(called: bool) -> None:
    """Its intermediate form leads to the whole compiler, which is never walked."""
    numba = pytest.importorskip("numba")
    numpy = pytest.importorskip("numpy")

    def make(weight: float, **options: Any) -> Any:
        found = numba.stencil(lambda a: weight * (a[0, 1] + a[1, 0]), **options)
        if called:
            found(numpy.ones((4, 4)))
        return found

    code_of = CodeOf(EVERYTHING, frozenset())
    forms = [
        {encode(stencil, "", code_of), encode(stencil, "", code_of)}
        for stencil in (make(0.5), make(0.5), make(0.25), make(0.5, cval=1.0))
    ]
    assert [len(form) for form in forms] == [1, 1, 1, 1]
    assert forms[0] == forms[1]
    assert len({*forms[0], *forms[2], *forms[3]}) == 3
    fresh = make(0.125)
    assert steps_of(lambda: encode(fresh, "", code_of)) < 20_000
    assert fingerprint(global_value(make(0.5))).notes == {}


@pytest.mark.parametrize(
    "make", [lambda count: [f"text {n}" for n in range(count)], lambda count: {f"key {n}": None for n in range(count)}]
)
def test_a_long_table_of_texts_is_compared_and_not_encoded_again(
    make: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was changed in place is seen without making its encoding at each call."""
    from brinery._keying.code import reach as code

    encoded: list[object] = []
    monkeypatch.setattr(code._Reach, "_encode_again", lambda _, value: encoded.append(value) or b"")  # type: ignore[func-returns-value]
    table = make(2_000)
    holds = fingerprint(global_value(table)).holds
    assert holds()
    assert holds()
    assert encoded == []
    table.pop(*["key 7"] if type(table) is dict else [7])
    assert not holds()
    assert len(encoded) == 1
