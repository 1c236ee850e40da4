"""The operations of a code object, one by one."""

from __future__ import annotations

import opcode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

LOAD_CONST = opcode.opmap["LOAD_CONST"]
_EXTENDED_ARG = opcode.opmap["EXTENDED_ARG"]


def instructions_of(code: CodeType) -> Iterator[tuple[int, int]]:
    """Yield operations with their whole arguments, inline caches left out."""
    raw = code.co_code
    extended = 0
    for index in range(0, len(raw), 2):
        op = raw[index]
        if op == 0:  # CACHE
            continue
        arg = raw[index + 1] | extended
        if op == _EXTENDED_ARG:
            extended = arg << 8
            continue
        extended = 0
        yield op, arg


def lines_of(code: CodeType) -> list[int]:
    """Return the line of each of the instructions that `instructions_of` yields."""
    raw = code.co_code
    positions = code.co_positions()
    return [
        line or code.co_firstlineno
        for op, (line, _, _, _) in zip(raw[::2], positions, strict=False)
        if op not in (0, _EXTENDED_ARG)
    ]
