"""What a live object was set to, as far as its plain attributes tell: where no text of the user's can say it.

Taken when a fingerprint is made, and not compared later. Numbers move by use more often than texts do: under a private
name only texts count. What differs from process to process (its number, the time) is left out.
"""

from __future__ import annotations

import os
import time

from .._light import FunctionType, ModuleType
from .plain import SCALAR_IDS
from .standard import standard_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_DEEPEST = 5
_MOST = 400  # settings that are looked at
_LONGEST = 64  # tables that are looked at, and the texts in them
_A_DAY = 86_400.0


def settings_of(root: object, is_users: Callable[[Any], bool]) -> list[tuple[str, object]]:
    """List the plain attributes of an object of a library and of those that it leads to, by their path."""
    found: list[tuple[str, object]] = []
    seen = {id(root)}
    level: list[tuple[str, str, object]] = [("", "", root)]
    for _ in range(_DEEPEST):
        below: list[tuple[str, str, object]] = []
        for path, _, holder in level:
            for label, name, value in _parts(holder):
                place = f"{path}{label}"
                if id(type(value)) in SCALAR_IDS:
                    if _counts(name, value):
                        found.append((place, value))
                elif isinstance(value, (type, FunctionType)):
                    found.append((place, f"{value.__module__}.{value.__qualname__}"))
                elif id(value) not in seen and not isinstance(value, ModuleType):
                    seen.add(id(value))
                    if standard_name(type(value)) or not is_users(type(value)):
                        below.append((place, name, value))
        level = below
        if len(found) > _MOST:
            break
    return sorted(found[:_MOST], key=lambda item: item[0])


def _parts(holder: Any) -> Iterator[tuple[str, str, object]]:
    """Yield what an object holds: its path, the attribute that it is called by, and the value."""
    kind = type(holder)
    if kind is dict:
        if len(holder) <= _LONGEST:
            yield from ((f"[{key!r}]", key, value) for key, value in list(holder.items()) if type(key) is str)
    elif isinstance(holder, (tuple, list)):
        if len(holder) <= _LONGEST:
            yield from ((f"[{index}]", "item", value) for index, value in enumerate(holder))
    else:
        state = getattr(holder, "__dict__", None)
        if type(state) is dict:
            yield from ((f".{name}", name, value) for name, value in sorted(state.items()) if type(name) is str)


def _counts(name: str, value: object) -> bool:
    if type(value) in (str, bytes):
        return True
    if name.startswith("_") or (type(value) is int and value == os.getpid()):
        return False
    return not (type(value) is float and abs(value - time.time()) < _A_DAY)
