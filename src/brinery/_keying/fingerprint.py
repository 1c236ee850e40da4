"""What a fingerprint is: named parts, one digest over them, and the check that they still hold."""

from __future__ import annotations

from .._light import NamedTuple
from .scope import EVERYTHING, Follow, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .._light import CodeType, FunctionType
    from .carrying import Carried
    from .source import Source

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
        from .carrying import carried

        return carried(self.sources)
