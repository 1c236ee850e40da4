"""Results that cannot be kept: they are returned, and what stands in the way is named with the path to it."""

from __future__ import annotations

import asyncio
import collections
import functools
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
from unkeepable import LOCK, STREAM, Refuses, RefusesToComeBack, TurnsInto, generate, returned_and_named

from brinery import Cache, UnstorableResultWarning


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
