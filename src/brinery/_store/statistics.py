"""How the calls of each function fared, in all processes: each appends what it counted, without a lock.

A line is added when a process ends, and now and then before, so that one that is killed takes little with it. Whoever
finds the file long puts one line in place of all. Anybody who can write to the store can write what he likes there: the
numbers are shown to people, and nothing else stands on them.
"""

from __future__ import annotations

import atexit
import os
import sys
from _thread import allocate_lock  # what `threading` gives, which takes a millisecond to import
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from .._light import NamedTuple
from . import names
from .files import closing, let_go, open_own, read_small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .records import FunctionRecord
    from .root import Root

_HITS = 256  # after so many hits what was counted is written down
_SECONDS = 5.0  # after so long a miss does so
_LONG = 64 * 1024  # bytes
_LONGEST = 1 << 20
_MOST = 1 << 60


class Tally(NamedTuple):
    """How the calls of a function fared."""

    hits: int
    misses: int
    seconds_saved: float


_NOTHING = Tally(0, 0, 0.0)


def read_tally(folder: int) -> Tally:
    """How the calls of the function whose folder is open fared, as far as that was written down."""
    return parse_tally(read_small(names.STATISTICS, folder, _LONGEST) or b"")


def parse_tally(data: bytes) -> Tally:
    """Add up all lines that can be right."""
    hits = misses = 0
    saved = 0.0
    for line in data.split(b"\n"):
        words = line.split(b" ")
        if len(words) == 3 and all(0 < len(word) <= 24 for word in words):
            with suppress(ValueError):
                found = Tally(int(words[0]), int(words[1]), float(words[2]))
                if all(0 <= number < _MOST for number in found):
                    hits, misses, saved = hits + found.hits, misses + found.misses, saved + found.seconds_saved
    return Tally(min(hits, _MOST), min(misses, _MOST), min(saved, float(_MOST)))


def _append(folder: int, new: Tally) -> None:
    # The line before may have been cut short by a full disk, so each begins with the end of that.
    line = f"\n{new.hits} {new.misses} {new.seconds_saved:.9g}".encode("ascii")
    fd, status = open_own(names.STATISTICS, folder, os.O_APPEND)
    try:
        os.write(fd, line)
        if status.st_size > _LONG:
            _shorten(folder, fd)
    finally:
        let_go(fd)


def _shorten(folder: int, fd: int) -> None:
    """Put the sum in place of all lines. From the first step on others append to a new file."""
    os.unlink(names.STATISTICS, dir_fd=folder)
    if not os.fstat(fd).st_nlink:  # or it was another's
        data = os.pread(fd, _LONGEST + 1, 0)
        if len(data) <= _LONGEST:
            _append(folder, parse_tally(data))


class Report:
    """The calls of one function in this process, as far as they were not written down yet."""

    def __init__(self, root: Root, slug: str, totals: Callable[[], tuple[int, int, float]]) -> None:
        self._root = root
        self._slug = slug
        self._totals = totals
        self._reported = _NOTHING
        self._at = monotonic()
        self._lock = allocate_lock()

    @property
    def root(self) -> str:
        """Where the store is."""
        return self._root.path

    @property
    def slug(self) -> str:
        """The name of the function's folder."""
        return self._slug

    def unwritten(self) -> Tally:
        """What was counted since it was last written down."""
        now = Tally(*self._totals())
        hits, misses, saved = (max(0, new - old) for new, old in zip(now, self._reported, strict=True))
        return Tally(int(hits), int(misses), saved)

    def start_anew(self) -> None:
        """Leave what was counted so far to the process that was forked."""
        self._lock = allocate_lock()
        self._reported = Tally(*self._totals())

    def write(self) -> None:
        """Write down what is new."""
        if not self._lock.acquire(blocking=False):  # another thread is here, or this one, before a signal
            return
        try:
            now, before = Tally(*self._totals()), self._reported
            if now != before:
                with closing(self._root.open_function(self._slug)) as folder:
                    self._reported = now  # first: what is interrupted is counted once or not at all
                    new = (max(0, new - old) for new, old in zip(now, before, strict=True))
                    _append(folder, Tally(*new))  # type: ignore[arg-type]
        finally:
            self._at = monotonic()
            self._lock.release()

    def write_if_due(self) -> None:
        """Write down what is new if the last time is long ago, or there may be no other chance."""
        if monotonic() - self._at > _SECONDS or _is_ended_without_notice():
            with suppress(OSError):
                self.write()


def report(root: Root, slug: str, totals: Callable[[], tuple[int, int, float]]) -> Report:
    """Have `totals` asked when this process ends, for the hits, misses and seconds saved of its calls."""
    _reports.append(Report(root, slug, totals))
    _watch_pools()
    return _reports[-1]


def with_unwritten(functions: list[FunctionRecord], root: str) -> list[FunctionRecord]:
    """Add to the numbers of a store's functions what this process has counted and not written down yet."""
    of: dict[str, list[Tally]] = {}
    for one in _reports:
        if one.root == root:
            of.setdefault(one.slug, []).append(one.unwritten())
    return [_with(function, of[function.slug]) if function.slug in of else function for function in functions]


def _with(function: FunctionRecord, more: list[Tally]) -> FunctionRecord:
    return function._replace(
        hits=function.hits + sum(tally.hits for tally in more),
        misses=function.misses + sum(tally.misses for tally in more),
        seconds_saved=function.seconds_saved + sum(tally.seconds_saved for tally in more),
    )


def hits_between() -> int:
    """After how many hits to write down what was counted."""
    return 1 if _is_ended_without_notice() else _HITS


def flush_reports() -> None:
    """Write down what was counted since the last time."""
    for one in _reports:
        with suppress(Exception):
            one.write()


_reports: list[Report] = []
_is_watching = False


def _is_ended_without_notice() -> bool:
    """Whether this is a worker of a pool, which is ended by a signal as soon as its results are there."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and bool(getattr(process.current_process(), "daemon", False))


def _watch_pools() -> None:
    """See to it that processes report too that end without `atexit`."""
    global _is_watching
    util = sys.modules.get("multiprocessing.util")
    if util is None or _is_watching:
        return
    _is_watching = True
    # A new worker drops all finalizers and then calls what was registered for it, so each makes its own.
    util.register_after_fork(flush_reports, _finalize_worker)
    _finalize_worker(flush_reports)


def _finalize_worker(_: object) -> None:
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, flush_reports, exitpriority=0)


def _after_fork_in_child() -> None:
    for one in _reports:
        with suppress(Exception):
            one.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_watch_pools, after_in_child=_after_fork_in_child)
atexit.register(flush_reports)
