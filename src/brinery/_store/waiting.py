"""Waiting for a computation by somebody else: told to those who may wait for us, with pauses, and never on a ring."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from .._warning import logger
from .runs import Run, held, leads_to, names_under_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .root import Root

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.05
_LONG_WAIT = 10.0


class Waiting:
    """One call's wait for a key that somebody else computes; belongs to that call alone."""

    __slots__ = (
        "_bell",
        "_entry",
        "_has_looked",
        "_is_long",
        "_name",
        "_pause",
        "_root",
        "_since",
        "_told",
        "nearby",
        "token",
    )

    def __init__(self, root: Root, name: str, entry: str) -> None:
        self._root = root
        self._name = name
        self._entry = entry
        self._has_looked = False
        self._told: tuple[Run, ...] = ()
        self._bell: tuple[Run, Callable[[float], object]] | None = None
        self._pause = _FIRST_PAUSE
        self._since: float | None = None
        self._is_long = False
        self.token = ""  # of the run that is waited for; not known while its marker is not there yet, or no more
        self.nearby: Run | None = None  # the run itself, if this process has it

    def may_look(self) -> bool:
        """Whether this is the first time that what was waited for has ended."""
        is_first, self._has_looked = not self._has_looked, True
        return is_first

    def closes_ring(self) -> bool:
        """Whether the one waited for waits itself, by whatever way, for something held here."""
        if not self._told:  # tell first and look then, so that at least one on a ring sees it
            self._told = held()
            for run in self._told:
                run.wait_for(self._name, waiting=True)
        ours = {run.name for run in self._told}
        if self._is_long:  # a thread on which a run of this process depends may hold nothing itself
            ours.update(name for name in names_under_way() if name != self._name)
        return bool(ours) and leads_to(self._name, ours, self._root.temporary)

    def stop_telling(self) -> None:
        """Tell those who may wait for us that we wait no more."""
        told, self._told = self._told, ()
        for run in told:
            run.wait_for(self._name, waiting=False)

    def pause(self) -> None:
        """Wait a little: 0.5 ms at first, 50 ms at most; a holder in this process ends it by ending."""
        delay = self._next_pause()
        if self.nearby is None:
            time.sleep(delay)
            return
        if self._bell is None or self._bell[0] is not self.nearby:
            import threading

            rung = threading.Event()
            self.nearby.listen(rung.set)
            self._bell = (self.nearby, rung.wait)
        self._bell[1](delay)

    async def pause_async(self) -> None:
        """The same for a coroutine."""
        import asyncio

        delay = self._next_pause()
        if self.nearby is None:
            await asyncio.sleep(delay)
            return
        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(end)

        self.nearby.listen(wake)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended, delay)

    def _next_pause(self) -> float:
        now = time.monotonic()
        if self._since is None:
            self._since = now
        elif now - self._since > _LONG_WAIT and not self._is_long:
            self._is_long = True
            logger.info("still waiting for the computation of %s by somebody else", self._entry)
        delay = self._pause
        self._pause = min(2 * delay, _LONGEST_PAUSE)
        return delay
