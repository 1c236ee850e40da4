"""Which classes are the standard library's."""

from __future__ import annotations

import sys
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
    made_by_c = not kind.__flags__ & _HEAP_TYPE or kind.__flags__ & _IMMUTABLE_TYPE
    if not made_by_c and _by_name(module, name) is not kind:
        return ""
    found = f"{module}.{name}"
    _names[id(kind)] = found, kind
    return found


def _by_name(module: str, name: str) -> object:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found
