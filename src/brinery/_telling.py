"""A tally that tells: of a cache made with ``verbose=True``."""

from __future__ import annotations

import logging
import sys

from ._tally import Tally
from ._units import format_time
from ._warnings import logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class _Shown(logging.StreamHandler):  # type: ignore[type-arg]
    """Shows on stderr, as that is when it is written to, what no other handler shows there."""

    brinery = True

    @property
    def stream(self) -> Any:
        """The present stderr, which a notebook or a test may have replaced."""
        return sys.stderr

    @stream.setter
    def stream(self, stream: Any) -> None:
        """There is nothing to set."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, unless the program's own handlers write it: `logging.basicConfig` adds one to all loggers."""
        if self.stream is not None and not any(_is_seen(handler, record) for handler in _others()):
            super().emit(record)


def add_handler() -> None:
    """Have what the logger ``brinery`` is told shown on stderr."""
    handler = _Shown()
    handler.setFormatter(logging.Formatter("brinery: %(message)s"))
    logger.addHandler(handler)


def _others() -> Iterator[logging.Handler]:
    """Yield the program's own handlers that hear of what the logger ``brinery`` is told."""
    here: logging.Logger | None = logging.getLogger("brinery")
    while here is not None:
        yield from (handler for handler in here.handlers if not isinstance(handler, _Shown))
        here = here.parent if here.propagate else None


def _is_seen(handler: logging.Handler, record: logging.LogRecord) -> bool:
    """Whether a handler writes a record to where people look."""
    stream = getattr(handler, "stream", None) or getattr(getattr(handler, "console", None), "file", None)
    is_shown = stream is not None and stream in (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__)
    return is_shown and record.levelno >= handler.level


class TellingTally(Tally):
    """A tally that also tells each hit, miss and store to the logger ``brinery``, in a line."""

    __slots__ = ("_home",)

    def __init__(self, home: str) -> None:
        super().__init__()
        self._home = home
        logging.getLogger("brinery").disabled = False  # `logging.config` disables those that it is not told of

    def hit(self, seconds: float, took: float = 0.0) -> None:
        """Count a hit, and tell what it saved."""
        super().hit(seconds, took)
        logger.info("%s: hit, saved %s", self._home, format_time(seconds))

    def miss(self) -> None:
        """Count a miss, and tell of it before it is computed."""
        super().miss()
        logger.info("%s: miss, is computed", self._home)

    def stored(self, seconds: float) -> None:
        """Tell what a result took that was kept."""
        logger.info("%s: stored, took %s", self._home, format_time(seconds))
