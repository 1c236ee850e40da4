"""How persistent maps and sets of libraries are taken apart: by what they hold, in no order.

They keep their items by hash, so that both their state and their order differ from process to process.
"""

from __future__ import annotations

from ..values.node import Asked, Expander, Node, Passing
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAPS, _SETS = ("PMap", "Map"), ("PSet", "PBag")


def find(base: type) -> Expander | None:
    """Return what takes the instances of a class apart, if it is a map or a set that goes by hashes."""
    if base.__name__ in _MAPS:
        return _map
    return _set if base.__name__ in _SETS else None


def _map(value: Any, walk: Asked) -> Node:
    items = [Passing(item, 0) for item in value.items()]
    return Node(head("hashed map", len(items)) + walk.class_of(type(value)), items, unordered=True)


def _set(value: Any, walk: Asked) -> Node:
    items = [Passing([item], 0) for item in value]
    return Node(head("hashed set", len(items)) + walk.class_of(type(value)), items, unordered=True)
