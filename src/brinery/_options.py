"""Options, checked once: what a user may say of a cache and of a function."""

from __future__ import annotations

import os

from ._keying.scope import Follow
from ._light import NamedTuple
from ._units import parse_time
from .errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

_FOLLOW_MODES = ("user", "own", "version")


class FunctionOptions(NamedTuple):
    """The options of one decorated function."""

    ttl: float | None = None
    version: str | None = None
    ignore: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    key: Callable[..., object] | None = None
    depends_on: tuple[object, ...] = ()
    follow: Follow = Follow()
    serializer: Any = "pickle"
    compress: bool = False
    mmap: bool = False
    trust_unchanged: bool = False
    record_values: bool = True
    strict: bool = False

    def updated(self, given: Mapping[str, object]) -> FunctionOptions:
        """Return these options with some of them replaced.

        Raises:
            TypeError: an option does not exist, or its value is of a wrong kind.
            ValueError: a value is of the right kind and makes no sense.
        """
        if not given:
            return self
        return self._replace(**{name: _CHECKS[name](name, value) for name, value in given.items()})


def split_options(given: Mapping[str, object], cache_options: tuple[str, ...]) -> dict[str, object]:
    """Check that every option exists and return those of a function."""
    known = (*cache_options, *FunctionOptions._fields)
    for name in given:
        if name not in known:
            unknown_option(name, known)
    return {name: value for name, value in given.items() if name in FunctionOptions._fields}


def unknown_option(name: str, known: tuple[str, ...]) -> NoReturn:
    """Raise the TypeError that names the nearest real option."""
    near = nearest(name, known)
    raise OptionError(
        f"unknown option {name!r}; " + (f"did you mean {near!r}?" if near else f"there are {', '.join(known)}")
    )


def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known word that is most like a given one, if any is."""
    from difflib import get_close_matches

    spelt = {word.lower(): word for word in known}
    return spelt.get(next(iter(get_close_matches(name.lower(), spelt, 1, 0.5)), ""))


def _check_ttl(name: str, value: Any) -> float | None:
    return None if value is None else parse_time(value, name)


def _check_version(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise OptionError(f"{name} must be text or a number, not {type(value).__name__}")


def _check_names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise OptionError(f"{name} must be a list of names: write {name}=[{value!r}]")
    try:
        names = tuple(value)
    except TypeError:
        raise OptionError(f"{name} must be a list of names, not {type(value).__name__}") from None
    for item in names:
        if not isinstance(item, str):
            raise OptionError(f"{name} must hold names as text, not {type(item).__name__}")
    return names


def _check_callable(name: str, value: object) -> Callable[..., object] | None:
    if value is None or callable(value):
        return value
    raise OptionError(f"{name} must be a function of the call's arguments, not {type(value).__name__}")


def _check_depends_on(name: str, value: Any) -> tuple[object, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(value)
    raise OptionError(f"{name} must be a list: write {name}=[...]")


def _check_follow(name: str, value: Any) -> Follow:
    if isinstance(value, Follow):
        return value
    if isinstance(value, str):
        if value not in _FOLLOW_MODES:
            near = nearest(value, _FOLLOW_MODES)
            raise OptionError(
                f"{name}={value!r} is not known; "
                + (
                    f"did you mean {near!r}?"
                    if near
                    else f"there are {', '.join(map(repr, _FOLLOW_MODES))}, or a list of packages"
                )
            )
        return Follow(value)
    packages = _check_names(name, value)
    return Follow("user", frozenset(package.lower().replace("-", "_") for package in packages))


def _check_serializer(_name: str, value: Any) -> Any:
    from ._store.loading import Loader

    Loader(value, module="", home_module="")
    return value


def _check_bool(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise OptionError(f"{name} must be True or False, not {value!r}")


def _check_compress(name: str, value: Any) -> bool:
    if _check_bool(name, value):
        from ._store.loading import Loader

        Loader("pickle", module="", home_module="", compress=True)
    return bool(value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "ttl": _check_ttl,
    "version": _check_version,
    "ignore": _check_names,
    "may_change": _check_names,
    "key": _check_callable,
    "depends_on": _check_depends_on,
    "follow": _check_follow,
    "serializer": _check_serializer,
    "compress": _check_compress,
    "mmap": _check_bool,
    "trust_unchanged": _check_bool,
    "record_values": _check_bool,
    "strict": _check_bool,
}

# `os.environ` itself encodes and decodes at every look; the mapping behind it costs 40 ns. It lives in the same object,
# so changes made through `os.environ` are seen.
ENVIRONMENT: Any = getattr(os.environ, "_data", os.environ)
DISABLE: Any = b"BRINERY_DISABLE" if ENVIRONMENT is not os.environ else "BRINERY_DISABLE"


def is_disabled() -> bool:
    """Whether ``BRINERY_DISABLE`` switches caching off just now."""
    value = ENVIRONMENT.get(DISABLE)
    return value is not None and value not in (b"", b"0", "", "0")
