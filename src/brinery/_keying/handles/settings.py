"""What live objects of libraries were set to by the user's code, as far as it can be known.

By the text of a module where that says it, else by plain attributes.
"""

from __future__ import annotations

import os
import sys
import time

from xxhash import xxh3_128_digest

from ..._light import FunctionType, ModuleType, NamedTuple
from ..code.live import standard_name
from ..modules.loaded import state_as_loaded
from ..source.known_sources import source_by_state
from ..source.reads import Read, Source, file_state
from ..values.plain import SCALAR_IDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


_DEEPEST = 5
_MOST = 400  # settings that are looked at
_LONGEST = 64  # tables that are looked at, and the texts in them
_A_DAY = 86_400.0


def settings_of(root: object, is_users: Callable[[Any], bool]) -> list[tuple[str, object]]:
    """List the plain attributes of an object of a library and of those that it leads to, by their path."""
    found: list[tuple[str, object]] = []
    seen = {id(root)}
    level: list[tuple[str, str, object]] = [("", "", root)]
    for _ in range(_DEEPEST):
        below: list[tuple[str, str, object]] = []
        for path, _, holder in level:
            for label, name, value in _parts(holder):
                place = f"{path}{label}"
                if id(type(value)) in SCALAR_IDS:
                    if _counts(name, value):
                        found.append((place, value))
                elif isinstance(value, (type, FunctionType)):
                    found.append((place, f"{value.__module__}.{value.__qualname__}"))
                elif id(value) not in seen and not isinstance(value, ModuleType):
                    seen.add(id(value))
                    if standard_name(type(value)) or not is_users(type(value)):
                        below.append((place, name, value))
        level = below
        if len(found) > _MOST:
            break
    return sorted(found[:_MOST], key=lambda item: item[0])


def _parts(holder: Any) -> Iterator[tuple[str, str, object]]:
    """Yield what an object holds: its path, the attribute that it is called by, and the value."""
    kind = type(holder)
    if kind is dict:
        if len(holder) <= _LONGEST:
            yield from ((f"[{key!r}]", key, value) for key, value in list(holder.items()) if type(key) is str)
    elif isinstance(holder, (tuple, list)):
        if len(holder) <= _LONGEST:
            yield from ((f"[{index}]", "item", value) for index, value in enumerate(holder))
    else:
        state = getattr(holder, "__dict__", None)
        if type(state) is dict:
            yield from ((f".{name}", name, value) for name, value in sorted(state.items()) if type(name) is str)


def _counts(name: str, value: object) -> bool:
    if type(value) in (str, bytes):
        return True
    if name.startswith("_") or (type(value) is int and value == os.getpid()):
        return False
    return not (type(value) is float and abs(value - time.time()) < _A_DAY)


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
        from ..source.parsed import syntax_tree

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
