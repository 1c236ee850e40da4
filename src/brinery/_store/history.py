"""What a function's code was, version by version, as `function.json` tells; each record sealed with our secret.

People read that file and `adopt` acts on it, so what somebody else wrote into it must not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .signing import Keyring, Signer

Record: TypeAlias = "dict[str, Any]"

_KEPT = 20
_SEAL = "seal"


def records(description: Mapping[str, Any], home: str, keyring: Keyring) -> dict[str, Record]:
    """Give the versions that one of our secrets sealed, by their fingerprint, the latest last."""
    found = description.get("fingerprints")
    if not isinstance(found, dict):
        return {}
    return {
        fingerprint: record
        for fingerprint, record in found.items()
        if isinstance(record, dict) and _is_sealed(fingerprint, record, home, keyring)
    }


def with_record(
    known: Mapping[str, Record], fingerprint: str, record: Record, home: str, signer: Signer
) -> dict[str, Record]:
    """Add a version, or put it last again, and seal it."""
    kept = {other: before for other, before in known.items() if other != fingerprint}
    kept[fingerprint] = _sealed(fingerprint, record, home, signer)
    return dict(list(kept.items())[-_KEPT:])


def changed(
    known: Mapping[str, Record], change: Callable[[Record], Record], home: str, signer: Signer
) -> dict[str, Record]:
    """Change what is told of each version, and seal it again where that is another now."""
    found = {fingerprint: (record, change(record)) for fingerprint, record in known.items()}
    return {
        fingerprint: before if after == before else _sealed(fingerprint, after, home, signer)
        for fingerprint, (before, after) in found.items()
    }


def _sealed(fingerprint: str, record: Record, home: str, signer: Signer) -> Record:
    seal = signer.secret_id + signer.sign(_text(fingerprint, record, home))
    return {**record, _SEAL: seal.hex()}


def _is_sealed(fingerprint: str, record: Record, home: str, keyring: Keyring) -> bool:
    try:
        seal = bytes.fromhex(record.get(_SEAL, ""))
        signer = keyring.find(seal[:8])
        return signer is not None and signer.verify(seal[8:], _text(fingerprint, record, home))
    except (TypeError, ValueError, RecursionError):
        return False


def _text(fingerprint: str, record: Record, home: str) -> bytes:
    """What a seal covers; where an entry that is signed has the id of the secret, this has other letters."""
    from json import dumps

    told = {name: value for name, value in record.items() if name != _SEAL}
    return b"brinery: a version of a function\0" + dumps([home, fingerprint, told], sort_keys=True).encode("ascii")
