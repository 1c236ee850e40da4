"""What `functools.lru_cache` and cachetools' decorators remember: whether it was computed from what is there now.

A helper under `lru_cache` goes on giving what an old global or an old function gave. The first fingerprint that reaches
it notes what it depends on; if that has changed at a later one while the helper still remembers something, what it
gives belongs to no key, until it is cleared. What it was filled with before the first fingerprint cannot be known.
"""

from __future__ import annotations

from _weakref import ref

from .live import standard_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from .fingerprint import Fingerprint, Part

# Fingerprints what a memo wraps again, as it was when it was first looked at.
Again: TypeAlias = "Callable[[object], Mapping[str, Part]]"


class OutdatedMemo(Exception):
    """Something that is called with an argument, or is one, remembers what was computed from other code or values."""


class _Look:
    """What a memo held, and depended on, when it was last looked at."""

    __slots__ = ("again", "holds", "is_outdated", "memo", "numbers", "parts")

    def __init__(self, memo: Any, code: Fingerprint, again: Again) -> None:
        number = id(memo)
        self.memo = ref(memo, lambda _: _looks.pop(number, None))
        self.numbers = _numbers(memo)
        self.parts = code.parts
        self.holds = code.holds
        self.again = again
        self.is_outdated = False


_looks: dict[int, _Look] = {}


def is_memo(thing: object) -> bool:
    """Tell whether something is a function under `functools.lru_cache`, `functools.cache` or `cachetools.cached`."""
    return standard_name(type(thing)) == "functools._lru_cache_wrapper" or is_of_cachetools(type(thing))


def is_of_cachetools(kind: type) -> bool:
    """Whether a class is one that `cachetools.cached` gives its functions; they share no base by a public name."""
    return kind.__module__ == "cachetools._cached"


def outdated(code: Fingerprint, again: Again) -> list[str]:
    """Name the memos among what was reached that remember what was computed from something else than is there now."""
    return sorted(name for name, memo in code.memos.items() if _is_outdated(memo, code, again))


def _is_outdated(memo: Any, code: Fingerprint, again: Again) -> bool:
    look, wrapped = _looks.get(id(memo)), memo.__wrapped__
    numbers = _numbers(memo)
    if look is None or look.memo() is not memo or not numbers[-1] or numbers < look.numbers:
        _looks[id(memo)] = _Look(memo, code, again)  # met for the first time, or cleared since
        return False
    look.numbers = numbers
    if not look.is_outdated and not look.holds():
        if _differs(look.again(wrapped), look.parts):
            look.is_outdated = True
        else:
            _looks[id(memo)] = _Look(memo, code, again)
    return look.is_outdated


def _numbers(memo: Any) -> tuple[int, int, int]:
    """How much was asked of a memo, which only grows until it is cleared, and how much it holds."""
    if is_of_cachetools(type(memo)):
        return 0, 0, int(bool(memo.cache))  # entries go by themselves, and only some of them count what was asked
    hits, misses, _, size = type(memo).cache_info(memo)
    return hits + misses, misses, size


def _differs(now: Mapping[str, Part], before: Mapping[str, Part]) -> bool:
    known = set(_numberless(before.items()))
    return any(item not in known for item in _numberless(now.items()))


def _numberless(parts: Iterable[tuple[str, Part]]) -> Iterable[tuple[str, bytes]]:
    """Name parts without the numbers that tell those of one name apart: they depend on where a walk began."""
    return ((name.partition(" #")[0], part.digest) for name, part in parts)
