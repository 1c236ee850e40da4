"""Whose calls are counted: a session is a program from its start to its end, with the worker processes it started."""

from __future__ import annotations

import os
import sys

from ..locking.holder import process_name

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_LONGEST_PROGRAM = 60


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
