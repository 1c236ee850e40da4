"""What is refused as an argument, and can be looked through where code merely reaches it.

A weak reference leads to an object, a context variable to its value in the present context, thread-local data to this
thread's: what a function does depends on those, so they count, and the thing itself by its kind.
"""

from __future__ import annotations

import sys
from gc import get_referents

from ..._light import MemberDescriptorType
from ..code.live import is_changeable, standard_name
from .node import Asked, Expander, Node, Passing, attributes
from .plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_OF_WRAPT = {"_wrappers", "wrapt._wrappers", "wrapt.proxies", "wrapt.wrappers"}


class _Nothing:
    """Stands for what is not there: a dead referent, a variable that is not set."""


def way_through(kind: type) -> Expander | None:
    """Return what looks through the instances of a class, None where nothing is to be seen."""
    if any(find(base) is not None for base in kind.__mro__):
        return _wrapping
    way = next((_WAYS[name] for name in map(standard_name, kind.__mro__) if name in _WAYS), None)
    return _members if way is None and not standard_name(kind) and _members_of(kind) else way


def find(base: type) -> Expander | None:
    """Return what takes the instances of a class apart, if it is wrapt's of proxies, which cannot be pickled."""
    return _wrapping if base.__name__ == "ObjectProxy" and base.__module__ in _OF_WRAPT else None


def _members_of(kind: type) -> list[str]:
    """Name the members of a type written in C that nobody can change, such as the constraints of `msgspec.Meta`."""
    if is_changeable(kind):
        return []
    return sorted(name for name, item in kind.__dict__.items() if type(item) is MemberDescriptorType)


def _members(value: Any, walk: Asked) -> Node:
    kind = type(value)
    walk.note(value)  # its members may not be all that it holds
    walk.take_at_its_word(value)
    state = {name: kind.__dict__[name].__get__(value) for name in _members_of(kind)}
    return Node(head("members") + walk.class_of(kind), (attributes(state),), ("",))


def _wrapping(value: Any, walk: Asked) -> Node:
    """What a proxy of wrapt's stands for, and the functions around it: its own methods would ask the former."""
    held = [item for item in get_referents(value) if item is not type(value)]
    return Node(
        head("wrapping proxy") + walk.class_of(type(value)), held, [f".{number}" for number in range(len(held))]
    )


def reference(value: Any, walk: Asked) -> Node:
    """Look at the referent; of a reference to a method, at the function as well."""
    dereference = sys.modules["_weakref"].ref.__call__
    state: dict[str, Any] = getattr(value, "__dict__", {})
    referent = dereference(value)
    method = state.get("_func_ref")
    seen = _Nothing if referent is None else referent, None if method is None else dereference(method)
    return Node(head("weak reference") + walk.class_of(type(value)), seen, ("()", ".__func__"))


def _proxy(value: Any, walk: Asked) -> Node:
    try:
        referent = value.__reduce_ex__.__self__  # every object has this method, and the proxy hands it on
    except ReferenceError:
        referent = _Nothing
    return Node(head("weak proxy") + walk.class_of(type(value)), (referent,), ("",))


def _values(value: Any, walk: Asked) -> Node:
    items = [(key, reference()) for key, reference in list(vars(value)["data"].items())]
    return _mapping(value, walk, [(key, item) for key, item in items if item is not None])


def _keys(value: Any, walk: Asked) -> Node:
    items = [(reference(), item) for reference, item in list(vars(value)["data"].items())]
    return _mapping(value, walk, [(key, item) for key, item in items if key is not None])


def _mapping(value: Any, walk: Asked, items: list[tuple[object, object]]) -> Node:
    keys, values = Passing([key for key, _ in items], 0), Passing([item for _, item in items], 0)
    return Node(head("weak mapping") + walk.class_of(type(value)), (keys, values), (".keys()", ".values()"))


def _set(value: Any, walk: Asked) -> Node:
    items = [reference() for reference in list(vars(value)["data"])]
    start = head("weak set") + walk.class_of(type(value))
    return Node(start, [item for item in items if item is not None], unordered=True)


def _variable(value: Any, _walk: Asked) -> Node:
    try:
        held = value.get()
    except LookupError:
        held = _Nothing
    return Node(head("context variable", value.name), (held,), (".get()",))


def _local(value: Any, walk: Asked) -> Node:
    return Node(head("thread-local") + walk.class_of(type(value)), (attributes(value.__dict__),), ("",))


_WAYS: dict[str, Expander] = {
    "weakref.ReferenceType": reference,
    "weakref.ProxyType": _proxy,
    "weakref.CallableProxyType": _proxy,
    "weakref.WeakValueDictionary": _values,
    "weakref.WeakKeyDictionary": _keys,
    "weakref.WeakSet": _set,
    "_weakrefset.WeakSet": _set,
    "_contextvars.ContextVar": _variable,
    "_thread._local": _local,
    "_threading_local.local": _local,
}
