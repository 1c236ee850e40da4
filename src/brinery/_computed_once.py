"""The way of a call: its key, what is stored under it, else one computation, and what is kept of that."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from types import TracebackType

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

from ._explanation import Explanation, explain_call
from ._keying.arguments import Binder, parameters
from ._keying.code import code_digest, fingerprint, mark_as_wrapped
from ._keying.digest import SCALARS, digest, encode
from ._keying.fingerprint import Fingerprint, Scope
from ._keying.home import home_module, home_name
from ._keying.key import compare_parts, key_prefix
from ._keying.shown import short_value
from ._light import Generic, NamedTuple, P, R
from ._options import is_disabled, nearest
from ._tally import Tally
from ._warning import logger, warn
from .errors import (
    BrineryWarning,
    ChangedWhileRunningWarning,
    OptionWarning,
    StoreWarning,
    UnkeyableError,
    UnstorableResultWarning,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._adoption import Adoption
    from ._cache import Cache
    from ._options import FunctionOptions
    from ._store.directory import FunctionFolder
    from ._store.locks import Claim
    from ._store.payload import Codec, Payload


class State(NamedTuple):
    """All that a key takes but the arguments; replaced as a whole when something that was reached changes."""

    code: Fingerprint
    holds: Callable[[], bool]
    prefix: bytes
    binder: Binder
    bind: Callable[..., tuple[Any, ...]]
    code_of: Callable[[object], bytes]


class Call(NamedTuple):
    """One call on its way: its key, and what the key was taken from; digests of single arguments only on a miss."""

    key: str
    state: State
    values: object
    encoded: bytes
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    arguments: dict[str, bytes] | None = None
    began: float = 0.0


class ComputedOnce(Generic[P, R]):
    """A function whose calls are answered from the store, or computed once and kept; `CachedFunction` is its face."""

    # What is ours stands in slots, and what is the user's, or copied from the function, in the dictionary.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_cache",
        "_codec_made",
        "_folder",
        "_home_found",
        "_ignored",
        "_options",
        "_parts_of_options",
        "_scope",
        "_state",
        "_tally",
        "_ttl",
    )

    __wrapped__: Callable[P, R]
    __name__: str
    __qualname__: str

    def __init__(
        self, function: Callable[P, R], cache: Cache, options: FunctionOptions, home: str | None = None
    ) -> None:
        functools.update_wrapper(self, function)
        for name in [name for name in vars(self) if not name.startswith("__") and hasattr(type(self), name)]:
            del vars(self)[name]  # an attribute of the function must not stand before a method of ours
        self.__wrapped__ = function
        self._cache = cache
        self._options = options
        self._home_found = home
        self._codec_made: Codec | None = None
        self._ignored = frozenset(name for name in options.ignore if "." not in name)
        module = getattr(function, "__module__", None) or "__main__"
        dotted = frozenset(module + name if name.startswith(".") else name for name in options.ignore if "." in name)
        self._scope = Scope(options.follow, dotted, options.depends_on + ((options.key,) if options.key else ()))
        self._check_ignored()
        serializer = options.serializer if isinstance(options.serializer, str) else options.serializer.name
        self._parts_of_options = {
            "version": options.version or "",
            "serializer": serializer,
            "ignore": ",".join(sorted(options.ignore)),
            "key": "own" if options.key else "",
        }
        self._ttl = options.ttl
        self._tally = Tally()
        self._state: State | None = None
        self._folder: FunctionFolder | None = None
        # These let `inspect` answer as for the function itself.
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            if hasattr(function, name):
                setattr(self, name, getattr(function, name))
        mark_as_wrapped(function)

    @property
    def _home(self) -> str:
        """The home name; looked for at the first call, as decorating touches no disk."""
        if self._home_found is None:
            self._home_found = home_name(self.__wrapped__)
        return self._home_found

    @property
    def _codec(self) -> Codec:
        if self._codec_made is None:
            from ._store.payload import Codec

            options = self._options
            module = getattr(self.__wrapped__, "__module__", None) or "__main__"
            home = home_module(self.__wrapped__)
            self._codec_made = Codec(options.serializer, module=module, home_module=home, compress=options.compress)
        return self._codec_made

    def _check_ignored(self) -> None:
        names = [parameter.name for parameter in parameters(self.__wrapped__)]
        for name in self._ignored.difference(names):
            near = nearest(name, tuple(names))
            hint = (
                f"did you mean {near!r}?"
                if near
                else f"it has {', '.join(names) or 'none'}; a global is written '.{name}'"
            )
            raise TypeError(f"ignore names {name!r}, which is no parameter of {self.__qualname__}: {hint}")

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        call = self._take_key(args, kwargs)
        if call is None:
            return self.__wrapped__(*args, **kwargs)
        found = self._look_up(call.key)
        if found is not None:
            return found[0]  # type: ignore[no-any-return]
        with held(self._folder.claim(call.key)) as claim:  # type: ignore[union-attr]
            found = self._wait_for(claim, call.key)
            if found is not None:
                return found[0]  # type: ignore[no-any-return]
            call = self._begin(call)
            # Called from here and not from further down: a function that calls itself needs two frames a level.
            result = self.__wrapped__(*args, **kwargs)
            self._keep(claim, call, result, time.perf_counter() - call.began)
            return result

    # The call.

    def _take_key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """Take a call's key without looking anything up; None where the function itself is to be called."""
        state = self._state
        if state is None or is_disabled() or not state.holds():
            state = self._renew()
            if state is None:
                return None
        try:
            values: object = state.bind(*args, **kwargs)
        except TypeError:
            return None  # the call does not fit the signature: the function says so best
        if self._options.key is not None:
            values = self._options.key(*args, **kwargs)
        try:
            encoded = encode(values, "", state.code_of)
        except UnkeyableError:
            self._name_unkeyable(state, values)
            raise
        except Exception as error:
            self._tell_failure("taking the key of a call", error)
            return None
        # `call_key`, without the call
        key = xxh3_128_hexdigest(state.prefix + xxh3_128_digest(encoded))
        return Call(key, state, values, encoded, args, kwargs)

    def _asked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """Take the key for a question; None while caching is off, TypeError where the call would raise it."""
        call = self._take_key(args, kwargs)
        if call is None and self._state is not None and not is_disabled():
            self._state.bind(*args, **kwargs)
        return call

    def _look_up(self, key: str) -> tuple[Any, float] | None:
        """Return a stored result and what it took to compute, counted as a hit; None where there is none."""
        try:
            found = self._folder.get(key, self._ttl, self._codec_made or self._codec)  # type: ignore[union-attr]
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("looking up a result", error)
            return None
        if found is not None:
            self._tally.hit(found[1])
        return found

    def _wait_for(self, claim: Claim, key: str, *, anew: bool = False) -> tuple[Any, float] | None:
        """Wait until the call is ours to compute, or somebody else has stored its result, which is returned."""
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

    def _begin(self, call: Call) -> Call:
        """Count a miss, and note what the arguments are before the function runs."""
        self._tally.miss()
        try:
            arguments = self._digests(call)
        except Exception as error:
            self._tell_failure("describing a call", error)
            arguments = {}
        return call._replace(arguments=arguments, began=time.perf_counter())

    def _answer_anew(self, call: Call) -> R:
        with held(self._folder.claim(call.key)) as claim:  # type: ignore[union-attr]
            self._wait_for(claim, call.key, anew=True)
            call = self._begin(call)
            result = self.__wrapped__(*call.args, **call.kwargs)
            self._keep(claim, call, result, time.perf_counter() - call.began)
            return result

    # Keeping.

    def _keep(self, claim: Claim, call: Call, result: object, seconds: float) -> None:
        """Store a result if that is right; whatever stands in the way is said once and costs nobody the result."""
        try:
            payload = self._prepare(call, result)
            if payload is not None:
                self._put(claim, call, payload, result, seconds)
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("storing a result", error)

    def _prepare(self, call: Call, result: object) -> Payload | None:
        changes = self._changes_since(call)
        if changes:
            self._tell_changes(changes)
            return None
        from ._store.payload import Unstorable

        try:
            return self._codec.dumps(result)
        except Unstorable as error:
            self._warn(
                UnstorableResultWarning,
                f"the result of {self._home} cannot be kept: {error}; it was returned and not stored. "
                "Return something that can be pickled, or decorate with serializer='cloudpickle'",
                cause=f"unstorable {self._home}",
            )
            return None

    def _put(self, claim: Claim, call: Call, payload: Payload, result: object, seconds: float) -> None:
        metadata = self._metadata(call, result)
        self._folder.put(claim, call.key, payload, seconds=seconds, ttl=self._ttl, metadata=metadata)  # type: ignore[union-attr]

    def _metadata(self, call: Call, result: object) -> dict[str, object]:
        """What people may read of an entry."""
        return {
            **self._recorded(call),
            "serializer": self._codec.name,
            "result": type(result).__qualname__,
            "python": "{}.{}".format(*sys.version_info),
        }

    def _recorded(self, call: Call) -> dict[str, object]:
        """What is told of a call; values only where the option allows, and never of ignored parameters."""
        digests, named = call.arguments or {}, self._named(call)
        told: dict[str, object] = {
            "function": self._home,
            "fingerprint": call.state.prefix.hex(),
            "call": xxh3_128_digest(call.encoded).hex(),
        }
        if not self._options.record_values:
            return told | {"arguments": {name: [found.hex(), ""] for name, found in digests.items()}}
        told["arguments"] = {name: [found.hex(), short_value(name, named[name])] for name, found in digests.items()}
        inside = {
            name: pieces
            for name in digests
            if type(named[name]) not in SCALARS and (pieces := self._outline(call, name, named[name]))
        }
        return told | {"inside": inside} if inside else told

    def _outline(self, call: Call, name: str, value: object) -> dict[str, list[str]]:
        from ._keying.outline import outline

        try:
            return outline(name, value, call.state.code_of)
        except Exception as error:  # it is only for people
            logger.debug("%s: argument %s has no outline: %r", self.__qualname__, name, error)
            return {}

    def _named(self, call: Call) -> dict[str, Any]:
        if self._options.key is not None:
            return {"key": call.values}
        return call.state.binder.by_name(call.values)  # type: ignore[arg-type]

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
        try:
            values = call.values if self._options.key is None else self._options.key(*call.args, **call.kwargs)
            if encode(values, "", call.state.code_of) == call.encoded:
                return []
            now = self._digests(call._replace(values=values))
        except Exception:  # what cannot be digested any more has changed
            now = {}
        changed = [name for name, before in (call.arguments or {}).items() if now.get(name) != before]
        return [f"argument {name}" for name in changed or call.arguments or ()]

    def _digests(self, call: Call) -> dict[str, bytes]:
        return {name: digest(value, name, call.state.code_of) for name, value in self._named(call).items()}

    # What people ask.

    def _explain(self, call: Call) -> Explanation:
        recorded = self._recorded(call._replace(arguments=self._digests(call)))
        return explain_call(self._folder, call.key, self._ttl, recorded, self._version(call.state))  # type: ignore[arg-type]

    def _adopt(self, *, dry_run: bool, show: Callable[[Adoption], None] | None) -> Adoption:
        from ._adoption import Adoption, carry_out, plan_adoption

        state = self._state if self._state is not None and self._state.holds() else self._renew()
        if state is None or self._folder is None or is_disabled():
            return Adoption(self._home, ())
        names = ["key"] if self._options.key is not None else list(state.binder.names)
        plan = plan_adoption(self._folder, state.prefix, names, self._version(state))
        if show is not None and plan.entries:
            show(plan.adoption)
        return plan.adoption if dry_run else carry_out(plan, self._folder, compress=self._options.compress)

    def _version(self, state: State) -> dict[str, Any]:
        from ._description import describe

        return describe(state.code, self._parts_of_options)

    # Saying.

    def _warn(self, category: type[BrineryWarning], message: str, *, cause: str) -> None:
        warn(category, message, cause=cause, store=str(self._cache.path), strict=self._options.strict)

    def _tell_changes(self, changes: list[str]) -> None:
        kind, _, name = changes[0].partition(" ")
        own_module = self._home.removesuffix(self.__qualname__)
        if kind == "global" and name.startswith(own_module):
            name = "." + name.removeprefix(own_module)
        way_out = f"ignore=[{name!r}]" if kind in ("global", "argument") else "ignore=[...]"
        self._warn(
            ChangedWhileRunningWarning,
            f"{', '.join(changes[:3])} changed while {self._home} ran, so its result was returned and not stored. "
            f"If the result does not depend on it, decorate with {way_out}",
            cause=f"changed {self._home} {changes[0]}",
        )

    def _tell_misspelt(self) -> None:
        """Say at the first call, when its module has been read to the end, which names in the options are nobody's."""
        if not self._scope.ignore and not self._scope.follow.packages:
            return
        from ._keying.misspelt import misspelt

        for found in misspelt(self._scope):
            near = nearest(found.name.rpartition(".")[2], found.known)
            hint = f"; did you mean {near!r}?" if near else ""
            self._warn(
                OptionWarning,
                f"{found.option} of {self._home} names {found.name!r}, but {found.reason}: that changes nothing{hint}",
                cause=f"misspelt {self._home} {found.name}",
            )

    def _tell_failure(self, doing: str, error: Exception) -> None:
        if isinstance(error, RecursionError):
            return  # deep down there is no room to say anything; the function itself may still fit
        logger.debug("%s of %s failed", doing, self.__qualname__, exc_info=error)
        self._warn(
            StoreWarning,
            f"{doing} of {self.__qualname__} failed ({type(error).__name__}: {error}); the call was computed",
            cause=f"{doing} {type(error).__name__}",
        )

    def _name_unkeyable(self, state: State, values: object) -> None:
        """Raise the error that names the parameter."""
        if self._options.key is not None:
            encode(values, "key", state.code_of)
            return
        for name, value in state.binder.by_name(values).items():  # type: ignore[arg-type]
            encode(value, name, state.code_of)

    # The state.

    def _renew(self) -> State | None:
        """Bring the state up to date; None while every call is to be computed."""
        if is_disabled():
            return None
        try:
            if self._folder is None and not self._open_folder():
                return None
            if self._state is None:
                self._tell_misspelt()
            self._state = self._make_state()
            self._folder.describe_anew()  # type: ignore[union-attr]
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("finding out what it depends on", error)
            return None
        return self._state

    def _open_folder(self) -> bool:
        store = self._cache._store_in_use()
        if store is None:
            return False
        options = self._options
        folder = store.folder(self._home, self._describe, mmap=options.mmap, trust_unchanged=options.trust_unchanged)
        folder.report(self._tally.totals)
        self._folder = folder
        return True

    def _make_state(self) -> State:
        code = fingerprint(self.__wrapped__, self._scope)
        binder = Binder(self.__wrapped__, self._ignored)
        prefix = key_prefix(self._home, code, self._parts_of_options)
        code_of = functools.partial(code_digest, scope=self._scope._replace(depends_on=()), looks=code.looks)
        return State(code, code.holds, prefix, binder, binder.bind, code_of)

    def _describe(self) -> tuple[str, Callable[[], dict[str, Any]]]:
        """The present fingerprint, and what `function.json` is to tell of it."""
        state = self._state
        if state is None:
            raise RuntimeError("described before it was keyed")
        return state.prefix.hex(), functools.partial(self._version, state)


class held:  # noqa: N801  reads as a statement
    """Release a claim however the run ends."""

    __slots__ = ("_claim",)

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    def __enter__(self) -> Claim:
        return self._claim

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._claim.release()
