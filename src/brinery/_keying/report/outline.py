"""What is inside an argument, piece by piece, so that two calls can be compared further than "it differs".

Only for people: the key is taken from the whole value, and pieces that cannot be told apart here still count there.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Sized
from re import split
from time import thread_time
from types import MethodType

from ..._light import partial
from ..values.digest import digest
from ..values.objects import attributes_beyond
from .shown import ARRAY_LIBRARIES, is_short, short_value, sounds_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_PIECES = 64  # of one argument: some 3 kB of metadata at most
_MOST_ITEMS = 32  # of a container whose items are told one by one; longer ones are told by stretches
_STRETCHES = 16
_DEEPEST = 6
_SECONDS = 0.2  # of CPU, for one argument: pieces that lead to each other are each digested with all of them
_PICKLING = frozenset({"__reduce__", "__reduce_ex__", "__getstate__"})
_DIGITS = 16  # of a piece's digest: it only tells two pieces apart, in one place

CodeOf = Callable[[object], bytes]
Piece = tuple[str, object]  # what is written after the name to get there, and what is there


class _Stretch(list[object]):
    """Neighbouring items of a long container, told as one piece."""


def outline(name: str, value: object, code: CodeOf) -> dict[str, list[str]]:
    """Give what is inside a container, a record or a frame: where, as Python writes it, to a digest and short value.

    Empty for what has no inside, and for what takes long to tell.
    """
    latest = thread_time() + _SECONDS
    pieces: dict[str, list[str]] = {}
    opened: set[int] = set()
    waiting: deque[tuple[str, object, int]] = deque([("", value, 0)])
    taken = 1
    if _is_array(type(value)):
        return {path: [digest(fact).hex()[:_DIGITS], repr(fact)] for path, fact in _facts_of_array(value)}
    column = _column(value)
    if column:
        waiting = deque((path, piece, _DEEPEST) for path, piece in column)
    while waiting:
        path, whole, depth = waiting.popleft()
        inside = _inside(whole, code) if depth < _DEEPEST and id(whole) not in opened else []
        if inside and taken - 1 + len(inside) <= _MOST_PIECES:
            opened.add(id(whole))
            taken += len(inside) - 1
            waiting.extend((path + step, piece, depth + 1) for step, piece in inside)
        elif thread_time() > latest:
            return {}
        elif path:
            piece = list(whole) if type(whole) is _Stretch else whole
            shown = "..." if _is_confidential(name + path) else _with_dtype(short_value("", piece), piece)
            pieces[path] = [digest(piece, name + path, code).hex()[:_DIGITS], shown]
    return pieces


def _is_confidential(path: str) -> bool:
    return any(sounds_secret(word) for word in split(r"[\[\].']+", path))


def _inside(whole: Any, code: CodeOf) -> list[Piece]:
    """The pieces that a value is made of; none where it is a piece itself."""
    kind = type(whole)
    if kind in (dict, OrderedDict, Counter, defaultdict):
        keys = list(whole)
        if not all(map(is_short, keys)):
            return []
        if len(keys) <= _MOST_ITEMS:
            return [(f"[{key!r}]", piece) for key, piece in whole.items()]
        items = list(whole.items())
        return [(f"[{keys[start]!r} to {keys[end - 1]!r}]", _Stretch(items[start:end])) for start, end in _cuts(items)]
    if kind in (set, frozenset):
        is_told = len(whole) <= _MOST_ITEMS and all(map(is_short, whole))
        return (
            [(f" item {shown}", item) for shown, item in sorted((repr(item), item) for item in whole)]
            if is_told
            else []
        )
    if kind is partial or kind is MethodType:
        names = ("func", "args", "keywords") if kind is partial else ("__func__", "__self__")
        return [(f".{name}", getattr(whole, name)) for name in names]
    if issubclass(kind, BaseException):
        return [(".args", BaseException.__dict__["args"].__get__(whole)), *_fields(whole, kind, frozenset())]
    if kind in (list, tuple, deque):
        if len(whole) <= _MOST_ITEMS:
            more = [(".maxlen", whole.maxlen)] if kind is deque else []
            return [*more, *((f"[{number}]", piece) for number, piece in enumerate(whole))]
        whole = list(whole)
        return [(f"[{start}:{end}]", _Stretch(whole[start:end])) for start, end in _cuts(whole)]
    for library in ("pandas", "polars"):
        frame = getattr(sys.modules.get(library), "DataFrame", None)
        if frame is not None and kind is frame:
            return _columns(whole, [(".index", whole.index)] if library == "pandas" else [])
    ignored = getattr(code, "ignored", None)
    return _fields(whole, kind, frozenset() if ignored is None else ignored(kind))


def _is_array(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ARRAY_LIBRARIES and kind.__name__ in (
        "ndarray",
        "MaskedArray",
        "Tensor",
    )


def _facts_of_array(array: Any) -> list[Piece]:
    """What an array is, but not what it holds: to digest that once more would take as long as the key."""
    facts: list[Piece] = [(".dtype", str(array.dtype)), (".shape", str(tuple(array.shape)))]
    if hasattr(array, "flags"):
        facts += [(".flags.c_contiguous", array.flags.c_contiguous), (".flags.f_contiguous", array.flags.f_contiguous)]
    return facts


def _with_dtype(shown: str, piece: Any) -> str:
    """Add what a column or an array is made of."""
    if type(piece).__module__.partition(".")[0] not in ARRAY_LIBRARIES or not shown.startswith("<"):
        return shown
    dtype = getattr(piece, "dtype", None)
    return shown if dtype is None else f"{shown[:-1]} of {dtype}>"


def _cuts(items: Sized) -> Iterator[tuple[int, int]]:
    """Stretches of a power of two, so that an item more leaves the others where they were."""
    length = 1 << (-(-len(items) // _STRETCHES) - 1).bit_length()
    return ((start, min(start + length, len(items))) for start in range(0, len(items), length))


def _column(value: Any) -> list[Piece]:
    """The pieces of a Series or an Index that is an argument itself."""
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    if library not in ("pandas", "polars") or kind.__name__ not in ("Series", "Index", "RangeIndex", "DatetimeIndex"):
        return []
    pieces: list[Piece] = [(".name", value.name), (".dtype", str(value.dtype))]
    if library == "pandas":
        pieces += [(".index", value.index)] if kind.__name__ == "Series" else []
    return [*pieces, (".values", value.array if library == "pandas" else value.to_list())]


def _columns(frame: Any, index: list[Piece]) -> list[Piece]:
    names = list(frame.columns)
    if len(set(names)) < len(names) or not all(map(is_short, names)):
        return []
    return [*index, *((f"[{name!r}]", frame[name]) for name in names)]


def _fields(whole: object, kind: type, ignored: frozenset[str]) -> list[Piece]:
    """The attributes of an instance that is made of nothing else, and pickles as them."""
    if isinstance(whole, type) or any(_PICKLING.intersection(vars(base)) for base in kind.__mro__[:-1]):
        return []
    held = attributes_beyond(whole, object, ignored) if kind.__module__ != "builtins" else {}
    return [(f".{name}", piece) for name, piece in held.items()]
