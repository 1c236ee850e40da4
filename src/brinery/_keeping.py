"""What is kept of a computed call: the result's payload, and what people can read of it; what stands in the way."""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest

from ._keying.digest import SCALARS, encode
from ._keying.shown import short_value
from ._store.payload import Unstorable
from ._warning import logger
from .errors import ChangedWhileRunningWarning, UnstorableResultWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ._keyed_function import Call, KeyedFunction, State
    from ._store.payload import Codec, Payload

    Function: TypeAlias = KeyedFunction[..., Any]

_encode_json: Callable[[object], str] | None = None


def prepare(function: Function, call: Call, result: object, codec: Codec) -> Payload | None:
    """Make what is stored of a result; None, said once, if it cannot be kept or something has changed meanwhile."""
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
    unloadable.discard(call.key)
    return payload


def metadata(function: Function, call: Call, result: str) -> bytes:
    """What people may read of an entry, as JSON: what is the same for every call of this code is written once."""
    encode_json = _json_encoder()
    state, start = function._told
    if state is not call.state:
        told = {
            **about(function, call.state),
            "serializer": function._codec.name,
            "python": "{}.{}".format(*sys.version_info),
        }
        start = encode_json(told)[:-1] + ","
        function._told = call.state, start
    return (start + encode_json({**recorded(function, call), "result": result})[1:]).encode("ascii")


def about(function: Function, state: State) -> dict[str, object]:
    return {"function": function._home, "fingerprint": state.prefix.hex()}


def recorded(function: Function, call: Call) -> dict[str, object]:
    """What is told of a call; values only where the option allows, and never of ignored parameters."""
    named = call.named or function._named(call.state, call.values)
    digests = call.arguments or function._digests(call.state, named)
    told: dict[str, object] = {"call": xxh3_128_digest(call.encoded).hex()}
    if call.carried:
        told["code"] = call.carried
    if not function._options.record_values:
        return told | {"arguments": {name: [found.hex(), ""] for name, found in digests.items()}}
    told["arguments"] = {name: [found.hex(), short_value(name, named[name])] for name, found in digests.items()}
    inside = {
        name: pieces
        for name, value in named.items()
        if type(value) not in SCALARS and (pieces := _outline(function, call, name, value))
    }
    return told | {"inside": inside} if inside else told


def _outline(function: Function, call: Call, name: str, value: object) -> dict[str, list[str]]:
    from ._keying.outline import outline

    try:
        return outline(name, value, call.state.code_of)
    except Exception as error:  # it is only for people
        logger.debug("%s: argument %s has no outline: %r", function.__qualname__, name, error)
        return {}


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
    if call.arguments is None and call.named is not None and function._own_key is None:
        return []  # none of them can change
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


def _json_encoder() -> Callable[[object], str]:
    global _encode_json
    if _encode_json is None:
        from json import JSONEncoder  # a hit does without

        _encode_json = JSONEncoder(separators=(",", ":")).encode
    return _encode_json
