"""How pandas' values are taken apart: by the values of columns, index, names and dtypes, whatever the blocks are.

The class of an index is part of the value: a `RangeIndex` differs from an `Index` of the same numbers, as it does for
`repr` and for what is computed from it. What was only worked out since (engines, caches) is not.
"""

# ruff: noqa: SLF001  what pandas computes for whoever asks politely costs too much, and is kept
from __future__ import annotations

import sys
from collections.abc import Sequence

from ..values.node import Asked, Expander, Node, Passing, attributes, part
from ..values.objects import instances
from ..values.plain import head
from .arrays import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BOOKKEEPING = frozenset({
    "_mgr", "_attrs", "_flags", "_item_cache", "_is_copy", "_name", "_index", "_cacher", "_cache", "_id", "_data",
    "_references", "_typ", "_metadata",
})  # fmt: skip


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of pandas' classes apart, or None where their state says it all."""
    pd: Any = sys.modules["pandas"]
    if not hasattr(pd, "api"):
        return None
    for parent, expander in (
        (pd.DataFrame, _frame),
        (pd.Series, _series),
        (pd.MultiIndex, _multi_index),
        (pd.RangeIndex, _range_index),
        (pd.Index, _index),
        (pd.api.extensions.ExtensionArray, _extension),
        (pd.api.extensions.ExtensionDtype, _dtype),
    ):
        if issubclass(base, parent):
            return expander
    return None


def _frame(value: Any, walk: Asked) -> Node:
    count = len(value.columns)
    children = [value.columns, value.index, *_common(value)]
    labels = [".columns", ".index", *[""] * (len(children) - 2)]
    column = getattr(value, "_get_column_array", None) or (lambda number: value.iloc[:, number].array)
    children += [_array(column(number)) for number in range(count)]
    return Node(head("frame of pandas", count) + walk.class_of(type(value)), children, _ColumnLabels(labels, value))


class _ColumnLabels(Sequence[str]):
    """Names the columns of a frame if it comes to an error: a frame may have thousands."""

    def __init__(self, before: list[str], frame: Any) -> None:
        self._before = before
        self._frame = frame

    def __len__(self) -> int:
        return len(self._before) + len(self._frame.columns)

    def __getitem__(self, index: Any) -> Any:
        number = index - len(self._before)
        if number < 0:
            return self._before[index]
        name = self._frame.columns[number]
        return f"[{name!r}]" if type(name) in (str, int) else f".iloc[:, {number}]"


def _series(value: Any, walk: Asked) -> Node:
    children = [value.index, Passing(value.name), _array(value._values), *_common(value)]
    return Node(head("series of pandas") + walk.class_of(type(value)), children, (".index", ".name", *[""] * 3))


def _common(value: Any) -> list[object]:
    """What a frame and a series hold besides data: attributes that the user gave, and those of a subclass."""
    more = {name: item for name, item in value.__dict__.items() if name not in _BOOKKEEPING}
    facts = [dict(value.attrs), value.flags.allows_duplicate_labels]
    return [Passing(facts), attributes(more)]


def _range_index(value: Any, walk: Asked) -> Node:
    facts = (value.start, value.stop, value.step)
    return Node(head("range index", *facts) + walk.class_of(type(value)), (Passing(list(value.names)),), (".names",))


def _index(value: Any, walk: Asked) -> Node:
    children = (Passing(list(value.names)), _array(value._data), getattr(value, "_freq", None))
    return Node(head("index of pandas") + walk.class_of(type(value)), children, (".names", "", ".freq"))


def _multi_index(value: Any, walk: Asked) -> Node:
    children = [Passing(list(value.names)), *value.levels, *(plain(code) for code in value.codes)]
    start = head("multi-index", len(value.levels)) + walk.class_of(type(value))
    return Node(start, children, (".names", *[".levels"] * len(value.levels), *[".codes"] * len(value.codes)))


def _array(array: Any) -> Passing:
    """Prepare the values of one column or index."""
    np: Any = sys.modules["numpy"]
    if type(array) is np.ndarray:
        return plain(array)
    return Passing(array)


def _extension(value: Any, walk: Asked) -> bytes | Node:
    """Take one of pandas' own kinds of array apart: dtype and content."""
    arrays: Any = sys.modules["pandas"].arrays
    kind = type(value)
    content: list[Any]
    if hasattr(value, "_pa_array"):
        from .arrow import content_of

        content = [part(value._pa_array, content_of)]
    elif isinstance(value, sys.modules["pandas"].Categorical):
        content = [plain(value.codes)]
    elif hasattr(value, "_mask") and hasattr(value, "_data"):
        content = [plain(_without_hidden(value._data, value._mask)), plain(value._mask)]
    elif isinstance(value, arrays.IntervalArray):
        content = [_array(_inner(value.left)), _array(_inner(value.right))]
    elif isinstance(value, arrays.SparseArray):
        content = [plain(value.sp_values), plain(value.sp_index.indices), len(value)]
    elif hasattr(value, "_ndarray"):
        content = [plain(value._ndarray), getattr(value, "_freq", None)]
    else:
        return instances(kind)(value, walk)
    return Node(head("array of pandas") + walk.class_of(kind), (value.dtype, *content), (".dtype", "", "", ""))


def _inner(index: Any) -> Any:
    return index._data if hasattr(index, "_data") else index


def _without_hidden(data: Any, mask: Any) -> Any:
    if not mask.any():
        return data
    data = data.copy()
    data[mask] = data.dtype.type(0)
    return data


def _dtype(value: Any, walk: Asked) -> Node:
    """Take a dtype apart: most are described by their name, some hold values."""
    pd: Any = sys.modules["pandas"]
    facts: list[Any] = []
    if isinstance(value, pd.CategoricalDtype):
        facts = [value.categories, value.ordered]
        name = "category"
    else:
        name = str(value)
        if isinstance(value, pd.DatetimeTZDtype):
            facts = [value.tz]
        elif isinstance(value, pd.StringDtype):
            facts = [value.storage, value.na_value]
        elif isinstance(value, pd.ArrowDtype):
            facts = [value.pyarrow_dtype]
        elif isinstance(value, pd.SparseDtype):
            facts = [value.subtype, value.fill_value]
        elif type(value).__module__.partition(".")[0] != "pandas":
            facts = [attributes(dict(getattr(value, "__dict__", {})))]
    return Node(head("dtype of pandas", name) + walk.class_of(type(value)), facts, (".categories", ".ordered"))
