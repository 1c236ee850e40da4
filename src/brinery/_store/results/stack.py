"""Make room for deep recursion in C.

Up to Python 3.11 the recursion limit is all that keeps C code off the end of the stack: who raises it, as solvers of
deep problems do, lets a pickle of a deep result end the process. So with a raised limit such work is done by a thread
whose stack is long enough. Later versions count C calls by themselves.
"""

from __future__ import annotations

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Result = TypeVar("Result")

    from collections.abc import Callable


_SAFE_LIMIT = 5000  # what any stack of the usual 8 MB bears
_BYTES_A_LEVEL = 2048
_MOST_BYTES = 1 << 30  # of addresses; memory is only taken as it is used

_MAY_BE_SHORT = sys.version_info < (3, 12)

_changing_size = threading.RLock()


def call(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function that recurses in C, here or where there is room for as much as the recursion limit allows."""
    return _call_elsewhere(function, *arguments) if is_short() else function(*arguments)


def is_short() -> bool:
    """Whether the recursion limit allows more than this thread's stack may bear."""
    return _MAY_BE_SHORT and sys.getrecursionlimit() > _SAFE_LIMIT


def _call_elsewhere(function: Callable[..., Result], *arguments: Any) -> Result:
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(function(*arguments))
        except BaseException as error:  # it is raised again below
            errors.append(error)

    thread = threading.Thread(target=work, name="brinery-stack", daemon=True)
    with _changing_size:
        before = threading.stack_size(min(sys.getrecursionlimit() * _BYTES_A_LEVEL, _MOST_BYTES))
        try:
            thread.start()
        finally:
            threading.stack_size(before)
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _after_fork_in_child() -> None:
    """Another thread of the parent's may have had the lock."""
    global _changing_size
    _changing_size = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
