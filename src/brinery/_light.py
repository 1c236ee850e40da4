"""What every program with a hit needs of `typing`, `functools`, `types` and their like, without importing them.

The first alone takes longer than the rest of brinery, the others half of that. For type checkers these are the names
of those modules. Annotations are never looked at when the program runs; what only they need is imported under
``if TYPE_CHECKING``.
"""

from __future__ import annotations

import sys

__all__ = [
    "Any",
    "BuiltinFunctionType",
    "CellType",
    "CodeType",
    "FunctionType",
    "Generic",
    "GetSetDescriptorType",
    "MemberDescriptorType",
    "MethodType",
    "ModuleType",
    "NamedTuple",
    "P",
    "Protocol",
    "R",
    "deque",
    "overload",
    "partial",
    "suppress",
    "update_wrapper",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from contextlib import suppress
    from functools import partial, update_wrapper
    from types import (
        BuiltinFunctionType,
        CellType,
        CodeType,
        FunctionType,
        GetSetDescriptorType,
        MemberDescriptorType,
        MethodType,
        ModuleType,
    )
    from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")
else:
    from _collections import _tuplegetter, deque
    from _functools import partial

    # Since Python 3.14 annotations are evaluated when somebody asks for them.
    _ANNOTATIONS = "__annotate__" if sys.version_info >= (3, 14) else "__annotations__"
    _COPIED = ("__module__", "__name__", "__qualname__", "__doc__", _ANNOTATIONS, "__type_params__")

    class _SignatureOfRecord:
        """What `inspect.signature` finds: the fields, with their annotations and defaults."""

        def __get__(self, _, cls):
            from inspect import Parameter, Signature

            annotations, defaults = cls.__annotations__, cls._field_defaults
            return Signature(
                Parameter(
                    field,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=defaults.get(field, Parameter.empty),
                    annotation=annotations.get(field, Parameter.empty),
                )
                for field in cls._fields
            )

    class _Record(tuple):
        """What `collections.namedtuple` gives to every class that it makes."""

        __slots__ = ()
        _fields = ()
        _field_defaults = {}  # noqa: RUF012  as each class has one of its own
        __signature__ = _SignatureOfRecord()

        def __new__(cls, *values, **named):
            # `collections.namedtuple` compiles one for each class, which takes most of the time that a class takes.
            if named or len(values) != len(cls._fields):
                values = _completed(cls, values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **changes):
            made = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f"Got unexpected field names: {list(changes)!r}")
            return made

        __replace__ = _replace

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            pairs = (f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({', '.join(pairs)})"

        def __getnewargs__(self):
            return tuple(self)

    def _completed(cls, values, named):
        """Take the fields that are missing by their names, or as their defaults."""
        if len(values) > len(cls._fields):
            raise TypeError(f"{cls.__name__} takes {len(cls._fields)} values, but {len(values)} were given")
        completed = list(values)
        for field in cls._fields[len(values) :]:
            if field in named:
                completed.append(named.pop(field))
            elif field in cls._field_defaults:
                completed.append(cls._field_defaults[field])
            else:
                raise TypeError(f"{cls.__name__} misses a value for {field!r}")
        if named:
            raise TypeError(f"{cls.__name__} got an unexpected or a second value for {next(iter(named))!r}")
        return completed

    class _NamedTupleMeta(type):
        """Makes of a class statement with annotated fields what `collections.namedtuple` makes of their names."""

        def __new__(cls, name, bases, names):
            if not bases:
                return super().__new__(cls, name, bases, names)
            fields = tuple(names.get("__annotations__", ()))
            names["_field_defaults"] = {field: names[field] for field in fields if field in names}
            names["_fields"] = names["__match_args__"] = fields
            names["__slots__"] = ()
            for index, field in enumerate(fields):
                names[field] = _tuplegetter(index, f"Alias for field number {index}")
            return type(name, (_Record,), names)

    class NamedTuple(metaclass=_NamedTupleMeta):
        """`typing.NamedTuple`, at a tenth of what `collections` takes to make one."""

    class Generic:
        """`typing.Generic`: can be subscripted, and nothing more."""

        __slots__ = ()
        __class_getitem__ = classmethod(type(list[int]))

    class Protocol:
        """`typing.Protocol`, which nobody asks about instances."""

        __slots__ = ()

    class suppress:  # noqa: N801  as it is called there
        """`contextlib.suppress`, whose module takes 2 ms to import with what that imports."""

        __slots__ = ("_kinds",)

        def __init__(self, *kinds):
            self._kinds = kinds

        def __enter__(self):
            pass

        def __exit__(self, kind, error, trace):
            return kind is not None and issubclass(kind, self._kinds)

    def update_wrapper(wrapper, wrapped):
        """`functools.update_wrapper`."""
        for name in _COPIED:
            with suppress(AttributeError):
                setattr(wrapper, name, getattr(wrapped, name))
        wrapper.__dict__.update(getattr(wrapped, "__dict__", ()))
        wrapper.__wrapped__ = wrapped

    def overload(function):
        """`typing.overload`: what follows takes its place."""
        return function

    BuiltinFunctionType, ModuleType = type(len), type(sys)
    FunctionType, CodeType, MethodType = type(overload), type(overload.__code__), type(suppress().__exit__)
    GetSetDescriptorType, MemberDescriptorType = type(FunctionType.__code__), type(FunctionType.__globals__)

    def _closing_over(cell):
        return lambda: cell

    CellType = type(_closing_over(None).__closure__[0])
    Any = P = R = object()
