"""Compare a result with its unpickled copy: whether the copy is all that the result is, and where it is less.

Copy and original are gone through side by side: contents of containers, attributes and slots, and the digests of what
only C code can look into. None of the user's code runs.

Of an object of the user's own class all state has to come back. A class of an installed package may leave out what it
knows itself: attributes that its own code names and that begin with an underscore, and what holds something live (a
lock, a socket, an open file). Whatever else was set on such an object has to come back, too.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, ModuleType

from .._keying.code.live import standard_name
from .._keying.modules.origin import origin_of_module
from .._keying.values.digest import encode
from .._keying.values.kinds import is_data_of_library
from .._keying.values.plain import SCALAR_IDS, scalar
from .._keying.values.refused import reason_to_refuse
from .._store.results.left_out import MISSING, REASON, is_had_otherwise, is_known_to, names_in, state
from .._store.results.pickling import is_well_known
from .._store.results.unstorable import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    Place: TypeAlias = "tuple[Place, str] | None"
    Pair: TypeAlias = "tuple[Any, Any, Place, bool]"

_MOST_COMPARED = 10_000_000  # pairs; what is larger is taken for whole
_MOST_SEARCHED = 10_000  # objects, for one that is live
_ATOMIC = (type, FunctionType, BuiltinFunctionType, ModuleType)  # found by name, or made again from their code
_ANOTHER = "it would come back as something else"


def difference(original: object, copy: object) -> tuple[str, str] | None:
    """Return the path to the first thing that a copy has not, or has otherwise, and what is the matter; else None."""
    return _Comparison().run(original, copy)


class _Differs(Exception):
    """A place in the original, and what is the matter with it."""


class _Comparison:
    """One comparison of a copy with its original."""

    def __init__(self) -> None:
        self._seen: dict[int, object] = {}  # by id; keeps alive what it names
        self._waiting: list[Pair] = []
        self._of_user: dict[int, bool] = {}  # classes by id: a metaclass of the user's could have a hash of its own
        self._known: dict[int, frozenset[str]] = {}

    def run(self, original: object, copy: object) -> tuple[str, str] | None:
        self._waiting.append((original, copy, None, False))
        try:
            for _ in range(_MOST_COMPARED):
                if not self._waiting:
                    break
                here = self._waiting.pop()
                self._waiting.extend(reversed(list(self._compare(*here))))
        except _Differs as found:
            place, matter = found.args
            return "result" + _steps(place), matter
        return None

    def _compare(self, a: Any, b: Any, place: Place, is_lenient: bool) -> Iterator[Pair]:  # noqa: FBT001
        """Compare two objects, and yield what is inside; `is_lenient` within what a library keeps for itself."""
        kind = type(a)
        if a is b or id(a) in self._seen:
            return
        if kind is not type(b):
            if is_lenient:
                return
            raise _Differs(place, _ANOTHER)
        if id(kind) in SCALAR_IDS:
            if scalar(a) != scalar(b) and not is_lenient:
                raise _Differs(place, _ANOTHER)
            return
        self._seen[id(a)] = a
        if issubclass(kind, _ATOMIC):
            return
        is_lenient = is_lenient and not self._is_of_user(kind)
        inside = list(self._inside(a, b, place, is_lenient))
        held = state(a)
        is_data = is_data_of_library(kind)
        if is_data and not self._is_of_user(kind):
            self._check_left_out(kind, held, state(b), place)
        elif held:
            inside += self._attributes(a, held, state(b), place, is_lenient)
        is_seen_through = bool(held or inside) and not is_data
        if not is_seen_through and not is_lenient and not _is_alike(_data_of(a), _data_of(b)):
            inside.append((0, None, place, False))  # differs, and is looked at last: something inside may say more
        yield from inside

    def _inside(self, a: Any, b: Any, place: Place, is_lenient: bool) -> Iterator[Pair]:  # noqa: FBT001
        """Yield what a container holds, by the builtin's own methods whatever its class says."""
        kind, steps = type(a), []
        if issubclass(kind, dict):
            steps = [_step(key) for key in dict.keys(a)]
            pairs = [(list(dict.keys(a)), list(dict.keys(b))), (list(dict.values(a)), list(dict.values(b)))]
        elif (read := _reader_of(kind)) is not None:
            pairs = [(list(read(a)), list(read(b)))]
        elif issubclass(kind, (set, frozenset)):
            read = set.__iter__ if issubclass(kind, set) else frozenset.__iter__
            pairs = [(_in_order(read(a)), _in_order(read(b)))]
            steps = [" (an element)"] * len(pairs[0][0])
        elif (items := _objects_in_data(a)) is not None:
            pairs = [(items, _objects_in_data(b) or [])]
        elif issubclass(kind, BaseException):
            names = ("args", "__cause__", "__context__")
            members = [BaseException.__dict__[name] for name in names]
            pairs = [([member.__get__(a) for member in members], [member.__get__(b) for member in members])]
            steps = [f".{name}" for name in names]
        else:
            return
        for first, second in pairs:
            if len(first) != len(second):
                if is_lenient:
                    return
                raise _Differs(place, _ANOTHER)
            if len(first) > 16 and all(id(type(item)) in SCALAR_IDS for item in first):
                if not is_lenient and encode(first) != encode(second):
                    raise _Differs(place, _ANOTHER)
                continue
            for index, (one, other) in enumerate(zip(first, second, strict=True)):
                if one is not other:
                    yield one, other, (place, steps[index] if steps else f"[{index}]"), is_lenient

    def _check_left_out(self, kind: type, before: dict[str, Any], after: dict[str, Any], place: Place) -> None:
        """Look for attributes that were set on an array or a frame, which has its own ways for what it knows."""
        for name, value in before.items():
            if (
                name not in after
                and not is_known_to(kind, name, is_well_known)
                and not is_had_otherwise(kind, name, value)
            ):
                raise _Differs((place, f".{name}"), REASON)

    def _attributes(
        self,
        a: Any,
        before: dict[str, Any],
        after: dict[str, Any],
        place: Place,
        is_lenient: bool,  # noqa: FBT001
    ) -> Iterator[Pair]:
        kind = type(a)
        is_own = self._is_of_user(kind)
        known = self._known_of(kind)
        for name, value in before.items():
            found = after.get(name, MISSING)
            if found is value:
                continue
            here = place, f".{name}"
            is_private = name.startswith("_") and name in known
            if found is MISSING:
                if is_lenient or is_private or is_had_otherwise(kind, name, value):
                    continue
                if not is_own and (value is None or _is_live(value)):
                    continue
                raise _Differs(here, REASON)
            if not (is_own or is_private or is_lenient) and _is_replaced(value, found, is_known=name in known):
                continue
            yield value, found, here, is_lenient or is_private
        if is_own and not is_lenient:
            for name in after:
                if name not in before and name not in known:
                    raise _Differs((place, f".{name}"), "it was not there, and is there when it is unpickled")

    def _is_of_user(self, kind: type) -> bool:
        found = self._of_user.get(id(kind))
        if found is None:
            found = self._of_user[id(kind)] = _is_users(kind)
        return found

    def _known_of(self, kind: type) -> frozenset[str]:
        """Return the names that the code of the classes of libraries, among the bases of a class, speaks of."""
        found = self._known.get(id(kind))
        if found is None:
            bases = [base for base in kind.__mro__ if base is not object and not self._is_of_user(base)]
            found = self._known[id(kind)] = frozenset(name for base in bases for name in names_in(base))
        return found


def _is_replaced(before: object, after: object, *, is_known: bool) -> bool:
    """Whether a library has put something else in the place of what it cannot pickle, or had not got yet."""
    if type(before) is type(after) and (type(before) not in (dict, list, set) or after):
        return False
    return _is_live(before) or (is_known and (before is None or _are_of_one_library(before, after)))


def _are_of_one_library(before: object, after: object) -> bool:
    """Whether a library has put an object of its own in the place of another, such as a stream that is read."""
    roots = {str(type(one).__module__).partition(".")[0] for one in (before, after)}
    return len(roots) == 1 and not _is_users(type(before)) and "builtins" not in roots


def _is_users(kind: type) -> bool:
    module = kind.__module__
    return type(module) is not str or origin_of_module(module).kind == "user"


def _data_of(value: Any) -> Any:
    """Return an array of a subclass as a plain one: attributes are looked at one by one."""
    for base in type(value).__mro__:
        if base.__module__ == "numpy":
            return base.view(value, base) if base.__name__ == "ndarray" else value  # type: ignore[attr-defined]
    return value


def _is_alike(a: object, b: object) -> bool:
    """Compare what has neither attributes nor slots, as far as it has an identity that lasts."""
    try:
        return encode(a) == encode(b)
    except Exception:  # it has none, or is taken apart by code of the user's
        return True


def _is_live(value: object) -> bool:
    """Whether something has, at some depth, what no process can hand on to another."""
    seen: dict[int, object] = {}
    waiting: list[Any] = [value]
    while waiting and len(seen) < _MOST_SEARCHED:
        one = waiting.pop()
        if id(type(one)) in SCALAR_IDS or id(one) in seen or issubclass(type(one), (type, ModuleType)):
            continue
        seen[id(one)] = one
        if type(one) is FunctionType:
            if "<" in one.__qualname__:  # nobody finds it by its name
                return True
            continue
        if any(reason_to_refuse(base, standard_name(base)) for base in type(one).__mro__):
            return True
        if issubclass(type(one), dict):
            waiting += dict.values(one)
        elif (read := _reader_of(type(one))) is not None:
            waiting += read(one)
        waiting += state(one).values()
    return False


def _reader_of(kind: type) -> Callable[[Any], Iterator[Any]] | None:
    """Return what iterates over the items of a list, a tuple or a deque, whatever a subclass makes of it."""
    for base in kind.__mro__:
        if base in (list, tuple) or (base.__module__ == "collections" and base.__name__ == "deque"):
            read: Callable[[Any], Iterator[Any]] = base.__iter__  # type: ignore[attr-defined]
            return read
    return None


def _in_order(items: Iterator[Any]) -> list[Any]:
    """Sort the elements of a set by what they are, as equal sets may be in another order."""

    def order(item: object) -> bytes:
        try:
            return encode(item)
        except Exception:  # it has no lasting identity
            return b""

    return sorted(items, key=order)


def _objects_in_data(value: Any) -> list[Any] | None:
    """Return the Python objects that an array, or the columns of a frame of pandas, are made of; None without any."""
    if not is_data_of_library(type(value)):
        return None
    dtype = getattr(value, "dtype", None)
    if getattr(dtype, "hasobject", False):
        return list(value.ravel().tolist() if hasattr(value, "ravel") else value.tolist())
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        positions = [position for position, one in enumerate(value.dtypes) if getattr(one, "hasobject", False)]
        return [value.iloc[:, position].tolist() for position in positions] or None
    return None


def _step(key: object) -> str:
    return f"[{shown(key)}]"


def _steps(place: Place) -> str:
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append(step)
    return "".join(reversed(steps))
