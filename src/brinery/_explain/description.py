"""A function's code as people may read of it: written to `function.json` beside its results, compared by `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from os.path import basename
from types import FunctionType

from .._display.text import Change
from .._keying.code.fingerprint import Fingerprint
from .._keying.key import Difference, compare_parts, describe_parts
from .._keying.key import without_values as without_values_of_parts
from .._keying.report.shown import is_short, short_value, sounds_secret
from .._keying.source.compiled import bytecode_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_PLACES = 200  # of all tables together: some 10 kB
_DEEPEST = 4
_MOST_TOLD = 3
_BELONG = frozenset(("default", "closure", "attribute", "option", "documents"))


def describe(code: Fingerprint, options: Mapping[str, str], *, shows_values: bool) -> dict[str, Any]:
    """Tell a fingerprint's parts and where they are, what it cannot see, and what it counts by type and place.

    Args:
        code: the fingerprint.
        options: those of the decorated function that are part of its keys.
        shows_values: whether the values of globals, defaults and variables may be told.
    """
    from .._keying.report.places import places_of
    from .._keying.report.unseen import unseen_by

    return {
        "parts": describe_parts(code, options, shows_values=shows_values),
        "places": {name: f"{basename(place.filename)}:{place.line}" for name, place in places_of(code).items()},
        "own": _own_code(code),
        "inside": _insides(code) if shows_values else {},
        "unseen": [f"{found.what} ({found.kind}), in {found.function}, line {found.line}" for found in unseen_by(code)],
        "values": shows_values,
        "by_type": [f"{name} ({kind})" for name, kind in sorted(code.notes.items())],
    }


def files_used(description: Mapping[str, Any]) -> list[str]:
    """List where a function uses files that its key cannot see, as its description tells."""
    return [line.replace(" (file)", "") for line in lines_of(description, "unseen") if " (file), in " in line]


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any], function: str = "") -> list[Change]:
    """Say in a sentence each in which parts two descriptions differ; a function's own code first, the rest by name."""
    differences = compare_parts(_mapping(before, "parts"), _mapping(after, "parts"))
    differences.sort(key=lambda found: found.part != f"function {function}")
    told = [found for found in differences if not _is_elsewhere(found, before, after)] or differences
    told = [found for found in told if not _is_said_by_others(found, told)] or told
    places = {**_mapping(before, "places"), **_mapping(after, "places")}
    return [sentence for found in told for sentence in _sentences(found, places.get(found.part), before, after)]


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


def _insides(code: Fingerprint) -> dict[str, dict[str, str]]:
    """What is inside the tables that globals are, place by place, as far as that is short and not a secret."""
    found: dict[str, dict[str, str]] = {}
    from .._keying.report.places import global_value

    left = _MOST_PLACES
    for part in code.parts:
        kind, _, name = part.partition(" ")
        pieces = dict(islice(_pieces(name, global_value(name)), left + 1)) if kind == "global" else {}
        if pieces and len(pieces) <= left:
            found[part] = pieces
            left -= len(pieces)
    return found


def _pieces(name: str, value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The places inside a table, as Python writes them, with what is there in short."""
    kind = type(value)
    if kind is dict:
        items: Iterable[tuple[object, object]] = list(value.items())  # type: ignore[attr-defined]
    elif kind in (list, tuple):
        items = enumerate(value)  # type: ignore[arg-type]
    else:
        if path:
            yield path, short_value(name, value)
        return
    for key, item in items:
        if is_short(key) and path.count("[") < _DEEPEST:
            # What lies under a name that sounds like a secret is one, whatever it is called itself.
            inner = key if isinstance(key, str) and not sounds_secret(name) else name
            yield from _pieces(inner, item, f"{path}[{key!r}]")


def _inner_sentences(part: str, before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> list[Change]:
    """Name the places inside a table that differ; none if what is recorded of it is the same."""
    found = []
    for path in {**before, **after}:
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            found.append(Change(f"{part}{path}", note="is new" if old is None else "is gone", where=where))
        elif old != new:
            found.append(Change(f"{part}{path}", before=str(old), after=str(new), where=where))
    if len(found) > _MOST_TOLD:
        more = len(found) - _MOST_TOLD
        found[_MOST_TOLD:] = [Change(part, note=f"differs in {more} more {'place' if more == 1 else 'places'}")]
    return found


def _sentences(
    difference: Difference, place: object, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Change]:
    """`global digits.N: 3 -> 4 (digits.py:7)`."""
    part = difference.part
    where = place if isinstance(place, str) and not place.startswith("<") else ""
    is_reached = part.partition(" ")[0] not in _BELONG  # and not part of what is reached
    if difference.change == "is new":
        return [Change(part, note="is used now" if is_reached else "is new", where=where)]
    if difference.change == "is gone":
        return [Change(part, note="is used no longer" if is_reached else "is gone")]
    if difference.before != difference.after and (part.startswith("option ") or _tells_values(before, after)):
        unknown = "none" if part.startswith("option ") else ""
        then, now = difference.before or unknown, difference.after or unknown
        return [Change(part, before=then, after=now, where=where)]
    then_in, now_in = (_mapping(_mapping(found, "inside"), part) for found in (before, after))
    told = _inner_sentences(part, then_in, now_in, where) if then_in and now_in else []
    return told or [Change(part, note="changed", where=where)]


def _tells_values(*descriptions: Mapping[str, Any]) -> bool:
    return all(found.get("values") is not False for found in descriptions)


def without_values(description: Mapping[str, Any]) -> dict[str, Any]:
    """Remove from a description what it tells of values."""
    if not _tells_values(description):
        return dict(description)
    parts = _mapping(description, "parts")
    kept = without_values_of_parts({name: list(pair) for name, pair in pairs_of(parts).items()})
    return {**description, "parts": kept, "inside": {}, "values": False}


def _is_said_by_others(difference: Difference, differences: list[Difference]) -> bool:
    """Whether a class changed by what stands in it, which has a sentence, or a default by that of a field."""
    kind, _, name = difference.part.partition(" ")
    others = {other.part for other in differences}
    if kind == "class":
        return any(other.startswith((f"attribute {name}.", f"function {name}.")) for other in others)
    if kind == "default" and ".__init__." in name:  # which a dataclass makes of its fields
        return f"attribute {name.replace('.__init__.', '.')}" in others
    return False


def _mapping(description: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = description.get(name)
    return found if isinstance(found, Mapping) else {}
