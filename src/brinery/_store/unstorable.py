"""Why a result cannot be stored, and the path to what stands in the way."""

from __future__ import annotations

import pickle
from io import BytesIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MOST_STEPS = 1_000_000  # a search longer than this is given up; the reason is known without it
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


def explain(result: object, error: BaseException) -> Unstorable:
    """Say in words and with a path why pickling `result` ended in `error`."""
    if _is_too_deep(error):
        return Unstorable("it is nested too deeply for pickle")
    try:
        reason = str(error)
    except Exception:  # the exception may be the user's
        reason = ""
    name = type(error).__name__
    if not isinstance(error, (pickle.PicklingError, TypeError)) or not reason:
        reason = f"{name}: {reason}" if reason else name
    try:
        return Unstorable(reason, _abridged(_locate(result)))
    except Exception:  # so may be what is looked into
        return Unstorable(reason)


class _Tracing(pickle.Pickler):
    """Remembers what it was about to pickle when it failed."""

    latest: object = None

    def persistent_id(self, obj: object) -> None:
        self.latest = obj


def _locate(result: object) -> str:
    """The path to what pickle refuses, as far as it can be told."""
    tracing = _Tracing(BytesIO(), protocol=5, buffer_callback=lambda _: None)
    try:
        tracing.dump(result)
    except Exception:
        culprit = tracing.latest
    else:
        return "result"

    # Depth first and without recursion, in the order of pickle, which has been this way and did not get lost.
    seen = {id(result)}
    kept: list[object] = []  # what is looked at is kept alive, so that no id comes twice
    waiting = [("result", result)]
    for _ in range(_MOST_STEPS):
        if not waiting:
            break
        path, value = waiting.pop()
        if value is culprit:
            return path
        kept.append(value)
        children = []
        for step, child in _children(value):
            if child is culprit:
                return path + step
            if type(child) not in _ATOMS and id(child) not in seen:
                seen.add(id(child))
                children.append((path + step, child))
        waiting += reversed(children)
    return "result"


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
    if type(value) in (dict, list, tuple, set, frozenset) or isinstance(value, type):
        return
    yield from _children_by_reduction(value)


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
    states = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    for part in states:
        if isinstance(part, dict):
            for name, child in part.items():
                yield (f".{name}" if isinstance(name, str) else f"[{shown(name)}]"), child
        elif part is not None:
            yield named.get(id(part), " (its state)"), part
    for argument in arguments or ():
        yield named.get(id(argument), " (what it is made of)"), argument
    for index, child in enumerate(items or ()):
        yield f"[{index}]", child
    for key, child in pairs or ():
        yield f"[{shown(key)}]", child


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


def _abridged(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else f"{path[: _LONGEST_PATH // 2]}...{path[-_LONGEST_PATH // 3 :]}"
