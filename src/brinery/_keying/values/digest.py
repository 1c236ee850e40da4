"""Digest any value, or raise an error that names the path to the part that cannot be digested.

The encoding is canonical: by structure and exact type, the same in every process and under every hash seed. Small
values are encoded by `marshal` (`plain`), large ones that are as plain by the C pickler (`pickled`), and all others are
taken apart (`walk`). Code is never looked into here: whoever calls gives a function that says in 16 bytes what a
function, class or module is.
"""

from __future__ import annotations

from marshal import dumps

from xxhash import xxh3_128_digest

from .plain import (
    CONTAINER_IDS,
    CONTAINERS,
    SCALAR_IDS,
    SCALARS,
    SHORT,
    TEXT,
    head,
    is_plain_scalar,
    scalar,
    shorten,
    small,
)
from .registered import register, register_handle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .walk import CodeOf, Live, Reached, Walk

    T = TypeVar("T")

__all__ = [
    "CONTAINERS",
    "SCALARS",
    "by_name",
    "digest",
    "encode",
    "is_plain_scalar",
    "register_digest",
    "register_handle",
]


def by_name(thing: object) -> bytes:
    """Speak of a function, class or module by its dotted name, without looking at what it does."""
    module = getattr(thing, "__module__", None) or ""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", type(thing).__qualname__)
    return xxh3_128_digest(head("name", str(module), str(name)))


def encode(
    value: object,
    path: str = "",
    code: CodeOf = by_name,
    reached: Reached | None = None,
    opaque: Reached | None = None,
    live: Live | None = None,
) -> bytes:
    """Return a short canonical encoding of any value: equal copies have the same one, in any process.

    Encodings say where they end, so several can be joined without lengths between them.

    Args:
        value: anything.
        path: what an error calls the value, such as the name of a parameter.
        code: says in 16 bytes what a function, class or module is; asked also for the class of every instance of a
            class outside the standard library.
        reached: where given, what cannot be digested counts by its type, and `reached` is told its path and itself.
        opaque: where given, it is told of what may hold code that does not show, which otherwise is looked for here.
        live: where given, says what an object counts as that is no data, and None for all others.

    Raises:
        UnkeyableError: something in the value has no lasting identity (and `reached` was not given).
    """
    kind = type(value)
    if kind is tuple and len(value) <= 16:  # type: ignore[arg-type]
        # A call's arguments, most often: what follows is `small` for the commonest case, without its calls.
        items: Any = value
        for item in items:
            kind = type(item)
            if kind is str or kind is bytes:
                if len(item) > TEXT:
                    break
            elif not (kind is int or kind is float or kind is bool or item is None):
                break
        else:
            try:
                form = dumps(items, 2)
                return form if len(form) <= SHORT else shorten(form)
            except ValueError:  # an enormous int
                return _walk(value, path, code, reached, opaque, live)
        kind = tuple
    number = id(kind)
    if number in SCALAR_IDS:
        return scalar(value)
    if number in CONTAINER_IDS:
        short = small(value)
        if short is not None:
            return short
    return _walk(value, path, code, reached, opaque, live)


_walk_kind: type[Walk] | None = None


def _walk(
    value: object, path: str, code: CodeOf, reached: Reached | None, opaque: Reached | None, live: Live | None
) -> bytes:
    return (_walk_kind or _load_walk())(path, code, reached, opaque, live).run(value)


def _load_walk() -> type[Walk]:
    global _walk_kind
    from .walk import Walk  # most calls have plain arguments, and do without

    _walk_kind = Walk
    return Walk


def digest(value: object, path: str = "", code: CodeOf = by_name, reached: Reached | None = None) -> bytes:
    """Return 16 bytes that stand for any value: the xxh3_128 of its encoding; see `encode`."""
    return xxh3_128_digest(encode(value, path, code, reached))


def register_digest(kind: type[T], function: Callable[[T], object]) -> None:
    """Say what stands for the values of a type when they are part of a key.

    Use it for a type that brinery cannot digest, or could digest more quickly or more to the point. It holds for
    subclasses as well; the class itself always counts besides.

    Args:
        kind: the type. Registering it again replaces the function.
        function: takes a value and returns another that stands for it, such as a string or a tuple of what matters.

    Example:
        >>> import sqlite3
        >>> register_digest(sqlite3.Connection, lambda it: it.execute("pragma database_list").fetchall())
    """
    erased: Any = function
    register(kind, erased)
