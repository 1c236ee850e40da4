"""What the pickling of an object may leave out, or use up, by what it looks like before it is pickled.

Where the code of a library decides what is pickled, an instance may have attributes that its reduced form does not
name: a frame of pandas, for one, forgets each attribute that was set on it, and a `datetime` those of its subclass.
"""

from __future__ import annotations

import io
import sys
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    Reducer: TypeAlias = Callable[[Any], Any]

MISSING: Any = object()
REASON = "its class leaves it out when it is pickled"
_DEEPEST = 3  # how far down a reduced form may hold the dict of attributes: pydantic's has it in the state's own
OF_A_MAP = frozenset({"_mmap", "filename", "mode", "offset"})
_PLAIN = (type(None), bool, int, float, complex, str, bytes)


class UsedUp(Exception):
    """An object whose own pickling would read what can be read only once: the object, and its attribute."""


def state(value: object) -> dict[str, Any]:
    """Return an object's attributes and slots, without a question to the object."""
    found: dict[str, Any] = {}
    for base in type(value).__mro__:
        for name, member in vars(base).items():
            if type(member) is MemberDescriptorType and not name.startswith("__"):
                try:
                    found.setdefault(name, member.__get__(value))
                except AttributeError:
                    continue  # an empty slot
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return found
    if isinstance(attributes, dict):
        found.update(attributes)
    return found


def names_in(kind: type) -> Iterator[str]:
    """Yield the names that a class defines, and those that its methods speak of."""
    yield from vars(kind)
    for function in _functions_of(kind):
        yield from function.__code__.co_names
        for constant in function.__code__.co_consts:
            yield from (constant,) if type(constant) is str else ()
            yield from (one for one in constant if type(one) is str) if type(constant) is tuple else ()


def _functions_of(kind: type) -> Iterator[FunctionType]:
    for value in vars(kind).values():
        inner: Any = value
        for attribute in ("__func__", "fget", "func", "__wrapped__"):  # of class methods, properties, cached ones
            if type(inner) is not FunctionType and type(inner).__module__ in ("builtins", "functools"):
                inner = getattr(inner, attribute, inner)
        if type(inner) is FunctionType:
            yield inner


def is_had_otherwise(kind: type, name: str, value: object) -> bool:
    """Whether a class has an attribute where an instance has not: it computes it again, or the value is the same."""
    for base in kind.__mro__:
        found = vars(base).get(name, MISSING)
        if found is MISSING or isinstance(found, (MemberDescriptorType, GetSetDescriptorType)):
            continue
        if found is value:
            return True
        if type(found) in _PLAIN:
            return type(found) is type(value) and repr(found) == repr(value)
        return hasattr(type(found), "__get__") and not isinstance(found, FunctionType)
    return False


def looking(
    kind: type, reducer: Reducer | None, is_of_library: Callable[[str], bool], suspect: Callable[[type], None]
) -> Reducer | None:
    """Return a reducer that tells of a class whose reduced form may leave out an attribute of an instance."""
    if not _may_leave_out(kind, is_of_library):
        return reducer
    known: dict[str, bool] = {}

    def reduce(value: Any) -> Any:
        held = state(value)  # first: to look for attributes may make room for them, and that shows in a reduced form
        reduced = NotImplemented if reducer is None else reducer(value)
        if reduced is NotImplemented:
            reduced = value.__reduce_ex__(5)
        if not isinstance(reduced, str):
            for name in held.keys() - set(_named(reduced[1:], held, 0)):
                if name not in known:
                    known[name] = is_known_to(kind, name, is_of_library)
                if not known[name] and not is_had_otherwise(kind, name, held[name]):
                    suspect(kind)
                    break
        return reduced

    return reduce


def unless_used_up(reducer: Reducer | None) -> Reducer:
    """Return a reducer for a class that pickles in a way of its own: nothing is asked of what that would use up."""

    def reduce(value: Any) -> Any:
        for name, held in state(value).items():
            if is_used_up(held) and not _is_closed(held):
                raise UsedUp(value, name)
        return NotImplemented if reducer is None else reducer(value)

    return reduce


def is_used_up(value: object) -> bool:
    """Whether reading a value uses it up, so that a copy of it promises what it cannot keep."""
    kind = type(value)
    if kind in (io.BytesIO, io.StringIO):  # files in name only: a copy has all of it, and the position
        return False
    return issubclass(kind, io.IOBase) or hasattr(kind, "__next__") or hasattr(kind, "__anext__")


def _is_closed(value: Any) -> bool:
    return isinstance(value, io.IOBase) and value.closed


def _may_leave_out(kind: type, is_of_library: Callable[[str], bool]) -> bool:
    """Whether instances have attributes of their own, and something else than `object` says how they are pickled."""
    if issubclass(kind, (type, BaseException)) or isinstance(kind, getattr(sys.modules.get("enum"), "EnumType", ())):
        return False
    has_slots = any(
        type(member) is MemberDescriptorType
        for base in kind.__mro__
        if not is_of_library(str(base.__module__))
        for member in vars(base).values()
    )
    if not kind.__dictoffset__ and not has_slots:
        return False
    return any(
        getattr(kind, name, None) is not getattr(object, name, None)
        for name in ("__reduce_ex__", "__reduce__", "__getstate__")
    )


def is_known_to(kind: type, name: str, is_of_library: Callable[[str], bool]) -> bool:
    """Whether the classes of libraries among the bases of a class keep an attribute for themselves."""
    # Where properties in C keep what they found, as those of pandas do, and attrs a hash; with slots the fields of a
    # dataclass are pickled by their order.
    if name in ("_cache", "_mmap", "_attrs_cached_hash") or name in getattr(kind, "__dataclass_fields__", ()):
        return True
    for base in kind.__mro__:
        if is_of_library(str(base.__module__)):
            if name.startswith("_") and any(one == name for one in names_in(base)):
                return True
            if any(_is_set_on_self(function.__code__, name) for function in _functions_of(base)):
                return True
            if base.__module__ == "numpy" and base.__name__ == "memmap" and name in OF_A_MAP:
                return True  # the numbers come back, and the file stays behind
    return False


def _is_set_on_self(code: CodeType, name: str) -> bool:
    """Whether a method sets an attribute on its first argument."""
    if name not in code.co_names or not code.co_argcount:
        return False
    import dis  # only for what may be lost

    before: Any = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_ATTR" and instruction.argval == name and before.opname.startswith("LOAD_FAST"):
            loaded = before.argval if isinstance(before.argval, tuple) else (before.argval,)
            if loaded[-1] == code.co_varnames[0]:
                return True
        before = instruction
    return False


def _named(part: object, held: dict[str, Any], depth: int) -> Iterator[str]:
    """Yield the attributes that a reduced form names: the keys of its dicts, and what it has the very values of."""
    if isinstance(part, dict):
        for name, value in part.items():
            if isinstance(name, str):
                yield name
            if isinstance(value, dict) and depth < _DEEPEST:
                yield from _named(value, held, depth + 1)
    elif isinstance(part, (tuple, list)) and depth < _DEEPEST:
        for one in part:
            yield from (name for name, value in held.items() if value is one and type(one) not in _PLAIN)
            yield from _named(one, held, depth + 1)
