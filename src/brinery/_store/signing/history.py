"""What a function's code was, version by version, as `function.json` tells; each record sealed with our secret.

People read that file and `adopt` acts on it, so what somebody else wrote into it must not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .signer import Keyring, Signer

Record: TypeAlias = "dict[str, Any]"

_KEPT = 20  # versions, and places of one
_MOST = 200  # versions that are all in use somewhere
_PLACES = "in"
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
    known: Mapping[str, Record], fingerprint: str, record: Record, place: str, at: float, home: str, signer: Signer
) -> dict[str, Record]:
    """Add a version, or put it last again, and seal it.

    Args:
        known: the versions so far.
        fingerprint: of the version.
        record: what is told of it.
        place: a name for where its code is.
        at: the time.
        home: the function's home name.
        signer: what seals it.
    """
    places = sorted({**_places(record), place: at}.items(), key=lambda item: item[1])
    kept = {other: before for other, before in known.items() if other != fingerprint}
    kept[fingerprint] = _sealed(fingerprint, {**record, "at": at, _PLACES: dict(places[-_KEPT:])}, home, signer)
    present = set(current(kept).values())
    former = [other for other in kept if other not in present]
    for other in former[: max(0, len(kept) - _KEPT)]:
        del kept[other]
    return dict(list(kept.items())[-_MOST:])


def current(known: Mapping[str, Record]) -> dict[str, str]:
    """Give the fingerprint of the version from which a result was stored last, for each place that has the code.

    Programs that share a store may have a function of the same name, and branches of one program in several folders
    have other versions of it: what one of them has stored is not out of date because another has stored since.
    """
    latest: dict[str, tuple[float, str]] = {}
    for fingerprint, record in known.items():
        for place, at in _places(record).items():
            if at >= latest.get(place, (at,))[0]:
                latest[place] = at, fingerprint
    return {place: fingerprint for place, (_, fingerprint) in latest.items()}


def is_latest(known: Mapping[str, Record], fingerprint: str, place: str) -> bool:
    """Whether a version is the last one that was stored from, at all and from that place."""
    return [*known][-1:] == [fingerprint] and current(known).get(place) == fingerprint


def tells(description: bytes, fingerprint: str, place: str) -> bool:
    """Whether `function.json` says that a version is the present one of a place; without a parser, as hits ask this."""
    word = f'"{place}":'.encode()
    latest, at = -1.0, -1
    found = description.find(word)
    while found >= 0:
        number = description[found + len(word) : found + len(word) + 32].partition(b"}")[0].partition(b",")[0]
        try:
            latest, at = max((latest, at), (float(number), found))
        except ValueError:
            return False
        found = description.find(word, found + 1)
    begin = description.find(f'"{fingerprint}":'.encode())
    return 0 <= begin < at < description.find(b'"seal":', begin)


def _places(record: Record) -> dict[str, float]:
    return record.get(_PLACES) or {"": float(record.get("at", 0.0))}


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
