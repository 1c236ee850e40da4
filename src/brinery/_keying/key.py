"""A call's key: named parts digested into one.

Every part has a digest of its own, so that two calls can be compared part by part in a person's terms. The key's hex
digits name the entry and nothing else; the format of the key has a version of its own, so that a release of brinery
does not throw a store away.
"""

from __future__ import annotations

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .fingerprint import Fingerprint

KEY_FORMAT = 1


def key_prefix(home_name: str, code: Fingerprint, options: Mapping[str, str]) -> bytes:
    """Digest everything of a key but the arguments: 16 bytes, the same until the code or the options change."""
    lines = [f"format={KEY_FORMAT}", f"function={home_name}", f"code={code.digest.hex()}"]
    lines += [f"{name}={value}" for name, value in sorted(options.items())]
    encoded = [line.encode("utf-8", "surrogatepass") for line in lines]
    return xxh3_128_digest(b"".join(len(line).to_bytes(4, "little") + line for line in encoded))


def call_key(prefix: bytes, arguments: bytes) -> str:
    """Name a call's entry: 32 hex digits over the function's prefix and the digest of the bound arguments.

    Two steps, so that an entry can tell the digest of its arguments without telling the arguments.
    """
    return xxh3_128_hexdigest(prefix + arguments)
