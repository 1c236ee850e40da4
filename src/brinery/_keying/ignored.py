"""Attributes of instances that the options leave out, named by their class (``.Model.calls``) or by a global.

They travel with what says what code is, as that goes along wherever a value is encoded for a function.
"""

from __future__ import annotations

import sys

from .home import MAIN, home_of_class, home_of_main
from .live import is_class, name_of_class, qualname_of_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


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
