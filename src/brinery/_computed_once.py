"""The way of a call: what is stored under its key, else one computation, and what is kept of that."""

from __future__ import annotations

import sys
import time

from xxhash import xxh3_128_digest

from ._keyed_function import Call, KeyedFunction, State
from ._keying.digest import SCALARS, encode
from ._keying.key import compare_parts
from ._keying.shown import short_value
from ._light import P, R
from ._options import is_disabled
from ._warning import logger
from .errors import BrineryWarning, ChangedWhileRunningWarning, UnstorableResultWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from ._adoption import Adoption
    from ._explanation import Explanation
    from ._store.function_folder import FunctionFolder
    from ._store.loading import Loader
    from ._store.locks import Claim
    from ._store.payload import Codec, Payload


_encode_json: Callable[[object], str] | None = None


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
        with held(self._claim(call.key)) as claim:
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

    def _claim(self, key: str) -> Claim | None:
        """The wish to compute a key; None where not even that can be had, and nothing will be kept."""
        try:
            return self._folder.claim(key)  # type: ignore[union-attr]
        except Exception as error:  # as where no descriptor is left to import what a miss needs
            self._tell_failure("making sure that a result is computed once", error)
            return None

    def _wait_for(self, claim: Claim | None, key: str, *, anew: bool = False) -> tuple[Any, float] | None:
        """Wait until the call is ours to compute, or somebody else has stored its result, which is returned."""
        if claim is None:
            return None
        try:
            from ._store.locks import Turn

            while (turn := claim.attempt()) not in (Turn.COMPUTE, Turn.ALONE):
                if turn is Turn.WAIT:
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
            call.named = named = self._named(call.state, call.values)
            if not SCALARS.issuperset(map(type, named.values())):
                call.arguments = self._digests(call.state, named)
        except Exception as error:
            self._tell_failure("describing a call", error)
        call.began = time.perf_counter()

    def _answer_anew(self, call: Call) -> R:
        with held(self._claim(call.key)) as claim:
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
        from ._store.payload import Unstorable

        unloadable = self._folder.unloadable  # type: ignore[union-attr]
        try:
            # What could not be loaded before is tried first: it would be computed at every call, and nobody told.
            payload = (codec or self._codec).dumps(result, check=call.key in unloadable)
        except Unstorable as error:
            way_out = "Return something that can be pickled"
            if self._codec.name == "pickle":
                way_out += ", or decorate with serializer='cloudpickle'"
            self._warn(
                UnstorableResultWarning,
                f"the result of {self._home} cannot be kept: {error}; it was returned and not stored. {way_out}",
                cause=f"unstorable {self._home}",
            )
            return None
        unloadable.discard(call.key)
        return payload

    def _put(self, claim: Claim, call: Call, payload: Payload, result: object, seconds: float) -> None:
        metadata = self._metadata(call, type(result).__qualname__)
        folder: FunctionFolder = self._folder  # type: ignore[assignment]
        if folder.put(claim, call.key, payload, seconds=seconds, ttl=self._ttl, metadata=metadata):
            self._tally.stored(seconds)

    def _metadata(self, call: Call, result: str) -> bytes:
        """What people may read of an entry, as JSON: what is the same for every call of this code is written once."""
        encode_json = _json_encoder()
        state, start = self._told
        if state is not call.state:
            told = {
                **self._about(call.state),
                "serializer": self._codec.name,
                "python": "{}.{}".format(*sys.version_info),
            }
            start = encode_json(told)[:-1] + ","
            self._told = call.state, start
        return (start + encode_json({**self._recorded(call), "result": result})[1:]).encode("ascii")

    def _about(self, state: State) -> dict[str, object]:
        return {"function": self._home, "fingerprint": state.prefix.hex()}

    def _recorded(self, call: Call) -> dict[str, object]:
        """What is told of a call; values only where the option allows, and never of ignored parameters."""
        named = call.named or self._named(call.state, call.values)
        digests = call.arguments or self._digests(call.state, named)
        told: dict[str, object] = {"call": xxh3_128_digest(call.encoded).hex()}
        if call.carried:
            told["code"] = call.carried
        if not self._options.record_values:
            return told | {"arguments": {name: [found.hex(), ""] for name, found in digests.items()}}
        told["arguments"] = {name: [found.hex(), short_value(name, named[name])] for name, found in digests.items()}
        inside = {
            name: pieces
            for name, value in named.items()
            if type(value) not in SCALARS and (pieces := self._outline(call, name, value))
        }
        return told | {"inside": inside} if inside else told

    def _outline(self, call: Call, name: str, value: object) -> dict[str, list[str]]:
        from ._keying.outline import outline

        try:
            return outline(name, value, call.state.code_of)
        except Exception as error:  # it is only for people
            logger.debug("%s: argument %s has no outline: %r", self.__qualname__, name, error)
            return {}

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
        if call.arguments is None and call.named is not None and self._own_key is None:
            return []  # none of them can change
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
        recorded = {**self._about(call.state), **self._recorded(call)}
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


def _json_encoder() -> Callable[[object], str]:
    global _encode_json
    if _encode_json is None:
        from json import JSONEncoder  # a hit does without

        _encode_json = JSONEncoder(separators=(",", ":")).encode
    return _encode_json


class held:  # noqa: N801  reads as a statement
    """Release a claim however the run ends."""

    __slots__ = ("_claim",)

    def __init__(self, claim: Claim | None) -> None:
        self._claim = claim

    def __enter__(self) -> Claim | None:
        return self._claim

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._claim is not None:
            try:
                self._claim.release()
            except Exception as failure:  # without memory, or deep down; it is tried again when the claim is collected
                logger.debug("a claim was not released: %r", failure)
