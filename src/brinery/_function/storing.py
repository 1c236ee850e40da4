"""Store the result of a computed call, with what people can read of it; or say why it is not stored."""

from __future__ import annotations

from .._keying.arguments import parameters
from .._keying.code.carried import CarriedCode
from .._keying.code.live import is_frozen
from .._keying.code.reach import enclosing_names, fingerprint
from .._keying.handles.library_options import OptionsSnapshot
from .._keying.key import compare_parts
from .._keying.modules.libraries import look_again
from .._keying.values.digest import digest, encode
from .._keying.values.filled import after_a_run
from .._light import NamedTuple, suppress
from .._store.results.payload import Unstorable
from .._warnings import logger
from ..errors import ChangedWhileRunningWarning, UnkeyableError, UnstorableResultWarning
from .changed_state import Attributes, sentences
from .record import Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from .._keying.code.fingerprint import Fingerprint
    from .._store.results.payload import Codec, Payload
    from .keyer import Call, KeyedFunction

    Function: TypeAlias = KeyedFunction[..., Any]


def prepare(function: Function, call: Call, result: object, codec: Codec) -> Payload | None:
    """Make what is stored of a result; None, said once, if it cannot be kept or something has changed meanwhile."""
    now = call.state.code
    changes: list[str] = []
    look_again()
    with after_a_run(), call.options or OptionsSnapshot():
        if not (call.is_fixed and call.state.holds()):
            changes, now = _changes_since(function, call)
    if changes:
        named = function._named(call.state, call.values)
        said = sentences(function, changes, call.state.code, now, named, call.noted)
        function._warn(ChangedWhileRunningWarning, said, cause=f"changed {function._home} {' '.join(changes)}")
        return None
    unloadable = function._folder.unloadable  # type: ignore[union-attr]
    try:
        # What could not be loaded before is tried first: it would be computed at every call, and nobody told.
        payload = codec.dumps(result, check=call.key in unloadable)
    except Unstorable as error:
        way_out = _way_out(error, function._codec.name)
        function._warn(
            UnstorableResultWarning,
            f"the result of {function._home} cannot be kept: {error}; it was returned and not stored. {way_out}",
            cause=f"unstorable {function._home}",
        )
        return None
    if unloadable:
        unloadable.discard(call.key)
    return payload


def _way_out(error: Unstorable, serializer: str) -> str:
    if error.is_left_out:
        holder = error.path.rpartition(".")[0]
        return (
            f"Return it next to {holder}, as in `return {holder}, {error.path}`, or keep it where the class pickles it"
        )
    if serializer == "pickle":
        return "Return something that can be pickled, or decorate with serializer='cloudpickle'"
    return "Return something that can be pickled"


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
    """Return what people may read of a call, which may have no result yet."""
    named = function._named(call.state, call.values)
    return _recorder_of(function).tell(call, named.items(), function._digests(call.state, named))


def _recorder_of(function: Function) -> Recorder:
    return Recorder(
        function._home,
        function._codec.name,
        shows_values=function._options.record_values,
        changing=function._may_change,
    )


def note_attributes(function: Function, call: Call) -> None:
    """Note what the user's objects hold, so that a warning can name the attributes that a run changes."""
    with suppress(Exception):  # as where another thread changes them just now: the warning names the object then
        parts = [(part, get()) for part, get in call.state.code.values.items()]
        parts += [(f"argument {name}", value) for name, value in function._named(call.state, call.values).items()]
        call.noted = Attributes(parts, call.state.code_of)


class Others(NamedTuple):
    """What must not change while a function runs that says what may: its code and globals, and its arguments."""

    code: Fingerprint
    arguments: dict[str, bytes]


def prepare_for_changes(function: Function, call: Call) -> None:
    """Note before a run what its arguments carry, and what must not change, where a function says what may."""
    carried = CarriedCode(call.state.code_of)
    encode(call.values, "", carried)
    call.carried = carried.found
    call.others = _others_of(function, call)


def _others_of(function: Function, call: Call) -> Others | None:
    """Return what must not change; None where `may_change` names nothing that the function's fingerprint covers."""
    held = {*enclosing_names(function.__wrapped__)}
    held |= {item.name for item in parameters(function.__wrapped__) if item.has_default and not is_frozen(item.default)}
    if not (function._may_change & held or function._globals_may_change):
        return None
    scope = function._scope
    less = scope._replace(
        ignore=scope.ignore | function._globals_may_change, ignore_own=scope.ignore_own | function._may_change
    )
    code = fingerprint(function.__wrapped__, less)
    code_of = function._code_of(code, less)
    return Others(code, _digests_of_others(function, call, call.values, code_of))


def _digests_of_others(
    function: Function, call: Call, values: object, code_of: Callable[[object], bytes]
) -> dict[str, bytes]:
    """Digest the arguments but for those that may change; what cannot be digested any more is left out."""
    may_change = _arguments_that_may_change(function)
    found = {}
    for name, value in function._named(call.state, values).items():
        if name not in may_change:
            with suppress(UnkeyableError):
                found[name] = digest(value, name, code_of)
    return found


def _arguments_that_may_change(function: Function) -> frozenset[str]:
    """Return the names of what the key covers of a call that may change; behind ``key=`` that is one value."""
    if function._own_key is None or not function._may_change:
        return function._may_change
    return frozenset(("key",))


def _changes_since(function: Function, call: Call) -> tuple[list[str], Fingerprint]:
    """Name what the key covers and is no longer what it was, but for what may change; and fingerprint what is now."""
    changes, found = [], call.state.code
    others = None if call.others is None else _others_of(function, call)
    if not call.state.holds():
        then, now = call.state.code, function._make_state()
        function._state = now
        found = now.code
        if call.others is not None and others is not None:
            then, found = call.others.code, others.code
        if found.digest != then.digest:
            changes = [item.part for item in compare_parts(then.parts, found.parts)] or ["its code"]
    return changes + _changed_arguments(function, call, others), found


def _changed_arguments(function: Function, call: Call, others: Others | None) -> list[str]:
    """Name the arguments that are no longer what the key was taken from, but for those that may change."""
    may_change = _arguments_that_may_change(function)
    if call.others is not None and others is not None:
        before, now = call.others.arguments, others.arguments
    else:
        before = {name: said for name, said in (call.arguments or {}).items() if name not in may_change}
        now = {}
        try:
            values = call.values if function._own_key is None else function._own_key(*call.args, **call.kwargs)
            if not (may_change or function._globals_may_change):
                carried = CarriedCode(call.state.code_of)
                if encode(values, "", carried) == call.encoded:
                    call.carried = carried.found
                    return []
            now = _digests_of_others(function, call, values, call.state.code_of)
            if now == before and not may_change:
                now = {}  # it cannot be told which
        except Exception as error:  # what cannot be digested any more has changed
            logger.debug("the arguments of %s cannot be digested any more", function._home, exc_info=error)
            with suppress(Exception):
                now = _digests_of_others(function, call, call.values, call.state.code_of)
    return [f"argument {name}" for name, said in before.items() if now.get(name) != said]
