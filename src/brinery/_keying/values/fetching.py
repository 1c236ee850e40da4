"""Values that fetch what they say when they are asked: from a store, a file, a database. They are refused as arguments.

What such a value says can change while it stays the same. Known are some classes by name; and as a rule an object of an
installed class that promises data (it can be made an array or a table) and keeps a path or a store for it.
"""

from __future__ import annotations

import sys
from gc import get_referents

from .filled import is_users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

# By which an object says that it can be made an array or a table.
_PROMISES = ("__array__", "__arrow_c_stream__", "__dataframe__", "to_pandas", "to_numpy", "to_arrow")
_PLACES = frozenset(
    {"path", "paths", "file", "files", "filename", "filepath", "file_path", "uri", "url", "urlpath", "store"}
)
# Whose objects a task leads to that reads when it is computed.
_READERS = ("fsspec", "h5netcdf", "h5py", "nibabel", "netCDF4", "s3fs", "gcsfs", "xarray.backends", "zarr")
_MOST_SEARCHED = 20_000  # objects of a graph of tasks
_COMPUTED = "is computed from files or a store, which x.compute() reads: pass what that gives"


def check_of(kind: type, *, is_data: bool) -> Callable[[Any], str] | None:
    """Return what says of values of a type why they are refused, or "" where one holds all that it says.

    ``is_data``: values of the type are read by what knows their library.
    """
    for base in kind.__mro__:
        check = _CHECKS.get(f"{base.__module__}.{base.__qualname__}")
        if check is not None:
            return check
        if "__dask_graph__" in base.__dict__:
            return _dask
    if (
        not is_data
        and any(promise in base.__dict__ for base in kind.__mro__ for promise in _PROMISES)
        and not is_users(kind)
    ):
        return _promising
    return None


def _always(reason: str) -> Callable[[Any], str]:
    return lambda _value: reason


def _promising(value: Any) -> str:
    held: dict[str, Any] = getattr(value, "__dict__", {})
    for name, item in held.items():
        if name.strip("_").lower() in _PLACES and item is not None and not isinstance(item, (int, float)):
            return f"keeps what it says at a place of its own (.{name}): pass what it holds"
    return ""


def _zarr(value: Any) -> str:
    store = getattr(value, "store", None)
    if type(store).__name__ in ("MemoryStore", "KVStore", "dict"):
        return ""
    return "reads from its store what it says: pass what it holds, as x[:] gives it"


def _nibabel(value: Any) -> str:
    held = vars(value).get("_dataobj")
    if type(held).__module__ != "nibabel.arrayproxy":
        return ""
    return "reads from its file what it says: pass what it holds, as np.asarray(x.dataobj) gives it"


def _lazy_frame(value: Any) -> str:
    plan = value.explain(optimized=False)
    if any(line.lstrip().partition("[")[0].rstrip().endswith(" SCAN") for line in plan.splitlines()):
        return (
            "scans files or other sources when it is collected: pass x.collect(), or paths and what tells their state"
        )
    return ""


def _arrow_dataset(value: Any) -> str:
    if type(value).__name__ == "InMemoryDataset":
        return ""
    return "reads from files what it says: pass x.to_table(), or the paths and what tells their state"


def _dask(value: Any) -> str:
    walk = getattr(getattr(value, "expr", None), "walk", None)
    if walk is not None and any(_is_reading(type(step)) for step in walk()):
        return _COMPUTED
    graph = value.__dask_graph__()
    return _COMPUTED if graph and _leads_to_a_reader(dict(graph).values()) else ""


def _is_reading(kind: type) -> bool:
    return kind.__module__.startswith("dask.dataframe.dask_expr.io") and kind.__name__.startswith("Read")


def _leads_to_a_reader(tasks: Iterable[object]) -> bool:
    """Search what tasks hold for an object that reads; functions and classes are not gone into."""
    seen: set[int] = set()
    level = list(tasks)
    while level and len(seen) < _MOST_SEARCHED:
        further = []
        for item in level:
            kind = type(item)
            if id(item) in seen or kind in _ATOMIC or issubclass(kind, type):
                continue
            seen.add(id(item))
            module = kind.__module__
            if type(module) is str and (module.startswith(_READERS) or module.startswith("pyarrow._dataset")):
                if not (module.startswith("zarr") and kind.__name__ == "Array" and not _zarr(item)):
                    return True
                continue
            further += get_referents(item)
        level = further
    return False


_ATOMIC = {type(None), bool, int, float, complex, str, bytes, type(check_of), type(len), type(sys)}
_CHECKS: dict[str, Callable[[Any], str]] = {
    "zarr.core.array.Array": _zarr,
    "zarr.core.array.AsyncArray": _zarr,
    "zarr.core.group.Group": _zarr,
    "zarr.core.group.AsyncGroup": _zarr,
    "zarr.core.Array": _zarr,
    "zarr.hierarchy.Group": _zarr,
    "h5py._hl.base.HLObject": _always("reads from its file what it says: pass what it holds, as x[()] gives it"),
    "netCDF4._netCDF4.Variable": _always("reads from its file what it says: pass what it holds, as x[:] gives it"),
    "netCDF4._netCDF4.Dataset": _always("reads from its file what it says: pass what its variables hold"),
    "nibabel.arrayproxy.ArrayProxy": _always("reads from its file what it says: pass np.asarray(x)"),
    "nibabel.dataobj_images.DataobjImage": _nibabel,
    "polars.lazyframe.frame.LazyFrame": _lazy_frame,
    "pyarrow._dataset.Dataset": _arrow_dataset,
    "pyarrow._dataset.Fragment": _arrow_dataset,
    "pyarrow._dataset.Scanner": _arrow_dataset,
    "pyarrow.parquet.core.ParquetFile": _arrow_dataset,
    "datasets.iterable_dataset.IterableDataset": _always("reads what it gives when it is iterated: pass its rows"),
    "_duckdb.DuckDBPyRelation": _always("asks its database for what it says: pass x.arrow() or x.df()"),
    "duckdb._relation.DuckDBPyRelation": _always("asks its database for what it says: pass x.arrow() or x.df()"),
    "duckdb.duckdb.DuckDBPyRelation": _always("asks its database for what it says: pass x.arrow() or x.df()"),
}
