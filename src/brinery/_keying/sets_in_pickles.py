"""Whether a pickle has sets in it that are not empty, told from its bytes: their order is nobody's.

A set is `EMPTY_SET`, a mark, its items and `ADDITEMS`. Numbers and texts may look like the beginning of one anywhere,
so what follows is gone along until it cannot be a set's items: a few steps, most often none.
"""

from __future__ import annotations

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
