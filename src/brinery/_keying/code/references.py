"""How the parts of a fingerprint refer to each other, and how values become parts."""

from __future__ import annotations

import os
import sys
from abc import get_cache_token
from gc import get_referents

from xxhash import xxh3_128_digest

from ..._light import BuiltinFunctionType, CodeType, FunctionType, ModuleType, deque, partial
from ..handles.library_options import LIBRARIES, UNFOLLOWED, are_options, options_set
from ..handles.live_objects import LiveObjects
from ..handles.settings import settings_of
from ..modules.installed import Neighbours, added_members, is_added, is_made_elsewhere, maker_of, namespaces, wrapped_by
from ..modules.libraries import survey_of
from ..modules.origin import STDLIB, USER, Origin, digest_of_extension, origin_of_file, origin_of_module
from ..report.shown import is_short, sounds_secret
from ..source.reads import Source
from ..values.digest import digest, encode
from ..values.generators import global_generator
from ..values.plain import SCALAR_IDS, scalar
from ..values.registered import ignoring
from .fingerprint import Fingerprint, Part, Parts, Scope
from .home import MAINS, home_of_class, home_of_function, home_of_module, home_of_wrapped
from .live import (
    attribute_of,
    is_changeable,
    is_class,
    is_class_found_by_name,
    is_code,
    is_found_by_name,
    is_frozen,
    is_unbound_builtin,
    standard_name,
)
from .memos import is_memo, is_of_cachetools
from .watch import Counting, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..handles.settings import Bound
    from ..modules.imports import StaticModules
    from ..modules.installed import Before
    from ..values.node import Asked, Node

# Modules of the standard library whose live objects are told apart by what they were made with.
_OPENED = {"ftplib", "http", "imaplib", "poplib", "smtplib", "sqlite3", "subprocess", "tarfile", "zipfile"}
_WRAPPING = {
    "builtins.staticmethod": ("__func__",),
    "builtins.classmethod": ("__func__",),
    "builtins.property": ("fget", "fset", "fdel"),
    "functools.cached_property": ("func",),
}


_OF_BEARTYPE = "<@beartype("
_TAKEN_OVER = {"__module__", "__name__", "__qualname__", "__doc__", "__annotations__", "__wrapped__", "__type_params__"}


class References:
    """How one part speaks of another: functions, classes and modules by their names, values by their digests.

    The lowest of three layers of one walk over all that a function reaches; what is spoken of waits to be visited.
    """

    def __init__(
        self,
        scope: Scope,
        importing: References | None = None,
        *,
        looks: frozenset[str] = frozenset(),
        before: Before | None = None,
    ) -> None:
        self._scope = scope
        self._code = ignoring(self.refer, scope.ignore)
        self._code_again = ignoring(self._refer_again, scope.ignore)
        self._before = before
        self._documented = "documents" in looks
        self._looks = looks
        self._looks_found: frozenset[str] = looks
        # Of modules that code imports when it runs; `_importing` is the walk that met them, in the one that follows.
        self._importing: Any = importing
        self._live: Any = None
        self._static: StaticModules | None = None
        self._unloaded: set[str] = set()
        self._followed: set[tuple[str, ...]] = set()
        self._computes_names = False  # of modules or scripts that it imports
        self._named_modules: set[str] = set()
        self._constants: dict[str, tuple[str, str]] = {}  # by part: a module and a name in it
        self._made: dict[str, tuple[str, str]] = {}  # by function: its module, and the file that provably says it
        self._parts = Parts()
        self._notes: dict[str, str] = {}
        self._watch = Watch()
        self._looked_at: dict[int, object] = {}  # for code that is held by what is not taken apart
        self._searched: set[str | int] = set()  # modules and classes of libraries, for what the user put there
        self._libraries: set[str] = set()  # top-level packages, of which any module may hold what the user put there
        self._surveyed: set[str] = set()
        self._packages: set[str] = set()  # that are reached by name, and the distributions that those require
        self._optioned: set[str] = set()
        self._memos: dict[str, object] = {}
        self._handles = LiveObjects(self._is_given)
        self._handle_parts: set[str] = set()
        self._met: list[object] = []  # live objects, in the value that is being encoded
        self._statements: list[tuple[None, Source]] = []
        self._said: set[Bound] = set()
        self._references: dict[int, bytes] = {}
        self._kept: list[object] = []
        self._encoded: dict[
            int, tuple[bytes, object, list[object]]
        ] = {}  # until the walk ends; keeps alive what it names
        self._pending: deque[tuple[int, Callable[[], None]]] = deque()  # each with the id of what is visited
        self._at = 0  # the id of what is being looked at
        self._led_from: dict[int, set[int]] = {}  # by id: of some of those that lead to it
        self._by_name_only = False
        self._named: dict[int, bytes] = {}
        self._own: FunctionType | None = None
        self._counts_written = False  # what is only written to counts, too: a cell's names are what it gives
        self._sources: list[tuple[CodeType, Source]] = []
        self._values: dict[str, Callable[[], object]] = {}
        self._reached: dict[str, FunctionType | type | str] = {}

    # What is left out.

    def _is_ignored(self, module: str, home: str, name: str) -> bool:
        """Whether the options leave out a name of a module, or of a function or class in it."""
        ignore = self._scope.ignore
        if not ignore:
            return False
        name = name.replace("<locals>.", "")
        return f"{module}.{name}" in ignore or f"{home}.{name}" in ignore

    def _is_ignored_of(self, function: FunctionType, name: str) -> bool:
        """Whether the options leave out a default, a closure variable or an attribute of a function."""
        if function is self._own and name in self._scope.ignore_own:
            return True
        if not self._scope.ignore:
            return False
        module = str(function.__globals__.get("__name__"))
        return self._is_ignored(module, home_of_function(function), f"{function.__qualname__}.{name}")

    # References: how one part speaks of another.

    def refer(self, thing: object) -> bytes:
        """Return the 16 bytes by which a function, class or module is spoken of; it becomes a part."""
        if self._by_name_only:
            self._kept.append(thing)
            named = name_digest(f"named {getattr(thing, '__qualname__', type(thing).__qualname__)}")
            return self._named.setdefault(id(thing), named)
        self._led_from.setdefault(id(thing), set()).add(self._at)
        known = self._references.get(id(thing))
        if known is not None:
            return known
        self._kept.append(thing)
        kind = type(thing)  # what it says of itself may be what it stands for
        if kind is FunctionType:
            reference = self._refer_to_function(thing)  # type: ignore[arg-type]
        elif issubclass(kind, type):
            reference = self._refer_to_class(thing)  # type: ignore[arg-type]
        elif issubclass(kind, ModuleType):
            reference = self._refer_to_module(thing)  # type: ignore[arg-type]
        elif is_memo(thing):
            reference = self._refer_to_memo(thing)
        elif kind is BuiltinFunctionType and not isinstance(thing.__self__, (ModuleType, type(None))):  # type: ignore[attr-defined]
            reference = self._refer_to_bound_builtin(thing)  # type: ignore[arg-type]
        else:
            reference = self._refer_by_name(thing)
        self._references[id(thing)] = reference
        return reference

    def _refer_to_function(self, function: FunctionType) -> bytes:
        if function.__code__.co_filename.startswith(_OF_BEARTYPE):
            # A check of types around a function, made of text that holds addresses in memory.
            self._watch.function(function)
            checked: Any = function.__dict__.get("__wrapped__")
            beartype = self._refer_to_installed(self._origin_of_name("beartype"), "beartype.beartype")
            return digest_of([beartype, self.refer(checked)]) if isinstance(checked, FunctionType) else beartype
        mocked = wrapped_by(function)
        if mocked is not function:
            name = f"mock {function.__qualname__}"
            self._follow(name, mocked)
            return name_digest(self._parts.add(name, Part(digest(settings_of(mocked, self._is_users)))))
        origin = self._origin_of_function(function)
        if origin.kind == "user":
            name = self._parts.reserve(f"function {home_of_function(function)}.{function.__qualname__}")
            self._pending.append((id(function), lambda: self._visit_function(name, function)))
            return name_digest(name)
        told = f"{home_of_wrapped(function)}.{function.__qualname__}"
        self._count_additions(str(function.__globals__.get("__name__")))
        reference = self._refer_to_installed(origin, told)
        if not is_found_by_name(function):
            # Made inside installed code: what it closes over may be the user's (a decorator of a library).
            name = self._parts.reserve(f"closure of {told}")
            self._references[id(function)] = reference = name_digest(reference.hex() + name)
            self._pending.append((id(function), lambda: self._visit_closure(name, function)))
        return reference

    def _refer_to_class(self, cls: type) -> bytes:
        origin = self._origin_of_name(cls.__module__)
        if origin.kind == "user" or (cls.__module__ == "types" and not standard_name(cls)):  # by `types.new_class`
            name = self._parts.reserve(f"class {home_of_class(cls)}.{cls.__qualname__}")
            self._pending.append((id(cls), lambda: self._visit_class(name, cls)))
            self._count_extension(cls.__module__)
            return name_digest(name)
        reference = self._refer_to_installed(origin, f"{cls.__module__}.{cls.__qualname__}")
        if not standard_name(cls) and not is_class_found_by_name(cls):
            reference = digest_of([reference, *_plain_members(cls)])
        self._references[id(cls)] = reference  # what was put into a class may lead back to it
        self._count_members(cls)
        self._count_additions(str(cls.__module__))
        registered = self._pieces_of_registered(cls) if is_changeable(cls) else []
        return digest_of([reference, *registered]) if registered else reference

    def _count_additions(self, name: str) -> None:
        """Count what the user has put into a library's module, and into the classes and tables that it holds.

        For every module that code takes something from; what other modules of the library hold is not looked at.
        """
        module = sys.modules.get(name)
        kind = self._origin_of_name(name).kind
        if module is None or name in self._searched or self._by_name_only or kind not in ("installed", "stdlib"):
            return
        self._searched.add(name)
        self._searched.add(id(vars(module)))
        maker = name.partition(".")[0]
        if maker in ("builtins", "unittest"):
            return
        if kind == "installed":
            self._libraries.add(maker)
        neighbours = Neighbours(module)
        self._watch.question(partial(neighbours.are_there, partial(self._is_neighbour, maker)))
        for label, value in neighbours.code.items():
            if is_class(value) and maker_of(value) == maker:
                self._count_members(value)
            elif self._is_neighbour(maker, value):
                reference = self._reference(f"put at {name}.{label}", value, partial(vars(module).__getitem__, label))
                self._parts.add(f"replaced {name}.{label}", Part(reference))
        for label, table in neighbours.tables.items() if kind == "installed" else ():
            holds = [item for item in get_referents(table) if self._leads_to_code(item)]
            self._watch.members(table, Counting(holds, self._leads_to_code))
            self._follow(f"{name}.{label}", table, near=True)

    def _is_neighbour(self, maker: str, value: object) -> bool:
        """Whether a value counts that stands in a module of a package: its classes, and what others put there."""
        is_own_class = is_class(value) and maker_of(value) == maker
        return is_own_class or (is_made_elsewhere(value, maker) and self._is_foreign(value))

    def _count_members(self, cls: type) -> None:
        """Count what the user has put into a class of a library: methods and accessors, added or replaced."""
        for owner, own in namespaces(cls):
            if id(owner) in self._searched or self._is_users(owner):
                continue
            self._searched.update((id(owner), id(own)))
            counted: list[object] = []
            self._watch.members(own, Counting(counted, partial(self._is_counted, maker_of(owner))))
            place = f"{owner.__module__}.{owner.__qualname__}"
            for name, value in added_members(owner, own, self._is_foreign):
                label = f"replaced {place}.{name}"
                counted.append(value)
                member = self._member(label, value, partial(own.__getitem__, name))
                self._parts.add(f"member {place}.{name}", Part(member))
            for name, value in own.items():
                is_object = is_changeable(type(value)) and not is_class(value)
                if is_object and self._follow(f"{place}.{name}", value, near=True):
                    counted.append(value)

    def _is_counted(self, maker: str, value: object) -> bool:
        """Whether a value counts as a member of a class of a package, see `_count_members`."""
        return is_added(value, maker, self._is_foreign) or (is_changeable(type(value)) and self._leads_to_code(value))

    def _leads_to_code(self, value: object) -> bool:
        """Whether a value is the user's code, or some is found near it."""
        from ..handles.held import held_code

        if type(value) is FunctionType or is_class(value):
            return self._is_users(value)
        return not self._by_name_only and bool(held_code(value, self._is_users, {}, steps=3))

    def _survey(self) -> bool:
        """Count what the user has put into other modules of the libraries that were reached; whether there is more."""
        names = frozenset(self._libraries - self._surveyed)
        if not names:
            return False
        self._surveyed |= names
        survey = survey_of(names)
        known = survey.additions()
        self._watch.question(partial(survey.is_as, known))
        for addition in (item for found in known for item in found):
            if id(addition.holder) in self._searched:
                continue
            place = f"{addition.place}.{addition.name}"
            inner = wrapped_by(addition.value)
            if addition.is_member or type(inner) is FunctionType or is_class(inner):
                held = addition.holder if type(addition.holder) is dict else {}
                get = partial(held.get, addition.name, addition.value)
                reference = self._member(f"replaced {place}", addition.value, get)
            else:
                reference = self.refer(type(inner))  # what an object in a table holds moves by being used
            self._parts.add(f"member {place}", Part(reference))
        return True

    def _count_options(self) -> bool:
        """Count the options that are set of the libraries that were reached; whether there is more to visit."""
        names = sorted(LIBRARIES.keys() & self._packages - self._optioned)
        self._optioned.update(names)
        for library in names:
            options = options_set(library)
            self._watch.question(partial(are_options, library, options))
            for name, value in options:
                label = f"setting {library}.{name}"
                reference = self._reference(label, value, lambda value=value: value)  # type: ignore[misc]
                if is_code(value):
                    self._parts.add(label, Part(reference))
        return bool(names)

    def _pieces_of_registered(self, cls: type, *, ours: bool = False) -> list[bytes]:
        """The classes that were registered with an abstract base class; with an installed one, only the user's."""
        if "_abc_impl" not in cls.__dict__:
            return []
        from .classes import registered

        token, known = get_cache_token(), registered(cls)
        self._watch.question(lambda: get_cache_token() == token or registered(cls) == known)
        found = sorted(
            self.refer(other) for other in known if ours or self._origin_of_name(other.__module__).kind == "user"
        )
        return [b"registered", *found] if found else []

    def _refer_to_module(self, module: ModuleType) -> bytes:
        origin = self._origin_of_name(module.__name__)
        if origin.kind == "user":
            name = self._parts.reserve(f"module {home_of_module(module.__name__)}")
            self._pending.append((id(module), lambda: self._visit_module(name, module)))
            self._count_extension(module.__name__)
            return name_digest(name)
        self._count_additions(module.__name__)
        return self._refer_to_installed(origin, module.__name__)

    def _refer_to_memo(self, memo: Any) -> bytes:
        """Speak of a function under `lru_cache` as of the function; what it remembers is looked at later."""
        self._note_memo(memo)
        return self.refer(memo.__wrapped__)

    def _note_memo(self, memo: Any) -> None:
        function = memo.__wrapped__
        self._memos[f"{home_of_wrapped(function)}.{function.__qualname__}"] = memo

    def _refer_to_bound_builtin(self, method: BuiltinFunctionType) -> bytes:
        """A method of a builtin type with the object that it belongs to, such as ``", ".join``."""
        owner = method.__self__
        drawing = global_generator(owner)
        if drawing:
            self._note(f"{drawing}{method.__name__}", method)
            return name_digest(f"global generator {drawing}{method.__name__}")
        name = self._parts.reserve(f"bound {type(owner).__qualname__}.{method.__name__}")
        return digest_of([name_digest(name), self._reference(f"{name} of", owner, lambda: owner)])

    def _refer_by_name(self, thing: object) -> bytes:
        """Builtin functions, method descriptors and the like."""
        module = getattr(thing, "__module__", None) or getattr(getattr(thing, "__objclass__", None), "__module__", "")
        name = getattr(thing, "__qualname__", type(thing).__qualname__)
        origin = self._origin_of_name(str(module or "builtins"))
        if origin.kind == "user":
            self._count_extension(str(module))
        return self._refer_to_installed(origin, f"{module}.{name}")

    def _count_extension(self, module: str) -> None:
        """An extension module of the user's has no source to go by: it counts by its bytes."""
        digest = digest_of_extension(getattr(sys.modules.get(module), "__file__", None))
        if digest is not None:
            self._parts.add(f"extension {home_of_module(module)}", Part(digest))

    def _refer_to_installed(self, origin: Origin, name: str) -> bytes:
        package = name.partition(".")[0]
        self._packages.add(package)
        if package in UNFOLLOWED:
            self._notes[f"the options of {package}"] = (
                f"such as {UNFOLLOWED[package]} sets: they are in no key; name what matters in depends_on=[...]"
            )
        if origin.distribution is None:
            return name_digest(f"{origin.kind} {name}")
        distribution = origin.distribution
        self._packages |= distribution.requires
        part = self._parts.add(f"package {distribution.name}", Part(distribution.digest, distribution.version))
        return name_digest(f"installed {part.partition(' ')[2]} {name}")

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

    def _origin_of_name(self, module: object) -> Origin:
        if not isinstance(module, str):  # of a metaclass written in C, this may be what tells it for its classes
            return STDLIB
        if module in MAINS:
            return (
                USER  # in a worker, `__main__` is the pool's own program, and code sent by value says it is from there
            )
        return self._unless_followed(origin_of_module(module), module)

    def _unless_followed(self, origin: Origin, module: str) -> Origin:
        packages = self._scope.follow.packages
        if not packages or origin.distribution is None:
            return origin
        names = {origin.distribution.name.lower().replace("-", "_"), module.partition(".")[0].lower()}
        return Origin("user") if packages & names else origin

    def _names_in(self, space: dict[str, Any]) -> dict[str, Any]:
        """A module's names, as they are to be looked at."""
        return self._before.names if self._before is not None and self._before.space is space else space

    # Values.

    def _reference(self, name: str, value: object, get: Callable[[], object], bound: Bound | None = None) -> bytes:
        """Return the reference to a value, which becomes a part of its own unless it is code.

        ``bound`` tells where the user's code binds it, if it does.
        """
        if is_code(value) or is_unbound_builtin(value):
            return self.refer(value)
        if value is sys.modules or value is os.environ:
            # By whichever name: as an attribute of `sys` and `os` they count by their names as well.
            self._note(name, value)
            return name_digest(f"the process's {type(value).__qualname__}")
        encoded = self._encode_once(name, value, bound)
        is_handle = self._handles.counts_by_type(value)
        if is_handle:
            self._watch.same(get, value)
        elif not is_frozen(value):
            self._watch.value(get, encoded, id(value))
        part = self._parts.add(name, Part(xxh3_128_digest(encoded), _shown(name, value)))
        self._values[part] = get
        if is_handle:
            self._handle_parts.add(part)
        elif bound is not None:
            self._constants[part] = bound.module, ".".join((*bound.scope, bound.name))
        return name_digest(part)

    def _encode_once(self, name: str, value: object, bound: Bound | None) -> bytes:
        """Encode what many may lead to, such as a table that each of a hundred functions reads."""
        if self._by_name_only:
            return self._encode(name, value, bound)
        self._led_from.setdefault(id(value), set()).add(self._at)
        known = self._encoded.get(id(value))
        if known is None:
            at, self._at = self._at, id(value)
            try:
                known = self._encoded[id(value)] = self._encode(name, value, bound), value, self._met
            finally:
                self._at = at
        elif known[2]:
            self._pending.append((self._at, partial(self._visit_set_up, name, bound, known[2])))
        return known[0]

    def _encode(self, name: str, value: object, bound: Bound | None = None) -> bytes:
        self._met = []
        encoded = encode(value, name, self._code, self._reach, self._follow, self._live_form)
        if self._met:
            self._pending.append((self._at, partial(self._visit_set_up, name, bound, self._met)))
        return encoded

    def _reach(self, path: str, value: object) -> None:
        """Note what cannot be digested; what it was made with is said where it is bound, as of a compiled function."""
        self._note(path, value)
        standard = standard_name(type(value))
        if not standard or standard.partition(".")[0] in _OPENED:
            self._met.append(value)

    def _live_form(self, value: object, walk: Asked) -> bytes | Node | None:
        if is_of_cachetools(type(value)):
            self._note_memo(value)
        form = self._handles.form(value, walk)
        if form is not None:
            self._met.append(value)
            kind = type(value)
            self._notes[walk.where()] = (
                f"a live object of {kind.__module__}.{kind.__qualname__}: what it was made and set up with counts, its "
                "state does not; name what else matters in depends_on=[...]"
            )
        return form

    def _note(self, path: str, value: object) -> None:
        self._notes[path] = f"{type(value).__module__}.{type(value).__qualname__}"

    def _follow(self, path: str, value: object, *, near: bool = False) -> bool:
        """Count the user's code that an object leads to which is not taken apart, or only by a library's word.

        ``near`` is a few steps far, for the many objects that a library holds. Returns whether any was found.
        """
        if self._by_name_only:
            return False
        from ..handles.held import held_code, is_held

        found = held_code(value, self._is_users, {} if near else self._looked_at, steps=3 if near else None)
        for held in found:
            self._watch.question(partial(is_held, held))
        if found:
            codes = sorted({self.refer(held.code) for held in found})
            self._parts.add(f"held by {path}", Part(digest_of(codes)))
        return bool(found)

    def _encode_again(self, value: object) -> bytes:
        return encode(value, "", self._code_again, _ignore_note, _ignore_note, self._handles.form_again)

    def _refer_again(self, thing: object) -> bytes:
        known = self._references.get(id(thing)) or self._named.get(id(thing))
        if known is None:
            # Something new stands in a value: what it is, the next walk will say.
            return b"new"
        return known

    def _is_given(self, code: Any) -> bool:
        """Whether a function or class is the user's, and not made by code that is in no module."""
        if type(code) is FunctionType:
            module = sys.modules.get(str(code.__globals__.get("__name__")))
            if module is None or vars(module) is not code.__globals__:
                return False
        return self._is_users(code)

    def _is_foreign(self, value: object) -> bool:
        """Whether an object found in installed code is the user's, or a mock that stands in for something."""
        return self._is_users(value if type(value) is FunctionType or is_class(value) else type(value))

    def _is_users(self, code: Any) -> bool:
        """Whether a function or class is the user's, or a mock's; of a function its code tells, not its name."""
        if type(code) is FunctionType:
            return self._origin_of_function(code).kind == "user"
        return self._origin_of_name(code.__module__).kind == "user" or code.__module__ == "unittest.mock"

    def _member(self, name: str, value: object, get: Callable[[], object], bound: Bound | None = None) -> bytes:
        """What a descriptor of the standard library wraps counts; the descriptor itself holds nothing else."""
        pieces = [type(value).__name__.encode()]
        for wrapped in _WRAPPING.get(f"{type(value).__module__}.{type(value).__name__}", ()):
            inner = getattr(value, wrapped, None)
            pieces.append(b"-" if inner is None else self._reference(name, inner, partial(attribute_of, get, wrapped)))
        if type(value) is staticmethod or type(value) is classmethod:
            pieces += self._pieces_set_on(name, value)
        return digest_of(pieces) if len(pieces) > 1 else self._reference(name, value, get, bound)

    def _pieces_set_on(self, place: str, method: Any) -> list[bytes]:
        """What was set on a static or class method beside what it takes over from its function."""
        own: dict[str, Any] = vars(method)
        self._watch.members(own)
        pieces = []
        for name in sorted(own.keys() - vars(method.__func__).keys() - _TAKEN_OVER):
            pieces += [
                name.encode("utf-8", "surrogatepass"),
                self._reference(f"{place}.{name}", own[name], partial(own.__getitem__, name)),
            ]
        return pieces

    # What becomes of a thing that was spoken of, the layers above say.

    def fingerprint(self, target: object) -> Fingerprint:
        """Walk from a function, or from whatever stands for one."""
        raise NotImplementedError

    def finish(self, root: bytes = b"") -> Fingerprint:
        """Visit all that was spoken of, and make one of it."""
        raise NotImplementedError

    def _visit_function(self, name: str, function: FunctionType) -> None:
        raise NotImplementedError

    def _visit_closure(self, name: str, function: FunctionType) -> None:
        raise NotImplementedError

    def _visit_class(self, name: str, cls: type) -> None:
        raise NotImplementedError

    def _visit_module(self, part: str, module: ModuleType) -> None:
        raise NotImplementedError

    def _visit_set_up(self, name: str, bound: Bound | None, live: list[object]) -> None:
        raise NotImplementedError


def name_digest(name: str) -> bytes:
    return xxh3_128_digest(name.encode("utf-8", "surrogatepass"))


def digest_of(pieces: list[bytes]) -> bytes:
    return xxh3_128_digest(b"".join(len(piece).to_bytes(4, "little") + piece for piece in pieces))


def _plain_members(cls: type) -> list[bytes]:
    """List the plain values of a class that a library made when it ran: its name is not its own."""
    from .classes import BOOKKEEPING

    pieces = []
    for name, value in sorted(cls.__dict__.items()):
        if id(type(value)) in SCALAR_IDS and name not in BOOKKEEPING:
            pieces += [name.encode("utf-8", "surrogatepass"), scalar(value)]
    return pieces


def _ignore_note(path: str, value: object) -> None:
    """What could not be digested was noted by the walk."""


def _shown(name: str, value: object) -> str:
    last = name.rpartition(".")[2]
    return repr(value) if is_short(value) and not sounds_secret(last) else ""
