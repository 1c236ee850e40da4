"""A cell that is cached as a whole: on a hit the notebook is left as a run would leave it, and shows what it showed."""

from __future__ import annotations

import time
from contextlib import suppress
from importlib import import_module
from types import FunctionType

from .._display.text import printable
from .._function.cached import CachedFunction
from .._keying.code.fingerprint import Fingerprint
from .._keying.code.home import MAIN
from .._keying.code.reach import fingerprint
from .._keying.key import Difference, compare_parts
from .._keying.modules.installed import Before
from ..errors import BrineryWarning, ChangedWhileRunningWarning, UnstorableResultWarning
from .cell import Cell
from .leaving import NotStored, check_alone, is_own, outcome_of
from .outcome import ClosedFile, Outcome
from .randomness import restore
from .run import Run, execute, run_plainly
from .showing import muted, show_again, tell_saved
from .syntax import names_written_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._cache import Cache
    from .._explain.explanation import Explanation
    from .._function.keyer import Call, State
    from .._options import FunctionOptions
    from .._store.locking.locks import Claim
    from .._store.results.payload import Payload

_GLOBAL = f"global {MAIN}."
_AFTER_A_NAME = ("", "[", ".", "(", " ")


class CellStep(CachedFunction[[], None]):
    """A notebook's cell as a function without arguments, whose result is what it leaves behind."""

    __slots__ = ("_cell", "_is_refused", "_reused", "_shell", "_why")

    def __init__(self, shell: Any, cell: Cell, cache: Cache, options: FunctionOptions) -> None:
        super().__init__(cell.function, cache, options, f"{MAIN}.{cell.label}")
        self._shell = shell
        self._cell = cell
        self._parts_of_options["kind"] = "cell"
        self._is_refused = False  # what is stored does not fit the notebook as it is
        self._why: Explanation | None = None  # of the latest run, as it was before that
        self._reused: Call | None = None

    def _make_state(self) -> State:
        while True:
            state = super()._make_state()
            # What functions of the notebook bind by `global` is left as it was if they do not: so it counts.
            written = {
                name
                for function in self._functions_of(state)
                if function is not self._cell.function
                for name in names_written_inside(function.__code__)
            }
            cell = self._cell.reading(written)
            if cell is self._cell:
                return state
            self._cell = cell
            self.__wrapped__ = cell.function

    def _keyed_names(self, state: State) -> set[str]:
        """The notebook's names whose values the key covers, be it because a function reads them."""
        parts = [part.removeprefix(_GLOBAL) for part in state.code.parts if part.startswith(_GLOBAL)]
        return {*self._cell.inputs, *parts}

    def _set_elsewhere(self, state: State) -> list[tuple[dict[str, Any], str, object]]:
        """What functions of other modules may bind by `global`, and what stands there."""
        return [
            (thing.__globals__, name, thing.__globals__.get(name))
            for thing in state.code.reached.values()
            if isinstance(thing, FunctionType) and thing.__globals__ is not self._shell.user_ns
            for name in names_written_inside(thing.__code__)
        ]

    def _functions_of(self, state: State) -> list[FunctionType]:
        """The notebook's functions that the cell reaches, itself among them."""
        return [
            thing
            for thing in state.code.reached.values()
            if isinstance(thing, FunctionType) and thing.__globals__ is self._shell.user_ns
        ]

    def run(self, *, refresh: bool = False) -> None:
        """Run the cell, or do what it did; raises what it raises."""
        call = self._keyed((), {})
        if call is None:
            self._count_unkeyed()
            run_plainly(self._shell, self._cell)
            return
        obstacle = self._unkeyable(call.state)
        if obstacle is not None:
            self._tally.miss()
            run_plainly(self._shell, self._cell)
            self._tell_not_stored(obstacle)
            return
        if not refresh and self._reuse(call):
            return
        self._note_why(call)
        with self._claimed(call.key) as claim:
            if claim is not None and self._reuse_of_others(claim, call, refresh=refresh):
                return
            self._begin(call)
            try:
                run = Run(self._shell, self._cell, self._set_elsewhere(call.state))
            except Exception as error:
                self._tell_failure("recording a run", error)
                run_plainly(self._shell, self._cell)
                return
            run.execute()
            seconds = time.perf_counter() - call.began
            try:
                outcome = self._outcome(call, run)
                if claim is not None:
                    self._put(claim, call, self._payload(outcome), _Left(outcome), seconds)
            except NotStored as reason:
                self._tell_not_stored(reason)
            except BrineryWarning:
                raise  # strict
            except Exception as error:
                self._tell_failure("storing a result", error)

    # What a hit does.

    def _reuse_of_others(self, claim: Claim, call: Call, *, refresh: bool) -> bool:
        """Wait until the cell is ours to run, or another process has stored what it does."""
        try:
            while not (turn := claim.attempt()).may_compute:
                if turn.must_wait:
                    claim.pause()
                elif not refresh and not self._is_refused and self._reuse(call):
                    return True
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("waiting for a result", error)
        return False

    def _reuse(self, call: Call) -> bool:
        """Leave the notebook as a run would; False, and everything as it was, where that cannot be."""
        if self._folder is None or not self._folder.contains(call.key, self._ttl):
            return False
        space: dict[str, Any] = self._shell.user_ns
        before = dict(space)
        try:
            with muted(self._shell):
                for definition in self._cell.definitions:
                    if not definition.obstacle:
                        execute(self._shell, self._cell.filename, [definition.statement])
                found = self._folder.get(call.key, self._ttl, self._loader)
                outcome = self._restored(call, found[0], before) if found is not None else None
        except BaseException as error:
            self._undo(before)
            if isinstance(error, BrineryWarning) or not isinstance(error, Exception):
                raise
            self._is_refused = isinstance(error, NotStored)
            if not self._is_refused:
                self._tell_failure("restoring what was stored", error)
            return False
        if found is None or outcome is None:
            self._undo(before)
            return False
        self._tally.hit(found[1])
        show_again(self._shell, outcome.shown, outcome.results)
        tell_saved(self._shell, found[1])
        self._reused = call
        return True

    def _restored(self, call: Call, outcome: Outcome, before: dict[str, Any]) -> Outcome:
        if not isinstance(outcome, Outcome):
            raise TypeError("the entry is no cell's")
        left = {*outcome.values, *outcome.same, *outcome.defined, *outcome.modules, *outcome.gone}
        check_alone(self._shell, before, outcome.in_place, left - self._keyed_names(call.state))
        modules = {name: import_module(module) for name, module in outcome.modules.items()}
        same = {name: before[source] for name, source in outcome.same.items()}
        same |= {name: self._shell.user_ns[source] for name, source in outcome.defined.items()}
        values = {name: it.made() if isinstance(it, ClosedFile) else it for name, it in outcome.values.items()}
        self._shell.user_ns.update({**values, **same, **modules})
        for name in outcome.gone:
            self._shell.user_ns.pop(name, None)
        restore(outcome.generators)
        for name in outcome.loaded:
            with suppress(ImportError):
                import_module(name)
        return outcome

    def _undo(self, before: dict[str, Any]) -> None:
        space = self._shell.user_ns
        for name in [name for name in space if name not in before and not is_own(self._shell, name)]:
            del space[name]
        space.update({name: value for name, value in before.items() if not is_own(self._shell, name)})

    # What is stored.

    def _outcome(self, call: Call, run: Run) -> Outcome:
        """Collect what the run left behind, once it is sure that its inputs are what the key was taken from."""
        with run.randomness.as_before():
            now = fingerprint(self._cell.function, self._scope, Before(self._shell.user_ns, run.before))
        in_place = []
        for item in compare_parts(call.state.code.parts, now.parts):
            if _is_only_loaded(item, call.state.code, now):
                continue
            name = item.part.removeprefix(_GLOBAL)
            if name == item.part or name not in run.before or item.change != "changed":
                raise NotStored(ChangedWhileRunningWarning, f"{item.part} changed while it ran")
            in_place.append(name)
        functions = self._functions_of(call.state)
        reached = [function.__code__ for function in functions if function is not self._cell.function]
        return outcome_of(self._shell, self._cell, run, self._keyed_names(call.state), in_place, reached)

    def _payload(self, outcome: Outcome) -> Payload:
        from .._store.results.payload import Unstorable

        try:
            try:
                return self._codec.dumps(outcome)
            except Unstorable:
                # What was shown as the last expression can be done without, unlike a name.
                return self._codec.dumps(outcome._replace(results=None))
        except Unstorable as error:
            name, _, rest = error.path.removeprefix('result.values["').partition('"]')
            way_out = f"Make {name} in a cell of its own, or end this one with `del {name}`"
            raise NotStored(UnstorableResultWarning, f"{name}{rest} cannot be kept: {error.reason}", way_out) from error

    # What is said.

    def _unkeyable(self, state: State) -> NotStored | None:
        """Say which input has no lasting identity, if one has none."""
        for path, kind in state.code.notes.items():
            name = path.removeprefix(_GLOBAL)
            if name == path:
                continue
            for own in self._cell.inputs:
                if name.startswith(own) and name[len(own) :][:1] in _AFTER_A_NAME:
                    reason = f"its input {name} has no lasting identity that a key could cover ({kind})"
                    way_out = f"If nothing depends on it: --ignore {own}"
                    return NotStored(UnstorableResultWarning, reason, way_out)
        return None

    def _tell_not_stored(self, reason: NotStored) -> None:
        way_out = f". {reason.way_out}" if reason.way_out else ""
        self._warn(reason.category, f"the cell ran and is not stored: {reason}{way_out}", cause="")

    def _warn(self, category: type[BrineryWarning], message: str, *, cause: str) -> None:  # noqa: ARG002  each run is one
        """Say it each time, as it is about the cell that has just run."""
        from warnings import warn_explicit

        text = f"{printable(message)} [{category.name}]"
        if self._options.strict:
            raise category(text)
        with suppress(category):
            warn_explicit(text, category, self._cell.filename, 1, registry={})

    def _note_why(self, call: Call) -> None:
        with suppress(Exception):  # it is only for people
            self._why = self._explain(call)

    def explain_latest(self) -> Explanation:
        """Say why the latest run was one, or what was reused instead."""
        if self._reused is not None:
            return self._explain(self._reused)
        return self._why or self.explain()


def _is_only_loaded(item: Difference, before: Fingerprint, now: Fingerprint) -> bool:
    """Whether a part differs only because part of an installed package was not loaded before.

    A function's part tells what its names stand for; whatever else that may have become has a part of its own.
    """
    if item.part.startswith("package "):
        return item.change == "is new"
    known, found = before.reached.get(item.part), now.reached.get(item.part)
    if item.change != "changed" or not isinstance(known, FunctionType) or known is not found:
        return False
    return {id(code) for code, _ in before.sources} == {id(code) for code, _ in now.sources}


class _Left(tuple[str, ...]):
    """Stands for an outcome where people are told of what kind a result is."""

    __slots__ = ()

    def __new__(cls, outcome: Outcome) -> Any:
        names = ", ".join(sorted({*outcome.values, *outcome.same}))
        return type(f"names {names}" if names else "no name", (), {})()
