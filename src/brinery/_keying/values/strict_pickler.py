"""A pickler that writes the structure of builtin values alone, and whether its bytes hold sets."""

from __future__ import annotations

from _pickle import Pickler  # the C pickler itself, as `pickle` takes 5 ms to import
from itertools import chain

from .plain import CONTAINER_IDS, SCALAR_IDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


ROOM = 1 << 20  # bytes of a pickle
NESTED = 50  # lists and dicts in each other: where the C pickler begins to look out for cycles
PLAIN_IDS = (SCALAR_IDS | CONTAINER_IDS | {id(set)}) - {id(complex), id(type(...))}
_PROTOCOL = 4  # writes in pieces, so that it can be stopped; later protocols would let more types pass


class Other(Exception):
    """Something else than a plain value, or too much of it."""


class Sink:
    """Keeps what the pickler writes, and stops it when that is too much: a few lists can unfold to terabytes."""

    __slots__ = ("pieces", "room")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.room = ROOM

    def write(self, piece: bytes) -> None:
        self.room -= len(piece)
        if self.room < 0:
            raise Other
        self.pieces.append(piece)

    def taken(self) -> bytes:
        """Return what was written, and begin again."""
        pieces = self.pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.room = ROOM
        pieces.clear()  # last: whoever is interrupted before leaves pieces to tell of it
        return data


class Strict(Pickler):
    """The C pickler, which writes the builtin types itself and asks about all others: those it refuses."""

    __slots__ = ()

    def __init__(self, file: Any) -> None:
        super().__init__(file, _PROTOCOL)
        self.fast = True

    def reducer_override(self, _value: object) -> Any:
        raise Other


def items_of(value: Any) -> Any:
    """Return what is in a plain container, keys and values."""
    return chain(value, value.values()) if type(value) is dict else value


_MARK, _ADD_ITEMS, _FRAME = 0x28, 0x90, 0x95
_LENGTHS = {  # of what can be in a set, and how long it is with its opcode
    **dict.fromkeys(b"N\x88\x89)", 1),  # None, True, False, ()
    **dict(zip(b"KMJG", (2, 3, 5, 9), strict=True)),  # numbers
    _FRAME: 9,  # the head of a frame, which counts for nothing
}
_SHORT = frozenset(b"\x8a\x8cC")  # an int, a text or bytes after a byte that tells the length
_LONG = frozenset(b"XB")  # and after four
_TUPLES = dict(zip(b"\x85\x86\x87", (1, 2, 3), strict=True))  # made of so many items
_FAR = 2000  # steps; items of a set are added a thousand at a time
_UNSURE = frozenset(b"(\x8b\x8d\x8e")  # longer tuples, frozensets, enormous numbers and texts


def may_have_sets(data: bytes) -> bool:
    """Tell whether there may be sets with something in them; False is certain, and True is seldom wrong."""
    if b"\x90" not in data:
        return False
    find = data.find  # looks for one byte at ten times the speed of two
    at = find(b"\x8f")
    while at >= 0:
        if data[at + 1] == _MARK and _goes_on_as_a_set(data, at + 2):
            return True
        at = find(b"\x8f", at + 1)
    return False


def _goes_on_as_a_set(data: bytes, at: int) -> bool:
    """Tell whether what stands at a place may be the items of a set."""
    items, end = 0, len(data)
    for _ in range(_FAR):
        if at >= end:
            return False
        code = data[at]
        length = _LENGTHS.get(code)
        if length is not None:
            at += length
            items += code != _FRAME
        elif code in _SHORT:
            at += 2 + (data[at + 1] if at + 1 < end else 0)
            items += 1
        elif code in _LONG:
            at += 5 + int.from_bytes(data[at + 1 : at + 5], "little")
            items += 1
        elif code in _TUPLES:
            items -= _TUPLES[code] - 1
            if items <= 0:
                return False
            at += 1
        else:
            return (code == _ADD_ITEMS and items > 0) or code in _UNSURE
    return True
