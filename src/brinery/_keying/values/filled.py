"""What objects fill in as they are used: attributes computed at first read, and what pickling omits."""

from __future__ import annotations

from _thread import _local
from _weakref import ref
from itertools import count

from xxhash import xxh3_128_digest

from ..._light import FunctionType
from ..code.live import standard_name
from ..code.memos import OutdatedMemo
from ..modules.origin import origin_of_module
from .node import Labels, Node
from .plain import NODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


_ORDINARY = {  # descriptors that keep nothing in the instance
    "function", "property", "staticmethod", "classmethod", "builtin_function_or_method", "method_descriptor",
    "wrapper_descriptor", "classmethod_descriptor", "getset_descriptor", "member_descriptor", "type",
}  # fmt: skip


def lazy_names(kind: type) -> frozenset[str]:
    """Return the names that a class gives to descriptors whose place an attribute of the instance can take.

    Such are `functools.cached_property` and the many like it; a property of a class derived from `property` may keep
    its value in the instance, too.
    """
    return frozenset(name for owner, name, item in _descriptors(kind) if not _is_derived(owner, item))


def derived_names(kind: type) -> frozenset[str]:
    """Return the cached properties of installed classes: libraries see to it themselves that they agree."""
    return frozenset(name for owner, name, item in _descriptors(kind) if _is_derived(owner, item))


def is_users(cls: type) -> bool:
    """Tell whether a class is the user's own."""
    module = cls.__module__
    return type(module) is not str or origin_of_module(module).kind == "user"


def _descriptors(kind: type) -> Iterator[tuple[type, str, object]]:
    met: set[str] = set()
    for owner in kind.__mro__:
        for name, item in owner.__dict__.items():
            if name not in met and type(item) is not FunctionType and _is_lazy(type(item)):
                yield owner, name, item
        met |= owner.__dict__.keys()


def _is_lazy(kind: type) -> bool:
    if kind.__module__ == "builtins" and kind.__name__ in _ORDINARY:
        return False
    ancestry = kind.__mro__
    if not any("__get__" in base.__dict__ for base in ancestry):
        return False
    return property in ancestry or not any("__set__" in base.__dict__ for base in ancestry)


def _is_derived(owner: type, item: object) -> bool:
    return standard_name(type(item)) == "functools.cached_property" and not is_users(owner)


BEFORE, AFTER = "before", "after"
LEFT_OUT = b""  # the encoding of what is not there, or has no lasting identity


class Filling(Node):
    """An object of which some children may be filled in while it is used, or have no lasting identity.

    Attributes:
        value: the object.
        fixed: how many children come before those; the names are theirs.
        names: of the others.
        free: names that may also change and vanish during a run, as the object's pickling leaves them out.
    """

    __slots__ = ("fixed", "free", "names", "value")

    def __init__(
        self,
        start: bytes,
        value: object,
        fixed: list[object],
        filled: dict[str, object],
        free: frozenset[str] = frozenset(),
    ) -> None:
        labels: Labels = [*[""] * len(fixed), *(f".{name}" for name in filled)]
        super().__init__(start, [*fixed, *filled.values()], labels)
        self.value = value
        self.fixed = len(fixed)
        self.names = tuple(filled)
        self.free = free

    def settle(self, encodings: list[bytes]) -> bytes:
        """Return the encoding of the object: that of one with nothing filled in, where all of it was by runs."""
        start = self.head + b"".join(encodings[: self.fixed])
        now = dict(zip(self.names, encodings[self.fixed :], strict=True))
        counted = _Counted(self, start, now).forms
        if not counted:
            return NODE + xxh3_128_digest(start)
        more = b"".join(
            len(name).to_bytes(4, "little") + name.encode("utf-8", "surrogatepass") + form
            for name, form in sorted(counted.items())
        )
        return NODE + xxh3_128_digest(b"filled\0" + xxh3_128_digest(start) + more)


class _Record:
    """What is known of an object: what was in it before the last run, and what runs have filled in."""

    __slots__ = ("before", "learnt", "of", "run")

    def __init__(self, value: object) -> None:
        number = id(value)
        self.of = ref(value, lambda _: _records.pop(number, None))
        self.before: dict[str, set[bytes]] = {}
        self.learnt: dict[tuple[str, bytes, bytes], bytes] = {}  # by name, form and what it was computed from
        self.run = 0  # of which `before` tells


class _Moment(_local):
    kind = ""
    run = 0


_records: dict[int, _Record] = {}
_moment = _Moment()
_runs = count(1)
_in_progress: set[int] = set()


def _undigested(_kind: type) -> bytes:
    return b""


code_digest: Callable[[Any], bytes] = _undigested  # until `code`, which stands above, puts its own here


class _During:
    """Has objects looked at, in this thread and until its end, as before or after a run."""

    __slots__ = ("_former", "_moment")

    def __init__(self, kind: str, run: int) -> None:
        self._moment = self._former = kind, run

    def __enter__(self) -> None:
        self._former = _moment.kind, _moment.run
        _moment.kind, _moment.run = self._moment

    def __exit__(self, *_: object) -> None:
        _moment.kind, _moment.run = self._former


def before_a_run() -> _During:
    """Note, for a `with`, what is in objects that are looked at, so that what a run fills in can be told from it."""
    return _During(BEFORE, next(_runs))


def after_a_run() -> _During:
    """Remember, for a `with`, what has been filled in, in objects that are looked at."""
    return _During(AFTER, 0)


def is_to_be_settled(value: object) -> bool:
    """Whether an object with nothing filled in is to be looked at all the same."""
    return _moment.kind == BEFORE or id(value) in _records


def forget() -> None:
    """Trust nothing that was filled in so far: something has changed that it may have been computed from."""
    for record in list(_records.values()):
        record.learnt.clear()


class _Counted:
    """What counts of that which an object has been filled with."""

    __slots__ = ("_context", "_node", "_start", "forms")

    def __init__(self, node: Filling, start: bytes, now: dict[str, bytes]) -> None:
        self._node = node
        self._start = start
        self._context = b""
        record = self._record()
        if record is not None:
            names = {*now, *(name for name, _, _ in record.learnt), *record.before}
            found = {name: self._form(record, name, now.get(name, LEFT_OUT)) for name in names}
        else:
            found = now
        self.forms = {name: form for name, form in found.items() if form != LEFT_OUT}

    def _record(self) -> _Record | None:
        value = self._node.value
        record = _records.get(id(value))
        if record is not None and record.of() is not value:
            record = None
        if _moment.kind == BEFORE:
            if record is None:
                try:
                    record = _records[id(value)] = _Record(value)
                except TypeError:
                    return None  # it cannot be referred to weakly
            if record.run != _moment.run:
                record.run, record.before = _moment.run, {}
        return record

    def _form(self, record: _Record, name: str, form: bytes) -> bytes:
        learnt = record.learnt.get((name, form, self._made_from())) if record.learnt else None
        counted = form if learnt is None else learnt
        before = record.before.get(name, set())
        if _moment.kind == BEFORE:
            record.before.setdefault(name, set()).add(counted)
        elif _moment.kind == AFTER and counted not in (before or {LEFT_OUT}):
            is_new = before <= {LEFT_OUT}
            if is_new or (name in self._node.free and len(before) == 1):
                (counted,) = before or {LEFT_OUT}
                record.learnt[name, form, self._made_from()] = counted
        return counted

    def _made_from(self) -> bytes:
        """Digest the rest of the object and its class's code."""
        if not self._context:
            kind: Any = type(self._node.value)
            code = b""
            if id(kind) not in _in_progress:
                _in_progress.add(id(kind))
                try:
                    code = code_digest(kind)
                except OutdatedMemo:
                    code = b"outdated"
                finally:
                    _in_progress.discard(id(kind))
            self._context = xxh3_128_digest(code + self._start)
        return self._context
