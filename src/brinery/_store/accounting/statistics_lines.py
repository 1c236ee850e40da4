"""The lines of a function's `statistics`, read: what was counted, by whom and when, and one call that was computed.

Every malformed line is passed over: the file may be cut short, of an older kind, or somebody's joke.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from ..._light import NamedTuple
from ..disk.names import is_key
from .tally import EXPIRED, REFRESHED, UNUSABLE, Tally, encode_line

_MOST = 1 << 60
_LONGEST_WORD = 100
_LATEST = 2.0**33  # seconds since 1970
_KEPT_SESSIONS = 8  # whose own lines outlive the shortening of the file

_REASONS = ("", EXPIRED, UNUSABLE, REFRESHED)


class Missed(NamedTuple):
    """A call that was computed: its key, and what stood there if that was no reason not to."""

    key: str
    reason: str  # empty: nothing stood there


class Line(NamedTuple):
    """What one process told at one time."""

    tally: Tally
    when: float = 0.0  # seconds since 1970
    session: str = ""
    program: str = ""
    missed: Missed | None = None
    last_use: float = 0.0  # when a hit last changed the times of an entry, in seconds since 1970


def encode(line: Line) -> bytes:
    """Write a line again."""
    missed = "" if line.missed is None else f"{line.missed.key}{line.missed.reason}"
    return encode_line(line.tally, line.when, line.session, line.program, missed, line.last_use)


def parse_lines(data: bytes) -> Iterator[Line]:
    """All lines that can be right."""
    for text in data.split(b"\n"):
        words = text.split(b" ")
        if len(words) not in (3, 4, 8) or not all(0 < len(word) <= _LONGEST_WORD for word in words):
            continue
        with suppress(ValueError):
            tally = Tally(_number(words[0]), _number(words[1]), _seconds(words[2]))
            last_use = _moment(words[-1]) if len(words) > 3 else 0.0
            if len(words) < 8:
                yield Line(tally, last_use=last_use)
                continue
            session, program, missed = (word.decode("ascii") for word in words[4:7])
            program = "" if program == "-" else program
            yield Line(tally, _moment(words[3]), session, program, _parse_missed(missed), last_use)


def sum_of(lines: Iterable[Line]) -> Line:
    """All of it as one line of nobody's."""
    lines = list(lines)
    return Line(added(line.tally for line in lines), last_use=max((line.last_use for line in lines), default=0.0))


def added(tallies: Iterable[Tally]) -> Tally:
    """The sum, which is never more than a file can tell."""
    hits = misses = 0
    saved = 0.0
    for found in tallies:
        hits, misses, saved = hits + found.hits, misses + found.misses, saved + found.seconds_saved
    return Tally(min(hits, _MOST), min(misses, _MOST), min(saved, float(_MOST)))


def shortened(data: bytes) -> bytes:
    """A few lines that tell the same sum, and the same of the latest sessions."""
    sessions: dict[str, Line] = {}
    others = []
    for line in parse_lines(data):
        before = sessions.get(line.session)
        if not line.session:
            others.append(line)
        elif before is None:
            sessions[line.session] = line
        else:
            sessions[line.session] = Line(
                added((before.tally, line.tally)),
                max(before.when, line.when),
                line.session,
                before.program or line.program,
                before.missed or line.missed,
                max(before.last_use, line.last_use),
            )
    latest = sorted(sessions.values(), key=lambda line: line.when)
    others += latest[:-_KEPT_SESSIONS]
    return b"".join(map(encode, [sum_of(others), *latest[-_KEPT_SESSIONS:]]))


def _number(word: bytes) -> int:
    number = int(word)
    if not 0 <= number < _MOST:
        raise ValueError(word)
    return number


def _seconds(word: bytes) -> float:
    number = float(word)
    if not 0 <= number < _MOST:
        raise ValueError(word)
    return number


def _moment(word: bytes) -> float:
    number = float(word)
    if not 0 <= number < _LATEST:
        raise ValueError(word)
    return number


def _parse_missed(word: str) -> Missed | None:
    key, reason = word[:32], word[32:]
    return Missed(key, reason) if is_key(key) and reason in _REASONS else None
