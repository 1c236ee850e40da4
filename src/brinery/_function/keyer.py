"""Take the keys of a function's calls, and renew what they are taken from when code or globals change."""

from __future__ import annotations

import sys

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

from .._display.text import printable
from .._interpreter import is_builtin, own_work
from .._keying.arguments import Binder, parameters
from .._keying.code.fingerprint import Fingerprint, Scope
from .._keying.code.home import home_module, home_name, place_of_code
from .._keying.code.in_values import CodeOf
from .._keying.code.memos import OutdatedMemo
from .._keying.code.reach import enclosing_names, fingerprint, mark_as_wrapped, outdated_memos
from .._keying.handles.library_options import OptionsSnapshot
from .._keying.key import key_prefix
from .._keying.source.known_sources import recall, records_of
from .._keying.source.tested import is_newer, newer_python, unknown_code, unknown_instructions
from .._keying.values.digest import digest, encode
from .._keying.values.filled import before_a_run, forget
from .._keying.values.registered import ignoring
from .._light import FunctionType, Generic, P, R, partial, update_wrapper
from .._options import DISABLE, ENVIRONMENT, is_disabled, is_told, nearest
from .._tally import Tally
from .._warnings import logger, warn
from ..errors import (
    BrineryWarning,
    ChangedWhileRunningWarning,
    OptionError,
    OptionWarning,
    PlatformWarning,
    StoreWarning,
    UnkeyableError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from .._cache import Cache
    from .._options import FunctionOptions
    from .._store.function_folder import FunctionFolder
    from .._store.results.loading import Loader
    from .._store.results.payload import Codec
    from .changed_state import Attributes
    from .record import Recorder
    from .storing import Others

    L = TypeVar("L", bound=Loader)


def _difference(original: object, copy: object) -> tuple[str, str] | None:
    from .completeness import difference  # most results come back by what is known of their types

    return difference(original, copy)


_TAKING_FUNCTIONS_ONLY = frozenset({"pydantic"})


class State:
    """All that a key takes but the arguments; replaced as a whole when something that was reached changes."""

    __slots__ = ("bind", "binder", "code", "code_of", "holds", "outdated", "prefix")

    def __init__(
        self,
        code: Fingerprint,
        binder: Binder,
        prefix: bytes,
        code_of: Callable[[object], bytes],
        outdated: Sequence[str],
    ) -> None:
        self.code = code
        self.holds = _never if outdated else code.holds  # recomputed at every call, until what is outdated was cleared
        self.outdated = outdated
        self.binder = binder
        self.bind = binder.bind
        self.prefix = prefix
        self.code_of = code_of


class Call:
    """One call on its way: its key, and what the key was taken from."""

    __slots__ = (
        "args",
        "arguments",
        "began",
        "carried",
        "encoded",
        "is_fixed",
        "key",
        "kwargs",
        "named",
        "noted",
        "options",
        "others",
        "state",
        "values",
    )

    def __init__(
        self, key: str, state: State, values: object, encoded: bytes, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.key = key
        self.state = state
        self.values = values
        self.encoded = encoded
        self.args = args
        self.kwargs = kwargs
        self.named: dict[str, Any] | None = None  # the values by parameter, once they were asked for
        self.arguments: dict[str, bytes] | None = None  # their digests when the function began, where they can change
        self.is_fixed = False  # none of them can
        self.others: Others | None = None  # when it began: what must not change, where globals may
        self.noted: Attributes | None = None  # what objects held when it began, at the first miss
        self.options: OptionsSnapshot | None = None  # of libraries, when it began
        self.began = 0.0
        self.carried: dict[str, str] = {}  # the classes and functions in the arguments, once the function has run


class KeyedFunction(Generic[P, R]):
    """A function, the options that it was decorated with, and its place in the store."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` goes by where the type itself is not asked for.

        Some libraries take functions and nothing else, such as pydantic for methods of models and under
        `validate_call`: for those this is one.
        """
        asking = sys._getframe(1).f_globals.get("__name__")
        if isinstance(asking, str) and asking.partition(".")[0] in _TAKING_FUNCTIONS_ONLY:
            return FunctionType
        return type(self)

    # What is ours stands in slots, and what is the user's, or copied from the function, in the dictionary.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_bypassed",
        "_cache",
        "_codec_made",
        "_folder",
        "_globals_may_change",
        "_has_told_misspelt",
        "_home_found",
        "_ignored",
        "_loader_made",
        "_may_change",
        "_opened_first",
        "_options",
        "_own_key",
        "_parts_of_options",
        "_recorder_made",
        "_scope",
        "_slow_hits",
        "_state",
        "_tally",
        "_ttl",
    )

    _decorator = "@cache"  # as messages write it

    __wrapped__: Callable[P, R]
    __name__: str
    __qualname__: str

    if TYPE_CHECKING:

        def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @own_work
    def __init__(
        self, function: Callable[P, R], cache: Cache, options: FunctionOptions, home: str | None = None
    ) -> None:
        update_wrapper(self, function)
        for name in [name for name in vars(self) if not name.startswith("__") and hasattr(type(self), name)]:
            del vars(self)[name]  # an attribute of the function must not stand before a method of ours
        self.__wrapped__ = function
        self._cache = cache
        self._options = options
        self._own_key = options.key
        self._home_found = home
        self._loader_made: Loader | None = None
        self._codec_made: Codec | None = None
        self._ignored, dotted = self._own_and_dotted("ignore", options.ignore)
        self._may_change, self._globals_may_change = self._own_and_dotted("may_change", options.may_change)
        more = options.depends_on + ((options.key,) if options.key else ())
        self._scope = Scope(options.follow, dotted, self._ignored, more)
        serializer = options.serializer if isinstance(options.serializer, str) else options.serializer.name
        self._parts_of_options = {
            "version": options.version or "",
            "serializer": serializer,
            "ignore": ",".join(sorted(options.ignore)),
            "key": "own" if options.key else "",
        }
        self._ttl = options.ttl
        self._tally = Tally()
        self._slow_hits = 0
        self._state: State | None = None
        self._bypassed = ""  # why the last call that was asked about belongs to no key
        self._has_told_misspelt = False
        self._recorder_made: Recorder | None = None
        self._folder: FunctionFolder | None = None
        self._opened_first: dict[str, tuple[FunctionFolder, Tally]] = {}
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
    def _called(self) -> str:
        """What messages call the function: partials and callable objects have no name of their own."""
        name = getattr(self, "__qualname__", None)
        return name if isinstance(name, str) else self._home.rpartition(".")[2]

    @property
    def _loader(self) -> Loader:
        """What hits need of the codec."""
        if self._loader_made is None:
            from .._store.results.loading import Loader

            self._loader_made = self._made(Loader)
        return self._loader_made

    @property
    def _codec(self) -> Codec:
        if self._codec_made is None:
            from .._store.results.payload import Codec

            self._codec_made = self._made(Codec)
            self._codec_made.difference = _difference
        return self._codec_made

    @own_work
    def _made(self, kind: type[L]) -> L:
        options = self._options
        module = getattr(self.__wrapped__, "__module__", None) or "__main__"
        home = home_module(self.__wrapped__)
        return kind(options.serializer, module=module, home_module=home, compress=options.compress)

    def _own_and_dotted(self, option: str, given: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
        """Split the names in an option: the function's own, which must be its, and those that a module's name leads to.

        Raises:
            OptionError: the function has no such parameter, and uses no such variable of an enclosing function.
        """
        own = frozenset(name for name in given if "." not in name)
        names = [parameter.name for parameter in parameters(self.__wrapped__)]
        enclosing = enclosing_names(self.__wrapped__)
        for name in own.difference(names, enclosing):
            near = nearest(name, (*names, *enclosing))
            hint = (
                f"did you mean {near!r}?"
                if near
                else f"it has {', '.join(names) or 'none'}; a global is written '.{name}'"
            )
            raise OptionError(f"{option} names {name!r}, which is no parameter of {self._called}: {hint}")
        module = getattr(self.__wrapped__, "__module__", None) or "__main__"
        whole = (module + name if name.startswith(".") else name for name in given if "." in name)
        return own, frozenset(name.replace("<locals>.", "") for name in whole)

    # Keys.

    def _take_key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, State, object, bytes] | None:
        """Take a call's key, with what it is taken from: the state, the bound values, and those encoded.

        Looks nothing up. None where the function itself is to be called.
        """
        state = self._state
        if state is None or (DISABLE in ENVIRONMENT and is_disabled()) or not state.holds():
            state = self._renew()
            if state is None:
                return None
        try:
            values: object = state.bind(*args, **kwargs)
        except TypeError:
            return None  # the call does not fit the signature: the function says so best
        own_key = self._own_key
        if own_key is not None:
            try:
                values = own_key(*args, **kwargs)
            except Exception as error:
                self._tell_own_key(own_key, error)
                return None
        try:
            encoded = encode(values, "", state.code_of)
        except UnkeyableError:
            if is_builtin(self):
                return None  # others call it with whatever they have
            self._name_unkeyable(state, values)
            raise
        except OutdatedMemo as memo:
            self._tell_outdated(memo.args)
            return None
        except Exception as error:
            self._tell_failure("taking the key of a call", error)
            return None
        # `call_key`, without the call
        return xxh3_128_hexdigest(state.prefix + xxh3_128_digest(encoded)), state, values, encoded

    @own_work
    def _keyed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """The call with its key; None where the function itself is to be called."""
        found = self._take_key(args, kwargs)
        return None if found is None else Call(*found, args, kwargs)

    @own_work
    def _count_unkeyed(self) -> None:
        """Count a call that is computed although caching is on: nothing could be found out about it just now."""
        if not self._cache._is_off and not is_disabled():
            self._tally.miss()

    def _asked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """Take the key for a question; None while caching is off, TypeError where the call would raise it."""
        self._bypassed = ""
        call = self._keyed(args, kwargs)
        if call is None and self._state is not None and not is_disabled():
            self._state.bind(*args, **kwargs)
        return call

    def _named(self, state: State, values: object) -> dict[str, Any]:
        """What the key covers of a call, by parameter."""
        return {"key": values} if self._options.key is not None else state.binder.by_name(values)  # type: ignore[arg-type]

    def _digests(self, state: State, named: dict[str, Any]) -> dict[str, bytes]:
        return {name: digest(value, name, state.code_of) for name, value in named.items()}

    # The state.

    def _renew(self) -> State | None:
        """Bring the state up to date; None while every call is to be computed."""
        if is_disabled():
            return None
        try:
            if self._folder is None and not self._open_folder():
                return None
            folder: Any = self._folder
            if self._state is None:
                recall(folder.recall_sources())
            former = self._state
            self._state = self._make_state()
            if former is not None and former.prefix != self._state.prefix:
                forget()
            self._tell_unknown()
            folder.keep_sources(records_of([*self._state.code.sources, *self._state.code.statements]))
            folder.describe_anew()
            if self._state.outdated:
                self._tell_outdated(self._state.outdated)
                return None
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("finding out what it depends on", error)
            return None
        return self._state

    def _present(self) -> State:
        """Return what the keys of calls are taken from just now, whether anything can be stored or not."""
        state = self._state
        return state if state is not None and state.holds() else self._renew() or self._make_state()

    def _open_folder(self) -> bool:
        store = self._cache._store_in_use()
        if store is None:
            return False
        options = self._options
        tally = self._tally
        if is_told(verbose=self._cache._verbose):
            from .._telling import TellingTally

            tally = TellingTally(self._home)
        folder = store.folder(
            self._home,
            self._describe,
            clean=None if options.record_values else _without_values,
            place=place_of_code(self.__wrapped__),
            mmap=options.mmap,
            trust_unchanged=options.trust_unchanged,
        )
        # One for all threads, whichever comes first, or each would report what all of them count. No lock: a forked
        # child could inherit it in the hands of nobody.
        first, tally = self._opened_first.setdefault("folder", (folder, tally))
        tally.name = self._home
        self._tally = tally
        if first is folder:
            folder.report(tally.totals, tally.take_missed)
        self._folder = first
        return True

    def _make_state(self) -> State:
        with before_a_run():
            code = fingerprint(self.__wrapped__, self._scope)
        binder = Binder(self.__wrapped__, self._ignored)
        prefix = key_prefix(self._home, code, self._parts_of_options)
        outdated = outdated_memos(code, self._scope) if code.memos else ()
        return State(code, binder, prefix, self._code_of(code, self._scope), outdated)

    def _code_of(self, code: Fingerprint, scope: Scope) -> Callable[[object], bytes]:
        """Return what digests the code that arguments carry."""
        scope = scope._replace(depends_on=(), ignore_own=frozenset())
        return ignoring(CodeOf(scope, code.looks), scope.ignore)

    def _describe(self) -> tuple[str, Callable[[], dict[str, Any]]]:
        """The present fingerprint, and what `function.json` is to tell of it."""
        state = self._state
        if state is None:
            raise RuntimeError("described before it was keyed")
        return state.prefix.hex(), partial(self._first_version, state)

    def _first_version(self, state: State) -> dict[str, Any]:
        """Describe code of which a result is stored for the first time."""
        described = self._version(state)
        self._tell_files(described)
        return described

    def _version(self, state: State) -> dict[str, Any]:
        from .._explain.description import describe

        return describe(state.code, self._parts_of_options, shows_values=self._options.record_values)

    # Saying.

    def _warn(self, category: type[BrineryWarning], message: str, *, cause: str) -> None:
        try:
            store = str(self._cache.path)
        except Exception:  # what finds the place cannot even be imported, as where no descriptor is left
            store = ""
        warn(category, message, cause=cause, store=store, strict=self._options.strict)

    def _tell_files(self, described: dict[str, Any]) -> None:
        """Say in the log, when a result is first stored, that files are used that the key does not cover."""
        options = self._options
        if options.key is not None or options.depends_on or options.ttl is not None:
            return  # which is how people take care of it
        from .._explain.description import files_used

        used = files_used(described)
        if not used or any(map(files_used, self._folder.history().values())):  # type: ignore[union-attr]
            return
        more = f" and {len(used) - 1} more" if len(used) > 1 else ""
        logger.warning(
            "%s uses files that its key cannot see: %s%s. Its results stay when the files change; name what tells "
            "their state in key= or depends_on=, or give a ttl= [files]",
            printable(self._home),
            printable(used[0]),
            more,
        )

    def _tell_outdated(self, memos: Sequence[str]) -> None:
        """Say that helpers remember what other code or values gave, so that results belong to no key."""
        name = memos[0].rpartition(".")[2]
        self._bypassed = (
            f"{', '.join(memos[:3])} remembers what was computed before something that it depends on "
            f"changed, so {self._home} is computed and not stored until {name}.cache_clear() is called"
        )
        self._warn(ChangedWhileRunningWarning, self._bypassed, cause=f"remembered {self._home} {memos[0]}")

    def _check_spelling(self) -> None:
        try:
            self._tell_misspelt()
        except BrineryWarning:
            raise  # strict
        except Exception as error:
            self._tell_failure("looking for the names in its options", error)

    def _tell_misspelt(self) -> None:
        """Say at the first miss, when its module has been read to the end, which names in the options are nobody's.

        A hit has no time for it: it takes the parser.
        """
        self._has_told_misspelt = True
        if not (self._scope.ignore or self._globals_may_change or self._scope.follow.packages):
            return
        from .._keying.report.misspelt import misspelt

        for found in misspelt(self._scope, self._globals_may_change):
            near = nearest(found.name.rpartition(".")[2], found.known)
            hint = f"; did you mean {near!r}?" if near else ""
            self._warn(
                OptionWarning,
                f"{found.option} of {self._home} names {found.name!r}, but {found.reason}: that changes nothing{hint}",
                cause=f"misspelt {self._home} {found.name}",
            )

    def _tell_unknown(self) -> None:
        """Say once that this Python has what nobody here knows, and what that costs."""
        if is_newer():
            self._warn(PlatformWarning, newer_python(), cause="newer python")
        elif unknown_instructions:
            self._warn(PlatformWarning, unknown_code(), cause="unknown instructions")

    def _tell_own_key(self, own_key: Callable[..., object], error: Exception) -> None:
        name = getattr(own_key, "__qualname__", type(own_key).__qualname__)
        self._warn(
            OptionWarning,
            f"key={name} of {self._home} raised {type(error).__name__}: {error}; the call was computed and not "
            "stored. It has to return a value for whatever arguments the function takes",
            cause=f"key {self._home}",
        )

    def _tell_failure(self, doing: str, error: Exception) -> None:
        if isinstance(error, RecursionError):
            return  # deep down there is no room to say anything; the function itself may still fit
        if isinstance(error, (ImportError, AttributeError)) and "partially initialized module" in str(error):
            return  # called by a signal handler that interrupted an import of ours: gone when the handler is
        logger.debug("%s of %s failed", doing, self._called, exc_info=error)
        self._warn(
            StoreWarning,
            f"{doing} of {self._called} failed ({type(error).__name__}: {error}); the call was computed",
            cause=f"{doing} {type(error).__name__}",
        )

    def _name_unkeyable(self, state: State, values: object) -> None:
        """Raise the error that names the parameter."""
        if self._options.key is not None:
            encode(values, "key", state.code_of)
            return
        for name, value in state.binder.by_name(values).items():  # type: ignore[arg-type]
            encode(value, name, state.code_of)


def _never() -> bool:
    return False


def _without_values(version: dict[str, Any]) -> dict[str, Any]:
    """Take the values from what an earlier process told of the code, which may have been allowed to."""
    from .._explain.description import without_values

    return without_values(version)
