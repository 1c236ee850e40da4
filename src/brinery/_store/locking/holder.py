"""Who computes: which process of which machine holds a file, and whether it still lives."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from itertools import count

import xxhash

from ..._light import NamedTuple


def process_name(pid: int) -> str:
    """A name for a process, unlike any other's on any machine."""
    return f"{machine()}-{pid}-{started(pid) or '-'}"


def machine() -> str:
    """What must agree for a process id to mean the same: the machine, its boot, the namespace of its processes."""
    global _name_of_machine
    if not _name_of_machine:
        told = [os.uname().nodename]
        try:
            with open("/proc/sys/kernel/random/boot_id", "rb") as file:  # as text it would load a module
                told.append(file.read().decode("ascii").strip())
            told.append(os.readlink("/proc/self/ns/pid"))
        except (OSError, ValueError):  # not Linux
            pass
        _name_of_machine = xxhash.xxh3_64_hexdigest(" ".join(told).encode("utf-8", "surrogateescape"))
    return _name_of_machine


def started(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; '-' for one that only waits to be buried, None if unknown."""
    fields = _status(pid)
    return None if fields is None else "-" if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped, by Ctrl-Z or a debugger, and not continued; False where one cannot tell."""
    fields = _status(pid)
    return fields is not None and fields[0] in (b"T", b"t")


def ancestors() -> frozenset[int]:
    """The processes that this one comes from, as far as one can tell."""
    pid = os.getppid()
    found = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        fields = _status(pid)
        pid = 0 if fields is None else int(fields[1])
    multiprocessing = sys.modules.get("multiprocessing.process")
    parent = multiprocessing.parent_process() if multiprocessing is not None else None
    if parent is not None and parent.pid is not None:  # which started it by way of a server
        found.add(parent.pid)
    return frozenset(found)


def is_forked_from(pid: int) -> bool:
    """Whether this process began as a copy of that one, and so knows of which of its computations it is part."""
    return pid in _forked_from


def _status(pid: int) -> list[bytes] | None:
    """What Linux tells of a process, from its state on; None if it is gone, or this is another system."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return fields if len(fields) > 19 else None


_name_of_machine = ""
_forked_from: set[int] = set()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked_from.add(os.getppid()))


_WORD = "brinery-holder"
_UNLOCKED = "brinery-holder-without-lock"
_LONGEST = 64 * 1024
_LAST_PID = (1 << 31) - 1


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
        except OSError:  # somebody else's, who may have been given the number of one that has ended
            pass
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
    return holder if word in (_WORD, _UNLOCKED) and 0 < holder.pid <= _LAST_PID else None


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
