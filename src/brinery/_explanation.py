"""Why a call hits or misses, in a person's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ._keying.key import compare_parts

if TYPE_CHECKING:
    from ._store.directory import FunctionFolder


class Explanation(NamedTuple):
    """What `CachedFunction.explain` found.

    Attributes:
        function: the function's home name.
        key: the call's key, 32 hex digits.
        hit: whether the call would be answered from the store.
        reasons: why, one sentence each; what changed against the nearest stored entry comes first.
        nearest: the key of that entry, empty if there is none.
        unseen: what the function reaches and the key counts by type and place only.
    """

    function: str
    key: str
    hit: bool
    reasons: tuple[str, ...]
    nearest: str = ""
    unseen: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.function}: {'hit' if self.hit else 'miss'}"]
        lines += [f"  {reason}" for reason in self.reasons]
        if self.unseen:
            lines.append("counted by type and place only:")
            lines += [f"  {item}" for item in self.unseen]
        return "\n".join(lines)


def explain_call(
    folder: FunctionFolder,
    key: str,
    ttl: float | None,
    function: str,
    fingerprint: str,
    parts: Mapping[str, Any],
    arguments: Mapping[str, Any],
    notes: Mapping[str, str],
) -> Explanation:
    """Compare a call with what the store has of its function; reads, and changes nothing."""
    unseen = tuple(f"{name} ({kind})" for name, kind in sorted(notes.items()))
    if folder.contains(key, ttl):
        return Explanation(function, key, True, ("its result is stored",), key, unseen)
    here = folder.metadata(key)
    if here is not None:
        return Explanation(
            function, key, False, ("its result is stored, and expired or not as it was signed",), key, unseen
        )
    best: tuple[int, str, list[str]] | None = None
    fingerprints = folder.description().get("fingerprints")
    if not isinstance(fingerprints, Mapping):
        fingerprints = {}
    for other in folder:
        metadata = folder.metadata(other)
        if metadata is None:
            continue
        reasons = _differences(metadata, fingerprint, parts, arguments, fingerprints)
        if best is None or len(reasons) < best[0]:
            best = (len(reasons), other, reasons)
    if best is None:
        return Explanation(
            function, key, False, ("never called before: the store has no result of this function",), "", unseen
        )
    return Explanation(
        function, key, False, tuple(best[2]) or ("the entry was made by another secret or options",), best[1], unseen
    )


def _differences(
    metadata: Mapping[str, Any],
    fingerprint: str,
    parts: Mapping[str, Any],
    arguments: Mapping[str, Any],
    fingerprints: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    reasons = []
    before = str(metadata.get("fingerprint", ""))
    if before != fingerprint:
        known = fingerprints.get(before)
        changes = compare_parts(known, parts) if isinstance(known, Mapping) else []
        reasons += [str(item) for item in changes] or ["its code or what it reaches changed"]
    stored = metadata.get("arguments")
    if isinstance(stored, Mapping):
        reasons += [f"argument {item}" for item in compare_parts(stored, arguments)]
    return reasons
