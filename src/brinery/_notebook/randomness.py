"""The generators that `random` and `numpy.random` draw from: where a cell has left them is part of what it leaves."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress

from .._keying.values.digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_GENERATORS = {"random": ("getstate", "setstate"), "numpy.random": ("get_state", "set_state")}


class Randomness:
    """Where generators stood when a run began, or, for what the run has imported, when it was imported."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {name: _state(name) for name in _GENERATORS if name in sys.modules}

    def look(self) -> None:
        """Take note of generators that were not there before."""
        for name in _GENERATORS:
            if name not in self._before and name in sys.modules:
                with suppress(Exception):
                    self._before[name] = None if _is_seeded(name) else _state(name)

    def moved(self) -> dict[str, Any]:
        """Return where those stand that were seeded or drawn from since."""
        found = {}
        for name, before in self._before.items():
            with suppress(Exception):
                state = _state(name)
                if digest(state) != digest(before):
                    found[name] = state
        return found

    @contextmanager
    def as_before(self) -> Iterator[None]:
        """Put them back for a while, so that a key is taken from them as it was."""
        moved = self.moved()
        restore({name: self._before[name] for name in moved if self._before[name] is not None})
        try:
            yield
        finally:
            restore(moved)


def restore(states: dict[str, Any]) -> None:
    """Put generators where a run has left them."""
    from importlib import import_module

    for name, state in states.items():
        if name in _GENERATORS:
            getattr(import_module(name), _GENERATORS[name][1])(state)


def _is_seeded(name: str) -> bool:
    """Whether a generator that has just been imported was given a seed: what it had before, nobody knows."""
    return name == "numpy.random" and sys.modules[name].get_bit_generator()._seed_seq is None  # noqa: SLF001


def _state(name: str) -> Any:
    return getattr(sys.modules[name], _GENERATORS[name][0])()
