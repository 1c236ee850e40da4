"""A call's key: named parts digested into one, and what differs between two keys."""

from __future__ import annotations

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

from .._light import NamedTuple
from .code.fingerprint import Fingerprint, Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .code.fingerprint import Fingerprint


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


_VERSIONS_AND_OPTIONS = frozenset(("python", "package", "option"))


class Difference(NamedTuple):
    """One part in which two keys differ; ``before`` and ``after`` are short values, empty where they are not known."""

    part: str
    change: str
    before: str = ""
    after: str = ""


def describe_parts(code: Fingerprint, options: Mapping[str, str], *, shows_values: bool) -> dict[str, list[str]]:
    """Write a fingerprint's parts and the options for `function.json`: name to hex digest and short value."""
    parts = {name: [part.digest.hex(), part.shown] for name, part in sorted(code.parts.items())}
    if not shows_values:
        parts = without_values(parts)
    parts |= {
        f"option {name}": [xxh3_128_digest(value.encode("utf-8", "surrogatepass")).hex(), value]
        for name, value in options.items()
    }
    return parts


def without_values(parts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Write parts without the values of globals, defaults and variables; of versions and options they stay."""
    return {
        name: [pair[0], pair[1] if name.partition(" ")[0] in _VERSIONS_AND_OPTIONS else ""]
        for name, pair in parts.items()
    }


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
