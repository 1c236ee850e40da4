"""Names of a module that are imported when they are first used (PEP 810, Python 3.15), without importing them.

Until then a proxy stands in the module for what it leads to. A key must not depend on whether that has been used, so
such a name counts as an import inside a function does: by its file, whether the module is loaded or not. Once it was
used nothing tells of the proxy; then the statement in the file does, or that it was seen earlier.
"""

from __future__ import annotations

import sys
from gc import get_referents

from ..._light import ModuleType
from .reads import Read, file_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .bytecode import Aliases
    from .reads import FileState

if sys.version_info >= (3, 15):
    from types import LazyImportType

    _PROXY: type | None = LazyImportType
else:
    _PROXY = None
_STATEMENT = rb"^[ \t]*lazy[ \t]+((?:from|import)\b(?:[^\n(\\]|\\\r?\n|\([^)]*\))*)"
_seen: dict[tuple[int, str], tuple[dict[str, Any], Read]] = {}
_of_files: dict[str, tuple[FileState, dict[str, Read]]] = {}


def is_lazy(space: dict[str, Any], name: str, value: object) -> bool:
    """Whether a name is to be imported when it is first used, or was so when it was looked at here."""
    return _PROXY is not None and (type(value) is _PROXY or (id(space), name) in _seen)


def read_lazily(space: dict[str, Any], name: str, value: object) -> Read | None:
    """Return what a name of a module imports lazily; None where it means anything else, perhaps by now."""
    if _PROXY is None:
        return None
    if type(value) is _PROXY:
        found = _target(value)
        if found is not None:
            _seen[id(space), name] = space, found
        return found
    seen = _seen.get((id(space), name))
    read = seen[1] if seen is not None and seen[0] is space else _statements_of(space).get(name)
    return read if read is not None and _is_what_it_leads_to(space, read, value) else None


def _target(proxy: object) -> Read | None:
    """Say what a proxy leads to, by what it consists of: a name, and perhaps the proxy from which that is taken."""
    parts = get_referents(proxy)
    texts = [part for part in parts if type(part) is str]
    outer = next((part for part in parts if type(part) is type(proxy)), None)
    if not texts:
        return None
    if outer is None:
        # `import a.b` binds `a`, and `from a.b import c` goes on from `a.b`.
        name = texts[0] if any(type(part) is tuple for part in parts) else texts[0].partition(".")[0]
        return Read("import", (name,))
    found = _target(outer)
    return None if found is None else found._replace(chain=(*found.chain, texts[-1]))


def _statements_of(space: dict[str, Any]) -> dict[str, Read]:
    """List what the file of a module imports lazily, by the name that it binds."""
    filename = space.get("__file__")
    state = file_state(filename) if type(filename) is str else None
    if type(filename) is not str or state is None:
        return {}
    known = _of_files.get(filename)
    if known is None or known[0] != state:
        try:
            with open(filename, "rb") as handle:
                text = handle.read()
        except OSError:
            return {}
        known = _of_files[filename] = state, _statements_in(text)
    return known[1]


def _statements_in(text: bytes) -> dict[str, Read]:
    found: Aliases = {}
    if b"lazy" not in text:
        return {}
    import re

    from .bytecode import sites
    from .instructions import instructions_in_any_case

    for statement in re.findall(_STATEMENT, text, re.MULTILINE):
        try:
            code = compile(statement.strip(), "<import>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        sites(code, instructions_in_any_case(code), found)
    return {name: reads[-1] for name, reads in found.items()}


def _is_what_it_leads_to(space: dict[str, Any], read: Read, value: object) -> bool:
    """Whether a name still means what its import gave, and nobody has bound it to something else."""
    first, *rest = read.chain
    if read.level:
        package = str(space.get("__package__") or str(space.get("__name__", "")).rpartition(".")[0]).split(".")
        first = ".".join([*package[: len(package) - read.level + 1], *filter(None, [first])])
    found: object = sys.modules.get(first)
    for name in rest:
        first = f"{first}.{name}"
        if not isinstance(found, ModuleType):
            return False
        found = vars(found).get(name, sys.modules.get(first))
    return found is not None and found is value
