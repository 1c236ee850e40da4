"""Which process of which machine: what tells one from all others, now and after it has ended."""

from __future__ import annotations

import os
import sys

import xxhash


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
