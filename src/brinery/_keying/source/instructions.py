"""The instructions of a code object, by name and with what their arguments mean.

Numbers, and how a name is packed into an argument, differ from one Python to the next; names rarely do. So everything
that looks at bytecode goes by what is read here off the tables of the standard library. Only `dis` knows as much, and
takes ten times as long.
"""

from __future__ import annotations

import opcode
import sys

from ..._light import NamedTuple
from .tested import is_newer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

# How many bits of an argument say something else than which name is meant.
_FLAGS = {
    "LOAD_GLOBAL": 1,
    "LOAD_ATTR": 1 if sys.version_info >= (3, 12) else 0,
    "LOAD_SUPER_ATTR": 2,
    "IMPORT_NAME": 2 if sys.version_info >= (3, 15) else 0,
}
_PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST_BORROW", "LOAD_FAST_BORROW"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
# The instructions that take a name, a variable or a constant. Any other of them is one that nobody here has seen.
_TAKING = {
    "DELETE_ATTR", "DELETE_DEREF", "DELETE_FAST", "DELETE_GLOBAL", "DELETE_NAME", "IMPORT_FROM", "IMPORT_NAME",
    "KW_NAMES", "LOAD_ATTR", "LOAD_CLASSDEREF", "LOAD_CLOSURE", "LOAD_CONST", "LOAD_DEREF", "LOAD_FAST",
    "LOAD_FAST_AND_CLEAR", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK", "LOAD_FROM_DICT_OR_DEREF",
    "LOAD_FROM_DICT_OR_GLOBALS", "LOAD_GLOBAL", "LOAD_METHOD", "LOAD_NAME", "LOAD_SUPER_ATTR", "MAKE_CELL",
    "RETURN_CONST", "STORE_ATTR", "STORE_DEREF", "STORE_FAST", "STORE_GLOBAL", "STORE_NAME", *_PAIRS,
}  # fmt: skip
CONSTANTS = {"LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT"}
_METHODS_BY_FLAG = sys.version_info >= (3, 12)
_COMMON = getattr(opcode, "_common_constants", ())


class Instruction(NamedTuple):
    """One operation.

    Attributes:
        name: what `dis` calls it; two in one are told as two.
        value: the name, variable or constant that it takes; None where it takes none.
        arg: its argument as a number.
        unit: where in the bytecode it is, in pairs of bytes.
    """

    name: str
    value: object
    arg: int
    unit: int

    @property
    def takes_method(self) -> bool:
        """Whether it takes an attribute in order to call it."""
        return self.name == "LOAD_METHOD" or (_METHODS_BY_FLAG and self.name == "LOAD_ATTR" and bool(self.arg & 1))


class UnknownInstructionError(Exception):
    """A code object has an instruction that nobody here has seen: what it reads is not known."""


# What to do with an argument.
_SKIP, _EXTEND, _NUMBER, _NAME, _VARIABLE, _PAIR, _CONSTANT, _COMMON_CONSTANT, _UNKNOWN = range(9)


def _table() -> list[tuple[int, str, int]]:
    """Say of each operation, by its number, what to do with its argument, its name, and how far to shift."""
    found = []
    takers = (("hasname", _NAME), ("haslocal", _VARIABLE), ("hasfree", _VARIABLE), ("hasconst", _CONSTANT))
    taking = {number: what for table, what in takers for number in getattr(opcode, table)}
    special = {"CACHE": _SKIP, "EXTENDED_ARG": _EXTEND, "LOAD_COMMON_CONSTANT": _COMMON_CONSTANT}
    for number in range(256):
        name = opcode.opname[number] if number < len(opcode.opname) else ""
        what = special.get(name, taking.get(number, _NUMBER))
        if not name.isidentifier() or (number in taking and name not in _TAKING):
            what = _UNKNOWN
        found.append((_PAIR if name in _PAIRS and what == _VARIABLE else what, name, _FLAGS.get(name, 0)))
    return found


_TABLE = _table()


def instructions_of(code: CodeType) -> list[Instruction]:
    """List the operations of one code object, inline caches left out."""
    if is_newer():
        raise UnknownInstructionError
    raw, names, constants = code.co_code, code.co_names, code.co_consts
    variable = code._varname_from_oparg  # type: ignore[attr-defined]  # noqa: SLF001  what `dis` goes by
    table, make = _TABLE, tuple.__new__  # as `Instruction(...)` does in the end, in half of its time
    found: list[Instruction] = []
    extended = 0
    for unit, (op, low) in enumerate(zip(raw[::2], raw[1::2], strict=True)):
        what, name, flags = table[op]
        if what == _SKIP:
            continue
        arg = low | extended
        extended = 0
        value: object = None
        if what == _NUMBER:
            if name == "LOAD_SMALL_INT":
                value = arg
        elif what == _NAME:
            value = names[arg >> flags]
        elif what == _VARIABLE:
            value = variable(arg)
        elif what == _CONSTANT:
            value = constants[arg]
        elif what == _EXTEND:
            extended = arg << 8
            continue
        elif what == _PAIR:
            first, name = _PAIRS[name]
            found.append(make(Instruction, (first, variable(arg >> 4), arg >> 4, unit)))
            arg &= 15
            value = variable(arg)
        elif what == _COMMON_CONSTANT:
            value = _COMMON[arg]
        else:
            raise UnknownInstructionError(name)
        found.append(make(Instruction, (name, value, arg, unit)))
    return found


def instructions_by_dis(code: CodeType) -> list[Instruction]:
    """List the operations as this Python's own `dis` tells them, known here or not."""
    import dis

    found = dis.get_instructions(code)
    return [Instruction(step.opname, step.argval, step.arg or 0, step.offset // 2) for step in found]


def instructions_in_any_case(code: CodeType) -> list[Instruction]:
    """List the operations, by `dis` where some of them are not known here."""
    try:
        return instructions_of(code)
    except UnknownInstructionError:
        return instructions_by_dis(code)


def lines_of(code: CodeType, instructions: list[Instruction]) -> list[int]:
    """Return the line of each of a code object's instructions."""
    lines = [line or code.co_firstlineno for line, _, _, _ in code.co_positions()]
    return [lines[found.unit] for found in instructions]
