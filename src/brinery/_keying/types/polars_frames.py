"""How polars' values are taken apart: by names, dtypes and logical content; a lazy frame by its serialized plan.

What has nulls or no fixed width is brought to columns of numbers and to text first: what polars serializes itself has
bits in it that mean nothing, and flags that only say what was worked out so far.
"""

from __future__ import annotations

import sys
from array import array

from xxhash import xxh3_128_digest

from ..values.node import Asked, Expander, Node, Passing, Refused, attributes, leaf, part
from ..values.objects import attributes_beyond
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OWN = frozenset({"_df", "_s", "_ldf", "_accessors"})
_CODES = {
    "Int8": "b", "Int16": "h", "Int32": "i", "Int64": "q", "UInt8": "B", "UInt16": "H", "UInt32": "I", "UInt64": "Q",
    "Float32": "f", "Float64": "d",
}  # fmt: skip


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of polars' classes apart, or None where their state says it all."""
    pl: Any = sys.modules["polars"]
    if not hasattr(pl, "LazyFrame"):
        return None
    for parent, expander in (
        (pl.DataFrame, _frame),
        (pl.Series, _series),
        (pl.LazyFrame, _plan),
        (pl.Expr, _expression),
        (pl.DataType, _dtype),
    ):
        if issubclass(base, parent):
            return expander
    return None


def _frame(value: Any, walk: Asked) -> Node:
    columns = value.get_columns()
    start = head("frame of polars", value.height, *(column.name for column in columns)) + walk.class_of(type(value))
    children = [part(column, _content) for column in columns]
    return Node(start, children + _more(value), [*(f"[{column.name!r}]" for column in columns), ""])


def _series(value: Any, walk: Asked) -> Node:
    start = head("series of polars", value.name) + walk.class_of(type(value))
    return Node(start, [part(value, _content), *_more(value)], ("", ""))


def _more(value: Any) -> list[object]:
    """What a frame or series holds that was set by others."""
    pl: Any = sys.modules["polars"]
    base = next(kind for kind in (pl.DataFrame, pl.Series, pl.LazyFrame) if isinstance(value, kind))
    more = attributes_beyond(value, base, _OWN)
    return [attributes(more)] if more else []


def _plan(value: Any, walk: Asked) -> Node:
    try:
        start = head("plan of polars", walk.class_of(type(value)), value.serialize())
        return Node(start, _more(value), ("",))
    except Exception as error:
        raise Refused(f"is a lazy frame whose plan cannot be serialized ({error})") from error


def _expression(value: Any, _walk: Asked) -> bytes:
    try:
        return leaf("expression of polars", value.meta.serialize())
    except Exception as error:
        raise Refused(f"is an expression that cannot be serialized ({error})") from error


def _dtype(value: Any, _walk: Asked) -> Node:
    return Node(head("dtype of polars"), (Passing(_dtype_facts(value)),), ("",))


def _dtype_facts(dtype: Any) -> list[object]:
    categories: Any = getattr(dtype, "categories", None)
    inner = getattr(dtype, "inner", None)
    fields = getattr(dtype, "fields", None)
    return [
        str(type(dtype)) if not isinstance(dtype, type) else str(dtype),
        str(dtype) if categories is None else "",
        categories.to_list() if categories is not None and hasattr(categories, "to_list") else None,
        _dtype_facts(inner) if inner is not None else None,
        [(field.name, _dtype_facts(field.dtype)) for field in fields] if isinstance(fields, list) else None,
    ]


def _content(value: Any, _walk: Asked) -> Node:
    """Take a column apart into dtype, length, where nulls are, and the rest."""
    pl: Any = sys.modules["polars"]
    dtype = value.dtype
    nulls = value.null_count()
    children: list[object] = [Passing(_dtype_facts(dtype))]
    if dtype == pl.Object:
        children.append(Passing(value.to_list(), 0))
        return Node(head("content of polars", len(value), nulls), children, ("", ""))
    if nulls:
        children.append(_numbers(value.is_null()))
        value = value.drop_nulls()
    if len(value):
        children += _without_nulls(pl, value, dtype)
    return Node(head("content of polars", len(value), nulls, len(children)), children, ("",) * len(children))


def _without_nulls(pl: Any, value: Any, dtype: Any) -> list[object]:
    if dtype in (pl.Categorical, pl.Enum):
        return [_texts(value.cast(pl.String))]
    if dtype == pl.String:
        return [_texts(value)]
    if dtype == pl.Binary:
        return [_numbers(value.bin.size()), _texts(value.bin.encode("hex"))]
    if dtype == pl.List:
        lengths = value.list.len()
        return [_numbers(lengths), part(value.filter(lengths > 0).explode(), _content)]
    if dtype == pl.Array:
        return [part(value.explode(), _content)]
    if dtype == pl.Struct:
        return [part(value.struct.field(field.name), _content) for field in dtype.fields]
    physical = value.to_physical()
    if str(physical.dtype) not in _CODES and dtype != pl.Boolean:
        return [_texts(value.cast(pl.String))]  # 128 bits, decimals
    return [_numbers(physical)]


def _texts(value: Any) -> bytes:
    joined = value.str.join("")[0].encode("utf-8")
    return xxh3_128_digest(_numbers(value.str.len_bytes()) + xxh3_128_digest(joined))


def _numbers(value: Any) -> bytes:
    pl: Any = sys.modules["polars"]
    if value.dtype == pl.Boolean:
        value = value.cast(pl.UInt8)
    np: Any = sys.modules.get("numpy")
    if np is None:
        return xxh3_128_digest(array(_CODES[str(value.dtype)], value.to_list()))
    return xxh3_128_digest(np.ascontiguousarray(value.rechunk().to_numpy()))
