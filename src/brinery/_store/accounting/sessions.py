"""What programs did with a store, put together from the lines of its functions' statistics.

What stands in a store about sessions is for people to read. Anybody who can write there can write what he likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._light import NamedTuple
from .statistics_lines import Line, Missed, added
from .tally import Tally

_MOST_MISSED = 5


class Called(NamedTuple):
    """How the calls of one function fared in a session, and some that were computed."""

    function: str
    tally: Tally
    missed: tuple[Missed, ...]


class Session(NamedTuple):
    """One program's calls, function by function."""

    program: str  # its file's name, empty if that is not known
    last: float  # when it last told of its calls
    called: tuple[Called, ...]


def latest(lines: Mapping[str, Iterable[Line]], name: str = "") -> Session | None:
    """Put together what the lines of functions tell of one session: that of the name, else the last to be heard of."""
    told = [(function, line) for function, found in lines.items() for line in found if line.session]
    if not name and told:
        name = max(told, key=lambda pair: pair[1].when)[1].session
    told = [(function, line) for function, line in told if line.session == name]
    if not told:
        return None
    called: dict[str, list[Line]] = {}
    for function, line in told:
        called.setdefault(function, []).append(line)
    return Session(
        max(line.program for _, line in told),
        max(line.when for _, line in told),
        tuple(_called(function, found) for function, found in sorted(called.items())),
    )


def _called(function: str, lines: list[Line]) -> Called:
    missed = [line.missed for line in lines if line.missed is not None]
    return Called(function, added(line.tally for line in lines), tuple(missed[:_MOST_MISSED]))
