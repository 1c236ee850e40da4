"""Which serializer the option ``serializer=`` means, where it is not simply pickle."""

from __future__ import annotations

from ..errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .serializers import Serializer

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
        from .serializers import Json

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
