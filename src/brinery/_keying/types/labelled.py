"""How xarray's values are taken apart: by names, dimensions, values and attributes.

What a file was read from is not part of the value; how it was encoded there is, as it shows when it is written again.
"""

from __future__ import annotations

import sys

from ..values.node import Asked, Expander, Node, Passing, attributes
from ..values.objects import attributes_beyond
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OF_THE_FILE = ("source", "original_shape", "preferred_chunks")


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of xarray's classes apart, or None where their state says it all."""
    xr: Any = sys.modules["xarray"]
    if not hasattr(xr, "Dataset"):
        return None
    for parent, expander in ((xr.Dataset, _dataset), (xr.DataArray, _data_array), (xr.Variable, _variable)):
        if issubclass(base, parent):
            return expander
    return None


def _dataset(value: Any, walk: Asked) -> Node:
    variables = dict(value.variables)
    facts: list[object] = [sorted(map(str, value.coords)), dict(value.attrs), _encoding(value)]
    return _labelled(value, walk, "dataset", variables, facts)


def _data_array(value: Any, walk: Asked) -> Node:
    variables = {name: coordinate.variable for name, coordinate in value.coords.items()}
    node = _labelled(value, walk, "data array", variables, [value.name])
    children = [*node.children, value.variable]
    return Node(node.head, children, [*[""] * (len(children) - 1), ".variable"])


def _labelled(value: Any, walk: Asked, kind: str, variables: dict[Any, Any], facts: list[object]) -> Node:
    indexes = [(str(name), type(index).__qualname__) for name, index in value.xindexes.items()]
    start = head(kind, len(variables), indexes) + walk.class_of(type(value))
    labels = ["", "", *(f"[{name!r}]" if type(name) is str else "" for name in variables), ""]
    xr: Any = sys.modules["xarray"]
    more = attributes_beyond(value, xr.Dataset if isinstance(value, xr.Dataset) else xr.DataArray)
    added = [attributes(more)] if more else []
    return Node(start, [Passing(list(variables)), Passing(facts), *variables.values(), *added], labels)


def _variable(value: Any, walk: Asked) -> Node:
    np: Any = sys.modules["numpy"]
    data = value.data
    if type(data).__module__.partition(".")[0] in ("pandas", "xarray"):
        data = np.asarray(value.values)
    children = (Passing(tuple(value.dims)), data, Passing(dict(value.attrs)), Passing(_encoding(value)))
    return Node(head("variable") + walk.class_of(type(value)), children, (".dims", "", ".attrs", ".encoding"))


def _encoding(value: Any) -> dict[Any, Any]:
    return {name: item for name, item in value.encoding.items() if name not in _OF_THE_FILE}
