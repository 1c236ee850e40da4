"""Which classes and functions a value carries, by name: what `adopt` has to know of the arguments of a stored call."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
