"""The cheap check that a fingerprint still holds: a function compiled to compare identities.

What can be rebound (a global, a helper's code or defaults, a closure variable, an attribute of a class) is compared by
identity; what can change in place is encoded again, and never kept alive. For names of one module the check is built as
a function over that module's own globals, where the interpreter's inline caches make a comparison cost 10 ns.
"""

from __future__ import annotations

from _weakref import ref
from gc import get_referents
from itertools import chain
from keyword import iskeyword
from operator import is_

from ..._light import CellType, FunctionType, GetSetDescriptorType, MemberDescriptorType, NamedTuple
from .live import name_of_class, qualname_of_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_ABSENT = object()
_LONG = 1000  # items from which on texts are compared and not encoded
_TEXTS = {str, type(None)}
_TOGETHER = 16  # containers that are looked at together, to find those that others have filled
# Types whose instances are equal only to themselves, or to others that are as good.
_COMPARED_BY_IDENTITY = {
    FunctionType,
    property,
    staticmethod,
    classmethod,
    type,
    str,
    type(None),
    GetSetDescriptorType,
    MemberDescriptorType,
}


class Counting(NamedTuple):
    """Which of a container's members count: those that did, and whether a new one does."""

    then: list[object]
    counts: Callable[[object], bool]

    def is_same(self, was: list[object], now: list[object]) -> bool:
        """Whether the same members count, of those that were there and those that are."""
        counted, known = set(map(id, self.then)), set(map(id, was))
        numbers = list(map(id, now))
        return [number for number in numbers if number in counted] == [
            number for number in map(id, was) if number in counted
        ] and not any(number not in known and self.counts(item) for number, item in zip(numbers, now, strict=True))


class Watch:
    """Collects what a fingerprint stands on; `compile` turns it into one question."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[dict[str, Any], dict[str, object]]] = {}
        self._absent: list[tuple[dict[str, Any], str]] = []
        self._functions: dict[int, FunctionType] = {}
        self._cells: list[tuple[CellType, object]] = []
        self._classes: list[tuple[type, frozenset[str]]] = []
        self._members: dict[int, tuple[object, Counting | None]] = {}
        self._questions: list[Callable[[], bool]] = []
        self._values: dict[tuple[int, bytes], list[Callable[[], object]]] = {}

    def name(self, namespace: dict[str, Any], name: str, value: object) -> None:
        """Expect a name to stay bound to the same object."""
        # The compiler takes some letters beyond ASCII for others: `ﬁ` for `fi`.
        if not name.isidentifier() or not name.isascii() or iskeyword(name):
            self._questions.append(lambda: namespace.get(name, _ABSENT) is value)
            return
        self._names.setdefault(id(namespace), (namespace, {}))[1][name] = value

    def absent(self, namespace: dict[str, Any], name: str) -> None:
        """Expect a name to stay unbound."""
        self._absent.append((namespace, name))

    def function(self, function: FunctionType) -> None:
        """Expect a function to keep its code, its defaults and whatever else it consists of."""
        self._functions[id(function)] = function

    def size(self, mapping: dict[str, Any]) -> None:
        """Expect a dict to get no more items, and lose none; its owner is watched."""
        count = len(mapping)
        self._questions.append(lambda: len(mapping) == count)

    def cell(self, cell: CellType, value: object) -> None:
        """Expect a closure variable to stay bound to the same object."""
        self._cells.append((cell, value))

    def cls(self, cls: type, ignored: frozenset[str] = frozenset()) -> None:
        """Expect a class to keep its bases and every attribute of its own but some."""
        self._classes.append((cls, ignored))

    def members(self, container: object, counting: Counting | None = None) -> None:
        """Expect a dict, list or set that others own to keep its members, such as the methods of an installed class.

        Where it is known which of them count, others may come and go: libraries fill their classes lazily.
        """
        self._members[id(container)] = container, counting

    def value(self, get: Callable[[], object], encoded: bytes, number: int = 0) -> None:
        """Expect a value that can change in place to be encoded as before.

        What has the same ``number`` is the same object now, and is encoded once for all that lead to it.
        """
        self._values.setdefault((number or id(get), encoded), []).append(get)

    def same(self, get: Callable[[], object], value: object) -> None:
        """Expect to be given the same object again, whatever becomes of it inside."""
        try:
            known: Callable[[], object] = ref(value)
        except TypeError:
            known = lambda: value  # noqa: E731
        self._questions.append(lambda: get() is known())

    def question(self, holds: Callable[[], bool]) -> None:
        """Expect any other condition to hold."""
        self._questions.append(holds)

    def compile(self, encode: Callable[[object], bytes]) -> Callable[[], bool]:
        """Build the check. It answers False, and never raises, when anything is not as it was."""
        # The first namespace is that of the function itself.
        (namespace, names), *others = self._names.values() or [({}, {})]
        steps = [_compile_names(*other) for other in others]
        if self._functions or self._cells:
            steps.append(_compile_functions(list(self._functions.values()), self._cells))
        if self._members:
            steps.append(_compile_members(list(self._members.values())))
        steps += [_class_check(cls, ignored) for cls, ignored in self._classes]
        steps += [_absence_check(namespace, name) for namespace, name in self._absent]
        steps += self._questions
        steps += [_value_check(ways, encoded, encode) for (_, encoded), ways in self._values.items()]
        return _compile_names(namespace, names, steps)


def _compile_names(
    namespace: dict[str, Any], names: dict[str, object], steps: Sequence[Callable[[], bool]] = ()
) -> Callable[[], bool]:
    """Compare names of a module, then ask whatever else there is to ask."""
    ours = "_brinery_"  # what we compare with must not stand before a name of the module's own
    while any(name.startswith(ours) for name in names):
        ours += "_"
    values = {f"{ours}{index}": value for index, value in enumerate(names.values())}
    more: dict[str, object] = {f"{ours}step{index}": step for index, step in enumerate(steps)}
    # A module may mean something else by `Exception`, or nothing.
    error = f"{ours}error"
    more[error] = Exception
    terms = [f"{name} is {value}" for name, value in zip(names, values, strict=True)]
    terms += [f"{ours}step{index}()" for index in range(len(steps))]
    body = f"    try:\n        return {' and '.join(terms) or True}\n    except {error}:\n        return False"
    return _build(body, values | more, namespace)


def _compile_functions(functions: list[FunctionType], cells: list[tuple[CellType, object]]) -> Callable[[], bool]:
    """Compare all that functions consist of: code, defaults, closure, attributes, docstring and so on.

    The garbage collector lists it for any number of functions at once, in a third of the time that asking for three
    attributes of each takes. The lists are equal when their items are the same objects, or equal ones, which is not
    enough for defaults: ``(1,)`` is equal to ``(1.0,)``.
    """
    parts: list[object] = []
    fixed: dict[str, object] = {"own": tuple(functions), "parts": parts, "referents": get_referents}
    comparisons = []
    for function in functions:
        for value in get_referents(function):
            if value is function.__defaults__ or value is function.__kwdefaults__:
                fixed[f"d{len(parts)}"] = value
                comparisons.append(f"now[{len(parts)}] is d{len(parts)}")
            parts.append(value)
    for index, (cell, value) in enumerate(cells):
        fixed[f"e{index}"], fixed[f"v{index}"] = cell, value
        comparisons.append(f"e{index}.cell_contents is v{index}")
    return _build(f"    now = referents(*own)\n    return {' and '.join(['now == parts', *comparisons])}", fixed, {})


def _compile_members(containers: list[tuple[object, Counting | None]]) -> Callable[[], bool]:
    """Compare the members of any number of containers, which the garbage collector lists at once.

    By identity those that may be equal without being the same: an option that is 2 is not one that is 2.0.
    """
    # On Python 3.13 an instance may hold its own values, and then the collector finds none in its `__dict__`.
    blind: list[Any] = [each for each, _ in containers if type(each) is dict and len(get_referents(each)) < len(each)]
    inside = [list(each.values()) for each in blind]
    seen = [(each, counting) for each, counting in containers if not any(each is other for other in blind)]
    own = tuple(each for each, _ in seen)
    members = list(map(get_referents, own))
    parts: list[object] = []
    doubtful: list[int] = []
    values: list[object] = []

    def note() -> None:
        parts[:] = chain.from_iterable(members)
        doubtful[:] = [number for number, part in enumerate(parts) if type(part) not in _COMPARED_BY_IDENTITY]
        values[:] = [parts[number] for number in doubtful]

    def are_same() -> bool:
        now = get_referents(*own)
        return now == parts and all(map(is_, map(now.__getitem__, doubtful), values))

    def renew() -> bool:
        """Accept what has come to be in the containers, if all that counts in them is the same."""
        for start in range(0, len(own), _TOGETHER):
            block = slice(start, start + _TOGETHER)
            if get_referents(*own[block]) != list(chain.from_iterable(members[block])):
                for index in range(start, min(start + _TOGETHER, len(own))):
                    now, was, counting = get_referents(own[index]), members[index], seen[index][1]
                    if now != was:
                        if counting is None or not counting.is_same(was, now):
                            return False
                        members[index] = now
        note()
        return are_same()

    def check() -> bool:
        return (are_same() or renew()) and all(
            len(each) == len(known) and all(map(is_, each.values(), known))
            for each, known in zip(blind, inside, strict=True)
        )

    note()
    return check


def _build(body: str, fixed: dict[str, object], namespace: dict[str, Any]) -> Callable[[], bool]:
    """Make a function of ``body`` whose globals are ``namespace`` and whose free variables are ``fixed``."""
    indented = body.replace("\n", "\n    ")
    source = f"def make({', '.join(fixed)}):\n  def check():\n    {indented}\n  return check"
    made: dict[str, Any] = {}
    # Without `compile`, which sets up all kinds of syntax nodes first, for a millisecond.
    exec(source, {}, made)  # noqa: S102  our own text and plain identifiers
    bare = made["make"](**fixed)
    return FunctionType(bare.__code__, namespace, "check", None, bare.__closure__)


def _class_check(cls: type, ignored: frozenset[str] = frozenset()) -> Callable[[], bool]:
    """Compare the attributes of a class at C speed, and by identity those that may be equal without being the same."""
    own: dict[str, Any] = get_referents(cls.__dict__)[0]  # the dict behind the proxy
    if ignored:
        return _class_check_without(cls, own, ignored)
    values = list(own.values())
    fixed = {"cls": cls, "own": own, "names": list(own), "values": values, "bases": cls.__bases__}
    fixed |= {"name_of": name_of_class, "name": name_of_class(cls)}
    fixed |= {"qualname_of": qualname_of_class, "qualified": qualname_of_class(cls)}
    comparisons = ["list(own) == names", "list(own.values()) == values", "cls.__bases__ is bases"]
    comparisons += ["name_of(cls) is name", "qualname_of(cls) is qualified"]
    for index, (name, value) in enumerate(own.items()):
        if type(value) not in _COMPARED_BY_IDENTITY:
            fixed[f"v{index}"] = value
            comparisons.append(f"own[{name!r}] is v{index}")
    return _build(f"    return {' and '.join(comparisons)}", fixed, {})


def _class_check_without(cls: type, own: dict[str, Any], ignored: frozenset[str]) -> Callable[[], bool]:
    """Compare the attributes of a class by identity, without some."""
    expected = {name: value for name, value in own.items() if name not in ignored}
    bases = cls.__bases__

    def check() -> bool:
        found = {name: value for name, value in own.items() if name not in ignored}
        return (
            cls.__bases__ is bases
            and len(found) == len(expected)
            and all(found.get(name, _ABSENT) is value for name, value in expected.items())
        )

    return check


def _absence_check(namespace: dict[str, Any], name: str) -> Callable[[], bool]:
    return lambda: namespace.get(name, _ABSENT) is _ABSENT


def texts_in(value: Any, expected: list[object] | None = None) -> list[object] | None:
    """Return what is in a long list or dict of nothing but texts; None if it is another value, or not as expected.

    To compare it with what was there is several times faster than to encode it again. It keeps texts alive, and takes
    eight bytes for each.
    """
    kind = type(value)
    if (kind is not list and kind is not dict) or len(value) < _LONG:
        return None
    found: list[object] = value if kind is list else [kind, *value, *value.values()]
    if expected is not None:
        return expected if found == expected else None
    return list(found) if _TEXTS.issuperset(map(type, found[kind is dict :])) else None


def _value_check(
    ways: list[Callable[[], object]], encoded: bytes, encode: Callable[[object], bytes]
) -> Callable[[], bool]:
    first, *others = ways
    texts: list[object] | None = texts_in(first())

    def check() -> bool:
        nonlocal texts
        value = first()
        if texts is None or texts_in(value, texts) is None:
            if encode(value) != encoded:
                return False
            texts = texts_in(value)
        for get in others:
            other = get()
            if other is not value and encode(other) != encoded:
                return False
        return True

    return check
