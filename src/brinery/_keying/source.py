"""What is known of a function's source text."""

from __future__ import annotations

from .._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .bytecode import Read

# What code that names one of these may look at, and the tree or the walk otherwise leaves out.
_LOOKS = {
    "__annotations__": "documents",
    "__doc__": "documents",
    "__subclasses__": "subclasses",
    "get_annotations": "documents",
    "get_type_hints": "documents",
    "getdoc": "documents",
    "getfullargspec": "documents",
    "signature": "documents",
}


class Source(NamedTuple):
    """What a function's text says.

    Attributes:
        digest: of the normalised text.
        annotated: whether its annotations and docstring are part of it.
        reads: what it reads from outside where that is less than its bytecode does: annotations of nested functions are
            evaluated, and nobody looks at them.
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
