"""What a code object does, as a whole: its digest, the code inside it, and the names that it mentions.

The digest leaves out where the code stands (file, lines, its own name) and keeps what it does; it is the proof that a
source text belongs to a code object, and stands in where there is no such text.
"""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from ..._light import CodeType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# The compiler marks `from __future__ import annotations` and (3.14) the presence of a docstring in the flags: neither
# changes what the code does.
_MEANINGLESS_FLAGS = 0x1000000 | 0x4000000
_HAS_DOCSTRING = 0x4000000
_IS_FUNCTION = 0x2  # CO_NEWLOCALS
_READING_CONSTANTS = ("LOAD_CONST", "RETURN_CONST")


def bytecode_digest(code: CodeType, *, documented: bool = False) -> bytes:
    """Digest what the code does: 16 bytes, the same for two compilations of the same text anywhere.

    With ``documented``, the docstrings of the functions within it count as well, though no bytecode reads them.
    """
    return _digest(code, skip_docstring=_has_unread_docstring(code), documented=documented)


def whole_digest(code: CodeType) -> bytes:
    """Digest what the code does, with every docstring, read or not: without a look at its instructions."""
    return _digest(code, skip_docstring=False, documented=True)


def _digest(code: CodeType, *, skip_docstring: bool, documented: bool) -> bytes:
    parts = [
        code.co_code,
        code.co_exceptiontable,
        repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)).encode(),
        repr(code.co_flags & ~_MEANINGLESS_FLAGS).encode(),
        repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)).encode("utf-8", "surrogatepass"),
    ]
    skip = 0 if skip_docstring else -1
    parts += [_constant(value, documented=documented) for index, value in enumerate(code.co_consts) if index != skip]
    return xxh3_128_digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts))


def _constant(value: object, *, documented: bool = False) -> bytes:
    """Tag a constant by its exact type: 1, 1.0 and True are equal, and not the same constant."""
    if isinstance(value, CodeType):
        skip_docstring = not documented and _has_unread_docstring(value)
        return b"code" + _digest(value, skip_docstring=skip_docstring, documented=documented)
    if type(value) is tuple:
        items = [_constant(item) for item in value]
        return b"tuple" + b"".join(len(item).to_bytes(8, "little") + item for item in items)
    if type(value) is frozenset:
        return b"set" + b"".join(sorted(xxh3_128_digest(_constant(item)) for item in value))
    if type(value) is slice:
        return b"slice" + _constant((value.start, value.stop, value.step))
    if type(value) is int:
        return b"int" + hex(value).encode()
    if type(value) is str:
        return b"str" + value.encode("utf-8", "surrogatepass")
    return type(value).__name__.encode() + repr(value).encode("utf-8", "surrogatepass")


def _has_unread_docstring(code: CodeType) -> bool:
    if not code.co_flags & _IS_FUNCTION or not code.co_consts or type(code.co_consts[0]) is not str:
        return False
    if sys.version_info >= (3, 14) and not code.co_flags & _HAS_DOCSTRING:
        return False
    from .instructions import UnknownInstructionError, instructions_of  # a hit asks for no such digest

    try:
        return all(step.name not in _READING_CONSTANTS or step.arg != 0 for step in instructions_of(code))
    except UnknownInstructionError:
        return False


def nested_codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code objects that stand directly among a code object's constants."""
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield value


def names_in(code: CodeType) -> frozenset[str]:
    """Return every name, attribute and short text that the code or its nested code mentions."""
    names = {*code.co_names, *(value for value in code.co_consts if type(value) is str)}
    for nested in nested_codes(code):
        names |= names_in(nested)
    return frozenset(names)
