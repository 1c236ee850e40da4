"""What a function says, by its source text: the normalised syntax tree, where the text provably belongs to the code.

The tree counts without positions, comments, docstrings and annotations of functions, so that reformatting never changes
a key; bytecode alone changes with the layout for one function in twenty on Python 3.13.

What was read once is known by the state of its file and the code that it belongs to, in later processes as well, which
need neither parse the file nor import what does.
"""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from .bytecode import bytecode_digest
from .file_state import file_state
from .source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from .file_state import FileState

_NAME_SIZE = _DIGEST_SIZE = 16
_RECORD_SIZE = _NAME_SIZE + _DIGEST_SIZE + 1
_NOT_ANNOTATED, _ANNOTATED = b"\0", b"\1"

_carried: dict[tuple[bytes, bool], Source] = {}
_known: dict[bytes, Source] = {}
_declared: dict[int, tuple[CodeType, Source, Source]] = {}
_DECLARED_MOST = 1024


def source_of(code: CodeType, decorators_of_our_own: int = 0, *, documented: bool = False) -> Source | None:
    """Return what a function's source says, or None where no source provably is that of its code.

    Args:
        code: the function's.
        decorators_of_our_own: how many decorators on the function are known to read neither annotations nor docstring.
        documented: whether annotations and docstring count in any case.
    """
    declared = _declared.get(id(code)) if _declared else None
    if declared is not None and declared[0] is code:
        return declared[2] if documented else declared[1]
    if code.co_filename in ("<string>", "<unknown>"):
        return None
    state = file_state(code.co_filename)
    name = b"" if state is None else _name(code, state, decorators_of_our_own, documented=documented)
    found = _known.get(name)
    if found is None:
        from .parsed import find_source

        is_settled = state is not None and state.is_settled
        found = find_source(code, decorators_of_our_own, documented=documented)
        # If the file was saved meanwhile, nobody knows which of its two states was read.
        if found is not None and found.reads is None and is_settled and file_state(code.co_filename) == state:
            found = _known[name] = found._replace(name=name)
    if found is None and _carried:
        digest = bytecode_digest(code, documented=True)
        return _carried.get((digest, True)) or (None if documented else _carried.get((digest, False)))
    return found


def _name(code: CodeType, state: FileState, ours: int, *, documented: bool) -> bytes:
    """Name all that a source is read from."""
    told = (
        (sys.hexversion, sys.flags.optimize),
        code.co_filename,
        tuple(state),
        (code.co_firstlineno, code.co_name, code.co_flags),
        (ours, documented),
    )
    return xxh3_128_digest(repr(told).encode("utf-8", "surrogatepass") + bytecode_digest(code, documented=True))


def records_of(sources: Iterable[tuple[CodeType, Source]]) -> bytes:
    """Write down what is known of sources, for `recall` in another process."""
    return b"".join(
        source.name + source.digest + (_ANNOTATED if source.annotated else _NOT_ANNOTATED)
        for _, source in sources
        if source.name
    )


def recall(records: bytes) -> None:
    """Take over what another process of ours wrote down of sources."""
    for start in range(0, len(records) - _RECORD_SIZE + 1, _RECORD_SIZE):
        name = records[start : start + _NAME_SIZE]
        digest = records[start + _NAME_SIZE : start + _NAME_SIZE + _DIGEST_SIZE]
        annotated = records[start + _RECORD_SIZE - 1 : start + _RECORD_SIZE] == _ANNOTATED
        _known.setdefault(name, Source(digest, annotated, None, name))


def declare_source(code: CodeType, plain: Source, documented: Source) -> None:
    """Say what code means that is no function's, such as a notebook's cell: the latter with what documents it."""
    if len(_declared) >= _DECLARED_MOST:
        _declared.pop(next(iter(_declared)), None)
    _declared[id(code)] = code, plain, documented


def carry_source(bytecode: bytes, source: Source) -> None:
    """Take another process's word for the source of some bytecode; used where the source is out of reach."""
    _carried[bytecode, source.annotated] = source
