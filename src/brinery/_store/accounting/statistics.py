"""How the calls of each function fared, in all processes: each appends what it counted, and waits for nobody.

A line is added when a process ends, and now and then before, so that one that is killed takes little with it. Whoever
finds the file long puts few lines in place of all, while nobody adds one: that is what the locks are for, and they are
only tried. Anybody who can write to the store can write what he likes there: the
numbers are shown to people, and nothing else stands on them.
"""

from __future__ import annotations

import atexit
import os
import sys
from _thread import allocate_lock  # what `threading` gives, which takes a millisecond to import
from time import monotonic, sleep, time

from ..._light import suppress
from ..disk import names
from ..disk.files import closing, let_go, open_own, read_small
from .tally import NOTHING, Tally, encode_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..disk.records import FunctionRecord
    from ..disk.root import Root
    from .statistics_lines import Line

    Totals = Callable[[], tuple[int, int, float]]

_HITS = 256  # after so many hits what was counted is written down
_SECONDS = 5.0  # after so long a miss does so
_LONG = 64 * 1024  # bytes
_LONGEST = 1 << 20
_TRIES = 5
_PAUSE = 0.001  # seconds


def read_sum(folder: int) -> Line:
    """How the calls of the function whose folder is open fared in all, as far as that was written down."""
    from .statistics_lines import sum_of

    return sum_of(read_lines(folder))


def read_lines(folder: int) -> list[Line]:
    """How the calls of the function whose folder is open fared: a line for each process that told it, with the time."""
    from .statistics_lines import parse_lines  # whoever only counts reads none

    return list(parse_lines(read_small(names.STATISTICS, folder, _LONGEST) or b""))


def _append(folder: int, lines: bytes) -> None:
    """Add lines; whoever puts one line in place of all gets them as well, or finds that somebody is at it."""
    for attempt in range(_TRIES):
        fd, status = open_own(names.STATISTICS, folder, os.O_APPEND)
        try:
            if status.st_size < _LONG // 2:  # nobody will before we are done
                os.write(fd, lines)
                return
            is_shared = _lock(fd, "SH")
            if not is_shared and attempt < _TRIES - 1:  # another file is about to stand there
                sleep(_PAUSE)
                continue
            if os.fstat(fd).st_nlink or attempt == _TRIES - 1:
                os.write(fd, lines)
                if status.st_size > _LONG and is_shared:
                    _shorten(folder, fd)
                return
        finally:
            let_go(fd)


def _shorten(folder: int, fd: int) -> None:
    """Put the sum in place of all lines, unless somebody is adding one. From the first step on that is a new file."""
    if not _lock(fd, "EX") or not os.fstat(fd).st_nlink:
        return
    from .statistics_lines import shortened

    os.unlink(names.STATISTICS, dir_fd=folder)
    if not os.fstat(fd).st_nlink:  # or it was another's
        data = os.pread(fd, _LONGEST + 1, 0)
        if len(data) <= _LONGEST:
            _append(folder, shortened(data))


def _lock(fd: int, kind: str) -> bool:
    """Lock a file with others who add to it, or alone, if that can be had at once."""
    try:
        import fcntl

        fcntl.flock(fd, getattr(fcntl, f"LOCK_{kind}") | fcntl.LOCK_NB)
    except (ImportError, OSError):  # somebody has it, or the file system has no locks
        return False
    return True


class Report:
    """The calls of one function in this process, as far as they were not written down yet."""

    def __init__(
        self,
        root: Root,
        slug: str,
        totals: Totals,
        take_missed: Callable[[], str] = str,
        home: str = "",
        also: Callable[[int], None] | None = None,
        is_over: Callable[[], bool] = bool,
    ) -> None:
        self.is_over = is_over
        self._root = root
        self._slug = slug
        self._totals = totals
        self._take_missed = take_missed
        self._home = home
        self._also = also
        self._first = self._reported = NOTHING
        self._missed = ""
        self._at = monotonic()
        self._last_use = 0.0
        self._lock = allocate_lock()

    @property
    def root(self) -> str:
        """Where the store is."""
        return self._root.path

    @property
    def location(self) -> str:
        """What was asked for as the store's place."""
        return self._root.location

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
        self._first = self._reported = Tally(*self._totals())
        self._take_missed()
        self._missed = ""

    def note_use(self, now: float) -> None:
        """Take note of a hit by which the times of an entry were changed."""
        self._last_use = now

    def write(self) -> None:
        """Write down what is new."""
        if not self._lock.acquire(blocking=False):  # another thread is here, or this one, before a signal
            return
        try:
            now, before = Tally(*self._totals()), self._reported
            if now != before:
                with closing(self._root.open_function(self._slug)) as folder:
                    self._reported = now  # first: what is interrupted is counted once or not at all
                    _append(folder, self._line(difference(now, before)))
                    if self._also is not None:
                        self._also(folder)
        finally:
            self._at = monotonic()
            self._lock.release()

    def counted(self, place: str) -> tuple[str, bytes]:
        """The function's home name and a line of all that was counted, where it could not be written down as well.

        An empty name if nothing was, or the store is not that of the place.
        """
        return self.all_counted() if self.location == place else ("", b"")

    def all_counted(self) -> tuple[str, bytes]:
        """The function's home name and a line of all that was counted; an empty name if nothing was."""
        tally = difference(Tally(*self._totals()), self._first)
        return self._home if tally != NOTHING else "", self._line(tally, self._missed)

    def _line(self, tally: Tally, missed: str = "") -> bytes:
        from .session_name import program_name, session_name

        missed = missed or self._take_missed()
        self._missed = self._missed or missed
        return encode_line(tally, time(), session_name(), program_name(), missed, self._last_use)

    def write_if_due(self) -> None:
        """Write down what is new if the last time is long ago, or there may be no other chance."""
        if monotonic() - self._at > _SECONDS or _is_ended_without_notice():
            with suppress(OSError):
                self.write()


def difference(now: Tally, before: Tally) -> Tally:
    """What came since; never less than nothing."""
    return Tally(*(max(0, new - old) for new, old in zip(now, before, strict=True)))  # type: ignore[arg-type]


def report(
    root: Root,
    slug: str,
    totals: Totals,
    take_missed: Callable[[], str],
    home: str,
    also: Callable[[int], None],
    is_over: Callable[[], bool] = bool,
) -> Report:
    """Have `totals` asked when this process ends, for the hits, misses and seconds saved of its calls.

    `take_missed` gives a call that was computed since it was last asked. Whenever they are written down `also` is
    called with the function's open folder, for what else there is to write. Once the function `is_over`, because
    nobody has it any more, what it counted is written down and the report is dropped. So none of these may keep it.
    """
    made = Report(root, slug, totals, take_missed, home, also, is_over)
    _reports.append(made)
    if len(_reports) > _most_kept:
        _drop_those_over()
    _watch_pools()
    return made


def _drop_those_over() -> None:
    """Write down what functions have counted that are gone, and keep of each name a sum for the session's own table."""
    global _most_kept
    for one in _reports.copy():
        if one.is_over():
            with suppress(Exception):
                one.write()
            home, line = one.all_counted()
            if home:
                from .statistics_lines import shortened

                place = one.location, home
                _told_by_those_over[place] = shortened(_told_by_those_over.get(place, b"") + line)
            with suppress(ValueError):  # another thread was here
                _reports.remove(one)
    _most_kept = max(_MOST_KEPT, 2 * len(_reports))


def with_unwritten(functions: list[FunctionRecord], root: str) -> list[FunctionRecord]:
    """Add to the numbers of a store's functions what this process has counted and not written down yet."""
    of: dict[str, list[Tally]] = {}
    for one in _reports.copy():
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
    for one in _reports.copy():
        with suppress(Exception):
            one.write()


def counted_here(place: str) -> dict[str, list[Line]]:
    """What this process counted in the store of a place, by function, written down or not."""
    from .statistics_lines import parse_lines

    found: dict[str, list[Line]] = {}
    of_those_over = [(home, line) for (location, home), line in list(_told_by_those_over.items()) if location == place]
    for home, line in [*(one.counted(place) for one in _reports.copy()), *of_those_over]:
        if home:
            found.setdefault(home, []).extend(parse_lines(line))
    return found


_reports: list[Report] = []
_MOST_KEPT = 64
_most_kept = _MOST_KEPT  # reports, before those are looked for whose function is gone
_told_by_those_over: dict[tuple[str, str], bytes] = {}  # by location and home name
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
    _told_by_those_over.clear()
    for one in _reports.copy():
        with suppress(Exception):
            one.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_watch_pools, after_in_child=_after_fork_in_child)
atexit.register(flush_reports)
