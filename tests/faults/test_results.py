"""Exactly what a function returned: of every kind, by whatever process, and untouched by what callers do to it."""

from __future__ import annotations

import array
import collections
import copyreg
import datetime as dt
import decimal
import fractions
import functools
import io
import math
import operator
import pathlib
import re
import sys
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
from result_kinds import (
    Access,
    Bag,
    Color,
    FrozenError,
    FrozenRecord,
    Items,
    KeywordOnly,
    Misplaced,
    Number,
    OwnExit,
    OwnGroup,
    OwnOSError,
    OwnUnicodeError,
    Pair,
    Point,
    Record,
    ReducingError,
    Refused,
    Slotted,
    SlottedError,
    SlottedRecord,
    Table,
    Text,
    call_twice,
    raised,
    told,
    with_attributes,
    with_notes,
)

from brinery import Cache


def helper() -> None:
    """A function that is returned itself."""


SINGLE: list[Callable[[], Any]] = [
    lambda: None,
    lambda: ...,
    lambda: NotImplemented,
    lambda: True,
    lambda: (),
    lambda: int,
    lambda: type(None),
    lambda: type(NotImplemented),
    lambda: len,
    lambda: helper,
    lambda: Point,
    lambda: Color.BLUE,
    lambda: Color.CRIMSON,
    lambda: Access.READ | Access.WRITE,
    lambda: re.IGNORECASE,
    lambda: zoneinfo.ZoneInfo("UTC"),
    lambda: dt.UTC,
    lambda: uuid.SafeUUID.unknown,
]


@pytest.mark.parametrize("make", SINGLE)
def test_what_there_is_only_one_of(memory: Cache, make: Callable[[], Any]):
    """Singletons, classes, functions and enum members are the very same object after a hit."""
    first, second = call_twice(memory, make)
    assert second is first


VALUES: list[Callable[[], Any]] = [
    lambda: 0.0,
    lambda: -0.0,
    lambda: math.nan,
    lambda: [math.inf, -math.inf, 5e-324],
    lambda: complex(-0.0, math.nan),
    lambda: 2**63,
    lambda: -(2**3000),
    lambda: "\ud800 half \udfff",
    lambda: "\0\N{SNOWMAN}",
    lambda: b"\0\xff",
    lambda: bytearray(b"\0"),
    lambda: bytes(100_000),
    lambda: bytearray(100_000),
    lambda: range(0, 10**30, 7),
    lambda: slice(1, None, 2),
    lambda: {"b": 1, "a": 2, 3: None, (): {}},
    lambda: [[], {}, set(), frozenset(), ()],
    lambda: Point(1, Point([2], None)),
    lambda: Record("a", Record("b", [Color.RED])),
    lambda: SlottedRecord([1]),
    lambda: FrozenRecord((1, 2)),
    lambda: Slotted([1]),
    lambda: types.SimpleNamespace(b=1, a=[2]),
    lambda: functools.partial(int, "11", base=2),
    lambda: re.compile(r"(?P<a>\d+)", re.IGNORECASE),
    lambda: operator.itemgetter(1, 2),
    lambda: [].append,
    lambda: list[int],
    lambda: int | str,
    lambda: dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    lambda: dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(minutes=7), "odd")),
    lambda: dt.timedelta.max,
    lambda: decimal.Decimal("-0.00"),
    lambda: decimal.Decimal("sNaN1"),
    lambda: fractions.Fraction(1, 3),
    lambda: uuid.UUID(int=7),
    lambda: pathlib.PurePosixPath("/a/../b"),
    lambda: collections.defaultdict(list, a=[1]),
    lambda: collections.OrderedDict(b=1, a=2),
    lambda: collections.Counter("abca"),
    lambda: collections.ChainMap({"a": 1}, {"b": 2}),
    lambda: collections.deque([1, 2, 3], maxlen=3),
    lambda: array.array("d", [1.0, -0.0]),
    lambda: array.array("u", "text") if sys.version_info < (3, 13) else array.array("w", "text"),
]


@pytest.mark.parametrize("make", VALUES)
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_values_of_every_kind(memory: Cache, make: Callable[[], Any], serializer: str):
    """They come back of the same type, with the same contents in the same order."""
    first, second = call_twice(memory, make, serializer=serializer)
    assert type(second) is type(first)
    assert re.sub("0x[0-9a-f]+", "", repr(second)) == re.sub("0x[0-9a-f]+", "", repr(first))
    if "nan" not in repr(first).lower() and not callable(first):
        assert second == first


SUBCLASSES: list[Callable[[], Any]] = [
    lambda: with_attributes(Text("text")),
    lambda: with_attributes(Number(7)),
    lambda: with_attributes(Items([1, 2])),
    lambda: with_attributes(Table(b=1, a=2)),
    lambda: with_attributes(Bag([1])),
    lambda: with_attributes(Slotted(1)),
    lambda: with_attributes(ValueError("odd")),
]


@pytest.mark.parametrize("make", SUBCLASSES)
def test_subclasses_keep_their_attributes(memory: Cache, make: Callable[[], Any]):
    """What a subclass of a built-in class carries besides comes back with it."""
    first, second = call_twice(memory, make)
    assert type(second) is type(first)
    assert repr(second) == repr(first)
    assert vars(second) == vars(first)
    assert vars(second)["inside"] == [1, "km"]


def test_what_cannot_be_written_out(memory: Cache):
    """Integers beyond the digits that Python turns into text, dates and values of all sizes in one result."""
    first, second = call_twice(memory, lambda: [10**10_000, -(10**10_000), {10**5000: 1}])
    assert second == first


def shared_and_cyclic() -> dict[str, Any]:
    shared: list[Any] = [1]
    record = Record("loop")
    record.inside = {"back": record}
    itself: list[Any] = []
    itself.append(itself)
    pair = Pair((shared, itself))
    result = {"a": shared, "b": (shared, [shared]), "record": record, "itself": itself, "pair": pair}
    result["result"] = result
    return result


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_shared_and_cyclic_references(memory: Cache, serializer: str):
    """What was one object is one object again, what was two is two, and every circle closes."""
    _, found = call_twice(memory, shared_and_cyclic, serializer=serializer)
    assert found["result"] is found
    assert found["a"] is found["b"][0] is found["b"][1][0] is found["pair"][0]
    assert found["itself"][0] is found["itself"] is found["pair"][1]
    assert found["record"].inside["back"] is found["record"]
    assert type(found["pair"]) is Pair


def test_files_in_memory(memory: Cache):
    """A file in memory comes back with all that is in it, at the same place."""

    def write() -> list[Any]:
        text, data = io.StringIO(), io.BytesIO()
        text.write("one\ntwo")
        text.seek(4)
        data.write(b"bytes")
        return [text, data]

    _, (text, data) = call_twice(memory, write)
    assert (text.tell(), text.read(), data.tell(), data.getvalue()) == (4, "two", 5, b"bytes")


EXCEPTIONS: list[Callable[[], BaseException]] = [
    lambda: ValueError(),
    lambda: ValueError("a", [1]),
    lambda: raised(ValueError("a"), cause=KeyError("b")),
    lambda: raised(ValueError("a"), within=raised(KeyError("b"), within=IndexError("c"))),
    lambda: raised(ValueError("a"), cause=Refused("you"), within=Misplaced(1, 2)),
    lambda: with_notes(raised(Refused("you"), cause=with_notes(Misplaced(1, 2)))),
    lambda: Refused("you"),
    lambda: Misplaced(1, 2),
    lambda: KeywordOnly(code=3),
    lambda: OwnOSError("/nowhere"),
    lambda: OwnExit(3),
    lambda: OwnUnicodeError(b"\xff"),
    lambda: raised(with_attributes(Refused("you")), within=OwnOSError("/nowhere")),
    lambda: setattr(error := SlottedError("x"), "place", [1]) or error,
    lambda: FrozenError(3),
    lambda: ReducingError(1, 2),
    lambda: raised(ReducingError(1, 2), cause=ReducingError(3, 4)),
    lambda: OSError(2, "no such file", "a", None, "b"),
    lambda: FileNotFoundError(2, "no such file"),
    lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd"),
    lambda: ImportError("no", name="a", path="b"),
    lambda: AttributeError("no", name="a"),
    lambda: NameError("no", name="a"),
    lambda: SyntaxError("no", ("file", 3, 2, "text")),
    lambda: StopIteration(3),
    lambda: SystemExit(3),
    lambda: KeyboardInterrupt(),
    lambda: ExceptionGroup("all", [raised(ValueError(1), cause=KeyError(2)), with_notes(Refused("you"))]),
    lambda: BaseExceptionGroup("all", [KeyboardInterrupt(), ExceptionGroup("inner", [Misplaced(1, 2)])]),
    lambda: raised(with_notes(OwnGroup("all", [OSError(2, "x")])), within=ValueError("before")),
]


@pytest.mark.parametrize("make", EXCEPTIONS)
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_exceptions_as_values(memory: Cache, make: Callable[[], BaseException], serializer: str):
    """All but the traceback comes back: arguments, attributes, slots, notes, cause and context, without `__init__`."""
    first, second = call_twice(memory, lambda: [make()], serializer=serializer)
    assert told(second[0]) == told(first[0])


def forgetful(error: BaseException) -> Any:
    """What libraries such as tblib register for all exceptions, to have tracebacks along."""
    return type(error), error.args


@pytest.mark.parametrize("make", EXCEPTIONS)
def test_exceptions_where_a_library_pickles_them_all(memory: Cache, make, monkeypatch):
    """A reducer that was registered for each exception that there is, as an import of dask's does, changes nothing."""
    waiting: list[Any] = [BaseException]
    while waiting:
        kind = waiting.pop()
        monkeypatch.setitem(copyreg.dispatch_table, kind, forgetful)
        waiting += type.__subclasses__(kind)
    first, second = call_twice(memory, lambda: [make()])
    assert told(second[0]) == told(first[0])


def test_an_exception_with_a_reducer_of_its_own(memory: Cache, monkeypatch):
    """A reducer that was registered for one class of exceptions is asked."""
    asked = []

    def reduce(error: BaseException) -> Any:
        asked.append(error)
        return Misplaced, (1, 2)

    monkeypatch.setitem(copyreg.dispatch_table, Misplaced, reduce)
    call_twice(memory, lambda: [Misplaced(1, 2)])
    assert asked


@pytest.mark.parametrize("make", [lambda: ValueError("a", 1), lambda: raised(KeyError("b"))])
def test_the_key_of_an_exception_where_a_library_pickles_them_all(memory: Cache, make, monkeypatch):
    """Whether something was imported meanwhile, tells nothing of an argument."""
    f = memory(lambda error: repr(error))
    f(make())

    def reduce(error: BaseException) -> Any:
        return type(error), (*error.args, id(error))

    for kind in (BaseException, ValueError, KeyError):
        monkeypatch.setitem(copyreg.dispatch_table, kind, reduce)
    f(make())
    assert f.cache_info().hits == 1


def test_a_mutated_result_changes_no_later_hit(memory: Cache):
    """Whoever changes what was returned, at the miss or at a hit, changes only that."""
    f = memory(lambda: {"list": [1, [2]], "set": {1}, "record": Record("a", [1])})
    for _ in range(3):
        found = f()
        assert found == {"list": [1, [2]], "set": {1}, "record": Record("a", [1])}
        found["list"][1].append(3)
        found["set"].clear()
        found["record"].inside.append(found)
        del found["list"]
    assert f.cache_info()[:2] == (2, 1)


SHARED_WITH_RESULTS: list[Any] = [1, [2]]


def test_a_result_that_is_an_argument_or_a_global(memory: Cache):
    """What is changed afterwards by way of the argument or of the global is in no entry."""
    same = memory(lambda argument: argument)
    argument = [1, [2]]
    assert same(argument) is argument
    argument[1].append(3)
    assert same([1, [2]]) == [1, [2]]
    assert same.cache_info()[:2] == (1, 1)

    inside = memory(lambda rows: {"first": rows[0], "all": rows})
    rows = [[1], [2]]
    inside(rows)
    rows[0].append(99)
    found = inside([[1], [2]])
    assert found == {"first": [1], "all": [[1], [2]]}
    assert found["first"] is found["all"][0]
    assert inside.cache_info()[:2] == (1, 1)

    reached = memory(lambda: SHARED_WITH_RESULTS)
    reached()
    copy = reached()
    copy[1].append(3)
    assert SHARED_WITH_RESULTS == [1, [2]]
    assert reached() == [1, [2]]
    assert reached.cache_info()[:2] == (2, 1)


class Hostile:
    """Everything that can be asked of it, but for pickling, raises."""

    def __init__(self) -> None:
        self.inside = [1]

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("never ask me")

    __eq__ = __ne__ = __lt__ = __bool__ = __len__ = __repr__ = __str__ = __iter__ = __call__ = __contains__ = _raise  # type: ignore[assignment]
    __format__ = __hash__ = __dir__ = __sizeof__ = __getitem__ = __int__ = __index__ = __copy__ = _raise  # type: ignore[assignment]
    __deepcopy__ = __buffer__ = __array__ = __length_hint__ = _raise


class Disguised:
    """It says that it is a number."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return int


class Pretender(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("never ask me")


class Pretended(metaclass=Pretender):
    pass


@pytest.mark.parametrize("make", [lambda: Hostile(), lambda: Pretended()])
def test_objects_of_which_nothing_can_be_asked(memory: Cache, make: Callable[[], Any]):
    """Nothing of a result is called but what pickles it."""
    kind = type(make())
    first, second = call_twice(memory, lambda: {"a": [make()]})
    assert type(second["a"][0]) is type(first["a"][0]) is kind
    assert vars(second["a"][0]) == vars(first["a"][0])
    assert type(call_twice(memory, make)[1]) is kind


def test_an_object_that_says_it_is_another(memory: Cache):
    """It is never taken for what it says."""
    f = memory(lambda: [Disguised(), 1])
    for _ in range(3):
        assert [type(one) for one in f()] == [Disguised, int]


ENDED: list[str] = []


class Ending:
    """What happens at its end would end a file, say, that others still use."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    def __del__(self) -> None:
        ENDED.append(self.name)


def test_storing_makes_no_copy_whose_end_does_something(memory: Cache):
    """While the caller has a result, nothing like it has come to its end."""
    ENDED.clear()
    f = memory(ignore=[".ENDED"])(lambda: [Ending("a")])
    first = f()
    assert ENDED == []
    second = f()
    assert ENDED == []
    assert [first[0].name, second[0].name] == ["a", "a"]
    assert f.cache_info()[:2] == (1, 1)
