"""What users say of types: what stands for their values (`register_digest`), and which are handles."""

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
_handles: dict[int, type] = {}
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


def register_handle(kind: type) -> None:
    """Have the instances of a type count by their type alone wherever a function reaches them.

    Use it for clients, connections, models and registries that brinery takes for data, or looks through at length: a
    call then compares their identity only. It holds for subclasses as well. As an argument, an instance is keyed or
    refused as before.

    Args:
        kind: the type; its own code counts, the state of its instances does not.

    Example:
        >>> class Api:
        ...     def __init__(self, url):
        ...         self.url, self.calls = url, 0
        >>> register_handle(Api)
    """
    if not isinstance(kind, type):
        raise OptionError(f"register_handle() takes a type, and {kind!r} is none")
    if id(kind) in SCALAR_IDS or id(kind) in CONTAINER_IDS or kind is object:
        raise OptionError(f"register_handle() cannot leave out the values of {kind.__name__}: take a class of your own")
    _handles[id(kind)] = kind


def is_handle(kind: type) -> bool:
    """Tell whether a type, or one that it inherits from, was registered as a handle."""
    return bool(_handles) and any(id(base) in _handles for base in kind.__mro__)
