"""Live objects of libraries that code reaches: clients, engines, consoles, pools. They are handles, not data.

An instance of an installed package's class (or of the standard library's) that holds, at any depth, something without
a lasting identity (a lock, a socket, a file, a thread, a weak reference, a pointer) counts as a whole by its type. Its
inner state moves by being used; what the user's code gave it is asked for in `statements` and `settings`.

Whether an object is one is decided once, when a fingerprint is made, in a bounded number of steps; from then on its
identity is enough. Of an instance of a user's class that inherits from a library's, only what the library's own code
assigns is left out; of a library's container, all but its content.
"""

from __future__ import annotations

from _weakref import ref
from gc import get_referents

from ..._light import BuiltinFunctionType, CodeType, FunctionType, MemberDescriptorType, ModuleType, suppress
from ..code.live import standard_name
from ..values.kinds import is_known_data
from ..values.node import Node, attributes, leaf
from ..values.objects import content_of, is_opaque
from ..values.plain import CONTAINER_IDS, SCALAR_IDS, head
from ..values.reached import way_through
from ..values.refused import reason_to_refuse
from ..values.registered import is_handle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..values.node import Asked

_BOUNDARIES = (type, ModuleType, FunctionType, CodeType, BuiltinFunctionType)
# Modules of the standard library whose classes hold whatever users put into them.
_ROOMS_FOR_ANYTHING = {
    "_collections", "_functools", "_operator", "abc", "argparse", "builtins", "collections", "contextlib",
    "dataclasses", "functools", "itertools", "operator", "types", "typing",
}  # fmt: skip
_LOGGERS = {"logging.Logger", "logging.LoggerAdapter", "logging.Manager"}
# Live objects that hold nothing by which they could be told: they draw, fill themselves when used, or name a place.
_KNOWN = {
    "botocore.session.Session", "cachetools.Cache", "faker.proxy.Faker", "fsspec.spec.AbstractFileSystem",
    "jinja2.environment.Template", "mako.template.Template", "spacy.language.Language",
}  # fmt: skip
_MOST_SEEN = 20_000  # objects that are looked at before one counts as data
_MOST_AFTER = 2_000  # that are looked at for arrays, once a handle is found
_AS_ARRAY = ("__array__", "__array_interface__", "__cuda_array_interface__")
_CODE_DEPTH, _MOST_WITH_CODE = 6, 5_000
_MOST_SEARCHED = 50_000  # objects that all searches for code of one fingerprint look into

# How instances of a class are told: they are data, by what they hold, by their type, by what a library assigned, or by
# their attributes while their content counts.
_DATA, _BY_CONTENT, _BY_TYPE, _DERIVED, _CONTAINER = range(5)
# What an object is to the search for handles: not to be entered, a handle, to be entered, a function, an array.
_CLOSED, _HANDLE, _OPEN, _CODE, _ARRAY = range(5)


class LiveObjects:
    """The live objects that one fingerprint has met.

    Args:
        is_users: tells whether a class or a function is the user's.
    """

    def __init__(self, is_users: Callable[[Any], bool]) -> None:
        self._is_users = is_users
        self._ways: dict[int, tuple[int, type]] = {}
        self._doors: dict[int, tuple[int, type]] = {}
        self._known: dict[int, tuple[Callable[[], object], frozenset[str] | None]] = {}  # by id: what is left out
        self._kinds: set[int] = set()
        self._data: dict[int, object] = {}  # seen, and inside of what proved to be data
        self._searched: dict[int, object] = {}  # for code, by id; keeps alive what it names

    def form(self, value: Any, walk: Asked) -> bytes | Node | None:
        """Return what a live object counts as; None for data."""
        kind = type(value)
        way = self._ways.get(id(kind))
        if way is None:
            way = self._ways[id(kind)] = self._way(kind), kind
        if way[0] == _DATA:
            return None
        if id(value) not in self._known and not self._meet(value, way[0]):
            return None
        return _form(value, self._known[id(value)][1], walk)

    def form_again(self, value: Any, walk: Asked) -> bytes | Node | None:
        """Return the same without a look inside: where none was met before, another one is."""
        known = self._known.get(id(value))
        if known is not None and known[0]() is value:
            return _form(value, known[1], walk)
        return leaf("another") if id(type(value)) in self._kinds else None

    def counts_by_type(self, value: object) -> bool:
        """Whether a value is a live object of which nothing else counts, so that its identity tells that it is."""
        known = self._known.get(id(value))
        return known is not None and known[1] is None and known[0]() is value

    def settle(self) -> None:
        """Let go of what was kept for the search alone."""
        self._data.clear()
        self._searched.clear()

    def _meet(self, value: Any, way: int) -> bool:
        left_out = None
        if way == _CONTAINER:
            left_out = frozenset(getattr(value, "__dict__", ()))
            if not self._leads_to_handle([vars(value)[name] for name in left_out]):
                return False
        elif way == _DERIVED:
            left_out = self._assigned_by_library(value)
            if not left_out:
                return False
        elif way == _BY_CONTENT and not self._leads_to_handle(get_referents(value)):
            return False
        self._known[id(value)] = _reference(value), left_out
        self._kinds.add(id(type(value)))
        return True

    def _way(self, kind: type) -> int:
        if is_handle(kind) or _is_named(kind):
            return _BY_TYPE
        number = id(kind)
        if number in SCALAR_IDS or number in CONTAINER_IDS or issubclass(kind, _BOUNDARIES) or is_known_data(kind):
            return _DATA
        if standard_name(kind):
            is_other = _root(kind) in _ROOMS_FOR_ANYTHING or _is_logger(kind) or _has_no_identity(kind)
            return _DATA if is_other or content_of(kind) is not None else _BY_CONTENT
        if _root(kind) == "brinery":
            return _DATA
        if self._is_users(kind):
            derived = any(not standard_name(base) and not self._is_users(base) for base in kind.__mro__)
            return _DERIVED if derived else _DATA
        if _has_no_identity(kind) or (is_opaque(kind) and not _is_by_value(kind)):
            return _BY_TYPE
        if _is_array(kind):
            return _DATA
        return _CONTAINER if content_of(kind) is not None else _BY_CONTENT

    # The search for what has no lasting identity.

    def _leads_to_handle(self, items: Iterable[object]) -> bool:
        """Search breadth first through what belongs to libraries; not through users' objects, nor through code.

        What leads to arrays as well is data, such as a model: it counts by its content.
        """
        seen: dict[int, object] = {}
        is_found = False
        while True:
            level: list[object] = []
            functions: list[Any] = []
            for item in items:
                kind = id(type(item))
                if kind in SCALAR_IDS or id(item) in seen or id(item) in self._data:
                    continue
                door = (self._doors.get(kind) or self._door(type(item)))[0]
                if door == _ARRAY:
                    is_found = False
                    level, functions = [], []
                    break
                seen[id(item)] = item
                is_found = is_found or door == _HANDLE
                if door == _OPEN:
                    level.append(item)
                elif door == _CODE:
                    functions.append(item)
            if not (level or functions) or len(seen) > (_MOST_AFTER if is_found else _MOST_SEEN):
                break
            items = get_referents(*level)
            items += [inner for function in functions for inner in _enclosed(function)]
        if not is_found:
            self._data.update(seen)
        return is_found

    def _door(self, kind: type) -> tuple[int, type]:
        if kind is FunctionType:
            door = _CODE
        elif issubclass(kind, _BOUNDARIES) or _is_logger(kind) or _root(kind) == "brinery":
            door = _CLOSED
        elif is_handle(kind) or _is_named(kind):
            door = _HANDLE
        elif standard_name(kind) in _OPEN_TO_ALL:
            door = _OPEN
        elif is_known_data(kind):
            door = _ARRAY if _is_array(kind) else _CLOSED
        elif _has_no_identity(kind) or (is_opaque(kind) and not _is_by_value(kind)):
            door = _HANDLE
        elif _is_array(kind):
            door = _ARRAY
        else:
            door = _OPEN if standard_name(kind) or not self._is_users(kind) else _CLOSED
        self._doors[id(kind)] = door, kind
        return self._doors[id(kind)]

    def _assigned_by_library(self, value: Any) -> frozenset[str]:
        """Say which attributes of a user's object are a library's alone; none unless they lead to a handle."""
        try:
            state: dict[str, object] = object.__getattribute__(value, "__dict__")
        except AttributeError:
            return frozenset()
        if not self._leads_to_handle(list(state.values())):
            return frozenset()
        from .statements import assigned_by

        bases = [base for base in type(value).__mro__ if not standard_name(base)]
        theirs = assigned_by(base for base in bases if not self._is_users(base))
        ours = assigned_by(base for base in bases if self._is_users(base))
        if theirs is None or ours is None:
            return frozenset()
        names = frozenset(name for name in state if name in theirs and name not in ours)
        return names if self._leads_to_handle([state[name] for name in names]) else frozenset()

    def code_inside(self, value: object) -> list[object]:
        """List the user's functions and classes that a live object was given, such as filters, hooks and callbacks.

        What one search has looked into the next does not: an application's objects lead to each other.
        """
        found: dict[int, object] = {}
        seen = {id(value)}
        level = [value]
        functions: list[FunctionType] = []
        for _ in range(_CODE_DEPTH):
            below = []
            items = [*get_referents(*level), *(inner for function in functions for inner in _enclosed(function))]
            functions = []
            for item in items:
                kind = type(item)
                if id(kind) in SCALAR_IDS or id(item) in seen:
                    continue
                seen.add(id(item))
                if isinstance(item, (FunctionType, type)):
                    if self._is_users(item):
                        found[id(item)] = item
                    elif isinstance(item, FunctionType):
                        functions.append(item)
                elif _root(kind) == "brinery":
                    inner = getattr(item, "__wrapped__", None)
                    if isinstance(inner, FunctionType):
                        found[id(inner)] = inner
                elif (self._doors.get(id(kind)) or self._door(kind))[0] == _OPEN:
                    below.append(item)
                elif not isinstance(item, ModuleType) and not standard_name(kind) and self._is_users(kind):
                    found[id(kind)] = kind
            if not (below or functions) or len(seen) > _MOST_WITH_CODE or len(self._searched) > _MOST_SEARCHED:
                break
            level = [item for item in below if id(item) not in self._searched]
            self._searched.update((id(item), item) for item in level)
        return list(found.values())


# Types of the language that lead on to what they hold.
_OPEN_TO_ALL = {
    "builtins.method", "builtins.mappingproxy", "builtins.set", "builtins.frozenset", "builtins.cell",
    "builtins.dict_keys", "builtins.dict_values", "builtins.dict_items", "functools.partial", "types.SimpleNamespace",
}  # fmt: skip


def _form(value: Any, left_out: frozenset[str] | None, walk: Asked) -> bytes | Node:
    kind = type(value)
    if left_out is None:
        return leaf("live object", walk.class_of(kind))
    state = {name: item for name, item in vars(value).items() if name not in left_out}
    for base in kind.__mro__:
        for name, member in base.__dict__.items() if "__slots__" in base.__dict__ else ():
            if type(member) is MemberDescriptorType and hasattr(value, name):
                state[name] = member.__get__(value)
    content = content_of(kind)
    parts = () if content is None else content(value)
    return Node(head("live object of", len(parts)) + walk.class_of(kind), (*parts, attributes(state)), ("",) * 5)


def _reference(value: Any) -> Callable[[], object]:
    """Refer to an object, weakly where it allows that: the check keeps nothing alive."""
    try:
        weak: Callable[[], object] = ref(value)
    except TypeError:
        return lambda: value
    return weak


def _has_no_identity(kind: type) -> bool:
    names = ((base, standard_name(base)) for base in kind.__mro__)
    return any(name and reason_to_refuse(base, name) for base, name in names)


def _is_by_value(kind: type) -> bool:
    """Tell whether instances of a class in C are compared by what they hold, and show it: they are data."""
    compares = any("__eq__" in base.__dict__ for base in kind.__mro__ if base is not object)
    return compares and way_through(kind) is not None


def _is_logger(kind: type) -> bool:
    return any(standard_name(base) in _LOGGERS for base in kind.__mro__)


def _is_named(kind: type) -> bool:
    return any(f"{base.__module__}.{base.__qualname__}" in _KNOWN for base in kind.__mro__ if not standard_name(base))


def _is_array(kind: type) -> bool:
    """Tell whether instances give their content as an array: they are data, whatever else they hold."""
    return any(name in base.__dict__ for base in kind.__mro__ for name in _AS_ARRAY)


def _enclosed(function: FunctionType) -> Iterator[object]:
    """Yield what a function of a library closes over."""
    for cell in function.__closure__ or ():
        with suppress(ValueError):
            yield cell.cell_contents


def _root(kind: type) -> str:
    module = kind.__module__
    return module.partition(".")[0] if type(module) is str else ""
