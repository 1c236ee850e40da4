"""What the interpreter and its surroundings do to calls: recursion, forks, replaced builtins.

Each of these is rare, and each would otherwise hang a call or end it with an error that it would not have without the
cache.
"""

from __future__ import annotations

import builtins
import os
import sys
from _thread import RLock, get_ident
from sys import _getframe

from ._light import P, R, suppress, update_wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


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


_IMPORT_SYSTEM = "_frozen_importlib"
_REQUIRED = {"brinery", "filelock", "platformdirs", "xxhash"}  # with what they import of the standard library


def _forget_half_imported() -> None:
    """Take the locks of threads that are not there from modules of ours and of Python, and what those had begun."""
    locks = getattr(sys.modules.get(_IMPORT_SYSTEM), "_module_locks", {})
    for name, reference in list(locks.items()):
        owner = getattr(reference(), "owner", None)
        if owner is None or owner == get_ident() or not _is_ours_or_pythons(name):
            continue
        locks.pop(name, None)
        if getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False):
            sys.modules.pop(name, None)


def _is_ours_or_pythons(name: str) -> bool:
    root = name.partition(".")[0]
    return root in _REQUIRED or root in sys.stdlib_module_names


def _import_in_child() -> None:
    with suppress(Exception):  # the import system is not as it was
        _forget_half_imported()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_import_in_child)


_names = vars(builtins)
_first = {name: value for name, value in _names.items() if callable(value)}

at_work: set[int] = set()  # threads in which brinery looks up or keeps a result just now


def is_builtin(function: object) -> bool:
    """Tell whether a call of a function is one of a builtin, for which the function stands, or what calls it.

    That is a builtin which means something else than when brinery was imported. No builtin is called here.
    """
    codes = []
    for name, value in _first.items():
        found = _names.get(name, value)
        if found is function:
            return True
        if found is not value:
            try:
                codes.append(found.__code__)
            except AttributeError:
                return True  # an object that may call whatever it likes
    frame = _getframe(1) if codes else None
    while frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False


def own_work(method: Callable[P, R]) -> Callable[P, R]:
    """Mark the thread as at work during a method that coroutines, generators and steps call on their way.

    Their bodies cannot be marked as a whole, as an event loop or a consumer runs in between.
    """

    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        thread = get_ident()
        if thread in at_work:
            return method(*args, **kwargs)
        at_work.add(thread)
        try:
            return method(*args, **kwargs)
        finally:
            at_work.discard(thread)

    update_wrapper(marked, method)
    return marked
