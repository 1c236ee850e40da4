"""Which classes are the standard library's, and which can be changed."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEAP_TYPE = 1 << 9
_IMMUTABLE_TYPE = 1 << 8

_names: dict[int, tuple[str, type]] = {}


def standard_name(kind: type) -> str:
    """Return the dotted name of a class of the standard library, or "" for any other, whatever it calls itself."""
    known = _names.get(id(kind))
    if known is not None:
        return known[0]
    module, name = kind.__module__, kind.__qualname__
    if type(module) is not str or module.partition(".")[0] not in sys.stdlib_module_names:
        return ""
    if is_changeable(kind) and _by_name(module, name) is not kind:
        return ""
    found = f"{module}.{name}"
    _names[id(kind)] = found, kind
    return found


def is_changeable(kind: type) -> bool:
    """Whether anybody can set attributes of a class."""
    return bool(kind.__flags__ & _HEAP_TYPE) and not kind.__flags__ & _IMMUTABLE_TYPE


def _by_name(module: str, name: str) -> object:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found
