"""A step of a program: a function that is called once, where it stands, with what it prints kept beside its result."""

from __future__ import annotations

import sys
import time

from .._keying.arguments import parameters
from .._light import Any, NamedTuple, R
from .._units import format_time
from ..errors import OptionError
from .cached import CachedFunction
from .captured_output import Heard, heard, write_again

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .._cache import Cache
    from .._options import FunctionOptions
    from ..errors import BrineryWarning

_DEFERRED = 0x80 | 0x100 | 0x200 | 0x20  # coroutines and generators, as `inspect` has it


class Told(NamedTuple):
    """What a step returned, and what it wrote: the name of a stream and a text, in order."""

    result: Any
    written: tuple[tuple[str, str], ...]


class Step(CachedFunction[[], R]):
    """A function without arguments of which also counts what it writes."""

    __slots__ = ()

    _decorator = "@cache.step"

    def __init__(self, function: Callable[[], R], cache: Cache, options: FunctionOptions) -> None:
        super().__init__(function, cache, options)
        self._parts_of_options["kind"] = "step"

    def take(self) -> R:
        """Run the step, or give what it gave and write what it wrote."""
        call = self._keyed((), {})
        if call is None:
            self._count_unkeyed()
            return self.__wrapped__()
        found = self._look_up(call.key)
        if found is None:
            with self._claimed(call.key) as claim:
                found = self._wait_for(claim, call.key)
                if found is None:
                    self._begin(call)
                    written = Heard()
                    with heard(written):
                        result = self.__wrapped__()
                    seconds = time.perf_counter() - call.began
                    self._keep(claim, call, Told(result, tuple(written.pieces())), seconds)
                    return result
        told, saved = found
        for name, text in told.written:
            write_again(name, text)
        if sys.stderr is not None:
            sys.stderr.write(f"{self.__name__}: reused, {format_time(saved)} saved\n")
        return told.result  # type: ignore[no-any-return]

    def _warn(self, category: type[BrineryWarning], message: str, *, cause: str) -> None:
        super()._warn(category, message.replace("result.result", "result"), cause=cause)


def check_step(function: Any) -> None:
    """Raise the TypeError that says why something is no step, if it is none."""
    name = getattr(function, "__qualname__", repr(function))
    if not callable(function) or isinstance(function, type) or not hasattr(function, "__code__"):
        raise OptionError(f"a step is a function without arguments, and {name} is none")
    if isinstance(function, CachedFunction):
        raise OptionError(f"{name} is cached already: call it, or make a step of the function that it decorates")
    if function.__code__.co_flags & _DEFERRED:
        raise OptionError(f"{name} does not return its result when it is called, so it cannot be a step")
    required = [item.name for item in parameters(function) if item.kind in (0, 1, 3) and not item.has_default]
    if required:
        raise OptionError(
            f"a step is called without arguments, and {name} wants {required[0]}: decorate it with the cache"
        )
