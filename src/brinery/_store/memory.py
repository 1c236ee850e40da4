"""Memory to read large buffers into: writable, aligned, private to this process, in huge pages if there are any."""

from __future__ import annotations

import mmap
from contextlib import suppress

_HUGE = 4 << 20


def allocate(length: int) -> memoryview:
    """Zeroed memory that lives as long as a view of it does."""
    if not length:
        return memoryview(bytearray())
    # Private: a shared anonymous map, mmap's default, would show what a forked child writes.
    memory = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if length >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without huge pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)
