"""The bytes of one entry: laid out, and taken apart again; touches no file. `layout` tells where what stands.

Everything here is a pure function, and whatever is wrong with its bytes is answered with `None`. What the MAC covers
directly is short, whatever a head says, so a planted file of any size costs a reader a few megabytes and no more.
"""

from __future__ import annotations

from _struct import Struct

from .._light import NamedTuple
from . import hashes
from .layout import (
    ABOUT_STREAM,
    ALIGNMENT,
    AT_ONCE,
    BLAKE3,
    COMPRESSED,
    HEAD,
    HOME_AS_MAIN,
    HOME_AS_MP_MAIN,
    HOME_NAMED,
    ITEMS,
    KNOWN_FLAGS,
    MAGIC,
    NOT_PICKLE,
    SECRET_ID,
    SIGNED_FROM,
    STREAM_APART,
    SUFFIX,
    Bytes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .signing import Signer

__all__ = [
    "ABOUT_STREAM",
    "ALIGNMENT",
    "AT_ONCE",
    "BLAKE3",
    "COMPRESSED",
    "HEAD",
    "HOME_AS_MAIN",
    "HOME_AS_MP_MAIN",
    "HOME_NAMED",
    "ITEMS",
    "KNOWN_FLAGS",
    "MAGIC",
    "MOST_BUFFERS",
    "NOT_PICKLE",
    "SECRET_ID",
    "SIGNED_FROM",
    "STREAM_APART",
    "SUFFIX",
    "Bytes",
    "Facts",
    "Payload",
    "Row",
    "Verified",
    "encode",
    "expand_stream",
    "facts",
    "metadata",
    "rows",
]

_ROW = Struct("<Q Q B 7x 32s")  # of the buffer table: length, length once expanded, read-only, digest
_EXPANDED_LENGTH = Struct("<Q")
_pack_head = HEAD.pack
_NO_MAC = bytes(32)
_APART = 1 << 20  # streams from here on are read and hashed as buffers are: by two threads, into huge pages
MOST_BUFFERS = 1 << 16
_MOST_METADATA = 1 << 20


class Payload(NamedTuple):
    """A result on its way into an entry."""

    stream: bytes
    buffers: list[memoryview]
    flags: int = 0
    compress: bool = False


class Facts(NamedTuple):
    """The head of an entry, as it stands in the file; nothing here is authenticated."""

    magic: bytes
    mac: bytes
    key: bytes
    secret_id: bytes
    created: float
    expires: float  # inf: never
    seconds: float  # what the result took to compute
    flags: int
    buffer_count: int
    stream_length: int
    metadata_length: int
    metadata_digest: bytes

    @property
    def table_start(self) -> int:
        return HEAD.size + self.stream_length

    @property
    def signed_end(self) -> int:
        return HEAD.size + self.stream_length + self.buffer_count * _ROW.size


class Row(NamedTuple):
    """Where one buffer lies in the file, and what it must be."""

    start: int
    length: int
    expanded_length: int  # another one than `length`: the buffer is a zstd frame
    readonly: bool
    digest: bytes


class Verified(NamedTuple):
    """What came out of an entry whose signature holds."""

    stream: Bytes
    buffers: Sequence[Bytes]
    flags: int
    seconds: float


def facts(head: bytes, size: int) -> Facts | None:
    """Parse the head of a file of `size` bytes, without authenticating it."""
    if len(head) < HEAD.size:
        return None
    found = Facts._make(HEAD.unpack_from(head))
    if (
        found.magic != MAGIC
        or found.flags > KNOWN_FLAGS
        or found.stream_length > _APART
        or found.buffer_count > MOST_BUFFERS
        or found.metadata_length > _MOST_METADATA
        or found.signed_end + found.metadata_length > size
    ):
        return None
    return found


def rows(table: Bytes, found: Facts, size: int) -> list[Row] | None:
    """Parse the buffer table; None unless buffers and metadata fill the file of `size` bytes exactly."""
    end = found.signed_end
    result = []
    for length, expanded_length, readonly, digest in _ROW.iter_unpack(table):
        start = end + -end % ALIGNMENT
        end = start + length
        if end > size:
            return None
        result.append(Row(start, length, expanded_length, bool(readonly), digest))
    return result if end + found.metadata_length == size else None


def expand_stream(stored: Bytes) -> Bytes | None:
    """Give back a stream that was stored COMPRESSED. Only for bytes whose signature holds."""
    if len(stored) < _EXPANDED_LENGTH.size:
        return None
    (length,) = _EXPANDED_LENGTH.unpack_from(stored)
    if length > _APART:
        return None
    stream = bytearray(length)
    from . import compression

    return stream if compression.expand(memoryview(stored)[_EXPANDED_LENGTH.size :], stream) else None


def metadata(stored: bytes, found: Facts) -> dict[str, Any] | None:
    """Parse the metadata, the last bytes of the file; None unless they are those that the head tells of."""
    if len(stored) != found.metadata_length or hashes.sha256(stored).digest()[:16] != found.metadata_digest:
        return None
    import json

    try:
        parsed = json.loads(stored)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def encode(
    key: bytes,
    payload: Payload,
    *,
    created: float,
    expires: float,
    seconds: float,
    metadata: bytes,
    signer: Signer,
) -> list[Bytes]:
    """Lay out and sign one entry; the parts are to be written one after another.

    The larger parts are views of the producer's memory: whoever changes that before it is written gets an entry whose
    digests do not hold, which is a miss. Metadata beyond 1 MiB are left out, for they are only there to be looked at.
    """
    if len(metadata) > _MOST_METADATA:
        metadata = b"{}"
    stream, buffers, flags, compress = payload
    table = b""
    stored: list[Bytes] = []
    if buffers or compress or len(stream) >= _APART:
        stream, flags, table, stored = _lay_apart(payload)
    head = _pack_head(
        MAGIC,
        _NO_MAC,
        key,
        signer.secret_id,
        created,
        expires,
        seconds,
        flags,
        len(stored),
        len(stream),
        len(metadata),
        hashes.sha256(metadata).digest()[:16],
    )
    signed = b"".join((head[SIGNED_FROM:], stream, table))
    mac = signer.sign(signed)
    if not stored:
        return [b"".join((MAGIC, mac, signed, metadata))]
    start = b"".join((MAGIC, mac, signed))
    parts: list[Bytes] = [start]
    end = len(start)
    for buffer in stored:
        parts += (bytes(-end % ALIGNMENT), buffer)
        end += -end % ALIGNMENT + len(buffer)
    return [*parts, metadata]


def _lay_apart(payload: Payload) -> tuple[bytes, int, bytes, list[Bytes]]:
    """The stream as it is stored, the flags, the table of the buffers, and the buffers as they are stored."""
    from . import chunks, compression

    stream, buffers, flags, compress = payload
    if len(stream) >= _APART:
        stream, flags, buffers = b"", flags | STREAM_APART, [*buffers, memoryview(stream)]
    elif compress and (squeezed := compression.squeeze(stream)) is not None:
        stream, flags = _EXPANDED_LENGTH.pack(len(stream)) + squeezed, flags | COMPRESSED
    stored: list[Bytes] = [*buffers]
    if compress:
        stored = [found if (found := compression.squeeze(buffer)) is not None else buffer for buffer in buffers]
    if stored and chunks.has_blake3():
        flags |= BLAKE3
    table = b"".join(
        _ROW.pack(len(here), len(buffer), buffer.readonly, chunks.digest(here, blake3=bool(flags & BLAKE3)))
        for here, buffer in zip(stored, buffers, strict=True)
    )
    return stream, flags, table, stored
