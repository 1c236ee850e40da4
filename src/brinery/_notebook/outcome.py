"""What a cell leaves behind, as it is stored: the values of its names, and what it showed."""

from __future__ import annotations

import io

from .._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    from .._light import Any


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
        defined: names that stand for what a definition made under another name, and which.
        modules: names that stand for a module, by its name.
        gone: names that are deleted.
        in_place: inputs that were changed in place.
        results: what was displayed as the cell's last expression, each; None where it could not be kept.
        shown: what was shown, in order.
        generators: where `random` and `numpy.random` are to go on drawing.
        loaded: parts of installed packages that are loaded when first they are asked for; what they are to the keys of
            other cells is not the same before.
    """

    values: dict[str, Any]
    same: dict[str, str]
    defined: dict[str, str]
    modules: dict[str, str]
    gone: tuple[str, ...]
    in_place: tuple[str, ...]
    results: tuple[Any, ...] | None
    shown: tuple[Shown, ...]
    generators: dict[str, Any]
    loaded: tuple[str, ...]


class NotKept:
    """Stands in `_` and `Out` for a value that was shown and could not be stored."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


_FILES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)


class ClosedFile(NamedTuple):
    """Stands for a closed file, as `with open(...) as file` leaves behind: nothing can be done with it any more.

    Attributes:
        kind: the name of its class, in `io`.
        name: what it says of its file.
        mode: how it was opened.
    """

    kind: str
    name: Any
    mode: str

    @staticmethod
    def is_one(value: object) -> bool:
        """Whether a value is a file that is closed."""
        return type(value) in _FILES and value.closed  # type: ignore[attr-defined]

    @classmethod
    def of(cls, file: Any) -> ClosedFile:
        """Stand for a file."""
        name = getattr(file, "name", None)
        return cls(type(file).__name__, name if isinstance(name, (str, bytes, int)) else None, str(file.mode))

    def made(self) -> Any:
        """Make such a file again."""
        raw: Any = _Nothing()
        raw.name, raw.mode = self.name, self.mode
        if self.kind == "FileIO":
            raw.close()
            return raw
        file: Any = getattr(io, "BufferedReader" if self.kind == "TextIOWrapper" else self.kind)(raw)
        if self.kind == "TextIOWrapper":
            file = io.TextIOWrapper(file)
            file.mode = self.mode
        file.close()
        return file


class _Nothing(io.RawIOBase):
    """An empty file of any mode."""

    name: Any
    mode: str

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0
