"""What a value is keyed by: its structure and exact types, in every process the same."""

from __future__ import annotations

import copy
import functools
import pickle
import socket
import subprocess
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

import pairs_of_values as values
import pytest
from pairs_of_values import ALIKE, COPYABLE, DIFFERENT, EQUAL, SHARED, Lazy, Point

import brinery
from brinery._keying.values.digest import SCALARS, digest, encode, is_plain_scalar, register_digest
from brinery._keying.values.pickled import CHUNK
from brinery.errors import UnkeyableError


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_what_differs_is_keyed_apart(left, right):
    """Two values that a function can tell apart have two keys, alone and inside others."""
    assert encode(left()) != encode(right())
    assert encode([left(), None]) != encode([right(), None])


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in EQUAL], ids=[case[0] for case in EQUAL])
def test_what_is_equal_is_keyed_alike(left, right):
    """How a value came to be, who shares it and what was worked out from it does not matter."""
    assert encode(left()) == encode(right())
    assert encode({"x": left()}) == encode({"x": right()})


@pytest.mark.parametrize(("shared", "apart"), [case[1:] for case in SHARED], ids=[case[0] for case in SHARED])
def test_one_that_can_be_changed_in_two_places_is_told_from_two(shared, apart):
    """A function can tell, by writing to it or by `is`; who else holds parts of a value makes no difference."""
    assert encode(shared()) != encode(apart())
    one, two = shared(), apart()
    holder = [[value, copy.copy(value), *(value if isinstance(value, (list, tuple)) else [])] for value in (one, two)]
    assert encode(one) == encode(shared())
    assert encode(two) == encode(apart())
    assert encode(copy.deepcopy(one)) == encode(one)
    assert encode(pickle.loads(pickle.dumps(one))) == encode(one)
    del holder


@pytest.mark.parametrize(("shared", "apart"), [case[1:] for case in ALIKE], ids=[case[0] for case in ALIKE])
def test_whether_what_cannot_be_changed_is_one_object_does_not_matter(shared, apart):
    """It differs between processes: literals and what is unpickled are not the same objects."""
    assert encode(shared()) == encode(apart())


@pytest.mark.parametrize("make", [case[1] for case in COPYABLE], ids=[case[0] for case in COPYABLE])
def test_a_copy_is_keyed_alike(make):
    """A value, a deep copy of it and what comes back from pickling it have one key."""
    value = make()
    assert encode(value) == encode(make())
    assert encode(copy.deepcopy(value)) == encode(value)
    if getattr(type(value), "__reduce__", None) is not values.Reduced.__reduce__ and type(value) is not values.State:
        try:
            stream = pickle.dumps(value)
        except (pickle.PicklingError, TypeError):
            return
        assert encode(pickle.loads(stream)) == encode(value)


def test_no_two_of_all_values_are_keyed_alike():
    """Among all the values of the pairs there is no accidental equality."""
    made = [(name, make()) for name, *sides in DIFFERENT for make in sides]
    by_key: dict[bytes, list[Any]] = {}
    for name, value in made:
        by_key.setdefault(encode(value), []).append((name, value))
    for group in by_key.values():
        assert len({type(value) for _, value in group}) == 1, group


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import pairs_of_values as values
from brinery._keying.values.digest import encode
for name, *sides in values.DIFFERENT + values.EQUAL + values.SHARED:
    print(name, *(encode(make()).hex() for make in sides))
"""


def test_other_processes_arrive_at_the_same_keys():
    """Neither the hash seed nor anything else of a process goes into a key."""
    here = "".join(
        " ".join([name, *(encode(make()).hex() for make in sides)]) + "\n"
        for name, *sides in DIFFERENT + EQUAL + SHARED
    )
    for seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", CHILD, values.__file__.rpartition("/")[0]],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.splitlines() == here.splitlines()


def held() -> Any:
    return Point(threading.Lock())


with_a_released_view = memoryview(b"x")
with_a_released_view.release()
REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("bare object", object),
    ("open file", lambda: sys.__stdout__),
    ("lock", threading.Lock),
    ("reentrant lock", threading.RLock),
    ("event", threading.Event),
    ("thread", threading.Thread),
    ("thread local", threading.local),
    ("generator", lambda: (x for x in ())),
    ("list iterator", lambda: iter([])),
    ("map", lambda: map(len, [])),
    ("zip", lambda: zip(strict=True)),
    ("weak reference", lambda: weakref.ref(Point)),
    ("weak set", weakref.WeakSet),
    ("released memoryview", lambda: with_a_released_view),
    ("frame", sys._getframe),
    ("attribute of an object", held),
    ("item of a dict", lambda: {"a": [threading.Lock()]}),
    ("element of a set", lambda: {threading.Lock()}),
    ("method of a generator", lambda: (x for x in ()).send),
]


@pytest.mark.parametrize("make", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_has_no_lasting_identity_is_refused(make):
    """An error names the parameter and the ways out."""
    with pytest.raises(UnkeyableError) as caught:
        encode(make(), "rows")
    assert caught.value.path.startswith("rows")
    assert "ignore=['rows']" in str(caught.value)
    assert "key=" in str(caught.value)
    assert "register_digest" in str(caught.value)


def test_a_socket_is_refused():
    """A connection cannot be part of a key."""
    with socket.socket() as connection, pytest.raises(UnkeyableError, match=r"rows\[1\] is a socket"):
        encode((1, connection), "rows")


def test_a_generator_is_refused_before_it_is_touched():
    """Nothing is taken from an iterator that is refused."""
    taken = []
    generator = (taken.append(x) for x in range(3))
    with pytest.raises(UnkeyableError):
        encode(generator)
    assert taken == []


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([1, 2, 3, Point(held())], "rows[3].x.x"),
        ({"model": Point([held()])}, "rows['model'].x[0].x"),
        ([*range(5000), held()], "rows[5000].x"),
        ({**dict.fromkeys(range(3000)), "last": (held(),)}, "rows['last'][0].x"),
        (values.MyList([1, held()]), "rows[1].x"),
        (values.MyDict(a=held()), "rows['a'].x"),
        (values.Slotted(held()), "rows[0].x"),
        (values.Slots(held()), "rows.a.x"),
        (types.SimpleNamespace(a=held()), "rows.a.x"),
        ({Point: held()}, "rows[<type>].x"),
        (values.raised(values.made(values.Failed, handle=held())), "rows.__cause__.handle.x"),
    ],
)
def test_the_path_leads_to_what_stood_in_the_way(value, path):
    """An error says where in the argument the culprit stands."""
    with pytest.raises(UnkeyableError) as caught:
        encode(value, "rows")
    assert caught.value.path == path
    assert str(caught.value).startswith(path)


def test_what_is_only_reached_counts_by_its_type():
    """With `reached`, what cannot be digested is told and does not stand in the way."""
    told = []
    value = {"lock": threading.Lock(), "rows": [1, held()]}

    def key(value: object) -> bytes:
        return encode(value, "CONFIG", reached=lambda path, thing: told.append((path, type(thing).__name__)))

    first = key(value)
    assert told == [("CONFIG['lock']", "lock"), ("CONFIG['rows'][1].x", "lock")]
    assert key({"lock": threading.Lock(), "rows": [1, held()]}) == first
    assert key({"lock": threading.RLock(), "rows": [1, held()]}) != first
    assert key({"lock": threading.Lock(), "rows": [2, held()]}) != first


def test_code_is_asked_for_functions_classes_modules_and_classes_of_instances():
    """What a function or class does is not looked into here: the caller says what it is."""
    asked: list[object] = []

    def code(thing: object) -> bytes:
        asked.append(thing)
        return bytes(16)

    encode([values.add, Point, copy, len, Point(1), Point(2), values.Color.RED], "x", code)
    assert asked[:4] == [values.add, Point, copy, len]
    assert set(asked[4:]) <= {Point, values.Color}
    assert asked[-1] is values.Color
    asked.clear()
    encode([types.SimpleNamespace(a=1), {1}, range(3), 1.5], "x", code)
    assert asked == []


def test_other_code_is_another_key():
    """An instance of a class whose code changed is another value, inside containers as well."""
    for value in (Point(1), [Point(1)], values.add, values.Color.RED, values.Named(1, 2), values.MyInt(1)):
        assert encode(value, "", lambda _: bytes(16)) != encode(value, "", lambda _: b"x" * 16)


def test_an_error_in_the_code_of_a_value_is_not_hidden():
    """If the caller cannot say what code is, that is the caller's error, also with `reached`."""

    def code(thing: object) -> bytes:
        raise LookupError

    with pytest.raises(LookupError):
        encode([values.add], "x", code)
    with pytest.raises(LookupError):
        encode([values.add], "x", code, lambda path, thing: None)


def test_depth_does_not_matter():
    """A value a hundred thousand deep is digested, whatever its links are made of."""
    links = (lambda inner: [inner], lambda inner: (1, inner), lambda inner: {"next": inner})
    for link, depth in zip(links, (100_000, 20_000, 20_000), strict=True):
        deep: Any = None
        deeper: Any = 0
        for _ in range(depth):
            deep, deeper = link(deep), link(deeper)
        assert encode(deep) != encode(deeper)
        while deep:  # taken apart by hand: to free it all at once would need as deep a stack
            deep, deeper = ((x["next"] if type(x) is dict else x[-1]) for x in (deep, deeper))


def test_a_long_chain_of_objects():
    """A linked list of objects is digested, also where each knows the one before."""
    first = last = Point(0)
    for number in range(5_000):
        following = Point(number, last)
        last.x = following
        last = following
    assert encode(first) != encode(last)


@pytest.mark.parametrize("depth", [49, 50, 51, 61, 62, 63, 64, 65, 66, 67, 68, 200, 900, 2000])
def test_near_the_limits_of_depth_too_what_is_shared_counts(depth):
    """Whichever way a value is encoded."""
    chain: Any = 1
    for _ in range(depth):
        chain = [chain, 2]
    assert encode([chain, chain]) != encode([chain, copied(chain)])
    assert encode(([[]], functools.reduce(lambda inner, _: (inner,), range(depth), (chain, chain)))) != encode(
        ([[]], functools.reduce(lambda inner, _: (inner,), range(depth), (chain, copied(chain))))
    )
    assert encode([chain, chain[0]]) != encode([chain, copied(chain[0])])
    assert encode([chain, copied(chain)]) == encode([copied(chain), copied(chain)])
    assert encode([chain, chain]) != encode([chain, [chain, 2]])


def copied(chain: Any) -> Any:
    layers = []
    while type(chain) is list:
        layers.append(chain[1])
        chain = chain[0]
    for item in reversed(layers):
        chain = [chain, item]
    return chain


@pytest.mark.parametrize("size", [0, 1, 8, 9, 16, 17, 255, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])
def test_near_the_limits_of_size_one_change_is_seen(size):
    """Lists, tuples and dicts of any size differ from the same with one item changed, added or wrapped."""
    for make in (list, tuple, dict.fromkeys):
        value = make(range(size))
        assert encode(value) == encode(make(range(size)))
        assert encode(value) != encode(make(range(size + 1)))
        if size:
            assert encode(value) != encode(make([*range(size - 1), -1]))
            assert encode([Point(1), value]) != encode([Point(1), make([*range(size - 1), float(size)])])
    assert encode({"a": list(range(size))}) != encode({"a": tuple(range(size))})


def test_a_few_lists_that_unfold_to_terabytes():
    """What is shared is encoded once, so that a value small in memory is digested quickly."""
    for make in (
        lambda inner: [inner] * 1000,
        lambda inner: {"a": inner, "b": inner},
        lambda inner: (inner, Point(inner)),
    ):
        value: Any = [1]
        for _ in range(30):
            value = make(value)
        assert encode(value) == encode(value)


def test_a_dense_graph_of_objects():
    """Objects that all know each other are digested, and copies of the graph are equal."""
    nodes = [Point(number) for number in range(40)]
    for node in nodes:
        node.y = nodes
    again = copy.deepcopy(nodes)
    assert encode(nodes) == encode(again)
    again[7].x = -1
    assert encode(nodes) != encode(again)

    graph = [Point(number, []) for number in range(40)]
    for node in graph:
        node.y = [other for other in graph if other is not node]
    again = copy.deepcopy(graph)
    assert encode(graph) == encode(again)
    again[7].x = -1
    assert encode(graph) != encode(again)


def test_nothing_of_the_users_runs():
    """No __repr__, __eq__, __hash__, property, __getattr__, __class__ or method of a metaclass is called."""

    class Meta(type):
        def __hash__(cls):
            raise AssertionError

        def __eq__(cls, other):
            raise AssertionError

        def __instancecheck__(cls, instance):
            raise AssertionError

    class Careful(metaclass=Meta):
        def __init__(self):
            self.a = [1]

        def __getattr__(self, name):
            raise AssertionError(name)

        @property
        def worked_out(self):
            raise AssertionError

        @property
        def __class__(self):
            raise AssertionError

        __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __reduce_other__ = worked_out

    class CarefulList(list):
        def __iter__(self):
            raise AssertionError

        __len__ = __getitem__ = __eq__ = __iter__

    class CarefulDict(dict):
        def __iter__(self):
            raise AssertionError

        items = keys = values = __len__ = __getitem__ = __iter__

    for make in (Careful, lambda: CarefulList([1]), lambda: CarefulDict(a=1)):
        assert encode(make()) == encode(make())
        assert encode([make(), {"a": (make(),)}]) == encode([make(), {"a": (make(),)}])


def test_a_user_method_that_raises_is_an_unkeyable_value():
    """An error in __getstate__ or __reduce_ex__ is told with the path, and chained."""

    class Broken:
        def __getstate__(self):
            raise ZeroDivisionError

    class AlsoBroken:
        def __reduce__(self):
            raise ZeroDivisionError

    for value in (Broken(), AlsoBroken(), Point(Broken())):
        with pytest.raises(UnkeyableError) as caught:
            encode([value], "rows")
        assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_attribute_set_over_a_method_counts():
    """Only what functools.cached_property keeps is left out of an object's state."""
    plain, patched = Lazy(1), Lazy(1)
    patched.__init__ = values.add
    assert encode(plain) != encode(patched)


def test_registering_says_what_stands_for_a_type():
    """A registered function gives a value that stands for another; the class still counts, and so do subclasses."""

    class Connection:
        def __init__(self, url):
            self.url = url
            self.lock = threading.Lock()

    class Pool(Connection):
        pass

    class Other:
        url = "a"

    with pytest.raises(UnkeyableError):
        encode(Connection("a"))
    register_digest(Connection, lambda connection: connection.url)
    register_digest(Other, lambda other: other.url)
    assert encode(Connection("a")) == encode(Connection("a"))
    assert encode(Connection("a")) != encode(Connection("b"))
    assert encode(Pool("a")) == encode(Pool("a"))
    assert len({encode(Connection("a")), encode(Pool("a")), encode(Other()), encode("a")}) == 4
    register_digest(Connection, lambda connection: connection)
    with pytest.raises(UnkeyableError, match="another value"):
        encode(Connection("a"))
    register_digest(Connection, lambda connection: 1 / 0)
    with pytest.raises(UnkeyableError, match="ZeroDivisionError"):
        encode(Connection("a"))


@pytest.mark.parametrize(("kind", "function"), [("x", len), (int, len), (list, len), (object, len), (Point, None)])
def test_registering_nonsense_is_a_type_error(kind, function):
    """Only a type of one's own can be registered, with something that can be called."""
    with pytest.raises(TypeError):
        register_digest(kind, function)


def test_a_redefined_class_can_go():
    """Keying an instance does not keep its class alive."""
    import gc

    class Temporary:
        __slots__ = ("__weakref__", "a")

    value = Temporary()
    value.a = 1
    encode(value)
    reference = weakref.ref(Temporary)
    del Temporary, value
    gc.collect()
    assert reference() is None


def test_encodings_are_short_and_end_by_themselves():
    """Encodings joined in a row cannot be taken for another row."""
    assert len(encode((1, "a", 2.5))) < 40
    for make in (lambda: LONG_TEXT, lambda: [LONG_TEXT] * 3, lambda: Point(1), lambda: list(range(10_000))):
        assert len(encode(make())) == 17
    assert len(digest(1)) == 16


LONG_TEXT = "x" * 100_000


def test_scalars_are_told_from_others():
    """The caller can ask which values need no walk."""
    assert all(map(is_plain_scalar, (None, True, 1, 1.5, 1j, "a", b"a", ...)))
    assert not any(map(is_plain_scalar, ((), [], values.MyInt(1), values.Color.RED)))
    assert {type(None), bool, int, float, complex, str, bytes, type(...)} == SCALARS


def test_enormous_values():
    """Strings of megabytes and ints of a million digits are digested, alone and in containers."""
    text, data, number = "é" * 2_000_000, b"x" * 3_000_000, 7**1_000_000
    for value in (text, data, number):
        for wrap in (lambda x: x, lambda x: (x,), lambda x: [x, Point(1)], lambda x: {"a": [x] * 3}):
            assert encode(wrap(value)) == encode(wrap(copy.copy(value)))
        assert encode([value]) != encode([value[:-1] if value is not number else value - 1])


LIGHT = """
import sys, types, typing
for name in ("brinery", "brinery._keying"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [sys.argv[1] + name.removeprefix("brinery").replace(".", "/")]
before = set(sys.modules)
import brinery._keying.values.digest
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("brinery")))
"""


def test_importing_it_is_light():
    """On the way to a first hit, nothing is imported but what is always there, and xxhash."""
    folder = brinery.__path__[0]
    child = subprocess.run([sys.executable, "-c", LIGHT, folder], capture_output=True, text=True, check=True)
    here_anyway = {"__future__", "_collections", "_functools", "marshal"}
    assert set(child.stdout.split()) <= {"xxhash", "xxhash._xxhash", "xxhash.version"} | here_anyway


class HoldingInline:
    def __init__(self, x):
        self.x = x


@pytest.mark.parametrize("value", [[frozenset({0})] * 7, [{1, 2, 3}], [[[{"a": {4}}]]], [bytearray(b"x")]])
def test_where_an_object_keeps_its_attributes_does_not_matter(value):
    """Its dictionary is keyed alike whether the object or the dictionary holds the values."""
    for _ in range(50):
        own = HoldingInline(value)
        assert encode(vars(own)) == encode({"x": value})
        assert encode(own) == encode(copy.deepcopy(own))
        assert encode([vars(own)]) == encode([{"x": value}])
