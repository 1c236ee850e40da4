"""Write large entries while they are digested in another thread: each takes about as long as the other.

One goes from the front to the back, the other from the back to the front. Where they meet there is a moment after which
each chunk that was written is digested, and each that was digested is written: if the digests hold, the file holds what
was in memory at that moment, whoever changed it before or after.

What stands before the buffers, with their digests and the signature, is written last. Until then the file begins with
the marker of whoever holds its lock.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial

from ..disk.files import write_all
from ..layout import CHUNK
from . import chunks
from .noncontiguous import Gapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..layout import Bytes
    from .encoding import Unsealed

_WORTH_CTYPES = 32 << 20  # bytes; to import it takes 2 ms, unless numpy did


def write(fd: int, entry: Unsealed) -> int:
    """Write a whole entry over what the file held, and return its size; OSError if the disk does not take it."""
    _reserve(fd, entry.size)
    digests = chunks.digests(
        [buffer for _, buffer in entry.placed],
        blake3=entry.blake3,
        part=partial(_part, fd, entry),
        meanwhile=partial(_write_buffers, fd, entry),
    )
    _write_at(fd, entry.seal(digests), 0)
    return entry.size


def _part(fd: int, entry: Unsealed, number: int, at: int) -> Bytes:
    """A chunk of a buffer; of one with gaps it is a copy, which is written now."""
    start, buffer = entry.placed[number]
    if not isinstance(buffer, Gapped):
        return memoryview(buffer)[at : at + CHUNK]
    part = buffer.part(at, CHUNK)
    _write_at(fd, part, start + at)
    return part


def _write_buffers(fd: int, entry: Unsealed) -> None:
    """Write all that follows the head, but for the buffers with gaps."""
    end = entry.placed[0][0] if entry.placed else entry.size - len(entry.metadata)
    os.lseek(fd, end, os.SEEK_SET)
    parts: list[Bytes] = []
    for start, buffer in entry.placed:
        parts.append(bytes(start - end))
        end = start + len(buffer)
        if isinstance(buffer, Gapped):
            write_all(fd, parts)
            os.lseek(fd, end, os.SEEK_SET)
            parts = []
        else:
            parts.append(buffer)
    write_all(fd, [*parts, entry.metadata])


def _write_at(fd: int, data: Bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, at)
        at += written
        rest = rest[written:]


def _reserve(fd: int, size: int) -> None:
    """Have the place on the disk chosen at once: page by page, as it is written, took ext4 a third of its time.

    The system's own call: where the file system cannot, `os.posix_fallocate` would write to every block.
    """
    if sys.platform != "linux" or (size < _WORTH_CTYPES and "ctypes" not in sys.modules):
        return
    with suppress(AttributeError, OSError, ImportError):  # for speed only: whatever is wrong, the writing will tell
        import ctypes

        reserve = ctypes.CDLL(None).fallocate64
        reserve.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
        reserve(fd, 0, 0, size)
