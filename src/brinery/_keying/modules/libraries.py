"""What users put into a library anywhere below the modules that code takes something from.

A test patches `requests.adapters.HTTPAdapter.send`, and the code that it tests calls `requests.get`. So all loaded
modules of a library are looked through, with their classes, tables and objects, for functions and classes that are the
user's, or a mock's. Large libraries hold some 20,000 things, which take a millisecond to compare. So they are compared
before anything is stored and, at hits, where a call comes from a new place of the program or where something that
mocks is loaded; else no more than takes a twentieth of the time.
"""

from __future__ import annotations

import os
import sys
from gc import get_referents
from itertools import chain, repeat
from operator import is_
from time import perf_counter

from ..._light import FunctionType, GetSetDescriptorType, ModuleType, NamedTuple
from ..code.live import is_changeable, is_class, standard_name
from ..values.plain import CONTAINER_IDS
from .installed import is_generated, made_in, wrapped_by
from .origin import is_installed_or_standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from types import FrameType
    from typing import Any

    from ..._light import CodeType

_DEEPEST = 2  # below modules: their classes, tables and objects; the tables in those
_LONGEST = 256  # a longer table is a library's own, which fills it as it goes
_FEW = 400  # things that are compared at every hit
_RARELY = 20  # times what looking takes passes before the next look
_STANDARD = "the standard library"
_LEFT_OUT = {"__main__", "brinery", "sys", "unittest"}
_MOCKING = ("unittest.mock", "_pytest.monkeypatch")  # modules
MOCKING = {
    "aioresponses", "freezegun", "httpretty", "mocket", "moto", "pook", "pyfakefs", "requests_mock", "respx",
    "responses", "time_machine", "vcr",
}  # fmt: skip  # packages whose functions stand in for those of others

_WRAPPING = {
    "builtins.classmethod", "builtins.function", "builtins.property", "builtins.staticmethod", "functools.partial",
    "functools._lru_cache_wrapper",
}  # fmt: skip
_MOST_PLACES = 1000
_OURSELVES = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep
_SKIPPED, _LOOKED_AT, _UNWRAPPED, _TABLE = 1, 2, 3, 4

_libraries: dict[str, _Library] = {}
_changes: dict[str, int] = {}  # of the modules that are loaded, by library
_surveys: dict[frozenset[str], Survey] = {}


class _Loaded:
    """The modules that were loaded at the last look."""

    modules: Sequence[object] = ()
    names: AbstractSet[str] = frozenset()


_loaded = _Loaded()


class Addition(NamedTuple):
    """Something of the user's in a library: where, under what name, and whether a module or class holds it itself."""

    place: str
    name: object
    value: object
    holder: Any
    is_member: bool


def survey_of(names: frozenset[str]) -> Survey:
    """Return the one survey of some top-level packages."""
    found = _surveys.get(names)
    if found is None:
        found = _surveys[names] = Survey([_library(name) for name in sorted(names)])
    return found


def look_again() -> None:
    """Have every library looked through when it is next asked for: something is about to be stored."""
    for survey in _surveys.values():
        survey.until = 0.0


def _library_of(module: str) -> str:
    """Return the top-level package of a module; the standard library is taken for one."""
    package = module.partition(".")[0]
    return _STANDARD if package in sys.stdlib_module_names and package not in _LEFT_OUT else package


def _note_modules() -> None:
    """Count how often the loaded modules of each library have changed."""
    modules = list(sys.modules.values())
    if modules != _loaded.modules:
        names = set(sys.modules)
        new = names ^ _loaded.names
        for library in set(map(_library_of, new)) if new else list(_libraries):
            _changes[library] = _changes.get(library, 0) + 1
        _loaded.modules, _loaded.names = modules, names


def _library(name: str) -> _Library:
    found = _libraries.get(name)
    if found is None:
        found = _libraries[name] = _Library(name)
    return found


class Survey:
    """What users have put into some libraries, and whether that is still so."""

    def __init__(self, libraries: list[_Library]) -> None:
        self._libraries = libraries
        self._names = {library.name for library in libraries}
        self._is_small = False
        self._places: dict[tuple[int, int], CodeType] = {}  # that have called
        self.until = 0.0

    def additions(self, *, with_new_modules: bool = True) -> list[tuple[Addition, ...]]:
        """Look through the libraries; what was found before is the same object.

        Where something mocks, also through the libraries that they use, and through the standard library.
        """
        began = perf_counter()
        if with_new_modules:
            _note_modules()
        libraries = self._libraries
        found = [library.look() for library in libraries]
        if is_mocking():
            names = {name for library in libraries for name in library.uses}.union((_STANDARD,))
            found += [_library(name).look() for name in sorted(names.difference(self._names))]
        ended = perf_counter()
        self._is_small = sum(library.size for library in libraries) <= _FEW
        self.until = ended + _RARELY * (ended - began)
        return list(filter(None, found))

    def is_as(self, known: list[tuple[Addition, ...]]) -> bool:
        """Whether nothing was added, replaced or taken away, as far as it is time to look."""
        mocking = is_mocking()
        if perf_counter() < self.until and not self._is_small and not mocking and self._is_called_again():
            return True
        found = self.additions(with_new_modules=mocking or not self.until)
        return len(found) == len(known) and all(map(is_, found, known))

    def _is_called_again(self) -> bool:
        """Whether the place that calls has called before: what is patched by hand is mostly called at a new one."""
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
        while frame is not None and (
            frame.f_code.co_filename.startswith(_OURSELVES) or frame.f_code.co_name == "check"  # as `watch` compiles it
        ):
            frame = frame.f_back
        if frame is None:
            return False
        place = id(frame.f_code), frame.f_lasti
        if place in self._places:
            return True
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[place] = frame.f_code  # which keeps its id from being used again
        return False


def is_mocking() -> bool:
    """Whether the process has loaded what replaces parts of libraries for a while."""
    modules = sys.modules
    return _MOCKING[0] in modules or _MOCKING[1] in modules


class _Space(NamedTuple):
    """The attributes of a module, class or object, or the items of a table."""

    place: str
    items: Any
    is_owner: bool
    level: int


class _Library:
    """All that the modules of one package hold at some depth, looked through breadth first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._levels = 1 if name == _STANDARD else _DEEPEST
        self._number: int | None = None  # of times that its modules have changed
        self._found: tuple[Addition, ...] = ()
        self._begin()

    def _begin(self) -> None:
        self._seen: set[int] = set()  # classes, tables and objects, by id
        self._ways: dict[int, int] = {}
        self._users: dict[str, bool] = {}  # packages and modules that were met
        self._spaces: list[_Space] = []
        self._by_space: dict[int, list[Addition]] = {}
        self._own: set[int] = set()  # the names of the library's modules, by id
        self._at_first = 0
        self._items: list[object] = []
        self._held: list[object] = []
        self._held_by: list[list[object]] = []

    def _add_modules(self) -> None:
        for name in sorted(name for name in list(sys.modules) if _library_of(name) == self.name):
            module = sys.modules.get(name)
            if issubclass(type(module), ModuleType) and vars(module).get("__name__") == name:
                space = vars(module)
                if id(space) not in self._own:
                    self._own.add(id(space))
                    self._spaces.append(_Space(name, space, True, 0))
        self._at_first = self._look_from(len(self._items))

    @property
    def size(self) -> int:
        """How many things are compared."""
        return len(self._held)

    def look(self) -> tuple[Addition, ...]:
        """Look at what has changed; return what was added, the same object while nothing was."""
        if self._number != _changes.get(self.name):
            self._number = _changes.setdefault(self.name, 0)
            self._add_modules()
        else:
            try:
                if get_referents(*self._items) == self._held:
                    return self._found
                now = list(map(get_referents, self._items))
                changed = [number for number, each in enumerate(now) if each != self._held_by[number]]
            except Exception:  # what a library holds may not like to be compared
                changed = list(range(len(self._spaces)))
            if len(self._spaces) > 2 * self._at_first:
                self._begin()  # much of it is no longer held
                self._add_modules()
            else:
                for number in changed:
                    self._scan(number)
                self._look_from(len(self._items))
        found = tuple(chain.from_iterable(self._by_space[number] for number in sorted(self._by_space)))
        known = self._found
        if len(found) != len(known) or any(
            one.value is not other.value or one[:2] != other[:2] for one, other in zip(found, known, strict=True)
        ):
            self._found = found
        return self._found

    def _look_from(self, number: int) -> int:
        """Look through the spaces from a number on, which get more meanwhile; return how many there are."""
        while number < len(self._spaces):
            self._scan(number)
            number += 1
        self._items = [space.items for space in self._spaces]
        self._held = get_referents(*self._items)
        self._held_by = list(map(get_referents, self._items))
        return number

    def _scan(self, number: int) -> None:
        place, items, is_owner, level = self._spaces[number]
        own, ways, seen = self._own, self._ways, self._seen
        found: list[Addition] = []
        before: list[object] = []
        if type(items) is dict and number < len(self._held_by):  # has been looked at, and little has changed
            before = self._held_by[number]
            found += [item for item in self._by_space.get(number, ()) if items.get(item.name) is item.value]
        things = list(items.items() if type(items) is dict else enumerate(items))
        for (name, value), known in zip(things, chain(before, repeat(things)), strict=False):
            if value is known:
                continue
            kind = type(value)
            if kind is FunctionType and id(value.__globals__) in own:
                continue
            number_of_kind = id(kind)
            way = ways[number_of_kind] if number_of_kind in ways else self._way(kind)
            if way == _SKIPPED or id(value) in seen:
                continue
            inner = wrapped_by(value) if way == _UNWRAPPED else value
            if type(inner) is FunctionType:
                if id(inner.__globals__) in own or is_generated(inner) or not self._is_added(made_in(inner)):
                    continue
            elif not self._goes_further(place, name, inner, level + 1, is_table=way == _TABLE):
                continue
            found.append(Addition(place, name, value, items, is_owner))
        if found:
            self._by_space[number] = found
        else:
            self._by_space.pop(number, None)

    @property
    def uses(self) -> frozenset[str]:
        """Name the packages that the library's modules hold something of."""
        return frozenset(
            name
            for name, is_users in self._users.items()
            if not is_users and name in sys.modules and _library_of(name) not in (_STANDARD, *_LEFT_OUT)
        )

    def _way(self, kind: type) -> int:
        """Say what becomes of the instances of a type: nothing is to be seen at numbers and what is written in C."""
        name = standard_name(kind)
        if id(kind) in CONTAINER_IDS or kind is set:
            way = _TABLE
        elif name in _WRAPPING:
            way = _UNWRAPPED
        else:
            way = _SKIPPED if name and not issubclass(kind, (type, ModuleType)) else _LOOKED_AT
        self._ways[id(kind)] = way
        return way

    def _goes_further(self, place: str, name: object, value: object, level: int, *, is_table: bool) -> bool:
        """Note what else is to be looked through; tells whether a value is the user's."""
        if not is_table:
            if issubclass(type(value), ModuleType):
                self._is_added(str(vars(value).get("__name__")).partition(".")[0])
                return False
            maker = made_in(value)
            if _library_of(maker) != self.name:
                return self._is_added(maker, value)
        if level > self._levels:
            return False
        if is_table:
            if len(value) <= _LONGEST and str(name)[:2] != "__" and self.name != _STANDARD:  # type: ignore[arg-type]
                self._seen.add(id(value))
                self._spaces.append(_Space(f"{place}.{name}", value, False, level))
        elif is_class(value):
            self._seen.add(id(value))
            if is_changeable(value):
                attributes = get_referents(value.__dict__)[0]  # the dict behind the proxy
                self._spaces.append(_Space(f"{value.__module__}.{value.__qualname__}", attributes, True, level))
        elif self.name != _STANDARD and (state := _state_of(value)) is not None:
            self._seen.add(id(value))
            self._spaces.append(_Space(f"{place}.{name}", state, False, level))
        return False

    def _is_added(self, module: str, value: object = None) -> bool:
        """Whether something of a module is the user's, or of what mocks."""
        package = module.partition(".")[0]
        if package == "unittest" and value is not None:
            return type(value).__module__ == _MOCKING[0]
        known = self._users.get(package)
        if known is None:
            known = self._users[package] = package in MOCKING or not (
                package in sys.stdlib_module_names or package not in sys.modules or is_installed_or_standard(package)
            )
        if known and package != module and package not in MOCKING:  # packages of several makers may share a folder
            known = self._users.get(module)
            if known is None:
                known = self._users[module] = module in sys.modules and not is_installed_or_standard(module)
        return known


def _state_of(value: object) -> dict[str, Any] | None:
    """Return the attributes of an object without asking it: a class may say something else by `__dict__`."""
    for base in type(value).__mro__:
        descriptor = base.__dict__.get("__dict__")
        if type(descriptor) is GetSetDescriptorType:
            state: dict[str, Any] = descriptor.__get__(value)
            return state
    return None
