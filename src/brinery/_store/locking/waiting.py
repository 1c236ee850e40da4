"""Wait for a computation in another thread or process, without two ever waiting for each other.

It would be in vain on a ring, for a process that waits for this one, and for a process that was stopped.
"""

from __future__ import annotations

import errno
import os
import time
from _thread import _count as other_threads
from collections.abc import Callable, Iterable
from contextlib import suppress

from ..._display.text import printable
from ..._warnings import warn
from ...errors import WaitingWarning
from ..disk.names import TEMPORARY
from .runs import Run, held, leads_to, names_under_way, runs_of_this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")

    from ..disk.root import Root
    from .holder import Holder

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.05
_LONG_WAIT = 10.0
# Looks, and not seconds: who was stopped together with the holder has not waited. At the longest pause, 4 seconds.
_PATIENCE = 80
_PATIENCE_FOR_DESCRIPTORS = 24  # one second
_WITHOUT_PATIENCE = 10.0  # seconds, after none came
_TRIES = 100

_impatient_until = 0.0


def with_descriptors(work: Callable[[], T]) -> T:
    """Do what takes a descriptor: again where none was left, as long as other threads give some back.

    Nothing of brinery's keeps a descriptor for long where few are left, so a short patience will do; a program that
    has really used up all of them is not kept waiting each time.
    """
    global _impatient_until
    for _ in range(_TRIES):
        try:
            return work()
        except OSError as error:
            is_passing = error.errno in (errno.EMFILE, errno.ENFILE) and other_threads()
            if not is_passing or time.monotonic() < _impatient_until:
                raise
            if not _is_one_free():
                _impatient_until = time.monotonic() + _WITHOUT_PATIENCE
                raise
    return work()


def _is_one_free() -> bool:
    """Wait until there is a descriptor; False if that takes too long."""
    pause = _FIRST_PAUSE
    for _ in range(_PATIENCE_FOR_DESCRIPTORS):
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
        with suppress(OSError):
            os.close(os.open("/", os.O_RDONLY | os.O_CLOEXEC))
            return True
    return False


class Waiting:
    """One call's wait for a key that somebody else computes; belongs to that call alone."""

    __slots__ = (
        "_bell",
        "_entry",
        "_has_looked",
        "_holder",
        "_idle",
        "_idle_looks",
        "_is_copy",
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
        self._holder: Holder | None = None
        self._is_copy = False
        self._idle: object = None  # what the holder looked like when it did nothing
        self._idle_looks = 0
        self.token = ""  # of the run that is waited for; not known while its marker is not there yet, or no more
        self.nearby: Run | None = None  # the run itself, if this process has it

    def may_look(self) -> bool:
        """Whether this is the first time that what was waited for has ended."""
        is_first, self._has_looked = not self._has_looked, True
        return is_first

    def closes_ring(self) -> bool:
        """Whether the one waited for waits itself, by whatever way, for something held here; or it cannot be told."""
        if not self._told and not self._tell(held()):  # first, and look then, so that at least one on a ring sees it
            return True
        ours = {run.name for run in self._told}
        if self._is_long:  # a thread on which a run of this process depends may hold nothing itself
            ours.update(name for name in names_under_way() if name != self._name)
        return bool(ours) and leads_to(self._name, ours, self._root.temporary)

    def _tell(self, runs: Iterable[Run]) -> bool:
        """Tell those who may wait for these runs that they wait; False if that failed."""
        untold = [run for run in runs if run not in self._told]
        self._told += tuple(untold)
        return not [run for run in untold if not run.wait_for(self._name, waiting=True)]

    def is_in_vain(self, holder: Holder | None, status: os.stat_result) -> bool:
        """Whether the one waited for, in another process, waits for this process, or has done nothing for seconds.

        Args:
            holder: what stands in the locked file; None while an entry is written into it.
            status: of that file.
        """
        if holder is not None and holder != self._holder:
            self._holder = holder
            self._is_copy = holder.is_copied_here()
            if not self._is_copy and holder.is_ancestor():  # it has started a program, and waits for its end
                return True
        idle: object = None
        reason, way_out = "its lock is held, and by whom is not known", f"; `rm {self._lock}` ends that"
        if holder is None:
            idle = status.st_ino, status.st_size, status.st_mtime_ns
        elif holder.is_stopped():
            idle = holder.token
            reason = f"process {holder.pid}, which is computing it, was stopped, as by Ctrl-Z"
            way_out = f"; `kill -CONT {holder.pid}` lets it go on"
        elif self._is_copy:  # another thread of it is computing, and may have nothing to do with this process
            idle = holder.token
            reason, way_out = (
                "the process from which this one was forked is computing it, and may wait for this one",
                "",
            )
        self._idle_looks = self._idle_looks + 1 if idle is not None and idle == self._idle else 0
        self._idle = idle
        if self._idle_looks < _PATIENCE:
            return False
        self._say("in vain", f"{self._function} is computed without waiting any longer: {reason}{way_out}")
        return True

    @property
    def _function(self) -> str:
        """The function's name, as far as its folder tells it."""
        return printable(self._entry.split("/")[-3][:-9])

    @property
    def _lock(self) -> str:
        return f"{self._root.path}/{TEMPORARY}/{self._name}"

    def _say(self, what: str, message: str) -> None:
        warn(WaitingWarning, message, cause=f"{what} {self._function}", store=self._root.location)

    def stop_telling(self) -> None:
        """Tell those who may wait for us that we wait no more."""
        told, self._told = self._told, ()
        for run in told:
            run.wait_for(self._name, waiting=False)

    def pause(self) -> None:
        """Wait a little: 0.5 ms at first, 50 ms at most; a holder in this process ends it by ending."""
        if self._since is None:
            self._tell(runs_of_this_thread())  # which cannot go on while it sleeps
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
        """Wait until the next look, while the event loop goes on."""
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
            who, way_out = "another thread or task of this process", ""
            if self.nearby is None and self._holder is not None:
                who = f"process {self._holder.pid}"
                way_out = f"; should that be stuck, `kill {self._holder.pid}` lets this call compute"
            self._say("long", f"still waiting for {self._function}, which {who} is computing{way_out}")
        delay = self._pause
        self._pause = min(2 * delay, _LONGEST_PAUSE)
        return delay
