"""Choose the kind of cached function for a callable: plain, coroutine, generator, async generator."""

from __future__ import annotations

from .._light import partial
from .cached import CachedFunction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._cache import Cache
    from .._options import FunctionOptions

# As `inspect` names them, without its 10 ms.
_COROUTINE = 0x80 | 0x100  # CO_COROUTINE, CO_ITERABLE_COROUTINE
_ASYNC_GENERATOR = 0x200
_GENERATOR = 0x20


def make_cached(
    function: Callable[..., Any], cache: Cache, options: FunctionOptions, home: str | None = None
) -> CachedFunction[Any, Any]:
    """Make the kind of cached function that a callable wants."""
    return _kind_of(function)(function, cache, options, home)


def _kind_of(function: Callable[..., Any]) -> type[CachedFunction[Any, Any]]:
    inner = function
    while isinstance(inner, partial):
        inner = inner.func
    inner = getattr(inner, "__func__", inner)
    call = vars(type(inner)).get("__call__")  # of a callable object
    code = getattr(inner, "__code__", None) or getattr(call, "__code__", None)
    flags = getattr(code, "co_flags", 0)
    if not flags & (_COROUTINE | _ASYNC_GENERATOR | _GENERATOR):
        return CachedFunction
    from . import deferred  # most functions do without

    if flags & _COROUTINE:
        return deferred.CachedCoroutineFunction
    return deferred.CachedAsyncGeneratorFunction if flags & _ASYNC_GENERATOR else deferred.CachedGeneratorFunction
