"""Arrays are keyed by dtype, shape and logical content."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import xxhash

from brinery._keying.handles import library_options
from brinery._keying.types.arrays import bytes_digest
from brinery._keying.values.digest import encode
from brinery.errors import UnkeyableError

Make = Callable[[], Any]
TABLE = np.arange(12.0).reshape(3, 4)
PADDED = np.dtype([("a", "i1"), ("b", "f8")], align=True)
TEXT = np.dtypes.StringDType


class Tagged(np.ndarray):
    pass


def changed(array: Any, place: Any, item: object) -> Any:
    array = array.copy()
    array[place] = item
    return array


def padded(garbage: int, number: float = 2.0) -> Any:
    array = np.empty(3, PADDED)
    array.view("u1")[:] = garbage
    array["a"], array["b"] = 1, number
    return array


def tagged(unit: str) -> Any:
    array = np.arange(3).view(Tagged)
    array.unit = unit
    return array


def masked(under: int, **options: Any) -> Any:
    return np.ma.array([1, under, 3], mask=[0, 1, 0], **options)


def looked_at(array: Any) -> Any:
    _ = array.fill_value
    return array


def drawn(generator: Any, count: int) -> Any:
    generator.random(count)
    return generator


def long_doubles(garbage: int) -> Any:
    raw = np.frombuffer(bytearray([garbage]) * 48, np.uint8).copy().view(np.longdouble)
    raw[:] = np.longdouble(1) / 3
    filled = raw.view(np.uint8).reshape(3, 16)
    filled[:, 10:] = garbage
    return raw


def with_slack(array: Any) -> Any:
    array = array.copy()
    array.data = np.append(array.data, [9.0])
    array.indices = np.append(array.indices, [0]).astype(array.indices.dtype)
    return array


def asked(array: Any) -> Any:
    _ = array.has_sorted_indices, array.has_canonical_format
    return array


SPARSE = scipy.sparse.random(10, 10, 0.3, format="csr", random_state=1)
DIFFERENT: list[tuple[str, Make, Make]] = [
    ("one element", lambda: TABLE, lambda: changed(TABLE, (1, 1), 9)),
    ("sign of zero", lambda: np.zeros(3), lambda: -np.zeros(3)),
    ("transposed", lambda: np.eye(3, 4), lambda: np.eye(4, 3)),
    ("transposed square", lambda: TABLE[:, :3], lambda: TABLE[:, :3].T),
    ("shape", lambda: TABLE, lambda: TABLE.reshape(4, 3)),
    ("flat", lambda: TABLE, lambda: TABLE.ravel()),
    ("empty shapes", lambda: np.empty((0, 3)), lambda: np.empty((3, 0))),
    ("empty dtypes", lambda: np.empty(0, "f8"), lambda: np.empty(0, "f4")),
    ("dtype of the same bytes", lambda: np.zeros(3, "i8"), lambda: np.zeros(3, "u8")),
    ("precision", lambda: TABLE, lambda: TABLE.astype("f4")),
    ("order in memory", lambda: TABLE, lambda: np.asfortranarray(TABLE)),
    ("order of large arrays in memory", lambda: big(), lambda: np.asfortranarray(big())),
    ("order of objects in memory", lambda: objects(), lambda: np.asfortranarray(objects())),
    ("order of records in memory", lambda: records(), lambda: np.asfortranarray(records())),
    ("order of masked arrays in memory", lambda: np.ma.array(TABLE), lambda: np.ma.array(np.asfortranarray(TABLE))),
    ("order of three axes", lambda: cube(), lambda: cube().transpose(0, 2, 1).copy().transpose(0, 2, 1)),
    ("order of two of three axes", lambda: np.asfortranarray(cube()), lambda: np.asfortranarray(cube().T).T),
    ("under the mask", lambda: masked(2), lambda: masked(9)),
    ("under the mask of records", lambda: masked_record(2), lambda: masked_record(9)),
    ("attributes of a sparse array", lambda: noted(SPARSE.copy(), 1), lambda: noted(SPARSE.copy(), 2)),
    ("attributes of one's own sparse array", lambda: noted(Csr((2, 2)), 1), lambda: noted(Csr((2, 2)), 2)),
    ("attributes of one's own sparse matrix", lambda: noted(Coo((2, 2)), 1), lambda: noted(Coo((2, 2)), 2)),
    ("slots of one's own sparse array", lambda: noted(Slotted((2, 2)), 1), lambda: noted(Slotted((2, 2)), 2)),
    ("byte order", lambda: TABLE, lambda: TABLE.astype(">f8")),
    ("byte order of the same bytes", lambda: np.zeros(3, "<i4"), lambda: np.zeros(3, ">i4")),
    ("list", lambda: TABLE, lambda: TABLE.tolist()),
    ("matrix", lambda: np.eye(2), lambda: np.eye(2).view(np.matrix)),
    ("record array", lambda: np.zeros(2, PADDED), lambda: np.zeros(2, PADDED).view(np.recarray)),
    ("bytes of an array", lambda: np.frombuffer(b"abc", "u1"), lambda: b"abc"),
    ("scalar and float", lambda: np.float64(1), lambda: 1.0),
    ("scalar and float in a tuple", lambda: (np.float64(1),), lambda: (1.0,)),
    ("scalar and 0-d", lambda: np.float64(1), lambda: np.array(1.0)),
    ("0-d and 1-d", lambda: np.array(1.0), lambda: np.array([1.0])),
    ("scalar types", lambda: np.int64(1), lambda: np.int32(1)),
    ("signs of scalars", lambda: np.int64(1), lambda: np.uint64(1)),
    ("scalar and int", lambda: np.int64(1), lambda: 1),
    ("scalar and bool", lambda: np.True_, lambda: True),
    ("scalar and bytes", lambda: (np.int64(1),), lambda: (b"\1\0\0\0\0\0\0\0",)),
    ("scalar str", lambda: np.str_("a"), lambda: "a"),
    ("scalar bytes", lambda: np.bytes_(b"a"), lambda: b"a"),
    ("units of time", lambda: np.datetime64(1, "s"), lambda: np.datetime64(1, "ms")),
    ("time and span", lambda: np.datetime64(1, "s"), lambda: np.timedelta64(1, "s")),
    ("units of arrays", lambda: np.zeros(2, "M8[s]"), lambda: np.zeros(2, "M8[ms]")),
    ("width of text", lambda: np.array(["a"], "U1"), lambda: np.array(["a"], "U2")),
    ("objects", lambda: np.array([1, "a"], "O"), lambda: np.array([1, "b"], "O")),
    ("types of objects", lambda: np.array([1, 2], "O"), lambda: np.array([1, 2.0], "O")),
    ("objects and numbers", lambda: np.array([1, 2], "O"), lambda: np.array([1, 2])),
    ("record fields", lambda: padded(0), lambda: padded(0, 3.0)),
    ("names of fields", lambda: np.zeros(1, [("a", "i4")]), lambda: np.zeros(1, [("b", "i4")])),
    ("offsets of fields", lambda: np.zeros(1, PADDED), lambda: np.zeros(1, [("a", "i1"), ("b", "f8")])),
    ("records with objects", lambda: np.array([(1, "a")], "i4,O"), lambda: np.array([(1, "b")], "i4,O")),
    ("subarrays", lambda: np.zeros(1, [("a", "i4", 2)]), lambda: np.zeros(1, [("a", "i4"), ("b", "i4")])),
    ("strings", lambda: np.array(["a", "b" * 99], TEXT()), lambda: np.array(["a", "c" * 99], TEXT())),
    ("missing strings", lambda: np.array(["a"], TEXT()), lambda: np.array(["a"], TEXT(na_object=None))),
    ("kinds of string", lambda: np.array(["a"], TEXT()), lambda: np.array(["a"], "O")),
    ("masks", lambda: masked(2), lambda: np.ma.array([1, 2, 3], mask=[0, 0, 1])),
    ("fill values", lambda: masked(2), lambda: masked(2, fill_value=7)),
    ("no mask", lambda: np.ma.array([1, 2]), lambda: np.array([1, 2])),
    ("data beside the mask", lambda: masked(2), lambda: changed(masked(2), 0, 5)),
    ("class of an array", lambda: np.arange(3), lambda: np.arange(3).view(Tagged)),
    ("attribute of a subclass", lambda: tagged("m"), lambda: tagged("km")),
    ("long doubles", lambda: np.longdouble(1) / 3, lambda: np.longdouble(2) / 3),
    ("dtypes", lambda: np.dtype("f8"), lambda: np.dtype("f4")),
    ("record dtypes", lambda: PADDED, lambda: np.dtype([("a", "i1"), ("b", "f8")])),
    ("metadata of dtypes", lambda: np.dtype("f8"), lambda: np.dtype("f8", metadata={"a": 1})),
    ("ufuncs", lambda: np.sin, lambda: np.cos),
    ("functions", lambda: np.sum, lambda: np.mean),
    ("seeds", lambda: np.random.default_rng(1), lambda: np.random.default_rng(2)),
    ("positions", lambda: np.random.default_rng(1), lambda: drawn(np.random.default_rng(1), 1)),
    ("spawned", lambda: np.random.SeedSequence(1), lambda: np.random.SeedSequence(1).spawn(1)[0]),
    ("legacy generators", lambda: np.random.RandomState(1), lambda: np.random.RandomState(2)),
    ("bit generators", lambda: np.random.PCG64(1), lambda: np.random.MT19937(1)),
    ("sparse formats", lambda: SPARSE, lambda: SPARSE.tocsc()),
    ("sparse elements", lambda: SPARSE, lambda: SPARSE * 2),
    ("sparse and dense", lambda: SPARSE, lambda: SPARSE.toarray()),
    ("sparse arrays and matrices", lambda: scipy.sparse.csr_array(SPARSE), lambda: scipy.sparse.csr_matrix(SPARSE)),
    ("sparse shapes", lambda: scipy.sparse.csr_array((2, 3)), lambda: scipy.sparse.csr_array((2, 4))),
]
EQUAL: list[tuple[str, Make, Make]] = [
    ("steps in memory", lambda: cube(), lambda: np.zeros((4, 6, 8), int)[::2, ::2, ::2] + cube()),
    ("axes of one item in another order", lambda: np.zeros((1, 3)), lambda: np.asfortranarray(np.zeros((1, 3)))),
    ("axes of one item in the middle", lambda: np.zeros((2, 1, 3)), lambda: np.zeros((1, 2, 3)).transpose(1, 0, 2)),
    ("order in memory of a mask", lambda: ordered_mask("C"), lambda: ordered_mask("F")),
    ("slice and whole", lambda: TABLE, lambda: np.vstack([TABLE, TABLE])[:3]),
    ("reversed twice", lambda: TABLE, lambda: TABLE[:, ::-1].copy()[:, ::-1]),
    ("every second", lambda: np.arange(5), lambda: np.arange(10)[::2] // 2),
    ("view of another", lambda: np.arange(4)[1:], lambda: np.arange(1, 4)),
    ("broadcast", lambda: np.ones((2, 3)), lambda: np.broadcast_to(np.ones((2, 1)), (2, 3))),
    ("read-only", lambda: np.arange(3), lambda: frozen(np.arange(3))),
    ("padding", lambda: padded(0), lambda: padded(7)),
    ("padding of long doubles", lambda: long_doubles(0), lambda: long_doubles(7)),
    ("large and strided", lambda: np.arange(400_000), lambda: np.repeat(np.arange(400_000), 2)[::2]),
    ("fill value that was asked for", lambda: masked(2), lambda: looked_at(masked(2))),
    ("names of the same dtype", lambda: np.zeros(2, "l"), lambda: np.zeros(2, "q")),
    ("sparse, looked at", lambda: SPARSE.copy(), lambda: asked(SPARSE.copy())),
    ("sparse with slack", lambda: SPARSE.copy(), lambda: with_slack(SPARSE)),
]


def frozen(array: Any) -> Any:
    array.flags.writeable = False
    return array


def cube() -> Any:
    return np.arange(24).reshape(2, 3, 4)


def records() -> Any:
    return np.array([[(1, "a"), (2, "b")], [(3, "c"), (4, "d")]], [("x", "i4"), ("y", "O")])


def masked_record(under: int) -> Any:
    return np.ma.array([(1, under)], mask=[(0, 1)], dtype=[("x", "i4"), ("y", "i4")])


def ordered_mask(order: Any) -> Any:
    return np.ma.array(cube(), mask=np.asarray(cube() > 3, order=order))


class Csr(scipy.sparse.csr_array):
    pass


class Coo(scipy.sparse.coo_matrix):
    pass


class Slotted(scipy.sparse.csc_array):
    __slots__ = ("note",)


def noted(value: Any, note: object) -> Any:
    value.note = note
    return value


def big() -> Any:
    return np.arange(1_000_000.0).reshape(1000, 1000)


def objects() -> Any:
    return np.array([[1, "a"], [None, (2,)]], "O")


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_what_differs_is_keyed_apart(left, right):
    """Arrays that a function can tell apart have two keys, alone and inside others."""
    assert encode(left()) != encode(right())
    assert encode({"a": [left()]}) != encode({"a": [right()]})


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in EQUAL], ids=[case[0] for case in EQUAL])
def test_what_is_equal_is_keyed_alike(left, right):
    """Whose memory an array is, its steps there, and what lies between its elements, do not matter."""
    assert encode(left()) == encode(right())


@pytest.mark.parametrize("make", [make for case in DIFFERENT + EQUAL for make in case[1:]])
def test_a_copy_is_keyed_alike(make):
    """A copy and what comes back from pickling have the key of the original."""
    value = make()
    if hasattr(value, "unit"):
        return  # numpy does not copy what was added to an instance of a subclass
    assert encode(copy.deepcopy(value)) == encode(value)
    if isinstance(value, np.ndarray) and not (value.flags.forc or value.ndim < 2):
        return  # numpy pickles it in C order
    if not str(getattr(value, "dtype", "")).startswith(">"):  # comes back in the byte order of the machine
        assert encode(pickle.loads(pickle.dumps(value))) == encode(value)


@pytest.mark.parametrize("code", [*"?bBhHiIlLqQefdgFDGO", "S3", "U3", "M8[ns]", "m8[s]", "V4", ">f8", "i4,f8"])
@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 3), (2, 0, 3)])
def test_every_dtype(code, shape):
    """Of every dtype and shape, a copy is keyed alike and another element apart."""
    array = np.zeros(shape, code)
    assert encode(array) == encode(array.copy())
    if not code.startswith(">"):  # numpy unpickles in the byte order of the machine
        assert encode(array) == encode(pickle.loads(pickle.dumps(array)))
    if array.size:
        one = np.ones((), "u1").astype(code) if code != "V4" else np.frombuffer(b"abcd", "V4")[0]
        assert encode(array) != encode(changed(array, (0,) * array.ndim, one))
    assert encode(array) != encode(array[np.newaxis])


def test_a_mapped_file_counts_by_its_values(tmp_path):
    """Where a mapped array comes from does not matter, only that it is one."""
    keys = set()
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", TABLE)
        keys.add(encode(np.load(tmp_path / f"{name}.npy", mmap_mode="r")))
    assert len(keys) == 1
    assert keys != {encode(TABLE)}


def test_contiguous_arrays_are_not_copied():
    """The digest of an array's content is that of its bytes, in C order."""
    for array in (TABLE, np.asfortranarray(TABLE), TABLE[::2, ::-1], np.zeros(3, "M8[s]")):
        assert bytes_digest(array) == xxhash.xxh3_128_digest(array.tobytes())


def test_a_subclass_of_a_users_may_refuse_everything():
    """No method of a user's array class is called."""

    class Refusing(np.ndarray):
        def __array_finalize__(self, other):
            if other is not None and type(other) is Refusing:
                raise AssertionError

        def tobytes(self, *_):
            raise AssertionError

        __len__ = __iter__ = __getitem__ = view = copy = reshape = tobytes

    array = np.arange(3).view(Refusing)
    assert encode(array) == encode(np.arange(3).view(Refusing))


def test_objects_in_an_array_are_found():
    """What cannot be keyed in an array of objects is named with its place."""
    with pytest.raises(UnkeyableError) as caught:
        encode({"a": np.array([1, object()], "O")}, "rows")
    assert caught.value.path == "rows['a'][1]"


def test_an_array_in_itself():
    """An array of objects that contains itself is digested."""

    def ring(number: int) -> Any:
        array = np.empty(2, "O")
        array[0], array[1] = number, array
        return array

    assert encode(ring(1)) == encode(ring(1))
    assert encode(ring(1)) != encode(ring(2))


def test_a_ufunc_made_on_the_way_is_refused():
    """The function inside `np.frompyfunc` cannot be seen."""
    with pytest.raises(UnkeyableError):
        encode(np.frompyfunc(lambda x: x, 1, 1))


def test_an_iterator_over_an_array_is_refused():
    """`array.flat` and `nditer` have a position."""
    for value in (TABLE.flat, np.nditer(TABLE)):
        with pytest.raises(UnkeyableError):
            encode(value)


def test_other_processes_arrive_at_the_same_keys():
    """Neither the hash seed nor the order of imports goes into a key."""
    program = (
        f"import sys; sys.path.insert(0, {__file__.rpartition('/')[0]!r})\n"
        "import test_arrays as t\n"
        "for _, *sides in t.DIFFERENT + t.EQUAL: print(*(t.encode(make()).hex() for make in sides))"
    )
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    here = [" ".join(encode(make()).hex() for make in sides) for _, *sides in DIFFERENT + EQUAL]
    assert there.splitlines() == here


@pytest.mark.parametrize("kind", [np.zeros, np.float64, Decimal])
def test_options_of_a_library_are_looked_at_once_for_a_value(
    kind: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
):
    """And not for each array or number in it."""
    asked: list[str] = []
    options_set = library_options.options_set
    monkeypatch.setattr(library_options, "options_set", lambda name: asked.append(name) or options_set(name))  # type: ignore[func-returns-value]
    encode([kind(number) for number in range(20)])
    assert len(asked) == 1


def test_numpy_is_not_imported():
    """Keying a value that has nothing to do with numpy does not import it."""
    program = (
        "import sys, brinery._keying.values.digest as d; d.encode([{1}, range(3), len]); print('numpy' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "False"
