"""What the user's objects hold before a function runs, so that a warning can name the attributes that it changed."""

from __future__ import annotations

from collections import deque
from itertools import islice
from time import thread_time
from types import MethodType

from ._keying.digest import digest
from ._keying.lazy import is_users, lazy_names
from ._keying.live import is_class
from ._keying.objects import attributes_beyond
from ._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

_MOST_OBJECTS = 64  # that one part leads to
_MOST_ITEMS = 64  # of a container that are looked at
_SECONDS = 0.05  # of CPU, for all parts: what takes longer is not told apart


class Changed(NamedTuple):
    """An attribute of an object that a run has changed.

    Attributes:
        kind: the object's class.
        name: the attribute's.
        before: its digest before the run; None where it was not there.
        value: what it is now.
    """

    kind: type
    name: str
    before: bytes | None
    value: object


class Attributes:
    """Digests of the attributes of the user's objects that parts of a key lead to.

    Args:
        parts: the parts by name, with their values.
        code: says what code is, see `digest`.
    """

    def __init__(self, parts: Iterable[tuple[str, object]], code: Callable[[object], bytes]) -> None:
        self._code = code
        self._latest = thread_time() + _SECONDS
        owners = [(part, value.__self__ if type(value) is MethodType else value) for part, value in parts]
        held = [(part, _objects(value)) for part, value in owners if _is_users_object(value)]
        noted = {part: [(item, self._digests(item)) for item in objects] for part, objects in held}
        self._held = noted if thread_time() < self._latest else {}

    def changed(self, part: str) -> list[Changed]:
        """Return what has changed in the objects that a part leads to."""
        found: list[Changed] = []
        self._latest = thread_time() + _SECONDS
        for item, before in self._held.get(part, ()):
            now, held = self._digests(item), attributes_beyond(item, object)
            names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
            found += [Changed(type(item), name, before.get(name), held.get(name)) for name in names]
        return found if thread_time() < self._latest else []

    def _digests(self, item: object) -> dict[str, bytes]:
        """Digest the attributes of an object, but for those that are such objects themselves, or hold some."""
        found: dict[str, bytes] = {}
        for name, value in attributes_beyond(item, object, lazy_names(type(item))).items():
            if any(map(_is_users_object, (value, *_items(value)))):
                continue
            if thread_time() > self._latest:
                break
            try:
                found[name] = digest(value, "", self._code)
            except Exception:  # it has no lasting identity, and counts by its type
                found[name] = b""
        return found


def _objects(value: object) -> Iterator[object]:
    """Yield an object of the user's, and those that its attributes lead to, also in containers."""
    waiting, met = deque([value]), {id(value)}
    while waiting:
        value = waiting.popleft()
        inside: Iterable[object] = _items(value)
        if _is_users_object(value):
            yield value
            inside = attributes_beyond(value, object).values()
        for item in inside:
            if id(item) not in met and len(met) < _MOST_OBJECTS and (_is_users_object(item) or _items(item)):
                met.add(id(item))
                waiting.append(item)


def _items(value: Any) -> list[object]:
    kind = type(value)
    items = (value.values() if kind is dict else value) if kind in (dict, list, tuple) else ()
    return list(islice(items, _MOST_ITEMS))


def _is_users_object(value: object) -> bool:
    return not is_class(value) and is_users(type(value))
