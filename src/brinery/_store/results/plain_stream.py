"""Read the pickle of what is short and plain without the pickler, which takes 3 ms to load with all that it imports.

A process that asks for one number, text, list or dict needs no more. It reads what the pickler would read, and nothing
that it knows can run code or look up a name; whatever else a stream holds is the pickler's to read.
"""

from __future__ import annotations

from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..layout import Bytes

__all__ = ["UNREADABLE", "read"]

UNREADABLE: Any = object()

_FLOAT = Struct(">d")
_CONSTANTS = {0x4E: None, 0x88: True, 0x89: False}
_EMPTY = {0x5D: list, 0x7D: dict, 0x29: tuple, 0x8F: set}
_LENGTHS = {0x8C: 1, 0x58: 4, 0x8D: 8, 0x43: 1, 0x42: 4, 0x8E: 8, 0x8A: 1}  # of texts, bytes, and a long
_TEXTS = (0x8C, 0x58, 0x8D)
_LONG = 0x8A
_NUMBERS = {0x4B: 1, 0x4D: 2, 0x4A: 4}  # by their size; the last is signed
_TUPLES = {0x85: 1, 0x86: 2, 0x87: 3}
_PROTOCOLS = (4, 5)

_left = 4096  # bytes to be read here; whoever asks for more has the pickler read it, at a tenth of the time


def read(stream: Bytes) -> Any:
    """Give what `pickle.loads` would; UNREADABLE if that is to be asked."""
    global _left
    _left -= len(stream)
    if _left < 0:
        return UNREADABLE
    try:
        return _read(bytes(stream))
    except Exception:  # no memory, or no such stream: the pickler knows what to say
        return UNREADABLE


def _read(stream: bytes) -> Any:
    if stream[0] != 0x80 or stream[1] not in _PROTOCOLS:
        return UNREADABLE
    at = 2
    stack: list[Any] = []
    below: list[list[Any]] = []  # the stacks that marks have put aside
    memo: list[Any] = []
    while True:
        op = stream[at]
        at += 1
        if op == 0x94:  # MEMOIZE
            memo.append(stack[-1])
        elif op in _LENGTHS:
            start = at + _LENGTHS[op]
            at = start + int.from_bytes(stream[at:start], "little")
            piece = stream[start:at]
            if at > len(stream):
                return UNREADABLE
            if op in _TEXTS:
                stack.append(piece.decode("utf-8", "surrogatepass"))
            else:
                stack.append(int.from_bytes(piece, "little", signed=True) if op == _LONG else piece)
        elif op == 0x47:  # BINFLOAT
            stack += _FLOAT.unpack_from(stream, at)
            at += 8
        elif op in _NUMBERS:
            start, at = at, at + _NUMBERS[op]
            stack.append(int.from_bytes(stream[start:at], "little", signed=op == 0x4A))
        elif op in _CONSTANTS:
            stack.append(_CONSTANTS[op])
        elif op == 0x68:  # BINGET
            stack.append(memo[stream[at]])
            at += 1
        elif op == 0x6A:  # LONG_BINGET
            stack.append(memo[int.from_bytes(stream[at : at + 4], "little")])
            at += 4
        elif op in _EMPTY:
            stack.append(_EMPTY[op]())
        elif op in _TUPLES:
            count = _TUPLES[op]
            stack[-count:] = [tuple(stack[-count:])]
        elif op == 0x28:  # MARK
            below.append(stack)
            stack = []
        elif op == 0x61:  # APPEND
            item = stack.pop()
            stack[-1].append(item)
        elif op == 0x73:  # SETITEM
            value = stack.pop()
            key = stack.pop()
            stack[-1][key] = value
        elif op in (0x65, 0x75, 0x90, 0x74, 0x91):
            items, stack = stack, below.pop()
            if op == 0x65:  # APPENDS
                stack[-1].extend(items)
            elif op == 0x75:  # SETITEMS
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            elif op == 0x90:  # ADDITEMS
                stack[-1].update(items)
            else:  # TUPLE, FROZENSET
                stack.append(tuple(items) if op == 0x74 else frozenset(items))
        elif op == 0x95:  # FRAME
            at += 8
        elif op == 0x2E:  # STOP
            (found,) = stack
            return found if not below else UNREADABLE
        else:
            return UNREADABLE
