"""Arrays, frames and their like come back exactly, guarded or not as they were, and take no more memory than once."""

from __future__ import annotations

import array
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from outcomes import quietly
from result_kinds import call_twice

from brinery import Cache

np = pytest.importorskip("numpy")


class Measured(np.ndarray):  # type: ignore[misc, name-defined]
    """An array with a unit, as numpy's own documentation has it."""

    def __array_finalize__(self, parent: Any) -> None:
        self.unit = getattr(parent, "unit", None)


class Strict(np.ndarray):  # type: ignore[misc, name-defined]
    """A subclass that pickles in a way of its own."""

    unit = ""

    def __reduce__(self) -> Any:
        make, arguments, state = super().__reduce__()
        return make, arguments, (state, self.unit)

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state[0])
        self.unit = state[1]


def guarded(array: Any) -> Any:
    array.flags.writeable = False
    return array


def measured(array: Any, kind: type = Measured) -> Any:
    made = array.view(kind)
    made.unit = ["km", {"exact": True}]
    return made


def hardened(array: Any) -> Any:
    array.harden_mask()
    return array


def itself() -> Any:
    made = np.array([None, 1], dtype=object)
    made[0] = [made]
    return made


LARGE = 40_000  # numbers, so that a buffer goes apart

ARRAYS: dict[str, Callable[[], Any]] = {
    "numbers": lambda: np.arange(6.0),
    "large": lambda: np.arange(LARGE),
    "columns": lambda: np.asfortranarray(np.arange(12).reshape(3, 4)),
    "large columns": lambda: np.asfortranarray(np.arange(LARGE).reshape(200, -1)),
    "transposed": lambda: np.arange(24).reshape(2, 3, 4).transpose(1, 2, 0),
    "every other": lambda: np.arange(LARGE)[::2],
    "backwards": lambda: np.arange(LARGE)[::-1],
    "part of a column": lambda: np.arange(LARGE).reshape(200, -1)[3:-3, 5:7],
    "broadcast": lambda: np.broadcast_to(np.arange(3), (4, 3)),
    "no axis": lambda: np.array(1.5),
    "none": lambda: np.zeros(0),
    "none in rows": lambda: np.zeros((3, 0), dtype="i2"),
    "no items of any size": lambda: np.zeros(3, dtype="V0"),
    "structured": lambda: np.array([(1, 2.5, b"ab")], dtype=[("a", "i4"), ("b", "f8"), ("c", "S2")]),
    "structured and padded": lambda: np.zeros(3, dtype=np.dtype([("a", "i1"), ("b", "f8", (2,))], align=True)),
    "other byte order": lambda: np.arange(3, dtype=">i4"),
    "text": lambda: np.array(["a", "\u2603"]),
    "times": lambda: np.array(["2024-01-01", "NaT"], dtype="M8[ns]"),
    "large times": lambda: np.arange(LARGE).astype("M8[s]"),
    "large times in columns": lambda: np.asfortranarray(np.arange(LARGE).astype("M8[D]").reshape(200, -1)),
    "large times of other byte order": lambda: np.arange(LARGE).astype(">m8[25us]"),
    "large times with gaps": lambda: np.arange(2 * LARGE).astype("m8[ns]").reshape(-1, 8)[::3, ::2],
    "large times with a unit": lambda: measured(np.arange(LARGE).astype("M8[s]")),
    "large structured times": lambda: np.zeros(LARGE, dtype=[("a", "M8[s]"), ("b", "i1")]),
    "large with gaps": lambda: np.arange(2 * LARGE, dtype=">f8")[::-2],
    "large objects with gaps": lambda: np.array([None, 1.5] * LARGE, dtype=object)[::2],
    "not numbers": lambda: np.array([np.nan, -0.0, np.inf]),
    "halves": lambda: np.arange(3, dtype="f2"),
    "complex": lambda: np.array([1j, complex(-0.0, np.nan)]),
    "booleans": lambda: np.array([True, False]),
    "objects": lambda: np.array([None, {"a": [1]}, "x"], dtype=object),
    "records": lambda: np.rec.array([(1, 2.0)], names="a,b"),
    "matrix": lambda: np.ones((2, 2)).view(np.matrix),
    "with a unit": lambda: measured(np.arange(3.0)),
    "large with a unit": lambda: measured(np.arange(LARGE)),
    "columns with a unit": lambda: measured(np.asfortranarray(np.arange(12).reshape(3, 4))),
    "pickling its own way": lambda: measured(np.arange(3.0), Strict),
    "masked": lambda: np.ma.array([1, 2, 3], mask=[0, 1, 0], fill_value=7),
    "masked nowhere": lambda: np.ma.array([1.0, 2.0]),
    "masked large": lambda: np.ma.masked_greater(np.arange(LARGE), 7),
    "masked hard": lambda: hardened(np.ma.array([1, 2], mask=[0, 1])),
    "masked records": lambda: np.ma.array([(1, 2.0)], mask=[(0, 1)], dtype=[("a", int), ("b", float)]),
    "strings of any length": lambda: np.array(["a", "bc"], dtype=np.dtypes.StringDType()),
}
WAYS: dict[str, Callable[[Any], Any]] = {"writable": lambda array: array, "read-only": guarded}


def described(array: Any) -> Any:
    """All that can be seen of an array but where it lies."""
    about = [type(array), array.dtype, array.dtype.metadata, array.shape, array.flags.writeable, array.flags.aligned]
    about += [array.flags.fnc]
    about += [getattr(array, name, None) for name in ("unit", "fill_value", "hardmask")]
    mask = getattr(array, "mask", None)
    about += [repr(mask), mask is np.ma.nomask]
    plain = np.ndarray.view(array, np.ndarray)
    return [*map(repr, about), plain.tolist() if plain.dtype.hasobject else plain.tobytes()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_every_kind(new_cache: Callable[..., Cache], tmp_path: Path, name: str, way: str):
    """Type, dtype, order, contents, masks, units, and whether they may be written to: alone, inside, compressed."""
    make = ARRAYS[name]
    for number, options in enumerate(({}, {"compress": True}, {"mmap": True}, {"serializer": "cloudpickle"})):
        cache = new_cache(tmp_path / str(number))
        first, second = call_twice(cache, lambda: WAYS[way](make()), **options)
        assert described(second) == described(first)
        first, second = call_twice(cache, lambda: {"a": [WAYS[way](make())]}, **options)
        assert described(second["a"][0]) == described(first["a"][0])


@pytest.mark.parametrize("typecode", "bBhHiIlLqQfdu")
def test_arrays_of_the_standard_library(memory: Cache, typecode: str):
    """Short and long ones; what a caller appends to one changes no later hit."""
    items = "a\u2603" if typecode == "u" else [0, 1, 100]

    @memory
    def make(times: int) -> Any:
        return {"whole": array.array(typecode, items * times)}

    for times in (0, 1, 100_000):
        first, second = make(times)["whole"], make(times)["whole"]
        assert type(second) is array.array
        assert (first, first.typecode) == (second, second.typecode) == (second, typecode)
        second.append(items[0])
        assert len(make(times)["whole"]) == len(items) * times


def test_arrays_that_hold_themselves(memory: Cache):
    """A circle through an array closes."""
    _, found = call_twice(memory, itself)
    assert found[0][0] is found
    _, found = call_twice(memory, lambda: guarded(itself()))
    assert found[0][0] is found
    assert not found.flags.writeable


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.float64(-0.0),
        lambda: np.float32(0.1),
        lambda: np.int8(-1),
        lambda: np.True_,
        lambda: np.datetime64("NaT"),
        lambda: np.str_("a"),
        lambda: np.dtype([("a", "i4")]),
        lambda: np.ma.masked,
        lambda: np.add,
        lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])[0],
    ],
)
def test_scalars(memory: Cache, make: Callable[[], Any]):
    """Numbers of numpy's own, and what there is only one of."""
    first, second = call_twice(memory, make)
    assert type(second) is type(first)
    assert repr(second) == repr(first)
    if first is np.ma.masked or first is np.add or first is np.True_:
        assert second is first


def test_a_random_generator_goes_on_where_it_was(memory: Cache):
    """The state of a generator is a value like others."""
    first, second = call_twice(memory, lambda: np.random.default_rng(3))
    assert first.random() == second.random()


def test_a_map_of_a_file_comes_back_in_memory(memory: Cache, tmp_path: Path):
    """Of the same type and contents; whoever changes it changes neither the file nor the store."""
    path = str(tmp_path / "numbers")
    np.arange(LARGE).tofile(path)
    f = memory(lambda: np.memmap(path, dtype="i8", mode="r+"))
    for _ in range(3):
        found = f()
        assert type(found) is np.memmap
        assert (found == np.arange(LARGE)).all()
        if f.cache_info().hits:
            found[:] = -1
    assert f.cache_info()[:2] == (2, 1)


@pytest.mark.parametrize("options", [{}, {"mmap": True}, {"trust_unchanged": True}, {"compress": True}])
@pytest.mark.parametrize("name", ["numbers", "large", "large columns", "large with a unit", "masked large", "objects"])
def test_a_changed_array_changes_no_later_hit(memory: Cache, name: str, options: dict[str, bool]):
    """Nor one that is held at the same time, nor what the function returned."""
    make = ARRAYS[name]
    f = memory(lambda: [make()], **options)
    held = [f()]
    for _ in range(3):
        found = f()
        assert described(found[0]) == described(make())
        held.append(found)
        assert not any(np.shares_memory(one[0], found[0]) for one in held[:-1])
        found[0][...] = 0
    assert f.cache_info()[:2] == (3, 1)


def test_a_result_that_shares_memory_with_an_argument(memory: Cache):
    """What is changed in the argument afterwards is in no entry."""
    f = memory(lambda array: {"same": array, "part": array[10:20]})
    array = np.arange(LARGE)
    f(array)
    array[:] = -1
    found = f(np.arange(LARGE))
    assert (found["same"] == np.arange(LARGE)).all()
    assert (found["part"] == np.arange(10, 20)).all()
    assert f.cache_info()[:2] == (1, 1)


FRAMES: dict[str, str] = {
    "categories": "pd.DataFrame({'c': pd.Categorical(['a', None], ['b', 'a'], ordered=True)})",
    "gaps": "pd.DataFrame({'n': pd.array([1, None], 'Int64'), 'b': pd.array([True, None], 'boolean')})",
    "names": "pd.DataFrame([[1, 2]], index=pd.Index([3], name='row'), columns=pd.Index(['a', 'b'], name='column'))",
    "levels": "pd.DataFrame({'v': [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 'a'), (2, 'b')], names=['n', None]))",
    "zones": "pd.DataFrame({'t': pd.date_range('2024-10-27', periods=3, freq='h', tz='Europe/Berlin')})",
    "periods": "pd.DataFrame({'p': pd.period_range('2024', periods=2, freq='M'), 'i': pd.interval_range(0, 2)})",
    "doubled names": "pd.DataFrame([[1, 'x']], columns=['a', 'a'])",
    "empty": "pd.DataFrame({'a': pd.Series([], dtype='f4')})",
    "sparse": "pd.DataFrame({'s': pd.arrays.SparseArray([0, 0, 1])})",
    "arrow": "pd.DataFrame({'s': pd.array(['a', None], dtype='string[pyarrow]')})",
    "nested": "pd.DataFrame({'o': [[1], {'a': 2}]})",
    "transposed": "pd.DataFrame(np.arange(6).reshape(2, 3)).T",
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(memory: Cache, name: str):
    """Categories, indexes and their names, zones, attributes and flags."""
    pd = pytest.importorskip("pandas")

    def make() -> Any:
        frame = eval(FRAMES[name], {"pd": pd, "np": np})
        frame.attrs = {"source": ["somewhere"]}
        return frame

    first, second = call_twice(memory, make)
    pd.testing.assert_frame_equal(second, first, check_freq=True)
    assert second.attrs == {"source": ["somewhere"]}
    assert second.dtypes.tolist() == first.dtypes.tolist()
    assert second.columns.names == first.columns.names
    first, second = call_twice(memory, lambda: make().iloc[:, 0].rename("one"))
    pd.testing.assert_series_equal(second, first)
    assert second.name == "one"


def test_tables_and_sparse_matrices(memory: Cache):
    """What other libraries hold columns and matrices in."""
    scipy, arrow = pytest.importorskip("scipy.sparse"), pytest.importorskip("pyarrow")
    polars, xarray = pytest.importorskip("polars"), pytest.importorskip("xarray")
    dense = np.arange(12.0).reshape(3, 4)
    for form in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr"):
        first, second = call_twice(memory, lambda: scipy.csr_array(dense).asformat(form))  # noqa: B023
        assert type(second) is type(first)
        assert (second.toarray() == dense).all()
    schema = arrow.schema([arrow.field("a", arrow.int8(), metadata={"unit": "km"})], metadata={"made": "today"})
    first, second = call_twice(memory, lambda: arrow.table({"a": [1, None]}, schema=schema))
    assert second.equals(first, check_metadata=True)
    first, second = call_twice(memory, lambda: polars.DataFrame({"a": [1, None], "b": ["x", "y"]}))
    assert second.equals(first)
    first, second = call_twice(memory, lambda: xarray.DataArray(dense, dims=("x", "y"), attrs={"unit": "km"}, name="d"))
    assert second.identical(first)


PEAK = """
import sys
import numpy as np
from brinery import Cache

def most():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))

def result(kind, size):
    numbers = np.ones(size // 8)
    if kind == "columns":
        return numbers.reshape(1024, -1).T
    if kind == "subclass":
        return numbers.view(np.recarray)
    if kind == "masked":
        return np.ma.array(numbers)
    if kind == "times":
        return numbers.view("M8[s]")
    if kind == "read-only":
        numbers.flags.writeable = False
    if kind == "frame":
        import pandas
        return pandas.DataFrame(numbers.reshape(-1, 4), columns=list("abcd"), copy=False)
    return numbers

kind, size = sys.argv[1], int(sys.argv[2])
if kind == "frame":
    import pandas
f = Cache("store")(result)
f(kind, 1 << 20), f(kind, 1 << 20)  # what it takes once, such as modules, is none of the result
before = most()
found = f(kind, size)
print((most() - before) / size, f.cache_info().misses)
"""


def peaks(folder: Path, kind: str, size: int) -> list[float]:
    """How many times the size of the result it took to store it, and to load it in another process."""
    (folder / "peak.py").write_text(PEAK)
    found = []
    for misses in (2, 0):
        done = subprocess.run(
            [sys.executable, "peak.py", kind, str(size)],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        times, computed = done.stdout.split()
        assert int(computed) == misses
        found.append(float(times))
    return found


has_peaks = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="where Linux tells the peak of memory")


@has_peaks
@pytest.mark.parametrize("kind", ["numbers", "read-only", "columns", "subclass", "masked", "frame", "times"])
def test_the_peak_of_memory_is_the_result_and_little_more(tmp_path: Path, kind: str):
    """Storing 200 MB and loading them take the 200 MB themselves and at most a fifth more."""
    for peak in peaks(tmp_path, kind, 200 << 20):
        assert 0.9 < peak < 1.2


@has_peaks
@pytest.mark.stress
@pytest.mark.parametrize("kind", ["numbers", "frame"])
def test_the_peak_of_memory_of_a_very_large_result(tmp_path: Path, kind: str):
    """1.5 GB as well."""
    for peak in peaks(tmp_path, kind, 1536 << 20):
        assert 0.9 < peak < 1.2


def test_a_large_result_that_cannot_be_kept(memory: Cache):
    """An array beside what cannot be pickled is returned as it is."""
    f = memory(lambda: {"array": np.arange(LARGE), "f": lambda: 1})
    with quietly() as said:
        assert (f()["array"] == np.arange(LARGE)).all()
    assert 'result["f"]' in said[0]
