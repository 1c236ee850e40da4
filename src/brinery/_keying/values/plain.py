"""The fast way for small things: scalars and small containers of the builtin types are encoded by `marshal`.

Whether a value is encoded here depends on its structure only, never on identity, sharing or interning, so that it has
one encoding however it is met:

- a *scalar* by `marshal` version 2, which has no references and does not see interning;
- a *small* container (at most 16 items, which are scalars or flat containers of at most 8) by `marshal` as well. Its
  types are proven one by one first: marshal writes everything with a buffer (arrays, numpy scalars) as bare bytes.

Larger containers are encoded in `pickled` if they are as plain, and everything else is taken apart by `walk`.
"""

from __future__ import annotations

from marshal import dumps

from xxhash import xxh3_128_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeGuard

NODE = b"#"  # no marshal form of a plain value begins with these two
CODE = b"@"
SHORT = 255  # a longer marshal form is replaced by its digest
TEXT = 1024  # a longer string is digested by itself
SCALARS: frozenset[type] = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
CONTAINERS: frozenset[type] = frozenset({tuple, list, dict})
# Types are looked up by id: looking up a type by itself would run the __hash__ of the user's metaclass.
SCALAR_IDS = frozenset(map(id, SCALARS))
CONTAINER_IDS = frozenset(map(id, CONTAINERS))


def scalar(value: Any) -> bytes:
    """Encode a value of one of the types in `SCALARS`."""
    kind = type(value)
    if kind is str:
        if len(value) > TEXT:
            return long_text(value)
    elif kind is bytes:
        if len(value) > TEXT:
            return NODE + xxh3_128_digest(b"bytes\0" + xxh3_128_digest(value))
    elif kind is int:
        try:
            form = dumps(value, 2)
        except ValueError:  # more than 2**31 digits of marshal's
            digits = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            return NODE + xxh3_128_digest(b"int\0" + xxh3_128_digest(digits))
        return form if len(form) <= SHORT else shorten(form)
    form = dumps(value, 2)
    return form if len(form) <= SHORT else shorten(form)


def shorten(form: bytes) -> bytes:
    """Replace a long marshal form by its digest."""
    return NODE + xxh3_128_digest(b"marshal\0" + form)


def long_text(value: str) -> bytes:
    return NODE + xxh3_128_digest(b"str\0" + xxh3_128_digest(text_bytes(value)))


def text_bytes(value: str) -> bytes:
    """Return any string as bytes, lone surrogates included."""
    return value.encode("utf-8", "surrogatepass")


def inner_of_small(value: Any) -> Sequence[object] | None:
    """Return the lists and dicts in a small container, None if it is not small.

    An exact tuple, list or dict is small if it has at most 16 items, scalars or flat, and only short strings; and no
    list or dict twice, which `sharing` sees to.
    """
    if len(value) > 16:
        return None
    items = value
    if type(value) is dict:
        if not _is_flat(value):
            return None
        items = value.values()
    inner: Sequence[object] = ()
    for item in items:
        kind = type(item)
        if kind is str or kind is bytes:
            if len(item) > TEXT:
                return None
        elif kind is list or kind is dict:
            if len(item) > 8 or not _is_flat(item) or (kind is dict and not _is_flat(item.values())):
                return None
            for other in inner:
                if other is item:
                    return None
            inner = [*inner, item]
        elif not (
            kind is int or kind is float or kind is bool or item is None or kind is complex or item is ...
            or (kind is tuple and len(item) <= 8 and _is_flat(item))
        ):  # fmt: skip
            return None
    return inner


def _is_flat(items: Any) -> bool:
    for item in items:
        kind = type(item)
        if kind is str or kind is bytes:
            if len(item) > TEXT:
                return False
        elif not (kind is int or kind is float or kind is bool or item is None or kind is complex or item is ...):
            return False
    return True


def small(value: Any) -> bytes | None:
    """Encode an exact tuple, list or dict if it is small, else None."""
    return None if inner_of_small(value) is None else marshalled(value)


def marshalled(value: Any) -> bytes | None:
    """Encode a container that is known to be small; None if there is an enormous int in it."""
    try:
        form = dumps(value, 2)
    except ValueError:
        return None
    return form if len(form) <= SHORT else shorten(form)


def head(kind: str, *facts: object) -> bytes:
    """Return the head of a node: its kind and facts (exact strings, bytes, numbers and tuples or lists of such)."""
    simple: Any = facts
    return kind.encode() + b"\0" + dumps(simple, 2)


def is_plain_scalar(value: object) -> TypeGuard[bool | int | float | complex | str | bytes | None]:
    """Tell whether a value is of one of the immutable builtin types that are encoded by themselves."""
    return id(type(value)) in SCALAR_IDS
