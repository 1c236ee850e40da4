"""What a fingerprint is: named parts that never overwrite each other, one digest over them, and a check."""

from __future__ import annotations

from ..._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._light import CodeType, FunctionType
    from ..source.reads import Source
    from .carried import Carried


class Follow(NamedTuple):
    """How far a fingerprint goes: ``mode`` "user", "own" or "version"; ``packages`` count as the user's code too."""

    mode: str = "user"
    packages: frozenset[str] = frozenset()


class Scope(NamedTuple):
    """What shapes a fingerprint beside the function itself.

    ``ignore`` are globals of any module, and what belongs to a function or class there, by their dotted names;
    ``ignore_own`` the function's own parameters and variables of enclosing functions.
    """

    follow: Follow = Follow()
    ignore: frozenset[str] = frozenset()
    ignore_own: frozenset[str] = frozenset()
    depends_on: tuple[object, ...] = ()


EVERYTHING = Scope()


__all__ = ["EVERYTHING", "Fingerprint", "Follow", "Part", "Scope"]


class Part(NamedTuple):
    """One thing that a fingerprint covers: its digest, and its value in short where that may be shown."""

    digest: bytes
    shown: str = ""


class Fingerprint(NamedTuple):
    """All that a function depends on but its arguments.

    Attributes:
        digest: 16 bytes over all parts.
        parts: what was reached, by name.
        notes: what was reached and cannot be digested, by name, with its type; it counts by type and place.
        holds: the cheap check that nothing reached has changed.
        sources: of the code that was reached, as far as they are known.
        looks: what the code reached looks at beside what code does: "documents", "subclasses".
        reached: the user's functions and classes among the parts, by the part's name; of a module that is imported when
            code runs and is not loaded, its file.
        values: the values among the parts, by the part's name, as they are when they are asked for.
        memos: functions under `functools.lru_cache` that were reached, by their home names.
        statements: what modules say of the live objects among the parts, as far as that is known.
    """

    digest: bytes
    parts: dict[str, Part]
    notes: dict[str, str]
    holds: Callable[[], bool]
    sources: list[tuple[CodeType, Source]]
    looks: frozenset[str]
    reached: dict[str, FunctionType | type | str]
    values: dict[str, Callable[[], object]]
    memos: dict[str, object]
    statements: list[tuple[None, Source]]

    @property
    def carried(self) -> Carried:
        """What lets a process without the sources come to the same digest."""
        from .carried import carried

        return carried(self.sources)


_RESERVED = Part(b"")


class Parts:
    """Collects parts by name; where two different things have one name, the later one gets a number behind it."""

    def __init__(self) -> None:
        self._by_name: dict[str, Part] = {}
        self._added: dict[tuple[str, Part], str] = {}
        self._numbers: dict[str, int] = {}

    def reserve(self, name: str) -> str:
        """Return a name that nothing else has, for a part whose content is known later; see `fill`."""
        free = name
        while free in self._by_name:
            number = self._numbers[name] = self._numbers.get(name, 1) + 1
            free = f"{name} #{number}"
        self._by_name[free] = _RESERVED
        return free

    def fill(self, name: str, digest: bytes) -> None:
        """Say what a reserved name stands for; possible once."""
        if self._by_name[name] is not _RESERVED:
            raise ValueError(f"{name!r} stands for something already")
        self._by_name[name] = Part(digest)

    def add(self, name: str, part: Part) -> str:
        """Add a part and return its name: the same one for the same content, else one with a number."""
        known = self._added.get((name, part))
        if known is None:
            known = self._added[name, part] = self.reserve(name)
            self._by_name[known] = part
        return known

    def found(self) -> dict[str, Part]:
        """Return all parts by name."""
        return self._by_name
