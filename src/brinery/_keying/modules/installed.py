"""What users put into installed code: functions, methods, accessors and entries of tables, added or replaced."""

from __future__ import annotations

import sys
from gc import get_referents
from operator import is_

from ..._light import FunctionType, ModuleType, NamedTuple, partial
from ..code.live import is_changeable, is_class
from ..code.memos import is_memo
from ..values.plain import CONTAINERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    IsForeign = Callable[[object], bool]


class Before(NamedTuple):
    """A module's namespace, and what its names meant at an earlier time; the objects are looked at as they are now."""

    space: dict[str, Any]
    names: dict[str, Any]


_LONGEST_TABLE = 256  # a longer one is a library's own, which fills it as it goes


def namespaces(cls: type) -> Iterator[tuple[type, dict[str, Any]]]:
    """Yield a class and its bases, of those that can be changed, each with its attributes."""
    for owner in cls.__mro__:
        if is_changeable(owner):
            yield owner, get_referents(owner.__dict__)[0]  # the dict behind the proxy


def added_members(owner: type, own: dict[str, Any], is_foreign: IsForeign) -> Iterator[tuple[str, object]]:
    """Yield the name and value of what was put into a class by others than its maker; its bases are not looked at."""
    maker = maker_of(owner)
    for name, value in own.items():
        if is_added(value, maker, is_foreign):
            yield name, value


def is_added(value: object, maker: str, is_foreign: IsForeign) -> bool:
    """Whether a member of a class was put there by others than the package that made the class."""
    inner = wrapped_by(value)
    return is_made_elsewhere(inner, maker) and is_foreign(inner) and not is_generated(inner)


def is_made_elsewhere(value: object, maker: str) -> bool:
    """Whether something may be of another package; types written in C can name modules that nobody can import."""
    made_by = maker_of(value)
    return made_by not in (maker, "builtins") and made_by in sys.modules


def maker_of(value: object) -> str:
    """Return the package that something was made by."""
    return made_in(value).partition(".")[0]


def made_in(value: object) -> str:
    """Return the module that something was made by: of a function the one whose names its code reads.

    A function may say that it belongs to another module, as `functools.wraps` makes it.
    """
    if type(value) is FunctionType:
        return str(value.__globals__.get("__name__"))
    return str((value if is_class(value) else type(value)).__module__)


class Neighbours:
    """The functions, classes and tables that a module's namespace holds, and whether it still holds them."""

    def __init__(self, module: ModuleType) -> None:
        self._space = vars(module)
        self.code: dict[str, object] = {}
        self.tables: dict[str, object] = {}
        for name, value in list(self._space.items()):
            kind = type(value)
            if kind in CONTAINERS or kind is set:
                if name[:2] != "__" and len(value) <= _LONGEST_TABLE:
                    self.tables[name] = value
            elif not issubclass(kind, ModuleType):
                self.code[name] = value
        self._values = list(self.code.values())

    def are_there(self, counts: Callable[[object], bool]) -> bool:
        """Whether every name still stands for the same object, or for another that does not count either."""
        now = list(map(self._space.get, self.code))
        if not all(map(is_, now, self._values)):
            changed = [pair for pair in zip(self._values, now, strict=True) if pair[0] is not pair[1]]
            if any(counts(value) for pair in changed for value in pair):
                return False
            self._values = now
        return True


def wrapped_by(value: Any) -> object:
    """Return the function of a descriptor, partial or memo, and the mock of a function that `create_autospec` makes.

    Nothing else is asked for attributes, as a mock would make them up.
    """
    kind = type(value)
    if kind is staticmethod or kind is classmethod:
        return wrapped_by(value.__func__)
    if kind is property:
        return wrapped_by(value.fget)
    if kind is partial:
        return wrapped_by(value.func)
    if kind is FunctionType:
        return value.__dict__.get("mock", value) if "_checksig_" in value.__globals__ else value
    return wrapped_by(value.__wrapped__) if is_memo(value) else value


def is_generated(value: object) -> bool:
    """Whether a function was made from text by a library, as `collections.namedtuple` does: it belongs to no module."""
    return type(value) is FunctionType and str(value.__globals__.get("__name__")) not in sys.modules
