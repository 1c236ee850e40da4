"""What a function says, by its source text: the normalised syntax tree, where the text provably belongs to the code.

The tree counts without positions, comments, docstrings and annotations of functions, so that reformatting never changes
a key; bytecode alone changes with the layout for one function in twenty on Python 3.13.

What was read once is known by the state of its file and the code that it belongs to, in later processes as well, which
need neither parse the file nor import what does.
"""

from __future__ import annotations

import os
import sys

from xxhash import xxh3_128_digest

from .compiled import bytecode_digest, whole_digest
from .reads import Read, Source, file_state
from .tested import is_newer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    from .reads import FileState

_NAME_SIZE = _DIGEST_SIZE = 16
_LENGTH_SIZE = 4
_NOT_ANNOTATED, _ANNOTATED = b"\0", b"\1"

_carried: dict[tuple[bytes, bool], Source] = {}
_known: dict[bytes, Source] = {}
_READERS = (
    "annotations.py",
    "parsed.py",
    "written.py",
    "normalised.py",
    "bytecode.py",
    "instructions.py",
    "compiled.py",
    "tested.py",
    "../handles/statements.py",
    "../handles/settings.py",
)  # of source and of bytecode
_states_of_readers: list[FileState | None] = []
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
    if code.co_filename in ("<string>", "<unknown>") or is_newer():
        return None
    state = file_state(code.co_filename)
    name = b"" if state is None else _name(code, state, decorators_of_our_own, documented=documented)
    found = _known.get(name)
    if found is None:
        from .parsed import find_source

        is_settled = state is not None and state.is_settled
        found = find_source(code, decorators_of_our_own, documented=documented)
        # If the file was saved meanwhile, nobody knows which of its two states was read.
        if found is not None and is_settled and file_state(code.co_filename) == state:
            from .bytecode import reads

            found = found._replace(name=name, reads=reads(code) if found.reads is None else found.reads)
            _known[name] = found
    if found is None and _carried:
        digest = bytecode_digest(code, documented=True)
        return _carried.get((digest, True)) or (None if documented else _carried.get((digest, False)))
    return found


def _name(code: CodeType, state: FileState, ours: int, *, documented: bool) -> bytes:
    """Name all that a source is read from, and by whom."""
    told = (
        (sys.hexversion, sys.flags.optimize),
        _readers(),
        code.co_filename,
        tuple(state),
        (code.co_firstlineno, code.co_name, code.co_flags),
        (ours, documented),
    )
    return xxh3_128_digest(repr(told).encode("utf-8", "surrogatepass") + whole_digest(code))


def _readers() -> list[FileState | None]:
    """What tells one brinery from another that reads sources or bytecode in another way."""
    if not _states_of_readers:
        folder = os.path.dirname(__file__)
        _states_of_readers.extend(file_state(os.path.join(folder, name)) for name in _READERS)
    return _states_of_readers


def source_by_state(told: tuple[object, ...], state: FileState, read: Callable[[], Source | None]) -> Source | None:
    """Return what was read of a file, or read it: for what belongs to no code.

    Args:
        told: what is read of it, and by what rules.
        state: the file's, before it is read.
        read: reads it; None while nothing certain can be read.
    """
    named = repr((sys.hexversion, _readers(), tuple(state), told))
    name = xxh3_128_digest(named.encode("utf-8", "surrogatepass"))
    found = _known.get(name)
    if found is None:
        is_settled = state.is_settled
        found = read()
        if found is not None and is_settled:
            found = _known[name] = found._replace(name=name)
    return found


def records_of(sources: Iterable[tuple[CodeType | None, Source]]) -> bytes:
    """Write down what is known of sources, for `recall` in another process."""
    return b"".join(_record(source) for _, source in sources if source.name)


def _record(source: Source) -> bytes:
    pieces = [
        piece
        for read in source.reads or ()
        for piece in (read.kind, str(read.level), str(len(read.chain)), *read.chain)
    ]
    if any("\0" in piece for piece in pieces):
        return b""  # the name of a module that stands in a text, and of none that there is
    told = "\0".join(pieces).encode("utf-8", "surrogatepass")
    annotated = _ANNOTATED if source.annotated else _NOT_ANNOTATED
    return source.name + source.digest + annotated + len(told).to_bytes(_LENGTH_SIZE, "little") + told


def recall(records: bytes) -> None:
    """Take over what another process of ours wrote down of sources."""
    at = 0
    while at < len(records):
        digest_at, annotated_at = at + _NAME_SIZE, at + _NAME_SIZE + _DIGEST_SIZE
        told_at = annotated_at + 1 + _LENGTH_SIZE
        end = told_at + int.from_bytes(records[annotated_at + 1 : told_at], "little")
        name, digest = records[at:digest_at], records[digest_at:annotated_at]
        annotated = records[annotated_at : annotated_at + 1] == _ANNOTATED
        if name not in _known:
            _known[name] = Source(digest, annotated, _reads_told(records[told_at:end]), name)
        at = end


def _reads_told(told: bytes) -> tuple[Read, ...]:
    pieces = told.decode("utf-8", "surrogatepass").split("\0") if told else []
    found = []
    at = 0
    while at < len(pieces):
        kind, level, count = pieces[at : at + 3]
        at += 3 + int(count)
        found.append(Read(kind, tuple(pieces[at - int(count) : at]), int(level)))
    return tuple(found)


def declare_source(code: CodeType, plain: Source, documented: Source) -> None:
    """Say what code means that is no function's, such as a notebook's cell: the latter with what documents it."""
    if len(_declared) >= _DECLARED_MOST:
        _declared.pop(next(iter(_declared)), None)
    _declared[id(code)] = code, plain, documented


def is_declared(code: CodeType) -> bool:
    """Whether it was said what code means, so that it is no function's."""
    found = _declared.get(id(code))
    return found is not None and found[0] is code


def carry_source(bytecode: bytes, source: Source) -> None:
    """Take another process's word for the source of some bytecode; used where the source is out of reach."""
    _carried[bytecode, source.annotated] = source
