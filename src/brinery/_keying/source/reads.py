"""What is known of a function's source text, and of what it reads; the state of the file that it stands in."""

from __future__ import annotations

import os
import time

from ..._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


_SECOND = 1_000_000_000
_RESOLUTION = _SECOND // 10  # nanoseconds; kernels keep times by ticks of up to 10 ms
_COARSE = 2 * _SECOND  # of FAT


class FileState(NamedTuple):
    """Which file stands at a place, and when it was last changed; the latter time is not for people to set."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @property
    def is_settled(self) -> bool:
        """Whether that was so long ago that a change from now on shows, coarse as the times may be.

        To be asked before the file is read: a change while it is read may show in no time.
        """
        resolution = _RESOLUTION if self.modified % _SECOND else _COARSE
        return time.time_ns() - max(self.modified, self.changed) > resolution


def file_state(filename: str) -> FileState | None:
    """Look at a file; None where there is none."""
    try:
        status = os.stat(filename)
    except (OSError, ValueError):
        return None
    return FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


# What code that names one of these may look at, and the tree or the walk otherwise leaves out.
_LOOKS = {
    "__annotations__": "documents",
    "__doc__": "documents",
    "__subclasses__": "subclasses",
    "__type_params__": "documents",
    "get_annotations": "documents",
    "get_type_hints": "documents",
    "getdoc": "documents",
    "getfullargspec": "documents",
    "signature": "documents",
}


class Read(NamedTuple):
    """One way in which code reaches outside itself.

    ``kind`` is "global", "cell" (a closure variable), "written global" and "written cell" (only written to),
    "import", "named" (an import by a name that stands in a global, or by one that is computed), or "module"
    (any name of the module, as the code has instructions that are not known here); ``chain`` the name and the
    attributes taken from it, for an import the module's name first; ``level`` counts the dots of a relative import.
    """

    kind: str
    chain: tuple[str, ...]
    level: int = 0


COMPUTED = "*"  # the name in the chain of a "named" read that nobody knows before the code runs

# At the end of the chain of something that is only written to: what is done to its items. Where one is counted up whose
# key is a text, that follows.
ITEM_SET, COUNTED = "[=]", "[+]"


def split_written(chain: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the names of a chain of something that is only written to, and what is done to its items, if that is."""
    return (chain[:-1], chain[-1]) if chain[-1].startswith((ITEM_SET, COUNTED)) else (chain, "")


class Source(NamedTuple):
    """What a function's text says.

    Attributes:
        digest: of the normalised text.
        annotated: whether its annotations and docstring are part of it.
        reads: what it reads from outside, where somebody has looked. It may be less than its bytecode does: annotations
            of nested functions are evaluated, and nobody looks at them.
        name: what all of this was read from, in 16 bytes: a code object, and the state of its file; empty where it
            cannot be known by that.
    """

    digest: bytes
    annotated: bool
    reads: tuple[Read, ...] | None = None
    name: bytes = b""


def looks_of(names: Iterable[str]) -> frozenset[str]:
    """Say what code that mentions these names may look at: docstrings and annotations ("documents"), "subclasses"."""
    return frozenset(_LOOKS[name] for name in names if name in _LOOKS)
