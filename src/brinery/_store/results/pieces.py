"""What a pickler writes to. The contents of long bytes, bytearrays and texts go beside the stream, uncopied.

Pickle asks about buffers whether they are to go out of band, and never about bytes and texts. But it hands those of
64 KiB and more to the file as they are, each as a piece of its own behind an opcode that tells what is coming. Here the
opcode is taken back, and `NEXT_BUFFER` put in its place: an unpickler pushes whatever stands next among the buffers, so
the object itself may stand there.
"""

from __future__ import annotations

import pickle

from ..entry.encoding import MOST_BUFFERS, Contents
from ..entry.noncontiguous import Token
from ..layout import ASCII, BYTEARRAY, BYTES, TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ..entry.noncontiguous import Gapped

LONG = 64 * 1024  # bytes; what is shorter is copied into the stream for less than its own place in the file costs
_PROTOCOL = pickle.PROTO
_FRAME_HEAD = 9  # bytes: the opcode, and the length of the frame
_MOST_UNFRAMED = 3  # bytes that are too few for a frame
_KINDS = {  # by opcode
    pickle.BINBYTES[0]: BYTES,
    pickle.BINBYTES8[0]: BYTES,
    pickle.BYTEARRAY8[0]: BYTEARRAY,
    pickle.BINUNICODE[0]: TEXT,
    pickle.BINUNICODE8[0]: TEXT,
}
_HEADS = 5, 9  # bytes: such an opcode, and the length of what follows


class TooLong(BaseException):
    """The stream is longer than its reader has time for; no error, so nobody explains it."""


class Buffers(list["memoryview | Contents | Gapped"]):
    """Collects what goes out of band, in the order in which the stream asks for it."""

    __slots__ = ()

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Pickle's `buffer_callback`: True leaves the buffer in the stream."""
        view = buffer.raw()
        if isinstance(view.obj, Token):
            if self.is_full:
                raise pickle.PicklingError(f"it has more than {MOST_BUFFERS:,} large parts")
            self.append(view.obj.gapped)
            return False
        if view.nbytes < LONG or self.is_full:
            return True
        self.append(view)
        return False

    @property
    def is_full(self) -> bool:
        return len(self) >= MOST_BUFFERS - 1  # the stream may become one more


class Pieces:
    """What a pickler writes to, frame by frame: at each the interpreter may let other threads go on.

    `pickle.dumps` itself lets nobody go on until it is done.
    """

    def __init__(self, most: int | None = None) -> None:
        self.beside: Buffers | None = None  # where contents go; None leaves them in the stream
        self._left = most
        self._pieces: list[bytes] = []
        self._contents: set[int] = set()  # which of the pieces are no opcodes
        self._may_announce = False  # whether the last piece may tell what comes next
        self._is_clear = True  # whether all pieces that were looked at were made as expected

    def clear(self) -> None:
        """Make ready for what is written next."""
        self._pieces.clear()
        self._contents.clear()
        self._may_announce = False
        self._is_clear = True

    def write(self, piece: Buffer) -> int:
        """Take a piece; no copy is made of bytes."""
        # Memory in another order than C's is meant as it lies there.
        data = bytes(piece.raw() if isinstance(piece, pickle.PickleBuffer) else piece)
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise TooLong
        # Looked at when another follows, as after most there is none.
        announced = self._find_announcement(self._pieces[-1]) if self._may_announce else None
        if announced is None:
            self._pieces.append(data)
            self._may_announce = self._is_clear
        else:
            self._take_contents(data, *announced)
            self._may_announce = False
        return len(data)

    def _take_contents(self, data: bytes, opcode: int, length: int, head: int) -> None:
        if len(data) != length:
            raise pickle.PicklingError("it changed while it was pickled")
        if self.beside is None or self.beside.is_full:
            self._contents.add(len(self._pieces))
            self._pieces.append(data)
            return
        self._pieces[-1] = self._pieces[-1][:-head] + pickle.NEXT_BUFFER
        kind = _KINDS[opcode]
        if kind == TEXT and data.isascii():
            kind = ASCII
        self.beside.append(Contents(data, kind))

    def _find_announcement(self, piece: bytes) -> tuple[int, int, int] | None:
        """What the last piece, one of opcodes, says of the next: its opcode, its length, and that of its head.

        A piece is at most one frame, a few bytes outside of it, and the head of contents; the frame tells its length,
        so that nothing in the results themselves is taken for such a head. If it is anything else, that is the end of
        looking.
        """
        at = 2 if len(self._pieces) == 1 and piece[:1] == _PROTOCOL else 0
        if piece[at : at + 1] == pickle.FRAME:
            at += _FRAME_HEAD + int.from_bytes(piece[at + 1 : at + _FRAME_HEAD], "little")
        rest = len(piece) - at
        for head in _HEADS:
            if head <= rest <= head + _MOST_UNFRAMED and piece[-head] in _KINDS:
                length = int.from_bytes(piece[1 - head :], "little")
                if length >= LONG:
                    return piece[-head], length, head
        self._is_clear = 0 <= rest <= _MOST_UNFRAMED
        return None

    def getvalue(self) -> bytes:
        """The whole stream."""
        if self._contents:
            return b"".join(self._pieces)
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]  # for `names`, too
        return self._pieces[0]

    def names(self) -> bytes:
        """The pieces in which names of classes can be: contents of 200 MB take as long to search as to write."""
        if not self._contents:
            return self.getvalue()
        return b"".join(piece for index, piece in enumerate(self._pieces) if index not in self._contents)
