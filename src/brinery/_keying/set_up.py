"""What the text of a user's module says of a name that leads to a live object, and how far that is known."""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from .._light import NamedTuple
from .file_state import file_state
from .known_sources import source_by_state
from .loaded import state_as_loaded
from .source import Read, Source

_NOTHING = b"\0" * 16  # stands for the digest of a text in which the name is bound nowhere


class Bound(NamedTuple):
    """Where the user's code binds a name: a module, the path to a class or function in it, and the name.

    Of a parameter (``is_default``), the path leads to its function.
    """

    module: str
    scope: tuple[str, ...]
    name: str
    is_default: bool = False


def said_of(bound: Bound) -> Source | None:
    """Return what the text says of a name, `Source.annotated` telling whether it says all.

    None where the name is bound nowhere in it, or the file may no longer be what was loaded.
    """
    loaded = state_as_loaded(bound.module)
    if loaded is None:
        return None
    filename, state = loaded

    def read() -> Source | None:
        from .parsed import syntax_tree

        tree = syntax_tree(filename)
        if tree is None or file_state(filename) != state:
            return None
        from .statements import statements_about

        found = statements_about(tree, bound.scope, bound.name, is_default=bound.is_default)
        if found is None:
            return Source(_NOTHING, annotated=False, reads=())
        digest = xxh3_128_digest(found.text.encode("utf-8", "surrogatepass"))
        return Source(digest, found.is_complete, found.reads + found.imports)

    said = source_by_state((filename, *bound[1:]), state, read)
    return None if said is None or said.digest == _NOTHING else said


def imported_from(bound: Bound, read: Read) -> Bound | None:
    """Return where a name is bound that a module imports; None where that is not to be found."""
    module, name = read.chain
    if read.level:
        package = str(vars(sys.modules[bound.module]).get("__package__") or "").split(".")
        base = package[: len(package) - read.level + 1]
        module = ".".join([*base, module] if module else base)
    loaded = sys.modules.get(module)
    return Bound(module, (), name) if loaded is not None and name in vars(loaded) else None
