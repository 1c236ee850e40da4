"""Encode an entry into bytes and parse it again, by `layout`; touches no file.

Everything here is a pure function, and whatever is wrong with its bytes is answered with `None`. What the MAC covers
directly is short, whatever a head says, so a planted file of any size costs a reader a few megabytes and no more.
"""

from __future__ import annotations

from _struct import Struct

from ..._light import NamedTuple
from ..layout import (
    ALIGNMENT,
    BLAKE3,
    BYTES,
    COMPRESSED,
    HEAD,
    KNOWN_FLAGS,
    MAGIC,
    READONLY,
    SIGNED_FROM,
    STREAM_APART,
    TEXT,
    WRITABLE,
    Bytes,
    Restored,
)
from ..signing import hashes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..signing.signer import Signer
    from .noncontiguous import Gapped

_ROW = Struct("<Q Q B 7x 32s")  # of the buffer table: length, length once expanded, kind, digest
_TELLING = Struct("<8s 64x d 8x I I Q Q 16x")  # of the head: when it expires, and whether it is one
_EXPANDED_LENGTH = Struct("<Q")
_pack_head = HEAD.pack
_NO_MAC = bytes(32)
_APART = 1 << 20  # streams from here on are read and hashed as buffers are: by two threads, into huge pages
MOST_BUFFERS = 1 << 16
_MOST_METADATA = 1 << 20


class Contents:
    """What a stream asks for as an object of its own, and not as memory."""

    __slots__ = ("data", "kind")

    def __init__(self, data: Bytes, kind: int) -> None:
        self.data = data
        self.kind = kind

    def __len__(self) -> int:
        return len(self.data)


class Payload(NamedTuple):
    """A result on its way into an entry."""

    stream: bytes
    buffers: Sequence[memoryview | Contents | Gapped]
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
    kind: int
    digest: bytes


class Verified(NamedTuple):
    """What came out of an entry whose signature holds."""

    stream: Bytes
    buffers: Sequence[Restored]
    flags: int
    seconds: float


def facts(head: bytes, size: int) -> Facts | None:
    """Parse the head of a file of `size` bytes, without authenticating it."""
    if len(head) < HEAD.size:
        return None
    values = HEAD.unpack_from(head)
    is_possible = _is_possible(values[0], values[7], values[8], values[9], values[10], size)
    return Facts._make(values) if is_possible else None


def expiry(head: bytes, size: int) -> float | None:
    """When an entry expires; None where `facts` would be. Whoever prunes needs no more, a million times."""
    if len(head) < HEAD.size:
        return None
    magic, expires, flags, buffer_count, stream_length, metadata_length = _TELLING.unpack_from(head)
    is_possible = _is_possible(magic, flags, buffer_count, stream_length, metadata_length, size)
    return expires if is_possible else None


def _is_possible(
    magic: bytes, flags: int, buffer_count: int, stream_length: int, metadata_length: int, size: int
) -> bool:
    return (
        magic == MAGIC
        and flags <= KNOWN_FLAGS
        and stream_length <= _APART
        and buffer_count <= MOST_BUFFERS
        and metadata_length <= _MOST_METADATA
        and HEAD.size + stream_length + buffer_count * _ROW.size + metadata_length <= size
    )


def rows(table: Bytes, found: Facts, size: int) -> list[Row] | None:
    """Parse the buffer table; None unless buffers and metadata fill the file of `size` bytes exactly."""
    end = found.signed_end
    result = []
    for length, expanded_length, kind, digest in _ROW.iter_unpack(table):
        start = end + -end % ALIGNMENT
        end = start + length
        if end > size or kind > TEXT:
            return None
        result.append(Row(start, length, expanded_length, kind, digest))
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


def is_short(payload: Payload) -> bool:
    """Whether all of a payload goes into the stream, as it is: `encode` does for it, and makes one piece of bytes."""
    return not (payload.buffers or payload.compress or len(payload.stream) >= _APART)


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

    Metadata beyond 1 MiB are left out, for they are only there to be looked at.
    """
    if len(metadata) > _MOST_METADATA:
        metadata = b"{}"
    if not is_short(payload):
        about = Unsealed(
            key, payload, created=created, expires=expires, seconds=seconds, metadata=metadata, signer=signer
        )
        return about.parts()
    stream, _, flags, _ = payload
    head = _pack_head(
        MAGIC,
        _NO_MAC,
        key,
        signer.secret_id,
        created,
        expires,
        seconds,
        flags,
        0,
        len(stream),
        len(metadata),
        hashes.sha256(metadata).digest()[:16],
    )
    signed = head[SIGNED_FROM:] + stream
    return [b"".join((MAGIC, signer.sign(signed), signed, metadata))]


class Unsealed:
    """An entry that is not short: where its buffers go is known before their digests are.

    So they can be written and digested at the same time, and `seal` gives what stands before them at the end. They are
    views of the producer's memory: whoever changes that meanwhile gets an entry whose digests do not hold, a miss.

    Attributes:
        placed: where in the file each buffer starts, and the buffer as it is stored.
        size: of the whole file.
        blake3: whether the buffers are to be digested by BLAKE3.
        metadata: the end of the file.
    """

    __slots__ = ("_buffers", "_head", "_signer", "_stream", "blake3", "metadata", "placed", "size")

    def __init__(
        self,
        key: bytes,
        payload: Payload,
        *,
        created: float,
        expires: float,
        seconds: float,
        metadata: bytes,
        signer: Signer,
    ) -> None:
        from . import chunks, compression
        from .noncontiguous import Gapped

        if len(metadata) > _MOST_METADATA:
            metadata = b"{}"
        stream, buffers, flags, compress = payload
        if len(stream) >= _APART:
            stream, flags, buffers = b"", flags | STREAM_APART, [*buffers, Contents(stream, BYTES)]
        elif compress and (squeezed := compression.squeeze(stream)) is not None:
            stream, flags = _EXPANDED_LENGTH.pack(len(stream)) + squeezed, flags | COMPRESSED
        stored: list[Bytes | Gapped] = [buffer.data if isinstance(buffer, Contents) else buffer for buffer in buffers]
        if compress:
            wholes = [data.whole() if isinstance(data, Gapped) else data for data in stored]
            stored = [found if (found := compression.squeeze(data)) is not None else data for data in wholes]
        self.blake3 = bool(stored) and chunks.has_blake3()
        if self.blake3:
            flags |= BLAKE3
        self._head = HEAD.pack(
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
        self._stream = stream
        self._buffers = buffers
        self._signer = signer
        self.metadata = metadata
        self.placed: list[tuple[int, Bytes | Gapped]] = []
        end = HEAD.size + len(stream) + len(stored) * _ROW.size
        for buffer in stored:
            start = end + -end % ALIGNMENT
            self.placed.append((start, buffer))
            end = start + len(buffer)
        self.size = end + len(metadata)

    def seal(self, digests: Sequence[bytes]) -> bytes:
        """Sign; gives what the file begins with, up to the first buffer."""
        table = b"".join(
            _ROW.pack(len(stored), len(buffer), _kind_of(buffer), digest)
            for (_, stored), buffer, digest in zip(self.placed, self._buffers, digests, strict=True)
        )
        signed = b"".join((self._head[SIGNED_FROM:], self._stream, table))
        return b"".join((MAGIC, self._signer.sign(signed), signed))

    def parts(self) -> list[Bytes]:
        """All of the file, as parts to be written one after another."""
        from . import chunks
        from .noncontiguous import Gapped

        wholes = [buffer.whole() if isinstance(buffer, Gapped) else buffer for _, buffer in self.placed]
        start = self.seal(chunks.digests(wholes, blake3=self.blake3))
        parts: list[Bytes] = [start]
        end = len(start)
        for (at, _), buffer in zip(self.placed, wholes, strict=True):
            parts += (bytes(at - end), buffer)
            end = at + len(buffer)
        return [*parts, self.metadata]


def _kind_of(buffer: memoryview | Contents | Gapped) -> int:
    if isinstance(buffer, memoryview):
        return READONLY if buffer.readonly else WRITABLE
    return buffer.kind if isinstance(buffer, Contents) else WRITABLE
