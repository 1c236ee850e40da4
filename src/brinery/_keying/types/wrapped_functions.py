"""How functions that libraries wrapped are taken apart: those that numba compiles, and whose calls pydantic validates.

What numba pickles has a number drawn at random in it, and tells for what types they were called so far. Pydantic's hold
the namespaces of the module and of the caller, to look up what annotations name: what they found is in the validator.
"""

from __future__ import annotations

from ..values.node import Asked, Expander, Node, Passing
from ..values.objects import instances
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find(base: type) -> Expander | None:
    """Return what takes the instances of a class apart, if it is one of wrapped functions."""
    name = base.__name__
    if base.__module__.startswith("pydantic."):
        return _validated if name == "ValidateCallWrapper" else None
    if name in ("Dispatcher", "_DispatcherBase"):
        return _dispatcher
    if name == "StencilFunc":
        return _stencil
    return _universal if name in ("DUFunc", "GUFunc") else None


def _dispatcher(value: Any, walk: Asked) -> Node:
    children = (value.py_func, Passing(dict(value.targetoptions)), Passing(bool(value._can_compile)))  # noqa: SLF001
    return Node(head("compiled by numba") + walk.class_of(type(value)), children, (".py_func", ".targetoptions", ""))


def _stencil(value: Any, walk: Asked) -> Node:
    # Its intermediate form leads to the whole compiler; options keep what was given, also once it has been called.
    children = (value.kernel_ir.func_id.func, Passing(value.mode), Passing(dict(value.options)))
    return Node(head("stencil by numba") + walk.class_of(type(value)), children, (".func", ".mode", ".options"))


def _universal(value: Any, walk: Asked) -> Node:
    inner = getattr(value, "_dispatcher", None)
    function = value.py_func if inner is None else inner
    facts = str(getattr(value, "identity", None))
    children = (function, Passing(facts))
    return Node(head("universal by numba") + walk.class_of(type(value)), children, (".py_func", ""))


def _validated(value: Any, walk: Asked) -> bytes | Node:
    # Until the first call there may be no validator yet; what annotations name is then read from the namespaces.
    if not getattr(value, "__pydantic_complete__", False):
        return instances(type(value))(value, walk)
    children = (value.function, value.__pydantic_validator__, Passing(bool(value.validate_return)))
    paths = (".function", ".__pydantic_validator__", ".validate_return")
    return Node(head("validated by pydantic") + walk.class_of(type(value)), children, paths)
