"""A function's code as people may read of it: written to `function.json` beside its results, compared by `explain`."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import basename
from types import FunctionType

from ._change import Change
from ._keying.bytecode import bytecode_digest
from ._keying.fingerprint import Fingerprint
from ._keying.key import Difference, compare_parts, describe_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def describe(code: Fingerprint, options: Mapping[str, str]) -> dict[str, Any]:
    """Tell a fingerprint's parts and where they are, what it cannot see, and what it counts by type and place."""
    from ._keying.places import places_of
    from ._keying.unseen import unseen_by

    return {
        "parts": describe_parts(code, options),
        "places": {name: f"{basename(place.filename)}:{place.line}" for name, place in places_of(code).items()},
        "own": _own_code(code),
        "unseen": [f"{found.what} ({found.kind}), in {found.function}, line {found.line}" for found in unseen_by(code)],
        "by_type": [f"{name} ({kind})" for name, kind in sorted(code.notes.items())],
    }


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any], function: str = "") -> list[Change]:
    """Say in a sentence each in which parts two descriptions differ; a function's own code first, the rest by name."""
    differences = compare_parts(_mapping(before, "parts"), _mapping(after, "parts"))
    differences.sort(key=lambda found: found.part != f"function {function}")
    told = [found for found in differences if not _is_elsewhere(found, before, after)] or differences
    places = {**_mapping(before, "places"), **_mapping(after, "places")}
    return [_sentence(found, places.get(found.part)) for found in told]


def lines_of(description: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The lines that a description has under a name, whoever wrote it."""
    found = description.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def pairs_of(value: object) -> dict[str, tuple[str, str]]:
    """Digest and short value by name, from metadata that may be another release's."""
    if not isinstance(value, Mapping):
        return {}
    return {
        str(name): (pair[0], pair[1])
        for name, pair in value.items()
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(item, str) for item in pair)
    }


def _own_code(code: Fingerprint) -> dict[str, str]:
    """Digest each function's own lines, for a function's part also says what its names stand for."""
    sources = {id(found): source.digest for found, source in code.sources}
    return {
        name: (sources.get(id(thing.__code__)) or bytecode_digest(thing.__code__)).hex()
        for name, thing in code.reached.items()
        if isinstance(thing, FunctionType)
    }


def _is_elsewhere(difference: Difference, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether only what a function reaches is another, which has a sentence of its own."""
    then, now = _mapping(before, "own").get(difference.part), _mapping(after, "own").get(difference.part)
    return difference.change == "changed" and then is not None and then == now


def _sentence(difference: Difference, place: object) -> Change:
    """`global digits.N: 3 -> 4 (digits.py:7)`."""
    where = place if isinstance(place, str) else ""
    if difference.change == "is new":
        return Change(difference.part, note="is used now", where=where)
    if difference.change == "is gone":
        return Change(difference.part, note="is used no longer")
    if difference.before != difference.after:
        return Change(difference.part, before=difference.before, after=difference.after, where=where)
    return Change(difference.part, note="changed", where=where)


def _mapping(description: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = description.get(name)
    return found if isinstance(found, Mapping) else {}
