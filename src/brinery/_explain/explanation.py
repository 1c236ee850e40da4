"""Why a call hits or misses, in a person's terms."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from itertools import islice

from .._display.text import Change, printable
from .._light import NamedTuple
from .._store.signing.history import current
from .._units import format_time
from .description import changes_between, lines_of, pairs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._store.entry.encoding import Facts
    from .._store.function_folder import FunctionFolder

_MOST_COMPARED = 5000  # entries that are looked at to find the nearest: half a second
_NEVER = "never called before: there is no result of this function"
_NOTHING_KEPT = "no result of it is stored: its calls raised, their results cannot be kept, or they were removed since"
_FIRST = "there was no result of this function before"
_MOST_PLACES = 3  # told of one argument


class Explanation(NamedTuple):
    """Why a call hits or misses; reads well when printed, and in a notebook.

    Attributes:
        function: the function's home name.
        key: the call's key, 32 hex digits; empty while caching is off.
        hit: whether the call would be answered from the store.
        reasons: why, a sentence each: what changed against the nearest stored entry.
        unseen: what the function takes from outside and the key cannot cover, and where: files, network, clock...
        by_type: what the function reaches and the key counts by type and place only, such as a lock.
        nearest: the key of that entry, empty if there is none.
        about: what is known of that entry: when it was stored, how long it took.
        slow: what takes long to look at, at each call, and what to write so that it is not looked at.
    """

    function: str
    key: str
    hit: bool
    reasons: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    by_type: tuple[str, ...] = ()
    nearest: str = ""
    about: str = ""
    slow: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.function}: {'hit' if self.hit else 'miss'}"]
        lines += [f"  {reason}" for reason in self.reasons]
        if self.nearest and self.nearest != self.key:
            lines.append(f"  compared with the nearest entry, {self.nearest[:8]}: {self.about}")
        for title, found in self.lists():
            lines += [f"{title}:", *(f"  {item}" for item in found)]
        return "\n".join(map(printable, lines))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """Show it in a notebook: no script, no outside resource, everything escaped, in the page's own colours."""
        from .._display.html import of_explanation

        return of_explanation(self)

    def lists(self) -> list[tuple[str, tuple[str, ...]]]:
        """What the key does not cover, under a title each; what is empty is left out."""
        titled = [
            ("the key cannot see", self.unseen),
            ("counted by type and place only", self.by_type),
            ("slow to look at, at each call", self.slow),
        ]
        return [(title, found) for title, found in titled if found]


def explain_call(
    folder: FunctionFolder,
    key: str,
    ttl: float | None,
    call: Mapping[str, Any],
    version: Mapping[str, Any],
) -> Explanation:
    """Compare a call with what the store has of its function; reads, and changes nothing.

    Args:
        folder: the function's entries.
        key: the call's key.
        ttl: seconds that its entry may count.
        call: what would be recorded beside its result.
        version: the description of the function's present code.
    """
    beside = lines_of(version, "unseen"), lines_of(version, "by_type")
    function = str(call["function"])
    now = time.time()
    found = folder.recorded(key)
    if found is not None:
        hit, reason = _freshness(found[0], ttl, now)
        return Explanation(function, key, hit, (reason,), *beside, key, _about(found[0], now))
    if folder.size(key):
        reason = "its entry is damaged, or signed with another secret: `brinery verify` tells more"
        return Explanation(function, key, False, (reason,), *beside)
    history = folder.history()
    nearest = _nearest(folder, key, call, history, version)
    if nearest is None:
        reason = _NOTHING_KEPT if folder.computed() else _NEVER
        return Explanation(function, key, False, (reason,), *beside)
    reasons = nearest.reasons or [_unnamed(call)]
    return Explanation(function, key, False, tuple(reasons), *beside, nearest.key, _about(nearest.facts, now))


def _unnamed(call: Mapping[str, Any]) -> str:
    """Say what may differ where no part does: the arguments are equal, each for itself."""
    if len(pairs_of(call.get("arguments"))) < 2:
        return "never called in this way before"
    return "never called in this way before: its arguments are equal, but others of their parts are one object"


class _Nearest(NamedTuple):
    """The stored entry that is most like a call, and what differs."""

    rank: tuple[bool, int, float]
    key: str
    facts: Facts
    reasons: list[str]


def _nearest(
    folder: FunctionFolder,
    key: str,
    call: Mapping[str, Any],
    history: Mapping[str, Any],
    version: Mapping[str, Any],
    before: float = math.inf,
) -> _Nearest | None:
    """Look for it among those that were stored before a time; None if there are none."""
    best: _Nearest | None = None
    for other in islice(folder, _MOST_COMPARED):
        recorded = None if other == key else folder.recorded(other)
        if recorded is None or recorded[0].created >= before:
            continue
        facts, metadata = recorded
        code = _code_changes(metadata, call, history, version)
        arguments, distance = _argument_changes(metadata, call)
        found = _Nearest((bool(arguments), len(code) + distance, -facts.created), other, facts, code + arguments)
        if best is None or found.rank < best.rank:
            best = found
    return best


def explain_entry(folder: FunctionFolder, key: str) -> Explanation:
    """Say whether a stored entry can still be hit, as far as the store tells: against the code that last stored."""
    now = time.time()
    found = folder.recorded(key)
    if found is None:
        reason = "it is damaged, or signed with another secret: `brinery verify` tells more"
        return Explanation(folder.home, key, False, (reason,))
    facts, metadata = found
    history = folder.history()
    fingerprint = str(metadata.get("fingerprint", ""))
    version = history.get(fingerprint, {})
    beside = lines_of(version, "unseen"), lines_of(version, "by_type")
    hit, reason = _freshness(facts, None, now)
    reasons = [reason]
    latest = next(reversed(history), fingerprint)
    if hit and latest != fingerprint and fingerprint not in current(history).values():
        hit = False
        changes = changes_between(version, history[latest], folder.home) if version else []
        reasons = [f"the code has changed since it was stored, {_ago(facts.created, now)} ago", *changes]
    elif hit:
        where = "" if latest == fingerprint else ", elsewhere than from where one was stored since"
        reasons.append(f"the code is what it was when a result was last stored{where}")
    return Explanation(folder.home, key, hit, tuple(reasons), *beside, key, _about(facts, now))


def why_computed(folder: FunctionFolder, key: str) -> str:
    """Say in a sentence why a stored result was computed when it was: against the nearest that was there before."""
    found = folder.recorded(key)
    if found is None and folder.size(key):
        return "what was stored of it is damaged, or signed with another secret"
    if found is None:
        return "nothing is stored of it: it raised, its result cannot be kept, or it was removed since"
    facts, metadata = found
    history = folder.history()
    version = history.get(str(metadata.get("fingerprint", "")), {})
    nearest = _nearest(folder, key, {**metadata, "function": folder.home}, history, version, before=facts.created)
    if nearest is None:
        return _NEVER
    reasons = nearest.reasons or ["never called in this way before"]
    return reasons[0] + (f", and {len(reasons) - 1} more" if len(reasons) > 1 else "")


def _freshness(facts: Facts, ttl: float | None, now: float) -> tuple[bool, str]:
    end = min(facts.expires, math.inf if ttl is None else facts.created + ttl)
    if now < facts.created:
        return False, f"it was stored {format_time(facts.created - now)} in the future: see to the clocks"
    if now < end:
        until = "" if end == math.inf else f", and counts for another {format_time(end - now)}"
        return True, f"{_about(facts, now)}{until}"
    return (
        False,
        f"expired {_ago(end, now)} ago: {_about(facts, now)}, and counted for {format_time(end - facts.created)}",
    )


def _about(facts: Facts, now: float) -> str:
    return f"stored {_ago(facts.created, now)} ago, took {format_time(facts.seconds)}"


def _ago(moment: float, now: float) -> str:
    return format_time(max(0.0, now - moment))


def _code_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], history: Mapping[str, Any], version: Mapping[str, Any]
) -> list[str]:
    fingerprint = str(before.get("fingerprint", ""))
    if fingerprint == after.get("fingerprint"):
        return []
    known = history.get(fingerprint)
    changes: list[str] = []
    if known is not None:
        changes += changes_between(known, version, str(after["function"]))
    return changes or ["the code, or what it reaches, changed; it is not recorded any more in what"]


def _argument_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[list[str], int]:
    """Say in a sentence each how arguments differ, and how far that is."""
    then, now = pairs_of(before.get("arguments")), pairs_of(after.get("arguments"))
    inside = before.get("inside"), after.get("inside")
    changes: list[str] = []
    distance = 0
    for name in {**then, **now}:
        old, new = then.get(name), now.get(name)
        if old is None or new is None:
            changes.append(Change(f"argument {name}", note="is new" if old is None else "is gone"))
        elif old[0] != new[0]:
            pieces = [pairs_of(found.get(name)) if isinstance(found, Mapping) else {} for found in inside]
            if _kind(old[1]) != _kind(new[1]):  # what is inside them says less
                changes.append(_change(name, old[1], new[1]))
                distance += _MOST_PLACES + 1
            elif pieces[0] and pieces[0] == pieces[1]:  # all that is recorded of it is the same
                changes.append(Change(f"argument {name}", note=_unrecorded(*inside, name)))
            else:
                changes += _inner_changes(name, *pieces) or [_change(name, old[1], new[1])]
    return changes, distance + len(changes)


def _unrecorded(before: Any, after: Any, name: str) -> str:
    """Say how a value may differ of which all that is recorded is the same."""
    paths = [list(found[name]) for found in (before, after)]
    if paths[0] != paths[1]:
        return "has its items in another order"
    if ".dtype" in paths[0]:
        return "differs in what it holds"
    return "differs in the code of its class, deeper inside, or in which of its parts are one object"


def _kind(shown: str) -> str:
    """What a short value says of its type: `<list of 3>` that it is a list."""
    return shown.split(" ", 1)[0].rstrip(">") if shown.startswith("<") else ""


def _inner_changes(name: str, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> list[str]:
    """Name the places inside an argument that differ, if some do and some do not."""
    changes: list[str] = []
    for path in {**before, **after}:
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            changes.append(Change(f"argument {name}{path}", note="is new" if old is None else "is gone"))
        elif old[0] != new[0]:
            changes.append(_change(name + path, old[1], new[1]))
    if len(changes) > _MOST_PLACES:
        more = len(changes) - _MOST_PLACES
        note = f"differs in {more} more {'place' if more == 1 else 'places'}"
        changes[_MOST_PLACES:] = [Change(f"argument {name}", note=note)]
    return changes


_HOW = {
    "<function": "has another body, or uses other code or values",
    "<class": "has another body, or uses other code or values",
    "<str": "differs in what it holds",
    "<bytes": "differs in what it holds",
    "<ndarray": "differs in what it holds",
}


def _change(place: str, before: str, after: str) -> Change:
    if before == after:
        return Change(f"argument {place}", note=_HOW.get(_kind(before), "differs"))
    return Change(f"argument {place}", before=before, after=after)
