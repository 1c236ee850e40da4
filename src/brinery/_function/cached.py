"""A decorated function as people hold it: a function, with questions and orders beside the call."""

from __future__ import annotations

import sys

from .._keying.values.digest import register_digest
from .._light import NamedTuple, P, R, overload
from ..errors import CachingOffError, StoreError
from .call import ComputedOnce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor
    from typing import Any, Concatenate, ParamSpec, TypeVar

    from .._cache import Cache
    from .._explain.adoption import Adoption
    from .._explain.explanation import Explanation
    from .._keying.code.carried import Carried
    from .._options import FunctionOptions

    Q = ParamSpec("Q")
    S = TypeVar("S")


class CacheInfo(NamedTuple):
    """What a decorated function did in this process, and what it has in the store.

    Attributes:
        hits: calls answered from the store.
        misses: calls computed.
        maxsize: the cache's limit of entries, None if there is none.
        currsize: entries of this function in the store now.
        seconds_saved: what computing the hits had taken, in seconds.
    """

    hits: int
    misses: int
    maxsize: int | None
    currsize: int
    seconds_saved: float

    def _repr_html_(self) -> str:
        """Show the counts in a notebook, as HTML."""
        from .._display.html import of_calls

        return of_calls(self)


class _Annotations:
    """The function's own annotations, evaluated when somebody asks for them; a class of annotated parts has others."""

    def __get__(self, cached: CachedFunction[..., Any] | None, _: type) -> dict[str, Any]:
        return {} if cached is None else cached.__wrapped__.__annotations__


class CachedFunction(ComputedOnce[P, R]):
    """A function whose results are kept; called as the function itself is.

    Made by decorating with a `Cache`. Everything beside the call takes the call's own arguments:

    >>> from brinery import Cache
    >>> memory = Cache("results")
    >>> @memory
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4), double.is_cached(4), double.is_cached(5)
    (8, True, False)
    """

    __slots__ = ()

    if sys.version_info >= (3, 14):  # before, they are copied when the function is decorated
        __annotations__ = _Annotations()

    # Questions and orders, with the call's own arguments.

    def key(self, /, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the call's key: 32 hex digits that name its entry.

        Raises:
            UnkeyableError: an argument has no lasting identity.
            RuntimeError: caching is switched off, or impossible just now, so there is no key.
        """
        call = self._asked(args, kwargs)
        if call is None:
            raise CachingOffError(f"nothing is cached for {self._home} just now, so its calls have no key")
        return call.key

    def is_cached(self, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Say whether a call would be answered from the store; changes no byte of it."""
        call = self._asked(args, kwargs)
        return call is not None and self._folder is not None and self._folder.contains(call.key, self._ttl)

    def forget(self, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Remove one call's result from the store; say whether there was one.

        Raises:
            StoreError: it cannot be removed.
        """
        call = self._asked(args, kwargs)
        return call is not None and self._folder is not None and self._folder.remove(call.key)

    def refresh(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Compute a call again, store the result in place of an earlier one, and return it."""
        call = self._keyed(args, kwargs)
        if call is None:
            self._count_unkeyed()
            return self.__wrapped__(*args, **kwargs)
        return self._refresh(call)

    def map(
        self,
        *iterables: Iterable[Any],
        executor: Executor | None = None,
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[R]:
        """Call for each item of an iterable, or of several side by side, as `concurrent.futures.Executor.map` does.

        The results come in the order of the calls. With an executor the calls are looked up first, 10,000 at a time,
        what is missing is handed to it at once, each call only once, and the rest is read here. Without one, each call
        is made when its result is asked for. On a terminal a bar shows how far it has come.

        Where the function is not the same in a process of the executor, as a global was set only here, the calls are
        computed here, and a `WorkerWarning` names what differs.

        Args:
            *iterables: the arguments, one iterable for each; the shortest ends it.
            executor: a `concurrent.futures.Executor`, or anything with its `submit`; a process finds the function by
                its name, as always.
            timeout: seconds after which a result that is still being computed raises `TimeoutError`.
            chunksize: how many calls to send to a process at a time.

        Raises:
            TypeError: the function is a coroutine function or a generator.

        >>> from concurrent.futures import ThreadPoolExecutor
        >>> from brinery import Cache
        >>> memory = Cache("results")
        >>> @memory
        ... def square(x):
        ...     return x * x
        >>> with ThreadPoolExecutor() as executor:
        ...     list(square.map(range(5), executor=executor))
        [0, 1, 4, 9, 16]
        """
        from .map import map_calls

        return map_calls(self, iterables, executor, timeout=timeout, chunksize=chunksize)

    def explain(self, /, *args: P.args, **kwargs: P.kwargs) -> Explanation:
        """Say whether a call hits or misses and why, against the most similar stored entry; changes no byte.

        Raises:
            UnkeyableError: an argument has no lasting identity.
            StoreError: the store cannot be looked at.

        >>> from brinery import Cache
        >>> memory = Cache("results")
        >>> @memory
        ... def half(x):
        ...     return x / 2
        >>> print(half.explain(3))
        brinery._function.cached.half: miss
          never called before: there is no result of this function
        """
        try:
            return self._explain(self._asked(args, kwargs))
        except OSError as error:
            raise StoreError(f"{self._home} cannot be explained just now: {error.strerror or error}") from error

    def adopt(self, *, dry_run: bool = False, quiet: bool = False) -> Adoption:
        """Keep the results of this function's former code, for an edit that cannot have changed them.

        You vouch for that: a print, a rename, a faster way to the same numbers. What changed is shown on stderr, and
        then the results of the code before this one are signed again under the present one. Results whose arguments
        carry code that changed as well are left alone: those of a method, for one, unless it ignores `self`.

        Args:
            dry_run: only return what would be adopted.
            quiet: do not show what changed.

        Raises:
            StoreError: the store cannot be read.
            AdoptionError: an option changed that decides how results are kept, such as the serializer.

        >>> from brinery import Cache
        >>> memory = Cache("results")
        >>> @memory
        ... def triple(x):
        ...     return 3 * x
        >>> triple.adopt().entries
        0
        """
        try:
            return self._adopt(dry_run=dry_run, show=None if quiet or dry_run else _show_adoption)
        except OSError as error:
            raise StoreError(f"results of {self._home} cannot be adopted now: {error.strerror or error}") from error

    def cache_info(self) -> CacheInfo:
        """Return hits, misses, maxsize, currsize and seconds saved, as `functools.lru_cache` does and more."""
        hits, misses, saved = self._tally.since_reset()
        if self._folder is None:
            self._renew()
        size = 0 if self._folder is None else self._folder.count()

        return CacheInfo(hits, misses, self._cache.max_entries, size, saved)

    def cache_clear(self) -> None:
        """Remove every result of this function from the store, and begin to count from nothing."""
        self._cache.clear(self._home)
        self._tally.reset()

    def cache_parameters(self) -> dict[str, object]:
        """Return the options in force, by name."""
        return {"maxsize": self._cache.max_entries, "typed": True, **self._options._asdict()}

    # Being a function.

    @overload
    def __get__(self, instance: None, owner: type | None = None, /) -> CachedFunction[P, R]: ...
    @overload
    def __get__(
        self: CachedFunction[Concatenate[S, Q], R], instance: S, owner: type | None = None, /
    ) -> CachedFunction[Q, R]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        if instance is None:
            return self
        from .bound import BoundCachedFunction  # most functions are no methods

        return BoundCachedFunction(self, instance)

    def __repr__(self) -> str:
        return f"<cached {self._home} in {str(self._cache.path)!r}>"

    def __copy__(self) -> CachedFunction[P, R]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> CachedFunction[P, R]:
        """Copy as functions are copied: not at all, unless it is bound to something, or an object, that is copied."""
        from copy import deepcopy

        wrapped = deepcopy(self.__wrapped__, memo)
        if wrapped is self.__wrapped__:
            return self
        if id(self) not in memo:  # it may be part of what it is bound to
            memo[id(self)] = made = type(self)(wrapped, self._cache, self._options, self._home)
            vars(made).update(
                deepcopy({name: value for name, value in vars(self).items() if name not in vars(made)}, memo)
            )
        return memo[id(self)]  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle by name where that name finds this object again, else as cache, options and function.

        cloudpickle sends what is at home in ``__main__`` by value, as it does with plain functions, because a worker
        has another ``__main__``.
        """
        module, name = self.__module__, self._called
        if _find(module, name) is self and not (module == "__main__" and _is_called_by_cloudpickle()):
            return name
        state = self._state or (self._renew() if self._cache.path is not None else None)
        carried = state.code.carried if state is not None else None
        return _restore, (type(self), self._cache, self._options, self.__wrapped__, self._home, carried)


def _show_adoption(adoption: Adoption) -> None:
    sys.stderr.write(f"{adoption}\n")


def _find(module: str, qualname: str) -> object:
    found: object = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _is_called_by_cloudpickle() -> bool:
    frame = sys._getframe(2)
    return "cloudpickle" in str(frame.f_globals.get("__name__", ""))


def _restore(
    kind: type[CachedFunction[Any, Any]],
    cache: Cache,
    options: FunctionOptions,
    function: Callable[..., Any],
    home: str,
    carried: Carried | None,
) -> CachedFunction[Any, Any]:
    """Make a decorated function again in another process, which may not have its source."""
    if carried is not None:
        from .._keying.code.carried import carry

        carry(carried)
    return kind(function, cache, options, home)


def _standing_for(cached: CachedFunction[Any, Any]) -> object:
    """What of a decorated function counts where it is reached or passed: what it wraps, says and carries."""
    own = {name: value for name, value in vars(cached).items() if not name.startswith("__")}
    return cached.__wrapped__, cached._options.version, cached._options.depends_on, own


register_digest(CachedFunction, _standing_for)
