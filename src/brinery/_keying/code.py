"""A function's fingerprint: the digest of all code and values that it reaches, and the cheap check that it still holds.

Reaching goes from function to function by what their bytecode reads. Each thing reached becomes a named *part* with a
digest of its own, so that two fingerprints can be compared in a person's terms; references between parts go by name,
which lets functions call each other in circles.
"""

from __future__ import annotations

import re
import sys
from abc import get_cache_token
from collections import deque
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from xxhash import xxh3_128_digest

from .bytecode import Read, bytecode_digest, names_in, reads, reads_of_text
from .classes import class_members, registered
from .digest import SCALARS, encode
from .home import (
    MAINS,
    carry_home,
    carry_main,
    home_of_class,
    home_of_file,
    home_of_function,
    home_of_main,
    home_of_module,
)
from .imports import StaticClosure, matches_its_file, note_unloaded, static_closure
from .installed import added_members, is_changeable, method_named
from .live import attribute, attribute_of, attributes_of, is_empty, is_found_by_name, is_frozen, is_module
from .origin import USER, Origin, origin_of_file, origin_of_module
from .shown import is_short, sounds_secret
from .source import Source, carry_source, looks_of, source_of
from .watch import Watch

# Names that the import system sets: they tell where a module lies, not what it does.
_PLACES = {"__name__", "__file__", "__package__", "__spec__", "__loader__", "__builtins__", "__cached__", "__path__"}
_WRAPPING = {
    "builtins.staticmethod": ("__func__",),
    "builtins.classmethod": ("__func__",),
    "builtins.property": ("fget", "fset", "fdel"),
    "functools.cached_property": ("func",),
}
_LOOKING_AT_ALL = {"globals", "eval", "exec"}  # builtins by which code reads any name of its module
_CACHES = {"dispatch_cache", "cache_token"}  # closed over by functions of functools, and computed again when need be
_OF_A_PROMPT = re.compile(
    r"In|Out|get_ipython|_(?:oh|ih|dh|_*|i*|i?\d+)"
)  # what a notebook keeps among the user's names
_ABSENT = object()


class Part(NamedTuple):
    """One thing that a fingerprint covers: its digest, and its value in short where that may be shown."""

    digest: bytes
    shown: str = ""


class Follow(NamedTuple):
    """How far a fingerprint goes: ``mode`` "user", "own" or "version"; ``packages`` count as the user's code too."""

    mode: str = "user"
    packages: frozenset[str] = frozenset()


class Scope(NamedTuple):
    """What shapes a fingerprint beside the function itself."""

    follow: Follow = Follow()
    ignore: frozenset[str] = frozenset()
    depends_on: tuple[object, ...] = ()


EVERYTHING = Scope()


class Fingerprint(NamedTuple):
    """All that a function depends on but its arguments.

    Attributes:
        digest: 16 bytes over all parts.
        parts: what was reached, by name.
        notes: what was reached and cannot be digested, by name, with its type; it counts by type and place.
        holds: the cheap check that nothing reached has changed.
        sources: of the code that was reached, as far as they are known.
        looks: what the code reached looks at beside what code does: "documents", "subclasses".
    """

    digest: bytes
    parts: dict[str, Part]
    notes: dict[str, str]
    holds: Callable[[], bool]
    sources: list[tuple[CodeType, Source]]
    looks: frozenset[str]

    @property
    def carried(self) -> Carried:
        """What lets a process without the sources come to the same digest."""
        files = {code.co_filename for code, _ in self.sources if not code.co_filename.startswith("<")}
        sources = {bytecode_digest(code): source for code, source in self.sources}
        return Carried(sources, {name: home_of_file(name) for name in files}, home_of_main())


class Carried(NamedTuple):
    """Sources by their bytecode, homes by file name, and that of ``__main__``, for a process without the files."""

    sources: dict[bytes, Source]
    homes: dict[str, str]
    main: str


class _Facts(NamedTuple):
    code: CodeType
    source: Source | None
    reads: tuple[Read, ...]
    names: frozenset[str]
    looks: frozenset[str]


_facts: dict[tuple[int, int, bool], _Facts] = {}
_known: dict[tuple[int, Scope, frozenset[str]], tuple[object, Fingerprint]] = {}
_KNOWN_MOST = 4096
_wrapped: WeakKeyDictionary[FunctionType, int] = WeakKeyDictionary()


def mark_as_wrapped(function: object) -> None:
    """Tell that a decorator of brinery's stands on a function: one that reads neither annotations nor docstring."""
    if isinstance(function, FunctionType):
        _wrapped[function] = _wrapped.get(function, 0) + 1


def carry(carried: Carried) -> None:
    """Take over what another process knows of sources and homes that may be out of reach here."""
    for bytecode, source in carried.sources.items():
        carry_source(bytecode, source)
    for filename, home in carried.homes.items():
        carry_home(filename, home)
    carry_main(carried.main)


def fingerprint(target: object, scope: Scope = EVERYTHING) -> Fingerprint:
    """Fingerprint a function, or whatever stands for one: a partial, a bound method, a callable object, a class."""
    return _fingerprint(target, scope, frozenset())


def _fingerprint(target: object, scope: Scope, looks: frozenset[str]) -> Fingerprint:
    while True:
        found = _Reach(scope, looks=looks).fingerprint(target)
        if found.looks <= looks:
            return found
        looks |= found.looks  # code was reached that looks at more than most code does: now that counts everywhere


def code_digest(thing: object, scope: Scope = EVERYTHING, looks: frozenset[str] = frozenset()) -> bytes:
    """Digest a function, class or module that occurs in an argument; remembered while it holds.

    ``looks`` is what the function called looks at: its fingerprint's.
    """
    if scope.follow.mode != "user":
        scope = scope._replace(follow=Follow())
    key = (id(thing), scope, looks)
    known = _known.get(key)
    if known is not None and known[0] is thing and known[1].holds():
        return known[1].digest
    found = _fingerprint(thing, scope, looks)
    if len(_known) >= _KNOWN_MOST:
        _known.clear()
    _known[key] = (thing, found)
    return found.digest


def _facts_of(code: CodeType, ours: int, *, documented: bool) -> _Facts:
    key = (id(code), ours, documented)
    facts = _facts.get(key)
    if facts is None or (facts.source is None and not code.co_filename.startswith("<")):
        # A source that is not found may yet come: it is asked for again, but only while something changes.
        source = source_of(code, ours, documented=documented)
        read = reads(code) if source is None or source.reads is None else source.reads
        names = names_in(code)
        facts = _Facts(code, source, read, names, looks_of(names))
        if len(_facts) >= _KNOWN_MOST:
            _facts.clear()
        _facts[key] = facts
    return facts


class _Reach:
    """One walk over everything that a function reaches."""

    def __init__(
        self,
        scope: Scope,
        importing: frozenset[tuple[str, ...]] = frozenset(),
        *,
        looks: frozenset[str] = frozenset(),
    ) -> None:
        self._scope = scope
        self._documented = "documents" in looks
        self._looks = looks
        self._looks_found = looks
        self._names: set[str] = set()
        self._installed_classes: list[type] = []
        self._importing = importing
        self._constants: list[tuple[str, str, bytes]] = []
        self._all_from_source = True
        self._parts: dict[str, Part] = {}
        self._notes: dict[str, str] = {}
        self._watch = Watch()
        self._references: dict[int, bytes] = {}
        self._kept: list[object] = []
        self._pending: deque[Callable[[], None]] = deque()
        self._by_name_only = False
        self._named: dict[int, bytes] = {}
        self._sources: list[tuple[CodeType, Source]] = []

    def fingerprint(self, target: object) -> Fingerprint:
        follow = self._scope.follow
        self._by_name_only = follow.mode == "version"
        root = self._reference("callable", target, lambda: target)
        if self._by_name_only and isinstance(target, FunctionType):
            self._watch.function(target)  # its defaults are arguments
        self._by_name_only = False
        for index, value in enumerate(self._scope.depends_on):
            name = f"depends_on[{index}]"
            root += self._reference(name, value, lambda value=value: value)  # type: ignore[misc]
        while self._pending:
            self._pending.popleft()()
        for cls in self._installed_classes:
            for name in self._names:
                method = method_named(cls, name)
                if method is not None:
                    self._watch.method(cls, name, method)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._parts["python"] = Part(version.encode(), version)
        lines = [
            name.encode("utf-8", "surrogatepass") + b"=" + part.digest for name, part in sorted(self._parts.items())
        ]
        digest = xxh3_128_digest(b"".join(len(item).to_bytes(4, "little") + item for item in [root, *lines]))
        return Fingerprint(
            digest, self._parts, self._notes, self._watch.compile(self._encode_again), self._sources, self._looks_found
        )

    # References: how one part speaks of another.

    def refer(self, thing: object) -> bytes:
        """Return the 16 bytes by which a function, class or module is spoken of; it becomes a part."""
        if self._by_name_only:
            self._kept.append(thing)
            named = _name_digest(f"named {getattr(thing, '__qualname__', type(thing).__qualname__)}")
            return self._named.setdefault(id(thing), named)
        known = self._references.get(id(thing))
        if known is not None:
            return known
        self._kept.append(thing)
        if isinstance(thing, FunctionType):
            reference = self._refer_to_function(thing)
        elif isinstance(thing, type):
            reference = self._refer_to_class(thing)
        elif isinstance(thing, ModuleType):
            reference = self._refer_to_module(thing)
        elif isinstance(thing, BuiltinFunctionType) and not isinstance(thing.__self__, (ModuleType, type(None))):
            reference = self._refer_to_bound_builtin(thing)
        else:
            reference = self._refer_by_name(thing)
        self._references[id(thing)] = reference
        return reference

    def _refer_to_function(self, function: FunctionType) -> bytes:
        origin = self._origin_of_function(function)
        if origin.kind == "user":
            name = self._unique(f"function {home_of_function(function)}.{function.__qualname__}")
            self._pending.append(lambda: self._visit_function(name, function))
            return _name_digest(name)
        reference = self._refer_to_installed(origin, f"{function.__module__}.{function.__qualname__}")
        if not is_found_by_name(function):
            # Made inside installed code: what it closes over may be the user's (a decorator of a library).
            name = self._unique(f"closure of {function.__module__}.{function.__qualname__}")
            self._references[id(function)] = reference = _name_digest(reference.hex() + name)
            self._pending.append(lambda: self._visit_closure(name, function))
        return reference

    def _refer_to_class(self, cls: type) -> bytes:
        origin = self._origin_of_name(cls.__module__)
        if origin.kind == "user":
            name = self._unique(f"class {home_of_class(cls)}.{cls.__qualname__}")
            self._pending.append(lambda: self._visit_class(name, cls))
            return _name_digest(name)
        reference = self._refer_to_installed(origin, f"{cls.__module__}.{cls.__qualname__}")
        additions = self._pieces_of_additions(cls) if is_changeable(cls) else []
        return _digest_of([reference, *additions]) if additions else reference

    def _pieces_of_additions(self, cls: type) -> list[bytes]:
        """What the user has put into an installed class: methods added or replaced, subclasses registered."""
        self._installed_classes.append(cls)
        pieces = []
        for own, name, value in added_members(cls, self._is_foreign):
            self._watch.name(own, name, value)
            label = f"replaced {cls.__module__}.{cls.__qualname__}.{name}"
            pieces += [
                name.encode("utf-8", "surrogatepass"),
                self._member(label, value, partial(own.__getitem__, name)),
            ]
        return pieces + self._pieces_of_registered(cls)

    def _pieces_of_registered(self, cls: type) -> list[bytes]:
        """The user's classes that were registered with an abstract base class."""
        if "_abc_impl" not in cls.__dict__:
            return []
        token, known = get_cache_token(), registered(cls)
        self._watch.question(lambda: get_cache_token() == token or registered(cls) == known)
        found = sorted(self.refer(other) for other in known if self._origin_of_name(other.__module__).kind == "user")
        return [b"registered", *found] if found else []

    def _refer_to_module(self, module: ModuleType) -> bytes:
        origin = self._origin_of_name(module.__name__)
        if origin.kind == "user":
            name = self._unique(f"module {home_of_module(module.__name__)}")
            self._pending.append(lambda: self._visit_module(name, module))
            return _name_digest(name)
        return self._refer_to_installed(origin, module.__name__)

    def _refer_to_bound_builtin(self, method: BuiltinFunctionType) -> bytes:
        """A method of a builtin type with the object that it belongs to, such as ``", ".join``."""
        owner = method.__self__
        name = self._unique(f"bound {type(owner).__qualname__}.{method.__name__}")
        return _digest_of([_name_digest(name), self._reference(f"{name} of", owner, lambda: owner)])

    def _refer_by_name(self, thing: object) -> bytes:
        """Builtin functions, method descriptors and the like."""
        module = getattr(thing, "__module__", None) or getattr(getattr(thing, "__objclass__", None), "__module__", "")
        name = getattr(thing, "__qualname__", type(thing).__qualname__)
        return self._refer_to_installed(self._origin_of_name(str(module or "builtins")), f"{module}.{name}")

    def _refer_to_installed(self, origin: Origin, name: str) -> bytes:
        if origin.distribution is None:
            return _name_digest(f"{origin.kind} {name}")
        distribution = origin.distribution
        self._parts[f"package {distribution.name}"] = Part(distribution.digest, distribution.version)
        return _name_digest(f"installed {distribution.name} {name}")

    def _unique(self, name: str) -> str:
        if name not in self._parts:
            self._parts[name] = Part(b"")
            return name
        number = 2
        while f"{name} #{number}" in self._parts:
            number += 1
        self._parts[f"{name} #{number}"] = Part(b"")
        return f"{name} #{number}"

    def _origin_of_function(self, function: FunctionType) -> Origin:
        filename = function.__code__.co_filename
        if filename.startswith("<") and not filename.startswith("<frozen "):
            return self._origin_of_name(str(function.__globals__.get("__name__") or function.__module__))
        origin = origin_of_file(filename)
        return (
            origin
            if origin.kind == "user"
            else self._unless_followed(origin, str(function.__globals__.get("__name__")))
        )

    def _origin_of_name(self, module: str) -> Origin:
        if module in MAINS:
            return (
                USER  # in a worker, `__main__` is the pool's own program, and code sent by value says it is from there
            )
        return self._unless_followed(origin_of_module(module), module)

    def _unless_followed(self, origin: Origin, module: str) -> Origin:
        packages = self._scope.follow.packages
        if not packages or origin.distribution is None:
            return origin
        names = {origin.distribution.name.lower().replace("-", "_"), module.partition(".")[0]}
        return Origin("user") if packages & names else origin

    # Values.

    def _reference(self, name: str, value: object, get: Callable[[], object]) -> bytes:
        """Return the reference to a value, which becomes a part of its own unless it is code."""
        if isinstance(value, (FunctionType, type, ModuleType, BuiltinFunctionType)):
            return self.refer(value)
        encoded = self._encode(name, value)
        self._parts[name] = Part(xxh3_128_digest(encoded), _shown(name, value))
        if not is_frozen(value):
            self._watch.value(get, encoded)
        return _name_digest(name)

    def _encode(self, name: str, value: object) -> bytes:
        return encode(value, name, self.refer, self._note)

    def _note(self, path: str, value: object) -> None:
        self._notes[path] = f"{type(value).__module__}.{type(value).__qualname__}"

    def _encode_again(self, value: object) -> bytes:
        return encode(value, "", self._refer_again, _ignore_note)

    def _refer_again(self, thing: object) -> bytes:
        known = self._references.get(id(thing)) or self._named.get(id(thing))
        if known is None:
            # Something new stands in a value: what it is, the next walk will say.
            return b"new"
        return known

    # Functions.

    def _visit_function(self, name: str, function: FunctionType) -> None:
        self._watch.function(function)
        code = function.__code__
        facts = _facts_of(code, _wrapped.get(function, 0), documented=self._documented)
        self._looks_found |= facts.looks
        self._names |= facts.names
        if facts.source is not None:
            self._sources.append((code, facts.source))
            pieces = [b"source", facts.source.digest]
        else:
            self._all_from_source = False
            pieces = [b"bytecode", bytecode_digest(code)]
        place = name.partition(" ")[2]
        pieces += self._pieces_of_defaults(place, function)
        pieces += self._pieces_of_cells(place, function)
        if self._documented or (facts.source is not None and facts.source.annotated):
            pieces += self._pieces_of_documents(place, function)
        pieces += self._pieces_of_attributes(place, function)
        if self._scope.follow.mode == "user":
            for read in facts.reads:
                pieces += [repr(read).encode("utf-8", "surrogatepass"), self._resolve(function, read)]
        self._parts[name] = Part(_digest_of(pieces))

    def _visit_closure(self, name: str, function: FunctionType) -> None:
        pieces = self._pieces_of_cells(name.partition(" of ")[2], function)
        if "__wrapped__" in attributes_of(function):
            pieces += self._piece_of_attribute(name, function.__dict__, "__wrapped__")
        self._parts[name] = Part(_digest_of(pieces))

    def _pieces_of_attributes(self, place: str, function: FunctionType) -> list[bytes]:
        own = attributes_of(function)
        self._watch.size(own)
        return [
            piece for name in sorted(own) if self._counts(name) for piece in self._piece_of_attribute(place, own, name)
        ]

    def _counts(self, attribute: str) -> bool:
        """Whether an attribute of a function counts; under ``follow="own"`` what it wraps is another's code."""
        return attribute != "__wrapped__" or self._scope.follow.mode == "user"

    def _piece_of_attribute(self, place: str, own: dict[str, Any], name: str) -> list[bytes]:
        value = own[name]
        if is_frozen(value):
            self._watch.name(own, name, value)
        return [
            name.encode("utf-8", "surrogatepass"),
            self._reference(f"attribute {place}.{name}", value, lambda: own[name]),
        ]

    def _pieces_of_documents(self, place: str, function: FunctionType) -> list[bytes]:
        def read() -> tuple[dict[str, Any], str | None]:
            return function.__annotations__, function.__doc__

        encoded = self._encode(f"documents {place}", read())
        if not self._documented:
            return [encoded]
        self._watch.value(read, encoded)
        pieces = [encoded]
        for text in function.__annotations__.values():
            if type(text) is str:  # `typing.get_type_hints` looks up the names in it
                pieces += [self._resolve(function, name) for name in reads_of_text(text)]
        return pieces

    def _pieces_of_defaults(self, place: str, function: FunctionType) -> list[bytes]:
        pieces = []
        code = function.__code__
        defaults = function.__defaults__ or ()
        names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount] if defaults else ()
        for index, (parameter, value) in enumerate(zip(names, defaults, strict=False)):
            get = lambda index=index: (function.__defaults__ or ())[index]  # noqa: E731
            pieces += [parameter.encode(), self._reference(f"default {place}.{parameter}", value, get)]
        keywords = function.__kwdefaults__ or {}
        for parameter, value in keywords.items():
            pieces += [
                parameter.encode(),
                self._reference(f"default {place}.{parameter}", value, partial(keywords.__getitem__, parameter)),
            ]
            if is_frozen(value):
                self._watch.name(keywords, parameter, value)
        return pieces

    def _pieces_of_cells(self, place: str, function: FunctionType) -> list[bytes]:
        pieces = []
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            if variable in _CACHES and function.__globals__.get("__name__") == "functools":
                continue
            pieces.append(variable.encode())
            try:
                value = cell.cell_contents
            except ValueError:
                pieces.append(b"empty")
                self._watch.question(lambda cell=cell: is_empty(cell))  # type: ignore[misc]
                continue
            pieces.append(
                self._reference(f"closure {place}.{variable}", value, partial(getattr, cell, "cell_contents"))
            )
            if is_frozen(value):
                self._watch.cell(cell, value)
        return pieces

    # Names that code reads.

    def _resolve(self, function: FunctionType, read: Read) -> bytes:
        space = function.__globals__
        first, *rest = read.chain
        if read.kind == "import":
            return self._resolve_import(space, read)
        if read.kind == "cell":
            return b""  # closure variables are pieces of the function already
        if first in _PLACES:
            return b""
        module = str(space.get("__name__", "__main__"))
        home = home_of_function(function)
        if self._is_ignored(module, home, first):
            return b"ignored"
        value = space.get(first, _ABSENT)
        if value is not _ABSENT:
            return self._resolve_chain(space, module, home, first, value, rest)
        builtins = space.get("__builtins__", {})
        builtin_space: dict[str, Any] = builtins if isinstance(builtins, dict) else vars(builtins)
        value = builtin_space.get(first, _ABSENT)
        if value is _ABSENT:
            self._watch.absent(space, first)
            self._watch.absent(builtin_space, first)
            return b"absent"
        self._watch.name(space, first, value)
        reference = self._reference(f"builtin {first}", value, lambda: builtin_space[first])
        own = sys.modules.get(module)
        if first in _LOOKING_AT_ALL and own is not None and vars(own) is space:
            return reference + self.refer(own)
        return reference

    def _is_ignored(self, module: str, home: str, name: str) -> bool:
        ignore = self._scope.ignore
        return bool(ignore) and (f"{module}.{name}" in ignore or f"{home}.{name}" in ignore)

    def _resolve_chain(
        self, space: dict[str, Any], module: str, home: str, name: str, value: object, rest: list[str]
    ) -> bytes:
        """Go down from a name by its attributes as long as they are a module's; what is found there counts."""
        while True:
            if is_frozen(value):
                self._watch.name(space, name, value)
            if not isinstance(value, ModuleType) or not rest:
                break
            origin = self._origin_of_name(value.__name__)
            if origin.kind != "user":
                return self._resolve_installed(origin, value, rest)
            space, module, name, rest = vars(value), value.__name__, rest[0], rest[1:]
            home = home_of_module(module)
            if self._is_ignored(module, home, name):
                return b"ignored"
            found = space.get(name, _ABSENT)
            if found is _ABSENT:
                return self._resolve_lazily(value, name, rest)
            value = found
        holder = space
        if self._importing and not isinstance(value, (FunctionType, type, ModuleType, BuiltinFunctionType)):
            self._constants.append((module, name, self._encode(name, value)))
        return self._reference(f"global {home}.{name}", value, lambda: holder[name])

    def _resolve_lazily(self, module: ModuleType, name: str, rest: list[str]) -> bytes:
        """An attribute that a user's module makes by its own ``__getattr__``, or a submodule not loaded yet."""
        if "__getattr__" in vars(module) and f"{module.__name__}.{name}" not in sys.modules:
            try:
                value = getattr(module, name)
            except AttributeError:
                pass
            else:
                self._watch.question(lambda: getattr(module, name) is value)
                return self._reference(
                    f"global {home_of_module(module.__name__)}.{name}", value, lambda: getattr(module, name)
                )
        self._watch.absent(vars(module), name)
        return self._resolve_module(f"{module.__name__}.{name}", rest)

    def _resolve_installed(self, origin: Origin, module: ModuleType, rest: list[str]) -> bytes:
        """What is taken from an installed module counts by its name there, unless somebody has put it there."""
        path = ".".join([module.__name__, *rest])
        pieces = [self._refer_to_installed(origin, path)]
        value: object = module
        for name in rest:
            if not isinstance(value, ModuleType):
                break
            space = vars(value)
            found = space.get(name, _ABSENT)
            if found is _ABSENT:
                break
            self._watch.name(space, name, found)
            value = found
        else:
            pieces.append(self._found_in_installed(path, value))
        return _digest_of(pieces)

    def _found_in_installed(self, path: str, value: object) -> bytes:
        if isinstance(value, (FunctionType, type, BuiltinFunctionType)):
            return self.refer(value)
        if type(value) in SCALARS:
            return self._encode(path, value)
        if self._is_foreign(value):
            return self._reference(f"replaced {path}", value, lambda: value)
        self._note(path, value)
        return f"{type(value).__module__}.{type(value).__qualname__}".encode()

    # Imports inside functions.

    def _resolve_import(self, space: dict[str, Any], read: Read) -> bytes:
        module, *rest = read.chain
        if read.level:
            package = str(space.get("__package__") or str(space.get("__name__", "")).rpartition(".")[0])
            base = package.split(".")
            base = base[: len(base) - read.level + 1]
            module = ".".join([*base, module] if module else base)
        return self._resolve_module(module, rest)

    def _resolve_module(self, name: str, rest: list[str]) -> bytes:
        """A module that code imports when it runs counts alike whether it is loaded already or not."""
        # `import a.b` and `from a import b` alike may name a submodule: take as much of the chain as is one.
        while rest and is_module(f"{name}.{rest[0]}"):
            name, rest = f"{name}.{rest[0]}", rest[1:]
        origin = self._origin_of_name(name)
        if origin.kind != "user":
            return self._refer_to_imported(origin, name, rest)
        closure = static_closure(name)
        for other, module in closure.modules.items():
            said = b"absent" if module is None else module.documented if self._documented else module.digest
            self._parts[f"imported {other}"] = Part(said)
            self._looks_found |= module.looks if module is not None else frozenset()
        for other, origin in closure.origins.items():
            self._refer_to_installed(origin, other)
        pieces = [".".join([name, *rest]).encode("utf-8", "surrogatepass")]
        if name not in sys.modules:
            note_unloaded(name, closure)
            self._watch.question(lambda: name not in sys.modules and closure.unchanged())
        elif (name, *rest) not in self._importing:
            difference = self._live_difference(name, rest, closure)
            pieces += [difference] if difference else []
        return _digest_of(pieces)

    def _live_difference(self, name: str, rest: list[str], closure: StaticClosure) -> bytes:
        """What a loaded module adds to its files: nothing, as long as it is what they say."""
        module = sys.modules[name]
        target = attribute(module, rest)
        walk = _Reach(self._scope, self._importing | {(name, *rest)}, looks=self._looks)
        live = walk.fingerprint(target)
        self._looks_found |= live.looks
        self._watch.question(
            lambda: sys.modules.get(name) is module and attribute(module, rest) is target and live.holds()
        )
        if not isinstance(target, (FunctionType, type, ModuleType)) and target is not None:
            walk._constants.append((module.__name__, rest[-1], walk._encode(rest[-1], target)))
        same = matches_its_file(name, tuple(rest), closure, live.digest, proven=walk.is_proven_by(closure))
        return b"" if same else live.digest

    def is_proven_by(self, closure: StaticClosure) -> bool:
        """Whether all that was reached is in some files: functions that compile from them, values that are literals."""
        for module, name, encoded in self._constants:
            found = closure.modules.get(module)
            if found is None or name not in found.literals or self._encode("", found.literals[name]) != encoded:
                return False
        return self._all_from_source

    def _refer_to_imported(self, origin: Origin, name: str, rest: list[str]) -> bytes:
        """Installed code that is imported when it is needed counts by its name, unless somebody put another there."""
        pieces = [self._refer_to_installed(origin, ".".join([name, *rest]))]
        module = sys.modules.get(name)
        value = attribute(module, rest) if module is not None else None
        if module is None:
            self._watch.question(lambda: name not in sys.modules)
            return _digest_of(pieces)
        self._watch.question(lambda: sys.modules.get(name) is module and attribute(module, rest) is value)
        if self._is_foreign(value):
            pieces.append(self._reference(f"replaced {name}.{'.'.join(rest)}", value, lambda: attribute(module, rest)))
        return _digest_of(pieces)

    def _is_foreign(self, value: object) -> bool:
        """Whether an object found in installed code is the user's, or a mock that stands in for something."""
        if isinstance(value, FunctionType):
            return self._origin_of_function(value).kind == "user"
        cls = value if isinstance(value, type) else type(value)
        return self._origin_of_name(cls.__module__).kind == "user" or cls.__module__ == "unittest.mock"

    # Classes and modules as a whole.

    def _visit_class(self, name: str, cls: type) -> None:
        self._watch.cls(cls)
        place = name.partition(" ")[2]
        pieces = [self.refer(base) for base in cls.__bases__]
        pieces += self._pieces_of_registered(cls)
        if "subclasses" in self._looks:
            pieces += [b"subclasses", *map(self.refer, cls.__subclasses__())]
            known = list(map(id, cls.__subclasses__()))
            self._watch.question(lambda: list(map(id, cls.__subclasses__())) == known)
        if type(cls) is not type:
            pieces += [b"metaclass", self.refer(type(cls))]
        for member in class_members(cls, documented=self._documented):
            label = f"attribute {place}.{member.name}"
            pieces.append(member.name.encode("utf-8", "surrogatepass"))
            if member.settled:
                pieces.append(self._encode(label, member.value))
            else:
                pieces.append(self._member(label, member.value, partial(cls.__dict__.__getitem__, member.name)))
        self._parts[name] = Part(_digest_of(pieces))

    def _member(self, name: str, value: object, get: Callable[[], object]) -> bytes:
        """What a descriptor of the standard library wraps counts; the descriptor itself holds nothing else."""
        pieces = [type(value).__name__.encode()]
        for wrapped in _WRAPPING.get(f"{type(value).__module__}.{type(value).__name__}", ()):
            inner = getattr(value, wrapped, None)
            pieces.append(b"-" if inner is None else self._reference(name, inner, partial(attribute_of, get, wrapped)))
        return _digest_of(pieces) if len(pieces) > 1 else self._reference(name, value, get)

    def _visit_module(self, part: str, module: ModuleType) -> None:
        space = vars(module)
        names = tuple(space)
        self._watch.question(lambda: tuple(space) == names)
        home = home_of_module(module.__name__)
        prompt = module.__name__ == "__main__" and "__file__" not in space
        pieces = []
        for name in sorted(names):
            value = space[name]
            if (
                name in _PLACES
                or (name == "__doc__" and not self._documented)
                or self._is_ignored(module.__name__, home, name)
            ):
                continue
            if prompt and _OF_A_PROMPT.fullmatch(name):
                continue
            if isinstance(value, ModuleType) and not value.__name__.startswith(module.__name__ + "."):
                continue  # what its functions use of other modules counts through them
            pieces.append(name.encode("utf-8", "surrogatepass"))
            pieces.append(self._resolve_chain(space, module.__name__, home, name, value, []))
        self._parts[part] = Part(_digest_of(pieces))


def _name_digest(name: str) -> bytes:
    return xxh3_128_digest(name.encode("utf-8", "surrogatepass"))


def _digest_of(pieces: list[bytes]) -> bytes:
    return xxh3_128_digest(b"".join(len(piece).to_bytes(4, "little") + piece for piece in pieces))


def _ignore_note(path: str, value: object) -> None:
    """What could not be digested was noted by the walk."""


def _shown(name: str, value: object) -> str:
    last = name.rpartition(".")[2]
    return repr(value) if is_short(value) and not sounds_secret(last) else ""
