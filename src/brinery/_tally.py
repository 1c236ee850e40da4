"""Counting hits, misses and the seconds saved: of one function, in this process, safe among threads."""

from __future__ import annotations

import os
import threading

_lock = threading.RLock()  # a signal handler may call a function whose call it has interrupted


def _new_lock() -> None:
    """A child of fork may inherit the lock in the hands of a thread that it does not have."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)


class Tally:
    """Hits, misses and seconds saved since the process began, and since the last `reset`."""

    __slots__ = ("_before", "_hits", "_misses", "_saved")

    def __init__(self) -> None:
        self._hits = 0
        self._misses = 0
        self._saved = 0.0
        self._before = (0, 0, 0.0)

    def hit(self, seconds: float) -> None:
        """Count a call that was answered from the store, and what computing it had taken."""
        with _lock:
            self._hits += 1
            self._saved += seconds

    def miss(self) -> None:
        """Count a call that was computed."""
        with _lock:
            self._misses += 1

    def totals(self) -> tuple[int, int, float]:
        """Return hits, misses and seconds saved since the process began."""
        with _lock:
            return self._hits, self._misses, self._saved

    def since_reset(self) -> tuple[int, int, float]:
        """Return hits, misses and seconds saved since the last reset."""
        hits, misses, saved = self.totals()
        before = self._before
        return hits - before[0], misses - before[1], saved - before[2]

    def reset(self) -> None:
        """Begin to count from nothing."""
        self._before = self.totals()
