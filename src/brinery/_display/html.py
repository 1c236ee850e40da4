"""What a notebook shows of each of brinery's objects: HTML that is at home in any page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .._units import format_size
from . import markup as pieces
from .text import Change, ago, count, cut, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._explain.explanation import Explanation
    from .._explain.session import Session
    from .._function.cached import CacheInfo
    from .._store.disk.records import EntryRecord, FunctionRecord


def of_calls(info: CacheInfo) -> str:
    """What a decorated function did in this process, and what it has in the store."""
    calls = info.hits + info.misses
    told = f"{info.hits} of {count(calls, 'calls')}" if calls else "not called yet"
    limit = "" if info.maxsize is None else f" of {info.maxsize}"
    return pieces.block(
        pieces.measures(
            [
                ("hits", told, info.hits / calls if calls else None),
                ("time saved", taken(info.seconds_saved), None),
                ("in the store", f"{info.currsize}{limit}", info.currsize / info.maxsize if info.maxsize else None),
            ]
        )
    )


_DIGITS = 8  # of a key
_WIDEST = 240  # of what is told of the arguments


def of_entries(entries: Iterable[tuple[EntryRecord, str]], now: float) -> str:
    """A row for each entry, given with what is told of its arguments."""
    rows = [
        (
            pieces.code(entry.function, *filter(None, [cut(arguments, _WIDEST)]))
            + pieces.line(pieces.quiet(pieces.text(_whence(entry, now))), space="0"),
            pieces.text(format_size(entry.size)),
            pieces.text(taken(entry.seconds)),
        )
        for entry, arguments in entries
    ]
    return pieces.table(("entry", "size", "took"), rows, (False, True, True))


def _whence(entry: EntryRecord, now: float) -> str:
    return f"{entry.key[:_DIGITS]}, stored {ago(entry.created, now)} ago, last use {ago(entry.last_use, now)} ago"


def of_explanation(explanation: Explanation) -> str:
    """Why a call hits or misses."""
    word, colour = ("hit", pieces.GOOD) if explanation.hit else ("miss", pieces.BAD)
    parts = [
        pieces.line(pieces.strong(pieces.code(explanation.function)), pieces.label(word, colour)),
        *map(_reason, explanation.reasons),
    ]
    if explanation.nearest and explanation.nearest != explanation.key:
        nearest = f"compared with the nearest entry, {pieces.code(explanation.nearest[:8])}: "
        parts.append(pieces.line(pieces.quiet(nearest + pieces.text(explanation.about)), space=".5em"))
    parts += [pieces.details(title, found) for title, found in explanation.lists()]
    return pieces.block(*parts)


def _reason(reason: str) -> str:
    """One sentence; of a change its parts."""
    if not isinstance(reason, Change):
        return pieces.line(pieces.text(reason))
    kind, _, name = reason.what.partition(" ")
    beside = ", ".join(filter(None, (reason.note, reason.where)))
    told = [pieces.quiet(pieces.text(kind)), pieces.code(name), pieces.quiet(pieces.text(beside))]
    values = pieces.change(reason.before or "?", reason.after or "?") if reason.before or reason.after else ""
    return f'<div style="margin:.45em 0">{" ".join(told)}{values}</div>'


def of_functions(functions: Sequence[FunctionRecord], now: float) -> str:
    """A row for each function; a bar is full where a number is the largest of its column."""
    largest = max((function.bytes for function in functions), default=0)
    longest = max((_finite(function.seconds_saved) for function in functions), default=0.0)
    rows = [
        (
            pieces.code(function.name) + pieces.line(pieces.quiet(pieces.text(_use(function, now))), space="0"),
            pieces.text(format_size(function.bytes)) + pieces.bar(function.bytes / largest if largest else 0.0),
            pieces.text(taken(function.seconds_saved))
            + pieces.bar(_finite(function.seconds_saved) / longest if longest else 0.0),
        )
        for function in functions
    ]
    return pieces.table(("function", "size", "time saved"), rows, (False, True, True))


def _use(function: FunctionRecord, now: float) -> str:
    last = f", last use {ago(function.last_use, now)} ago" if function.entries else ""
    return f"{count(function.entries)}, {count(function.hits, 'hits')}{last}"


def _finite(seconds: float) -> float:
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def of_overview(
    name: str,
    place: str,
    measures: Sequence[tuple[str, str, float | None]],
    functions: Sequence[FunctionRecord],
    remark: str,
    now: float,
) -> str:
    """Where a cache is, how much is in it and what that saved, as a whole and by function."""
    parts = [pieces.line(pieces.strong(pieces.text(name)), " ", pieces.code(place))]
    if measures:
        parts.append(pieces.measures(measures))
    if functions:
        parts.append(of_functions(functions, now))
    if remark:
        parts.append(pieces.line(pieces.quiet(pieces.text(remark))))
    return pieces.block(*parts)


def of_progress(what: str, done: int, total: int | None) -> str:
    """One line, and a bar below."""
    told = pieces.code(what) + " " + pieces.quiet(pieces.text(f"{done}" if total is None else f"{done} of {total}"))
    if total is None:
        return pieces.block(pieces.line(told))
    return pieces.block(pieces.line(told), pieces.bar(done / total if total else 0.0))


def of_session(session: Session) -> str:
    """Lay out a row for each function, and all of it in a sentence below."""
    titles, rows = session.rows()
    cells = [[pieces.code(row[0]), *map(pieces.text, row[1:])] for row in rows]
    table = pieces.table(titles, cells, (False, True, True, True, False))
    return pieces.block(table, pieces.line(pieces.quiet(pieces.text(session.sum()))))
