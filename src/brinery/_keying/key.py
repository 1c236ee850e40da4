"""A call's key: named parts digested into one, and what differs between two of them.

Every part has a digest of its own, so that two calls can be compared part by part in a person's terms. The key's hex
digits name the entry and nothing else; the format of the key has a version of its own, so that a release of brinery
does not throw a store away.
"""

from __future__ import annotations

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

from .._light import NamedTuple
from .fingerprint import Fingerprint, Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEY_FORMAT = 1


class Difference(NamedTuple):
    """One part in which two keys differ; ``before`` and ``after`` are short values, empty where they are not known."""

    part: str
    change: str
    before: str = ""
    after: str = ""


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


def describe_parts(code: Fingerprint, options: Mapping[str, str]) -> dict[str, list[str]]:
    """Write a fingerprint's parts and the options for `function.json`: name to hex digest and short value."""
    parts = {name: [part.digest.hex(), part.shown] for name, part in sorted(code.parts.items())}
    parts |= {
        f"option {name}": [xxh3_128_digest(value.encode("utf-8", "surrogatepass")).hex(), value]
        for name, value in options.items()
    }
    return parts


def compare_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Name the parts in which two descriptions differ; tolerates whatever an unsigned file may hold."""
    differences = []
    for name in sorted({*before, *after}):
        old, new = _pair(before.get(name)), _pair(after.get(name))
        if old == new:
            continue
        change = "is new" if old is None else "is gone" if new is None else "changed"
        differences.append(Difference(name, change, old[1] if old else "", new[1] if new else ""))
    return differences


def _pair(value: object) -> tuple[str, str] | None:
    if isinstance(value, Part):
        return value.digest.hex(), value.shown
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(isinstance(item, str) for item in value):
        return value[0], value[1]
    return None
