"""Which attributes a class computes when they are first read, and then keeps in the instance."""

from __future__ import annotations

from .._light import FunctionType
from .origin import origin_of_module
from .standard import standard_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ORDINARY = {  # descriptors that keep nothing in the instance
    "function", "property", "staticmethod", "classmethod", "builtin_function_or_method", "method_descriptor",
    "wrapper_descriptor", "classmethod_descriptor", "getset_descriptor", "member_descriptor", "type",
}  # fmt: skip


def lazy_names(kind: type) -> frozenset[str]:
    """Return the names that a class gives to descriptors whose place an attribute of the instance can take.

    Such are `functools.cached_property` and the many like it; a property of a class derived from `property` may keep
    its value in the instance, too.
    """
    return frozenset(name for owner, name, item in _descriptors(kind) if not _is_derived(owner, item))


def derived_names(kind: type) -> frozenset[str]:
    """Return the cached properties of installed classes: libraries see to it themselves that they agree."""
    return frozenset(name for owner, name, item in _descriptors(kind) if _is_derived(owner, item))


def is_users(cls: type) -> bool:
    """Tell whether a class is the user's own."""
    module = cls.__module__
    return type(module) is not str or origin_of_module(module).kind == "user"


def _descriptors(kind: type) -> Iterator[tuple[type, str, object]]:
    met: set[str] = set()
    for owner in kind.__mro__:
        for name, item in owner.__dict__.items():
            if name not in met and type(item) is not FunctionType and _is_lazy(type(item)):
                yield owner, name, item
        met |= owner.__dict__.keys()


def _is_lazy(kind: type) -> bool:
    if kind.__module__ == "builtins" and kind.__name__ in _ORDINARY:
        return False
    ancestry = kind.__mro__
    if not any("__get__" in base.__dict__ for base in ancestry):
        return False
    return property in ancestry or not any("__set__" in base.__dict__ for base in ancestry)


def _is_derived(owner: type, item: object) -> bool:
    return standard_name(type(item)) == "functools.cached_property" and not is_users(owner)
