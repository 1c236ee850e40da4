"""How instances of classes are taken apart: by their state, or by what they give to pickling.

Of a user's class no method runs but `__getstate__`, `__reduce_ex__` and what that calls; attributes and slots are read
where they lie, and the content of a class that inherits from a builtin is read by the builtin's own methods. What the
pickling of a user's class leaves out counts as well, where it has a lasting identity.
"""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from ..._light import MemberDescriptorType
from ..code.live import standard_name
from .filled import Filling, derived_names, is_to_be_settled, is_users, lazy_names
from .node import Asked, Expander, Node, Passing, Refused, Values, attributes, close, leaf, part
from .plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

Content: TypeAlias = "Callable[[Any], tuple[object, ...]]"
Slots: TypeAlias = tuple[tuple[str, int, str], ...]

_MANAGED_DICT = 1 << 4
_MANAGED_WEAKREF = 1 << 3
_LEAST_ID = 1 << 20
_CACHED_BY_ATTRS = "_attrs_cached_hash"  # differs between processes


def by_reduce(value: Any, walk: Asked) -> bytes | Node:
    """Take a value apart into what it is pickled as."""
    kind: Any = type(value)
    if not standard_name(kind):
        walk.take_at_its_word(value)
    reducer = _registered_reducer(kind)
    try:
        made = kind.__reduce_ex__(value, 4) if reducer is None else reducer(value)
        if type(made) is str:
            return _global(value, made, walk)
        parts: list[object] = [made[0], made[1]]
        parts += [attributes(part) if type(part) is dict else Passing(part) for part in made[2:3]]
        parts += [Passing(None if part is None else list(part)) for part in made[3:5]]
    except Exception as error:
        raise Refused(f"cannot be taken apart ({kind.__module__}.{kind.__qualname__}: {error})") from error
    return Node(head("reduced", len(parts)) + walk.class_of(kind), parts, ("", "", "", "", ""))


def _global(value: Any, name: str, walk: Asked) -> bytes:
    """Encode what is pickled by its name: as code where it is found under that name, such as a compiled function."""
    module = getattr(value, "__module__", None)
    found: Any = sys.modules.get(module) if type(module) is str else None
    for step in name.split("."):
        found = getattr(found, "__dict__", {}).get(step)
    if found is value:
        return leaf("found by name", walk.class_of(type(value)), walk.code_of(value))
    return leaf("name", str(module), name, walk.class_of(type(value)))


class _Unset:
    """Stands for a slot without a value."""


def read_slot(member: Any, value: object) -> object:
    try:
        return member.__get__(value)
    except AttributeError:
        return _Unset


# What a class that inherits from a builtin holds besides attributes. Each is read by the builtin's own method.


def _dict_content(value: Any) -> tuple[object, ...]:
    keys = list(dict.keys(value))
    return Passing(keys), Passing(list(dict.values(value)), Values(keys))


def _ordered_content(value: Any) -> tuple[object, ...]:
    items = list(_standard("collections", "OrderedDict").items(value))
    keys = [key for key, _ in items]
    return Passing(keys), Passing([item for _, item in items], Values(keys))


def _default_content(value: Any) -> tuple[object, ...]:
    factory = _standard("collections", "defaultdict").default_factory.__get__(value)
    return (factory, *_dict_content(value))


def _deque_content(value: Any) -> tuple[object, ...]:
    deque = _standard("collections", "deque")
    return Passing(deque.maxlen.__get__(value)), Passing(list(deque.__iter__(value)), 0)


def _array_content(value: Any) -> tuple[object, ...]:
    array = _standard("array", "array")
    return array.typecode.__get__(value), xxh3_128_digest(memoryview(value))


def _path_content(value: Any) -> tuple[object, ...]:
    return (_standard("pathlib", "PurePath").parts.__get__(value),)


def _standard(module: str, name: str) -> Any:
    return getattr(sys.modules[module], name)


_CONTENTS: dict[str, Content] = {
    "builtins.tuple": lambda value: (Passing(tuple.__getitem__(value, slice(None)), 0),),
    "builtins.list": lambda value: (Passing(list.copy(value), 0),),
    "builtins.set": lambda value: (Passing(frozenset(value)),),
    "builtins.frozenset": lambda value: (Passing(frozenset(value)),),
    "builtins.int": lambda value: (int.__int__(value),),
    "builtins.float": lambda value: (float.__float__(value),),
    "builtins.complex": lambda value: (complex.__complex__(value),),
    "builtins.str": lambda value: (str.__str__(value),),
    "builtins.bytes": lambda value: (bytes.__getitem__(value, slice(None)),),
    "builtins.bytearray": lambda value: (xxh3_128_digest(memoryview(value)),),
    "builtins.dict": _dict_content,
    "collections.OrderedDict": _ordered_content,
    "collections.defaultdict": _default_content,
    "collections.deque": _deque_content,
    "array.array": _array_content,
    "builtins.staticmethod": lambda value: (staticmethod.__dict__["__func__"].__get__(value),),
    "builtins.classmethod": lambda value: (classmethod.__dict__["__func__"].__get__(value),),
    "builtins.property": lambda value: tuple(
        property.__dict__[name].__get__(value) for name in ("fget", "fset", "fdel")
    ),
    "pathlib.PurePath": _path_content,
    "pathlib._local.PurePath": _path_content,
}


def instances(kind: type, ignored: frozenset[str] = frozenset()) -> Expander:
    """Return what takes the instances of an ordinary class apart: decided once, by how the class is made.

    Args:
        kind: the class.
        ignored: attributes of the instances that are left out.
    """
    if kind is object:
        return _bare_object
    base, content = _content_of(kind)
    slots = _slots(kind, base)
    state = _State(kind, slots, ignored)
    reducer = _owner(kind, base, "__reduce_ex__", "__reduce__")
    getter = _owner(kind, base, "__getstate__")
    if _registered_reducer(kind) is not None:
        return _PickledAndFound(None, content, state) if is_users(kind) else by_reduce
    if reducer is not None:
        if _is_standard(reducer):
            # A class of the standard library pickles what it knows of, not what a class derived from it adds.
            return by_reduce if kind is reducer else _reduced_and(_State(kind, _slots(kind, reducer)))
        return _PickledAndFound(None, content, state) if is_users(kind) or is_users(reducer) else by_reduce
    if _has_state_of_its_own(kind, base, slots):
        return by_reduce
    if getter is not None and (is_users(kind) or is_users(getter)):
        return _PickledAndFound(_given_state, content, state)
    return _Instances(content, state, getter)


def is_opaque(kind: type) -> bool:
    """Tell whether instances of a class hold what only C can see, and have no way to be pickled."""
    if _registered_reducer(kind) is not None:
        return False
    base, _ = _content_of(kind)
    pickling = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__")
    return _owner(kind, base, *pickling) is None and _has_state_of_its_own(kind, base, _slots(kind, base))


def content_of(kind: type) -> Content | None:
    """Return what gives the content of a class that inherits from a builtin container, text or number; else None."""
    return _content_of(kind)[1]


class _State:
    """Finds what stands in the attributes and slots of a class's instances."""

    __slots__ = ("_derived", "_ignored", "_lazy", "slots")

    def __init__(self, kind: type, slots: Slots, ignored: frozenset[str] = frozenset()) -> None:
        self.slots = tuple(slot for slot in slots if slot[2] not in ignored) if ignored else slots
        self._ignored = ignored
        self._lazy = lazy_names(kind)
        self._derived = derived_names(kind) | {_CACHED_BY_ATTRS}

    def attributes_of(self, value: object) -> dict[str, object]:
        state = _attributes_held(value)
        if self._ignored:
            state = {name: item for name, item in state.items() if name not in self._ignored}
        if self._derived.isdisjoint(state):
            return state
        derived = derived_names(type(value)) | {_CACHED_BY_ATTRS}  # the class may have been changed since
        return {name: item for name, item in state.items() if name not in derived}

    def split(self, value: object) -> tuple[dict[str, object], dict[str, object]]:
        """Return an object's attributes, and apart from them those that its class computes when they are read."""
        state = self.attributes_of(value)
        return without_lazy(value, state, self._lazy) if self._lazy else (state, {})

    def hidden(self, value: object, lazy: dict[str, object]) -> dict[str, object]:
        """Return the attributes that are not to count as part of what an object gives to pickling."""
        held = _attributes_held(value) if self._ignored else {}
        return lazy | {name: held[name] for name in self._ignored if name in held}

    def is_to_be_settled(self, value: object) -> bool:
        return bool(self._lazy) and is_to_be_settled(value)

    def slots_of(self, value: object) -> dict[str, object]:
        held, ancestry = {}, type(value).__mro__
        for label, index, name in self.slots:
            member = read_slot(ancestry[index].__dict__[name], value)
            if member is not _Unset:
                held[label] = member
        return held


def _attributes_held(value: object) -> dict[str, object]:
    try:
        return object.__getattribute__(value, "__dict__")  # type: ignore[no-any-return]
    except AttributeError:
        return {}


def without_lazy(
    value: object, state: dict[str, object], lazy: frozenset[str]
) -> tuple[dict[str, object], dict[str, object]]:
    if not lazy or lazy.isdisjoint(state):
        return state, {}
    lazy = lazy_names(type(value))  # the class may have been changed since
    return (
        {name: item for name, item in state.items() if name not in lazy},
        {name: item for name, item in state.items() if name in lazy},
    )


class _Instances:
    """Takes instances apart into class, content of the builtin that they inherit from, attributes and slots."""

    __slots__ = ("_content", "_getstate", "_state")

    def __init__(self, content: Content | None, state: _State, getter: type | None) -> None:
        self._content = content
        self._state = state
        self._getstate = getter is not None

    def __call__(self, value: Any, walk: Asked) -> bytes | Node:
        kind = type(value)
        start = b"instance\0" + walk.class_of(kind)
        content = () if self._content is None else self._content(value)
        state, lazy = self._state.split(value)
        settled = lazy or self._state.is_to_be_settled(value)
        fixed: list[object]
        if self._getstate:
            start += head("state", len(content))
            fixed = [*content, _without(_given_state(value), self._state.hidden(value, lazy), value, state)]
        elif not content and not self._state.slots:
            if not settled:
                form = walk.plain(state)
                if form is not None:
                    return close(start, form)
                return Node(start, (attributes(state),))
            fixed = [attributes(state)]
        else:
            start += head("parts", len(content))
            fixed = [*content, attributes(state), attributes(self._state.slots_of(value))]
        return Filling(start, value, fixed, lazy) if settled else Node(start, fixed, ("",) * len(fixed))


def _without(given: Passing, lazy: dict[str, object], value: object, state: dict[str, object]) -> Passing:
    """Leave lazily computed and ignored attributes out of what an object gives to pickling, or a part of it."""
    if not lazy or type(given.value) is not dict:
        return given
    own = object.__getattribute__(value, "__dict__")
    return attributes(
        {
            name: state if item is own else item
            for name, item in given.value.items()
            if not (name in lazy and item is lazy[name])
        }
    )


def _given_state(value: Any, _walk: Asked | None = None) -> Passing:
    try:
        kind: Any = type(value)
        state = kind.__getstate__(value)
    except Exception as error:
        raise Refused(f"cannot be taken apart: its __getstate__ raised {type(error).__name__}") from error
    return attributes(_without_ids(state)) if type(state) is dict else Passing(state)


def _without_ids(state: dict[str, object]) -> dict[str, object]:
    """Leave out numbers that are but where another attribute is in memory, which differs from process to process."""
    large = [name for name, item in state.items() if type(item) is int and item > _LEAST_ID]
    if not large:
        return state
    places = set(map(id, state.values()))
    return {name: item for name, item in state.items() if name not in large or item not in places}


class _PickledAndFound:
    """Takes instances of a user's class apart into what they give to pickling, and what that leaves out."""

    __slots__ = ("_content", "_give", "_state")

    def __init__(self, give: Callable[[Any], Passing] | None, content: Content | None, state: _State) -> None:
        self._give = give
        self._content = content
        self._state = state

    def __call__(self, value: Any, walk: Asked) -> bytes | Node:
        start = b"instance\0" + walk.class_of(type(value)) + head("pickled")
        state, lazy = self._state.split(value)
        given: Passing
        if self._give is None:
            taken = by_reduce(value, walk)
            if isinstance(taken, bytes):
                return taken
            if hidden := self._state.hidden(value, lazy):
                taken.children = [
                    _without(child, hidden, value, state) if type(child) is Passing else child
                    for child in taken.children
                ]
            given = part(taken, lambda taken, _walk: taken)
            held = _items_of(taken.children)
        else:
            given = _without(self._give(value), self._state.hidden(value, lazy), value, state)
            held = _items_of([given])
        found = dict(state)
        found |= {f"slot {name}": item for name, item in self._state.slots_of(value).items()}
        if self._content is not None:
            found |= {f"content {index}": item for index, item in enumerate(self._content(value))}
        kept = {id(item) for item in held}
        left_out = {name: item for name, item in found.items() if id(item) not in kept}
        return Filling(start, value, [given], left_out | lazy, frozenset(left_out))


def _items_of(given: Iterable[object]) -> list[object]:
    """List what an object has given to pickling, down to the items of what it made for that."""
    items: list[object] = []
    for child in given:
        value = child.value if type(child) is Passing else child
        items.append(value)
        if type(value) is dict:
            items += value.values()
        elif type(value) is tuple or type(value) is list:
            items += value
            items += [item for inner in value if type(inner) is dict for item in inner.values()]
    return items


def _reduced_and(state: _State) -> Expander:
    def expand(value: Any, walk: Asked) -> bytes | Node:
        reduced = by_reduce(value, walk)
        if isinstance(reduced, bytes):
            return reduced
        plain, lazy = state.split(value)
        children = [*reduced.children, attributes(plain), attributes(state.slots_of(value))]
        start = reduced.head + b"and more"
        if lazy or state.is_to_be_settled(value):
            return Filling(start, value, children, lazy)
        return Node(start, children, ("",) * 7)

    return expand


def _bare_object(_value: object, _walk: Asked) -> Node:
    raise Refused("is a bare object() and nothing but its identity tells it from another")


def attributes_beyond(value: Any, base: type, known: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return what an instance of a library's class, or of one derived from it, holds besides what is known of it."""
    kind = type(value)
    state: dict[str, object] = {
        name: item for name, item in getattr(value, "__dict__", {}).items() if name not in known
    }
    if kind is not base:
        state |= _State(kind, _slots(kind, base)).slots_of(value)
    return state


# What a class is made of.


def _content_of(kind: type) -> tuple[type, Content | None]:
    for base in kind.__mro__:
        content = _CONTENTS.get(standard_name(base))
        if content is not None:
            return base, content
    return object, None


def _derived(kind: type, base: type) -> list[type]:
    """Return the classes that stand before `base` in the order of inheritance."""
    ancestry = kind.__mro__
    inherited = {id(other) for other in base.__mro__}
    return [other for other in ancestry if id(other) not in inherited]


def _owner(kind: type, base: type, *methods: str) -> type | None:
    return next((other for other in _derived(kind, base) if any(method in other.__dict__ for method in methods)), None)


def _slots(kind: type, base: type) -> Slots:
    """Find a class's `__slots__`: their label, whose they are in the order of inheritance, and their name there."""
    found: dict[str, tuple[str, int, str]] = {}
    derived = _derived(kind, base)
    for index, other in enumerate(kind.__mro__):
        if any(other is one for one in derived) and "__slots__" in other.__dict__:
            for name, member in other.__dict__.items():
                if type(member) is MemberDescriptorType:
                    label = name if name not in found else f"{name} of {other.__qualname__} {index}"
                    found[label] = label, index, name
    return tuple(found.values())


def _has_state_of_its_own(kind: type, base: type, slots: Slots) -> bool:
    """Tell whether instances are larger than attributes and slots make them: they hold something only C can see."""
    own = kind.__basicsize__ - base.__basicsize__ - 8 * len(slots)
    flags = kind.__flags__
    if kind.__dictoffset__ and not base.__dictoffset__ and not flags & _MANAGED_DICT:
        own -= 8
    managed = _MANAGED_WEAKREF if sys.version_info >= (3, 12) else 0
    if kind.__weakrefoffset__ and not base.__weakrefoffset__ and not flags & managed:
        own -= 8
    return own > 0


def _registered_reducer(kind: type) -> Any:
    """Return the reducer that `copyreg` has for a class."""
    table = getattr(sys.modules.get("copyreg"), "dispatch_table", {})
    return next((function for other, function in table.items() if other is kind), None)


def _is_standard(base: type) -> bool:
    return bool(standard_name(base))
