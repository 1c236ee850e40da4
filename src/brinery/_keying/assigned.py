"""Which attributes of their instances the methods of classes assign."""

from __future__ import annotations

from .._light import CodeType, FunctionType
from .compiled import nested_codes
from .instructions import UnknownInstructionError, instructions_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def assigned_by(classes: Iterable[type]) -> frozenset[str] | None:
    """Return the names of all attributes that methods of these classes assign, of whatever object.

    None where this Python has instructions that nobody here knows.
    """
    try:
        return frozenset(
            name
            for cls in classes
            for member in cls.__dict__.values()
            if isinstance(member, FunctionType)
            for name in _assigned_in(member.__code__)
        )
    except UnknownInstructionError:
        return None


def _assigned_in(code: CodeType) -> Iterator[str]:
    for instruction in instructions_of(code):
        if instruction.name == "STORE_ATTR":
            yield str(instruction.value)
    for nested in nested_codes(code):
        yield from _assigned_in(nested)
