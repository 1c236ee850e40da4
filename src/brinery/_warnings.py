"""Warning a user once, at the line that called, and never at the price of a result."""

from __future__ import annotations

import sys

from .errors import BrineryWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any


class _Logger:
    """The logger ``brinery``, which brings in `logging` (8 ms) only when there is something to tell."""

    def __getattr__(self, name: str) -> Any:
        try:
            from logging import getLogger
        except (ImportError, OSError):  # no descriptor left to read it, or in the midst of being read
            return _say_nothing
        return getattr(getLogger("brinery"), name)


def _say_nothing(*_message: object, **_options: object) -> None:
    """Take the place of a logger's method."""


logger: Logger = _Logger()  # type: ignore[assignment]

_PACKAGE = __name__.rpartition(".")[0]
_said: set[tuple[str, str]] = set()


def warn(category: type[BrineryWarning], message: str, *, cause: str, store: str = "", strict: bool = False) -> None:
    """Say once per process, store and cause what happened, what was done instead, and what to do.

    Under ``-W error`` the warning goes to the log instead of costing the caller a result that is already computed;
    with ``strict`` it is raised, every time.
    """
    text = f"{message} [{category.name}]"
    if strict:
        raise category(text)
    if (store, cause) in _said:
        return
    try:
        from warnings import warn as say
    except (ImportError, OSError):  # no descriptor left to read it: said another time
        return
    _said.add((store, cause))
    try:
        say(text, category, stacklevel=_frames_of_brinery())
    except category:
        logger.warning("%s", text)


def forget_warnings() -> None:
    """Make every cause new again, as in a new process."""
    _said.clear()


def _frames_of_brinery() -> int:
    """Count the frames between `warn` and the first one outside this package."""
    level = 1
    frame = sys._getframe(1)  # noqa: SLF001  what `warnings` itself goes by
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    return level


def _is_ours(module: str) -> bool:
    return module == _PACKAGE or module.startswith(_PACKAGE + ".")
