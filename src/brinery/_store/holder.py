"""Who computes: the marker that a process leaves in the files it holds, and whether that process still lives.

The kernel drops a lock with its last descriptor, and a forked child may keep one after its parent was killed. So the
holder's own process stands in the file as well, and with it the keys it waits for, by which rings are found.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from itertools import count

from .._light import NamedTuple
from .process import ancestors, is_forked_from, is_stopped, machine, started

_WORD = "brinery-holder"
_UNLOCKED = "brinery-holder-without-lock"
_LONGEST = 64 * 1024


class Holder(NamedTuple):
    """A process that holds a temporary file."""

    machine: str
    pid: int
    started: str
    token: str  # of the run; whoever takes over after a killed one keeps it
    waits: tuple[str, ...]
    has_lock: bool  # False where it has no descriptor to spare for one

    def is_gone(self) -> bool:
        """Whether that process is known to have ended; False where one cannot tell."""
        if self.machine != machine():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # somebody else's, but there
            return False
        now = started(self.pid)
        return now is not None and now != self.started

    def holds_by_marker(self) -> bool:
        """Whether it holds the file without a lock; only on its own machine can one tell when that has ended."""
        return not self.has_lock and self.machine == machine() and not self.is_gone()

    def is_stopped(self) -> bool:
        """Whether that process is known to have been stopped, and not continued."""
        return self.machine == machine() and is_stopped(self.pid)

    def is_ancestor(self) -> bool:
        """Whether this process comes from that one, which may wait for it."""
        return self.machine == machine() and self.pid in ancestors()

    def is_copied_here(self) -> bool:
        """Whether this process was forked from that one."""
        return self.machine == machine() and is_forked_from(self.pid)


def encode_holder(token: str, waits: Collection[str] = (), *, has_lock: bool = True) -> bytes:
    """The marker of a run of this process, waiting for these names."""
    word = _WORD if has_lock else _UNLOCKED
    return f"{word} {_told or _here()} {token}\n{' '.join(waits) if waits else ''}\n".encode("ascii")


def new_token() -> str:
    """A name for a run, unlike any other's."""
    return f"{_first_token or _first()}-{next(_numbers)}"


def parse_holder(data: bytes) -> Holder | None:
    """What a marker says, or None if it is none, or not whole: an entry being written, for instance."""
    lines = data.split(b"\n")
    if len(lines) != 3:
        return None
    try:
        word, machine, pid, started, token = lines[0].decode("ascii").split(" ")
        waits = tuple(lines[1].decode("ascii").split())
        holder = Holder(machine, int(pid), started, token, waits, has_lock=word == _WORD)
    except ValueError:
        return None
    return holder if word in (_WORD, _UNLOCKED) and holder.pid > 0 else None


def read_holder(fd: int) -> Holder | None:
    """The marker at the start of an open file."""
    try:
        return parse_holder(os.pread(fd, _LONGEST, 0))
    except OSError:
        return None


def is_held_by_marker(fd: int) -> bool:
    """Whether an open file whose lock is free is in use all the same."""
    holder = read_holder(fd)
    return holder is not None and holder.holds_by_marker()


_told = ""
_first_token = ""
_numbers = count(1)


def _here() -> str:
    global _told
    if not _told:
        pid = os.getpid()
        _told = f"{machine()} {pid} {started(pid) or '-'}"
    return _told


def _first() -> str:
    global _first_token
    _first_token = f"{time.time_ns():x}-{os.getpid()}"
    return _first_token


def _forget() -> None:
    global _first_token, _told
    _told = _first_token = ""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
