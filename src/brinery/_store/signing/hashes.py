"""SHA-256, at first the interpreter's own: OpenSSL's takes half the time for an entry, and 2 ms to load.

A process that asks for a few results does not need the faster one; whoever does calls `hasten`.
"""

from __future__ import annotations

from _operator import _compare_digest as compare_digest  # as `hmac` calls it, without what that loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _hashlib import HASH
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # before Python 3.12
        except ImportError:
            from hashlib import sha256

__all__ = ["compare_digest", "hasten", "hmac_sha256", "sha256"]

BLOCK = 64  # bytes
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


def hasten() -> None:
    """Let `sha256` be the fastest that there is."""
    global sha256
    from hashlib import sha256


def keyed(key: bytes) -> tuple[HASH, HASH]:
    """Give the two states from which every HMAC-SHA256 (RFC 2104) with a key starts; it has at most 64 bytes."""
    padded = key.ljust(BLOCK, b"\0")
    return sha256(padded.translate(_INNER_PAD)), sha256(padded.translate(_OUTER_PAD))


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The HMAC-SHA256 of data that are signed once."""
    inner, outer = keyed(key if len(key) <= BLOCK else sha256(key).digest())
    inner.update(data)
    outer.update(inner.digest())
    return outer.digest()
