"""What stands for the values of a type, by the word of whoever called `digest.register_digest`."""

from __future__ import annotations

from ..errors import OptionError
from .plain import CONTAINER_IDS, SCALAR_IDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _weakref import ref
    from collections.abc import Callable
    from typing import Any

    from .node import Expander

registered: dict[int, tuple[type, Callable[[Any], object]]] = {}
found: dict[int, tuple[ref[type], int, Expander]] = {}  # what `kinds` has found for types since the last word


def register(kind: type, function: Callable[[Any], object]) -> None:
    """Remember what stands for the values of a type; see `digest.register_digest`."""
    if not isinstance(kind, type):
        raise OptionError(f"register_digest() takes a type and a function, and {kind!r} is not a type")
    if not callable(function):
        raise OptionError(f"register_digest() takes a type and a function, and {function!r} cannot be called")
    if id(kind) in SCALAR_IDS or id(kind) in CONTAINER_IDS or kind is object:
        raise OptionError(f"register_digest() cannot replace how {kind.__name__} is digested: take a class of your own")
    registered[id(kind)] = kind, function
    found.clear()
