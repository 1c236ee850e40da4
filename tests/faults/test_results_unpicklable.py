"""Results that cannot be kept: they are returned, and what stands in the way is named with the path to it."""

from __future__ import annotations

import asyncio
import collections
import functools
import io
import logging
import os
import signal
import socket
import sys
import threading
import types
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from outcomes import quietly
from result_kinds import FrozenRecord, Point, Record, Slotted, SlottedRecord, Text, raised, with_attributes

from brinery import Cache, UnstorableResultWarning

LOCK = threading.Lock()
STREAM = io.TextIOWrapper(io.BytesIO())


def generate() -> Iterator[int]:
    yield 1


def local_class() -> type:
    class Local:
        pass

    return Local


def local_tuple() -> Any:
    return collections.namedtuple("Pair", "x y")(1, 2)  # noqa: PYI024


async def coroutine() -> None:
    """Never awaited."""


def closed_coroutine() -> Any:
    made = coroutine()
    made.close()
    return made


def closed_socket() -> Any:
    made = socket.socket()
    made.close()
    return made


CULPRITS: dict[str, Callable[[], Any]] = {
    "lambda": lambda: lambda: 1,
    "lock": lambda: LOCK,
    "local class": local_class,
    "of a local class": lambda: local_class()(),
    "local named tuple": local_tuple,
    "generator": generate,
    "file": lambda: STREAM,
    "socket": closed_socket,
    "coroutine": closed_coroutine,
    "module": lambda: sys,
    "frame": lambda: sys._getframe(),
    "code": lambda: generate.__code__,
    "memoryview": lambda: memoryview(b"bytes"),
    "mappingproxy": lambda: types.MappingProxyType({}),
    "weakref": lambda: weakref.ref(Record),
    "dict view": lambda: {}.keys(),
    "thread-local": threading.local,
}
PLACES: dict[str, Callable[[Any], Any]] = {
    "result": lambda it: it,
    'result["a"][3].inside': lambda it: {"b": 1, "a": [0, 1, 2, Record("", it)]},
    'result["model"].inside.inside[0]': lambda it: {"model": Record("", SlottedRecord([it]))},
    "result[0].inside": lambda it: [FrozenRecord(it)],
    'result.y["deep"][1]': lambda it: Point(1, {"deep": ({}, it)}),
    "result.full[0]": lambda it: in_a_slot((it,)),
    "result[2].maxima": lambda it: (1, 2, types.SimpleNamespace(maxima=it)),
    "result.args[0]": lambda it: functools.partial(print, it),
    'result.keywords["end"]': lambda it: functools.partial(print, end=it),
    "result.args[1][0]": lambda it: ValueError("odd", [it]),
    "result.__cause__.args[0]": lambda it: raised(ValueError(), cause=KeyError(it)),
    "result.inside[2]": lambda it: attributed(it),
    'result.maps[1]["a"]': lambda it: collections.ChainMap({}, {"a": it}),
    "result[1]": lambda it: collections.deque([1, it]),
}


def in_a_slot(it: Any) -> Slotted:
    made = Slotted(it)
    made.beside = None
    return made


def attributed(it: Any) -> Text:
    text = with_attributes(Text("x"))
    text.inside.append(it)
    return text  # type: ignore[no-any-return]


MADE: list[Any] = []


def returned_and_named(cache: Cache, make: Callable[[], Any], path: str, **options: Any) -> None:
    """See that each call computes, that one warning is given, and that it names the path."""
    MADE.clear()

    def compute() -> Any:
        MADE.append(make())
        return MADE[-1]

    f = cache(compute, ignore=[".MADE"], **options)
    with quietly() as said:
        for _ in range(2):
            assert f() is MADE[-1]
    assert len(MADE) == 2
    assert f.cache_info()[:3] == (0, 2, None)
    assert len(cache) == 0
    assert len(said) == 1
    assert f"cannot be kept: {path}: " in said[0]


@pytest.mark.parametrize("culprit", CULPRITS)
def test_whatever_cannot_be_pickled_is_returned_and_named(new_cache: Callable[..., Cache], tmp_path: Any, culprit: str):
    """However deep it lies: each call returns its own, and one warning says where it is."""
    for number, (path, place) in enumerate(PLACES.items()):
        make = functools.partial(put_in_place, place, CULPRITS[culprit])
        returned_and_named(new_cache(tmp_path / str(number)), make, path)


def put_in_place(place: Callable[[Any], Any], make: Callable[[], Any]) -> Any:
    return place(make())


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: {LOCK}, "result (an element)"),
        (lambda: {LOCK: 1}, "result (the key <lock>)"),
        (lambda: collections.defaultdict(lambda: 1), "result.default_factory"),
        (lambda: functools.partial(lambda: 1), "result.func"),
        (lambda: [threading.Event()], "result[0]._cond._lock"),
        (lambda: [StateMadeOnTheWay()], "result[0].stream"),
        (lambda: [MadeOfTheWay()], "result[0] (what it is made of)"),
    ],
)
def test_other_places(memory: Cache, make: Callable[[], Any], path: str):
    """Keys and elements have no path of their own, and what pickling itself makes is found all the same."""
    returned_and_named(memory, make, path)


class StateMadeOnTheWay:
    def __getstate__(self) -> dict[str, Any]:
        return {"number": 1, "stream": generate()}


class MadeOfTheWay:
    def __reduce__(self) -> Any:
        return list, (generate(),)


def test_arrays_and_frames_name_the_cell(memory: Cache, new_cache: Callable[..., Cache], tmp_path: Any):
    """In arrays of objects it is the index, in frames the column and the row."""
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    cells = numpy.array([[1, 2], [LOCK, 3]], dtype=object)
    places = {
        "result[1, 0]": lambda: cells,
        'result["b"].iloc[1]': lambda: pandas.DataFrame({"a": [1, 2], "b": [1, LOCK]}),
        'result["s"].iloc[0]': lambda: {"s": pandas.Series([LOCK], index=["x"])},
    }
    for number, (path, make) in enumerate(places.items()):
        returned_and_named(new_cache(tmp_path / str(number)), make, path)


def test_models_of_libraries_name_the_field(new_cache: Callable[..., Cache], tmp_path: Any):
    """attrs and pydantic keep fields elsewhere than in attributes; the path is the attribute."""
    attrs, pydantic = pytest.importorskip("attrs"), pytest.importorskip("pydantic")
    module = types.ModuleType("models_of_libraries")
    sys.modules[module.__name__] = module
    try:
        vars(module).update(attrs=attrs, BaseModel=pydantic.BaseModel, object=object)
        exec(
            "@attrs.define\nclass A:\n    b: object\nclass M(BaseModel):\n    b: object = None",
            vars(module),
        )
        returned_and_named(new_cache(tmp_path / "1"), lambda: [module.A([LOCK])], "result[0].b[0]")
        returned_and_named(new_cache(tmp_path / "2"), lambda: [module.M(b=[LOCK])], "result[0].b[0]")
    finally:
        del sys.modules[module.__name__]


@pytest.mark.parametrize("kind", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: Record("", inner)])
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle", "json"])
def test_a_very_deep_result(memory: Cache, kind: Callable[[Any], Any], serializer: str):
    """A hundred thousand levels: returned, and one warning; nothing crashes."""

    def build() -> Any:
        result: Any = 1
        for _ in range(100_000):
            result = kind(result)
        return result

    f = memory(build, serializer=serializer)
    with quietly() as said:
        for _ in range(2):
            result = f()
            depth = 0
            while type(result) is not int:  # take it apart without recursion
                result = (
                    result[0]
                    if type(result) is list
                    else next(reversed((vars(result) if type(result) is Record else result).values()))
                )
                depth += 1
            assert depth == 100_000
    assert len(said) == 1
    assert f.cache_info()[:2] == (0, 2)


@pytest.mark.parametrize("make", [generate, lambda: iter([1]), lambda: map(str, [1]), lambda: STREAM])
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_what_reading_uses_up_is_not_read(memory: Cache, make: Callable[[], Any], serializer: str):
    """An iterator or a file is returned with all that is in it."""
    f = memory(lambda: make(), serializer=serializer)
    with quietly() as said:
        for _ in range(2):
            assert f() is not None
            assert [str(one) for one in f()] == ([] if make() is STREAM else ["1"])
    assert len(said) == 1
    assert "used up" in said[0]


# Pickling that raises, lies, or does not come back.


class Refuses:
    """Pickling it raises."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        raise self.error("not today")


class RefusesItsState(Refuses):
    __reduce__ = object.__reduce__  # type: ignore[assignment]

    def __getstate__(self) -> Any:
        raise self.error("not today")


class RefusesToComeBack(Refuses):
    """Unpickling it raises."""

    __reduce__ = object.__reduce__  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise state["error"]("not today")


class RefusesToBeMade:
    """Unpickling it raises, and no code of its own says so."""

    def __new__(cls, needed: int) -> Any:
        return super().__new__(cls)

    def __init__(self, needed: int) -> None:
        self.needed = needed


class NeedsItself:
    """Its hash needs what it has not got yet while it is unpickled."""

    def __init__(self) -> None:
        self.name = "a"
        self.friends = {self}

    def __hash__(self) -> int:
        return hash(self.name)


class TurnsInto:
    """It pickles as something else."""

    def __reduce__(self) -> Any:
        return str, ("something else",)


class TurnsIntoNothing(TurnsInto):
    def __reduce__(self) -> Any:
        return type(None), ()


class Unreachable:
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


ERRORS = [
    ValueError,
    TypeError,
    RecursionError,
    MemoryError,
    OSError,
    EOFError,
    SystemExit,
    GeneratorExit,
    StopIteration,
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("kind", [Refuses, RefusesItsState, RefusesToComeBack])
@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_pickling_or_unpickling_that_raises(memory: Cache, error: type[BaseException], kind: type, serializer: str):
    """Whatever it raises, even an exit: the result is returned each time, and one warning says so."""
    f = memory(lambda: {"a": [kind(error)]}, serializer=serializer)
    with quietly() as said:
        for _ in range(3):
            assert type(f()["a"][0]) is kind
    assert len(said) == 1
    assert "cannot be kept" in said[0]
    assert error is RecursionError or 'result["a"][0]' in said[0]
    assert f.cache_info()[:2] == (0, 3)


@pytest.mark.parametrize("make", [lambda: RefusesToBeMade(1), NeedsItself])
def test_what_cannot_be_unpickled_is_told_by_the_second_call(memory: Cache, make: Callable[[], Any]):
    """Nothing in its class shows it, so the first attempt to load it does; from then on it is computed and said."""
    f = memory(lambda: [make()])
    with quietly() as said:
        kinds = [type(f()[0]) for _ in range(3)]
    assert kinds == [type(make())] * 3
    assert len(said) == 1
    assert "pickles, but cannot be unpickled" in said[0]
    assert f.cache_info()[:2] == (0, 3)


@pytest.mark.parametrize("kind", [TurnsInto, TurnsIntoNothing])
def test_what_would_come_back_as_something_else_is_not_kept(memory: Cache, kind: type):
    """Each call returns what the function returns, and nothing that pickles like it."""
    returned_and_named(memory, lambda: {"a": (kind(), 1)}, 'result["a"][0]')


def test_an_object_that_cannot_be_touched(memory: Cache):
    """Where every attribute raises, the warning still comes, and the result too."""
    f = memory(lambda: [Unreachable()])
    with quietly() as said:
        assert type(f()[0]) is type(f()[0]) is Unreachable
    assert len(said) == 1
    assert "ZeroDivisionError" in said[0]


@pytest.mark.parametrize("kind", [Refuses, RefusesToComeBack])
def test_an_interrupt_goes_through(memory: Cache, kind: type):
    """A KeyboardInterrupt is the user's, wherever it comes."""
    with pytest.raises(KeyboardInterrupt):
        memory(lambda: [kind(KeyboardInterrupt)])()


ONCE: list[str] = []


class Signalled:
    """While it is unpickled, or pickled, the process is asked to end."""

    def __getstate__(self) -> dict[str, int]:
        if ONCE and ONCE[-1] == "pickled":
            os.kill(os.getpid(), signal.SIGUSR1)
        return {"a": 1}

    def __setstate__(self, state: object) -> None:
        if ONCE and ONCE[-1] == "unpickled":
            os.kill(os.getpid(), signal.SIGUSR1)


@pytest.mark.parametrize("when", ["pickled", "unpickled"])
def test_an_exit_that_a_signal_brought_goes_through(memory: Cache, when: str):
    """It is told apart from an object that raises an exit every time; what was stored stays."""

    def end(*_: object) -> None:
        ONCE.clear()
        raise SystemExit(3)

    ONCE.clear()
    f = memory(ignore=[".ONCE"])(lambda: [Signalled()])
    before = signal.signal(signal.SIGUSR1, end)
    try:
        if when == "unpickled":
            f()
        ONCE.append(when)
        with pytest.raises(SystemExit):
            f()
    finally:
        signal.signal(signal.SIGUSR1, before)
    for _ in range(2):
        assert type(f()[0]) is Signalled
    assert f.cache_info().hits >= 1


def test_a_class_that_is_gone_is_a_miss(memory: Cache, caplog: pytest.LogCaptureFixture):
    """The call computes, in silence, and what it stores counts again."""
    module = types.ModuleType("soon_gone")
    sys.modules["soon_gone"] = module

    def define(name: str) -> None:
        vars(module).pop("Old", None)
        exec(f"class {name}: pass", vars(module), vars(module))
        getattr(module, name).__module__ = "soon_gone"

    def make() -> Any:
        name = "soon_gone_"[:-1]  # where no reader of the code finds it
        (kind,) = [one for one in vars(sys.modules[name]).values() if isinstance(one, type)]
        return [kind()]

    try:
        define("Old")
        f = memory(make, key=lambda: 1)
        assert type(f()[0]).__name__ == type(f()[0]).__name__ == "Old"
        define("New")
        with caplog.at_level(logging.INFO, "brinery"):
            assert type(f()[0]).__name__ == "New"
        assert "cannot be loaded" in caplog.text
        assert type(f()[0]).__name__ == "New"
        assert f.cache_info()[:2] == (2, 2)
    finally:
        del sys.modules["soon_gone"]


# Generators keep item by item.

BROKEN: list[int] = []
RUNS: list[int] = []


class BreaksLater:
    """It can be unpickled until it cannot."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state["number"] in BROKEN:
            raise ValueError("no longer")
        vars(self).update(state)


@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_an_item_that_cannot_be_loaded_is_computed(memory: Cache, broken: int):
    """A replayed generator goes on as the real one where an item, or what it returns, does not come back."""
    BROKEN.clear()
    RUNS.clear()

    def items() -> Iterator[BreaksLater]:
        RUNS.append(1)
        for number in range(3):
            yield BreaksLater(number)
        return BreaksLater(3)  # type: ignore[return-value]

    def numbers() -> list[int]:
        found: list[int] = []

        def collect() -> Iterator[Any]:
            last = yield from f()
            found.append(last.number)

        return [item.number for item in collect()] + found

    f = memory(items, ignore=[".BROKEN", ".RUNS"])
    assert numbers() == numbers() == [0, 1, 2, 3]
    assert len(RUNS) == 1
    BROKEN.append(broken)
    with quietly():
        assert numbers() == [0, 1, 2, 3]
    assert len(RUNS) == 2
    BROKEN.clear()
    assert numbers() == [0, 1, 2, 3]


def test_items_that_cannot_be_kept_are_yielded(memory: Cache):
    """The warning names the item and the path inside it."""

    @memory
    def items() -> Iterator[Any]:
        yield 1
        yield {"a": [LOCK]}

    with quietly() as said:
        for _ in range(2):
            assert list(items()) == [1, {"a": [LOCK]}]
    assert len(said) == 1
    assert "item 1 of" in said[0]
    assert '["a"][0]' in said[0]


# Serializers.


def test_cloudpickle_is_used_if_asked_for(memory: Cache):
    """Lambdas, closures and local classes come back, and work; by plain pickle they would not."""

    def make() -> dict[str, Any]:
        local = local_class()
        step = 2
        return {"add": lambda x: x + step, "class": local, "of": local(), "tuple": local_tuple()}

    f = memory(make, serializer="cloudpickle")
    for _ in range(3):
        found = f()
        assert found["add"](1) == 3
        assert type(found["of"]) is found["class"]
        assert tuple(found["tuple"]) == (1, 2)
    assert f.cache_info()[:2] == (2, 1)


@pytest.mark.parametrize("culprit", ["lock", "generator", "file", "socket", "coroutine", "frame", "weakref"])
def test_cloudpickle_names_what_even_it_cannot_pickle(memory: Cache, culprit: str):
    """And nothing that it can: the lambda before it is none of the trouble."""
    make = CULPRITS[culprit]
    returned_and_named(
        memory,
        lambda: {"fine": lambda: 1, "a": [local_class()(), Record("", make())]},
        'result["a"][1].inside',
        serializer="cloudpickle",
    )


def test_the_way_out_is_one(memory: Cache):
    """cloudpickle is recommended where it is not in use already."""
    for serializer, is_named in (("pickle", True), ("cloudpickle", False), ("json", False)):
        f = memory(lambda: LOCK, serializer=serializer)
        with quietly() as said:
            f()
        assert ("serializer='cloudpickle'" in said[0]) is is_named


JSON = [
    (lambda: (1, 2), "result"),
    (lambda: {"a": [1, (2,)]}, 'result["a"][1]'),
    (lambda: {1: 2}, "result"),
    (lambda: [b"bytes"], "result[0]"),
    (lambda: [Text("x")], "result[0]"),
    (lambda: ["\ud800"], "result[0]"),
    (lambda: [{"a": Point(1, 2)}], 'result[0]["a"]'),
    (lambda: 10**5000, "result"),
    (lambda: {"a": {1}}, 'result["a"]'),
    (lambda: [1j], "result[0]"),
    (lambda: collections.OrderedDict(a=1), "result"),
]


@pytest.mark.parametrize(("make", "path"), JSON)
def test_json_refuses_what_it_would_not_give_back(memory: Cache, make: Callable[[], Any], path: str):
    """Tuples, keys that are no text, subclasses, bytes: returned as they are at every call, never as JSON has them."""
    returned_and_named(memory, make, path, serializer="json")


# strict=True.


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LOCK, "lock"),
        (lambda: {"a": [lambda: 1]}, r'result\["a"\]\[0\]'),
        (generate, "used up"),
        (lambda: RefusesToComeBack(ValueError), "cannot be unpickled"),
        (lambda: RefusesToComeBack(SystemExit), "cannot be unpickled"),
        (lambda: Refuses(SystemExit), "SystemExit"),
        (lambda: [TurnsInto()], "something else"),
    ],
)
def test_strict_raises_where_brinery_would_warn(new_cache: Callable[..., Cache], make: Callable[[], Any], words: str):
    """Every time, and under every filter of warnings; the lock is free afterwards."""
    f = new_cache(strict=True)(lambda: make())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            with pytest.raises(UnstorableResultWarning, match=words):
                f()


def test_strict_raises_for_coroutine_functions_and_generators(new_cache: Callable[..., Cache]):
    """Whatever the kind of function."""
    memory = new_cache(strict=True)

    @memory
    async def wait() -> Any:
        return [LOCK]

    @memory
    def items() -> Iterator[Any]:
        yield LOCK

    for _ in range(2):
        with pytest.raises(UnstorableResultWarning, match=r"result\[0\]"):
            asyncio.run(wait())
        with pytest.raises(UnstorableResultWarning, match="item 0"):
            list(items())


def test_a_coroutine_functions_result_is_returned(memory: Cache):
    """With the path to what stood in the way, as that of any other."""

    @memory
    async def wait() -> Any:
        return {"a": [LOCK]}

    with quietly() as said:
        assert asyncio.run(wait()) == asyncio.run(wait()) == {"a": [LOCK]}
    assert len(said) == 1
    assert 'result["a"][0]' in said[0]
