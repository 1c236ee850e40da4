"""The digests of functions, classes and modules that occur in arguments: the code that a call brings along.

What leads to each other is walked over once, however many of it occur: all members of a cycle reach the same parts.
"""

from __future__ import annotations

from _weakref import ref

from ..._light import FunctionType, partial
from ..values import filled
from ..values.plain import SCALAR_IDS, scalar
from .fingerprint import EVERYTHING, Fingerprint, Follow, Scope
from .home import home_of_class, home_of_function, home_of_module
from .live import is_class, is_empty
from .memos import OutdatedMemo
from .reach import outdated_memos, walk_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_known: dict[tuple[int, Scope, frozenset[str]], ref[_Known]] = {}
_MOST = 4096


class _Known:
    """The fingerprint of a function, class or module that occurred in an argument, or leads to one that did."""

    __slots__ = ("__weakref__", "digest", "found", "thing")

    def __init__(self, thing: object, found: Fingerprint, digest: bytes) -> None:
        self.thing = thing
        self.found = found
        self.digest = digest


class CodeOf:
    """Says what the code in arguments is, for the function called.

    Args:
        scope: that of the function.
        looks: what that looks at: its fingerprint's.
    """

    __slots__ = ("_digest",)

    def __init__(self, scope: Scope, looks: frozenset[str]) -> None:
        self._digest = partial(code_digest, scope=scope, looks=looks, kept={})

    def __call__(self, thing: object) -> bytes:
        return self._digest(thing)

    def for_one_value(self) -> Callable[[object], bytes]:
        """Return what checks only once, in a single value, what many things in it have in common."""
        return partial(self._digest, checked=set())


def code_digest(
    thing: object,
    scope: Scope = EVERYTHING,
    looks: frozenset[str] = frozenset(),
    kept: dict[int, _Known] | None = None,
    checked: set[Callable[[], bool]] | None = None,
) -> bytes:
    """Digest a function, class or module that occurs in an argument; remembered while it holds.

    Args:
        thing: the function, class or module.
        scope: that of the function called.
        looks: what that looks at: its fingerprint's.
        kept: what keeps alive what is remembered, and goes with the function called; all share it meanwhile.
        checked: the checks that have held for other code in the same value; added to.
    """
    if scope.follow.mode != "user":
        scope = scope._replace(follow=Follow())
    reference = _known.get((id(thing), scope, looks))
    known = None if reference is None else reference()
    if known is None or known.thing is not thing or not _holds(known.found, checked):
        return _look_at(thing, scope, looks, kept)
    if kept is not None and kept.get(id(thing)) is not known:
        _remember(known, scope, looks, kept)
    return known.digest


filled.code_digest = code_digest


def _holds(found: Fingerprint, checked: set[Callable[[], bool]] | None) -> bool:
    if checked is None:
        return found.holds()
    if found.holds not in checked:
        if not found.holds():
            return False
        checked.add(found.holds)
    return True


def _look_at(thing: object, scope: Scope, looks: frozenset[str], kept: dict[int, _Known] | None) -> bytes:
    """Digest a thing, and with it all that it leads to and that leads back to it.

    Parts of one name are numbered as they are met. So the walk begins at the member that its name and plain values tell
    from all others, wherever the cycle was entered; where there is none, each has a walk of its own.
    """
    walk = walk_from(thing, scope, looks)
    members, digest = [thing], walk.found.digest
    cycle = walk.cycle_of(thing)
    if len(cycle) > 1:
        by_label: dict[bytes, list[object]] = {}
        for member in cycle:
            by_label.setdefault(_label(member), []).append(member)
        alone = [label for label, same in by_label.items() if len(same) == 1]
        if alone:
            (first,) = by_label[min(alone)]
            if first is not thing:
                walk = walk_from(first, scope, looks)
            members, digest = cycle, walk.digest_from(thing)
    if walk.found.memos and (names := outdated_memos(walk.found, scope)):
        raise OutdatedMemo(*names)
    for member in members:
        known = _Known(member, walk.found, digest if member is thing else walk.digest_from(member))
        _remember(known, scope, looks, kept)
    return digest


def _remember(known: _Known, scope: Scope, looks: frozenset[str], kept: dict[int, _Known] | None) -> None:
    key = (id(known.thing), scope, looks)
    _known[key] = ref(known, lambda gone: _known.pop(key) if _known.get(key) is gone else None)
    if kept is not None:
        if len(kept) >= _MOST:
            kept.clear()
        kept[id(known.thing)] = known


def _label(thing: Any) -> bytes:
    """Return what a function, class or module is called, and the plain values that a function was made with."""
    if type(thing) is not FunctionType:
        name = f"{home_of_class(thing)}.{thing.__qualname__}" if is_class(thing) else home_of_module(thing.__name__)
        return name.encode("utf-8", "surrogatepass")
    held = [cell.cell_contents for cell in thing.__closure__ or () if not is_empty(cell)]
    held += thing.__defaults__ or ()
    plain = [scalar(value) for value in held if id(type(value)) in SCALAR_IDS]
    names = f"{home_of_function(thing)}.{thing.__qualname__}\0{thing.__code__.co_qualname}\0"
    return b"".join([names.encode("utf-8", "surrogatepass"), *plain])
