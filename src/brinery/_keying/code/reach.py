"""A function's fingerprint: the digest of all code and values that it reaches, and the cheap check that it still holds.

Reaching goes from function to function by what their bytecode reads. Each thing reached becomes a named *part* with a
digest of its own, so that two fingerprints can be compared in a person's terms; references between parts go by name,
which lets functions call each other in circles.
"""

from __future__ import annotations

import sys
from _weakref import ref

from ..._light import CodeType, FunctionType, ModuleType, NamedTuple, partial
from ..handles.settings import Bound
from ..modules.loaded import mark_executing
from ..source.annotations import ANNOTATE, attributes_of, changed, maker_of
from ..source.compiled import bytecode_digest, names_in
from ..source.known_sources import is_declared, source_of
from ..source.reads import Read, Source, looks_of, split_written
from ..source.texts import Texts, reads_in_texts, texts_in
from .fingerprint import EVERYTHING, Fingerprint, Part, Scope
from .home import home_of_class, home_of_function, home_of_module, home_of_wrapped
from .live import is_empty, is_frozen, kind_of_written, name_of_class, qualname_of_class
from .memos import outdated
from .names import PLACES, Names
from .references import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..modules.installed import Before

_OF_A_CLASS_BODY = "__classdict__"  # the names of a class, in which its annotations are evaluated: they count with it
_CACHES = {"dispatch_cache", "cache_token"}  # closed over by functions of functools, and computed again when need be
# What a notebook keeps among the user's names.
_OF_A_PROMPT = r"In|Out|exit|get_ipython|quit|_(?:oh|ih|dh|_*|i*|i?\d+)"


class _Facts(NamedTuple):
    code: CodeType
    source: Source | None
    reads: tuple[Read, ...]
    looks: frozenset[str]
    texts: Texts


_facts: dict[tuple[int, int, bool], _Facts] = {}
_KNOWN_MOST = 4096
_wrapped: dict[int, tuple[ref[FunctionType], int]] = {}  # by id; `weakref` itself takes a millisecond to import


def mark_as_wrapped(function: object) -> None:
    """Tell that a decorator of brinery's stands on a function: one that reads neither annotations nor docstring."""
    if isinstance(function, FunctionType):
        mark_executing(function.__module__)
        number = id(function)
        _wrapped[number] = ref(function, lambda _: _wrapped.pop(number, None)), _times_wrapped(function) + 1


def _times_wrapped(function: FunctionType) -> int:
    known = _wrapped.get(id(function))
    return known[1] if known is not None and known[0]() is function else 0


def fingerprint(target: object, scope: Scope = EVERYTHING, before: Before | None = None) -> Fingerprint:
    """Fingerprint a function, or whatever stands for one: a partial, a bound method, a callable object, a class.

    With `before`, the names of one module mean what they meant then, and only changes in place show.
    """
    return walk_from(target, scope, before=before).found


def walk_from(
    target: object, scope: Scope, looks: frozenset[str] = frozenset(), before: Before | None = None
) -> _Reach:
    """Walk over all that a target reaches; ``looks`` is what code beside it is known to look at."""
    while True:
        walk = _Reach(scope, looks=looks, before=before)
        walk.found = walk.fingerprint(target)
        if walk.found.looks <= looks:
            return walk
        looks |= walk.found.looks  # code was reached that looks at more than most does: now that counts everywhere


def outdated_memos(code: Fingerprint, scope: Scope) -> list[str]:
    """Name the functions under `lru_cache` that were reached and remember what other code or values gave."""
    scope = scope._replace(ignore_own=frozenset(), depends_on=())
    return outdated(code, lambda function: walk_from(function, scope, code.looks).found.parts)


def _facts_of(code: CodeType, ours: int, *, documented: bool) -> _Facts:
    key = (id(code), ours, documented)
    facts = _facts.get(key)
    if facts is None or (facts.source is None and not code.co_filename.startswith("<")):
        # A source that is not found may yet come: it is asked for again, but only while something changes.
        source = source_of(code, ours, documented=documented)
        read = _reads_of(code) if source is None or source.reads is None else source.reads
        facts = _Facts(code, source, read, looks_of(names_in(code)), texts_in(code))
        if len(_facts) >= _KNOWN_MOST:
            _facts.clear()
        _facts[key] = facts
    return facts


def _reads_of(code: CodeType) -> tuple[Read, ...]:
    from ..source.bytecode import reads  # what was written down of sources says it, too

    return reads(code)


def is_of_a_prompt(name: str) -> bool:
    """Whether a name is one that IPython itself puts beside a user's own."""
    import re

    return re.fullmatch(_OF_A_PROMPT, name) is not None


def own_function(target: object) -> FunctionType | None:
    """The function that a method or a partial calls in the end; None where that is none of Python's."""
    while not isinstance(target, FunctionType):
        inner = getattr(target, "func" if isinstance(target, partial) else "__func__", None)
        if inner is None:
            return None
        target = inner
    return target


def enclosing_names(target: object) -> tuple[str, ...]:
    """The variables of enclosing functions that a function uses."""
    function = own_function(target)
    return () if function is None else function.__code__.co_freevars


def _pieces_of_names(function: FunctionType) -> list[bytes]:
    """Tell a function's name and module where they are not those of its code: somebody has set them."""
    pieces = []
    if function.__name__ != function.__code__.co_name:
        pieces += [b"__name__", function.__name__.encode("utf-8", "surrogatepass")]
    if function.__module__ != function.__globals__.get("__name__"):
        pieces += [b"__module__", home_of_wrapped(function).encode("utf-8", "surrogatepass")]
    return pieces


class _Reach(Names):
    """One walk over everything that a function reaches: the top layer, which visits functions, classes and modules."""

    found: Fingerprint

    def cycle_of(self, start: object) -> list[object]:
        """List the code where the walk began, and what it leads to that leads back to it, as far as was noted."""
        known, pending = {id(start)}, [id(start)]
        while pending:
            further = self._led_from.get(pending.pop(), set()) - known
            known |= further
            pending += further
        return [start, *(thing for thing in self._kept if id(thing) in known and thing is not start)]

    def digest_from(self, thing: object) -> bytes:
        """Return the digest of all that was reached, as seen from something in it."""
        return digest_of([self._references[id(thing)], self._whole])

    def fingerprint(self, target: object) -> Fingerprint:
        follow = self._scope.follow
        self._by_name_only = follow.mode == "version"
        self._own = own_function(target)
        self._counts_written = self._own is not None and is_declared(self._own.__code__)
        root = self._reference("callable", target, lambda: target)
        if self._by_name_only and isinstance(target, FunctionType):
            self._watch.function(target)  # its defaults are arguments
        self._by_name_only = False
        for index, value in enumerate(self._scope.depends_on):
            name = f"depends_on[{index}]"
            root += self._reference(name, value, lambda value=value: value)  # type: ignore[misc]
        return self.finish(root)

    def finish(self, root: bytes = b"") -> Fingerprint:
        while self._pending or self._survey() or self._count_named() or self._count_options():
            if self._pending:
                self._at, visit = self._pending.popleft()
                visit()
                self._at = 0
        self._count_differences()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._parts.add("python", Part(version.encode(), version))
        parts = self._parts.found()
        lines = [name.encode("utf-8", "surrogatepass") + b"=" + part.digest for name, part in sorted(parts.items())]
        self._whole = digest_of(lines)
        holds = self._watch.compile(self._encode_again)
        self._encoded.clear()
        self._handles.settle()
        return Fingerprint(
            digest_of([root, self._whole]),
            parts,
            self._notes,
            holds,
            self._sources,
            self._looks_found,
            self._reached,
            self._values,
            self._memos,
            self._statements,
        )

    # Functions.

    def _visit_function(self, name: str, function: FunctionType) -> None:
        self._watch.function(function)
        self._reached[name] = function
        code = function.__code__
        facts = _facts_of(code, _times_wrapped(function), documented=self._documented)
        self._looks_found |= facts.looks
        if facts.source is not None:
            self._sources.append((code, facts.source))
            pieces = [b"source", facts.source.digest]
        else:
            pieces = [b"bytecode", bytecode_digest(code, documented=True)]
        place = name.partition(" ")[2]
        module = str(function.__globals__.get("__name__", ""))
        self._made[place] = module, "" if facts.source is None else code.co_filename
        pieces += _pieces_of_names(function)
        pieces += self._pieces_of_defaults(place, function)
        pieces += self._pieces_of_cells(place, function, facts.reads)
        if self._documented or (facts.source is not None and facts.source.annotated):
            pieces += self._pieces_of_documents(place, function)
        pieces += self._pieces_of_attributes(place, function)
        if self._scope.follow.mode == "user":
            space, home = function.__globals__, home_of_function(function)
            texts = facts.texts
            more = reads_in_texts(texts, facts.reads, space) if texts.ways else []
            for read in (*facts.reads, *more):
                pieces += [repr(read).encode("utf-8", "surrogatepass"), self._resolve(space, home, read)]
            own = sys.modules.get(str(space.get("__name__"))) if texts.looks_at_frames else None
            if own is not None and vars(own) is space:
                pieces.append(self.refer(own))
        self._parts.fill(name, digest_of(pieces))

    def _visit_closure(self, name: str, function: FunctionType) -> None:
        pieces = self._pieces_of_cells(name.partition(" of ")[2], function)
        if "__wrapped__" in (attributes_of(function) or ()):
            pieces += self._piece_of_attribute(name, function.__dict__, "__wrapped__")
        self._parts.fill(name, digest_of(pieces))

    def _pieces_of_attributes(self, place: str, function: FunctionType) -> list[bytes]:
        own = attributes_of(function)
        if own is None:
            return []
        self._watch.size(own)
        return [
            piece
            for name in sorted(own)
            if self._counts(name) and not self._is_ignored_of(function, name)
            for piece in self._piece_of_attribute(place, own, name)
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
        def read() -> tuple[Any, ...]:
            return changed(function), function.__doc__, *getattr(function, "__type_params__", ())

        said = read()
        encoded = self._encode(f"documents {place}", said)
        maker = maker_of(function)
        pieces = [encoded] if maker is None else [encoded, self.refer(maker)]
        if not self._documented:
            return pieces
        self._watch.value(read, encoded)
        return pieces + self._pieces_of_hints(function, said[0], function.__globals__, home_of_function(function))

    def _pieces_of_hints(
        self, owner: FunctionType | type, annotations: dict[str, Any] | None, space: dict[str, Any], home: str
    ) -> list[bytes]:
        """What the names in annotations mean that are text: `typing.get_type_hints` and the like look them up."""
        from ..source.bytecode import reads_of_text

        texts = [text for text in (annotations or {}).values() if type(text) is str]
        maker = maker_of(owner)
        if maker is not None:
            from ..source.annotations import texts_in

            names = "return", *(owner.__code__.co_varnames if isinstance(owner, FunctionType) else ())
            texts += [text for text in texts_in(maker.__code__) if text not in names]
        return [self._resolve(space, home, name) for text in texts for name in reads_of_text(text)]

    def _pieces_of_defaults(self, place: str, function: FunctionType) -> list[bytes]:
        pieces = []
        code = function.__code__
        defaults = function.__defaults__ or ()
        names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount] if defaults else ()
        for index, (parameter, value) in enumerate(zip(names, defaults, strict=False)):
            if self._is_ignored_of(function, parameter):
                continue
            get = lambda index=index: (function.__defaults__ or ())[index]  # noqa: E731
            bound = self._bound_in(function, parameter, is_default=True)
            pieces += [parameter.encode(), self._reference(f"default {place}.{parameter}", value, get, bound)]
        keywords = function.__kwdefaults__
        if keywords is None:
            return pieces
        if len(keywords) < code.co_kwonlyargcount:
            self._watch.size(keywords)
        for parameter, value in keywords.items():
            if self._is_ignored_of(function, parameter):
                continue
            get_keyword = partial(keywords.__getitem__, parameter)
            bound = self._bound_in(function, parameter, is_default=True)
            pieces += [parameter.encode(), self._reference(f"default {place}.{parameter}", value, get_keyword, bound)]
            if is_frozen(value):
                self._watch.name(keywords, parameter, value)
        return pieces

    def _pieces_of_cells(self, place: str, function: FunctionType, reads: tuple[Read, ...] = ()) -> list[bytes]:
        pieces = []
        chains = map(split_written, _chains_of_written_cells(reads))
        written = {chain[0]: done for chain, done in chains if len(chain) == 1}  # else an attribute is written to
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            if variable in _CACHES and function.__globals__.get("__name__") == "functools":
                continue
            if variable == _OF_A_CLASS_BODY:
                continue
            pieces.append(variable.encode())
            if self._is_ignored_of(function, variable):
                continue
            try:
                value = cell.cell_contents
            except ValueError:
                pieces.append(b"empty")
                self._watch.question(lambda cell=cell: is_empty(cell))  # type: ignore[misc]
                continue
            done = written.get(variable)
            kind = kind_of_written(value, done) if done is not None and not self._counts_written else ""
            if kind:
                pieces.append(f"written {kind}".encode())
                self._watch.question(partial(_is_of_kind, cell, done or "", kind))
                self._note(f"closure {place}.{variable}", value)
                continue
            get = partial(getattr, cell, "cell_contents")
            bound = self._bound_in(function, variable, is_default=False)
            pieces.append(self._reference(f"closure {place}.{variable}", value, get, bound))
            if is_frozen(value):
                self._watch.cell(cell, value)
        return pieces

    def _bound_in(self, function: FunctionType, name: str, *, is_default: bool) -> Bound | None:
        """Where a parameter's default, or a variable of an enclosing function, is bound; None in installed code."""
        if not self._is_users(function):
            return None
        scope = tuple(step for step in function.__code__.co_qualname.split(".") if step != "<locals>")
        module = str(function.__globals__.get("__name__"))
        return Bound(module, scope if is_default else scope[:-1], name, is_default)

    # Classes and modules as a whole.

    def _visit_class(self, name: str, cls: type) -> None:
        self._reached[name] = cls
        place = name.partition(" ")[2]
        home = home_of_class(cls)
        pieces = [self.refer(base) for base in cls.__bases__]
        own_name = name_of_class(cls)
        if own_name != qualname_of_class(cls).rpartition(".")[2]:
            pieces += [b"__name__", own_name.encode("utf-8", "surrogatepass")]
        from .classes import MEMBERS, annotations_of, class_members, has_fields

        pieces += self._pieces_of_registered(cls, ours=True)
        if "subclasses" in self._looks:
            pieces += [b"subclasses", *map(self.refer, type.__subclasses__(cls))]
            known = list(map(id, type.__subclasses__(cls)))
            self._watch.question(lambda: list(map(id, type.__subclasses__(cls))) == known)
        if type(cls) is not type:
            pieces += [b"metaclass", self.refer(type(cls))]
        space = getattr(sys.modules.get(cls.__module__), "__dict__", {})
        if self._documented or has_fields(cls):
            pieces += self._pieces_of_hints(cls, annotations_of(cls), space, home_of_class(cls))
        ignored = set()
        for member in class_members(cls, documented=self._documented):
            if self._is_ignored(cls.__module__, home, f"{cls.__qualname__}.{member.name}"):
                ignored.add(member.name)
                continue
            label = f"attribute {place}.{member.name}"
            pieces.append(member.name.encode("utf-8", "surrogatepass"))
            if member.settled:
                pieces.append(self._encode(label, member.value))
            elif member.name == MEMBERS:
                members: Any = member.value
                pieces.append(self._pieces_of_members(label, members))
            else:
                bound = Bound(cls.__module__, tuple(cls.__qualname__.split(".")), member.name)
                get = partial(cls.__dict__.__getitem__, member.name)
                pieces.append(self._member(label, member.value, get, bound))
        self._watch.cls(cls, frozenset(ignored))
        self._parts.fill(name, digest_of(pieces))

    def _pieces_of_members(self, place: str, states: dict[str, dict[str, Any]]) -> bytes:
        """Say what the members of an enumeration hold, which anybody can set and change in place."""
        from .classes import OF_A_MEMBER

        pieces = []
        for member, state in states.items():
            self._watch.members(state)
            pieces.append(member.encode("utf-8", "surrogatepass"))
            for name in sorted(state):
                if name not in OF_A_MEMBER:
                    label = f"{place}.{member}.{name}"
                    pieces += [
                        name.encode("utf-8", "surrogatepass"),
                        self._reference(label, state[name], partial(state.__getitem__, name)),
                    ]
        return digest_of(pieces)

    def _visit_module(self, part: str, module: ModuleType) -> None:
        space = self._names_in(vars(module))
        names = tuple(space)
        self._watch.question(lambda: tuple(space) == names)
        home = home_of_module(module.__name__)
        prompt = module.__name__ == "__main__" and "__file__" not in space
        pieces = [] if type(module) is ModuleType else [b"class", self.refer(type(module))]
        for name in sorted(names):
            value = space[name]
            if (
                name in PLACES
                or (name == "__doc__" and not self._documented)
                or (name == "__annotations__" and ANNOTATE in space)  # somebody has asked for them
                or self._is_ignored(module.__name__, home, name)
            ):
                continue
            if prompt and is_of_a_prompt(name):
                continue
            pieces.append(name.encode("utf-8", "surrogatepass"))
            pieces.append(self._resolve_chain(space, module.__name__, home, name, value, []))
        self._parts.fill(part, digest_of(pieces))


def _chains_of_written_cells(reads: tuple[Read, ...]) -> list[tuple[str, ...]]:
    return [read.chain for read in reads if read.kind == "written cell"]


def _is_of_kind(cell: Any, done: str, kind: str) -> bool:
    """Whether a closure variable that is only written to is still of a kind."""
    return not is_empty(cell) and kind_of_written(cell.cell_contents, done) == kind
