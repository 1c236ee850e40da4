"""The way of a call: what is stored under its key, else one computation, and what is kept of that."""

from __future__ import annotations

import time

from ._keyed_function import Call, KeyedFunction
from ._keying.digest import SCALARS, encode
from ._keying.key import compare_parts
from ._light import P, R
from ._options import is_disabled
from .errors import BrineryWarning, ChangedWhileRunningWarning, UnstorableResultWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._adoption import Adoption
    from ._explanation import Explanation
    from ._recorder import Recorder
    from ._store.function_folder import FunctionFolder
    from ._store.loading import Loader
    from ._store.locks import Claim
    from ._store.payload import Codec, Payload


class ComputedOnce(KeyedFunction[P, R]):
    """A function whose calls are answered from the store, or computed once and kept; `CachedFunction` is its face."""

    __slots__ = ()

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        keyed = self._take_key(args, kwargs)
        if keyed is None:
            self._count_unkeyed()
            return self.__wrapped__(*args, **kwargs)
        found = self._folder.get(keyed[0], self._ttl, self._loader_made or self._loader)  # type: ignore[union-attr]
        if found is not None:
            self._tally.hit(found[1])
            return found[0]  # type: ignore[no-any-return]
        call = Call(*keyed, args, kwargs)
        with self._claimed(call.key) as claim:
            found = self._wait_for(claim, call.key)
            if found is not None:
                return found[0]  # type: ignore[no-any-return]
            self._begin(call)
            # Called from here and not from further down: a function that calls itself needs two frames a level.
            result = self.__wrapped__(*args, **kwargs)
            self._keep(claim, call, result, time.perf_counter() - call.began)
            return result

    # The call.

    def _look_up(self, key: str, loader: Loader | None = None) -> tuple[Any, float] | None:
        """Return a stored result and what it took to compute, counted as a hit; None where there is none."""
        found = self._folder.get(key, self._ttl, loader or self._loader)  # type: ignore[union-attr]
        if found is not None:
            self._tally.hit(found[1])
        return found

    def _claimed(self, key: str) -> Claim | _Nothing:
        """The wish to compute a key, for a `with`; None in it where not even that can be had: nothing will be kept."""
        try:
            return self._folder.claim(key)  # type: ignore[union-attr]
        except Exception as error:  # as where no descriptor is left to import what a miss needs
            self._tell_failure("making sure that a result is computed once", error)
            return _NOTHING

    def _wait_for(self, claim: Claim | None, key: str, *, anew: bool = False) -> tuple[Any, float] | None:
        """Wait until the call is ours to compute, or somebody else has stored its result, which is returned."""
        if claim is None:
            return None
        try:
            while not (turn := claim.attempt()).may_compute:
                if turn.must_wait:
                    claim.pause()
                elif not anew and (found := self._look_up(key)) is not None:
                    return found
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("waiting for a result", error)
        return None

    def _begin(self, call: Call, *, anew: bool = False) -> None:
        """Count a miss, and note before the function runs what its arguments are, if they can change."""
        self._tally.miss()
        try:
            if self._tally.wants_missed():
                self._tally.note_missed(self._folder.missed(call.key, self._ttl, anew=anew))  # type: ignore[union-attr]
            values: Any = call.values
            if self._own_key is None and SCALARS.issuperset(map(type, values)):
                call.is_fixed = True
            else:
                call.named = self._named(call.state, call.values)
                call.arguments = self._digests(call.state, call.named)
        except Exception as error:
            self._tell_failure("describing a call", error)
        call.began = time.perf_counter()

    def _answer_anew(self, call: Call) -> R:
        with self._claimed(call.key) as claim:
            self._wait_for(claim, call.key, anew=True)
            self._begin(call, anew=True)
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

    def _prepare(self, call: Call, result: object, codec: Codec | None = None) -> Payload | None:
        changes = self._changes_since(call)
        if changes:
            self._tell_changes(changes)
            return None
        unloadable = self._folder.unloadable  # type: ignore[union-attr]
        try:
            # What could not be loaded before is tried first: it would be computed at every call, and nobody told.
            payload = (codec or self._codec_made or self._codec).dumps(result, check=call.key in unloadable)
        except Exception as error:
            self._tell_unstorable(error)
            return None
        if unloadable:
            unloadable.discard(call.key)
        return payload

    def _tell_unstorable(self, error: Exception) -> None:
        from ._store.payload import Unstorable

        if not isinstance(error, Unstorable):
            raise error
        way_out = "Return something that can be pickled"
        if self._codec.name == "pickle":
            way_out += ", or decorate with serializer='cloudpickle'"
        self._warn(
            UnstorableResultWarning,
            f"the result of {self._home} cannot be kept: {error}; it was returned and not stored. {way_out}",
            cause=f"unstorable {self._home}",
        )

    def _put(self, claim: Claim, call: Call, payload: Payload, result: object, seconds: float) -> None:
        metadata = self._metadata(call, type(result).__qualname__)
        folder: FunctionFolder = self._folder  # type: ignore[assignment]
        if folder.put(claim, call.key, payload, seconds=seconds, ttl=self._ttl, metadata=metadata):
            self._tally.stored(seconds)

    def _metadata(self, call: Call, result: str) -> bytes:
        return (self._recorder_made or self._recorder).write(call, *self._told_of(call), result)

    def _told_of(self, call: Call) -> tuple[dict[str, Any], dict[str, bytes] | None]:
        """The arguments that a key covers, and their digests; None for these where all are scalars."""
        named = call.named or self._named(call.state, call.values)
        return named, None if call.is_fixed else call.arguments or self._digests(call.state, named)

    @property
    def _recorder(self) -> Recorder:
        if self._recorder_made is None:
            from ._recorder import Recorder

            self._recorder_made = Recorder(self._home, self._codec.name, shows_values=self._options.record_values)
        return self._recorder_made

    def _changes_since(self, call: Call) -> list[str]:
        """Name what the key covers and is no longer what it was when the key was taken."""
        changes = []
        if not call.state.holds():
            now = self._make_state()
            if now.prefix != call.state.prefix:
                changes = [item.part for item in compare_parts(call.state.code.parts, now.code.parts)] or ["its code"]
            self._state = now
        return changes + self._changed_arguments(call)

    def _changed_arguments(self, call: Call) -> list[str]:
        """Name the arguments that are no longer what the key was taken from."""
        if call.is_fixed:
            return []
        try:
            values = call.values if self._options.key is None else self._options.key(*call.args, **call.kwargs)
            from ._keying.carried_code import CarriedCode

            carried = CarriedCode(call.state.code_of)
            if encode(values, "", carried) == call.encoded:
                call.carried = carried.found
                return []
            now = self._digests(call.state, self._named(call.state, values))
        except Exception:  # what cannot be digested any more has changed
            now = {}
        changed = [name for name, before in (call.arguments or {}).items() if now.get(name) != before]
        return [f"argument {name}" for name in changed or call.arguments or ()]

    def _tell_changes(self, changes: list[str]) -> None:
        kind, _, name = changes[0].partition(" ")
        own_module = self._home.removesuffix(self.__qualname__)
        if kind == "global" and name.startswith(own_module):
            name = "." + name.removeprefix(own_module)
        is_known = kind in ("global", "argument")
        if kind == "closure" and name.rpartition(".")[0] == self._home:
            name, is_known = name.rpartition(".")[2], True
        way_out = f"ignore=[{name!r}]" if is_known else "ignore=[...]"
        self._warn(
            ChangedWhileRunningWarning,
            f"{', '.join(changes[:3])} changed while {self._home} ran, so its result was returned and not stored. "
            f"If the result does not depend on it, decorate with {way_out}",
            cause=f"changed {self._home} {changes[0]}",
        )

    # What people ask.

    def _explain(self, call: Call | None) -> Explanation:
        from ._explanation import Explanation, explain_call

        if call is None or self._folder is None:
            return Explanation(self._home, "", False, ("caching is switched off",))
        recorded = self._recorder.tell(call, *self._told_of(call))
        return explain_call(self._folder, call.key, self._ttl, recorded, self._version(call.state))

    def _adopt(self, *, dry_run: bool, show: Callable[[Adoption], None] | None) -> Adoption:
        from ._adoption import Adoption, carry_out, plan_adoption

        state = self._state if self._state is not None and self._state.holds() else self._renew()
        if state is None or self._folder is None or is_disabled():
            return Adoption(self._home, ())
        names = ["key"] if self._options.key is not None else list(state.binder.names)
        plan = plan_adoption(self._folder, state.prefix, names, self._version(state), state.code_of)
        if show is not None and plan.entries:
            show(plan.adoption)
        return plan.adoption if dry_run else carry_out(plan, self._folder, compress=self._options.compress)


class _Nothing:
    """What is held where there is no claim."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


_NOTHING = _Nothing()
