"""Serializers other than pickle: exact JSON, and the user's own; which one an option means."""

from __future__ import annotations

from ..._light import Protocol
from ...errors import OptionError
from .unstorable import Unstorable, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_BUILT_IN = ("pickle", "cloudpickle", "json")


def checked(serializer: str | object) -> Serializer | None:
    """Check the option; None where pickle does the work."""
    known = ", ".join(map(repr, _BUILT_IN))
    if isinstance(serializer, str):
        if serializer not in _BUILT_IN:
            from difflib import get_close_matches

            near = get_close_matches(serializer.lower(), _BUILT_IN, 1, 0)
            raise OptionError(f"unknown serializer {serializer!r}: did you mean {near[0]!r}? There are {known}")
        if serializer == "cloudpickle" and not _is_installed("cloudpickle"):
            raise OptionError("serializer='cloudpickle' needs cloudpickle: pip install brinery[cloudpickle]")
        if serializer != "json":
            return None

        return Json()
    name = getattr(serializer, "name", None)
    dumps, loads = getattr(serializer, "dumps", None), getattr(serializer, "loads", None)
    if not isinstance(name, str) or not callable(dumps) or not callable(loads):
        raise OptionError(
            f"serializer must be one of {known}, or an object with a name (str), dumps and loads, "
            f"not {type(serializer).__qualname__}"
        )
    if not name or name in _BUILT_IN:
        raise OptionError(f"a serializer of your own needs a name of its own, not {name!r}")
    return serializer  # type: ignore[return-value]  # it has what a Serializer has


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


class Serializer(Protocol):
    """What a user may give as ``serializer=``."""

    name: str

    def dumps(self, obj: Any, /) -> bytes: ...

    def loads(self, data: bytes, /) -> Any: ...


class Json:
    """JSON of what comes back from JSON exactly as it was; anything else is refused with the path to it."""

    name = "json"

    def dumps(self, result: Any) -> bytes:
        import json

        _check_exact(result)
        try:
            return json.dumps(result, ensure_ascii=False, check_circular=False, separators=(",", ":")).encode()
        except (RecursionError, ValueError) as error:
            # Too deep, or an integer with more digits than Python turns into text.
            raise Unstorable(str(error) or type(error).__name__) from None

    def loads(self, data: bytes) -> Any:
        import json

        return json.loads(data)


_EXACT = frozenset({bool, int, float, type(None)})


def _check_exact(result: object) -> None:
    """Raise Unstorable unless JSON gives back exactly this."""
    parents: set[int] = set()
    # Each with the steps that lead to it, as (steps to its parent, step), to be put into words only if need be.
    waiting: list[tuple[Any, Any, bool]] = [((), result, False)]
    while waiting:
        steps, value, left = waiting.pop()
        kind = type(value)
        if kind is str:
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                raise Unstorable("half a surrogate pair has no place in JSON", _path(steps))
        elif left:
            parents.remove(id(value))
        elif id(value) in parents:
            raise Unstorable("it contains itself", _path(steps))
        elif kind is list or kind is dict:
            parents.add(id(value))
            waiting.append((steps, value, True))
            if kind is dict:
                _check_keys(value, steps)
            children = enumerate(value) if kind is list else value.items()
            waiting += [((steps, step), child, False) for step, child in children if type(child) not in _EXACT]
        elif kind not in _EXACT:
            raise Unstorable(f"JSON does not give back {kind.__qualname__} as it was", _path(steps))


def _check_keys(value: dict[Any, object], steps: Any) -> None:
    for key in value:
        if type(key) is not str or (not key.isascii() and any("\ud800" <= character <= "\udfff" for character in key)):
            raise Unstorable(f"JSON does not give back the key {shown(key)} as it was", _path(steps))


def _path(steps: Any) -> str:
    words = []
    while steps:
        steps, step = steps
        words.append(f"[{shown(step)}]")
    return "result" + "".join(reversed(words))
