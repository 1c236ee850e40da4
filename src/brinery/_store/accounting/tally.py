"""What was counted of the calls of a function, and how a process writes it down: a line of `statistics`."""

from __future__ import annotations

from ..._light import NamedTuple

# Why a call was computed although something stood under its key; written behind the key.
EXPIRED, UNUSABLE, REFRESHED = "expired", "unusable", "refreshed"


class Tally(NamedTuple):
    """How the calls of a function fared."""

    hits: int
    misses: int
    seconds_saved: float


NOTHING = Tally(0, 0, 0.0)


def encode_line(
    tally: Tally, when: float = 0.0, session: str = "", program: str = "", missed: str = "", last_use: float = 0.0
) -> bytes:
    """Write a line. The one before may have been cut short by a full disk, so each begins with the end of that.

    Args:
        tally: what was counted since the line before.
        when: in seconds since 1970.
        session: whose calls they were.
        program: what that is called.
        missed: the key of a call that was computed, and why although something stood there.
        last_use: when a hit last changed the times of an entry, in seconds since 1970.
    """
    hits, misses, saved = tally
    of_session = f" {when:.3f} {session} {program or '-'} {missed or '-'}" if session else ""
    return f"\n{hits} {misses} {saved:.9g}{of_session} {last_use:.3f}".encode("ascii")
