"""Room for cached functions that call themselves, on Python 3.11.

There a call of an object that is no function counts as a level of recursion by itself, on top of the two frames that a
cached function needs: it would reach a third of the depth that Python allows. So from some depth on the limit is raised
by a level for each call of a cached function that is under way, and lowered when that depth is left. Later versions
count frames only.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock

ARE_COUNTED = sys.version_info < (3, 12)  # calls in C, as frames are
SHALLOW = 16  # calls within each other, up to which nobody needs more room
_HIGHEST = 5000  # beyond it the stack of a thread might not bear more

depths: dict[int, int] = {}  # by thread: calls of cached functions within each other
_raised: dict[int, int] = {}  # by thread: by how many levels
_last = 0  # the limit as it was set here; the program may set another
_lock = RLock()


def make_room(thread: int, depth: int) -> None:
    """Raise the limit by a level, unless this thread was as deep before."""
    global _last
    with _lock:
        limit = sys.getrecursionlimit()
        if limit != _last:  # the program's own: what was raised before is not ours to lower
            _raised.clear()
        missing = depth - SHALLOW - _raised.get(thread, 0)
        if missing > 0 and limit <= _HIGHEST:
            sys.setrecursionlimit(limit + missing)
            _raised[thread] = _raised.get(thread, 0) + missing
            _last = limit + missing


def give_back(thread: int) -> None:
    """Lower the limit by all that was raised for a thread, which is no longer deep."""
    global _last
    with _lock:
        raised = _raised.pop(thread, 0)
        if raised and sys.getrecursionlimit() == _last:
            _last -= raised
            sys.setrecursionlimit(_last)


def _after_fork_in_child() -> None:
    """Another thread of the parent's may have had the lock."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
