"""Pairs of values that have to be keyed alike or apart, with the reason; each side is made again where it is used."""

# ruff: noqa: DTZ001  times without a zone are values too; a lambda on each side shows what is compared
from __future__ import annotations

import array
import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import ipaddress
import itertools
import operator
import pathlib
import pickle
import random
import re
import string
import struct
import threading
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import pydantic


class Point:
    def __init__(self, x: object, y: object = 0) -> None:
        self.x = x
        self.y = y

    def __repr__(self) -> str:
        return "<Point>"  # hypothesis asks for it when a run is slow; that a digest never does, a test of its own shows

    __eq__ = __hash__ = __bool__ = __len__ = None  # type: ignore[assignment]


class Point3(Point):
    pass


@dataclasses.dataclass
class Data:
    a: object
    b: object = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: object
    b: object = 1


@attrs.define
class Attrs:
    a: object
    b: object = 1


@attrs.frozen(cache_hash=True, slots=False)
class Hashed:
    a: str


class Model(pydantic.BaseModel):
    a: int
    b: list[int] = []


class Slots:
    __slots__ = ("__private", "a", "b")

    def __init__(self, a: object, private: object = 0) -> None:
        self.a = a
        self.__private = private


class MoreSlots(Slots):
    __slots__ = ("a", "c")


class Both(Slots):
    pass


class Named(NamedTuple):
    a: object
    b: object


class OtherName(NamedTuple):
    a: object
    b: object


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class State:
    def __init__(self, kept: object, left_out: object) -> None:
        self.kept = kept
        self.left_out = left_out

    def __getstate__(self) -> object:
        return {"kept": self.kept}


class Reduced:
    def __init__(self, kept: object, left_out: object) -> None:
        self.kept = kept
        self.left_out = left_out

    def __reduce__(self) -> Any:
        return Reduced, (self.kept, None)


class Held:
    """Something in a set, with something that can change."""

    def __init__(self, number: int, held: object) -> None:
        self.number, self.held = number, held

    def __hash__(self) -> int:
        return hash(f"{self.number}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.number == self.number


class Token:
    def __init__(self, token: object, left_out: object = None) -> None:
        self.token = token
        self.left_out = left_out

    def __dask_tokenize__(self) -> object:
        return self.token


class Lazy:
    def __init__(self, a: object) -> None:
        self.a = a

    @functools.cached_property
    def worked_out(self) -> object:
        return [self.a] * 10


class MyList(list):  # type: ignore[type-arg]
    pass


class MyDict(dict):  # type: ignore[type-arg]
    pass


class MyInt(int):
    pass


class MyStr(str):
    __slots__ = ("note",)


class MyBytes(bytes):
    pass


class MyFloat(float):
    pass


class MySet(set):  # type: ignore[type-arg]
    pass


class MyDate(dt.date):
    pass


class MyPath(pathlib.PurePosixPath):
    pass


class Failed(Exception):
    pass


def add(a: object, b: object = 1) -> object:
    return a, b


def subtract(a: object, b: object = 1) -> object:
    return a, b


def made(kind: Any, *arguments: object, **attributes: object) -> Any:
    value = kind(*arguments)
    for name, item in attributes.items():
        setattr(value, name, item)
    return value


def looked_at(value: Lazy) -> Lazy:
    _ = value.worked_out
    return value


def hashed(value: Any) -> Any:
    hash(value)
    return value


def cycle(kind: str, payload: object = 1) -> Any:
    if kind == "list":
        ring: list[object] = [payload]
        ring.append(ring)
        return ring
    if kind == "dict":
        ring_of_dicts: dict[str, object] = {"payload": payload}
        ring_of_dicts["self"] = {"inner": ring_of_dicts}
        return ring_of_dicts
    first, second = Point(payload), Point(payload)
    first.y, second.y = second, first
    return first


def twice_in(around: Callable[[Any, Any], object], make: Make) -> tuple[Make, Make]:
    """One thing that stands in two places, and two that are equal."""

    def one() -> object:
        part = make()
        return around(part, part)

    return one, lambda: around(make(), make())


def sliced(part: Any) -> Any:
    """An equal text or number that is another object, which nobody keeps."""
    return pickle.loads(pickle.dumps(part))


def raised(cause: Exception | None) -> Exception:
    error = Failed("x")
    error.__cause__ = cause
    return error


def noted(*notes: str) -> Exception:
    error = Failed("x")
    for note in notes:
        error.add_note(note)
    return error


def drawn(seed: int, numbers: int) -> random.Random:
    generator = random.Random(seed)
    for _ in range(numbers):
        generator.random()
    return generator


NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]
BIG = 10**5000
LONG = list(range(5000))
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

Make = Callable[[], object]
DIFFERENT: list[tuple[str, Make, Make]] = [
    ("int and float", lambda: 1, lambda: 1.0),
    ("int and bool", lambda: 1, lambda: True),
    ("zero and False", lambda: 0, lambda: False),
    ("int and str", lambda: 1, lambda: "1"),
    ("str and bytes", lambda: "1", lambda: b"1"),
    ("None and False", lambda: None, lambda: False),
    ("None and empty tuple", lambda: None, lambda: ()),
    ("None and its name", lambda: None, lambda: "None"),
    ("value and tuple of it", lambda: 1, lambda: (1,)),
    ("tuple and list", lambda: (1,), lambda: [1]),
    ("empty tuple and list", lambda: (), list),
    ("empty list and dict", list, dict),
    ("empty set and dict", set, dict),
    ("set and frozenset", lambda: {1}, lambda: frozenset({1})),
    ("set and list", lambda: {1}, lambda: [1]),
    ("zeros of both signs", lambda: 0.0, lambda: -0.0),
    ("zeros in a list", lambda: [0.0], lambda: [-0.0]),
    ("complex zeros", lambda: 0j, lambda: complex(-0.0, 0.0)),
    ("NaNs of other bits", lambda: float("nan"), lambda: NAN),
    ("float and complex", lambda: 1.0, lambda: 1 + 0j),
    ("large ints", lambda: BIG, lambda: BIG + 1),
    ("ints around 2**63", lambda: 2**63, lambda: -(2**63)),
    ("ints around 2**31", lambda: 2**31, lambda: -(2**31)),
    ("int and float of 2**53", lambda: 2**53, lambda: 2.0**53),
    ("surrogates and the character", lambda: "\ud83d\ude00", lambda: "\U0001f600"),
    ("surrogate and its bytes", lambda: "\udcff", lambda: b"\xff"),
    ("composed and decomposed", lambda: "\u00e9", lambda: "e\u0301"),
    ("strings around a null", lambda: ["a\0", "b"], lambda: ["a", "\0b"]),
    ("where strings are cut", lambda: ["ab", "c"], lambda: ["a", "bc"]),
    ("where long strings are cut", lambda: ["a" * 2000, "b"], lambda: ["a" * 1999, "ab"]),
    ("long strings", lambda: "a" * 5000, lambda: "a" * 5001),
    ("long str and bytes", lambda: "a" * 5000, lambda: b"a" * 5000),
    ("long bytes and bytearray", lambda: b"a" * 5000, lambda: bytearray(b"a" * 5000)),
    ("bytes and bytearray", lambda: b"a", lambda: bytearray(b"a")),
    ("bytes and memoryview", lambda: b"a", lambda: memoryview(b"a")),
    ("bytearray in a tuple", lambda: (bytearray(b"a"),), lambda: (b"a",)),
    ("memoryview shapes", lambda: memoryview(b"abcd"), lambda: memoryview(b"abcd").cast("B", (2, 2))),
    ("memoryview formats", lambda: memoryview(b"abcd"), lambda: memoryview(b"abcd").cast("i")),
    ("array and bytes", lambda: (array.array("b", [1]),), lambda: (b"\1",)),
    ("array types", lambda: array.array("i", [1]), lambda: array.array("I", [1])),
    ("array items", lambda: array.array("d", [1.0]), lambda: array.array("d", [2.0])),
    ("array and list", lambda: array.array("i", [1]), lambda: [1]),
    ("nesting", lambda: [[1], 2], lambda: [[1, 2]]),
    ("deep nesting", lambda: [[[[[1]]]], 2], lambda: [[[[[1], 2]]]]),
    ("order of a list", lambda: [1, 2], lambda: [2, 1]),
    ("order of a dict", lambda: {"a": 1, "b": 2}, lambda: {"b": 2, "a": 1}),
    ("keys and values", lambda: {"a": "b"}, lambda: {"b": "a"}),
    ("types of keys", lambda: {1: "a"}, lambda: {"1": "a"}),
    ("keys 1 and True", lambda: {1: "a"}, lambda: {True: "a"}),
    ("dict and its items", lambda: {"a": 1}, lambda: [("a", 1)]),
    ("a missing value", lambda: {"a": None}, dict),
    ("one of many numbers", lambda: LONG, lambda: [*LONG[:-1], -1]),
    ("one more of many numbers", lambda: LONG, lambda: [*LONG, 1]),
    ("types of many numbers", lambda: LONG, lambda: [*LONG[:-1], 4999.0]),
    ("long list and tuple", lambda: LONG, lambda: tuple(LONG)),
    ("long list and range", lambda: LONG, lambda: range(5000)),
    ("list of 1024 and chunks of it", lambda: [*range(2048)], lambda: [[*range(1024)], [*range(1024, 2048)]]),
    ("long dicts", lambda: dict.fromkeys(range(3000)), lambda: dict.fromkeys(range(1, 3001))),
    ("order of long dicts", lambda: dict.fromkeys(range(3000)), lambda: dict.fromkeys(reversed(range(3000)))),
    ("values of long dicts", lambda: dict.fromkeys(range(3000), 0), lambda: {**dict.fromkeys(range(3000), 0), 7: 1}),
    ("sets", lambda: {1, 2}, lambda: {1, 3}),
    ("sets of sets", lambda: {frozenset({1})}, lambda: {frozenset({2})}),
    ("set in a list", lambda: [{1, 2}], lambda: [{1, 3}]),
    ("frozenset in a set and tuple in a set", lambda: {frozenset({1})}, lambda: {(1,)}),
    ("ellipsis and its name", lambda: ..., lambda: "..."),
    ("NotImplemented and None", lambda: NotImplemented, lambda: None),
    ("ranges", lambda: range(3), lambda: range(4)),
    ("range steps", lambda: range(0, 4, 2), lambda: range(0, 4, 3)),
    ("range and slice", lambda: range(1, 2, 3), lambda: slice(1, 2, 3)),
    ("slices", lambda: slice(1), lambda: slice(1, None)),
    ("decimals of the same value", lambda: decimal.Decimal("1.0"), lambda: decimal.Decimal("1.00")),
    ("decimal and int", lambda: decimal.Decimal(1), lambda: 1),
    ("decimal NaNs", lambda: decimal.Decimal("nan"), lambda: decimal.Decimal("snan")),
    ("fractions", lambda: fractions.Fraction(1, 3), lambda: fractions.Fraction(1, 4)),
    ("fraction and int", lambda: fractions.Fraction(1), lambda: 1),
    ("uuids", lambda: uuid.UUID(int=1), lambda: uuid.UUID(int=2)),
    ("uuid and its text", lambda: uuid.UUID(int=1), lambda: str(uuid.UUID(int=1))),
    ("date and datetime", lambda: dt.date(2020, 1, 1), lambda: dt.datetime(2020, 1, 1)),
    ("naive and aware", lambda: dt.datetime(2020, 1, 1), lambda: dt.datetime(2020, 1, 1, tzinfo=BERLIN)),
    (
        "zones",
        lambda: dt.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
        lambda: dt.datetime(2020, 1, 1, tzinfo=BERLIN),
    ),
    (
        "zone and offset",
        lambda: dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        lambda: dt.datetime(2020, 1, 1, tzinfo=BERLIN),
    ),
    ("folds", lambda: dt.datetime(2020, 10, 25, 2, fold=0), lambda: dt.datetime(2020, 10, 25, 2, fold=1)),
    ("times", lambda: dt.time(1), lambda: dt.time(1, fold=1)),
    ("timedeltas", lambda: dt.timedelta(1), lambda: dt.timedelta(0, 1)),
    ("timezones", lambda: dt.UTC, lambda: dt.timezone(dt.timedelta(0), "other")),
    ("path and str", lambda: pathlib.PurePosixPath("a"), lambda: "a"),
    ("paths", lambda: pathlib.PurePosixPath("a/b"), lambda: pathlib.PurePosixPath("a/c")),
    ("kinds of path", lambda: pathlib.PurePosixPath("a"), lambda: pathlib.PureWindowsPath("a")),
    ("pure and concrete path", lambda: pathlib.PurePosixPath("a"), lambda: pathlib.PosixPath("a")),
    ("patterns", lambda: re.compile("a"), lambda: re.compile("b")),
    ("flags of patterns", lambda: re.compile("a"), lambda: re.compile("a", re.IGNORECASE)),
    ("patterns of str and bytes", lambda: re.compile("a"), lambda: re.compile(b"a")),
    ("enum members", lambda: Color.RED, lambda: Color.BLUE),
    ("enum and its value", lambda: Color.RED, lambda: 1),
    ("int enum and int", lambda: Number.ONE, lambda: 1),
    ("flags", lambda: Access.READ, lambda: Access.READ | Access.WRITE),
    ("no flag", lambda: Access(0), lambda: Access.READ),
    ("enum and its class", lambda: Color.RED, lambda: Color),
    ("attributes", lambda: Point(1), lambda: Point(2)),
    ("types of attributes", lambda: Point(1), lambda: Point(1.0)),
    ("one attribute more", lambda: Point(1), lambda: made(Point, 1, z=1)),
    ("names of attributes", lambda: made(Point, 1, z=1), lambda: made(Point, 1, w=1)),
    ("class of an instance", lambda: Point(1), lambda: Point3(1)),
    ("instance and its attributes", lambda: Point(1), lambda: {"x": 1, "y": 0}),
    ("class and instance", lambda: Point, lambda: Point(1)),
    ("dataclass fields", lambda: Data(1), lambda: Data(1, 2)),
    ("dataclass and tuple", lambda: Data(1), lambda: (1, 1)),
    ("dataclasses of other classes", lambda: Data(1), lambda: Slotted(1)),
    ("slotted dataclass", lambda: Slotted(1), lambda: Slotted(2)),
    ("attrs", lambda: Attrs(1), lambda: Attrs(2)),
    ("attrs with a cached hash", lambda: Hashed("a"), lambda: Hashed("b")),
    ("pydantic", lambda: Model(a=1), lambda: Model(a=2)),
    ("pydantic defaults given", lambda: Model(a=1), lambda: Model(a=1, b=[])),
    ("slots", lambda: Slots(1), lambda: Slots(2)),
    ("private slots", lambda: Slots(1, 1), lambda: Slots(1, 2)),
    ("a slot that is not set", lambda: Slots(1), lambda: made(Slots, 1, b=None)),
    ("slots of a subclass", lambda: made(MoreSlots, 1, c=1), lambda: made(MoreSlots, 1, c=2)),
    ("private slots of the parent", lambda: MoreSlots(1, 1), lambda: MoreSlots(1, 2)),
    ("slots and attributes", lambda: made(Both, 1, z=1), lambda: made(Both, 1, z=2)),
    ("slots beside attributes", lambda: made(Both, 1, z=1), lambda: made(Both, 2, z=1)),
    ("named tuples", lambda: Named(1, 2), lambda: Named(1, 3)),
    ("named tuple and tuple", lambda: Named(1, 2), lambda: (1, 2)),
    ("classes of named tuples", lambda: Named(1, 2), lambda: OtherName(1, 2)),
    ("left out by __getstate__", lambda: State(1, 1), lambda: State(1, 2)),
    ("left out by __reduce__", lambda: Reduced(1, 1), lambda: Reduced(1, 2)),
    ("a computed cached property", lambda: Lazy(1), lambda: looked_at(Lazy(1))),
    ("given state", lambda: State(1, 1), lambda: State(2, 1)),
    ("reduced", lambda: Reduced(1, 1), lambda: Reduced(2, 1)),
    ("tokens", lambda: Token(1), lambda: Token(2)),
    ("a computed property's source", lambda: looked_at(Lazy(1)), lambda: looked_at(Lazy(2))),
    ("list and subclass", lambda: [1], lambda: MyList([1])),
    ("list subclasses", lambda: MyList([1]), lambda: MyList([2])),
    ("attributes of a list subclass", lambda: made(MyList, [1], z=1), lambda: made(MyList, [1], z=2)),
    ("dict subclasses", lambda: MyDict(a=1), lambda: MyDict(a=2)),
    ("dict and subclass", lambda: {"a": 1}, lambda: MyDict(a=1)),
    ("int and subclass", lambda: 1, lambda: MyInt(1)),
    ("int subclass in a tuple", lambda: (1,), lambda: (MyInt(1),)),
    ("int subclasses", lambda: MyInt(1), lambda: MyInt(2)),
    ("str and subclass", lambda: "a", lambda: MyStr("a")),
    ("str subclass as a key", lambda: {"a": 1}, lambda: {MyStr("a"): 1}),
    ("slots of a str subclass", lambda: made(MyStr, "a", note=1), lambda: made(MyStr, "a", note=2)),
    ("bytes subclasses", lambda: MyBytes(b"a"), lambda: MyBytes(b"b")),
    ("float subclasses", lambda: MyFloat(1), lambda: MyFloat(2)),
    ("set subclasses", lambda: MySet([1]), lambda: MySet([2])),
    ("set and subclass", lambda: {1}, lambda: MySet([1])),
    ("date and subclass", lambda: dt.date(2020, 1, 1), lambda: MyDate(2020, 1, 1)),
    ("date subclasses", lambda: MyDate(2020, 1, 1), lambda: MyDate(2020, 1, 2)),
    ("attributes of a date", lambda: made(MyDate, 2020, 1, 1, z=1), lambda: made(MyDate, 2020, 1, 1, z=2)),
    ("attributes of a path", lambda: made(MyPath, "a", z=1), lambda: made(MyPath, "a", z=2)),
    ("ordered dicts", lambda: collections.OrderedDict(a=1, b=2), lambda: collections.OrderedDict(b=2, a=1)),
    ("ordered dict and dict", lambda: collections.OrderedDict(a=1), lambda: {"a": 1}),
    ("default factories", lambda: collections.defaultdict(int), lambda: collections.defaultdict(list)),
    ("default dict and dict", lambda: collections.defaultdict(None, a=1), lambda: {"a": 1}),
    ("default dict items", lambda: collections.defaultdict(int, a=1), lambda: collections.defaultdict(int, a=2)),
    ("counters", lambda: collections.Counter("aab"), lambda: collections.Counter("abb")),
    ("deques", lambda: collections.deque([1]), lambda: collections.deque([2])),
    ("lengths of deques", lambda: collections.deque([1]), lambda: collections.deque([1], 3)),
    ("chain maps", lambda: collections.ChainMap({1: 2}, {}), lambda: collections.ChainMap({}, {1: 2})),
    ("mapping proxies", lambda: types.MappingProxyType({1: 2}), lambda: types.MappingProxyType({1: 3})),
    ("mapping proxy and dict", lambda: types.MappingProxyType({1: 2}), lambda: {1: 2}),
    ("namespaces", lambda: types.SimpleNamespace(a=1), lambda: types.SimpleNamespace(a=2)),
    ("user dicts", lambda: collections.UserDict(a=1), lambda: collections.UserDict(a=2)),
    ("views", lambda: {1: 2}.keys(), lambda: {1: 2}.values()),
    ("keys of views", lambda: {1: 2}.keys(), lambda: {2: 2}.keys()),
    ("errors", lambda: ValueError(1), lambda: ValueError(2)),
    ("classes of errors", lambda: ValueError(1), lambda: TypeError(1)),
    ("attributes of errors", lambda: made(Failed, 1, code=1), lambda: made(Failed, 1, code=2)),
    ("causes", lambda: raised(None), lambda: raised(ValueError(1))),
    ("notes", lambda: noted("a"), lambda: noted("b")),
    ("file names of errors", lambda: OSError(1, "x", "a"), lambda: OSError(1, "x", "b")),
    ("functions", lambda: add, lambda: subtract),
    ("builtins", lambda: len, lambda: min),
    ("function and its name", lambda: add, lambda: "add"),
    ("partials", lambda: functools.partial(add, 1), lambda: functools.partial(add, 2)),
    ("keywords of partials", lambda: functools.partial(add, b=1), lambda: functools.partial(add, b=2)),
    ("functions of partials", lambda: functools.partial(add, 1), lambda: functools.partial(subtract, 1)),
    ("objects of bound methods", lambda: Lazy(1).__init__, lambda: Lazy(2).__init__),
    ("builtin methods", lambda: [1].append, lambda: [2].append),
    ("names of builtin methods", lambda: [1].append, lambda: [1].extend),
    ("class methods of builtins", lambda: dict.fromkeys, lambda: MyDict.fromkeys),
    ("slot methods", lambda: (1).__add__, lambda: (2).__add__),
    ("descriptors", lambda: str.upper, lambda: str.lower),
    ("owners of descriptors", lambda: bytes.upper, lambda: str.upper),
    ("static methods", lambda: staticmethod(add), lambda: staticmethod(subtract)),
    ("static and class method", lambda: staticmethod(add), lambda: classmethod(add)),
    ("properties", lambda: property(add), lambda: property(subtract)),
    ("cached functions", lambda: functools.lru_cache(add), lambda: functools.lru_cache(subtract)),
    ("classes", lambda: Point, lambda: Point3),
    ("modules", lambda: copy, lambda: pickle),
    ("generic aliases", lambda: list[int], lambda: list[str]),
    ("unions", lambda: int | str, lambda: int | bytes),
    ("random generators", lambda: drawn(1, 0), lambda: drawn(2, 0)),
    ("positions of random generators", lambda: drawn(1, 0), lambda: drawn(1, 1)),
    ("item getters", lambda: operator.itemgetter(1), lambda: operator.itemgetter(2)),
    ("attribute getters", lambda: operator.attrgetter("a"), lambda: operator.attrgetter("b")),
    ("method callers", lambda: operator.methodcaller("a", 1), lambda: operator.methodcaller("a", 2)),
    ("addresses", lambda: ipaddress.ip_address("1.2.3.4"), lambda: ipaddress.ip_address("1.2.3.5")),
    ("networks", lambda: ipaddress.ip_network("1.2.3.0/24"), lambda: ipaddress.ip_network("1.2.3.0/25")),
    ("structs", lambda: struct.Struct("i"), lambda: struct.Struct("I")),
    ("templates", lambda: string.Template("$a"), lambda: string.Template("$b")),
    ("cycles with other content", lambda: cycle("list", 1), lambda: cycle("list", 2)),
    ("cycles of other lengths", lambda: cycle("list"), lambda: [1, [1, cycle("list")]]),
    ("cycles of dicts", lambda: cycle("dict", 1), lambda: cycle("dict", 2)),
    ("cycles of objects", lambda: cycle("objects", 1), lambda: cycle("objects", 2)),
    ("cycle and its mark", lambda: cycle("list"), lambda: [1, None]),
]
AROUND: dict[str, Callable[[Any, Any], object]] = {
    "in a tuple": lambda a, b: (a, b),
    "in a list": lambda a, b: [a, b],
    "in a dict": lambda a, b: {"a": a, "b": [b]},
    "deeper and deeper": lambda a, b: [[[a]], [[[b]]], 1],
    "beside much": lambda a, b: [list(range(5000)), [a], [b, "x" * 5000]],
    "in long lists": lambda a, b: [[a], *([n] for n in range(20_000)), [b]],
    "in records": lambda a, b: [{"n": n, "tags": a if n == 7 else b if n == 60 else [n]} for n in range(100)],
    "in floats": lambda a, b: [[n / 7 for n in range(300)], [[0.5, a], [0.5, b]]],
    "in objects": lambda a, b: [Point(a), Point(b)],
    "in an object and a list": lambda a, b: [Point(1, a), [b]],
    "in a default dict": lambda a, b: collections.defaultdict(list, a=a, b=b),
    "in a tuple of an object": lambda a, b: Point((1, (a,)), {"k": (b,)}),
    "in a set": lambda a, b: {Held(1, a), Held(2, b)},
    "in a high tuple": lambda a, b: functools.reduce(lambda inner, _: (inner,), range(150), (a, [b])),
    "after a long text": lambda a, b: [[["x" * 70_000]], [a, b]],
    "alone": lambda a, b: ((a,), b),
    "in what is far down": lambda a, b: functools.reduce(lambda inner, _: [inner], range(70), [a, [b]]),
}
MUTABLE: dict[str, Make] = {
    "a list": lambda: [1, [2]],
    "an empty list": list,
    "a dict": lambda: {"a": 1},
    "an empty set": set,
    "a set": lambda: {1, 2},
    "bytes that can change": lambda: bytearray(b"x"),
    "an object": lambda: Point(1),
    "a deque": lambda: collections.deque([1]),
    "a tuple with a list": lambda: (1, [2]),
    "a large list": lambda: [[n] for n in range(10_000)],
}
IMMUTABLE: dict[str, Callable[[], Any]] = {
    "texts": lambda: sliced("a text"),
    "numbers": lambda: sliced(10**9),
    "floats": lambda: sliced(0.5),
    "tuples": lambda: sliced((1, ("a", 2.5))),
    "large tuples": lambda: (*range(5000),),
    "tuples of dates": lambda: (dt.date(2020, 1, 2), decimal.Decimal("1.5")),
    "frozensets": lambda: frozenset({sliced("ab"), ("c",)}),
    "paths": lambda: pathlib.PurePosixPath("a"),
    "members of an enum": lambda: Color.RED,
    "functions": lambda: sliced,
    "classes": lambda: Point,
    "named tuples": lambda: Named(1, "a"),
    "zones": lambda: dt.timezone(dt.timedelta(hours=1)),
    "types in brackets": lambda: list[int],
}
SHARED: list[tuple[str, Make, Make]] = [
    (f"{part} {where}", *twice_in(around, make)) for where, around in AROUND.items() for part, make in MUTABLE.items()
]
ALIKE: list[tuple[str, Make, Make]] = [
    (f"{part} {where}", *twice_in(around, make)) for where, around in AROUND.items() for part, make in IMMUTABLE.items()
]
EQUAL: list[tuple[str, Make, Make]] = [
    ("interned or not", lambda: ["".join(list("ab")), "ab"], lambda: ["ab", "ab"]),
    ("NaNs of the same bits", lambda: float("nan"), lambda: float("nan")),
    ("order of sets", lambda: set(range(100)), lambda: {99 - number for number in range(100)}),
    ("sets with a past", lambda: {*"abc"}, lambda: {*"abcdefghijklmnop"} - {*"defghijklmnop"}),
    (
        "dicts with a past",
        lambda: {"a": 1},
        lambda: {k: v for k, v in {**{i: i for i in range(9)}, "a": 1}.items() if k == "a"},
    ),
    ("a dict emptied of other keys", lambda: {"a": [1]}, lambda: emptied({1: 2, "a": [1]}, 1)),
    ("lists with room", lambda: [1, 2], lambda: [1, 2, 3, 4][:2]),
    ("memoryviews of other buffers", lambda: memoryview(b"abc"), lambda: memoryview(bytearray(b"xabc"))[1:]),
    ("strided memoryview", lambda: memoryview(b"ace"), lambda: memoryview(b"abcdef")[::2]),
    ("strings of other width", lambda: "abc", lambda: "abc\U0001f600"[:3]),
    ("a handle that __getstate__ leaves out", lambda: State(1, threading.Lock()), lambda: State(1, threading.RLock())),
    (
        "a handle deep in what __reduce__ leaves out",
        lambda: Reduced(1, [threading.Lock()]),
        lambda: Reduced(1, [{}.keys(), threading.Event()]),
    ),
    ("left out by a token", lambda: Token(1, 1), lambda: Token(1, 2)),
    ("a hash that attrs keeps", lambda: Hashed("a"), lambda: hashed(Hashed("a"))),
    ("a hash that a path keeps", lambda: pathlib.Path("a"), lambda: hashed(pathlib.Path("a"))),
    ("paths written otherwise", lambda: pathlib.PurePosixPath("a/b"), lambda: pathlib.PurePosixPath("a") / "b"),
    ("fractions written otherwise", lambda: fractions.Fraction(1, 3), lambda: fractions.Fraction(2, 6)),
    (
        "a network that was looked at",
        lambda: ipaddress.ip_network("1.0.0.0/8"),
        lambda: seen(ipaddress.ip_network("1.0.0.0/8")),
    ),
    ("a range as it was written", lambda: range(3), lambda: range(3)),
    ("an alias of a member", lambda: Color.RED, lambda: Color(1)),
    ("cycles", lambda: cycle("list"), lambda: cycle("list")),
    ("iterated or not", lambda: collections.deque([1, 2]), lambda: rotated(collections.deque([2, 1]))),
    ("a counted Counter", lambda: collections.Counter("aab"), lambda: collections.Counter({"a": 2, "b": 1})),
    (
        "an ordered dict that was moved",
        lambda: collections.OrderedDict(a=1, b=2),
        lambda: moved(collections.OrderedDict(b=2, a=1)),
    ),
]


def emptied(value: dict[Any, Any], key: object) -> dict[Any, Any]:
    del value[key]
    return value


def twice(value: object) -> list[object]:
    return [value, value]


def seen(network: Any) -> Any:
    _ = network.hostmask, network.broadcast_address
    return network


def rotated(value: Any) -> Any:
    value.rotate()
    return value


def moved(value: Any) -> Any:
    value.move_to_end("b")
    return value


# Every value above once more, of which a copy has to be keyed alike. Left out is what cannot be copied, and what loses
# something when it is copied: attributes of dates and paths, causes of errors.
NOT_COPYABLE = (
    "memoryview", "bytes and memoryview", "strided memoryview", "views", "keys of views", "static", "properties",
    "modules",    "structs", "mapping prox", "descriptors", "attributes of a date", "attributes of a path", "causes",
    "slot methods", "left out by __getstate__", "left out by __reduce__", "given state", "reduced", "a handle",
    "owners of descriptors", "class methods of builtins",
)  # fmt: skip
COPYABLE: list[tuple[str, Make]] = [
    (name, make) for name, make, _ in itertools.chain(DIFFERENT, EQUAL) if not name.startswith(NOT_COPYABLE)
]
