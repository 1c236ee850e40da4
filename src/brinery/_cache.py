"""Cache: options checked once, decorating, upkeep."""

from __future__ import annotations

import os
import sys

from . import _interpreter  # noqa: F401  a child of fork is looked after from here on
from ._contents import Tended
from ._light import overload
from ._options import (
    DEFAULT_PLACE,
    FunctionOptions,
    as_joblib_options,
    checked_entries,
    checked_eviction,
    checked_location,
    checked_secret,
    checked_verbose,
    default_location,
    split_options,
    wants_summary,
    warn_of_second_store,
    working_folder,
)
from ._units import parse_size, parse_time
from ._warnings import warn
from .errors import OptionError, PlatformWarning, SecretError, SecretWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path
    from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

    from ._function.cached import CachedFunction
    from ._store.directory import Directory
    from ._store.disk.records import EntryRecord
    from ._store.store import Store

    P = ParamSpec("P")
    R = TypeVar("R")
    Time: TypeAlias = str | float | timedelta

    class Decorator(Protocol):
        """What `Cache.__call__` returns when it is given options and no function."""

        def __call__(self, function: Callable[P, R], /) -> CachedFunction[P, R]: ...

    class StepDecorator(Protocol):
        """What `Cache.step` returns when it is given options and no function."""

        def __call__(self, function: Callable[[], R], /) -> R: ...


_CACHE_OPTIONS = ("max_size", "max_entries", "eviction", "half_life", "secret", "verbose")
_OPTIONS_OF_NAMES = ("ignore", "may_change")
_DEFAULT_SIZE = 10_000_000_000  # 10GB
_DEFAULT_HALF_LIFE = 604_800  # 7d


class Cache(Tended):
    """A cache of function results on disk; the object itself is the decorator.

    Args:
        location: the folder of the store. Left out: ``BRINERY_DIR``, else the user's cache folder. None: nothing is
            cached, every call computes. In a folder that holds somebody else's files the store keeps to
            ``<location>/.brinery/``.
        max_size: bytes on disk to keep to, as a number or text such as ``"10GB"``; None for no limit.
        max_entries: the number of entries to keep to; None for no limit.
        eviction: what goes first when there is no room: ``"value"`` (keeps what saves most computing time per byte),
            ``"lru"``, ``"lfu"``, ``"fifo"``, ``"largest"``, or a function of an entry's numbers; the lowest goes first.
        half_life: seconds, or text such as ``"7d"``, after which a use counts half (for ``"value"``).
        secret: at least 32 bytes that sign the entries, to share a store between machines. Left out:
            ``BRINERY_SECRET``, else a secret of this user's own, made when first something is stored.
        verbose: tell of every hit, miss, store and eviction by the logger ``brinery``, on stderr.
        **options: defaults for the functions decorated, each of which a function may override:
            ``ttl, version, ignore, may_change, key, depends_on, follow, serializer, compress, mmap,
            trust_unchanged, record_values, strict``.

    Raises:
        TypeError: an option does not exist or is of a wrong kind; the message names the nearest real one.
        ValueError: an option's value makes no sense.
        SecretError: the secret given is too short.

    >>> from brinery import Cache
    >>> memory = Cache("results", max_size="1GB")
    >>> @memory(ttl="7d", ignore=["verbose"])
    ... def area(radius: float, verbose: bool = False) -> float:
    ...     return 3.14 * radius**2
    >>> area(2.0) == area(2.0, verbose=True)
    True
    """

    @overload
    def __init__(
        self,
        location: str | os.PathLike[str] = ...,
        *,
        max_size: str | float | None = ...,
        max_entries: int | None = ...,
        eviction: Literal["value", "lru", "lfu", "fifo", "largest"] | Callable[[EntryRecord], float] = ...,
        half_life: Time = ...,
        secret: str | bytes | None = ...,
        verbose: bool = ...,
        ttl: Time | None = ...,
        version: str | float | None = ...,
        ignore: list[str] | tuple[str, ...] = ...,
        may_change: list[str] | tuple[str, ...] = ...,
        key: Callable[..., object] | None = ...,
        depends_on: list[object] | tuple[object, ...] = ...,
        follow: Literal["user", "own", "version"] | list[str] = ...,
        serializer: object = ...,
        compress: bool = ...,
        mmap: bool = ...,
        trust_unchanged: bool = ...,
        record_values: bool = ...,
        strict: bool = ...,
    ) -> None: ...
    @overload
    def __init__(self, location: None) -> None: ...
    def __init__(self, location: Any = DEFAULT_PLACE, **options: Any) -> None:
        # First, so that no error about another option finds it among the variables.
        self._secret = checked_secret(options.pop("secret", None))
        self._secret_id: bytes | None = None  # of the secret that another process has, from which this cache came
        function_options = split_options(options, _CACHE_OPTIONS)
        self._location = checked_location(location)
        self._began_in = working_folder()
        self._is_off = location is None
        size = options.get("max_size", _DEFAULT_SIZE)
        self.max_size: int | None = None if size is None else parse_size(size, "max_size")
        self.max_entries: int | None = checked_entries(options.get("max_entries"))
        self._eviction = checked_eviction(options.get("eviction", "value"))
        self._half_life = parse_time(options.get("half_life", _DEFAULT_HALF_LIFE), "half_life")
        self._verbose = checked_verbose(options.get("verbose", False))
        self._options = FunctionOptions().updated(function_options)
        self._given = options
        self._store: Store | None = None
        self._directory: Directory | None = None
        self._opened_first: dict[str, Any] = {}

    # Decorating.

    @overload
    def __call__(self, function: Callable[P, R], /) -> CachedFunction[P, R]: ...
    @overload
    def __call__(
        self,
        /,
        *,
        ttl: Time | None = ...,
        version: str | float | None = ...,
        ignore: list[str] | tuple[str, ...] = ...,
        may_change: list[str] | tuple[str, ...] = ...,
        key: Callable[..., object] | None = ...,
        depends_on: list[object] | tuple[object, ...] = ...,
        follow: Literal["user", "own", "version"] | list[str] = ...,
        serializer: object = ...,
        compress: bool = ...,
        mmap: bool = ...,
        trust_unchanged: bool = ...,
        record_values: bool = ...,
        strict: bool = ...,
    ) -> Decorator: ...
    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate a function, or make a decorator with options of its own.

        Raises:
            TypeError: it is no function, its signature cannot be read, or an option or an ignored parameter does not
                exist.
            ValueError: an option's value makes no sense.
        """
        for name in options:
            if name in _CACHE_OPTIONS:
                raise OptionError(f"{name!r} is an option of the cache and not of a function: Cache(..., {name}=...)")
        merged = self._options.updated(split_options(options, ()))
        usual = [name for name in _OPTIONS_OF_NAMES if name not in options and getattr(merged, name)]
        decorate = self._decorator_naming(merged, usual)
        return decorate if function is None else decorate(function)

    @overload
    def cache(
        self, function: Callable[P, R], /, ignore: list[str] | tuple[str, ...] | None = ..., **options: Any
    ) -> CachedFunction[P, R]: ...
    @overload
    def cache(self, /, *, ignore: list[str] | tuple[str, ...] | None = ..., **options: Any) -> Decorator: ...
    def cache(self, function: Any = None, /, ignore: Any = None, **options: Any) -> Any:
        """Decorate as the ``cache`` of joblib's ``Memory`` does, for libraries that are given such a memory.

        As there, the function may change its arguments: the key is taken before it runs. So ``Pipeline(memory=...)`` of
        scikit-learn, which fits a transformer in place and returns it, takes the fitted one from the store.

        Args:
            function: what to decorate. Left out: a decorator is made.
            ignore: the parameters to leave out of the key.
            **options: those of a decorated function. joblib's ``mmap_mode="c"`` is ``mmap=True``.

        Raises:
            TypeError: as `Cache.__call__` does.
            ValueError: as `Cache.__call__` does.

        >>> from brinery import Cache
        >>> memory = Cache("results")
        >>> def fit(numbers):
        ...     numbers.sort()
        ...     return numbers[0], numbers[-1]
        >>> memory.cache(fit)([3, 1, 2])
        (1, 3)
        """
        given = as_joblib_options(options) | ({} if ignore is None else {"ignore": ignore})

        def decorate(function: Any) -> Any:
            from ._keying.arguments import parameters

            if callable(function) and not isinstance(function, type):
                names = [parameter.name for parameter in parameters(function)]
                return self(**{"may_change": names, **given})(function)
            return self(**given)(function)

        return decorate if function is None else decorate(function)

    def _decorator_naming(self, options: FunctionOptions, usual: list[str]) -> Callable[[Any], Any]:
        """Decorate; of the names that are the cache's defaults for some options, with those that a function has."""
        if not usual:
            return lambda function: self._decorate(function, options)
        from ._keying.arguments import parameters
        from ._keying.code.reach import enclosing_names

        def decorate(function: Any) -> Any:
            inner = getattr(function, "__func__", function)
            names = {parameter.name for parameter in parameters(inner)} if callable(inner) else set()
            names.update(enclosing_names(inner))
            kept: dict[str, Any] = {
                option: tuple(name for name in getattr(options, option) if "." in name or name in names)
                for option in usual
            }
            return self._decorate(function, options._replace(**kept))

        return decorate

    def _decorate(self, function: Any, options: FunctionOptions) -> Any:
        if isinstance(function, staticmethod):
            return staticmethod(self._decorate(function.__func__, options))
        if isinstance(function, classmethod):
            from ._function.bound import CachedClassMethod

            return CachedClassMethod(self._decorate(function.__func__, options))
        if isinstance(function, property):
            raise OptionError("cannot cache a property: put @property above the cache's decorator")
        if isinstance(function, type):
            raise OptionError(
                f"cannot cache the class {function.__qualname__}: decorate its methods, or a function that makes it"
            )
        if not callable(function):
            raise OptionError(f"cannot cache {function!r}: it is no function; options go by name, such as ttl='7d'")
        from ._function.kinds import make_cached  # a program that decorates nothing does without

        return make_cached(function, self, options)

    @overload
    def step(self, function: Callable[[], R], /) -> R: ...
    @overload
    def step(
        self,
        /,
        *,
        ttl: Time | None = ...,
        version: str | float | None = ...,
        ignore: list[str] | tuple[str, ...] = ...,
        may_change: list[str] | tuple[str, ...] = ...,
        depends_on: list[object] | tuple[object, ...] = ...,
        follow: Literal["user", "own", "version"] | list[str] = ...,
        serializer: object = ...,
        compress: bool = ...,
        mmap: bool = ...,
        trust_unchanged: bool = ...,
        record_values: bool = ...,
        strict: bool = ...,
    ) -> StepDecorator: ...
    def step(self, function: Any = None, /, **options: Any) -> Any:
        """Call a function without arguments at once, as a step of a program, and return its result.

        Written above a function, it makes the function's name stand for the result. The step is computed once for its
        code and everything that it reads; what it writes to stdout and stderr is kept as well. When it is reused, that
        is written again, and one line on stderr tells the time that was saved. Python can skip the body of a function,
        and of nothing else: that is why a step is one.

        Args:
            function: what to call.
            **options: those of a decorated function.

        Raises:
            TypeError: it is no function, wants arguments, or does not return its result (a coroutine function, a
                generator); or an option does not exist.
            ValueError: an option's value makes no sense.

        >>> from brinery import Cache
        >>> memory = Cache("results")
        >>> @memory.step
        ... def squares() -> list[int]:
        ...     print("computing")
        ...     return [number**2 for number in range(4)]
        computing
        >>> squares
        [0, 1, 4, 9]
        """
        from ._function.step import Step, check_step

        merged = self._options.updated({"ignore": (), "may_change": (), "key": None, **split_options(options, ())})

        def take(function: Any) -> Any:
            check_step(function)
            return Step(function, self, merged).take()

        return take if function is None else take(function)

    # The place.

    @property
    def path(self) -> Path | None:
        """The folder of the store, absolute; None if nothing is cached. Asking changes nothing."""
        location = self.location
        if location is None:
            return None
        from pathlib import Path

        return Path(location)

    @property
    def location(self) -> str | None:
        """The folder of the store as text, under the name that scikit-learn asks for; None if nothing is cached."""
        return None if self._is_off else self._store_here().root

    def _store_here(self) -> Store:
        store = self._store
        if store is None:
            from ._store.store import Store, policy

            made = Store(
                self._location or default_location(self._began_in),
                max_size=self.max_size,
                max_entries=self.max_entries,
                policy=policy(self._eviction, self._half_life),
                half_life=self._half_life,
                secret=self._secret,
                secret_id=self._secret_id,
                strict=self._options.strict,
            )
            # One for all threads, whichever comes first. No lock: a forked child could inherit it in nobody's hands.
            store = self._store = self._opened_first.setdefault("store", made)
            if wants_summary() and store is made:
                from ._explain.session import show_at_exit

                show_at_exit(self._directory_here())
        return store

    def _directory_here(self) -> Directory:
        directory = self._directory
        if directory is None:
            from ._store.directory import Directory  # calls ask nothing of the whole

            directory = self._opened_first.setdefault("directory", Directory.of(self._store_here()))
            self._directory = directory
        return directory

    def _store_in_use(self) -> Store | None:
        """The store for a call; None, said once, where there can be none."""
        if self._is_off:
            return None
        if sys.platform == "win32":
            message = "brinery does not store anything on Windows yet; every call computes"
            warn(PlatformWarning, message, cause="platform", strict=self._options.strict)
            self._is_off = True
            return None
        store = self._store_here()
        try:
            store.keyring  # noqa: B018  looked up now, so that what is wrong with it is said once and here
        except SecretError as error:
            message = f"nothing is stored and every call computes: {error.args[0]}"
            warn(SecretWarning, message, cause="secret", store=store.location, strict=self._options.strict)
            return None
        owner = store.beside_whose()
        if owner is not None:
            warn_of_second_store(store.location, store.root, owner, strict=self._options.strict)
        return store

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        try:
            return f"Cache({None if self._is_off else str(self.path)!r})"
        except Exception:  # there is no home to put a store in, or an option was wrong
            return "Cache(...)"

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        """What a notebook shows of the cache: its place, what it holds, and what that saved. Changes no byte."""
        try:
            from ._explain.tables import overview

            found = overview(self)
            return {"text/plain": found.plain(), "text/html": found.html()}
        except Exception:  # a look at the cache is never in the way either
            return {"text/plain": repr(self)}

    # A cache is one place, however often it is copied; its secret stays in this process.

    def __copy__(self) -> Cache:
        return self

    def __deepcopy__(self, memo: object) -> Cache:
        return self

    def __reduce__(self) -> Any:
        own = {name: value for name, value in vars(self).items() if name not in _ATTRIBUTES} or None
        kind = type(self)
        if self._is_off:
            return _cache_off, ((kind,) if kind is not Cache else ()), own
        at = self._location, self._given
        named = self._secret_id
        if self._secret is not None:
            from ._store.signing.signer import remember

            named = remember(self._secret)
        return _cache_at, ((*at, kind, named) if kind is not Cache or named is not None else at), own


_ATTRIBUTES = frozenset(vars(Cache(None)))  # those of a subclass are others


def _cache_at(
    location: str | None, options: dict[str, Any], kind: type[Cache] = Cache, secret_id: bytes | None = None
) -> Cache:
    made = kind.__new__(kind)
    Cache.__init__(made, *(() if location is None else (location,)), **options)
    made._secret_id = secret_id
    return made


def _cache_off(kind: type[Cache] = Cache) -> Cache:
    made = kind.__new__(kind)
    Cache.__init__(made, None)
    return made
