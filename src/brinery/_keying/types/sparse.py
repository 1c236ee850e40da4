"""How scipy's values are taken apart: sparse arrays by what their format stores, not by flags worked out since."""

from __future__ import annotations

from ..values.node import Asked, Expander, Node, attributes
from ..values.objects import attributes_beyond
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COMPRESSED = ("csr", "csc", "bsr")
_OWN = frozenset({
    "_shape", "maxprint", "indptr", "indices", "data", "coords", "row", "col", "offsets", "rows", "_dict", "dtype",
    "_has_sorted_indices", "_has_canonical_format", "has_sorted_indices", "has_canonical_format",
})  # fmt: skip


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of scipy's classes apart if they are sparse."""
    if base.__module__.startswith("scipy.sparse") and base.__name__ in ("_spbase", "spmatrix", "sparray"):
        return _sparse
    return None


def _sparse(value: Any, walk: Asked) -> Node:
    form = value.format
    state: dict[str, object]
    if form in _COMPRESSED:
        count = int(value.indptr[-1])
        state = {"indptr": value.indptr, "indices": value.indices[:count], "data": value.data[:count]}
    elif form == "coo":
        state = {"coords": tuple(value.coords), "data": value.data}
    elif form == "dia":
        state = {"offsets": value.offsets, "data": value.data}
    elif form == "lil":
        state = {"rows": value.rows, "data": value.data}
    else:
        state = {"dtype": value.dtype, "items": dict(value.items())}
    shape = tuple(map(int, value.shape))
    start = head("sparse array", form, shape) + walk.class_of(type(value))
    more = attributes_beyond(value, _maker_of(type(value)), _OWN)
    children = (attributes(state), attributes(more)) if more else (attributes(state),)
    return Node(start, children, ("",) * len(children))


def _maker_of(kind: type) -> type:
    return next(base for base in kind.__mro__ if base.__module__.startswith("scipy.sparse"))
