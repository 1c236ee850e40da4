"""Functions as a notebook shows them: what each takes, and what it saved, as bars side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .._columns import ago, count, taken
from .._units import format_size
from . import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store.records import FunctionRecord


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
