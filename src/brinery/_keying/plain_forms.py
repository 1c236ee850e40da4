"""The fast way of *plain* containers, which are larger than small ones: their pickle, by the C pickler.

It works without a memo, so that sharing does not show, and hands every other type but set and frozenset to a hook, and
the hook refuses. Of these two only the empty set passes: any other has an order that is nobody's. A plain container has
at most `CHUNK` items, and if they are few, none of them is longer than that; it is pickled in at most `ROOM` bytes, and
at most `DEPTH` deep.
"""

from __future__ import annotations

import sys
from _pickle import Pickler  # the C pickler itself, as `pickle` takes 5 ms to import
from gc import get_referents
from itertools import chain, islice

from .plain import CONTAINER_IDS, SCALAR_IDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHUNK = 2048
CHUNK_OF_CONTAINERS = 256  # their items are looked at twice, the second time while they are still at hand
ROOM = 1 << 20
DEPTH = 64
_PLAIN_IDS = (SCALAR_IDS | CONTAINER_IDS | {id(set)}) - {id(complex), id(type(...))}
_FAR = 4096
_PROTOCOL = 4  # writes large strings without a copy; later protocols would let more types pass


class _Other(Exception):
    """Something else than a plain value, or too much of it."""


class _Sink:
    """Keeps what the pickler writes, and stops it when that is too much: a few lists can unfold to terabytes."""

    __slots__ = ("pieces", "room")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.room = ROOM

    def write(self, piece: bytes) -> None:
        self.room -= len(piece)
        if self.room < 0:
            raise _Other
        self.pieces.append(piece)


class _Strict(Pickler):
    """The C pickler, which writes the builtin types itself and asks about all others: those it refuses."""

    def reducer_override(self, _value: object) -> Any:
        raise _Other


class PlainForms:
    """Encodes plain containers, with a pickler that is made once."""

    __slots__ = ("_deep", "_pickler", "_sink", "_tall")

    def __init__(self) -> None:
        self._sink = _Sink()
        self._pickler: _Strict | None = None
        self._deep = False  # whether something was too deep for the pickler: then a look at depth comes first
        self._tall: dict[int, object] = {}

    @classmethod
    def lent(cls) -> PlainForms:
        """Return one that nobody uses: making a pickler costs more than a small value takes."""
        try:
            return _spare.pop()
        except IndexError:
            return cls()

    def give_back(self) -> None:
        """Let another walk use it."""
        if self._deep:
            self._deep = False
            self._tall.clear()
        if len(_spare) < _MOST_SPARE:
            _spare.append(self)

    def stream(self, value: Any) -> bytes | None:
        """Return the pickle of an exact tuple, list or dict if it is plain, else None."""
        if len(value) > CHUNK:
            return None
        # Most of what is not plain shows at once, and saves the pickler's way of saying so.
        for item in _items(value) if len(value) <= 16 else islice(_items(value), 1):
            number = id(type(item))
            if number not in _PLAIN_IDS or (number in CONTAINER_IDS and len(item) > CHUNK):
                return None
        if self._deep and self._looks_deep(value):
            return None
        sink = self._sink
        pickler = self._pickler
        if pickler is None:
            self._pickler = pickler = _Strict(sink, _PROTOCOL)
            pickler.fast = True
        try:
            pickler.dump(value)
            data = sink.pieces[0] if len(sink.pieces) == 1 else b"".join(sink.pieces)
            if _is_even(value, data):
                return data
        except RecursionError:
            if not _is_deep(value):
                raise
            self._deep = True
        except (_Other, ValueError, KeyError, OverflowError):
            pass  # another type, or a list in itself, frozensets, an enormous int
        finally:
            sink.pieces.clear()
            sink.room = ROOM
        # A pickler that met a frozenset has lost count of its nesting, and one that was stopped may have met one.
        self._pickler = None
        return None

    def _looks_deep(self, value: Any) -> bool:
        """Tell quickly that a container is nested deeper than plain ones are; False where that takes a longer look.

        Goes along one path, and remembers for all containers on it, so that a long chain is gone along only once.
        """
        if id(value) in self._tall:
            return True
        path = [value]
        while len(path) < _FAR:
            inner = next((item for item in _items(path[-1]) if id(type(item)) in CONTAINER_IDS and item), None)
            if inner is None:
                break
            path.append(inner)
        self._tall.update((id(item), item) for item in path[: max(0, len(path) - DEPTH - 1)])
        return id(value) in self._tall


_spare: list[PlainForms] = []
_MOST_SPARE = 8


def _is_even(value: Any, data: bytes) -> bool:
    """Tell whether a value that was pickled is not too deep and has no sets in it, whose order is nobody's.

    The pickler has proven that there are only builtin types, and few enough, so that going down by what the garbage
    collector sees is safe. It is several times as fast as asking for types, which is left for levels above the leaves.
    """
    level: Any = [value]
    maybe_sets = b"\x91" in data or b"\x8f(" in data  # how a frozenset ends, and a set begins that is not empty
    maybe_dicts = _HIDES_VALUES and b"}" in data  # how a dict begins
    for _ in range(DEPTH):
        if level[0] is value and type(value) is not dict:
            below: Any = value
        else:
            below = _referents(level) if maybe_dicts else get_referents(*level)
        if not below:  # among the leaves there may be empty sets, which are fine
            return b"(\x91" not in data or frozenset not in map(type, level)
        if maybe_sets and not _SETS.isdisjoint(map(type, level)) and any(map(_is_disorderly, level)):
            return False
        level = below
    return False


def _referents(level: Any) -> list[Any]:
    """Return what is inside the items of a level, where there may be a dict that the collector sees nothing through."""
    first = type(level[0])
    try:
        # That all are numbers, or all texts, is proven at a tenth of the price of looking at every type.
        if first is int or first is float:
            sum(level)
            return []
        if first is str:
            "".join(level)
            return []
    except TypeError:
        pass
    below = get_referents(*level)
    if dict in map(type, level):
        for item in level:
            if type(item) is dict and item and not get_referents(item):
                below += item.values()
    return below


# Since 3.13 the collector sees nothing through an object's `__dict__` while the object itself holds the values.
_HIDES_VALUES = sys.version_info >= (3, 13)
_SETS = frozenset({set, frozenset})


def _is_disorderly(item: Any) -> bool:
    return type(item) is frozenset or (type(item) is set and bool(item))


def _is_deep(value: Any) -> bool:
    """Tell whether a container is nested deeper than plain values are, however long it takes."""
    level = {id(value): value}
    for _ in range(DEPTH + 1):
        items = chain.from_iterable(map(_items, level.values()))
        level = {id(item): item for item in items if id(type(item)) in CONTAINER_IDS and item}
    return bool(level)


def _items(value: Any) -> Any:
    return chain(value, value.values()) if type(value) is dict else value
