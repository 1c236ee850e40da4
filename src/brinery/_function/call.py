"""A call: return what is stored under its key, else compute it once and store it."""

from __future__ import annotations

import os
import time
from _thread import get_ident

from .._interpreter import ARE_COUNTED, SHALLOW, at_work, depths, give_back, is_builtin, make_room, own_work
from .._keying.handles.library_options import OptionsSnapshot
from .._keying.values.digest import SCALARS
from .._keying.values.filled import before_a_run
from .._light import P, R, suppress
from .._options import is_disabled
from .._tally import SLOW, SLOW_HITS
from ..errors import BrineryWarning
from .keyer import Call, KeyedFunction, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .._explain.adoption import Adoption
    from .._explain.explanation import Explanation
    from .._store.function_folder import FunctionFolder
    from .._store.locking.locks import Claim
    from .._store.results.loading import Loader
    from .._store.results.payload import Codec, Payload


_storing: ModuleType | None = None  # loaded when something is computed


class ComputedOnce(KeyedFunction[P, R]):
    """A function whose calls are answered from the store, or computed once and kept; `CachedFunction` is its face."""

    __slots__ = ()

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        thread = get_ident()
        if thread in at_work:
            return self._call_within(thread, args, kwargs)
        at_work.add(thread)
        try:
            began = time.perf_counter()
            keyed = self._take_key(args, kwargs)
            if keyed is not None:
                found = self._folder.get(keyed[0], self._ttl, self._loader_made or self._loader)  # type: ignore[union-attr]
                if found is not None:
                    took = time.perf_counter() - began
                    self._tally.hit(found[1], took)
                    if took > SLOW:
                        self._note_slow(keyed[1], keyed[2])
                    return found[0]  # type: ignore[no-any-return]
                call = Call(*keyed, args, kwargs)
                with self._claimed(call.key) as claim:
                    found = self._wait_for(claim, call.key)
                    if found is not None:
                        return found[0]  # type: ignore[no-any-return]
                    self._begin(call)
                    at_work.discard(thread)
                    if ARE_COUNTED:
                        depth = depths[thread] = depths.get(thread, 0) + 1
                    try:
                        if ARE_COUNTED and depth > SHALLOW:
                            make_room(thread, depth)
                        # Called from here and not from further down: a function that calls itself needs two frames.
                        result = self.__wrapped__(*args, **kwargs)
                    finally:
                        if ARE_COUNTED:
                            if depth == 1:
                                del depths[thread]
                            else:
                                depths[thread] = depth - 1
                            if depth == SHALLOW + 1:
                                give_back(thread)
                        at_work.add(thread)
                    self._keep(claim, call, result, time.perf_counter() - call.began)
                    return result
            self._count_unkeyed()
        finally:
            at_work.discard(thread)
        return self.__wrapped__(*args, **kwargs)

    def _call_within(self, thread: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        """Answer a call that brinery's own code leads to, such as one of `len`, where that is this function."""
        if is_builtin(self):
            return self.__wrapped__(*args, **kwargs)
        # It is by a function of the user's, such as one that says what the key is, or by a signal handler.
        at_work.discard(thread)
        try:
            return self(*args, **kwargs)
        finally:
            at_work.add(thread)

    # The call.

    @own_work
    def _look_up(self, key: str, loader: Loader | None = None) -> tuple[Any, float] | None:
        """Return a stored result and what it took to compute, counted as a hit; None where there is none."""
        found = self._folder.get(key, self._ttl, loader or self._loader)  # type: ignore[union-attr]
        if found is not None:
            self._tally.hit(found[1])
        return found

    @own_work
    def _claimed(self, key: str) -> Claim | _Nothing:
        """The wish to compute a key, for a `with`; None in it where not even that can be had: nothing will be kept."""
        try:
            return self._folder.claim(key)  # type: ignore[union-attr]
        except Exception as error:  # as where no descriptor is left to import what a miss needs
            self._tell_failure("making sure that a result is computed once", error)
            return _NOTHING

    def _wait_for(self, claim: Claim | None, key: str, *, refresh: bool = False) -> tuple[Any, float] | None:
        """Wait until the call is ours to compute, or somebody else has stored its result, which is returned."""
        if claim is None:
            return None
        try:
            while not (turn := claim.attempt()).may_compute:
                if turn.must_wait:
                    claim.pause()
                elif not refresh and (found := self._look_up(key)) is not None:
                    return found
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("waiting for a result", error)
        return None

    @own_work
    def _begin(self, call: Call, *, refresh: bool = False) -> None:
        """Count a miss, and note before the function runs what its arguments are, if they can change."""
        self._tally.miss()
        call.options = OptionsSnapshot()
        is_first = not self._has_told_misspelt
        if is_first:
            self._check_spelling()
        try:
            if is_first:
                (_storing or _load_storing()).note_attributes(self, call)
            if self._tally.wants_missed():
                self._tally.note_missed(self._folder.missed(call.key, self._ttl, refresh=refresh))  # type: ignore[union-attr]
            values: Any = call.values
            if self._own_key is None and SCALARS.issuperset(map(type, values)):
                call.is_fixed = True
            else:
                call.named = self._named(call.state, call.values)
                with before_a_run():
                    call.arguments = self._digests(call.state, call.named)
            if self._globals_may_change or self._may_change:
                (_storing or _load_storing()).prepare_for_changes(self, call)
        except Exception as error:
            self._tell_failure("describing a call", error)
        call.began = time.perf_counter()

    def _refresh(self, call: Call) -> R:
        with self._claimed(call.key) as claim:
            self._wait_for(claim, call.key, refresh=True)
            self._begin(call, refresh=True)
            result = self.__wrapped__(*call.args, **call.kwargs)
            self._keep(claim, call, result, time.perf_counter() - call.began)
            return result

    # Keeping.

    def _keep(self, claim: Claim | None, call: Call, result: object, seconds: float) -> None:
        """Store a result if that is right; whatever stands in the way is said once and costs nobody the result."""
        if claim is None:
            return
        try:
            payload = self._prepare(call, result)
            if payload is not None:
                self._put(claim, call, payload, result, seconds)
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("storing a result", error)

    @own_work
    def _prepare(self, call: Call, result: object, codec: Codec | None = None) -> Payload | None:
        return (_storing or _load_storing()).prepare(self, call, result, codec or self._codec_made or self._codec)  # type: ignore[no-any-return]

    @own_work
    def _put(self, claim: Claim, call: Call, payload: Payload, result: object, seconds: float) -> None:
        about = (_storing or _load_storing()).metadata(self, call, type(result).__qualname__)
        folder: FunctionFolder = self._folder  # type: ignore[assignment]
        if folder.put(claim, call.key, payload, seconds=seconds, ttl=self._ttl, metadata=about):
            self._tally.stored(seconds)

    # What people ask.

    def _note_slow(self, state: State, values: object) -> None:
        """After some slow hits, say once what makes them slow, if that is what the key is taken from."""
        self._slow_hits += 1
        if self._slow_hits == SLOW_HITS:
            from .slow import tell_slow

            with suppress(Exception):
                tell_slow(self, state, values)

    @own_work
    def _explain(self, call: Call | None) -> Explanation:
        from .._explain.explanation import Explanation, explain_call
        from .slow import slow_values

        if call is None or self._folder is None:
            is_off = self._cache._is_off or is_disabled()
            why = "caching is switched off" if is_off else self._bypassed or "it has no key just now, as a warning says"
            return Explanation(self._home, "", False, (why,))
        recorded = (_storing or _load_storing()).tell(self, call)
        found = explain_call(self._folder, call.key, self._ttl, recorded, self._version(call.state))
        return found._replace(slow=tuple(slow_values(self, call.state, call.values)))

    def _adopt(self, *, dry_run: bool, show: Callable[[Adoption], None] | None) -> Adoption:
        from .._explain.adoption import Adoption, carry_out, plan_adoption

        state = self._state if self._state is not None and self._state.holds() else self._renew()
        if state is None or self._folder is None or is_disabled():
            return Adoption(self._home, ())
        names = ["key"] if self._options.key is not None else list(state.binder.names)
        plan = plan_adoption(self._folder, state.prefix, names, self._version(state), state.code_of)
        if show is not None and plan.entries:
            show(plan.adoption)
        return plan.adoption if dry_run else carry_out(plan, self._folder, compress=self._options.compress)


def _load_storing() -> ModuleType:
    global _storing
    from . import storing

    _storing = storing
    return storing


class _Nothing:
    """What stands in a `with` where there is no claim."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


_NOTHING = _Nothing()


def _after_fork_in_child() -> None:
    """Other threads of the parent's are not there, and their numbers are given to new ones."""
    thread = get_ident()
    at_work.intersection_update((thread,))
    for other in depths.keys() - {thread}:
        del depths[other]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
