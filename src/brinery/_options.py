"""The options of a cache and of a function: what each may be, checked once, and what to say of anything else."""

from __future__ import annotations

import os
import sys

from ._keying.code.fingerprint import Follow
from ._light import NamedTuple
from ._units import parse_time
from ._warnings import logger, warn
from .errors import OptionError, SecretError, StoreWarning

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
    from ._store.results.loading import Loader

    Loader(value, module="", home_module="")
    return value


def _check_bool(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise OptionError(f"{name} must be True or False, not {value!r}")


def _check_compress(name: str, value: Any) -> bool:
    if _check_bool(name, value):
        from ._store.results.loading import Loader

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


DEFAULT_PLACE: Any = object()
_POLICIES = ("value", "lru", "lfu", "fifo", "largest")


def default_location(folder: str) -> str:
    """Return the place of a store that was given none: ``BRINERY_DIR`` from a folder, else the user's cache folder."""
    given = os.environ.get("BRINERY_DIR")
    if given:
        return os.path.normpath(os.path.join(folder, os.path.expanduser(given)))
    from ._folders import user_folder

    return os.path.abspath(user_folder("cache"))


def working_folder() -> str:
    """Return the current folder, or the root where it was removed."""
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return os.sep


def warn_of_second_store(location: str, root: str, owner: int, *, strict: bool) -> None:
    """Say that a folder is another user's store, so that the two share nothing, whatever their secrets are."""
    import pwd  # hardly any program comes here

    def name(user: int) -> str:
        try:
            return pwd.getpwuid(user).pw_name
        except KeyError:
            return f"user-{user}"

    own = os.path.join(location, name(os.geteuid()))
    warn(
        StoreWarning,
        f"{location} holds a store that only {name(owner)} can read, so what is computed here is kept in {root}; users "
        f"share no store, not even with one secret: give each a place of his own, such as Cache({own!r})",
        cause="second store",
        store=location,
        strict=strict,
    )


def wants_summary() -> bool:
    """Whether ``BRINERY_SUMMARY`` asks to be told at the end what the program did with its stores."""
    return os.environ.get("BRINERY_SUMMARY", "") not in ("", "0")


def checked_location(location: Any) -> str | None:
    """Return an absolute path; None for the default place, and for no store."""
    if location is DEFAULT_PLACE or location is None:
        return None
    if callable(location):
        raise OptionError("Cache(...) takes a folder; to decorate a function write @Cache() or @brinery.cache")
    try:
        path = os.fsdecode(location)
    except TypeError:
        raise OptionError(
            f"the location must be a path, or None for no caching, not {type(location).__name__}"
        ) from None
    if not path or "\0" in path:
        raise OptionError(f"the location {path!r} is not a path; leave it out for the user's cache folder")
    return os.path.abspath(os.path.expanduser(path))


def as_joblib_options(given: dict[str, Any]) -> dict[str, Any]:
    """Take over what can be said to the ``cache`` of joblib's ``Memory``; its ways of saying nothing are accepted."""
    options = dict(given)
    mode = options.pop("mmap_mode", None)
    if mode == "c":
        options["mmap"] = True
    elif mode:
        raise OptionError(
            f"mmap_mode must be None or 'c', not {mode!r}: what is mapped is a copy of this process's own"
        )
    if options.pop("verbose", None):
        raise OptionError("verbose is an option of the cache and not of a function: Cache(..., verbose=True)")
    if options.pop("cache_validation_callback", None) is not None:
        raise OptionError("cache_validation_callback is not supported: write ttl='7d' for results that expire")
    return options


def checked_entries(value: object) -> int | None:
    """Return a number of entries, or None for no limit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise OptionError(f"max_entries must be a whole number or None, not {value!r}")
    if value < 1:
        raise OptionError(f"max_entries={value} must be at least 1; Cache(None) caches nothing")
    return value


def checked_eviction(value: object) -> Any:
    """Return the name of a policy, or a function of an entry."""
    if isinstance(value, str):
        if value not in _POLICIES:
            near = nearest(value, _POLICIES)
            hint = (
                f"did you mean {near!r}?"
                if near
                else f"there are {', '.join(map(repr, _POLICIES))}, or a function of an entry"
            )
            raise OptionError(f"eviction={value!r} is not known; {hint}")
        return value
    if callable(value):
        return value
    raise OptionError(f"eviction must be the name of a policy or a function of an entry, not {type(value).__name__}")


def checked_secret(value: object) -> str | bytes | None:
    """Return a secret that is long enough; no error shows it."""
    if value is None:
        return None
    if not isinstance(value, (str, bytes)):
        kind = type(value).__name__
        del value
        raise OptionError(f"secret must be text or bytes, not {kind}")
    from ._store.signing.signer import remember

    try:
        remember(value)
    except SecretError:
        del value  # what collects an error's variables must not find it
        raise
    return value


def checked_verbose(value: object) -> bool:
    """Return whether to tell of every call, and if so see that the logger is heard."""
    global _level_is_ours
    if not isinstance(value, bool):
        raise OptionError(f"verbose must be True or False, not {value!r}")
    if value and not any(getattr(handler, "brinery", False) for handler in logger.handlers):
        from ._telling import add_handler

        add_handler()
        if not _level_of_logger():
            logger.setLevel(_INFO)
            _level_is_ours = True
    return value


def is_told(*, verbose: bool) -> bool:
    """Whether calls are told of: by a cache that was asked to, or where the program gave the logger such a level."""
    return verbose or (not _level_is_ours and 0 < _level_of_logger() <= _INFO)


def _level_of_logger() -> int:
    """The logger's own level, 0 if nobody gave it one: most programs never import what would be needed for that."""
    return int(logger.level) if "logging" in sys.modules else 0


_INFO = 20  # as `logging` has it
_level_is_ours = False
