"""The user's code that an object of a library leads to: found by the garbage collector's list of what refers to what.

For objects that are not taken apart, or only by a library's own word: what pickles by a name or by a reducer, what has
no lasting identity, what a library digests itself. None of their code runs, and what they say of themselves is not
asked for.
"""

from __future__ import annotations

from gc import get_referents
from types import FrameType, TracebackType

from ..._light import BuiltinFunctionType, CodeType, FunctionType, ModuleType, NamedTuple
from ..code.live import is_class
from ..modules.origin import origin_of_file, origin_of_module
from ..values.plain import SCALARS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MOST = 10_000  # objects that are looked at; a step further from where we began is taken whole, or not at all
_LEADING_ELSEWHERE = {*SCALARS, BuiltinFunctionType, CodeType, FrameType, TracebackType}


def is_users(code: Any) -> bool:
    """Whether a function or class is the user's: of a function its file tells, not its name."""
    if type(code) is not FunctionType:
        return type(code.__module__) is str and origin_of_module(code.__module__).kind == "user"
    filename = code.__code__.co_filename
    if filename.startswith("<") and not filename.startswith("<frozen "):
        return origin_of_module(str(code.__globals__.get("__name__"))).kind == "user"
    return origin_of_file(filename).kind == "user"


class Held(NamedTuple):
    """A function or class, and the object that refers to it."""

    holder: object
    code: object


def held_code(
    value: object, is_ours: Callable[[Any], bool], seen: dict[int, object], *, steps: int | None = None
) -> list[Held]:
    """Find the user's functions and classes that an object leads to at any depth, its own class included.

    What these lead to in turn is theirs to tell. Of a library's functions only what they close over, their defaults and
    attributes are followed; its modules and classes are not, as they lead to everything. ``seen`` holds what was looked
    at before, by id, and is added to: so that any number of objects cost no more than all that they lead to.
    """
    found: list[Held] = []
    nearest = [value]
    while nearest and len(seen) <= _MOST and steps != 0:
        steps = None if steps is None else steps - 1
        further = []
        for holder in nearest:
            for item in _inside(holder):
                kind = type(item)
                if kind in _LEADING_ELSEWHERE or id(item) in seen or issubclass(kind, ModuleType):
                    continue
                seen[id(item)] = item
                if kind is FunctionType or is_class(item):
                    if is_ours(item):
                        found.append(Held(holder, item))
                    elif kind is FunctionType:
                        further.append(item)
                else:
                    further.append(item)
        nearest = further
    return found


def is_held(held: Held) -> bool:
    """Whether an object still refers to the code that was found through it."""
    return any(item is held.code for item in _inside(held.holder))


def _inside(holder: object) -> list[object]:
    if _is_brinerys(holder):  # it holds what it knows of the user's code, and what listens to a stream as a cell runs
        wrapped = getattr(holder, "__wrapped__", None)
        return [] if wrapped is None else [wrapped]
    items = get_referents(holder)
    if type(holder) is not FunctionType:
        return items
    builtins = getattr(holder, "__builtins__", None)
    return [item for item in items if item is not holder.__globals__ and item is not builtins]


def _is_brinerys(holder: Any) -> bool:
    kind = type(holder)
    module = holder.__globals__.get("__name__") if kind is FunctionType else kind.__module__
    return type(module) is str and module.partition(".")[0] == "brinery"
