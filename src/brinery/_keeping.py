"""What is kept of a computed call: the result's payload, and what people can read of it; what stands in the way."""

from __future__ import annotations

from ._keying.digest import encode
from ._recorder import Recorder
from ._store.payload import Unstorable
from .errors import ChangedWhileRunningWarning, UnstorableResultWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from ._keyed_function import Call, KeyedFunction
    from ._store.payload import Codec, Payload

    Function: TypeAlias = KeyedFunction[..., Any]


def prepare(function: Function, call: Call, result: object, codec: Codec) -> Payload | None:
    """Make what is stored of a result; None, said once, if it cannot be kept or something has changed meanwhile."""
    if not (call.is_fixed and call.state.holds()):
        changes = _changes_since(function, call)
        if changes:
            _tell_changes(function, changes)
            return None
    unloadable = function._folder.unloadable  # type: ignore[union-attr]
    try:
        # What could not be loaded before is tried first: it would be computed at every call, and nobody told.
        payload = codec.dumps(result, check=call.key in unloadable)
    except Unstorable as error:
        way_out = "Return something that can be pickled"
        if function._codec.name == "pickle":
            way_out += ", or decorate with serializer='cloudpickle'"
        function._warn(
            UnstorableResultWarning,
            f"the result of {function._home} cannot be kept: {error}; it was returned and not stored. {way_out}",
            cause=f"unstorable {function._home}",
        )
        return None
    if unloadable:
        unloadable.discard(call.key)
    return payload


def metadata(function: Function, call: Call, result: str) -> bytes:
    """What people may read of an entry, as JSON."""
    recorder = function._recorder_made
    if recorder is None:
        recorder = function._recorder_made = _recorder_of(function)
    if call.is_fixed:
        values: Any = call.values
        return recorder.write(call, zip(call.state.binder.names, values, strict=True), None, result)
    named = call.named or function._named(call.state, call.values)
    return recorder.write(call, named.items(), call.arguments or function._digests(call.state, named), result)


def tell(function: Function, call: Call) -> dict[str, Any]:
    """The same of a call that may have no result yet."""
    named = function._named(call.state, call.values)
    return _recorder_of(function).tell(call, named.items(), function._digests(call.state, named))


def _recorder_of(function: Function) -> Recorder:
    return Recorder(function._home, function._codec.name, shows_values=function._options.record_values)


def _changes_since(function: Function, call: Call) -> list[str]:
    """Name what the key covers and is no longer what it was when the key was taken."""
    changes = []
    if not call.state.holds():
        now = function._make_state()
        if now.prefix != call.state.prefix:
            from ._keying.differences import compare_parts

            changes = [item.part for item in compare_parts(call.state.code.parts, now.code.parts)] or ["its code"]
        function._state = now
    return changes + _changed_arguments(function, call)


def _changed_arguments(function: Function, call: Call) -> list[str]:
    """Name the arguments that are no longer what the key was taken from."""
    try:
        values = call.values if function._options.key is None else function._options.key(*call.args, **call.kwargs)
        from ._keying.carried_code import CarriedCode

        carried = CarriedCode(call.state.code_of)
        if encode(values, "", carried) == call.encoded:
            call.carried = carried.found
            return []
        now = function._digests(call.state, function._named(call.state, values))
    except Exception:  # what cannot be digested any more has changed
        now = {}
    changed = [name for name, before in (call.arguments or {}).items() if now.get(name) != before]
    return [f"argument {name}" for name in changed or call.arguments or ()]


def _tell_changes(function: Function, changes: list[str]) -> None:
    kind, _, name = changes[0].partition(" ")
    own_module = function._home.removesuffix(function.__qualname__)
    if kind == "global" and name.startswith(own_module):
        name = "." + name.removeprefix(own_module)
    is_known = kind in ("global", "argument")
    if kind == "closure" and name.rpartition(".")[0] == function._home:
        name, is_known = name.rpartition(".")[2], True
    way_out = f"ignore=[{name!r}]" if is_known else "ignore=[...]"
    function._warn(
        ChangedWhileRunningWarning,
        f"{', '.join(changes[:3])} changed while {function._home} ran, so its result was returned and not stored. "
        f"If the result does not depend on it, decorate with {way_out}",
        cause=f"changed {function._home} {changes[0]}",
    )
