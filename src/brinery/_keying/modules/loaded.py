"""Whether a module's file still says what was loaded from it.

A function's source is proven by its bytecode; the statements of a module leave nothing behind to compare with. So the
file must not have changed since a moment at which the module was not loaded yet: the start of the process, a fork, the
import of brinery, or the decoration of a function. Modules stand in `sys.modules` in the order of their loading.
"""

from __future__ import annotations

import os
import sys
import time

from ..source.reads import FileState, file_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TICK = 0.02  # of the clock that tells when a process started, and what Python takes until it reads its program
_MOST_MARKS = 256

_marks: list[tuple[float, str]] = []  # a moment, and the module that had been loaded last
_executing: dict[str, float] = {}  # a moment at which a module was being executed


def mark() -> None:
    """Note that what is loaded from now on is loaded from now on."""
    last = next(reversed(sys.modules))
    if len(_marks) < _MOST_MARKS and (not _marks or _marks[-1][1] != last):
        _marks.append((time.time(), last))


def mark_after_fork() -> None:
    """Note it in a child process, in which nothing was loaded by itself so far."""
    _marks.append((time.time(), next(reversed(sys.modules))))


def mark_executing(name: object) -> None:
    """Note that a module is being executed, of which a function is decorated: its file was read just before."""
    mark()
    module = sys.modules.get(name) if type(name) is str else None
    if module is not None and name not in _executing and _is_initializing(module):
        _executing[name] = time.time()  # type: ignore[index]


def state_as_loaded(name: str) -> tuple[str, FileState] | None:
    """Return the file that a module was loaded from, with its state; None where it may have changed since."""
    module: Any = sys.modules.get(name)
    filename = getattr(module, "__file__", None)
    if type(filename) is not str or not filename.endswith((".py", ".pyw")):
        return None
    state = file_state(filename)
    if state is None or max(state.modified, state.changed) > _not_loaded_before(name) * 1e9:
        return None
    return filename, state


def _not_loaded_before(name: str) -> float:
    """Return the latest moment of which it is known that a module's file had not been read yet, or was just read."""
    moments = [_executing.get(name, 0.0), _STARTED + _TICK]
    order = {other: index for index, other in enumerate(sys.modules)}
    place = order.get(name, -1)
    moments += [moment for moment, last in _marks if order.get(last, place) < place]
    return max(moments)


def _is_initializing(module: object) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _process_start() -> float:
    """Return the time at which this process started; that of now where the system does not tell."""
    try:
        with open("/proc/self/stat", "rb") as handle:
            ticks = int(handle.read().rpartition(b")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return time.time()
    return time.time() - age


_STARTED = _process_start()
mark()
os.register_at_fork(after_in_child=mark_after_fork)
