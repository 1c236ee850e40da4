"""A result into stream and buffers, and back: the only place in the package that unpickles.

`loads` takes nothing but a `Verified`, which only `reading` makes, of bytes whose signature holds.
"""

from __future__ import annotations

import copy
import pickle
from functools import partial
from io import BytesIO
from struct import Struct
from types import NoneType

from . import compression, entry, pickling, stack
from .entry import Bytes, Payload
from .serializers import Json, Serializer
from .unstorable import Unstorable, explain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .entry import Verified

__all__ = ["Codec", "Items", "Payload", "TooLong", "Unstorable"]

TooLong = pickling.TooLong

_MAINS = ("__main__", "__mp_main__")
_BUILT_IN = ("pickle", "cloudpickle", "json")
_PLAIN = frozenset((NoneType, bool, int, float, str, bytes, list, tuple, dict, set))  # as most results are
_LENGTH = Struct("<Q")
_ITEM_FLAGS = Struct("<B")


class Items:
    """What a generator yielded, each item frozen when it was yielded, so that each can be thawed by itself."""

    __slots__ = ("frozen",)

    def __init__(self, frozen: Sequence[Bytes]) -> None:
        self.frozen = frozen


class Codec:
    """How one function's results become bytes, and bytes results; touches no disk.

    Args:
        serializer: ``"pickle"``, ``"cloudpickle"``, ``"json"``, or an object with `name`, `dumps` and `loads`.
        module: the name under which the function's module lives in this process.
        home_module: the name that stays the same when the module is run as a script.
        compress: try zstd on what is stored.

    Raises:
        ValueError: an unknown serializer, or one that is not installed.
        TypeError: an object that is no serializer.
    """

    __slots__ = (
        "_compress",
        "_home",
        "_home_bytes",
        "_module",
        "_most",
        "_needs_care",
        "_serializer",
        "_yields",
        "name",
    )

    def __init__(self, serializer: str | object, *, module: str, home_module: str, compress: bool = False) -> None:
        if compress:
            compression.require()
        self._compress = compress
        self._serializer = _checked(serializer)
        self.name: str = serializer if isinstance(serializer, str) else serializer.name  # type: ignore[attr-defined]
        self._yields = False
        self._most: int | None = None
        self._module = module
        self._home = home_module
        self._home_bytes = home_module.encode()
        # The flags of entries that plain `pickle.loads` would get wrong here.
        self._needs_care = entry.NOT_PICKLE | entry.ITEMS
        if module != home_module:
            self._needs_care |= entry.HOME_NAMED
        if module not in _MAINS:
            self._needs_care |= entry.HOME_AS_MAIN
        if module != "__mp_main__":
            self._needs_care |= entry.HOME_AS_MP_MAIN

    def yielding(self, most: int | None = None) -> Codec:
        """The same for whoever works beside others: it leaves the interpreter to other threads now and then.

        With `most`, a stream of more bytes than that is given up: `dumps` and `freeze` raise `TooLong`, at once where
        nobody knows how long it will take.
        """
        other = copy.copy(self)
        other._yields, other._most = True, most  # noqa: SLF001  one of ours
        return other

    def dumps(self, result: object) -> Payload:
        """Serialize a result; large buffers are views of its own memory.

        Raises:
            Unstorable: it cannot be kept; tells why, and the path to what stands in the way.
        """
        if type(result) is Items:
            if self._most is not None and sum(map(len, result.frozen)) > self._most:
                raise TooLong
            flags = 0
            for item in result.frozen:
                flags |= item[0]
            stream = b"".join(part for item in result.frozen for part in (_LENGTH.pack(len(item)), item))
            return Payload(stream, [], flags | entry.ITEMS, self._compress)
        if type(result) not in _PLAIN and pickling.is_used_up(result):
            raise Unstorable(f"a {type(result).__qualname__} is used up by reading it")
        stream, buffers = stack.call(self._dump, result) if stack.is_short() else self._dump(result)
        return Payload(stream, buffers, self._flags(stream), self._compress)

    def loads(self, verified: Verified) -> Any:
        """Give the result back; raises whatever unpickling raises."""
        if verified.flags & self._needs_care or self._serializer is not None or self._yields:
            return self._load_with_care(verified.stream, verified.buffers, verified.flags)
        if verified.buffers:
            return pickle.loads(verified.stream, buffers=verified.buffers)
        return pickle.loads(verified.stream)

    def freeze(self, item: object) -> bytes:
        """Serialize one item of a generator as it is now; raises Unstorable."""
        if pickling.is_used_up(item):
            raise Unstorable(f"a {type(item).__qualname__} is used up by reading it", "item")
        stream, _ = stack.call(partial(self._dump, apart=False), item)
        return _ITEM_FLAGS.pack(self._flags(stream)) + stream

    def thaw(self, frozen: Bytes) -> Any:
        """Give one item back. Only for what `loads` gave as one of `Items`."""
        return self._load_with_care(memoryview(frozen)[_ITEM_FLAGS.size :], (), frozen[0])

    def _dump(self, result: object, *, apart: bool = True) -> tuple[bytes, list[memoryview]]:
        if self._serializer is not None:
            if self._most is not None:
                raise TooLong
            return self._dump_by_serializer(self._serializer, result), []
        try:
            return pickling.dump(result, pickling.Pieces(self._most) if self._yields else None, apart=apart)
        except Exception as error:
            if self.name != "cloudpickle":
                raise explain(result, error) from error
        if self._most is not None:
            raise TooLong
        try:
            return pickling.dump_by_cloudpickle(result, apart=apart)
        except Exception as error:
            raise explain(result, error) from error

    def _dump_by_serializer(self, serializer: Serializer, result: object) -> bytes:
        try:
            stream = serializer.dumps(result)
        except Unstorable:
            raise
        except Exception as error:
            raise Unstorable(f"serializer {self.name!r} raised {type(error).__name__}: {error}") from error
        if not isinstance(stream, bytes):
            raise Unstorable(f"serializer {self.name!r} made {type(stream).__name__} of it, not bytes")
        return stream

    def _flags(self, stream: bytes) -> int:
        """Say what a reader has to know of a stream."""
        if self._serializer is not None:
            return entry.NOT_PICKLE
        flags = 0
        if self._module in _MAINS:
            if b"__main__" in stream:
                flags |= entry.HOME_AS_MAIN
            if b"__mp_main__" in stream:
                flags |= entry.HOME_AS_MP_MAIN
        if self._home_bytes in stream:
            flags |= entry.HOME_NAMED
        return flags

    def _load_with_care(self, stream: Bytes, buffers: Sequence[Bytes], flags: int) -> Any:
        if flags & entry.ITEMS:
            return Items(_split(stream))
        if bool(flags & entry.NOT_PICKLE) != (self._serializer is not None):
            raise ValueError("the entry was made by another serializer")
        if self._serializer is not None:
            return stack.call(self._serializer.loads, bytes(stream))
        file = _Yielding(stream) if self._yields else BytesIO(stream)
        return _HomeUnpickler(file, buffers, self._aliases(flags), self._module).load()

    def _aliases(self, flags: int) -> set[str]:
        """The names in a stream that mean the function's own module."""
        aliases = set()
        if flags & entry.HOME_AS_MAIN:
            aliases.add("__main__")
        if flags & entry.HOME_AS_MP_MAIN:
            aliases.add("__mp_main__")
        if flags & entry.HOME_NAMED:
            aliases.add(self._home)
        return aliases


class _Yielding(BytesIO):
    """Read frame by frame, and at each the interpreter may let other threads go on."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size)


class _HomeUnpickler(pickle.Unpickler):
    """Looks for a function's own classes where its module lives now, whatever its name was when they were pickled."""

    def __init__(self, file: BytesIO, buffers: Sequence[Bytes], aliases: set[str], module: str) -> None:
        super().__init__(file, buffers=buffers)
        self._aliases = aliases
        self._module = module

    def find_class(self, module_name: str, global_name: str) -> Any:
        return super().find_class(self._module if module_name in self._aliases else module_name, global_name)


def _split(stream: Bytes) -> list[memoryview]:
    """Take a list of frozen items apart; ValueError if it is not one."""
    view = memoryview(stream)
    items = []
    while view:
        if len(view) < _LENGTH.size:
            raise ValueError("the list of items is cut short")
        end = _LENGTH.size + _LENGTH.unpack_from(view)[0]
        if end > len(view) or end == _LENGTH.size:
            raise ValueError("the list of items is cut short")
        items.append(view[_LENGTH.size : end])
        view = view[end:]
    return items


def _checked(serializer: str | object) -> Serializer | None:
    """Check the option; None where pickle does the work."""
    known = ", ".join(map(repr, _BUILT_IN))
    if isinstance(serializer, str):
        if serializer not in _BUILT_IN:
            from difflib import get_close_matches

            near = get_close_matches(serializer.lower(), _BUILT_IN, 1, 0)
            raise ValueError(f"unknown serializer {serializer!r}: did you mean {near[0]!r}? There are {known}")
        if serializer == "cloudpickle" and not _is_installed("cloudpickle"):
            raise ValueError("serializer='cloudpickle' needs cloudpickle: pip install brinery[cloudpickle]")
        return Json() if serializer == "json" else None
    name = getattr(serializer, "name", None)
    dumps, loads = getattr(serializer, "dumps", None), getattr(serializer, "loads", None)
    if not isinstance(name, str) or not callable(dumps) or not callable(loads):
        raise TypeError(
            f"serializer must be one of {known}, or an object with a name (str), dumps and loads, "
            f"not {type(serializer).__qualname__}"
        )
    if not name or name in _BUILT_IN:
        raise ValueError(f"a serializer of your own needs a name of its own, not {name!r}")
    return serializer  # type: ignore[return-value]  # it has what a Serializer has


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None
