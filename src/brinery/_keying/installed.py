"""What users do to installed classes: they add methods, and replace them, for a while or for good."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from gc import get_referents
from types import FunctionType
from typing import Any

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class made by Python code
_IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE


def is_changeable(cls: type) -> bool:
    """Whether anybody can set attributes of a class."""
    return bool(cls.__flags__ & _HEAP_TYPE) and not cls.__flags__ & _IMMUTABLE


def added_members(cls: type, is_foreign: Callable[[object], bool]) -> Iterator[tuple[dict[str, Any], str, object]]:
    """Yield what was put into a class or its bases by others than their makers: namespace, name and value."""
    for owner in cls.__mro__:
        if not is_changeable(owner):
            continue
        maker = owner.__module__.partition(".")[0]
        own: dict[str, Any] = get_referents(owner.__dict__)[0]  # the dict behind the proxy
        for name, value in owner.__dict__.items():
            inner = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
            if str(getattr(inner, "__module__", maker)).partition(".")[0] == maker:
                continue
            if is_foreign(inner) and not _is_generated(inner):
                yield own, name, value


def method_named(cls: type, name: str) -> FunctionType | None:
    """Return a class's method, its own or a base's, if it is a plain function."""
    for owner in cls.__mro__:
        if name in owner.__dict__:
            value = owner.__dict__[name]
            return value if isinstance(value, FunctionType) else None
    return None


def _is_generated(value: object) -> bool:
    """Whether a function was made from text by a library, as `collections.namedtuple` does: it belongs to no module."""
    return isinstance(value, FunctionType) and str(value.__globals__.get("__name__")) not in sys.modules
