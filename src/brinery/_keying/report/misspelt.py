"""Find names in options that name nothing, such as a misspelt `ignore=`, and suggest what was meant."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..._light import ModuleType, NamedTuple
from ..code.fingerprint import Scope
from ..code.home import MAIN, home_of_main
from ..modules.distributions import installed_names
from ..modules.origin import find_file
from ..source.parsed import syntax_tree
from ..values.filled import is_users


class Misspelt(NamedTuple):
    """A name that names nothing.

    Attributes:
        option: "ignore", "may_change" or "follow".
        name: in full, such as ``module.NAME``.
        reason: why it names nothing, as the end of a sentence.
        known: what might have been meant.
    """

    option: str
    name: str
    reason: str
    known: tuple[str, ...]


def misspelt(scope: Scope, may_change: frozenset[str] = frozenset()) -> Iterator[Misspelt]:
    """Find the names in options that nothing goes by; to be asked once a module has been loaded.

    A name that is there and merely not reached is none of them.
    """
    for option, given in (("ignore", scope.ignore), ("may_change", may_change)):
        for name in sorted(given):
            reason, meant = _fault_of(name)
            if reason:
                yield Misspelt(option, name, reason, meant)
    for name in sorted(scope.follow.packages):
        known = {other.lower() for other in installed_names()}
        known |= {other.partition(".")[0].lower() for other in sys.modules}
        if name not in known and not _is_importable(name):
            reason = f"no package or module {name} is installed"
            yield Misspelt("follow", name, reason, tuple(sorted(other for other in known if other[:1] != "_")))


def _fault_of(name: str) -> tuple[str, tuple[str, ...]]:
    """Say why a dotted name names nothing, and what might have been meant; "" where it does."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module, variable, rest = ".".join(parts[:count]), parts[count], parts[count + 1 :]
        names = _names_of(module)
        if names is None:
            continue
        if variable not in names:
            return f"the module {module} has no global {variable}", tuple(names)
        loaded = _loaded(module)
        value = vars(loaded).get(variable) if loaded is not None else None
        is_value = value is not None and not isinstance(value, type) and not hasattr(value, "__code__")
        if is_value and (len(rest) > 1 or (rest and not is_users(type(value)))):
            return f"{module}.{variable} is a value, which can only be named as a whole", (variable,)
        return "", ()
    return f"there is no module {'.'.join(parts[:-1])}", tuple(sys.modules)


def _loaded(module: str) -> ModuleType | None:
    return sys.modules.get(module) or (sys.modules.get(MAIN) if module == home_of_main() else None)


def _names_of(module: str) -> frozenset[str] | None:
    """Return the global names of a module, loaded or not; None where there is no such module."""
    loaded = _loaded(module)
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
