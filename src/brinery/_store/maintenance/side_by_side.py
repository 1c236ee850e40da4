"""Work on many files, with other threads where the disk keeps this one waiting: calls that wait let others run."""

from __future__ import annotations

import math
from collections import deque
from threading import Lock, Thread

from ..._light import Protocol
from ..disk.records import Removed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Item = TypeVar("Item")
    Outcome = TypeVar("Outcome", bound="Counted")

# Time would tell how busy the machine is. How often a thread was put to sleep for a file tells of the disk alone.
_TELLING = 64  # files
_OFTEN = 0.25  # times for each of them: in memory it is none, and one or two where each is read from the disk


class Counted(Protocol):
    """What came of an item."""

    @property
    def entries(self) -> int: ...  # how many files that took


class SideBySide:
    """Works through lists of folders, in this thread alone as long as nothing waits.

    Args:
        threads: how many are at work where it does, this one included.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._waits = False  # found once, that is taken to stay so
        self._slept = _times_slept()
        self._untold = 0

    def run(
        self,
        items: list[Item],
        work: Callable[[Item], Outcome],
        take: Callable[[Outcome], object],
        most: float = math.inf,
    ) -> None:
        """Take items from the end of a list, until it is empty or `most` files were worked on, and begin no other.

        Args:
            items: what is not begun stays there.
            work: called by any thread; as soon as it raises somewhere, no other item is begun.
            take: called by this thread alone, with each outcome.
            most: the number of files.

        Raises:
            BaseException: whatever `work` and `take` raise, once no thread is at work any more.
        """
        files = 0
        while items and files < most and not self._waits:  # nothing else: of a million entries, 50,000 folders pass
            outcome = work(items.pop())
            files += outcome.entries
            take(outcome)
            self._untold += outcome.entries
            if self._untold >= _TELLING:
                before, self._slept = self._slept, _times_slept()
                self._waits = self._threads > 1 and self._slept - before > self._untold * _OFTEN
                self._untold = 0
        if items and files < most:
            self._run_shared(_Shared(items, work, most - files), take)

    def remove(self, items: list[Item], work: Callable[[Item], Removed], most: float = math.inf) -> Removed:
        """Do work on all items that removes files, and return what all of it removed."""
        entries = size = 0

        def add(removed: Removed) -> None:
            nonlocal entries, size
            entries += removed.entries
            size += removed.bytes

        self.run(items, work, add, most)
        return Removed(entries, size)

    def _run_shared(self, shared: _Shared, take: Callable[[Any], object]) -> None:
        helpers: list[Thread] = []
        try:
            shared.let_help(helpers, self._threads - 1)
            while shared.step():
                while shared.done:
                    take(shared.done.popleft())
        finally:
            shared.end()
            _wait_for(helpers)
        while shared.done:
            take(shared.done.popleft())
        if shared.error is not None:
            raise shared.error


class _Shared:
    """What several threads take from and add to."""

    def __init__(self, items: list[Any], work: Callable[[Any], Counted], most: float) -> None:
        self._items = items
        self._work = work
        self._lock = Lock()
        self.most = most
        self.files = 0
        self.done: deque[Counted] = deque()
        self.error: Exception | None = None

    def step(self) -> bool:
        """Work on the next item; False if there is none to be begun."""
        with self._lock:
            if not self._items or self.files >= self.most:
                return False
            item = self._items.pop()
        outcome = self._work(item)
        with self._lock:
            self.files += outcome.entries
        self.done.append(outcome)
        return True

    def end(self) -> None:
        """From now on no item is begun."""
        with self._lock:
            self.most = -1

    def let_help(self, helpers: list[Thread], number: int) -> None:
        for _ in range(min(number, len(self._items) - 1)):
            helpers.append(Thread(target=self._help, name="brinery-files", daemon=True))  # an interrupt finds it there
            try:
                helpers[-1].start()
            except RuntimeError:  # no more threads, or the interpreter is going down
                return

    def _help(self) -> None:
        try:
            while self.step():
                pass
        except Exception as error:
            self.error = error
            self.end()


def _times_slept() -> int:
    """How often this thread has waited for anything but its turn on a processor; 0 where nobody counts that."""
    try:
        from resource import RUSAGE_THREAD, getrusage
    except ImportError:  # macOS does not know it of a thread, Windows of nothing
        return 0
    return getrusage(RUSAGE_THREAD).ru_nvcsw


def _wait_for(helpers: list[Thread]) -> None:
    """Wait even if interrupted again: the folders that they work in are closed next."""
    interrupt: BaseException | None = None
    for helper in helpers:
        while helper.is_alive():
            try:
                helper.join()
            except BaseException as error:
                interrupt = error
    if interrupt is not None:
        raise interrupt
