"""What a cell leaves behind, as it is stored: the values of its names, and what it showed."""

from __future__ import annotations

from .._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Shown(NamedTuple):
    """One thing that a cell showed.

    Attributes:
        kind: "stdout", "stderr", "display", "update", "clear", or "result".
        text: what was written to a stream.
        data: what was displayed, by MIME type.
        metadata: what was said of it.
        transient: what else went with it, such as the identity by which it is updated.
    """

    kind: str
    text: str = ""
    data: dict[str, Any] = {}  # noqa: RUF012  a named tuple's default, which nobody changes
    metadata: dict[str, Any] = {}  # noqa: RUF012
    transient: dict[str, Any] = {}  # noqa: RUF012


class Outcome(NamedTuple):
    """All that running a cell does to a notebook.

    Attributes:
        values: by name; what the cell has made and its definitions do not make again.
        same: names that stand for what an input stood for, and which.
        modules: names that stand for a module, by its name.
        gone: names that are deleted.
        in_place: inputs that were changed in place.
        results: what was displayed as the cell's last expression, each; None where it could not be kept.
        shown: what was shown, in order.
    """

    values: dict[str, Any]
    same: dict[str, str]
    modules: dict[str, str]
    gone: tuple[str, ...]
    in_place: tuple[str, ...]
    results: tuple[Any, ...] | None
    shown: tuple[Shown, ...]


class NotKept:
    """Stands in `_` and `Out` for a value that was shown and could not be stored."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text
