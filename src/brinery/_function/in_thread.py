"""Run work in a thread while the event loop goes on."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress

from .._light import Any, R

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future


async def beside(work: Callable[[], R], *, to_the_end: bool = False) -> R:
    """Give what `work` gives, or raise what it raises; done here and now where no thread can be had.

    A thread of its own, and not the loop's executor: all threads of that one may be waiting for this very work.

    Args:
        work: called in the context of the caller.
        to_the_end: do not leave before it has ended, even if the task is cancelled.
    """
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # another library's loop
        return work()
    ended: Future[R] = loop.create_future()
    context = contextvars.copy_context()

    def settle(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        if not ended.done():  # as it is if nobody waits any more
            set_outcome(outcome)

    def run() -> None:
        outcome: tuple[Callable[[Any], None], Any]
        try:
            outcome = ended.set_result, context.run(work)
        except BaseException as error:
            outcome = ended.set_exception, _for_a_future(error)
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, *outcome)

    try:
        threading.Thread(target=run, name="brinery beside an event loop").start()
    except RuntimeError:  # no more threads, or the interpreter is going down
        return work()
    if not to_the_end:
        return await ended
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        while not ended.done():
            try:
                await asyncio.wait([ended])
            except asyncio.CancelledError:
                continue
        raise


def _for_a_future(error: BaseException) -> BaseException:
    """A future takes no StopIteration."""
    if isinstance(error, StopIteration):
        made = RuntimeError("the work raised StopIteration")
        made.__cause__ = error
        return made
    return error
