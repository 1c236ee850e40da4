"""Which mutable objects a value holds more than once: a function can tell one list from two that are equal.

A function that writes to one, copies them with `copy.deepcopy` or compares by `is` sees the difference, so it counts.
What cannot be changed does not count: whether two equal texts are one object differs between processes.

Looking for it must cost next to nothing, as nearly no value shares anything. In containers of builtin types, C code
asks two questions of all items at once: whether they can be hashed, as then nothing in them can be changed, and whether
anything but their container refers to them, by the sum of their reference counts.
"""

from __future__ import annotations

from _weakref import ref
from gc import get_referents
from itertools import compress
from sys import getrefcount

from ..._light import ModuleType
from ..code.live import standard_name
from .filled import is_users
from .plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias

# How far the identity of a type's instances counts.
IMMUTABLE, MUTABLE, WHOLE = range(3)  # WHOLE: its own does, and that of what it is made of does not

_MUTABLE_BUILTINS = frozenset({list, dict, set})
_IMMUTABLE_BUILTINS = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
_FRAMED = 11  # bytes of a pickle before what is in its first frame
_SHORT = 200  # a pickle of as many bytes is looked through item by item
_LONG = 64  # bytes for each item on average: from here on, to hash them would take longer than to ask for their types

# They have the hash of any object, and are not told from an equal one.
_IMMUTABLE = {
    "builtins.function", "builtins.code", "builtins.builtin_function_or_method", "builtins.slice", "builtins.property",
    "builtins.staticmethod", "builtins.classmethod", "builtins.NotImplementedType", "functools._lru_cache_wrapper",
    "_struct.Struct", "typing.TypeVar", "typing.TypeAliasType", "datetime.tzinfo", "builtins.sentinel", "enum.Enum",
}  # fmt: skip
_MADE_OF_BLOCKS = {"pandas", "polars", "pyarrow", "xarray", "scipy"}
_FUNCTIONS = {  # of libraries written in C, by the names of their types
    "cython_function_or_method", "fused_cython_function", "ufunc", "_ArrayFunctionDispatcher", "nb_func", "nb_method",
}  # fmt: skip
_HASHED_AND_MUTABLE = {"Tensor", "ExtensionArray"}
_MANAGED_DICT = 1 << 4


class Inside:
    """A plain value with mutable things in it, of which some may be found elsewhere as well.

    Attributes:
        form: its encoding.
        value: the value.
        rows: items that something else refers to as well, and may be anything.
    """

    __slots__ = ("form", "rows", "value")

    def __init__(self, form: bytes, value: Any, rows: Sequence[Sequence[object]]) -> None:
        self.form = form
        self.value = value
        self.rows = rows


Log: TypeAlias = "list[object]"  # of the mutable objects that a walk meets, as often as it meets them


def identity_of(kind: type) -> int:
    """Say how far the identity of a type's instances counts."""
    known = _identities.get(id(kind))
    if known is not None and known[1] == id(kind.__mro__):
        return known[2]
    identity, number = _identity_of(kind), id(kind)
    _identities[number] = ref(kind, lambda _: _identities.pop(number, None) and None), id(kind.__mro__), identity
    return identity


_identities: dict[int, tuple[ref[type], int, int]] = {}


def _identity_of(kind: type) -> int:
    """Decide by hash: what has one of its own is compared by what it is, but for classes of the user's."""
    ancestry = kind.__mro__
    if issubclass(kind, (type, ModuleType)) or any(standard_name(base) in _IMMUTABLE for base in ancestry):
        return IMMUTABLE
    if kind.__name__ in _FUNCTIONS and not is_users(kind):
        return IMMUTABLE
    owner = next(base for base in ancestry if "__hash__" in base.__dict__)
    if owner is not object and owner.__dict__["__hash__"] is not None and owner.__name__ not in _HASHED_AND_MUTABLE:
        has_attributes = kind.__dictoffset__ or kind.__flags__ & _MANAGED_DICT
        return MUTABLE if is_users(kind) and (is_users(owner) or has_attributes) else IMMUTABLE
    root = next(base.__module__ for base in ancestry if not is_users(base)).partition(".")[0]
    return WHOLE if root in _MADE_OF_BLOCKS else MUTABLE


def _references_in_a_list() -> int:
    held: list[object] = [[]]
    return sum(map(getrefcount, held))


_ONCE = _references_in_a_list()  # how many references are counted to what one list holds


def mutable_inside(value: Any, data: bytes, *, copied: bool, tall: bool) -> list[Sequence[object]] | None:
    """Look for what can be changed inside a plain container; None if there is nothing.

    Args:
        value: the container.
        data: its pickle.
        copied: whether the container is a copy of ours, so that another one refers to its items as well.
        tall: whether it may be too tall for the C stack.

    Returns:
        Those items that are referred to more than once, row by row.
    """
    found: list[Sequence[object]] | None = None
    start = (_FRAMED if data[2:3] == b"\x95" else 2) + (type(value) is not tuple)
    if data.find(b"]", start) < 0 and data.find(b"}", start) < 0 and data.find(b"\x8f", start) < 0:
        return None  # no byte that could open another list, dict or set
    size = len(data)
    if size < _SHORT:
        inner = [item for _, item in _places_in(value)]
        return [inner] if inner else None
    is_dict = type(value) is dict
    # Rows of items; how many references to each there are if no other container has it; how many belong together.
    rows = [(list(value.values()) if is_dict else value, _ONCE + copied + is_dict, 1)]
    for row, once, together in rows:
        kinds = set(map(type, row)) if tall else _kinds_in_doubt(row, size)
        if kinds <= _IMMUTABLE_BUILTINS:
            continue
        if together > 1:
            rows += [(row[start::together], once + 1, 1) for start in range(together)]
            continue
        if not kinds.isdisjoint(_MUTABLE_BUILTINS):
            found = [] if found is None else found
            excess = sum(map(getrefcount, row)) - once * len(row)
            if excess:
                more = compress(row, map(once.__lt__, map(getrefcount, row)))
                found.append(row if excess > len(row) >> 2 else list(more))
        if type(row[0]) is list and len(row[0]) > _LONG and list(map(type, row)).count(list) == len(row):
            rows += [(item, _ONCE, 1) for item in row]
            continue
        inner = get_referents(*row)
        if inner:
            count = len(inner) // len(row)
            rows.append((inner, _ONCE + 1, count if len(row) > 16 * count else 1))
    return found


def _kinds_in_doubt(row: Sequence[object], size: int) -> set[type]:
    """Return no types if all items are numbers, texts or the like, or tuples of such; else some that are among them."""
    first = type(row[0]) if row else int
    if first in _MUTABLE_BUILTINS:
        return {first}
    if first is int or first is float:
        try:
            sum(row)  # type: ignore[arg-type]
        except (TypeError, OverflowError):
            pass
        else:
            return set()
    if size > _LONG * len(row):
        return set(map(type, row))
    try:
        hash(tuple(row))
    except TypeError:
        return {list}
    return set()


def pattern(log: Log) -> bytes | None:
    """Return what tells a value with shared parts from one without: None if it shares nothing that can be changed."""
    shared = _met_again(log)
    if not shared:
        return None
    numbers: dict[int, int] = {}
    facts: list[tuple[int, ...]] = []
    at = 0
    places: Sequence[tuple[int, object]]
    for entry in log:
        if type(entry) is Inside:
            places = _places_in(entry.value) if any(id(x) in shared for row in entry.rows for x in row) else ()
        else:
            at += 1
            places = ((0, entry),)
        for place, item in places:
            if id(item) in shared:
                facts.append((at, place, numbers.setdefault(id(item), len(numbers))))
    return head("shared", facts) if facts else None


def is_met_again(inside: Inside, met: set[int]) -> bool:
    """Tell whether something inside may have been met before, and add to what has been, by id."""
    for row in inside.rows:
        numbers = set(map(id, row))
        if len(numbers) < len(row) or not met.isdisjoint(numbers):
            return True
        met |= numbers
    return False


def _met_again(log: Log) -> set[int]:
    """Return the ids of what stands in a log more than once."""
    met: set[int] = set()
    again: set[int] = set()
    for entry in log:
        items: Iterable[object] = (entry,)
        if type(entry) is Inside:
            items = (item for row in entry.rows for item in row if type(item) in _MUTABLE_BUILTINS)
        for number in map(id, items):
            (again if number in met else met).add(number)
    return again


def _places_in(value: Any) -> list[tuple[int, object]]:
    """List what can be changed in a plain container, in an order that depends on nothing but what it is."""
    found: list[object] = []
    level = [value]
    while level:
        inner = [item for container in level for item in _values_of(container) if type(item) not in _IMMUTABLE_BUILTINS]
        found += inner
        level = inner
    return [(place, item) for place, item in enumerate(found, 1) if type(item) in _MUTABLE_BUILTINS]


def _values_of(container: Any) -> Any:
    return container.values() if type(container) is dict else container


def sort_unordered(log: Log, start: int, form_of: Callable[[object], bytes]) -> None:
    """Put what was met in a set in an order that is the same in every process."""
    part = log[start:]
    times: dict[int, int] = {}
    for entry in part:
        times[id(entry)] = times.get(id(entry), 0) + 1
    keys = [(entry.form if type(entry) is Inside else form_of(entry), times[id(entry)], id(entry)) for entry in part]
    log[start:] = [part[number] for number in sorted(range(len(part)), key=keys.__getitem__)]
