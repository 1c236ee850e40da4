"""How a program and its workers fared: what hit, what was computed and why, what that saved."""

from __future__ import annotations

import os
import sys

from .._display.text import table
from .._light import NamedTuple
from .._store.accounting.tally import EXPIRED, REFRESHED, UNUSABLE
from .._units import format_time
from .explanation import why_computed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store.accounting.sessions import Called
    from .._store.accounting.statistics_lines import Missed
    from .._store.directory import Directory

_WORDS = {
    EXPIRED: "its result had expired",
    UNUSABLE: "its entry was damaged, or signed with another secret",
    REFRESHED: "it was refreshed, though its result was there",
}
# What tells most comes first: an edit or an end of life, then that a function is new, then that a call is.
_LESS_TELLING = ("never called before", "argument ")


class FunctionSession(NamedTuple):
    """How the calls of one function fared in a session.

    Attributes:
        function: its home name.
        hits: calls answered from the store.
        misses: calls computed.
        seconds_saved: what computing the hits had taken.
        reason: why calls were computed, the most telling; empty if none was.
        key: the key of the call that the reason is about; empty if that is not known.
    """

    function: str
    hits: int
    misses: int
    seconds_saved: float
    reason: str
    key: str


class Session(NamedTuple):
    """What a program and the processes that it started did with a store; reads well when printed.

    Attributes:
        program: the name of the program's file; empty if that is not known.
        last: when it last told of its calls, in seconds since 1970.
        functions: the functions that it called, in the order of their names.
    """

    program: str
    last: float
    functions: tuple[FunctionSession, ...]

    @property
    def hits(self) -> int:
        """Calls answered from the store."""
        return sum(function.hits for function in self.functions)

    @property
    def misses(self) -> int:
        """Calls computed."""
        return sum(function.misses for function in self.functions)

    @property
    def seconds_saved(self) -> float:
        """What computing the hits had taken."""
        return sum(function.seconds_saved for function in self.functions)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        """Show the session in a notebook, as HTML."""
        from .._display.html import of_session

        return of_session(self)

    def to_text(self, width: int = 0) -> str:
        """Return the session as a table in plain text; with a width, reasons are cut so that lines fit."""
        titles, rows = self.rows()
        return f"{table(titles, rows, titles[1:-1], width)}\n{self.sum()}"

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The titles of a table, and its rows."""
        titles = ("function", "hits", "computed", "saved", "why it was computed")
        return titles, [
            (one.function, f"{one.hits}", f"{one.misses}", format_time(one.seconds_saved), one.reason or "-")
            for one in self.functions
        ]

    def sum(self) -> str:
        """All of it in a sentence."""
        calls = self.hits + self.misses
        answered = f"{self.hits} of {calls} {'call' if calls == 1 else 'calls'} answered from the store"
        return f"{answered}, which saved {format_time(self.seconds_saved)}" if self.hits else answered


def last_session(store: Directory, *, own: bool = False) -> Session | None:
    """Tell of the session that was heard of last in a store, or of this process's own; None if there is none."""
    found = store.last_session(own=own)
    if found is None:
        return None
    return Session(found.program, found.last, tuple(_function(store, called) for called in found.called))


def _function(store: Directory, called: Called) -> FunctionSession:
    key, reason = "", ""
    if called.tally.misses:
        told = [(missed.key, _reason(store, called.function, missed)) for missed in called.missed]
        told.sort(key=lambda pair: [pair[1].startswith(beginning) for beginning in reversed(_LESS_TELLING)])
        key, reason = told[0] if told else ("", "no key could be taken: the warnings say why")
    return FunctionSession(called.function, *called.tally, reason, key)


def _reason(store: Directory, function: str, missed: Missed) -> str:
    if missed.reason:
        return _WORDS[missed.reason]
    return why_computed(store.looked_at(function), missed.key)


_shown: list[Directory] = []


def show_at_exit(store: Directory) -> None:
    """Have this session told on stderr when the process ends, once for each store."""
    import atexit

    if not _shown:
        atexit.register(_show)
    if all(one.location != store.location for one in _shown):
        _shown.append(store)


def _show() -> None:
    from .._store.accounting.session_name import is_main_process
    from .._store.accounting.statistics import flush_reports

    if not is_main_process() or sys.stderr is None:
        return
    flush_reports()
    for store in _shown:
        try:
            session = last_session(store, own=True)
            if session is not None:
                sys.stderr.write(f"brinery: what this run did with {store.root}\n{session.to_text(_width())}\n")
        except Exception as error:  # it was only for looking at
            sys.stderr.write(f"brinery: what this run did with {store.root} cannot be told: {error}\n")


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return 0
