"""The computations that this process has under way, and what they wait for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection
from contextvars import ContextVar

from ..disk.files import READ, closing
from ..disk.names import is_temporary
from .holder import encode_holder, read_holder
from .temporary import Temporary

_guard = threading.RLock()  # a signal handler may come here while its thread is here already
_runs: dict[str, Run] = {}
# A context, not a thread: tasks of one thread exclude each other, and what a run itself starts counts as that run.
_held: ContextVar[tuple[Run, ...]] = ContextVar("brinery_held", default=())


class Run:
    """A computation of one key by this process: one that has the lock, or is just trying to get it."""

    __slots__ = ("_is_writing", "_listeners", "_path", "_thread", "_waits", "file", "is_over", "name", "token")

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._waits: set[str] | None = None  # hardly any run waits, nor is waited for
        self._listeners: list[Callable[[], None]] | None = None
        self._is_writing = False
        self._thread = threading.get_ident()
        self.name = name
        self.token = ""
        self.file: Temporary | None = None  # known from before it is opened, so that an interrupt loses no lock
        self.is_over = False

    def enter(self) -> Run:
        """Enter this run in the table; gives the one that is there already, if there is one."""
        return _runs.setdefault(self._path, self)  # in one step, whoever else does

    def is_of_this_thread(self) -> bool:
        """Whether this very thread computes it: in a generator or a greenlet, as it does something else just now."""
        return self._thread == threading.get_ident()

    def is_entered_here(self) -> bool:
        """Whether this very thread was interrupted, by a signal handler for one, while it took the lock."""
        return not self.token and self.is_of_this_thread()

    def hold(self, file: Temporary | None, token: str) -> None:
        """Take note that the file was taken; without one the run excludes those of this process only."""
        self.file = file
        runs = held()
        _held.set((*runs, self) if runs else (self,))  # before others learn it, as a signal handler may be one
        self.token = token

    def wait_for(self, name: str, *, waiting: bool) -> bool:
        """Write into the held file that its run waits for another key, or does so no more; False if that failed."""
        with _guard:
            self._waits = self._waits or set()
            (self._waits.add if waiting else self._waits.discard)(name)
            file = self.file
            if file is None or self._is_writing or (file.fd < 0 and not file.is_kept_by_marker):
                return True  # nobody else waits for it
            return file.mark(encode_holder(self.token, self._waits, has_lock=not file.is_kept_by_marker))

    @property
    def waits(self) -> Collection[str]:
        """What this run waits for."""
        return self._waits or ()

    def take_file(self) -> Temporary | None:
        """The held file, to write the entry into it: from now on it tells no more what its run waits for.

        None if it was lost by a fork.
        """
        with _guard:
            self._is_writing = True
            return self.file if self.file is not None and self.file.fd >= 0 else None

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when this run ends; at once if it has."""
        with _guard:
            if not self.is_over:
                self._listeners = [*(self._listeners or ()), listener]
                return
        listener()

    def end(self) -> None:
        """Give up the lock and tell whoever waits; may be called again."""
        try:
            self._end()
        except BaseException:  # an interrupt, which must not leave others waiting for nobody
            self._end()
            raise

    def _end(self) -> None:
        file = self.file
        if file is not None:
            if not self._is_writing:
                with _guard:
                    self._is_writing = True
            file.close()
        with _guard:
            # Out of the table first: a signal handler that found it there, and over, would wait for its own thread.
            if _runs.get(self._path) is self:
                del _runs[self._path]
            self.is_over = True
        runs = _held.get()
        if self in runs:
            _held.set(() if runs == (self,) else held())  # without this one, as it is over
        if self._listeners:
            for listener in self._listeners:
                listener()


def held() -> tuple[Run, ...]:
    """The runs that whoever asks is part of."""
    runs = _held.get()
    return tuple([run for run in runs if not run.is_over]) if runs else runs


def runs_of_this_thread() -> list[Run]:
    """The runs that go on only when this thread does: also those of other greenlets, tasks and generators in it."""
    with _guard:
        return [run for run in _runs.values() if run.token and run.is_of_this_thread()]


def names_under_way() -> list[str]:
    """The temporary names of all runs of this process."""
    with _guard:
        return [run.name for run in _runs.values()]


def leads_to(name: str, ours: Collection[str], temporary: int) -> bool:
    """Whether the holder of `name` waits, directly or by way of others, for one of `ours`."""
    with _guard:
        nearby = {run.name: tuple(run.waits) for run in _runs.values() if run.token}
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        name = ahead.pop()
        if name in seen or not is_temporary(name):
            continue
        seen.add(name)
        waits = nearby[name] if name in nearby else _waits_of_other(name, temporary)
        if any(wait in ours for wait in waits):
            return True
        ahead.extend(waits)
    return False


def _waits_of_other(name: str, temporary: int) -> tuple[str, ...]:
    """What the run of another process waits for, as far as its file tells."""
    try:
        fd = os.open(name, READ, dir_fd=temporary)
    except OSError:
        return ()
    with closing(fd):
        holder = read_holder(fd)
    return () if holder is None else holder.waits


def _after_fork_in_child() -> None:
    # Closed, never unlocked: the lock is the parent's. Left open, it would outlive a parent that is killed.
    global _guard
    _guard = threading.RLock()
    for run in _runs.values():
        if run.file is not None:
            run.file.abandon()
    _runs.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
