"""A pickler that writes the structure of builtin values alone, refuses everything else, and can be stopped."""

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
