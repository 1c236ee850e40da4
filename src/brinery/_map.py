"""Many calls at once: what is stored is read, and only what is missing is computed, by an executor if there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import length_hint

from ._progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Executor
    from typing import Any

    from ._cached_function import CachedFunction


def map_calls(
    function: CachedFunction[Any, Any],
    iterables: Sequence[Iterable[Any]],
    executor: Executor | None,
    *,
    timeout: float | None,
    chunksize: int,
) -> Iterator[Any]:
    """Hand what is missing to the executor now; the results come in the order of the calls."""
    if executor is None:  # one after the other as they are asked for, without end if the arguments have none
        return _in_order(function, zip(*iterables, strict=False), _length(iterables), frozenset(), iter(()))
    calls = list(zip(*iterables, strict=False))
    missing = _missing(function, calls)
    columns = zip(*[calls[position] for position in missing], strict=True)
    computed = executor.map(function, *columns, timeout=timeout, chunksize=chunksize)
    return _in_order(function, calls, len(calls), frozenset(missing), computed)


def _length(iterables: Sequence[Iterable[Any]]) -> int | None:
    """How many calls there are, if the iterables tell; they need not."""
    lengths = [length_hint(iterable, -1) for iterable in iterables]
    return None if -1 in lengths else min(lengths, default=0)


def _missing(function: CachedFunction[Any, Any], calls: list[tuple[Any, ...]]) -> list[int]:
    """The positions of the calls that are to be computed; of those that are equal, the first."""
    missing = []
    seen = set()
    with Progress(f"looking up {function._called}", len(calls)) as progress:
        for position, args in enumerate(calls):
            progress.advance()
            try:
                call = function._keyed(args, {})
            except Exception:  # the call itself will raise it, in its turn
                continue
            if call is None:  # caching is off, or the function has to say what is wrong with its arguments
                missing.append(position)
            elif call.key not in seen:
                seen.add(call.key)
                if function._folder is None or not function._folder.contains(call.key, function._ttl):
                    missing.append(position)
    return missing


def _in_order(
    function: CachedFunction[Any, Any],
    calls: Iterable[tuple[Any, ...]],
    length: int | None,
    missing: frozenset[int],
    computed: Iterator[Any],
) -> Iterator[Any]:
    try:
        with Progress(function._called, length) as progress:
            for position, args in enumerate(calls):
                result = next(computed) if position in missing else function(*args)
                progress.advance()
                yield result
                del result
    finally:
        close = getattr(computed, "close", None)  # cancels what has not begun
        if close is not None:
            close()
