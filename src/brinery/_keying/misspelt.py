"""Names in options that name nothing: a way out that is misspelt would be none, and nobody would know."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from .._light import NamedTuple
from .distributions import installed_names
from .fingerprint import Scope
from .home import MAIN, home_of_main
from .origin import find_file
from .parsed import syntax_tree


class Misspelt(NamedTuple):
    """A name that names nothing.

    Attributes:
        option: "ignore" or "follow".
        name: in full, such as ``module.NAME``.
        reason: why it names nothing, as the end of a sentence.
        known: what might have been meant.
    """

    option: str
    name: str
    reason: str
    known: tuple[str, ...]


def misspelt(scope: Scope) -> Iterator[Misspelt]:
    """Find the names in ``ignore`` and ``follow`` that nothing goes by; to be asked once a module has been loaded.

    A name that is there and merely not reached is none of them.
    """
    for name in sorted(scope.ignore):
        module, _, variable = name.rpartition(".")
        names = _names_of(module)
        if names is None:
            yield Misspelt("ignore", name, f"there is no module {module}", tuple(sys.modules))
        elif variable not in names:
            yield Misspelt("ignore", name, f"the module {module} has no global {variable}", tuple(names))
    for name in sorted(scope.follow.packages):
        known = {other.lower() for other in installed_names()}
        known |= {other.partition(".")[0].lower() for other in sys.modules}
        if name not in known and not _is_importable(name):
            reason = f"no package or module {name} is installed"
            yield Misspelt("follow", name, reason, tuple(sorted(other for other in known if other[:1] != "_")))


def _names_of(module: str) -> frozenset[str] | None:
    """Return the global names of a module, loaded or not; None where there is no such module."""
    loaded = sys.modules.get(module) or (sys.modules.get(MAIN) if module == home_of_main() else None)
    if loaded is not None:
        names = frozenset(vars(loaded))
        return names | _names_in_file(getattr(loaded, "__file__", None))
    filename = find_file(module)
    return None if filename is None else _names_in_file(filename)


def _names_in_file(filename: object) -> frozenset[str]:
    """Return the names that a file's text binds anywhere: what it binds later, or for a while, is not misspelt."""
    import ast

    tree = syntax_tree(filename) if isinstance(filename, str) and filename.endswith(".py") else None
    if tree is None:
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Global):
            found.update(node.names)
    return frozenset(found)


def _is_importable(name: str) -> bool:
    from importlib.machinery import PathFinder

    try:
        return PathFinder.find_spec(name) is not None
    except (ImportError, ValueError, OSError, AttributeError):
        return False
