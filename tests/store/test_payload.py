"""Results into bytes and back: equal, independent, and never where they cannot be."""

from __future__ import annotations

import builtins
import collections
import copy
import dataclasses
import functools
import io
import json
import math
import os
import pickle
import subprocess
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinery._store import layout
from brinery._store.entry import contents
from brinery._store.entry import encoding as entry
from brinery._store.entry.encoding import Verified
from brinery._store.entry.reading import read_entry
from brinery._store.results import unpickling
from brinery._store.results.payload import Codec, Items, Payload, Unstorable
from brinery._store.signing.signer import Keyring, Signer

RING = Keyring(Signer(b"s" * 32))
KEY = bytes(16)


def codec(serializer: object = "pickle", *, module: str = "here", home: str = "here", **options: Any) -> Codec:
    return Codec(serializer, module=module, home_module=home, **options)


def verified(made: Payload) -> Verified:
    """What a reader would get; the buffers are copied, as by reading."""
    return Verified(made.stream, [contents.copied(buffer) for buffer in made.buffers], made.flags, 1.0)


def through(result: object, by: Codec | None = None) -> Any:
    by = by or codec()
    return by.loads(verified(by.dumps(result)))


def through_a_file(result: object, folder: Path, by: Codec | None = None) -> Any:
    by = by or codec()
    path = folder / "entry"
    made = by.dumps(result)
    parts = entry.encode(KEY, made, created=0, expires=math.inf, seconds=0, metadata=b"{}", signer=RING.current)
    path.write_bytes(b"".join(parts))
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        found = read_entry(file.fileno(), status, KEY, RING, time.time(), None)
    assert found is not None
    return by.loads(found)


class Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass
class Model:
    weights: Any = None
    hooks: list[Any] = dataclasses.field(default_factory=list)


class Slotted:
    __slots__ = ("inside",)

    def __init__(self, inside: object) -> None:
        self.inside = inside


class Rude:
    """Refuses to be pickled, in its own words."""

    def __reduce__(self):
        raise ZeroDivisionError("not today")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class RuderStill:
    def __reduce__(self):
        raise Unspeakable


# --- pickle ---


@pytest.mark.parametrize(
    "result",
    [None, 0, 1.5, "text", b"bytes", [], {}, (), {1, 2}, {"a": [1, (2, 3)]}, Point(1, [2]), Model([1.0]), range(3)],
)
def test_round_trip(result):
    """A result comes back equal and of the same type."""
    found = through(result)
    assert found == result
    assert type(found) is type(result)


def test_a_copy_every_time():
    """Every load gives an independent copy."""
    result = {"list": [1, 2]}
    made = verified(codec().dumps(result))
    first, second = codec().loads(made), codec().loads(made)
    first["list"].append(3)
    assert second == result == {"list": [1, 2]}


def test_shared_and_cyclic_references():
    """What was one object is one object again, and a circle closes."""
    shared: list[Any] = [1]
    result = {"a": shared, "b": shared}
    result["self"] = result
    found = through(result)
    assert found["a"] is found["b"]
    assert found["self"] is found


def test_plain_pickle_for_the_common_case(monkeypatch):
    """A short result is loaded by `pickle.loads` itself, no class of ours in between."""
    monkeypatch.setattr(unpickling, "_HomeUnpickler", None)
    assert through([1, 2]) == [1, 2]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.frozensets(st.text())
    ),
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_any_plain_value(value):
    """Any plain value comes back."""
    assert through(value) == value


# --- what cannot be stored ---


def iterators():
    yield iter([1])
    yield (number for number in [1])
    yield map(str, [1])
    yield zip([1], strict=False)
    yield enumerate([1])
    yield io.BufferedReader(io.BytesIO())
    yield io.TextIOWrapper(io.BytesIO())
    yield io.FileIO(os.devnull)


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_what_is_used_up_by_reading(serializer):
    """Iterators, generators and open files are not stored, and not read either."""
    for result in iterators():
        with pytest.raises(Unstorable, match="used up") as caught:
            codec(serializer).dumps(result)
        assert caught.value.path == "result"
        if hasattr(result, "close"):
            result.close()

    async def coroutine():
        pass

    async def generator():
        yield

    running = coroutine()
    for result in (running, generator(), threading.Lock(), sys._getframe()):
        with pytest.raises(Unstorable):
            codec(serializer).dumps(result)
    running.close()


def test_a_view_for_pickle_is_not_kept():
    """It would come back as the bytes, or the memory, that it is a view of."""
    for size in (10, 100_000):
        with pytest.raises(Unstorable, match="PickleBuffer"):
            codec().dumps(pickle.PickleBuffer(bytes(size)))


def test_files_in_memory():
    """A file in memory is a value: it comes back with what is in it, at the same place."""
    result = io.BytesIO(b"some bytes")
    result.seek(5)
    assert through(result).read() == b"bytes"


LOCK = threading.Lock()


@pytest.mark.parametrize(
    ("result", "path"),
    [
        (LOCK, "result"),
        ([1, LOCK], "result[1]"),
        ({"model": Model(hooks=[LOCK])}, 'result["model"].hooks[0]'),
        ({"it's": LOCK}, """result["it's"]"""),
        ({'"': LOCK, "a\n": 1}, "result['\"']"),
        ({3: (1, [2, LOCK])}, "result[3][1][1]"),
        (Point(1, {"a": LOCK}), 'result.y["a"]'),
        (Slotted({"deep": [LOCK]}), 'result.inside["deep"][0]'),
        (types.SimpleNamespace(handle=LOCK), "result.handle"),
        (collections.deque([1, LOCK]), "result[1]"),
        (collections.OrderedDict(a=LOCK), 'result["a"]'),
        (collections.defaultdict(lambda: 1), "result.default_factory"),
        (functools.partial(print, LOCK), None),
        ([lambda: 1], "result[0]"),
        ({Point(1, 2): LOCK}, "result[<Point>]"),
        ({"x" * 1000: LOCK}, None),
        ({"plain": {1, 2}, "rude": [Rude()]}, 'result["rude"][0]'),
        ([RuderStill()], "result[0]"),
    ],
)
def test_the_path_to_the_culprit(result, path):
    """The error names the way to what stands in the way."""
    with pytest.raises(Unstorable) as caught:
        codec().dumps(result)
    assert caught.value.path.startswith("result")
    assert len(caught.value.path) <= 200
    if path is not None:
        assert caught.value.path == path
    assert caught.value.reason


def test_the_reason():
    """The error tells what pickle said, or what the user's own method raised."""
    with pytest.raises(Unstorable, match="lock"):
        codec().dumps([LOCK])
    with pytest.raises(Unstorable, match="ZeroDivisionError: not today"):
        codec().dumps(Rude())
    with pytest.raises(Unstorable, match="Unspeakable"):
        codec().dumps(RuderStill())


def test_the_culprit_behind_a_circle():
    """Shared and cyclic references do not lead the search astray."""
    result: dict[str, Any] = {"big": list(range(1000))}
    result["self"] = result
    result["again"] = [result, result["big"]]
    result["last"] = [LOCK]
    with pytest.raises(Unstorable) as caught:
        codec().dumps(result)
    assert caught.value.path == 'result["last"][0]'


def test_a_long_way_is_abridged():
    """A path longer than anybody reads is cut in the middle."""
    result: Any = LOCK
    for _ in range(150):
        result = [result]
    with pytest.raises(Unstorable) as caught:
        codec().dumps({"a": result})
    assert caught.value.path.startswith('result["a"][0][0]')
    assert "..." in caught.value.path
    assert len(caught.value.path) < 200


def test_interrupts_go_through():
    """A KeyboardInterrupt during pickling is not a result that cannot be stored."""

    class Interrupting:
        def __reduce__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        codec().dumps([Interrupting()])


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle", "json"])
@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_very_deep(serializer, make):
    """A result too deep for its serializer is said to be so, and nothing crashes."""
    result: Any = 1
    for _ in range(100_000):
        result = make(result)
    with pytest.raises(Unstorable) as caught:
        codec(serializer).dumps(result)
    assert caught.value.path == "result"
    while type(result) is not int:  # take it apart without recursion
        result = result[0] if type(result) is list else result["a"]


def test_deep_under_a_raised_recursion_limit():
    """Who raises the recursion limit to make deep results does not have the process ended by storing them."""
    code = """
import sys
sys.setrecursionlimit(1_000_000)

from brinery._store.results.payload import Codec, Unstorable
lock = __import__("threading").Lock()
for inner in (1, lock):
    result = inner
    for _ in range(100_000):
        result = [result]
    for serializer in ("pickle", "json"):
        try:
            Codec(serializer, module="here", home_module="here").dumps(result)
        except Unstorable:
            pass
print("alive")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


# --- arrays ---


def test_arrays(tmp_path):
    """An array comes back writable, aligned, and independent of its producer's memory; a read-only one read-only."""
    numpy = pytest.importorskip("numpy")
    result = numpy.arange(100_000.0)
    frozen = numpy.arange(100_000)
    frozen.flags.writeable = False
    columns = numpy.asfortranarray(numpy.arange(120_000.0).reshape(300, 400))
    found = through_a_file([result, frozen, columns, result[:10], result[::2], result], tmp_path)
    result[:] = -1
    assert (found[0] == numpy.arange(100_000.0)).all()
    assert found[0].flags.writeable
    assert found[0].ctypes.data % 64 == 0
    assert not found[1].flags.writeable
    assert (found[1] == frozen).all()
    assert found[2].flags.f_contiguous
    assert (found[2] == columns).all()
    assert found[3].flags.writeable
    assert (found[4] == numpy.arange(0, 100_000.0, 2)).all()
    assert found[5] is found[0]


def test_large_buffers_are_not_copied():
    """Storing a large array copies it nowhere."""
    numpy = pytest.importorskip("numpy")
    result = numpy.arange(100_000.0)
    made = codec().dumps({"array": result})
    assert len(made.stream) < 1000
    assert numpy.shares_memory(numpy.frombuffer(made.buffers[0]), result)


def test_large_arrays_with_gaps(tmp_path):
    """What is copied by two threads, part by part, is the array: of every shape, order and type."""
    numpy = pytest.importorskip("numpy")
    numbers = numpy.random.default_rng(0).random(1_200_000)
    cube = numbers.reshape(60, 100, 200)
    gapped = {
        "every other": numbers[::2],
        "backwards": numbers[::-1],
        "columns": numbers.reshape(3, -1)[:, ::3].T,
        "a cube turned": cube.transpose(1, 2, 0)[::2],
        "the same row again": numpy.broadcast_to(numbers[:1000], (500, 1000)),
        "times": (numbers * 1e9).astype("M8[s]")[::2],
        "texts": numbers.astype("U9")[::2],
        "records": numpy.rec.fromarrays([numbers, numbers > 0.5], names="a,b").view(numpy.ndarray)[::2],
        "few and long": numbers.reshape(2, -1)[:, 1:-1],
    }
    for name, array in gapped.items():
        assert array.nbytes > 2 << 20, name
        found = through_a_file(array, tmp_path)
        assert (found.dtype, found.shape, found.flags.writeable) == (
            array.dtype,
            array.shape,
            array.flags.writeable,
        ), name
        assert numpy.array_equal(found, array), name
        assert len(codec().dumps(array).buffers) == 1, name


def test_short_arrays_stay_in_the_stream():
    """A short array is no buffer of its own, and comes back writable all the same."""
    numpy = pytest.importorskip("numpy")
    made = codec().dumps(numpy.arange(100.0))
    assert made.buffers == []
    assert codec().loads(verified(made)).flags.writeable


def test_more_buffers_than_an_entry_takes(monkeypatch, tmp_path):
    """Beyond the number that an entry holds, buffers stay in the stream."""
    numpy = pytest.importorskip("numpy")
    monkeypatch.setattr("brinery._store.results.pieces.MOST_BUFFERS", 3)
    result = [numpy.full(20_000, number) for number in range(5)]
    assert len(codec().dumps(result).buffers) == 2
    found = through_a_file(result, tmp_path)
    assert all((one == other).all() for one, other in zip(found, result, strict=True))


def test_data_frames(tmp_path):
    """A data frame comes back equal, of the same types."""
    pandas = pytest.importorskip("pandas")
    result = pandas.DataFrame(
        {
            "number": range(50_000),
            "text": [f"row {number}" for number in range(50_000)],
            "day": pandas.date_range("2020-01-01", periods=50_000, freq="min"),
            "kind": pandas.Categorical(["a", "b"] * 25_000),
        }
    )
    pandas.testing.assert_frame_equal(through_a_file(result, tmp_path), result)


def test_arrow_slices_leave_their_parent_behind(tmp_path):
    """A slice is stored as what it shows, whatever it is a slice of; whole arrays are not copied."""
    arrow = pytest.importorskip("pyarrow")
    number = arrow.array(range(200_000))
    text = arrow.array([f"row {row}" for row in range(200_000)])
    nested = arrow.array([[row, row + 1] for row in range(100_000)])
    kinds = arrow.array(["a", "b"] * 100_000).dictionary_encode()
    struct = arrow.StructArray.from_arrays([number, text], ["n", "t"])
    nullable = arrow.array([None if row % 3 else row for row in range(200_000)])
    table = arrow.table({"number": number, "text": text})
    for whole in (number, text, nested, kinds, struct, nullable, table, arrow.chunked_array([text, text])):
        made = codec().dumps({"slice": whole.slice(1000, 10)})
        assert len(made.stream) + sum(map(len, made.buffers)) < 20_000
        found = through_a_file([whole.slice(1000, 10), whole], tmp_path)
        assert found[0].equals(whole.slice(1000, 10))
        assert found[1].equals(whole)
    assert len(codec().dumps(number).buffers) == 1


def test_torch_slices_leave_their_parent_behind():
    """A slice of a tensor is stored as what it shows."""
    torch = pytest.importorskip("torch")
    parent = torch.arange(1_000_000.0)
    made = codec().dumps({"slice": parent[10:20]})
    assert len(made.stream) < 20_000
    assert torch.equal(codec().loads(verified(made))["slice"], parent[10:20])


def test_torch_tensors_of_every_kind(tmp_path):
    """Type, dtype, strides, gradient, attributes; large ones apart; in memory of their own, to be resized."""
    torch = pytest.importorskip("torch")
    whole = torch.arange(400_000).reshape(200, -1)
    tensors = {
        "numbers": torch.rand(20_000, dtype=torch.float64),
        "halves": torch.ones(300, 300, dtype=torch.bfloat16),
        "eighths": torch.ones(300, 300).to(torch.float8_e4m3fn),
        "truths": torch.ones(300, 300) > 0,
        "complex": torch.ones(300, 300, dtype=torch.complex64),
        "conjugate": torch.ones(300, 300, dtype=torch.complex64).conj(),
        "with a gradient": torch.ones(300, 300, requires_grad=True),
        "parameter": torch.nn.Parameter(torch.ones(300, 300)),
        "transposed": whole.T,
        "rows": whole[3:150],
        "none": torch.zeros(0, 5),
        "named": whole.clone(),
    }
    tensors["named"].note = "ours"
    for name, tensor in tensors.items():
        found = through_a_file({"a": tensor}, tmp_path)["a"]
        about = [
            (type(one), one.dtype, one.stride(), one.requires_grad, vars(one).get("note")) for one in (found, tensor)
        ]
        assert about[0] == about[1], name
        assert found.to(torch.complex64).tolist() == tensor.to(torch.complex64).tolist(), name
    made = codec().dumps(tensors["numbers"])
    assert len(made.buffers) == 1
    codec().loads(verified(made)).resize_(40_000)
    again = through_a_file([whole, whole], tmp_path)
    assert again[0] is again[1]


# --- the function's own classes, by whatever name ---


@pytest.fixture
def module(monkeypatch):
    """Makes modules with a class `Digit` in them, known under a name."""

    def make(*names: str) -> types.ModuleType:
        made = types.ModuleType(names[0])
        exec("class Digit:\n    class Inner: pass\ndef function(): pass", vars(made))
        made.Digit.__module__ = made.Digit.Inner.__module__ = made.function.__module__ = names[0]
        for name in names:
            monkeypatch.setitem(sys.modules, name, made)
        return made

    return make


@pytest.mark.parametrize("writes_as", ["__main__", "__mp_main__", "digits"])
@pytest.mark.parametrize("reads_as", ["__main__", "__mp_main__", "digits"])
def test_home_names(module, monkeypatch, writes_as, reads_as):
    """A result of a class from the function's own file is found whether that is run, imported or spawned."""
    names = {"__main__": ["__main__"], "__mp_main__": ["__mp_main__", "__main__"], "digits": ["digits"]}
    written = module(*names[writes_as])
    made = codec(module=writes_as, home="digits").dumps([written.Digit(), written.Digit.Inner(), written.function])
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))  # another process: another script
    for name in ("__mp_main__", "digits"):
        sys.modules.pop(name, None)
    read = module(*names[reads_as])
    digit, inner, function = codec(module=reads_as, home="digits").loads(verified(made))
    assert type(digit) is read.Digit
    assert type(inner) is read.Digit.Inner
    assert function is read.function


def test_another_modules_main_is_left_alone(module):
    """Only the function's own module is meant: an imported function's result of a script's class keeps its name."""
    script, library = module("__main__"), module("library")
    made = codec(module="library", home="library").dumps([script.Digit(), library.Digit()])
    found = codec(module="library", home="library").loads(verified(made))
    assert type(found[0]) is script.Digit
    assert type(found[1]) is library.Digit


def test_a_class_that_is_gone(module):
    """A class that is no longer there is an exception, which the store takes for a miss."""
    made = codec(module="digits", home="digits").dumps(module("digits").Digit())
    del module("digits").Digit
    with pytest.raises(AttributeError):
        codec(module="digits", home="digits").loads(verified(made))


# --- items of generators ---


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle", "json"])
def test_items(tmp_path, serializer):
    """Items are frozen as they are when they are yielded, and thawed one by one."""
    by = codec(serializer)
    item: list[Any] = [1]
    frozen = [by.freeze(item)]
    item.append("two")
    frozen += [by.freeze(item), by.freeze(None)]
    found = through_a_file(Items(frozen), tmp_path, by)
    assert type(found) is Items
    assert [by.thaw(item) for item in found.frozen] == [[1], [1, "two"], None]
    assert through_a_file(Items([]), tmp_path, by).frozen == []


def test_an_item_of_large_arrays(tmp_path):
    """An item is one run of bytes, however large its buffers."""
    numpy = pytest.importorskip("numpy")
    by = codec(compress=True)
    result = numpy.arange(300_000)
    found = through_a_file(Items([by.freeze(result)]), tmp_path, by)
    thawed = by.thaw(found.frozen[0])
    result[:] = 0
    assert (thawed == numpy.arange(300_000)).all()
    assert thawed.flags.writeable


def test_items_of_home_classes(module):
    """Items know the function's own classes too."""
    written = module("__main__")
    made = codec(module="__main__", home="digits")
    frozen = made.dumps(Items([made.freeze(written.Digit()), made.freeze(1)]))
    read = module("digits")
    by = codec(module="digits", home="digits")
    assert [type(by.thaw(item)) for item in by.loads(verified(frozen)).frozen] == [read.Digit, int]


def test_items_that_cannot_be_frozen():
    """An item that cannot be stored is said so when it is yielded."""
    with pytest.raises(Unstorable):
        codec().freeze([LOCK])
    with pytest.raises(Unstorable, match="used up"):
        codec().freeze(iter([1]))


@pytest.mark.parametrize("stream", [b"x", b"\1" + bytes(7), bytes(8), (2**63).to_bytes(8, "little") + b"x"])
def test_a_list_of_items_that_is_none(stream):
    """Bytes that are no list of items are an exception, never items."""
    with pytest.raises(ValueError, match="cut short"):
        codec().loads(Verified(stream, [], layout.ITEMS, 1.0))


# --- other serializers ---


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_exact(value):
    """What JSON takes comes back exactly: types, signs of zero, order of keys and all."""
    assert repr(through(value, codec("json"))) == repr(value)


def test_json_takes_nan_and_infinity():
    """Numbers that are none come back as they were."""
    assert repr(through([math.nan, math.inf, -math.inf, -0.0], codec("json"))) == "[nan, inf, -inf, -0.0]"


def circle() -> list[Any]:
    result: list[Any] = [1]
    result.append(result)
    return result


@pytest.mark.parametrize(
    ("result", "path"),
    [
        ((1, 2), "result"),
        ([1, (2,)], "result[1]"),
        ({"a": {"b": {1, 2}}}, 'result["a"]["b"]'),
        ({1: "a"}, "result"),
        ({"a": [{None: 1}]}, 'result["a"][0]'),
        ([True, b"bytes"], "result[1]"),
        ([collections.OrderedDict()], "result[0]"),
        (["\ud83d\ude00"], "result[0]"),
        ({"\ud800": 1}, "result"),
        ([Point(1, 2)], "result[0]"),
        (circle(), "result[1]"),
        pytest.param(10**5000, "result", id="long integer"),
    ],
)
def test_json_refuses_what_would_not_come_back(result, path):
    """What JSON would give back changed is not stored; the error names the way to it."""
    with pytest.raises(Unstorable) as caught:
        codec("json").dumps(result)
    assert caught.value.path == path


def test_json_refuses_subclasses():
    """A subclass would come back as its parent: refused."""

    class Text(str):
        __slots__ = ()

    class Number(int):
        pass

    for result in (Text("a"), Number(1), [Text()], {Text("key"): 1}):
        with pytest.raises(Unstorable):
            codec("json").dumps(result)


def test_json_takes_the_same_list_twice():
    """The same list in two places is no circle."""
    shared = [1]
    assert through([shared, shared, {"a": shared}], codec("json")) == [[1], [1], {"a": [1]}]


def test_cloudpickle():
    """With cloudpickle, functions and classes that no module has come back."""
    by = codec("cloudpickle")
    assert through({"add": lambda x: x + 1}, by)["add"](1) == 2
    assert through([1, 2], by) == [1, 2]


def test_cloudpickle_refuses_open_files():
    """An open file inside a result would come back as something else: refused, with the path to it."""
    with open(__file__) as file, pytest.raises(Unstorable) as caught:
        codec("cloudpickle").dumps({"add": lambda x: x, "file": [file]})
    assert caught.value.reason


class Upper:
    """A serializer of a user's own."""

    name = "upper"

    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj).upper().encode()

    def loads(self, data: bytes) -> Any:
        return data.decode()


def test_a_serializer_of_ones_own():
    """An object with name, dumps and loads does the work, and no unpickler sees what it made."""
    by = codec(Upper())
    assert by.name == "upper"
    assert through(["a"], by) == '["A"]'
    with pytest.raises(Unstorable, match="TypeError"):
        by.dumps({1})


def test_a_serializer_that_makes_no_bytes():
    """A serializer that gives anything but bytes is named."""
    broken = Upper()
    broken.dumps = lambda obj: "text"  # type: ignore[method-assign]
    with pytest.raises(Unstorable, match="'upper' made str"):
        codec(broken).dumps(1)


def test_streams_of_different_serializers_never_meet():
    """What is no pickle is never unpickled, nor a pickle given to another serializer."""
    evil = pickle.dumps(functools.partial(print, "unpickled"))
    with pytest.raises(ValueError, match="another serializer"):
        codec().loads(Verified(evil, [], layout.NOT_PICKLE, 1.0))
    with pytest.raises(ValueError, match="another serializer"):
        codec("json").loads(Verified(b"[]", [], 0, 1.0))
    with pytest.raises(ValueError, match="another serializer"):
        codec(Upper()).thaw(b"\0" + evil)


@pytest.mark.parametrize(
    ("serializer", "error", "words"),
    [
        ("pickel", ValueError, "did you mean 'pickle'"),
        ("JSON", ValueError, "did you mean 'json'"),
        ("", ValueError, "unknown serializer"),
        (None, TypeError, "not NoneType"),
        (json, TypeError, "not module"),
        (types.SimpleNamespace(name="x", dumps=print), TypeError, "not SimpleNamespace"),
        (types.SimpleNamespace(name=1, dumps=print, loads=print), TypeError, "not SimpleNamespace"),
        (types.SimpleNamespace(name="pickle", dumps=print, loads=print), ValueError, "not 'pickle'"),
        (types.SimpleNamespace(name="", dumps=print, loads=print), ValueError, "not ''"),
    ],
)
def test_what_is_no_serializer(serializer, error, words):
    """A wrong serializer is an error that names it and what there is."""
    with pytest.raises(error, match=words):
        codec(serializer)


def test_extras_that_are_not_installed(monkeypatch):
    """What needs an extra says which when it is asked for, not when it is used."""
    genuine = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] in ("backports", "compression"):
            raise ImportError(name)
        return genuine(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"pip install brinery\[zstd\]"):
        codec(compress=True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install brinery\[cloudpickle\]"):
        codec("cloudpickle")


@pytest.mark.parametrize("serializer", ["pickle", "json"])
def test_compressed(tmp_path, serializer):
    """A compressed result comes back the same, and takes less room."""
    result = [{"name": f"row {number}", "value": number} for number in range(3000)]
    by = codec(serializer, compress=True)
    assert through_a_file(result, tmp_path, by) == result
    assert (tmp_path / "entry").stat().st_size < len(codec(serializer).dumps(result).stream) / 2


def test_compressed_arrays(tmp_path):
    """Compressed arrays come back writable and aligned."""
    numpy = pytest.importorskip("numpy")
    result = numpy.arange(1_000_000) // 1000
    found = through_a_file({"a": result}, tmp_path, codec(compress=True))["a"]
    assert (found == result).all()
    assert found.flags.writeable
    assert found.ctypes.data % 64 == 0
    assert (tmp_path / "entry").stat().st_size < 1_000_000


def test_unstorable_says_where_and_why():
    """The exception reads as a sentence, and is copied whole."""
    error = Unstorable("cannot be", "result[0]")
    assert str(error) == "result[0]: cannot be"
    assert copy.copy(error).path == "result[0]"
