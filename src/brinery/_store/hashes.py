"""SHA-256 and HMAC of the C library that `hashlib` and `hmac` stand on, without the millisecond that those two take."""

from __future__ import annotations

try:
    from _hashlib import compare_digest, hmac_digest
    from _hashlib import openssl_sha256 as sha256
except ImportError:  # a Python without OpenSSL
    from hashlib import sha256
    from hmac import compare_digest
    from hmac import digest as hmac_digest  # type: ignore[assignment]

__all__ = ["compare_digest", "hmac_digest", "sha256"]
