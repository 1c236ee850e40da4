"""Names that code reads: globals, attributes of modules, and modules that are imported when code runs."""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from ..._light import BuiltinFunctionType, FunctionType, ModuleType
from ..handles.settings import Bound, imported_from, said_of, settings_of
from ..modules.origin import Origin
from ..source.lazy_imports import is_lazy, read_lazily
from ..source.reads import COMPUTED, Read, split_written
from ..values.digest import CONTAINERS, SCALARS, digest
from ..values.objects import is_opaque
from .fingerprint import Part
from .home import home_of_module
from .live import attribute, class_attribute, is_class, is_frozen, is_loaded_module, is_module, kind_of_written
from .references import References, digest_of, name_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..modules.imports import StaticModules

# Names that the import system, `warnings` and the hook of beartype set: they do not tell what a module does.
PLACES = {
    "__name__", "__file__", "__package__", "__spec__", "__loader__", "__builtins__", "__cached__", "__path__",
    "__warningregistry__", "__claw_state_beartype__",
}  # fmt: skip
_LOOKING_AT_ALL = {"globals", "eval", "exec"}  # builtins by which code reads any name of its module
_OF_THE_PROCESS = ("sys.", "site.")  # what their lists hold differs from one way of starting Python to another
_SHORT_TABLE, _LONGEST_TABLE = 64, 2048
_OF_A_FUNCTION = {"default", "closure", "attribute", "documents"}  # parts that are named by a function and a name
_ABSENT = object()
_MOST_SET_UP = 100  # live objects in one value whose settings are read


class Names(References):
    """What the names mean that code reads: the middle layer of the walk."""

    # Names that code reads.

    def _resolve(self, space: dict[str, Any], home: str, read: Read) -> bytes:
        """Say what a name means in a module's namespace; ``home`` is the home name of the module."""
        if read.kind == "module":
            return self._resolve_own_module(space)
        first, *rest = read.chain
        if read.kind == "import":
            return self._resolve_import(space, read)
        if read.kind.startswith("written "):
            return self._resolve_written(space, home, read)
        if read.kind == "cell":
            return b""  # closure variables are pieces of the function already
        module = str(space.get("__name__", "__main__"))
        if read.kind == "named":
            return self._resolve_named(space, module, first)
        if first in PLACES:
            return b""
        if self._is_ignored(module, home, first):
            return b"ignored"
        names = self._names_in(space)
        value = names.get(first, _ABSENT)
        if value is not _ABSENT:
            return self._resolve_chain(names, module, home, first, value, rest)
        builtins = space.get("__builtins__", {})
        builtin_space: dict[str, Any] = builtins if isinstance(builtins, dict) else vars(builtins)
        value = builtin_space.get(first, _ABSENT)
        if value is _ABSENT:
            self._watch.absent(space, first)
            self._watch.absent(builtin_space, first)
            return b"absent" + name_digest(self._parts.add(f"global {home}.{first}", Part(b"absent")))
        self._watch.name(space, first, value)
        reference = self._reference(f"builtin {first}", value, lambda: builtin_space[first])
        own = sys.modules.get(module)
        if first in _LOOKING_AT_ALL and own is not None and vars(own) is space:
            return reference + self.refer(own)
        return reference

    def _resolve_own_module(self, space: dict[str, Any]) -> bytes:
        """The whole module of code of which nobody knows what it reads."""
        own = sys.modules.get(str(space.get("__name__", "__main__")))
        return self.refer(own) if own is not None and vars(own) is space else b""

    def _resolve_written(self, space: dict[str, Any], home: str, read: Read) -> bytes:
        """What code only writes to counts by its kind, as its value flows into nothing; else as what is read."""
        names, done = split_written(read.chain)
        if read.kind == "written cell":
            return b""  # is a piece of the function already
        plain = Read("global", names)
        if self._counts_written or names[0] in PLACES:
            return self._resolve(space, home, plain)
        own, module, name, rest = space, str(space.get("__name__", "__main__")), names[0], names[1:]
        holder = home
        while isinstance(value := own.get(name, _ABSENT), ModuleType) and rest:
            if self._origin_of_name(value.__name__).kind != "user" or self._is_ignored(module, holder, name):
                return self._resolve(space, home, plain)
            self._watch.name(own, name, value)
            own, module, name, rest = vars(value), value.__name__, rest[0], rest[1:]
            holder = home_of_module(module)
        kind = "" if rest or value is _ABSENT else kind_of_written(value, done)
        if not kind or self._is_ignored(module, holder, name):
            return self._resolve(space, home, plain)
        self._watch.question(lambda: kind_of_written(own.get(name), done) == kind)
        self._note(f"global {holder}.{name}", value)
        return f"written {kind}".encode()

    def _resolve_chain(
        self, space: dict[str, Any], module: str, home: str, name: str, value: object, rest: list[str]
    ) -> bytes:
        """Go down from a name by its attributes as long as they are a module's; what is found there counts."""
        while True:
            lazily = self._resolve_lazy_import(space, name, value, rest)
            if lazily is not None:
                return lazily
            if is_frozen(value):
                self._watch.name(space, name, value)
            if not is_loaded_module(value) or not rest:
                break
            origin = self._origin_of_name(value.__name__)
            if origin.kind != "user":
                return self._resolve_installed(origin, value, rest)
            self._count_extension(value.__name__)
            if self._is_foreign(value):
                break  # a class of the user's own may give it any attribute: it counts whole
            space, module, name, rest = self._names_in(vars(value)), value.__name__, rest[0], rest[1:]
            home = home_of_module(module)
            if self._is_ignored(module, home, name):
                return b"ignored"
            found = space.get(name, _ABSENT)
            if found is _ABSENT:
                return self._resolve_lazily(value, name, rest)
            value = found
        holder = space
        reference = self._reference(f"global {home}.{name}", value, lambda: holder[name], Bound(module, (), name))
        if rest and is_class(value) and not self._is_users(value):
            reference += self._plain_attribute(f"{home}.{name}", value, rest[0])
        return reference

    def _resolve_lazy_import(self, space: dict[str, Any], name: str, value: object, rest: list[str]) -> bytes | None:
        """Say what a name means that was, or is to be, imported at its first use; None if it is none."""
        read = read_lazily(space, name, value)
        if read is None:
            return None
        self._watch.question(lambda: space.get(name) is value)  # by its name it would be imported
        return self._resolve_import(space, read._replace(chain=(*read.chain, *rest)))

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
        if "__getattr__" not in vars(module):
            self._watch.absent(vars(module), "__getattr__")
        return self._resolve_module(f"{module.__name__}.{name}", rest)

    def _resolve_installed(self, origin: Origin, module: ModuleType, rest: list[str]) -> bytes:
        """What is taken from an installed module counts by its name there, unless somebody has put it there."""
        self._count_additions(module.__name__)
        path = ".".join([module.__name__, *rest])
        pieces = [self._refer_to_installed(origin, path)]
        value: object = module
        path = module.__name__
        for name in rest:
            if not is_loaded_module(value):
                if is_class(value):
                    pieces.append(self._plain_attribute(path, value, name))
                break
            space = vars(value)
            found = space.get(name, _ABSENT)
            if found is _ABSENT:
                return digest_of(pieces)
            lazily = self._resolve_lazy_import(space, name, found, []) if is_lazy(space, name, found) else None
            if lazily is not None:
                return digest_of([*pieces, lazily])
            self._watch.name(space, name, found)
            path, value = f"{path}.{name}", found
            if is_loaded_module(value):
                self._count_additions(value.__name__)
        if not is_loaded_module(value):
            pieces.append(self._found_in_installed(path, value))
        return digest_of(pieces)

    def _found_in_installed(self, path: str, value: object) -> bytes:
        if type(value) is FunctionType or type(value) is BuiltinFunctionType or is_class(value):
            return self.refer(value)
        if type(value) in SCALARS:
            return self._encode(path, value)
        if self._is_foreign(value):
            return self._reference(f"replaced {path}", value, lambda: value)
        if type(value) in (dict, list, set) and not path.startswith(_OF_THE_PROCESS):
            return self._container_in_installed(path, value)
        self._note(path, value)
        self._follow(path, value)
        return f"{type(value).__module__}.{type(value).__qualname__}".encode()

    def _plain_attribute(self, path: str, cls: Any, name: str) -> bytes:
        """A number or text that code takes from a class of a library, where anybody may have set it."""
        found = class_attribute(cls, name)
        if type(found) not in SCALARS:
            return b""
        self._watch.question(lambda: class_attribute(cls, name) is found)
        return self._encode(f"{path}.{name}", found)

    def _container_in_installed(self, path: str, value: Any) -> bytes:
        """A registry or table of a library: by its content where that is short and plain, else by what is the user's.

        Libraries fill their tables as they go, which must not make a miss; the library itself counts in any case.
        """
        if len(value) > _LONGEST_TABLE or path.rpartition(".")[2].startswith("__"):
            self._note(path, value)
            return type(value).__qualname__.encode()
        self._watch.members(value)
        items = list(value.items() if type(value) is dict else enumerate(value))
        if len(items) <= _SHORT_TABLE and all(type(key) in SCALARS and type(item) in SCALARS for key, item in items):
            return self._encode(path, value)
        self._note(path, value)
        self._follow(path, value)
        pieces = [type(value).__qualname__.encode()]
        for key, item in items:
            if type(item) not in SCALARS and type(item) not in CONTAINERS and self._is_foreign(item):
                label = f"replaced {path}[{key!r}]" if type(key) in SCALARS and type(value) is dict else f"in {path}"
                pieces += [self._encode(label, key), self._reference(label, item, lambda item=item: item)]  # type: ignore[misc]
        return digest_of(pieces)

    # Live objects of libraries.

    def _visit_set_up(self, name: str, bound: Bound | None, live: list[object]) -> None:
        """Count what the user's code gave to the live objects in a value: statements, settings, callbacks.

        Statements that bind a module's name say it best: they are the same in every process, however the object moves.
        """
        for value in live:
            for thing in self._handles.code_inside(value):
                self.refer(thing)
            if is_opaque(type(value)):
                self._follow(name, value)
        label = name.partition(" ")[2]
        pieces: list[bytes] = []
        if bound is not None and bound in self._said:
            return
        is_said = bound is not None and self._say(bound, pieces)
        if pieces:
            self._parts.add(f"statements {label}", Part(digest_of(pieces)))
        is_made_of_class = name.startswith("attribute ") and bound is not None and bound.name.startswith("_")
        if not is_said and not is_made_of_class:  # what a metaclass keeps, it makes of the class's body
            settings = [settings_of(value, self._is_users) for value in live[:_MOST_SET_UP]]
            self._parts.add(f"settings {label}", Part(digest(settings)))

    def _say(self, bound: Bound, pieces: list[bytes]) -> bool:
        """Collect what modules say of a name; tells whether that is all."""
        if bound in self._said:
            return True
        self._said.add(bound)
        said = said_of(bound)
        if said is None:
            return False
        self._statements.append((None, said))
        pieces.append(said.digest)
        is_said = said.annotated
        space = vars(sys.modules[bound.module])
        home = home_of_module(bound.module)
        for read in said.reads or ():
            if read.kind.startswith("written"):
                continue
            if read.kind != "import":
                pieces += [repr(read).encode("utf-8", "surrogatepass"), self._resolve(space, home, read)]
                continue
            other = imported_from(bound, read)
            if other is not None and self._origin_of_name(other.module).kind == "user":
                is_said = self._say(other, pieces) and is_said
        return is_said

    # Imports inside functions.

    def _resolve_import(self, space: dict[str, Any], read: Read) -> bytes:
        module, *rest = read.chain
        if read.level:
            package = str(space.get("__package__") or str(space.get("__name__", "")).rpartition(".")[0])
            base = package.split(".")
            base = base[: len(base) - read.level + 1]
            module = ".".join([*base, module] if module else base)
        return self._resolve_module(module, rest)

    def _resolve_named(self, space: dict[str, Any], module: str, name: str) -> bytes:
        """A module that code asks for by a name that stands in a global, such as ``sys.modules[__name__]``."""
        self._computes_names |= name == COMPUTED
        named = self._names_in(space).get(name)
        own = sys.modules.get(module)
        if name == "__name__" and own is not None and vars(own) is space:
            return self.refer(own)
        if name in PLACES or type(named) is not str or not named.strip("."):
            return b""
        level = len(named) - len(named.lstrip("."))
        return self._resolve_import(space, Read("import", (named[level:],), level))

    def _resolve_module(self, name: str, rest: list[str]) -> bytes:
        """A module that code imports when it runs counts alike whether it is loaded already or not."""
        # `import a.b` and `from a import b` alike may name a submodule: take as much of the chain as is one.
        while rest and is_module(f"{name}.{rest[0]}"):
            name, rest = f"{name}.{rest[0]}", rest[1:]
        origin = self._origin_of_name(name)
        if origin.kind != "user":
            return self._refer_to_imported(origin, name, rest)
        walk = self._importing or self
        walk.count_file(name)
        if name in sys.modules:
            walk.live_walk().follow_import(name, rest)
        else:
            walk.watch_unloaded(name)
        return name_digest(".".join([name, *rest]))

    def _count_named(self) -> bool:
        """Count what code may import by a name that it computes; tells whether there was anything new."""
        if not self._computes_names:
            return False
        from ..modules.named import named_by

        names, scripts = named_by(list(self._reached.values()), self._values.values())
        for name, filename in scripts:
            if filename not in self._unloaded:
                self._unloaded.add(filename)
                names |= self._count_script(name, filename)
        new = names - self._named_modules
        self._named_modules |= new
        for name in sorted(new):
            self._resolve_module(name, [])
        return bool(new)

    def _count_script(self, name: str, filename: str) -> set[str]:
        from ..modules.imports import are_unchanged, read_file

        script = read_file(name.removesuffix(".py"), filename)
        if script is None:
            return set()
        self._parts.add(f"imported {name}", Part(script.digest))
        files = [(filename, script.stamp)]
        self._watch.question(lambda: are_unchanged(files))
        return {module for module in script.imports if self._origin_of_name(module).kind == "user"}

    def count_file(self, name: str) -> None:
        """Count the file of a user's module, and those that it imports; each once for all that imports it."""
        modules, origins = self._static_modules().add(name)
        for other, module in modules.items():
            said = b"absent" if module is None else module.documented if self._documented else module.digest
            self._parts.add(f"imported {other}", Part(said))
            self._looks_found |= module.looks if module is not None else frozenset()
            if module is not None and other not in sys.modules:
                self._reached[f"imported {other}"] = module.filename
        for other, origin in origins.items():
            self._refer_to_installed(origin, other)

    def _static_modules(self) -> StaticModules:
        if self._static is None:
            from ..modules.imports import StaticModules

            self._static = StaticModules()
        return self._static

    def watch_unloaded(self, name: str) -> None:
        """Expect a module to stay unloaded, and the files that it would be loaded from to stay as they are."""
        if name in self._unloaded:
            return
        self._unloaded.add(name)
        files = self._static_modules().note_unloaded(name)
        from ..modules.imports import are_unchanged

        self._watch.question(lambda: name not in sys.modules and are_unchanged(files))

    def live_walk(self) -> Names:
        """Return the one walk over all that is loaded of the modules that code imports when it runs."""
        if self._live is None:
            self._live = type(self)(self._scope, self, looks=self._looks, before=self._before)
        live: Names = self._live
        return live

    def follow_import(self, name: str, rest: list[str]) -> None:
        """Go on from what code takes from a loaded module when it runs."""
        if (name, *rest) in self._followed:
            return
        self._followed.add((name, *rest))
        module = sys.modules[name]
        target = attribute(module, rest)
        self._watch.question(lambda: sys.modules.get(name) is module and attribute(module, rest) is target)
        if target is None:
            return
        if len(rest) == 1 and self._resolve_lazy_import(vars(module), rest[0], target, []) is not None:
            return
        part = f"global {home_of_module(name)}.{'.'.join(rest)}"
        bound = Bound(name, tuple(rest[:-1]), rest[-1]) if rest else None
        self._reference(part, target, lambda: attribute(module, rest), bound)

    def _count_differences(self) -> None:
        """Count what of the modules that code imports when it runs is not as their files say, once they are loaded.

        What is not loaded counts by its file alone, and so must what is loaded: the same call is the same before and
        after the import.
        """
        walk = self._live
        if walk is None:
            return
        live = walk.finish()
        self._watch.question(live.holds)
        self._looks_found |= live.looks
        self._reached |= {part: thing for part, thing in live.reached.items() if part not in self._reached}
        self._sources += live.sources
        for name in walk.not_in_files(self._static_modules()):
            self._parts.add(f"loaded {name}", live.parts[name])

    def not_in_files(self, static: StaticModules) -> list[str]:
        """Name the parts of what is loaded that the files do not say: code of others, values that they compute.

        What was seen to be loaded from a file counts as what the file says, as long as it stays what it was at first.
        """
        found = []
        for name, part in self._parts.found().items():
            kind, _, rest = name.partition(" ")
            if kind == "replaced":
                found.append(name)
            elif kind == "global":
                if name in self._handle_parts:
                    continue  # the file makes it, and says with what
                module, variable = self._constants.get(name, ("", ""))
                is_as_first_seen = static.is_as_first_seen(module, name, part.digest)
                literal = static.literal(module, variable)
                if literal is not None and xxh3_128_digest(self._encode("", literal[0])) == part.digest:
                    continue
                if not is_as_first_seen:
                    found.append(name)
            else:
                function = rest if kind == "function" else rest.rpartition(".")[0] if kind in _OF_A_FUNCTION else ""
                if function in self._made:
                    module, filename = self._made[function]
                    is_as_first_seen = static.is_as_first_seen(module, name, part.digest)
                    if not (is_as_first_seen or static.has_file(filename)):
                        found.append(name)
        return found

    def _refer_to_imported(self, origin: Origin, name: str, rest: list[str]) -> bytes:
        """Installed code that is imported when it is needed counts by its name, unless somebody put another there."""
        pieces = [self._refer_to_installed(origin, ".".join([name, *rest]))]
        module = sys.modules.get(name)
        value = attribute(module, rest) if module is not None else None
        if module is None:
            self._watch.question(lambda: name not in sys.modules)
            return digest_of(pieces)
        self._watch.question(lambda: sys.modules.get(name) is module and attribute(module, rest) is value)
        self._count_additions(name)
        if self._is_foreign(value):
            pieces.append(self._reference(f"replaced {name}.{'.'.join(rest)}", value, lambda: attribute(module, rest)))
        return digest_of(pieces)
