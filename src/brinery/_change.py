"""What differs between two calls, or two versions of some code: a sentence that knows its parts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class Change(str):
    """What changed, as a sentence; a form that sets its parts apart finds them here.

    Attributes:
        what: what changed: a part of the code, an option, a place in an argument.
        before: its value before, in short; empty where it is not told.
        after: its value now.
        note: what happened to it, where no values are told.
        where: the file and line in which it stands; empty where that is not known.
    """

    __slots__ = ("after", "before", "note", "what", "where")

    what: str
    before: str
    after: str
    note: str
    where: str

    def __new__(cls, what: str, *, before: str = "", after: str = "", note: str = "", where: str = "") -> Self:
        """Make the sentence from its parts."""
        told = f": {before or '?'} -> {after or '?'}" if before or after else f" {note}"
        place = f" ({where})" if where else ""
        made = super().__new__(cls, f"{what}{told}{place}")
        made.what, made.before, made.after, made.note, made.where = what, before, after, note, where
        return made

    def __reduce__(self) -> Any:
        parts = {name: getattr(self, name) for name in ("before", "after", "note", "where")}
        return _change, (self.what, parts)


def _change(what: str, parts: dict[str, str]) -> Change:
    return Change(what, **parts)
