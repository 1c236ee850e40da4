"""What users register: substitutes for the values of a type, types that are handles, attributes to leave out."""

from __future__ import annotations

import sys

from ...errors import OptionError
from ..code.home import MAIN, home_of_class, home_of_main
from ..code.live import is_class, name_of_class, qualname_of_class
from .plain import CONTAINER_IDS, SCALAR_IDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _weakref import ref
    from collections.abc import Callable, Iterable
    from typing import Any

    from .node import Expander


registered: dict[int, tuple[type, Callable[[Any], object]]] = {}
_handles: dict[int, type] = {}
found: dict[int, tuple[ref[type], int, Expander]] = {}  # what `kinds` has found for types since the last word


def register(kind: type, function: Callable[[Any], object]) -> None:
    """Remember the function that gives a substitute for the values of a type; see `digest.register_digest`."""
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


class Ignoring:
    """Says what code is, as the function that it is made from does, and what to leave out of instances of a class."""

    __slots__ = ("_code", "_names")

    def __init__(self, code: Callable[[object], bytes], names: list[tuple[str, str, str]]) -> None:
        self._code = code
        self._names = names

    def __call__(self, thing: object) -> bytes:
        return self._code(thing)

    def for_one_value(self) -> Ignoring:
        """Return the same for a single value, see `CodeOf`."""
        once = getattr(self._code, "for_one_value", None)
        return self if once is None else Ignoring(once(), self._names)

    def ignored(self, kind: type) -> frozenset[str]:
        """Return the names of the attributes that are left out of a class's instances."""
        return frozenset(
            attribute
            for name, place, attribute in self._names
            for cls in kind.__mro__
            if name_of_class(cls) == name and place in names_of_class(cls)
        )


def ignoring(code: Callable[[object], bytes], ignore: Iterable[str]) -> Callable[[object], bytes]:
    """Add the attributes among dotted names to what says what code is; that itself where there can be none."""
    names = []
    for dotted in ignore:
        place, _, attribute = dotted.rpartition(".")
        value = value_of(place)
        if value is not None and not is_class(value):
            place = names_of_class(type(value))[0]
        if "." in place:
            names.append((place.rpartition(".")[2], place, attribute))
    return Ignoring(code, names) if names else code


def names_of_class(cls: type) -> tuple[str, str]:
    """Return what a class is called in options: by the name of its module, and wherever its code runs from."""
    name = qualname_of_class(cls).replace("<locals>.", "")
    return f"{cls.__module__}.{name}", f"{home_of_class(cls)}.{name}"


def value_of(name: str) -> object:
    """Return what a global of a loaded module is just now, by its dotted name; None where there is none."""
    module, _, variable = name.rpartition(".")
    found = sys.modules.get(module) or (sys.modules.get(MAIN) if module == home_of_main() else None)
    return getattr(found, "__dict__", {}).get(variable)
