"""How numba's compiled functions are taken apart: by the function that they compile, and how.

What they pickle has a number drawn at random in it, and tells for what types they were called so far.
"""

from __future__ import annotations

from .node import Asked, Expander, Node, Passing
from .plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find(base: type) -> Expander | None:
    """Return what takes the instances of a class apart, if it is one of compiled functions."""
    if base.__name__ in ("Dispatcher", "_DispatcherBase"):
        return _dispatcher
    return _universal if base.__name__ in ("DUFunc", "GUFunc") else None


def _dispatcher(value: Any, walk: Asked) -> Node:
    children = (value.py_func, Passing(dict(value.targetoptions)), Passing(bool(value._can_compile)))  # noqa: SLF001
    return Node(head("compiled by numba") + walk.class_of(type(value)), children, (".py_func", ".targetoptions", ""))


def _universal(value: Any, walk: Asked) -> Node:
    inner = getattr(value, "_dispatcher", None)
    function = value.py_func if inner is None else inner
    facts = str(getattr(value, "identity", None))
    children = (function, Passing(facts))
    return Node(head("universal by numba") + walk.class_of(type(value)), children, (".py_func", ""))
