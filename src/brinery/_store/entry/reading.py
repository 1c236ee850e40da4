"""Read and verify an entry from an open descriptor: its stream and buffers, or None if anything is wrong.

What is verified are the bytes in this process's memory, after they were read: nothing that happens to the file later
can change them.
"""

from __future__ import annotations

import os
from stat import S_ISREG

from .. import layout
from ..disk.files import closing, open_to_look
from ..layout import AT_ONCE, HEAD, SIGNED_FROM
from . import encoding as entry
from .encoding import Verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..layout import Bytes, Restored
    from ..signing.signer import Keyring, Signer
    from .encoding import Facts, Row

__all__ = ["Verified", "read_entry", "read_facts", "read_metadata", "read_recorded"]

_MUCH = 1 << 28
_HEAD_SIZE = HEAD.size


def read_entry(
    fd: int,
    status: os.stat_result,
    key: bytes,
    keyring: Keyring,
    now: float,
    ttl: float | None,
    *,
    mmap: bool = False,
    trust_unchanged: bool = False,
) -> Verified | None:
    """Read an entry and give what it holds, if one of our secrets signed it for this key and it is fresh.

    Args:
        fd: the file, open for reading.
        status: what `fstat` says of the file.
        key: the 16 bytes of the key.
        keyring: our secrets.
        now: the time, which must lie between the entry's creation and its end.
        ttl: seconds that it may count from its creation on, if it does not end before.
        mmap: map the large buffers copy-on-write, and do not hash them.
        trust_unchanged: do not hash large buffers again that were hashed before, while the file is the same.
    """
    if not S_ISREG(status.st_mode):
        return None
    try:
        return _read_entry(fd, status, key, keyring, now, ttl, mmap=mmap, trust_unchanged=trust_unchanged)
    except Exception:  # the disk, memory, a library that is not installed here: a miss, whatever it is
        return None


def read_facts(fd: int, size: int, key: bytes, keyring: Keyring, now: float, ttl: float | None) -> Facts | None:
    """Give an entry's head, if one of our secrets signed it for this key and it is fresh; buffers are not read."""
    try:
        signed = _read_signed(fd, size, key, keyring)
    except (OSError, MemoryError):
        return None
    return None if signed is None or not _is_fresh(signed[0], now, ttl) else signed[0]


def read_recorded(fd: int, size: int, key: bytes, keyring: Keyring) -> tuple[Facts, dict[str, Any]] | None:
    """Give an entry's head and metadata, if one of our secrets signed them for this key; it may have expired."""
    try:
        signed = _read_signed(fd, size, key, keyring)
        if signed is None:
            return None
        found = signed[0]
        beside = entry.metadata(os.pread(fd, found.metadata_length, size - found.metadata_length), found)
    except (OSError, MemoryError):
        return None
    return None if beside is None else (found, beside)


def holds_together(fd: int, size: int, found: Facts) -> bool:
    """Whether an entry's buffers and metadata are what its own head and table say, whoever wrote them.

    Nothing here is signed by anybody we know: no length is believed, and a file that is nearly all holes, which takes
    its author nothing to make and its reader hours, gets the benefit of the doubt.
    """
    from . import chunks

    signed = os.pread(fd, found.signed_end, 0)
    rows = entry.rows(signed[found.table_start :], found, size)
    if rows is None or read_metadata(fd, size) is None:
        return False
    try:
        if size > _MUCH and os.fstat(fd).st_blocks * 512 < size // 16:
            return True
        blake3 = bool(found.flags & layout.BLAKE3)
        return all(chunks.digest_of_file(fd, row.start, row.length, blake3=blake3) == row.digest for row in rows)
    except (ImportError, MemoryError):  # a library that is not installed here: nobody can tell
        return True


def is_signed_but_for_its_secret_id(fd: int, found: Facts, signers: Iterable[Signer]) -> bool:
    """Whether one of our secrets signed an entry, and the name of the secret was damaged since."""
    signed = bytearray(os.pread(fd, found.signed_end, 0)[SIGNED_FROM:])
    for signer in signers:
        signed[layout.SECRET_ID] = signer.secret_id
        if signer.verify(found.mac, signed):
            return True
    return False


def lacks_library(found: Facts) -> bool:
    """Whether an entry cannot be read here for want of an optional library only; the head must be a signed one."""
    from . import chunks, compression

    if found.flags & layout.BLAKE3 and not chunks.has_blake3():
        return True
    return bool(found.flags & layout.COMPRESSED) and not compression.is_there()


def read_metadata(fd: int, size: int) -> dict[str, Any] | None:
    """Give an entry's metadata, checked against the digest in its head; the signature is not looked at."""
    try:
        found = entry.facts(os.pread(fd, _HEAD_SIZE, 0), size)
        if found is None:
            return None
        return entry.metadata(os.pread(fd, found.metadata_length, size - found.metadata_length), found)
    except (OSError, MemoryError):
        return None


def metadata_at(path: str) -> dict[str, Any] | None:
    """Give the metadata of the entry at a path, checked against the digest in its head; None if there is none."""
    try:
        with closing(open_to_look(path)) as fd:
            status = os.fstat(fd)
            return read_metadata(fd, status.st_size) if S_ISREG(status.st_mode) else None
    except OSError:
        return None


def _read_entry(
    fd: int,
    status: os.stat_result,
    key: bytes,
    keyring: Keyring,
    now: float,
    ttl: float | None,
    *,
    mmap: bool,
    trust_unchanged: bool,
) -> Verified | None:
    size = status.st_size
    signed = _read_signed(fd, size, key, keyring)
    if signed is None or not _is_fresh(signed[0], now, ttl):
        return None
    found, rows, stored = signed
    stream: Bytes | None = stored
    if found.flags & layout.COMPRESSED:
        stream = entry.expand_stream(stored)
    elif found.flags & layout.STREAM_APART:
        if not rows:
            return None
        apart = _read_buffer(fd, rows.pop(), found)  # hashed in any case: it is going to be unpickled
        stream = None if isinstance(apart, str) else apart
    if stream is None:
        return None

    from . import trust

    trusted = bool(rows) and (mmap or trust_unchanged) and trust.only_we_write(fd, status)
    known = trusted and trust_unchanged and trust.is_unchanged(status, found.mac)
    mapped = trust.map_copy_on_write(fd, size) if trusted and mmap else None
    buffers: list[Restored] = []
    for row in rows:
        if mapped is not None and row.length == row.expanded_length and row.kind in (layout.WRITABLE, layout.READONLY):
            view = mapped[row.start : row.start + row.length]
            buffers.append(view.toreadonly() if row.kind == layout.READONLY else view)
            continue
        # A text that is not what it should be is no text at all, and whoever uses it may crash.
        buffer = _read_buffer(fd, row, found, hashed=not known or row.kind in (layout.ASCII, layout.TEXT))
        if buffer is None:
            return None
        buffers.append(buffer)
    if trusted and trust_unchanged and mapped is None:
        trust.remember(status, found.mac)
    return Verified(stream, buffers, found.flags, found.seconds)


def _is_fresh(found: Facts, now: float, ttl: float | None) -> bool:
    return found.created <= now < found.expires and (ttl is None or now < found.created + ttl)


def _read_signed(fd: int, size: int, key: bytes, keyring: Keyring) -> tuple[Facts, list[Row], memoryview] | None:
    """Read and check what the MAC covers: the head, the buffer table and the stream as it is stored."""
    data = os.pread(fd, AT_ONCE, 0)
    found = entry.facts(data, size)
    if found is None or found.key != key:
        return None
    if found.signed_end > len(data):
        data += os.pread(fd, found.signed_end - len(data), len(data))
        if found.signed_end > len(data):
            return None
    signed = memoryview(data)[: found.signed_end]
    signer = keyring.find(found.secret_id)
    if signer is None or not signer.verify(found.mac, signed[SIGNED_FROM:]):
        return None
    rows = entry.rows(signed[found.table_start :], found, size)
    return None if rows is None else (found, rows, signed[_HEAD_SIZE : found.table_start])


def _read_buffer(fd: int, row: Row, found: Facts, *, hashed: bool = True) -> Restored | None:
    """Read one buffer into memory of its own; None if it is not what the table says."""
    from . import compression, contents
    from .contents import allocate

    if row.length == row.expanded_length:
        view, finish = contents.room(row.kind, row.length)
        is_right = _fill(view, fd, row, found, hashed=hashed)
    else:
        squeezed = allocate(row.length)
        if not _fill(squeezed, fd, row, found, hashed=hashed):
            return None
        view, finish = contents.room(row.kind, row.expanded_length)
        is_right = compression.expand(squeezed, view)
    if not is_right:
        return None
    if row.kind not in (layout.WRITABLE, layout.READONLY):
        view.release()  # else nobody could append to a bytearray
    return finish()


def _fill(view: memoryview, fd: int, row: Row, found: Facts, *, hashed: bool) -> bool:
    from . import chunks

    if hashed:
        return chunks.fill(view, fd, row.start, blake3=bool(found.flags & layout.BLAKE3)) == row.digest
    return chunks.read_exactly(view, fd, row.start)
