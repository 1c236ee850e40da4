"""What a fingerprint is: named parts, one digest over them, and the check that they still hold."""

from __future__ import annotations

from .._light import CodeType, FunctionType, NamedTuple
from .bytecode import bytecode_digest
from .home import carry_home, carry_main, home_of_file, home_of_main
from .known_sources import carry_source
from .scope import EVERYTHING, Follow, Scope
from .source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["EVERYTHING", "Before", "Carried", "Fingerprint", "Follow", "Part", "Scope", "carry"]


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
    """

    digest: bytes
    parts: dict[str, Part]
    notes: dict[str, str]
    holds: Callable[[], bool]
    sources: list[tuple[CodeType, Source]]
    looks: frozenset[str]
    reached: dict[str, FunctionType | type | str]

    @property
    def carried(self) -> Carried:
        """What lets a process without the sources come to the same digest."""
        files = {code.co_filename for code, _ in self.sources if not code.co_filename.startswith("<")}
        sources = {bytecode_digest(code, documented=True): source for code, source in self.sources}
        return Carried(sources, {name: home_of_file(name) for name in files}, home_of_main())


class Before(NamedTuple):
    """A module's namespace, and what its names meant at an earlier time; the objects are looked at as they are now."""

    space: dict[str, Any]
    names: dict[str, Any]


class Carried(NamedTuple):
    """Sources by their bytecode, homes by file name, and that of ``__main__``, for a process without the files."""

    sources: dict[bytes, Source]
    homes: dict[str, str]
    main: str


def carry(carried: Carried) -> None:
    """Take over what another process knows of sources and homes that may be out of reach here."""
    for bytecode, source in carried.sources.items():
        carry_source(bytecode, source)
    for filename, home in carried.homes.items():
        carry_home(filename, home)
    carry_main(carried.main)
