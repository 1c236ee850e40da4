"""The temporary file is the lock: one computation per key at a time, among threads, tasks and processes.

Whoever misses makes the key's temporary file and locks it; the result is written into that same file, which is then
renamed to its place. The lock of a killed process is free at once, and its file is replaced by a new one: a file that
this call did not make itself may be open elsewhere, so no result is ever written into it. A file that others can write,
or that is another user's, is no lock of anybody's.

Two computations that wait for each other must not hang. Who has to wait therefore writes what it waits for into the
files it holds; whoever finds itself on a ring computes without the lock.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from enum import Enum
from functools import partial
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from stat import S_ISREG

from ..._interpreter import own_work
from ..._warnings import logger
from ..disk.files import (
    OPEN,
    READ,
    clear_away,
    closing,
    is_no_file,
    is_out_of_resources,
    is_own,
    remove_if_dead,
    same_file,
    status_of,
    try_lock,
)
from .holder import encode_holder, is_held_by_marker, new_token, read_holder
from .runs import Run, held
from .temporary import Temporary
from .waiting import Waiting, with_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import Buffer

    from ..disk.root import Root
    from ..entry.encoding import Unsealed
    from .holder import Holder

_WHILE_SUCCEEDED = 0.0005  # seconds
_TRIES = 100


class Turn(Enum):
    """What a call that missed may do next."""

    COMPUTE = "compute"  # the lock is ours: compute, put, release
    LOOK = "look"  # somebody may have stored meanwhile: get, and if it is not there attempt again
    WAIT = "wait"  # somebody else computes: pause, then attempt again
    ALONE = "alone"  # compute without the lock; the result may be put all the same

    def __init__(self, word: str) -> None:
        self.may_compute = word in ("compute", "alone")
        self.must_wait = word == "wait"


def _most_descriptors() -> int:
    """How many descriptors may be in use before no lock is kept open: half are for what passes, and for the program."""
    limit = getrlimit(RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == RLIM_INFINITY else limit // 2


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
        "_is_watching",
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
        self._is_watching = False  # for removals, which do not remove the lock's file where there is none of ours
        self._generation: tuple[int, int] | None = None
        self._waiting: Waiting | None = None
        self.may_replace = True  # whether something may stand at the entry's place

    @own_work
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
        if turn is _ALONE:
            self._go_alone()
        elif turn is not _WAIT and self._waiting is not None:
            self._waiting.stop_telling()
        return turn

    def _go_alone(self) -> None:
        if self._waiting is not None:
            self._waiting.stop_telling()
        self._is_alone = True
        self._watch()

    def _watch(self) -> None:
        self._is_watching = True
        self._generation = self._root.generation()

    def _enter(self) -> Turn:
        """Settle it among the threads and tasks of this process, then with the others."""
        if self._waiting is not None:
            self._waiting.nearby = None
        ours = held()
        if ours and any(run.name == self._name for run in ours):
            return _ALONE
        mine = Run(self._entry, self._name)
        try:
            present = mine.enter()
            if present is mine:
                return self._lock_if_possible(mine)
            if present.is_entered_here():
                return _ALONE
            return self._wait_for(present) if present.token else _WAIT
        finally:
            if self._run is not mine:
                mine.end()

    def _lock_if_possible(self, mine: Run) -> Turn:
        """Take the lock; where there is no descriptor for it, exclude only the others of this process."""
        try:
            return with_descriptors(lambda: self._lock(mine))
        except OSError as error:
            if not is_out_of_resources(error):
                raise
        self._watch()
        return self._hold(mine, None, new_token())

    def _lock(self, mine: Run) -> Turn:
        """Take the lock by making its file, or by replacing that of a run that is gone; or wait for who has it."""
        is_waiting = self._waiting is not None and bool(self._waiting.token)
        for _ in range(_TRIES):
            if not is_waiting:
                mine.file = file = Temporary(self._root.temporary, self._name)
                if file.make(self._root):
                    return self._hold(mine, file, new_token())
            try:
                fd = os.open(self._name, OPEN, dir_fd=self._root.temporary)
            except FileNotFoundError:
                if is_waiting:
                    return self._look_once()
                continue
            except OSError as error:
                if not is_no_file(error):
                    raise
                if not self._clear_away():
                    return _ALONE
                continue
            with closing(fd):
                status = os.fstat(fd)
                if not is_own(status):
                    if status.st_nlink and not self._clear_away():
                        return _ALONE
                    continue
                is_free = try_lock(fd)
                holder = read_holder(fd)
                if (
                    holder.holds_by_marker()
                    if is_free and holder
                    else not is_free and not (holder and holder.is_gone())
                ):
                    return self._wait_for_other(holder, status)
                with closing(self._root.open_temporary()) as folder:
                    if try_lock(folder):
                        if self._is_left(status, is_free=is_free):
                            return self._succeed(mine, holder.token if holder else new_token())
                        continue
            time.sleep(_WHILE_SUCCEEDED)
        return _ALONE

    def _clear_away(self) -> bool:
        """Remove what has the name of the lock's file and is none; False if it cannot be removed, or is in use.

        The folder's own lock keeps two from doing so: the second would remove the first one's file.
        """
        with closing(self._root.open_temporary()) as folder:
            if not try_lock(folder):
                time.sleep(_WHILE_SUCCEEDED)
                return True
            present = status_of(self._name, folder)
            if present is None or is_own(present):
                return True
            # A stranger's file may be the lock of his own run.
            if present.st_nlink == 1 and S_ISREG(present.st_mode):
                return remove_if_dead(self._name, folder, is_held=is_held_by_marker)
            clear_away(self._name, folder)
        return True

    def _is_left(self, dead: os.stat_result, *, is_free: bool) -> bool:
        """Whether the file of a run that is gone is still where it was, and still says so."""
        folder = self._root.temporary
        present = status_of(self._name, folder)
        if present is None or not same_file(present, dead):
            return False
        if is_free:
            return True
        with closing(os.open(self._name, READ, dir_fd=folder)) as fd:
            holder = read_holder(fd)
        return holder is not None and holder.is_gone()

    def _succeed(self, mine: Run, token: str) -> Turn:
        """Put a new file in the place of that of a run that is gone, while the folder is locked.

        The marker comes first: whoever finds the file locked, and no marker in it, could only wait.
        """
        mine.file = file = Temporary.make_apart(self._root, self._name)
        os.pwrite(file.fd, encode_holder(token), 0)
        file.replace(self._name)
        return self._hold(mine, file, token)

    def _hold(self, mine: Run, file: Temporary | None, token: str) -> Turn:
        """Begin the run: leave the marker, and see whether somebody stored before the lock was ours."""
        mine.hold(file, token)
        self._run = mine
        if file is not None:
            if file.fd < _most_descriptors():
                os.pwrite(file.fd, encode_holder(token), 0)
            else:
                self._watch()
                file.keep_by_marker(encode_holder(token, has_lock=False))
        self.may_replace = os.access(self._entry, os.F_OK)
        return _LOOK if self.may_replace else _COMPUTE

    def _look_once(self) -> Turn:
        """After the end of what was waited for. If it stored nothing, all who waited compute at once."""
        return _LOOK if self._wait().may_look() else _ALONE

    def _wait_for(self, nearby: Run) -> Turn:
        """Wait for a run of this process, and look when another has come in its place."""
        waiting = self._wait()
        waiting.nearby = nearby
        return self._wait_on(waiting, nearby.token)

    def _wait_for_other(self, holder: Holder | None, status: os.stat_result) -> Turn:
        """Wait for the process that has the lock."""
        waiting = self._wait()
        turn = self._wait_on(waiting, holder.token if holder is not None else "")
        return _ALONE if turn is _WAIT and waiting.is_in_vain(holder, status) else turn

    def _wait_on(self, waiting: Waiting, token: str) -> Turn:
        waiting.token = waiting.token or token
        if token and token != waiting.token:
            return self._look_once()
        return _ALONE if waiting.closes_ring() else _WAIT

    def _wait(self) -> Waiting:
        if self._waiting is None:
            self._waiting = Waiting(self._root, self._name, self._entry)
        return self._waiting

    def pause(self) -> None:
        """Wait a little: 0.5 ms at first, 50 ms at most; a holder in this process ends it by ending.

        What this thread computes itself, in another greenlet or in a generator that it left, goes on only when this
        call is done: then the next attempt says ALONE.
        """
        waiting = self._wait()
        if waiting.nearby is not None and waiting.nearby.is_of_this_thread():
            self._go_alone()
        else:
            waiting.pause()

    async def pause_async(self) -> None:
        """Wait a little, as `pause` does, while the event loop goes on."""
        await self._wait().pause_async()

    def write(self, content: Sequence[Buffer] | Unsealed) -> tuple[int, os.stat_result]:
        """Write the whole entry into the temporary file; gives its descriptor, good until `release`, and status."""
        file = self._file
        if file is None:
            file = self._run.take_file() if self._run is not None else None
            make = partial(Temporary.make_apart, self._root, self._name)
            file = self._file = file or with_descriptors(make)
        status = file.write(content)
        return file.fd, status

    def publish(self, name: str, folder: int) -> bool:
        """Rename what was written to its place; False if the entry was cleared or removed while it was computed."""
        if self._file is None or (self._is_watching and self._generation != self._root.generation()):
            return False
        return self._file.publish(name, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.release()
        except Exception as failure:  # without memory, or deep down; it is tried again when the claim is collected
            logger.debug("a claim was not released: %r", failure)

    @own_work
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
