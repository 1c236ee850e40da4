"""What of a class counts: the attributes that shape how it and its instances behave."""

from __future__ import annotations

import abc
import sys
from collections.abc import Callable, Iterator
from types import CodeType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, NamedTuple

# Set by the interpreter or by libraries for their own bookkeeping: places, caches, and what follows from other parts.
_BOOKKEEPING = {
    "__dict__", "__weakref__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__",
    "__abstractmethods__", "_abc_impl", "__doc__", "__annotations__", "__annotate__", "__annotate_func__",
    "__annotations_cache__", "__orig_bases__", "__parameters__", "__classcell__", "__slotnames__",
    "__subclasshook__", "__pydantic_parent_namespace__", "__signature__",
}  # fmt: skip
_BUILT_BY_PYDANTIC = "__pydantic_"
_dump: Callable[[type], tuple[set[Any], Any, Any, int]] = vars(abc)["_get_dump"]  # what `ABC._dump_registry` prints
_FIELD_MARKS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")


class Member(NamedTuple):
    """One attribute of a class; ``settled`` if nobody changes it in place once the class is made."""

    name: str
    value: object
    settled: bool = False


def class_members(cls: type, *, documented: bool = False) -> Iterator[Member]:
    """Yield those of a class's own attributes that its behaviour depends on, in a lasting order.

    Annotations and the docstring count where something reads them: where the class has a metaclass of its own, or its
    annotations are its fields, or in any case if ``documented``.
    """
    own = cls.__dict__
    enumeration = _is_enum(cls)
    if documented or type(cls) is not type or any(mark in own for mark in _FIELD_MARKS) or _has_init_subclass(cls):
        yield Member("__annotations__", dict(own.get("__annotations__") or {}), settled=True)
        yield Member("__doc__", own.get("__doc__"), settled=True)
    for name in sorted(own):
        if name in _BOOKKEEPING or (name.startswith(_BUILT_BY_PYDANTIC) and name != "__pydantic_fields__"):
            continue
        value = own[name]
        if isinstance(value, (GetSetDescriptorType, MemberDescriptorType)) or _is_salted(value):
            yield Member(name, type(value).__name__, settled=True)
        elif not enumeration or _is_written_in_enum(value):
            yield Member(name, value, settled=name in _FIELD_MARKS)
    if enumeration:
        members = getattr(cls, "__members__", {})
        yield Member("__members__", {name: member._value_ for name, member in members.items()}, settled=True)
    elif any(mark in own for mark in _FIELD_MARKS):
        yield Member("__order__", tuple(own.get("__annotations__") or ()), settled=True)


def registered(cls: type) -> frozenset[type]:
    """Return the classes that are registered with an abstract base class as its virtual subclasses."""
    found = (reference() for reference in _dump(cls)[0])
    return frozenset(other for other in found if other is not None)


def _is_salted(value: object) -> bool:
    """Whether a method is the ``__hash__`` that attrs generates: it holds a number that differs with the hash seed."""
    code = getattr(value, "__code__", None)
    return (
        isinstance(code, CodeType) and code.co_name == "__hash__" and code.co_filename.startswith("<attrs generated ")
    )


def _is_enum(cls: type) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(cls, enum.EnumMeta)


def _is_written_in_enum(value: object) -> bool:
    """Tell a method or descriptor that the user wrote from the tables that the metaclass keeps."""
    return callable(value) or isinstance(value, (property, classmethod, staticmethod))


def _has_init_subclass(cls: type) -> bool:
    return any("__init_subclass__" in base.__dict__ for base in cls.__mro__[1:] if base is not object)
