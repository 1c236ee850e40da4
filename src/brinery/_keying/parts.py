"""The named parts of a fingerprint: each name stands for one thing, and nothing is ever overwritten."""

from __future__ import annotations

from .fingerprint import Part

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
