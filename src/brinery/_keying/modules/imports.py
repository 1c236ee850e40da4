"""Modules that code imports when it runs: counted by their files, without importing them.

Keying never imports. A module that is not loaded counts by the normalised text of its file and of the user's modules
that this text imports. Loaded later it must count the same, so the text counts then too, as long as what is alive
provably is what the file says: functions that compile from it, constants that are its literals, or a module that was
seen to be loaded from it. That is told part by part: what of a loaded module does not agree with its file counts by
itself, beside the file.
"""

from __future__ import annotations

import os
import sys

from xxhash import xxh3_128_digest

from ..._light import NamedTuple
from ..source.reads import looks_of
from .origin import Origin, find_file, origin_of_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

Stamp = tuple[int, int, int, int] | None


class StaticModule(NamedTuple):
    """What a file says without being run; ``documented`` is with its docstrings and annotations."""

    filename: str
    stamp: Stamp
    digest: bytes
    documented: bytes
    looks: frozenset[str]
    imports: tuple[str, ...]
    literals: dict[str, object]


class StaticModules:
    """The user's files that code imports when it runs, at any depth, and the origins of all else that they import.

    For one walk over what a function reaches: each module is looked at once, however many import it.
    """

    __slots__ = ("_filenames", "_unloaded", "modules", "origins")

    def __init__(self) -> None:
        self.modules: dict[str, StaticModule | None] = {}
        self.origins: dict[str, Origin] = {}
        self._filenames: set[str] = set()
        self._unloaded: set[str] = set()

    def add(self, name: str) -> tuple[dict[str, StaticModule | None], dict[str, Origin]]:
        """Read a user's module, and those of the user's that it imports; return what is new."""
        modules: dict[str, StaticModule | None] = {}
        origins: dict[str, Origin] = {}
        pending = [name]
        while pending:
            current = pending.pop()
            if current in self.modules or current in self.origins:
                continue
            origin = origin_of_module(current)
            if origin.kind != "user" and current != name:
                origins[current] = self.origins[current] = origin
                continue
            found = modules[current] = self.modules[current] = _read(current)
            if found is not None:
                self._filenames.add(found.filename)
            pending += _imported_by(current, found)
        return modules, origins

    def note_unloaded(self, name: str) -> list[tuple[str, Stamp]]:
        """Remember with which files a module was seen before it was loaded; return the files that are new among them.

        The module was added before.
        """
        files = []
        pending = [name]
        while pending:
            current = pending.pop()
            if current in self._unloaded or current not in self.modules:
                continue
            self._unloaded.add(current)
            found = self.modules[current]
            if found is not None:
                if current not in sys.modules:
                    _seen_unloaded[current] = found.digest
                files.append((found.filename, found.stamp))
            pending += _imported_by(current, found)
        return files

    def has_file(self, filename: str) -> bool:
        """Whether a file is that of one of the modules."""
        return filename in self._filenames

    def literal(self, module: str, name: str) -> tuple[object] | None:
        """Return the literal, in a tuple, that a name of a module is bound to by its file; None if there is none."""
        found = self.modules.get(module)
        return (found.literals[name],) if found is not None and name in found.literals else None

    def is_as_first_seen(self, module: str, part: str, digest: bytes) -> bool:
        """Whether a part of a loaded module is as it was first seen, after the file that is there was seen unloaded."""
        found = self.modules.get(module)
        if found is None or _seen_unloaded.get(module) != found.digest:
            return False
        return _loaded_as.setdefault((module, found.digest, part), digest) == digest


def _imported_by(name: str, module: StaticModule | None) -> tuple[str, ...]:
    """List what importing a module imports: what its file does, and the package that it is in."""
    package = (name.rpartition(".")[0],) if "." in name else ()
    return package if module is None else module.imports + package


_by_file: dict[str, StaticModule] = {}
_loaded_as: dict[tuple[str, bytes, str], bytes] = {}
_seen_unloaded: dict[str, bytes] = {}


def are_unchanged(files: list[tuple[str, Stamp]]) -> bool:
    """Whether every file is as it was when it was read."""
    return all(_stamp(filename) == stamp for filename, stamp in files)


def _stamp(filename: str) -> Stamp:
    try:
        status = os.stat(_archive_of(filename) or filename)
    except OSError:
        return None
    # All of these, as an edit may leave the size and the time of the last change as they were.
    return status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino


def _archive_of(filename: str) -> str | None:
    """Return the archive that a module lies in, such as ``lib.zip`` for ``lib.zip/helper.py``."""
    if os.path.exists(filename):
        return None
    above = os.path.dirname(filename)
    while above and not os.path.exists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    return above if os.path.isfile(above) else None


def _content(filename: str) -> bytes | None:
    archive = _archive_of(filename)
    try:
        if archive is None:
            with open(filename, "rb") as handle:
                return handle.read()
        from zipfile import BadZipFile, ZipFile

        try:
            with ZipFile(archive) as opened:
                return opened.read(os.path.relpath(filename, archive).replace(os.sep, "/"))
        except (BadZipFile, KeyError):
            return None
    except OSError:
        return None


def _read(name: str) -> StaticModule | None:
    module = sys.modules.get(name)
    filename = getattr(module, "__file__", None) if module is not None else find_file(name)
    return read_file(name, filename) if isinstance(filename, str) else None


def read_file(name: str, filename: str) -> StaticModule | None:
    """Read a file that is run as a module of some name; None if there is none."""
    stamp = _stamp(filename)
    known = _by_file.get(filename)
    if known is not None and known.stamp == stamp:
        return known
    import ast

    from ..source.normalised import normalise

    text = _content(filename)
    if text is None:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        found = StaticModule(
            filename, stamp, xxh3_128_digest(text), xxh3_128_digest(text), frozenset(), (), {}
        )  # an extension module: by its bytes
    else:
        plain, documented = (_text_digest(normalise(tree, annotated=annotated)) for annotated in (False, True))
        package = name if os.path.basename(filename) == "__init__.py" else name.rpartition(".")[0]
        found = StaticModule(
            filename, stamp, plain, documented, _looks(tree), tuple(_imports(tree, package)), _literals(tree)
        )
    _by_file[filename] = found
    return found


def _text_digest(text: str) -> bytes:
    return xxh3_128_digest(text.encode("utf-8", "surrogatepass"))


def _looks(tree: ast.Module) -> frozenset[str]:
    import ast

    found = []
    for node in ast.walk(tree):
        name = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "value", None)
        found += [name] if isinstance(name, str) else []
    return looks_of(found)


def _imports(tree: ast.Module, package: str) -> list[str]:
    """List the modules that a text imports; a name taken from a package may be a module too."""
    import ast

    from ..source.bytecode import IMPORTERS
    from .named import modules_named_by

    found: dict[str, None] = {}
    names_used: set[str] = set()
    for node in ast.walk(tree):
        names_used.add(getattr(node, "attr", None) or getattr(node, "id", None) or "")
        if isinstance(node, ast.Import):
            found |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            found[module] = None
            for alias in node.names:
                child = f"{module}.{alias.name}"
                if origin_of_module(module).kind == "user" and (child in sys.modules or find_file(child) is not None):
                    found[child] = None
    if not names_used.isdisjoint(IMPORTERS):
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str]
        found |= dict.fromkeys(sorted(modules_named_by(texts, {package})))
    found.pop("", None)
    return list(found)


def _literals(tree: ast.Module) -> dict[str, object]:
    """Return the names that a text binds exactly once, at its top level, to a literal."""
    import ast

    bound: dict[str, list[ast.expr | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound.setdefault(node.id, []).append(None)
    literals: dict[str, object] = {}
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or len(targets) != 1 or value is None:
            continue
        target = targets[0]
        if isinstance(target, ast.Name) and len(bound.get(target.id, ())) == 1:
            try:
                literals[target.id] = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
    return literals
