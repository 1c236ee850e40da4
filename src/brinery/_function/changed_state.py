"""State that changed while a function ran: which attributes and names, and the line that allows it."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from itertools import islice
from time import thread_time
from types import MethodType

from .._keying.code.home import home_of_class
from .._keying.code.live import class_attribute, is_class
from .._keying.code.reach import enclosing_names
from .._keying.values.digest import digest
from .._keying.values.filled import is_users, lazy_names
from .._keying.values.generators import is_generator
from .._keying.values.objects import attributes_beyond
from .._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from .._keying.code.fingerprint import Fingerprint
    from .keyer import KeyedFunction

    Function: TypeAlias = KeyedFunction[..., Any]


_MOST_OBJECTS = 64  # that one part leads to
_MOST_ITEMS = 64  # of a container that are looked at
_SECONDS = 0.05  # of CPU, for all parts: what takes longer is not told apart


class Changed(NamedTuple):
    """An attribute of an object that a run has changed.

    Attributes:
        kind: the object's class.
        name: the attribute's.
        before: its digest before the run; None where it was not there.
        value: what it is now.
    """

    kind: type
    name: str
    before: bytes | None
    value: object


class Attributes:
    """Digests of the attributes of the user's objects that parts of a key lead to.

    Args:
        parts: the parts by name, with their values.
        code: says what code is, see `digest`.
    """

    def __init__(self, parts: Iterable[tuple[str, object]], code: Callable[[object], bytes]) -> None:
        self._code = code
        self._latest = thread_time() + _SECONDS
        owners = [(part, value.__self__ if type(value) is MethodType else value) for part, value in parts]
        held = [(part, _objects(value)) for part, value in owners if _is_users_object(value)]
        noted = {part: [(item, self._digests(item)) for item in objects] for part, objects in held}
        self._held = noted if thread_time() < self._latest else {}

    def changed(self, part: str) -> list[Changed]:
        """Return what has changed in the objects that a part leads to."""
        found: list[Changed] = []
        self._latest = thread_time() + _SECONDS
        for item, before in self._held.get(part, ()):
            now, held = self._digests(item), attributes_beyond(item, object)
            names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
            found += [Changed(type(item), name, before.get(name), held.get(name)) for name in names]
        return found if thread_time() < self._latest else []

    def _digests(self, item: object) -> dict[str, bytes]:
        """Digest the attributes of an object, but for those that are such objects themselves, or hold some."""
        found: dict[str, bytes] = {}
        for name, value in attributes_beyond(item, object, lazy_names(type(item))).items():
            if any(map(_is_users_object, (value, *_items(value)))):
                continue
            if thread_time() > self._latest:
                break
            try:
                found[name] = digest(value, "", self._code)
            except Exception:  # it has no lasting identity, and counts by its type
                found[name] = b""
        return found


def _objects(value: object) -> Iterator[object]:
    """Yield an object of the user's, and those that its attributes lead to, also in containers."""
    waiting, met = deque([value]), {id(value)}
    while waiting:
        value = waiting.popleft()
        inside: Iterable[object] = _items(value)
        if _is_users_object(value):
            yield value
            inside = attributes_beyond(value, object).values()
        for item in inside:
            if id(item) not in met and len(met) < _MOST_OBJECTS and (_is_users_object(item) or _items(item)):
                met.add(id(item))
                waiting.append(item)


def _items(value: Any) -> list[object]:
    kind = type(value)
    items = (value.values() if kind is dict else value) if kind in (dict, list, tuple) else ()
    return list(islice(items, _MOST_ITEMS))


def _is_users_object(value: object) -> bool:
    return not is_class(value) and is_users(type(value))


_VALUES = ("global", "closure", "attribute", "default", "argument")
_NUMBERS = (int, float, complex, bool)
_NOTHING: tuple[object, ...] = (
    None,
    "",
    b"",
    (),
    [],
    {},
    set(),
    bytearray(),
)  # what counters, logs and caches begin with
_COLLECTIONS = (deque, Counter, OrderedDict)


class WaysOut:
    """The names to add to `ignore` and `may_change` so that what changed may change.

    What began as nothing, or is a number, is a counter, a log or a cache: without it in the key more calls hit. What
    held something may be told from another by that, so it stays in the key and may change.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._own_module = function._home.removesuffix(f".{function._called}")
        self.ignore: dict[str, None] = dict.fromkeys(function._options.ignore)
        self.may_change: dict[str, None] = dict.fromkeys(function._options.may_change)
        self.draws = False  # something that changed is a generator of random numbers

    def add(self, part: str, before: bytes, value: object) -> None:
        """Add a part of a fingerprint, or an argument: its digest before, and its value now."""
        kind, _, path = part.partition(" ")
        if kind == "argument":
            self._add_argument(path, value)
            return
        if is_generator(value):
            self.draws = True
        name = self.spelt(kind, path)
        is_itself = getattr(value, "__wrapped__", value) is self._function.__wrapped__
        began_empty = before == b"absent" or before in _digests_of_nothing(value)
        if began_empty or is_itself or type(value) in _NUMBERS or is_generator(value):
            self.ignore[name] = None
            self.may_change.pop(name, None)
        else:
            self.may_change[name] = None

    def add_attribute(self, part: str, found: Changed) -> None:
        """Add an attribute of an object that a part leads to."""
        is_argument = part.startswith("argument ")
        began = found.before is not None or class_attribute(found.kind, found.name) is not None
        is_counter = type(found.value) in _NUMBERS and (began or not is_argument)
        is_made = not began and not is_argument
        if is_generator(found.value):
            self.draws = True
            self.ignore[self.attribute(found)] = None
        elif is_counter or is_made or found.before in _digests_of_nothing(found.value):
            self.ignore[self.attribute(found)] = None
        elif is_argument:
            self._add_argument(part.partition(" ")[2], found.value)
        else:
            self.may_change[self.attribute(found)] = None

    def attribute(self, found: Changed) -> str:
        """Write an attribute as the options want it: by the class of the object."""
        return self.spelt("", f"{home_of_class(found.kind)}.{found.kind.__qualname__}.{found.name}")

    def promise(self) -> str:
        """Say what the line takes for granted."""
        given = self._function._options
        ignored = [name.removeprefix(".") for name in self.ignore if name not in given.ignore]
        changing = [name.removeprefix(".") for name in self.may_change if name not in given.may_change]
        verb = "holds" if len(ignored) == 1 else "hold"
        same = f"results are the same whatever {_joined(ignored)} {verb}" if ignored else ""
        unseen = f"no later call depends on the change of {_joined(changing)}" if changing else ""
        return " and ".join(filter(None, (same, unseen)))

    def _add_argument(self, name: str, value: object) -> None:
        if name in self.ignore:
            return  # its default is what changed
        self.draws = self.draws or is_generator(value)
        if self._function._own_key is None:
            self.may_change[name] = None
            return
        from .._keying.arguments import parameters

        self.may_change.update(dict.fromkeys(parameter.name for parameter in parameters(self._function.__wrapped__)))

    def spelt(self, kind: str, path: str) -> str:
        """Write the name of a part as the options want it."""
        place, _, name = path.rpartition(".")
        is_own = place == self._function._home
        if is_own and (
            kind == "default" or (kind == "closure" and name in enclosing_names(self._function.__wrapped__))
        ):
            return name
        dotted = path.replace("<locals>.", "")
        own = f"{self._own_module}."
        return f".{dotted.removeprefix(own)}" if dotted.startswith(own) else dotted

    def line(self) -> str:
        """Return the decorator with the options, to be pasted."""
        had = self._function._options
        given = {"ignore": (had.ignore, self.ignore), "may_change": (had.may_change, self.may_change)}
        names = {option: _in_order(before, now) for option, (before, now) in given.items()}
        options = ", ".join(f"{option}={found!r}" for option, found in names.items() if found)
        return f"{self._function._decorator}({options})"


def sentences(
    function: Function,
    parts: Iterable[str],
    then: Fingerprint,
    now: Fingerprint,
    values: Any,
    noted: Attributes | None = None,
) -> str:
    """Say what changed while a function ran, and the way out.

    Args:
        function: what ran.
        parts: what changed: parts of its fingerprint, and "argument NAME".
        then: its fingerprint before.
        now: its fingerprint afterwards.
        values: its arguments by name, as they are now.
        noted: what objects held before, where it is known.
    """
    told = [part for part in parts if part.startswith(tuple(f"{kind} " for kind in _VALUES))] or list(parts)
    ways = WaysOut(function)
    named = False
    names: list[str] = []
    for part in sorted(told, key=lambda part: part.startswith("argument ")):  # defaults first
        kind, _, name = part.partition(" ")
        attributes = [] if noted is None else noted.changed(part)
        names += [f"attribute {ways.attribute(item).removeprefix('.')}" for item in attributes] or [part]
        if kind not in _VALUES:
            continue
        named = True
        for item in attributes:
            ways.add_attribute(part, item)
        if attributes:
            continue
        before = then.parts.get(part)
        get = now.values.get(part)
        value = values.get(name) if kind == "argument" else None if get is None else get()
        ways.add(part, b"" if before is None else before.digest, value)
    changed = _joined(list(dict.fromkeys(names)))
    said = f"{changed} changed while {function._home} ran, so its result was returned and not stored."
    if not named:
        return said
    if ways.draws:
        return (
            f"{said} A generator's state moves with each number that is drawn, and a hit draws none: make one inside "
            f"the function, from a seed that is an argument. If any numbers will do: {ways.line()}"
        )
    return f"{said} A hit does not make that change. If {ways.promise()}, decorate with {ways.line()}"


def _in_order(before: tuple[str, ...], now: Iterable[str]) -> list[str]:
    """Those that the option has already, then the function's own, its module's, and other modules'."""
    added = sorted(set(now).difference(before), key=lambda name: ("." in name, name))
    return [*(name for name in before if name in now), *added]


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _digests_of_nothing(value: object) -> set[bytes]:
    nothing: list[object] = [*_NOTHING]
    if type(value) in _COLLECTIONS:
        nothing.append(type(value)())
    elif type(value) is defaultdict:
        nothing.append(defaultdict(value.default_factory))
    return {digest(item) for item in nothing}
