"""Map a cached function over many arguments: read what is stored, compute what is missing, in an executor if given."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import length_hint

from .._display.progress import Progress
from .._light import NamedTuple
from ..errors import OptionError, WorkerWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from typing import Any

    from .cached import CachedFunction
    from .keyer import State

_BATCH = 10_000  # calls that are looked up and handed on together; the next ones when the first of these is asked for


def map_calls(
    function: CachedFunction[Any, Any],
    iterables: Sequence[Iterable[Any]],
    executor: Executor | None,
    *,
    timeout: float | None,
    chunksize: int,
) -> Iterator[Any]:
    """Hand what is missing to the executor now; the results come in the order of the calls."""
    calls: Iterator[tuple[Any, ...]] = zip(*iterables, strict=False)
    length = _length(iterables)
    if executor is None:  # one after the other as they are asked for, without end if the arguments have none
        return _in_order(function, ((args, None) for args in calls), length)
    mapping = _Mapping(function, executor, timeout, chunksize)
    first = mapping.hand_on(calls)
    return mapping.results(first, calls, length if length is not None or len(first) == _BATCH else len(first))


def _length(iterables: Sequence[Iterable[Any]]) -> int | None:
    """How many calls there are, if the iterables tell; they need not."""
    lengths = [length_hint(iterable, -1) for iterable in iterables]
    return None if -1 in lengths else min(lengths, default=0)


class _Turn(NamedTuple):
    """The place of a call among those that were handed to an executor together."""

    chunk: _Chunk
    position: int


class _Raised(NamedTuple):
    """What a call raised, in the place of its result."""

    error: Exception


class _Chunk:
    """Calls that one task of an executor makes."""

    __slots__ = ("calls", "future", "results")

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.future: Future[Any] | None = None
        self.results: list[Any] | None = None


class _Mapping:
    """What one `map` hands to its executor, batch by batch."""

    def __init__(
        self, function: CachedFunction[Any, Any], executor: Executor, timeout: float | None, chunksize: int
    ) -> None:
        if chunksize < 1:
            raise OptionError(f"chunksize is {chunksize!r}: give 1 or more calls to each task")
        self._function = function
        self._executor = executor
        self._end = None if timeout is None else time.monotonic() + timeout
        self._chunksize = chunksize
        self._seen: set[str] = set()
        self._waiting: dict[_Chunk, None] = {}
        self._state: State | None = None

    def hand_on(self, calls: Iterator[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], _Turn | None]]:
        """Look up the next calls and submit what is missing; each call comes with its turn, if it has one."""
        batch = list(islice(calls, _BATCH))
        found: list[tuple[tuple[Any, ...], _Turn | None]] = []
        chunk = _Chunk()
        with Progress(f"looking up {self._function._called}", len(batch)) as progress:
            for args in batch:
                progress.advance()
                if not self._is_missing(args):
                    found.append((args, None))
                    continue
                found.append((args, _Turn(chunk, len(chunk.calls))))
                chunk.calls.append(args)
                if len(chunk.calls) == self._chunksize:
                    self._submit(chunk)
                    chunk = _Chunk()
        if chunk.calls:
            self._submit(chunk)
        return found

    def results(
        self,
        batch: list[tuple[tuple[Any, ...], _Turn | None]],
        calls: Iterator[tuple[Any, ...]],
        length: int | None,
    ) -> Iterator[Any]:
        """Yield the results in the order of the calls; what has not begun is cancelled if nobody waits for it."""
        try:
            yield from _in_order(self._function, self._turns(batch, calls), length, self)
        finally:
            for chunk in self._waiting:
                if chunk.future is not None:
                    chunk.future.cancel()

    def _turns(
        self, batch: list[tuple[tuple[Any, ...], _Turn | None]], calls: Iterator[tuple[Any, ...]]
    ) -> Iterator[tuple[tuple[Any, ...], _Turn | None]]:
        while batch:
            following = self.hand_on(calls) if len(batch) == _BATCH else []
            yield from batch
            batch = following

    def _is_missing(self, args: tuple[Any, ...]) -> bool:
        """Whether a call is to be computed, and is no other one's twin."""
        function = self._function
        try:
            call = function._keyed(args, {})
        except Exception:  # the call itself will raise it, in its turn
            return False
        if call is None:  # caching is off, or the function has to say what is wrong with its arguments
            return True
        self._state = call.state
        if call.key in self._seen:
            return False
        self._seen.add(call.key)
        return function._folder is None or not function._folder.contains(call.key, function._ttl)

    def _submit(self, chunk: _Chunk) -> None:
        prefix = self._state.prefix if self._state is not None else None
        chunk.future = self._executor.submit(_compute, self._function, prefix, chunk.calls)
        self._waiting[chunk] = None

    def take(self, turn: _Turn, args: tuple[Any, ...]) -> Any:
        """Wait for the result of a call that was handed to the executor."""
        chunk = turn.chunk
        if chunk.results is None:
            if chunk.future is None:
                return self._function(*args)
            remaining = None if self._end is None else max(0.0, self._end - time.monotonic())
            done = chunk.future.result(remaining)
            del self._waiting[chunk]
            if isinstance(done, dict):
                self._tell_another(done)
            chunk.results = done if isinstance(done, list) else []
        if turn.position >= len(chunk.results):  # the function is another one there
            return self._function(*args)
        result, chunk.results[turn.position] = chunk.results[turn.position], None
        if type(result) is _Raised:
            raise result.error
        return result

    def _tell_another(self, parts: dict[str, str]) -> None:
        """Say that the function is another one where the executor computes."""
        here = self._state.code.parts if self._state is not None else {}
        names = [name for name, part in here.items() if parts.get(name) != part.digest.hex()]
        names += [name for name in parts if name not in here]
        home = self._function._home
        what = ", ".join(sorted(names)[:3]) or "its options"
        self._function._warn(
            WorkerWarning,
            f"{home} is not the same in the executor's processes as here ({what}), so its calls were computed here, "
            "one after the other; set it there as well, with the executor's `initializer`, or pass it as an argument",
            cause=f"worker {home} {what}",
        )


def _compute(
    function: CachedFunction[Any, Any], prefix: bytes | None, calls: list[tuple[Any, ...]]
) -> list[Any] | dict[str, str]:
    """Make calls where an executor computes; if the function is another one there, return of what it consists.

    The results end with what a call raised, unless it is the first one, which raises it here.
    """
    if prefix is not None:
        state = function._present()
        if state.prefix != prefix:
            return {name: part.digest.hex() for name, part in state.code.parts.items()}
    results: list[Any] = []
    for args in calls:
        try:
            results.append(function(*args))
        except Exception as error:
            if not results:
                raise
            return [*results, _Raised(error)]
    return results


def _in_order(
    function: CachedFunction[Any, Any],
    turns: Iterable[tuple[tuple[Any, ...], _Turn | None]],
    length: int | None,
    mapping: _Mapping | None = None,
) -> Iterator[Any]:
    with Progress(function._called, length) as progress:
        for args, turn in turns:
            result = function(*args) if turn is None or mapping is None else mapping.take(turn, args)
            progress.advance()
            yield result
            del result
