"""Where a cached function stands for a builtin that brinery's own code calls: that call is computed."""

from __future__ import annotations

import builtins
from _thread import get_ident
from sys import _getframe

from ._light import P, R, update_wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
