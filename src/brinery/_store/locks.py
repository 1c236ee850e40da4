"""The temporary file is the lock: one computation per key at a time, among threads, tasks and processes.

Whoever misses opens the key's temporary file and locks it; the result is written into that same file, which is then
renamed to its place. The lock of a killed process is free at once, and its file is taken over.

Two computations that wait for each other must not hang. Who has to wait therefore writes what it waits for into the
files it holds; whoever finds itself on a ring computes without the lock.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING

from .._warning import logger
from .files import MAKE, OPEN, closing, make_private, same_file, status_of, try_lock
from .holder import encode_holder, read_holder
from .runs import Run, held, is_crowded, leads_to, names_under_way
from .temporary import Temporary

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .root import Root

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.05
_LONG_WAIT = 10.0
_TRIES = 100


class Turn(Enum):
    """What a call that missed may do next."""

    COMPUTE = "compute"  # the lock is ours: compute, put, release
    LOOK = "look"  # somebody may have stored meanwhile: get, and if it is not there attempt again
    WAIT = "wait"  # somebody else computes: pause, then attempt again
    ALONE = "alone"  # compute without the lock; the result may be put all the same


class Claim:
    """One call's wish to compute a key; belongs to that call alone. Made by `FunctionFolder.claim`.

    ::

        claim = folder.claim(key)
        try:
            while (turn := claim.attempt()) not in (Turn.COMPUTE, Turn.ALONE):
                if turn is Turn.WAIT:
                    claim.pause()  # or: await claim.pause_async()
                elif (found := folder.get(key, ttl, codec)) is not None:
                    return found
            result = compute()
            folder.put(claim, key, codec.dumps(result), seconds=seconds, ttl=ttl, metadata=metadata)
        finally:
            claim.release()
    """

    __slots__ = (
        "_bell",
        "_entry",
        "_file",
        "_generation",
        "_has_looked",
        "_is_alone",
        "_is_long",
        "_name",
        "_nearby",
        "_pause",
        "_root",
        "_run",
        "_since",
        "_told",
        "_waited_for",
        "may_replace",
    )

    def __init__(self, root: Root, name: str, entry: str) -> None:
        self._root = root
        self._name = name  # of the temporary file
        self._entry = entry  # the path of what is computed
        self._run: Run | None = None
        self._file: Temporary | None = None
        self._is_alone = False
        self._generation: tuple[int, int] | None = None
        self._waited_for = ""  # the token of the run
        self._nearby: Run | None = None  # the run itself, if this process has it
        self._has_looked = False
        self._told: tuple[Run, ...] = ()
        self._bell: tuple[Run, Callable[[float], object]] | None = None
        self._pause = _FIRST_PAUSE
        self._since: float | None = None
        self._is_long = False
        self.may_replace = True  # whether something may stand at the entry's place

    def attempt(self) -> Turn:
        """Try to become the one who computes; never blocks, never raises OSError."""
        if self._run is not None:  # the attempt before took the lock, and asked for a last look
            return Turn.COMPUTE
        if self._is_alone:
            return Turn.ALONE
        try:
            turn = self._enter()
        except OSError as error:
            logger.debug("computing without a lock: %s", error)
            turn = Turn.ALONE
        if turn is not Turn.WAIT:
            self._stop_telling()
        if turn is Turn.ALONE:
            self._is_alone = True
            self._generation = self._root.generation()
        return turn

    def _enter(self) -> Turn:
        """Settle it among the threads and tasks of this process, then with the others."""
        self._nearby = None
        if is_crowded() or any(run.name == self._name for run in held()):
            return Turn.ALONE
        mine = Run(f"{self._root.path}/{self._name}", self._name)
        try:
            present = mine.enter()
            if present is mine:
                return self._lock(mine)
            if present.file is None:  # it only tries, as we do
                return Turn.WAIT
            self._nearby = present
            return self._wait_for(present.token)
        finally:
            if self._run is not mine:
                mine.end()

    def _lock(self, mine: Run) -> Turn:
        for _ in range(_TRIES):
            folder = self._root.temporary
            try:
                fd = os.open(self._name, OPEN if self._waited_for else MAKE, 0o600, dir_fd=folder)
            except FileNotFoundError:
                if self._waited_for:
                    return self._look_once()
                self._root.open_temporary_anew()  # the store was removed
                continue
            try:
                status = os.fstat(fd)
                if not stat.S_ISREG(status.st_mode):
                    return Turn.ALONE
                is_ours = try_lock(fd)
                holder = read_holder(fd) if status.st_size or not is_ours else None
                if is_ours:
                    present = status_of(self._name, folder)
                    if present is None or not same_file(present, status):  # renamed or removed as we came
                        continue
                    make_private(fd, status)
                    token = holder.token if holder else _new_token()  # what is left of a killed run is taken over
                    file = Temporary(self._root, self._name, fd, status)
                    fd = -1
                    return self._hold(mine, file, token)
            finally:
                if fd >= 0:
                    os.close(fd)
            if holder is None or not holder.is_gone():
                return self._wait_for(holder.token if holder else "")
            with closing(self._root.open_temporary()) as folder:
                if try_lock(folder):
                    return self._succeed(mine, status, holder.token)
            time.sleep(_FIRST_PAUSE)
        return Turn.ALONE

    def _succeed(self, mine: Run, dead: os.stat_result, token: str) -> Turn:
        """Replace the file of a holder that is gone though its lock is not, because a forked child inherited it.

        The folder's own lock keeps two from doing so: the second would replace the first one's.
        """
        present = status_of(self._name, self._root.temporary)
        if present is None or not same_file(present, dead):
            return Turn.WAIT
        file = Temporary.make(self._root, self._name)
        try:
            os.pwrite(file.fd, encode_holder(token), 0)
            file.replace(self._name)
        except BaseException:
            file.close()
            raise
        return self._hold(mine, file, token)

    def _hold(self, mine: Run, file: Temporary, token: str) -> Turn:
        """Begin the run: leave the marker, and see whether somebody stored before the lock was ours."""
        mine.hold(file, token)
        self._run = mine
        marker = encode_holder(token)
        os.pwrite(file.fd, marker, 0)
        if file.size > len(marker):
            os.ftruncate(file.fd, len(marker))
        self.may_replace = os.access(self._entry, os.F_OK)
        return Turn.LOOK if self.may_replace else Turn.COMPUTE

    def _look_once(self) -> Turn:
        """After the end of what was waited for. If it stored nothing, all who waited compute at once."""
        if self._has_looked:
            return Turn.ALONE
        self._has_looked = True
        return Turn.LOOK

    def _wait_for(self, token: str) -> Turn:
        """Wait for the run of that token; none is known while its marker is not there yet, or no more."""
        self._waited_for = self._waited_for or token
        if token and token != self._waited_for:
            return self._look_once()
        return Turn.ALONE if self._closes_ring() else Turn.WAIT

    def _closes_ring(self) -> bool:
        """Whether the one waited for waits itself, by whatever way, for something held here."""
        if not self._told:  # tell first and look then, so that at least one on a ring sees it
            self._told = held()
            for run in self._told:
                run.wait_for(self._name, waiting=True)
        ours = {run.name for run in self._told}
        if self._is_long:  # a thread on which a run of this process depends may hold nothing itself
            ours.update(name for name in names_under_way() if name != self._name)
        return bool(ours) and leads_to(self._name, ours, self._root.temporary)

    def _stop_telling(self) -> None:
        told, self._told = self._told, ()
        for run in told:
            run.wait_for(self._name, waiting=False)

    def pause(self) -> None:
        """Wait a little: 0.5 ms at first, 50 ms at most; a holder in this process ends it by ending."""
        delay = self._next_pause()
        if self._nearby is None:
            time.sleep(delay)
            return
        if self._bell is None or self._bell[0] is not self._nearby:
            import threading

            rung = threading.Event()
            self._nearby.listen(rung.set)
            self._bell = (self._nearby, rung.wait)
        self._bell[1](delay)

    async def pause_async(self) -> None:
        """The same for a coroutine."""
        import asyncio

        delay = self._next_pause()
        if self._nearby is None:
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

        self._nearby.listen(wake)
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

    def write(self, buffers: Sequence[Buffer]) -> tuple[int, os.stat_result]:
        """Write the whole entry into the temporary file; gives its descriptor, good until `release`, and status."""
        if self._file is None:
            file = self._run.take_file() if self._run is not None else None
            self._file = file or Temporary.make(self._root, self._name)
        return self._file.fd, self._file.write(buffers)

    def publish(self, name: str, folder: int) -> bool:
        """Rename what was written to its place; False if the entry was cleared or removed while it was computed."""
        if self._file is None or (self._is_alone and self._generation != self._root.generation()):
            return False
        return self._file.publish(name, folder)

    def release(self) -> None:
        """Let the next one go, and drop what was not stored. May be called more than once."""
        self._stop_telling()
        file, self._file = self._file, None
        run, self._run = self._run, None
        if run is not None:
            run.end()
        if file is not None:
            file.close()


def _new_token() -> str:
    return f"{time.time_ns():x}-{os.getpid()}"
