"""What classes need of `typing` when they are made, without importing it: that takes longer than the rest of brinery.

For type checkers these are the names of `typing`. Annotations are never looked at when the program runs; what only they
need is imported under ``if TYPE_CHECKING``.
"""

from __future__ import annotations

__all__ = ["Any", "Generic", "NamedTuple", "P", "Protocol", "R", "overload", "suppress"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import suppress
    from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")
else:
    from collections import namedtuple
    from types import GenericAlias

    _GIVEN = frozenset({"__module__", "__qualname__", "__annotations__", "__firstlineno__", "__static_attributes__"})

    class _NamedTupleMeta(type):
        """Makes of a class statement with annotated fields what `collections.namedtuple` makes of their names."""

        def __new__(cls, name, bases, names):
            if not bases:
                return super().__new__(cls, name, bases, names)
            fields = names.get("__annotations__", ())
            defaults = [names[field] for field in fields if field in names]
            made = namedtuple(name, fields, defaults=defaults, module=names["__module__"])
            made.__qualname__ = names["__qualname__"]
            made.__annotations__ = dict(fields)
            for key, value in names.items():
                if key not in fields and key not in _GIVEN:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_NamedTupleMeta):
        """`typing.NamedTuple`."""

    class Generic:
        """`typing.Generic`: can be subscripted, and nothing more."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)

    class Protocol:
        """`typing.Protocol`, which nobody asks about instances."""

        __slots__ = ()

    class suppress:
        """`contextlib.suppress`, whose module takes 2 ms to import with what that imports."""

        __slots__ = ("_kinds",)

        def __init__(self, *kinds):
            self._kinds = kinds

        def __enter__(self):
            pass

        def __exit__(self, kind, error, trace):
            return kind is not None and issubclass(kind, self._kinds)

    def overload(function):
        """`typing.overload`: what follows takes its place."""
        return function

    Any = P = R = object()
