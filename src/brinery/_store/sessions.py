"""Whose calls were counted: a session is a program from its start to its end, with the worker processes it started.

What stands in a store about sessions is for people to read. Anybody who can write there can write what he likes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from .._light import NamedTuple
from .holder import process_name
from .statistics_lines import Line, Missed, Tally, added

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_LONGEST_PROGRAM = 60
_MOST_MISSED = 5


class Called(NamedTuple):
    """How the calls of one function fared in a session, and some that were computed."""

    function: str
    tally: Tally
    missed: tuple[Missed, ...]


class Session(NamedTuple):
    """One program's calls, function by function."""

    program: str  # its file's name, empty if that is not known
    last: float  # when it last told of its calls
    called: tuple[Called, ...]


def session_name() -> str:
    """What all processes of this session have in common, and nobody else has."""
    if not _told:
        _tell()
    return _told[0]


def program_name() -> str:
    """What the program of this session is called; a worker leaves it to its parent to say."""
    if not _told:
        _tell()
    return _told[1]


def is_main_process() -> bool:
    """Whether this process is the one that the others of its session come from."""
    if not _told:
        _tell()
    return _told[2] == str(os.getpid())


def latest(lines: Mapping[str, Iterable[Line]], name: str = "") -> Session | None:
    """Put together what the lines of functions tell of one session: that of the name, else the last to be heard of."""
    told = [(function, line) for function, found in lines.items() for line in found if line.session]
    if not name and told:
        name = max(told, key=lambda pair: pair[1].when)[1].session
    told = [(function, line) for function, line in told if line.session == name]
    if not told:
        return None
    called: dict[str, list[Line]] = {}
    for function, line in told:
        called.setdefault(function, []).append(line)
    return Session(
        max(line.program for _, line in told),
        max(line.when for _, line in told),
        tuple(_called(function, found) for function, found in sorted(called.items())),
    )


def _called(function: str, lines: list[Line]) -> Called:
    missed = [line.missed for line in lines if line.missed is not None]
    return Called(function, added(line.tally for line in lines), tuple(missed[:_MOST_MISSED]))


_told: tuple[str, ...] = ()


def _tell() -> None:
    global _told
    parent = _parent_of_worker()
    pid = os.getpid() if parent is None else parent
    _told = process_name(pid), "" if parent is not None else _program(), str(pid)


def _parent_of_worker() -> int | None:
    """The process that a worker of a pool belongs to; None if this is none."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.current_process().name == "MainProcess":
        return None
    parent = process.parent_process()
    return os.getppid() if parent is None or parent.pid is None else int(parent.pid)


def _program() -> str:
    path = sys.argv[0] if getattr(sys, "argv", None) else ""
    folder, name = os.path.split(path)
    if name == "__main__.py":
        name = os.path.basename(folder)
    return "".join(letter if letter in _SAFE else "_" for letter in name[:_LONGEST_PROGRAM])


def _settle() -> None:
    """See that a child of fork tells the same; what it tells of the program stays its parent's to say."""
    if not _told:
        _tell()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_settle)
