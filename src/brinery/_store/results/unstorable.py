"""Why a result cannot be stored, and the path to what stands in the way."""

from __future__ import annotations

import pickle
import sys
from io import BytesIO

from .left_out import REASON, UsedUp
from .pickling import pickler_to_look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_MOST_STEPS = 1_000_000  # a search longer than this is given up; the reason is known without it
_MOST_LEVELS = 100
_LONGEST_KEY = 80
_LONGEST_PATH = 200
_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray, type(Ellipsis), type(NotImplemented)})


class Unstorable(Exception):
    """A result that cannot be kept.

    Attributes:
        reason: what is the matter.
        path: where, such as ``result["model"].hooks[0]``.
    """

    def __init__(self, reason: str, path: str = "result") -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    @property
    def is_left_out(self) -> bool:
        """Whether it is an attribute that would be lost, in an object that can be pickled."""
        return self.reason == REASON


def explain(result: object, error: BaseException, *, by_cloudpickle: bool) -> Unstorable:
    """Say in words and with a path why pickling `result` ended in `error`."""
    if isinstance(error, UsedUp):
        holder, name = error.args
        reason = "it can be read only once, and pickling the object that has it could read it"
        return Unstorable(reason, path_to(result, lambda value: value is holder) + f".{name}")
    if _is_too_deep(error):
        return Unstorable("it is nested too deeply for pickle")
    reason = in_words(error)
    try:
        return Unstorable(reason, abridged(_locate(result, by_cloudpickle=by_cloudpickle)))
    except Exception:  # what is looked into may be the user's
        return Unstorable(reason)


def in_words(error: BaseException) -> str:
    """Say what an error says, and of which kind it is where that is not pickle's own."""
    try:
        reason = str(error)
    except Exception:  # the exception may be the user's
        reason = ""
    name = type(error).__name__
    if not isinstance(error, (pickle.PicklingError, TypeError)) or not reason:
        return f"{name}: {reason}" if reason else name
    return reason


def path_to(result: object, is_meant: Callable[[object], bool]) -> str:
    """The path to the first thing in a result that is meant; ``result`` itself if it cannot be told."""
    try:
        for path, value in _walk(result):
            if is_meant(value):
                return abridged(path)
    except Exception:  # what is looked into may be the user's
        return "result"
    return "result"


def _locate(result: object, *, by_cloudpickle: bool) -> str:
    """The path to what pickle refuses, as far as it can be told."""
    culprit = _last_pickled(result, by_cloudpickle=by_cloudpickle)
    if not culprit:
        return "result"
    for path, value in _walk(result):
        if value is culprit[0]:
            return path
    # It is nowhere: what pickle asks for is made when it is asked for. So down as far as one thing inside another is
    # refused by itself.
    path, value = "result", result
    for _ in range(_MOST_LEVELS):
        for step, child in _children(value):
            if type(child) not in _ATOMS and _last_pickled(child, by_cloudpickle=by_cloudpickle):
                path, value = path + step, child
                break
        else:
            break
    return path


def _last_pickled(value: object, *, by_cloudpickle: bool) -> list[object]:
    """What pickle was about to pickle when it failed; nothing if it does not."""
    latest: list[object] = [value]

    def watch(seen: object) -> None:
        latest[0] = seen

    try:
        pickler_to_look(BytesIO(), by_cloudpickle=by_cloudpickle, watch=watch).dump(value)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return latest
    return []


def _walk(result: object) -> Iterator[tuple[str, object]]:
    """Everything in a result with the path to it.

    Depth first and without recursion, in the order of pickle, which has been this way and did not get lost.
    """
    seen = {id(result)}
    kept: list[object] = []  # what is looked at is kept alive, so that no id comes twice
    waiting = [("result", result)]
    yield waiting[0]
    for _ in range(_MOST_STEPS):
        if not waiting:
            break
        path, value = waiting.pop()
        kept.append(value)
        children = []
        for step, child in _children(value):
            if type(child) in _ATOMS or id(child) in seen:
                continue
            yield path + step, child
            seen.add(id(child))
            children.append((path + step, child))
        waiting += reversed(children)


def _children(value: object) -> Iterator[tuple[str, object]]:
    """What pickle would go into, each with the step that leads to it."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield f"[{shown(key)}]", child
            yield f" (the key {shown(key)})", key
    elif isinstance(value, (list, tuple)):
        names = getattr(type(value), "_fields", None)
        for index, child in enumerate(value):
            yield (f".{names[index]}" if names and index < len(names) else f"[{index}]"), child
    elif isinstance(value, (set, frozenset)):
        for child in value:
            yield " (an element)", child
    elif isinstance(value, BaseException):
        yield from ((f".args[{index}]", child) for index, child in enumerate(value.args))
        yield from ((f".{name}", getattr(value, name)) for name in ("__cause__", "__context__"))
    else:
        yield from _children_in_cells(value)
    if type(value) in (dict, list, tuple, set, frozenset) or isinstance(value, type):
        return
    yield from _children_by_reduction(value)


def _children_in_cells(value: Any) -> Iterator[tuple[str, object]]:
    """What arrays and frames hold of Python's objects."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype == object:
            for index, child in numpy.ndenumerate(value):
                yield f"[{', '.join(map(str, index))}]", child
    elif pandas is not None and isinstance(value, pandas.DataFrame):
        for column, name in enumerate(value.columns):
            for place, child in _children_in_cells(value.iloc[:, column]):
                yield f"[{shown(name)}]{place}", child
    elif pandas is not None and isinstance(value, pandas.Series) and value.dtype == object:
        for index, child in enumerate(value.array):
            yield f".iloc[{index}]", child


def _children_by_reduction(value: object) -> Iterator[tuple[str, object]]:
    try:
        reduced: Any = value.__reduce_ex__(5)
    except Exception:
        return
    if not isinstance(reduced, tuple):
        return
    arguments, state, items, pairs = (*reduced[1:5], None, None, None, None)[:4]
    # copyreg.__newobj__ and its like: the class itself comes first, and attributes tell better where the others stand.
    named = {id(child): f".{name}" for name, child in _attributes(value)}
    is_pair = isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict)
    parts: Any = state if is_pair else (state,)
    for part in parts:
        if isinstance(part, dict):
            yield from _children_by_name(part)
        elif isinstance(part, (list, tuple)):
            for index, child in enumerate(part):
                yield named.get(id(child), f" (its state)[{index}]"), child
        elif part is not None:
            yield named.get(id(part), " (its state)"), part
    for argument in arguments or ():
        # Of a class that cannot be found, the object is what people look for.
        yield "" if argument is type(value) else named.get(id(argument), " (what it is made of)"), argument
    for index, child in enumerate(items or ()):
        yield f"[{index}]", child
    for key, child in pairs or ():
        yield f"[{shown(key)}]", child


def _children_by_name(state: dict[Any, object]) -> Iterator[tuple[str, object]]:
    for name, child in state.items():
        if name == "__dict__" and isinstance(child, dict):  # as pydantic has it
            yield from _children_by_name(child)
        else:
            yield (f".{name}" if isinstance(name, str) else f"[{shown(name)}]"), child


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    """Attributes that can be had without running the user's code."""
    for kind in type(value).__mro__:
        for name, descriptor in vars(kind).items():
            if type(descriptor).__name__ in ("member_descriptor", "getset_descriptor") and not name.startswith("__"):
                try:
                    yield name, descriptor.__get__(value)
                except Exception:
                    continue


def shown(key: object) -> str:
    """A key as it would be typed, if that runs no user's code; else its type."""
    if type(key) is str and key.isprintable() and "\\" not in key and '"' not in key:
        text = f'"{key}"'
    elif type(key) in (str, int, float, bool, bytes, type(None)):
        text = repr(key)
    else:
        return f"<{type(key).__name__}>"
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}..."


def _is_too_deep(error: BaseException | None) -> bool:
    """Whether recursion ended in this error, or in the one behind it."""
    while error is not None:
        if isinstance(error, RecursionError):
            return True
        error = error.__cause__ or error.__context__
    return False


def abridged(path: str) -> str:
    """Shorten a path that is too long for a message."""
    return path if len(path) <= _LONGEST_PATH else f"{path[: _LONGEST_PATH // 2]}...{path[-_LONGEST_PATH // 3 :]}"
