"""Fingerprints and classes that travel: to processes without the sources, and with the arguments of a stored call."""

from __future__ import annotations

import sys

from ..._light import NamedTuple
from ..source.compiled import bytecode_digest
from ..source.known_sources import carry_source
from .home import carry_home, carry_main, home_of_file, home_of_main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    from ..source.reads import Source


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


def carried(sources: Iterable[tuple[CodeType, Source]]) -> Carried:
    """Pack what is known of the sources of a fingerprint."""
    files = {code.co_filename for code, _ in sources if not code.co_filename.startswith("<")}
    by_code = {bytecode_digest(code, documented=True): source for code, source in sources}
    return Carried(by_code, {name: home_of_file(name) for name in files}, home_of_main())


_MOST = 100  # names that are told of one call


class CarriedCode:
    """Says what code is, as the function that it is made from does, and notes what was asked for.

    Attributes:
        found: the digest of each class and function, by ``module:qualname``.
    """

    __slots__ = ("_code", "found", "ignored")

    def __init__(self, code: Callable[[object], bytes]) -> None:
        self._code = code
        self.ignored = getattr(code, "ignored", None)
        self.found: dict[str, str] = {}

    def __call__(self, thing: object) -> bytes:
        digest = self._code(thing)
        module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
        if len(self.found) < _MOST:
            self.found[f"{module}:{name}"] = digest.hex()
        return digest


def is_as_before(found: object, code: Callable[[object], bytes]) -> bool:
    """Whether all classes and functions that were noted are what they were; nothing is imported for it."""
    if not isinstance(found, dict) or len(found) >= _MOST:
        return not found
    for name, digest in found.items():
        module, _, path = name.partition(":")
        thing: object = sys.modules.get(module)
        for step in path.split("."):
            thing = getattr(thing, step, None)
        if thing is None or code(thing).hex() != digest:
            return False
    return True
