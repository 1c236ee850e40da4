"""Choose the function that takes the values of a type apart.

Asked once per type and value. Types are compared by identity and names, never hashed: a metaclass of the user's could
run code of its own there. A library is looked at only where a type of its own is met: an absent one costs nothing.
"""

from __future__ import annotations

import sys
from _weakref import ref

from ..._light import ModuleType
from ..code.live import standard_name
from ..modules.origin import origin_of_module
from .fetching import check_of
from .node import Asked, Expander, Node, Passing, Refused
from .objects import instances
from .plain import head
from .refused import reason_to_refuse
from .registered import found as _found
from .registered import registered as _registered
from .stdlib_types import EXACT, INHERITED, code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LIBRARIES = {
    "numpy": "types.arrays",
    "scipy": "types.sparse",
    "torch": "types.tensors",
    "pandas": "types.frames",
    "pyarrow": "types.arrow",
    "polars": "types.polars_frames",
    "xarray": "types.labelled",
    "omegaconf": "types.omega",
    "pyrsistent": "types.hashed",
    "immutables": "types.hashed",
    "numba": "types.wrapped_functions",
    "pydantic": "types.wrapped_functions",
    "_wrappers": "values.reached",
    "wrapt": "values.reached",
}


def find(kind: type, ignored: frozenset[str] = frozenset()) -> Expander:
    """Return what takes the values of a type apart, without the attributes that are ignored."""
    if ignored:
        return _unless_fetching(kind, _decide(kind, ignored))
    number = id(kind)
    known = _found.get(number)
    if known is not None and known[1] == id(kind.__mro__):
        return known[2]
    expander = _unless_fetching(kind, _decide(kind))
    # Held weakly, and nothing that an expander keeps leads back to the class: a redefined class can go.
    _found[number] = ref(kind, lambda _: _found.pop(number, None) and None), id(kind.__mro__), expander
    return expander


def is_known_data(kind: type) -> bool:
    """Tell whether there is a rule for a type, or for one that it inherits from: its values count by their content."""
    if any(id(base) in _registered for base in kind.__mro__) or standard_name(kind) in EXACT:
        return True
    for base in kind.__mro__:
        name = standard_name(base)
        if name in INHERITED or (not name and ("__dask_tokenize__" in base.__dict__ or _in_library(base) is not None)):
            return True
    return False


def _decide(kind: type, ignored: frozenset[str] = frozenset()) -> Expander:
    ancestry = kind.__mro__
    if _registered:
        for base in ancestry:
            registered = _registered.get(id(base))
            if registered is not None:
                return _stand_in(registered[1])
    exact = EXACT.get(standard_name(kind))
    if exact is not None:
        return exact
    if issubclass(kind, (type, ModuleType)):
        return code
    for base in ancestry:
        name = standard_name(base)
        if not name:
            library = _in_library(base)
            if library is not None:
                return library
            if "__dask_tokenize__" in base.__dict__:
                return _token if origin_of_module(base.__module__).kind == "user" else _librarys_token
            continue
        inherited = INHERITED.get(name)
        if inherited is not None:
            return inherited
        reason = reason_to_refuse(base, name)
        if reason:
            return _refusal(reason, kind)
    return instances(kind, ignored)


def _unless_fetching(kind: type, expander: Expander) -> Expander:
    """Refuse values that fetch what they say; where somebody registered a digest for them, that says it."""
    is_told = standard_name(kind) or any(id(base) in _registered for base in kind.__mro__)
    check = None if is_told else check_of(kind, is_data=is_data_of_library(kind))
    if check is None:
        return expander
    name = f"{kind.__module__}.{kind.__qualname__}"

    def expand(value: Any, walk: Asked) -> bytes | Node:
        reason = check(value)
        if reason and not walk.note(value):
            raise Refused(f"{reason} ({name})")
        return expander(value, walk)

    return expand


def is_data_of_library(kind: type) -> bool:
    """Whether values of a type are read by what knows their library: arrays, frames, tensors and their like."""
    return any(_in_library(base) is not None for base in kind.__mro__ if not standard_name(base))


def _in_library(base: type) -> Expander | None:
    module = base.__module__
    root = module.partition(".")[0] if type(module) is str else ""
    if root not in _LIBRARIES or root not in sys.modules:
        return None
    from importlib import import_module  # which takes half a millisecond of a first hit that needs none

    room: Any = import_module(f"...{_LIBRARIES[root]}", __name__)
    found: Expander | None = room.find(base)
    return found


def _stand_in(function: Callable[[Any], object]) -> Expander:
    def expand(value: Any, walk: Asked) -> Node:
        try:
            made = function(value)
        except Exception as error:
            raise Refused(f"raised {type(error).__name__} in what register_digest was given for it") from error
        if made is value:
            raise Refused("is returned by what register_digest was given for it, which has to return another value")
        return Node(head("stand-in") + walk.class_of(type(value)), (Passing(made),))

    return expand


def _token(value: Any, walk: Asked) -> bytes | Node:
    try:
        token = type(value).__dask_tokenize__(value)
    except Exception:  # it is then taken apart as other objects are
        return instances(type(value))(value, walk)
    return Node(head("token") + walk.class_of(type(value)), (Passing(token),))


def _librarys_token(value: Any, walk: Asked) -> bytes | Node:
    walk.take_at_its_word(value)
    return _token(value, walk)


def _refusal(reason: str, kind: type) -> Expander:
    name = f"{kind.__module__}.{kind.__qualname__}"

    def refuse(_value: object, _walk: Asked) -> Node:
        raise Refused(f"is {reason} ({name}) and has no lasting identity")

    return refuse
