"""What users do to installed classes: they add methods, and replace them, for a while or for good."""

from __future__ import annotations

import sys
from gc import get_referents
from types import FunctionType

from .live import is_class
from .standard import is_changeable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def namespaces(cls: type) -> Iterator[dict[str, Any]]:
    """Yield the attributes of a class and its bases, of those that can be changed."""
    for owner in cls.__mro__:
        if is_changeable(owner):
            yield get_referents(owner.__dict__)[0]  # the dict behind the proxy


def added_members(cls: type, is_foreign: Callable[[object], bool]) -> Iterator[tuple[dict[str, Any], str, object]]:
    """Yield what was put into a class or its bases by others than their makers: namespace, name and value."""
    for owner in cls.__mro__:
        if not is_changeable(owner):
            continue
        maker = str(owner.__module__).partition(".")[0]
        own: dict[str, Any] = get_referents(owner.__dict__)[0]  # the dict behind the proxy
        for name, value in owner.__dict__.items():
            inner = _wrapped(value)
            # Of a function its code tells where it is from: `functools.wraps` gives it another's module.
            made = inner if is_class(inner) else type(inner)
            if type(inner) is not FunctionType and str(made.__module__).partition(".")[0] == maker:
                continue
            if is_foreign(inner) and not _is_generated(inner):
                yield own, name, value


def _wrapped(value: object) -> object:
    """Return the function of a descriptor; nothing else is asked for attributes, as a mock would make them up."""
    if isinstance(value, (staticmethod, classmethod)):
        return value.__func__
    return value.fget if isinstance(value, property) else value


def _is_generated(value: object) -> bool:
    """Whether a function was made from text by a library, as `collections.namedtuple` does: it belongs to no module."""
    return isinstance(value, FunctionType) and str(value.__globals__.get("__name__")) not in sys.modules
