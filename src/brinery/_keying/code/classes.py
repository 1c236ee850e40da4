"""What of a class counts: the attributes that shape how it and its instances behave."""

from __future__ import annotations

import abc
import sys

from ..._light import FunctionType, GetSetDescriptorType, MemberDescriptorType, NamedTuple
from ..source.annotations import ANNOTATE, changed, maker_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# Set by the interpreter or by libraries for their own bookkeeping: places, caches, and what follows from other parts.
BOOKKEEPING = {
    "__dict__", "__weakref__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__",
    "__abstractmethods__", "_abc_impl", "__doc__", "__annotations__", "__annotate__", "__annotate_func__",
    "__annotations_cache__", "__parameters__", "__classcell__", "__classdictcell__", "__slotnames__",
    "__pydantic_parent_namespace__", "__signature__",
}  # fmt: skip
_BUILT_BY_PYDANTIC = "__pydantic_"
_dump: Callable[[type], tuple[set[Any], Any, Any, int]] = vars(abc)["_get_dump"]  # what `ABC._dump_registry` prints
# What an enumeration's metaclass keeps of its members, which count by themselves, and of its bases.
_TABLES_OF_ENUM = {
    "_all_bits_", "_flag_mask_", "_hashable_values_", "_inverted_", "_member_map_", "_member_names_", "_member_type_",
    "_new_member_", "_singles_mask_", "_sort_order_", "_unhashable_values_", "_unhashable_values_map_", "_use_args_",
    "_value2member_map_", "_value_repr_",
}  # fmt: skip
OF_A_MEMBER = {"_name_", "__objclass__", "_sort_order_", "_inverted_"}  # what follows from its class
MEMBERS = "__members__"  # of an enumeration: their attributes, by name
_FIELD_MARKS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")
_MARK_OF_NAMED_TUPLES = "_fields"  # their annotations are read by what builds them of data, such as pydantic and cattrs


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
    members: dict[str, Any] = dict(getattr(cls, "__members__", {})) if _is_enum(cls) else {}
    fields = has_fields(cls)
    if documented or type(cls) is not type or fields or _has_init_subclass(cls):
        maker = maker_of(cls)
        if maker is not None:
            yield Member(ANNOTATE, maker)
        yield Member("__annotations__", annotations_of(cls), settled=True)
        yield Member("__doc__", own.get("__doc__"), settled=True)
    for name in sorted(own):
        if name in BOOKKEEPING or (name.startswith(_BUILT_BY_PYDANTIC) and name not in _OF_PYDANTIC):
            continue
        value = own[name]
        if name == "__pydantic_decorators__":
            yield Member(name, _told_by_decorators(value), settled=True)
            continue
        if name == "__init__" and (value is _placeholder() or value is _inherited_init(cls)):
            continue  # a protocol's class gets the one that it inherits when it is first called
        if isinstance(value, (GetSetDescriptorType, MemberDescriptorType)) or _is_salted(value):
            yield Member(name, type(value).__name__, settled=True)
        elif name not in members and not (_is_enum(cls) and name in _TABLES_OF_ENUM) and not _is_hook_of_typing(value):
            yield Member(name, value, settled=name in _FIELD_MARKS)
    for name, value in _kept_by_metaclass(cls):
        yield Member(f"{name} of its metaclass", value, settled=True)
    if _is_enum(cls):
        yield Member(MEMBERS, {name: vars(member) for name, member in members.items()})
    elif fields:
        yield Member("__order__", tuple(annotations_of(cls)), settled=True)


def annotations_of(cls: type) -> dict[str, Any]:
    """Return the annotations that stand in a class itself, as they are; not those that its code gives when asked."""
    return dict(changed(cls) or {})


def has_fields(cls: type) -> bool:
    """Whether the annotations of a class are its fields."""
    own = cls.__dict__
    return any(mark in own for mark in _FIELD_MARKS) or (_MARK_OF_NAMED_TUPLES in own and issubclass(cls, tuple))


def _told_by_decorators(value: Any) -> dict[str, dict[str, object]]:
    """Return what pydantic's decorators were told, such as fields and mode; the functions are members of the class."""
    kinds = {kind: getattr(value, kind, None) or {} for kind in type(value).__dataclass_fields__}
    return {kind: {name: one.info for name, one in found.items()} for kind, found in kinds.items()}


def _kept_by_metaclass(cls: type) -> Iterator[tuple[str, object]]:
    """Yield what a metaclass written in C keeps of a class, such as msgspec's of the defaults, names and options."""
    metaclass: Any = type(cls)
    for maker in metaclass.__mro__:
        if maker is type:
            return
        for name, item in maker.__dict__.items():
            if type(item) in _DESCRIPTORS and name not in BOOKKEEPING:
                try:
                    value = item.__get__(cls)
                except AttributeError:
                    continue
                yield name, _told_by_descriptors(value) if name == "__struct_config__" else value


def _told_by_descriptors(value: object) -> dict[str, object]:
    """Return the attributes of an object of C, such as the options of a class of msgspec's."""
    own = type(value).__dict__
    return {name: own[name].__get__(value) for name in sorted(own) if type(own[name]) in _DESCRIPTORS}


_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)
_OF_PYDANTIC = {"__pydantic_fields__", "__pydantic_decorators__"}


def registered(cls: type) -> frozenset[type]:
    """Return the classes that are registered with an abstract base class as its virtual subclasses."""
    found = (reference() for reference in _dump(cls)[0])
    return frozenset(other for other in found if other is not None)


def _is_salted(value: object) -> bool:
    """Whether a method is the ``__hash__`` that attrs generates: it holds a number that differs with the hash seed."""
    if not isinstance(value, FunctionType):
        return False
    code = value.__code__
    return code.co_name == "__hash__" and code.co_filename.startswith("<attrs generated ")


def _is_enum(cls: type) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(cls, enum.EnumMeta)


def _inherited_init(cls: type) -> object:
    inits = (base.__dict__["__init__"] for base in cls.__mro__[1:] if "__init__" in base.__dict__)
    return next((init for init in inits if init is not _placeholder()), object.__init__)


def _placeholder() -> object:
    return getattr(sys.modules.get("typing"), "_no_init_or_replace_init", None)


def _is_hook_of_typing(value: object) -> bool:
    """Whether a method is the ``__subclasshook__`` that `typing` gives to protocols."""
    function = value.__func__ if isinstance(value, classmethod) else value
    return isinstance(function, FunctionType) and function.__name__ == "_proto_hook"


def _has_init_subclass(cls: type) -> bool:
    return any("__init_subclass__" in base.__dict__ for base in cls.__mro__[1:] if base is not object)
