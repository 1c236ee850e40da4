"""Find what makes a function's hits slow: values that every call has to check for changes."""

from __future__ import annotations

import time

from .._display.text import printable
from .._keying.code.live import standard_name
from .._keying.code.watch import texts_in
from .._keying.values.digest import encode
from .._keying.values.kinds import is_known_data
from .._light import suppress
from .._tally import SLOW
from .._units import format_time
from .._warnings import logger
from .changed_state import WaysOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .keyer import KeyedFunction, State

clock = time.thread_time  # on a busy machine, what other processes take is not this value's fault


def slow_values(function: KeyedFunction[..., Any], state: State, values: object) -> list[str]:
    """Say in a sentence each what takes long to look at, of what a function reaches and of a call's arguments."""
    found = []
    for what, look, parts in (
        ("reaches", state.holds, _reached(state)),
        ("was given", lambda: encode(values, "", state.code_of), _given(function, state, values)),
    ):
        took = _time(look)
        if took >= SLOW and parts:
            took = min(took, _time(look))  # the first look may have imported something
        if took >= SLOW and parts:
            part, value = max(parts, key=lambda item: _seconds(item[1], state))
            found.append(f"{part}, which it {what}, takes {format_time(took)}: {_way_out(function, part, value)}")
    return found


def tell_slow(function: KeyedFunction[..., Any], state: State, values: object) -> None:
    """Say in the log what makes a function's hits slow, if that is what is looked at."""
    for sentence in slow_values(function, state, values):
        logger.warning(
            "%s looks at each call whether what it depends on has changed, and %s [slow]",
            printable(function._home),
            printable(sentence),
        )


def _reached(state: State) -> list[tuple[str, object]]:
    found = []
    for part, get in state.code.values.items():
        with suppress(Exception):  # it is gone, or is looked up by code of the user's
            value = get()
            if texts_in(value) is None and not state.code.notes.get(part, "").startswith("a live object"):
                found.append((part, value))
    return found


def _given(function: KeyedFunction[..., Any], state: State, values: object) -> list[tuple[str, object]]:
    return [(f"argument {name}", value) for name, value in function._named(state, values).items()]


def _seconds(value: object, state: State) -> float:
    def look() -> None:
        with suppress(Exception):
            encode(value, "", state.code_of, _ignore, _ignore)

    return _time(look)


def _time(look: Callable[[], object]) -> float:
    began = clock()
    look()
    return clock() - began


def _ignore(path: str, value: object) -> None:
    """What cannot be digested counts by its type here, too."""


def _way_out(function: KeyedFunction[..., Any], part: str, value: object) -> str:
    ways = WaysOut(function)
    kind, _, path = part.partition(" ")
    if kind == "argument" and function._own_key is not None:
        return "let key= return less"
    known = type(value)
    if kind != "argument" and not standard_name(known) and not is_known_data(known):
        return f"if its type is all that counts, brinery.register_handle({known.__qualname__})"
    ways.ignore[path if kind == "argument" else ways.spelt(kind, path)] = None
    return f"if it is always the same, {ways.line()}"
