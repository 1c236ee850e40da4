"""Which changeable objects a value holds: two names that share one cannot be restored apart from each other."""

from __future__ import annotations

import sys
from gc import get_referents
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_MOST = 200_000  # objects that are looked at
_FIXED = (type(None), bool, int, float, complex, str, bytes, type, ModuleType, BuiltinFunctionType, CodeType, range)


class TooMuch(Exception):
    """There is more than can be looked at."""


def holder_of(value: object, names: Mapping[str, object], beyond: tuple[object, ...]) -> str | None:
    """Return a name that holds a part of a value, or the value itself; None if there is none.

    Args:
        value: whose parts are looked for.
        names: where they are looked for.
        beyond: objects that are no part of anything, such as the notebook itself.

    Raises:
        TooMuch: nobody can tell in time.
    """
    outside = set(map(id, beyond))
    parts = _holdings(value, [0], outside)
    if not parts:
        return None
    count = [0]
    for name, other in names.items():
        if not parts.isdisjoint(_holdings(other, count, outside)):
            return name
    return None


def _holdings(value: object, count: list[int], outside: set[int]) -> set[int]:
    """The ids of the changeable objects that a value consists of."""
    found: set[int] = set()
    seen = set(outside)
    waiting = [value]
    while waiting:
        item: Any = waiting.pop()
        if isinstance(item, _FIXED) or id(item) in seen:
            continue
        seen.add(id(item))
        count[0] += 1
        if count[0] > _MOST:
            raise TooMuch
        if not isinstance(item, (tuple, frozenset)):
            found.add(id(item))
        waiting += _parts(item)
    return found


def _parts(item: Any) -> list[object]:
    if isinstance(item, FunctionType):
        return [item.__closure__, item.__defaults__, item.__kwdefaults__, item.__dict__]
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(item, numpy.ndarray):  # a view shares the memory of its base
        return [item.base, *(item.ravel().tolist() if item.dtype.hasobject else ())]
    if isinstance(item, memoryview):
        return [item.obj]
    return get_referents(item)
