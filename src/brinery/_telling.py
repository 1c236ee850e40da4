"""A tally that tells: of a cache made with ``verbose=True``."""

from __future__ import annotations

from ._tally import Tally
from ._units import format_time
from ._warning import logger


class TellingTally(Tally):
    """The same, and each hit, miss and store is told to the logger ``brinery``, in a line."""

    __slots__ = ("_home",)

    def __init__(self, home: str) -> None:
        super().__init__()
        self._home = home

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
