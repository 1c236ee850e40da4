"""Data frames, Arrow tables and labelled arrays are keyed by logical content."""

from __future__ import annotations

import copy
import itertools
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

from brinery._keying.values.digest import encode
from brinery.errors import UnkeyableError

Make = Callable[[], Any]


def every_column() -> dict[str, Any]:
    return {
        "int": [1, 2],
        "float": [1.0, float("nan")],
        "bool": [True, False],
        "str": ["x", None],
        "object": [(1,), {2}],
        "category": pd.Categorical(["u", "v"]),
        "Int64": pd.array([1, None], dtype="Int64"),
        "boolean": pd.array([True, None], dtype="boolean"),
        "python string": pd.array(["a", None], dtype="string[python]"),
        "arrow": pd.array([1, None], dtype="int64[pyarrow]"),
        "date": pd.to_datetime(["2020", "2021"]),
        "zone": pd.to_datetime(["2020", "2021"]).tz_localize("Europe/Berlin"),
        "span": pd.to_timedelta([1, 2]),
        "period": pd.period_range("2020", periods=2, freq="D"),
        "interval": pd.interval_range(0, 2).array,
        "sparse": pd.arrays.SparseArray([0, 1]),
    }


def frame() -> Any:
    return pd.DataFrame(every_column())


def column_by_column() -> Any:
    made = pd.DataFrame(index=pd.RangeIndex(2))
    for name, column in every_column().items():
        made[name] = column
    return made


def altered(**columns: Any) -> Any:
    return frame().assign(**columns)


def table(**changes: Any) -> Any:
    columns: dict[str, Any] = {
        "int": [1, None, 3],
        "float": [1.5, None, -0.0],
        "bool": [True, None, False],
        "str": ["x", None, "zz"],
        "bytes": [b"1", b"", None],
        "large": pa.array(["x", None, "y"], pa.large_string()),
        "list": [[1], None, [2, None]],
        "empty lists": [[], None, []],
        "struct": [{"q": 1}, None, {"q": None}],
        "dictionary": pa.array(["u", "v", None]).dictionary_encode(),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "decimal": pa.array([1, 2, None], pa.decimal128(5)),
        "null": pa.nulls(3),
        "fixed": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int64(), 2)),
        "time": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
        "view": pa.array(["a", None, "b"], pa.string_view()),
        "binary": pa.array([b"ab", b"cd", None], pa.binary(2)),
    }
    return pa.table(columns | changes)


def polars_frame(**changes: Any) -> Any:
    columns: dict[str, Any] = {
        "int": [1, 2, None],
        "float": [1.0, 2.0, -0.0],
        "bool": [True, None, False],
        "str": ["x", None, "a long string beyond twelve bytes"],
        "bytes": [b"1", b"", None],
        "list": [[1], [2, 3], None],
        "empty lists": [[], None, [1]],
        "struct": [{"q": 1}, {"q": None}, None],
        "category": pl.Series(["u", None, "v"], dtype=pl.Categorical),
        "enum": pl.Series(["u", None, "v"], dtype=pl.Enum(["u", "v"])),
        "time": pl.Series([1, 2, None], dtype=pl.Datetime("us")),
        "fixed": pl.Series([[1, 2], [3, 4], None], dtype=pl.Array(pl.Int64, 2)),
        "null": [None] * 3,
        "decimal": pl.Series(["1.5", None, "2"]).cast(pl.Decimal(10, 2)),
    }
    return pl.DataFrame(columns | changes)


def dataset(**changes: Any) -> Any:
    coordinates = {"x": [1, 2], "y": list("abc")}
    options: dict[str, Any] = {"coords": coordinates, "attrs": {"unit": "K"}}
    return xr.Dataset({"t": (("x", "y"), np.arange(6.0).reshape(2, 3))}, **(options | changes))


def with_attrs(value: Any, **attrs: Any) -> Any:
    value.attrs.update(attrs)
    return value


def asked(index: Any, item: Any) -> Any:
    index.get_loc(item)
    _ = index.is_unique, index.is_monotonic_increasing, index.has_duplicates
    return index


def in_pieces(value: Any) -> Any:
    return pa.concat_tables([value[:1], value[1:]])


def garbage_under_null() -> Any:
    buffers = pa.array(["a", "garbage", "c"]).buffers()
    return pa.Array.from_buffers(pa.string(), 3, [pa.py_buffer(b"\x05"), *buffers[1:]])


DIFFERENT: list[tuple[str, Make, Make]] = [
    ("one value", frame, lambda: altered(int=[1, 3])),
    ("one float", frame, lambda: altered(float=[1.0, 2.0])),
    ("one string", frame, lambda: altered(str=["y", None])),
    ("a missing string", frame, lambda: altered(str=["x", "y"])),
    ("missing and empty string", lambda: pd.DataFrame({"a": ["x", None]}), lambda: pd.DataFrame({"a": ["x", ""]})),
    ("one object", frame, lambda: altered(object=[(1,), {3}])),
    ("dtypes", frame, lambda: altered(int=[1.0, 2.0])),
    ("kinds of missing int", lambda: pd.Series([1, 2]), lambda: pd.Series([1, 2], dtype="Int64")),
    ("numpy and Arrow", lambda: pd.Series([1, 2]), lambda: pd.Series([1, 2], dtype="int64[pyarrow]")),
    ("strings and objects", lambda: pd.Series(["a"]), lambda: pd.Series(["a"], dtype=object)),
    ("names of columns", frame, lambda: frame().rename(columns={"int": "INT"})),
    ("order of columns", lambda: frame()[["int", "float"]], lambda: frame()[["float", "int"]]),
    ("order of rows", frame, lambda: frame()[::-1]),
    ("labels of rows", frame, lambda: frame().set_axis([5, 6])),
    ("class of the index", frame, lambda: frame().set_axis(pd.Index([0, 1]))),
    ("name of the index", frame, lambda: frame().rename_axis("n")),
    ("name of the columns", frame, lambda: frame().rename_axis(columns="n")),
    ("attrs", frame, lambda: with_attrs(frame(), a=1)),
    ("flags", frame, lambda: frame().set_flags(allows_duplicate_labels=False)),
    ("no rows", lambda: frame()[:0], lambda: frame()[["int"]][:0]),
    ("rows without columns", lambda: frame()[[]], lambda: frame()[[]][:1]),
    ("order of categories", lambda: pd.Categorical(["a"], ["a", "b"]), lambda: pd.Categorical(["a"], ["b", "a"])),
    ("ordered categories", lambda: pd.Categorical(["a"]), lambda: pd.Categorical(["a"], ordered=True)),
    ("frame and series", lambda: pd.DataFrame({"a": [1]}), lambda: pd.Series([1], name="a")),
    ("name of a series", lambda: pd.Series([1], name="a"), lambda: pd.Series([1], name="b")),
    ("series and index", lambda: pd.Series([1]), lambda: pd.Index([1])),
    ("indexes", lambda: pd.Index([1, 2]), lambda: pd.Index([1, 3])),
    (
        "frequencies",
        lambda: pd.date_range("2020", periods=3),
        lambda: pd.DatetimeIndex([*pd.date_range("2020", periods=3)]),
    ),
    ("levels", lambda: pd.MultiIndex.from_product([[1], [2]]), lambda: pd.MultiIndex.from_product([[1], [3]])),
    (
        "names of levels",
        lambda: pd.MultiIndex.from_product([[1]]),
        lambda: pd.MultiIndex.from_product([[1]], names=["a"]),
    ),
    ("zones", lambda: pd.Timestamp("2020", tz="UTC"), lambda: pd.Timestamp("2020", tz="Europe/Berlin")),
    ("timestamps", lambda: pd.Timestamp("2020"), lambda: pd.Timestamp("2021")),
    ("timestamp and date", lambda: pd.Timestamp("2020"), lambda: pd.Timestamp("2020").to_pydatetime()),
    ("missing values", lambda: pd.NA, lambda: pd.NaT),
    ("offsets", lambda: pd.offsets.Day(1), lambda: pd.offsets.Day(2)),
    ("dtypes of strings", lambda: pd.StringDtype("python"), lambda: pd.StringDtype("pyarrow")),
    ("values in Arrow", table, lambda: table(int=[1, None, 4])),
    ("missing in Arrow", table, lambda: table(int=[1, 2, 3])),
    ("missing and zero in Arrow", lambda: pa.array([0, 1]), lambda: pa.array([None, 1])),
    ("missing and empty in Arrow", lambda: pa.array(["", "a"]), lambda: pa.array([None, "a"])),
    ("where strings are cut", lambda: pa.array(["ab", "c"]), lambda: pa.array(["a", "bc"])),
    ("widths in Arrow", lambda: pa.array([1]), lambda: pa.array([1], pa.int32())),
    ("large strings", lambda: pa.array(["a"]), lambda: pa.array(["a"], pa.large_string())),
    ("where lists are cut", lambda: pa.array([[1], [2, 3]]), lambda: pa.array([[1, 2], [3]])),
    ("missing in lists", lambda: pa.array([[1], None]), lambda: pa.array([[1], []])),
    ("missing in structs", lambda: pa.array([{"a": None}]), lambda: pa.array([None], pa.struct({"a": pa.null()}))),
    ("values in structs", table, lambda: table(struct=[{"q": 2}, None, {"q": None}])),
    ("booleans in Arrow", lambda: pa.array([True, False]), lambda: pa.array([True, True])),
    ("dictionaries", lambda: pa.array(["a"]).dictionary_encode(), lambda: pa.array(["b"]).dictionary_encode()),
    ("array and chunked array", lambda: pa.array([1]), lambda: pa.chunked_array([[1]])),
    ("metadata of schemas", table, lambda: table().replace_schema_metadata({"a": "b"})),
    ("names in Arrow", lambda: pa.table({"a": [1]}), lambda: pa.table({"b": [1]})),
    ("table and batch", lambda: pa.table({"a": [1]}), lambda: pa.record_batch({"a": [1]})),
    ("scalars of Arrow", lambda: pa.scalar(1), lambda: pa.scalar(None, pa.int64())),
    ("types of Arrow", pa.int64, pa.int32),
    ("fields", lambda: pa.field("a", pa.int64()), lambda: pa.field("a", pa.int64(), nullable=False)),
    (
        "extension types",
        lambda: pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1], pa.int8())),
        lambda: pa.array([1], pa.int8()),
    ),
    ("values in polars", polars_frame, lambda: polars_frame(int=[1, 3, None])),
    ("missing in polars", polars_frame, lambda: polars_frame(int=[1, None, 2])),
    ("strings in polars", polars_frame, lambda: polars_frame(str=["x", None, "another string beyond twelve"])),
    ("where strings are cut in polars", lambda: pl.Series(["ab", "c"]), lambda: pl.Series(["a", "bc"])),
    ("where lists are cut in polars", lambda: pl.Series([[1], [2, 3]]), lambda: pl.Series([[1, 2], [3]])),
    ("missing in lists of polars", lambda: pl.Series([[1], None]), lambda: pl.Series([[1], []])),
    ("missing inside lists of polars", lambda: pl.Series([[1, None]]), lambda: pl.Series([[None, 1]])),
    ("values in structs of polars", polars_frame, lambda: polars_frame(struct=[{"q": 2}, {"q": None}, None])),
    ("dtypes in polars", lambda: pl.Series([1]), lambda: pl.Series([1], dtype=pl.Int32)),
    (
        "units in polars",
        lambda: pl.Series([1], dtype=pl.Datetime("us")),
        lambda: pl.Series([1], dtype=pl.Datetime("ms")),
    ),
    ("text and category", lambda: pl.Series(["a"]), lambda: pl.Series(["a"], dtype=pl.Categorical)),
    (
        "categories of enums",
        lambda: pl.Series(["a"], dtype=pl.Enum(["a", "b"])),
        lambda: pl.Series(["a"], dtype=pl.Enum(["b", "a"])),
    ),
    ("names in polars", lambda: pl.Series("a", [1]), lambda: pl.Series("b", [1])),
    ("frame and series of polars", lambda: pl.DataFrame({"a": [1]}), lambda: pl.Series("a", [1])),
    ("zeros of both signs in polars", lambda: pl.Series([0.0]), lambda: pl.Series([-0.0])),
    ("plans", lambda: polars_frame().lazy().head(1), lambda: polars_frame().lazy().head(2)),
    ("data of plans", lambda: polars_frame().lazy(), lambda: polars_frame(int=[1, 3, None]).lazy()),
    ("expressions", lambda: pl.col("a") + 1, lambda: pl.col("a") + 2),
    ("dtypes of polars", pl.Int64, pl.Int32),
    ("values of datasets", dataset, lambda: dataset() + 1),
    ("attributes of datasets", dataset, lambda: dataset(attrs={"unit": "C"})),
    ("coordinates", dataset, lambda: dataset().assign_coords(x=[1, 3])),
    ("dimensions", dataset, lambda: dataset().rename(x="z")),
    ("transposed datasets", dataset, lambda: dataset().transpose()),
    ("dataset and array", dataset, lambda: dataset().t),
    ("names of data arrays", lambda: dataset().t, lambda: dataset().t.rename("u")),
    ("stacked", lambda: stacked("x", "y"), lambda: stacked("y", "x")),
]
EQUAL: list[tuple[str, Make, Make]] = [
    ("column by column", frame, column_by_column),
    ("from a wider frame", frame, lambda: column_by_column().assign(more=1).drop(columns="more")),
    (
        "blocks of one dtype",
        lambda: pd.DataFrame(np.eye(3)),
        lambda: pd.DataFrame({n: np.eye(3)[n] for n in range(3)}, columns=pd.RangeIndex(3)),
    ),
    ("slices", frame, lambda: pd.concat([frame(), frame()])[2:].set_axis(pd.RangeIndex(2))),
    ("an index that was asked", lambda: pd.Index(["a", "b"]), lambda: asked(pd.Index(["a", "b"]), "a")),
    ("a range that was asked", lambda: pd.RangeIndex(3), lambda: asked(pd.RangeIndex(3), 1)),
    (
        "levels that were asked",
        lambda: pd.MultiIndex.from_product([[1], [2]]),
        lambda: asked(pd.MultiIndex.from_product([[1], [2]]), (1, 2)),
    ),
    ("hidden behind a missing value", lambda: pd.array([1, None], dtype="Int64"), lambda: hidden(7)),
    ("Arrow in pieces", table, lambda: in_pieces(table())),
    ("pieces joined", table, lambda: in_pieces(table()).combine_chunks()),
    ("a slice of Arrow", table, lambda: pa.concat_tables([table(), table()]).slice(3)),
    ("a slice of joined Arrow", table, lambda: pa.concat_tables([table(), table()]).combine_chunks().slice(3)),
    ("garbage under a missing value", lambda: pa.array(["a", None, "c"]), garbage_under_null),
    (
        "strings of pandas in pieces",
        lambda: pd.Series(["a", "b"]),
        lambda: pd.concat([pd.Series(["a"]), pd.Series(["b"])], ignore_index=True),
    ),
    (
        "dictionaries in pieces",
        lambda: pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()]),
        lambda: pieces_of_dictionaries(),
    ),
    ("polars in pieces", polars_frame, lambda: pl.concat([polars_frame()[:1], polars_frame()[1:]], rechunk=False)),
    ("a slice of polars", polars_frame, lambda: pl.concat([polars_frame(), polars_frame()])[3:]),
    (
        "filtered polars",
        polars_frame,
        lambda: pl.concat([polars_frame(), polars_frame()]).filter(pl.Series([False] * 3 + [True] * 3)),
    ),
    ("polars column by column", polars_frame, lambda: pl.DataFrame(polars_frame().get_columns())),
    ("known to be sorted", lambda: pl.Series([1, 2]), lambda: pl.Series([1, 2]).set_sorted()),
    ("a dataset that was asked", dataset, lambda: seen(dataset())),
    ("a lazily copied dataset", dataset, lambda: dataset().copy(deep=False)),
]


def hidden(number: int) -> Any:
    return pd.arrays.IntegerArray(np.array([1, number]), np.array([False, True]))


def pieces_of_dictionaries() -> Any:
    return pa.chunked_array([pa.array(["a"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()])


def stacked(*names: str) -> Any:
    return dataset().stack(z=names)  # noqa: PD013  not pandas


def seen(value: Any) -> Any:
    _ = value.t.to_numpy(), value.indexes, value.sel(x=1), repr(value)
    return value


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_what_differs_is_keyed_apart(left, right):
    """Frames and tables that a function can tell apart have two keys."""
    assert encode(left()) != encode(right())
    assert encode([1, {"a": left()}]) != encode([1, {"a": right()}])


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in EQUAL], ids=[case[0] for case in EQUAL])
def test_what_is_equal_is_keyed_alike(left, right):
    """Blocks, chunks, offsets, engines and flags do not matter."""
    assert encode(left()) == encode(right())


@pytest.mark.parametrize("make", [make for case in DIFFERENT + EQUAL for make in case[1:]])
def test_a_copy_is_keyed_alike(make):
    """A copy and what comes back from pickling have the key of the original."""
    value = make()
    assert encode(copy.copy(value)) == encode(value)
    assert encode(copy.deepcopy(value)) == encode(value)
    assert encode(pickle.loads(pickle.dumps(value))) == encode(value)


@pytest.mark.parametrize("name", table().column_names)
def test_every_type_of_arrow(name):
    """Each column counts with its type, whatever the chunks; without its last row it is another."""
    column = table()[name]
    array = column.chunk(0)
    pieces = pa.chunked_array([array[:1], array[1:]])
    shifted = pa.chunked_array([pa.concat_arrays([array, array])[3:]])
    assert encode(column) == encode(pieces) == encode(shifted)
    assert encode(array) == encode(pa.concat_arrays([array, array])[3:])
    assert encode(array) != encode(array[:2])
    if name != "null":
        assert encode(array[:2]) != encode(array[1:])


@pytest.mark.parametrize("kind", ["string", "large_string", "binary", "bool_", "int8", "int64", "float32", "decimal"])
@pytest.mark.parametrize("missing", [0, 3, 8])
def test_long_columns_of_arrow_in_any_pieces(kind, missing):
    """Where pieces begin and what they point into does not matter, and each value and each missing one counts."""
    chance = random.Random(0)
    whole = arrow_column(chance, kind, 100, missing)
    around = [arrow_column(chance, kind, 30, missing) for _ in range(2)]
    for _ in range(20):
        before = chance.randrange(30)
        cuts = sorted(chance.choices(range(101), k=chance.randrange(4)))
        inside = pa.concat_arrays([around[0][:before], whole, around[1]])[before : before + 100]
        pieces = [inside[start:end] for start, end in itertools.pairwise([0, *cuts, 100])]
        assert encode(pa.chunked_array(pieces)) == encode(pa.chunked_array([whole]))
        place = chance.randrange(100)
        other = as_arrow([1 if whole[place].as_py() is None else None], kind)
        changed = pa.concat_arrays([inside[:place], other, inside[place + 1 :]])
        assert encode(changed) != encode(whole)


def arrow_column(chance: random.Random, kind: str, count: int, missing: int) -> Any:
    return as_arrow([None if chance.randrange(10) < missing else chance.randrange(100) for _ in range(count)], kind)


def as_arrow(numbers: list[Any], kind: str) -> Any:
    if kind in ("string", "large_string", "binary"):
        texts = [None if number is None else "x" * (number % 9) + str(number) for number in numbers]
        return pa.array(texts, pa.string()).cast(getattr(pa, kind)())
    if kind == "bool_":
        return pa.array([None if number is None else number > 50 for number in numbers], pa.bool_())
    return pa.array(numbers, pa.decimal128(5) if kind == "decimal" else getattr(pa, kind)())


@pytest.mark.parametrize("name", every_column())
def test_every_column_of_pandas(name):
    """Each kind of column counts: reversed it is another, alone, as an index, and in a frame."""
    column = pd.Series(every_column()[name])
    backwards = column[::-1].set_axis(column.index)
    assert encode(column) == encode(column.copy()) == encode(pickle.loads(pickle.dumps(column)))
    assert encode(column) != encode(backwards)
    assert encode(pd.DataFrame({"a": column})) != encode(pd.DataFrame({"a": backwards}))
    if name != "object":
        assert encode(pd.Index(column)) != encode(pd.Index(backwards))


@pytest.mark.parametrize("name", polars_frame().columns)
def test_every_column_of_polars(name):
    """Each kind of column counts: without its last row, or reversed, it is another."""
    column = polars_frame()[name]
    assert encode(column) == encode(pl.concat([column, column])[3:])
    assert len({encode(column), encode(column[:2]), encode(column.reverse())}) == (2 if name == "null" else 3)


def test_columns_of_the_same_name():
    """Two columns may have one name."""
    both = pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])
    assert encode(both) == encode(both.copy())
    assert encode(both) != encode(both.iloc[:, ::-1])


def test_what_a_subclass_of_a_frame_holds():
    """Attributes of a user's frame count, and so does its class."""

    class Located(pd.DataFrame):
        _metadata = ["place"]  # noqa: RUF012  pandas wants it so

    def located(place: str) -> Any:
        made = Located({"a": [1]})
        made.place = place
        return made

    assert encode(located("x")) == encode(located("x"))
    assert len({encode(located("x")), encode(located("y")), encode(pd.DataFrame({"a": [1]}))}) == 3


def test_what_cannot_be_keyed_in_a_frame_is_named():
    """The path names column and row."""
    with pytest.raises(UnkeyableError) as caught:
        encode(pd.DataFrame({"a": [1, 2], "lock": [1, threading.Lock()]}), "rows")
    assert caught.value.path == "rows['lock'][1]"


def test_no_library_is_imported():
    """Keying pandas does not import polars, nor keying polars pandas or Arrow."""
    program = (
        "import sys, {0}, brinery._keying.values.digest as d\n"
        "def roots(): return {{name.partition('.')[0] for name in sys.modules}}\n"
        "before = roots(); d.encode({1}); print(*roots() - before)"
    )
    for library, value in (
        ("numpy", "numpy.arange(3)"),
        ("pandas", "pandas.DataFrame({'a': ['x']})"),
        ("polars", "polars.DataFrame({'a': ['x', None], 'b': [1, 2]})"),
    ):
        child = subprocess.run(
            [sys.executable, "-c", program.format(library, value)], capture_output=True, text=True, check=True
        )
        assert {"pandas", "pyarrow", "polars", "numpy", "scipy", "xarray"}.isdisjoint(child.stdout.split()), library


def test_polars_is_keyed_alike_with_and_without_numpy():
    """Whether numpy happens to be imported does not matter."""
    program = (
        "import sys, polars; {} brinery._keying.values.digest as d; print(d.encode(polars.DataFrame("
        "{{'a': [1, None], 'b': [1.5, -0.0], 'c': [True, None], 'd': ['x', None], 'e': [[1], []]}})).hex())"
    )
    keys = {
        subprocess.run([sys.executable, "-c", program.format(start)], capture_output=True, text=True, check=True).stdout
        for start in ("import", "import numpy,")
    }
    assert len(keys) == 1


def test_other_processes_arrive_at_the_same_keys():
    """Neither the hash seed nor the order of imports goes into a key."""
    program = (
        f"import sys; sys.path.insert(0, {__file__.rpartition('/')[0]!r})\n"
        'import warnings; warnings.simplefilter("ignore"); import test_frames as t\n'
        "for _, *sides in t.DIFFERENT + t.EQUAL: print(*(t.encode(make()).hex() for make in sides))"
    )
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    here = [" ".join(encode(make()).hex() for make in sides) for _, *sides in DIFFERENT + EQUAL]
    assert there.splitlines() == here
