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
from collections.abc import Sequence
from enum import Enum

from .._warning import logger
from .files import (
    MAKE,
    OPEN,
    READ,
    clear_away,
    closing,
    is_no_file,
    let_go,
    make_private,
    same_file,
    status_of,
    try_lock,
)
from .holder import Holder, encode_holder, new_token, read_holder
from .runs import Run, held, is_crowded
from .temporary import Temporary
from .waiting import Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import Buffer

    from .entry import Unsealed
    from .root import Root

_WHILE_SUCCEEDED = 0.0005  # seconds
_TRIES = 100


def _is_no_lock(status: os.stat_result) -> bool:
    """Whether a file is somebody's, or linked to somebody's."""
    return not stat.S_ISREG(status.st_mode) or status.st_nlink > 1


class Turn(Enum):
    """What a call that missed may do next."""

    COMPUTE = "compute"  # the lock is ours: compute, put, release
    LOOK = "look"  # somebody may have stored meanwhile: get, and if it is not there attempt again
    WAIT = "wait"  # somebody else computes: pause, then attempt again
    ALONE = "alone"  # compute without the lock; the result may be put all the same

    def __init__(self, word: str) -> None:
        self.may_compute = word in ("compute", "alone")
        self.must_wait = word == "wait"


_COMPUTE, _LOOK, _WAIT, _ALONE = Turn  # each look into the class costs as much as a system call, on Python 3.11


class Claim:
    """One call's wish to compute a key; belongs to that call alone. Made by `FunctionFolder.claim`.

    ::

        with folder.claim(key) as claim:
            while not (turn := claim.attempt()).may_compute:
                if turn.must_wait:
                    claim.pause()  # or: await claim.pause_async()
                elif (found := folder.get(key, ttl, codec)) is not None:
                    return found
            result = compute()
            folder.put(claim, key, codec.dumps(result), seconds=seconds, ttl=ttl, metadata=metadata)
    """

    __slots__ = (
        "_entry",
        "_file",
        "_generation",
        "_is_alone",
        "_name",
        "_root",
        "_run",
        "_waiting",
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
        self._waiting: Waiting | None = None
        self.may_replace = True  # whether something may stand at the entry's place

    def attempt(self) -> Turn:
        """Try to become the one who computes; never blocks, never raises OSError."""
        if self._run is not None:  # the attempt before took the lock, and asked for a last look
            return _COMPUTE
        if self._is_alone:
            return _ALONE
        try:
            turn = self._enter()
        except OSError as error:
            logger.debug("computing without a lock: %s", error)
            turn = _ALONE
        if turn is _WAIT:
            return turn
        if self._waiting is not None:
            self._waiting.stop_telling()
        if turn is _ALONE:
            self._is_alone = True
            self._generation = self._root.generation()
        return turn

    def _enter(self) -> Turn:
        """Settle it among the threads and tasks of this process, then with the others."""
        if self._waiting is not None:
            self._waiting.nearby = None
        ours = held()
        if is_crowded() or (ours and any(run.name == self._name for run in ours)):
            return _ALONE
        mine = Run(self._entry, self._name)
        try:
            present = mine.enter()
            if present is mine:
                return self._lock_new(mine) if self._waiting is None else self._lock_present(mine)
            if present.is_entered_here():
                return _ALONE
            return self._wait_for(present.token, present) if present.token else _WAIT
        finally:
            if self._run is not mine:
                mine.end()

    def _lock_new(self, mine: Run) -> Turn:
        mine.file = file = Temporary(self._root.temporary, self._name)
        return self._hold(mine, file, new_token()) if file.make(self._root) else self._lock_present(mine)

    def _lock_present(self, mine: Run) -> Turn:
        """Take the lock on a file that was there, or came and went as we did; or wait for who has it."""
        is_waiting = self._waiting is not None and bool(self._waiting.token)
        for _ in range(_TRIES):
            folder = self._root.temporary
            try:
                fd = os.open(self._name, OPEN if is_waiting else MAKE, 0o600, dir_fd=folder)
            except FileNotFoundError:
                if is_waiting:
                    return self._look_once()
                self._root.open_temporary_anew()  # the store was removed
                continue
            except OSError as error:
                if not is_no_file(error):
                    raise
                self._clear_away()
                continue
            try:
                status = os.fstat(fd)
                if _is_no_lock(status):
                    self._clear_away()
                    continue
                is_ours = try_lock(fd)
                holder = read_holder(fd) if status.st_size or not is_ours else None
                if is_ours:
                    take = self._take_over if status.st_size else self._take
                    if take(mine, folder, fd, status, holder):
                        return _LOOK if self.may_replace else _COMPUTE
                    continue
            finally:
                if mine.file is None or mine.file.fd != fd:
                    let_go(fd)
            if holder is None or not holder.is_gone():
                return self._wait_for(holder.token if holder else "")
            with closing(self._root.open_temporary()) as folder:
                if try_lock(folder):
                    return self._succeed(mine, status, holder.token)
            time.sleep(_WHILE_SUCCEEDED)
        return _ALONE

    def _take(self, mine: Run, folder: int, fd: int, status: os.stat_result, holder: Holder | None) -> bool:
        """Begin the run with a file that was locked; False if it was renamed or removed as we came."""
        present = status_of(self._name, folder)
        if present is None or not same_file(present, status):
            return False
        make_private(fd, status)
        mine.file = Temporary(folder, self._name, fd, status)
        self._hold(mine, mine.file, holder.token if holder else new_token())
        return True

    def _take_over(self, mine: Run, folder: int, fd: int, status: os.stat_result, holder: Holder | None) -> bool:
        """The same with what is left of a killed run; False, too, if somebody is about to replace it.

        Until our marker stands in it, whoever finds it locked takes the dead one's child for the one who has the lock:
        the folder's own lock keeps it from replacing the file meanwhile.
        """
        with closing(self._root.open_temporary()) as guard:
            if try_lock(guard):
                return self._take(mine, folder, fd, status, holder)
        time.sleep(_WHILE_SUCCEEDED)
        return False

    def _clear_away(self) -> None:
        """Remove what has the name of the lock's file and is none: a FIFO, a link, a file that others have too.

        The folder's own lock keeps two from doing so: the second would remove the first one's file.
        """
        with closing(self._root.open_temporary()) as folder:
            if not try_lock(folder):
                time.sleep(_WHILE_SUCCEEDED)
                return
            present = status_of(self._name, folder)
            if present is not None and _is_no_lock(present):
                clear_away(self._name, folder)

    def _succeed(self, mine: Run, dead: os.stat_result, token: str) -> Turn:
        """Replace the file of a holder that is gone though its lock is not, because a forked child inherited it.

        The folder's own lock keeps two from doing so: the second would replace the first one's.
        """
        present = status_of(self._name, self._root.temporary)
        if present is None or not same_file(present, dead) or not self._is_left():
            return _WAIT
        mine.file = file = Temporary.make_apart(self._root, self._name)
        os.pwrite(file.fd, encode_holder(token), 0)
        file.replace(self._name)
        return self._hold(mine, file, token)

    def _is_left(self) -> bool:
        """Whether the file still says that it is a dead one's."""
        with closing(os.open(self._name, READ, dir_fd=self._root.temporary)) as fd:
            holder = read_holder(fd)
        return holder is not None and holder.is_gone()

    def _hold(self, mine: Run, file: Temporary, token: str) -> Turn:
        """Begin the run: leave the marker, and see whether somebody stored before the lock was ours."""
        mine.hold(file, token)
        self._run = mine
        marker = encode_holder(token)
        os.pwrite(file.fd, marker, 0)
        if file.size > len(marker):
            os.ftruncate(file.fd, len(marker))
        self.may_replace = os.access(self._entry, os.F_OK)
        return _LOOK if self.may_replace else _COMPUTE

    def _look_once(self) -> Turn:
        """After the end of what was waited for. If it stored nothing, all who waited compute at once."""
        return _LOOK if self._wait().may_look() else _ALONE

    def _wait_for(self, token: str, nearby: Run | None = None) -> Turn:
        """Wait for the run of that token, and look when another has come in its place."""
        waiting = self._wait()
        waiting.nearby = nearby
        waiting.token = waiting.token or token
        if token and token != waiting.token:
            return self._look_once()
        return _ALONE if waiting.closes_ring() else _WAIT

    def _wait(self) -> Waiting:
        if self._waiting is None:
            self._waiting = Waiting(self._root, self._name, self._entry)
        return self._waiting

    def pause(self) -> None:
        """Wait a little: 0.5 ms at first, 50 ms at most; a holder in this process ends it by ending."""
        self._wait().pause()

    async def pause_async(self) -> None:
        """The same for a coroutine."""
        await self._wait().pause_async()

    def write(self, content: Sequence[Buffer] | Unsealed) -> tuple[int, os.stat_result]:
        """Write the whole entry into the temporary file; gives its descriptor, good until `release`, and status."""
        file = self._file
        if file is None:
            file = self._run.take_file() if self._run is not None else None
            file = self._file = file or Temporary.make_apart(self._root, self._name)
        status = file.write(content)
        return file.fd, status

    def publish(self, name: str, folder: int) -> bool:
        """Rename what was written to its place; False if the entry was cleared or removed while it was computed."""
        if self._file is None or (self._is_alone and self._generation != self._root.generation()):
            return False
        return self._file.publish(name, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.release()
        except Exception as failure:  # without memory, or deep down; it is tried again when the claim is collected
            logger.debug("a claim was not released: %r", failure)

    def release(self) -> None:
        """Let the next one go, and drop what was not stored. May be called more than once."""
        try:
            self._release()
        except BaseException:  # an interrupt
            self._release()
            raise

    def _release(self) -> None:
        if self._waiting is not None:
            self._waiting.stop_telling()
        if self._run is not None:
            self._run.end()
            self._run = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        try:
            is_left = self._run is not None or self._file is not None
        except AttributeError:  # interrupted when it was made
            return
        if is_left:  # interrupted on the way to `release`
            self.release()
