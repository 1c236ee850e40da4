"""Which process of which machine: what tells one from all others, now and after it has ended."""

from __future__ import annotations

import os

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
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return "-" if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
    except (OSError, IndexError, ValueError):
        return None


_name_of_machine = ""
