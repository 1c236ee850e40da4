"""What the encoding of a value is made of: nodes with a head and children, and the refusal of what has no identity.

An encoding is either the marshal form of something small or a mark followed by 16 bytes of digest. Both say where they
end, so a row of them needs no lengths between.
"""

from __future__ import annotations

from xxhash import xxh3_128_digest

from ..._light import NamedTuple, Protocol
from .plain import NODE, head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeAlias


class Refused(Exception):
    """A value cannot be digested; the walk knows the path to it and says so to the user."""


class Node:
    """A value taken apart: what is known of it at once, and the children that are still to be encoded.

    Attributes:
        head: kind of node, and all that is not a child; no head of one kind can be taken for one of another.
        children: in an order that depends on the value only.
        labels: how a child is called in the path of an error, see `step`.
        unordered: whether the children's encodings are to be sorted.
    """

    __slots__ = ("children", "head", "labels", "unordered")

    def __init__(
        self, head: bytes, children: Iterable[object], labels: Labels = None, *, unordered: bool = False
    ) -> None:
        self.head = head
        self.children = children
        self.labels = labels
        self.unordered = unordered

    def settle(self, encodings: list[bytes]) -> bytes:
        """Return the encoding of a node whose children are encoded."""
        return NODE + xxh3_128_digest(self.head + b"".join(encodings))


class Passing(NamedTuple):
    """A value made on the way, which cannot be met again: it is neither remembered nor looked for.

    ``copied`` are its items where another list holds them that is not looked at.
    """

    value: object
    labels: Labels = None
    copied: bool = False


class Part(NamedTuple):
    """A value that is to be taken apart by a function of our choice, whatever its type."""

    value: Any
    expander: Expander


def part(value: object, expander: Expander) -> Passing:
    """Prepare a child that is taken apart by `expander`."""
    return Passing(Part(value, expander))


class Attributes(NamedTuple):
    """The state of an object: encoded as the dict that it is, called by attribute in a path."""

    state: Mapping[str, object]


class Values(NamedTuple):
    """Names the values of a dict-like object whose keys and values are encoded as two lists."""

    keys: Sequence[object]


class Asked(Protocol):
    """What a walk answers while a value is taken apart."""

    options: dict[str, bytes]  # what counts of each library's options, once it was asked for

    def code_of(self, thing: object) -> bytes:
        """Return the encoding of a function, class or module."""
        ...

    def class_of(self, kind: type) -> bytes:
        """Return the encoding of the class of an instance."""
        ...

    def where(self) -> str:
        """Return the path to what is being encoded."""
        ...

    def plain(self, value: Any) -> bytes | None:
        """Return the encoding of an exact tuple, list or dict that was made on the way, if it is plain."""
        ...

    def note(self, value: object) -> bool:
        """Tell of a value, if code merely reaches it, that not all of it counts; return whether it was told."""
        ...

    def take_at_its_word(self, value: object) -> None:
        """Note an object that says itself what it consists of: it may speak of functions by their names alone."""
        ...


# None: the child is not a step of its own; a number: an item, counted from there; a dict: its keys and values in turn;
# Attributes: the same, called by attribute; Values: by key; a sequence: the steps themselves.
Labels: TypeAlias = "int | dict[Any, Any] | Attributes | Values | Sequence[str] | None"
Expander: TypeAlias = "Callable[[Any, Asked], bytes | Node]"


def close(node_head: bytes, children: bytes = b"") -> bytes:
    """Return the encoding of a node whose children are encoded."""
    return NODE + xxh3_128_digest(node_head + children)


def leaf(kind: str, *facts: object) -> bytes:
    """Return the encoding of a node without children."""
    return NODE + xxh3_128_digest(head(kind, *facts))


def step(labels: Labels, index: int) -> str:
    """Say how the child at `index` is reached from its parent, such as ``[3]``, ``["name"]`` or ``.name``."""
    if labels is None:
        return ""
    if isinstance(labels, int):
        return f"[{labels + index}]"
    if isinstance(labels, Attributes):
        names = list(labels.state)
        return f".{names[index // 2]}" if index // 2 < len(names) else ""
    if isinstance(labels, Values):
        return f"[{_shown(labels.keys[index])}]" if index < len(labels.keys) else ""
    if isinstance(labels, dict):
        keys = list(dict.keys(labels))
        shown = _shown(keys[index // 2]) if index // 2 < len(keys) else ""
        return f"[{shown}]" if index % 2 else f".keys()[{index // 2}]"
    return labels[index] if index < len(labels) else ""


def attributes(state: Mapping[str, object]) -> Passing:
    """Prepare the state of an object as a child: encoded as a dict, called by attribute in a path."""
    return Passing(state, Attributes(state))


def _shown(key: object) -> str:
    """Show a key of a dict without running any code of the user's."""
    shown = repr(key) if type(key) in _SHOWN else f"<{type(key).__name__}>"
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


_SHOWN = frozenset({str, bytes, int, float, bool, type(None)})
