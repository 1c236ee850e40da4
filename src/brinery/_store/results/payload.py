"""Turn results into payloads and back: pickled, inspected, and tried out where classes pickle in their own way."""

from __future__ import annotations

from functools import partial
from pickle import PickleBuffer
from types import NoneType

from ..._interpreter import own_work
from .. import layout
from ..entry.encoding import Payload, Verified
from . import pickling, stack
from .items import LENGTH, Items
from .left_out import is_used_up
from .loading import MAINS, Loader
from .pickling import Pickled
from .pieces import Pieces, TooLong
from .unpickling import raise_unless_stubborn
from .unstorable import Unstorable, abridged, explain, in_words, path_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .serializers import Serializer

__all__ = ["Codec", "Items", "Payload", "TooLong", "Unstorable"]

_PLAIN = frozenset((NoneType, bool, int, float, str, bytes, list, tuple, dict, set))  # as most results are
_MOST_CHECKED = 1 << 30  # bytes of a result that is loaded again when it is stored


class Codec(Loader):
    """How one function's results become bytes, and bytes results; touches no disk. The arguments are its `Loader`'s.

    Attributes:
        difference: takes a result and what came back of it; gives the path to what is not the same, and what the
            matter is, or None. Asked where code of the user's, or of a library, decides what comes back.
    """

    __slots__ = ("difference",)

    difference: Callable[[object, object], tuple[str, str] | None]

    def __init__(self, serializer: str | object, *, module: str, home_module: str, compress: bool = False) -> None:
        super().__init__(serializer, module=module, home_module=home_module, compress=compress)
        self.difference = _difference_of_type

    def dumps(self, result: object, *, check: bool = False) -> Payload:
        """Serialize a result; large buffers are views of its own memory.

        Args:
            result: what a function returned, or the `Items` of a generator.
            check: load it again, to see that it can be.

        Raises:
            Unstorable: it cannot be kept; tells why, and the path to what stands in the way.
        """
        if type(result) is Items:
            if self._most is not None and sum(map(len, result.frozen)) > self._most:
                raise TooLong
            flags = 0
            for item in result.frozen:
                flags |= item[0]
            stream = b"".join(part for item in result.frozen for part in (LENGTH.pack(len(item)), item))
            return Payload(stream, [], flags | layout.ITEMS, self._compress)
        if type(result) not in _PLAIN:
            if is_used_up(result):
                raise Unstorable(f"a {type(result).__qualname__} is used up by reading it")
            if type(result) is PickleBuffer:
                raise Unstorable("a PickleBuffer comes back as what it is a view of")
        pickled = stack.call(self._dump, result) if stack.is_short() else self._dump(result)
        stream, buffers, own, names, _ = pickled
        if check or own:
            self._check(result, pickled, whatever_size=check)
        return Payload(stream, buffers, self._flags(names), self._compress)

    @own_work
    def freeze(self, item: object) -> bytes:
        """Serialize one item of a generator as it is now; raises Unstorable."""
        if is_used_up(item):
            raise Unstorable(f"a {type(item).__qualname__} is used up by reading it", "item")
        pickled = stack.call(partial(self._dump, apart=False), item)
        if pickled.own:
            self._check(item, pickled)
        return layout.ITEM_HEAD.pack(self._flags(pickled.names)) + pickled.stream

    def _dump(self, result: object, *, apart: bool = True) -> Pickled:
        if self._serializer is not None:
            if self._most is not None:
                raise TooLong
            return Pickled(self._dump_by_serializer(self._serializer, result), [], frozenset(), b"")
        try:
            return pickling.dump(result, Pieces(self._most) if self._yields else None, apart=apart)
        except (KeyboardInterrupt, TooLong):
            raise
        except BaseException as error:
            if not isinstance(error, Exception):
                raise_unless_stubborn(error, partial(pickling.dump, result))
            if self.name != "cloudpickle":
                raise explain(result, error, by_cloudpickle=False) from error
        if self._most is not None:
            raise TooLong
        try:
            return pickling.dump_by_cloudpickle(result, apart=apart)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not isinstance(error, Exception):
                raise_unless_stubborn(error, partial(pickling.dump_by_cloudpickle, result))
            raise explain(result, error, by_cloudpickle=True) from error

    def _check(self, result: object, pickled: Pickled, *, whatever_size: bool = False) -> None:
        """See that a result comes back as it was, where code that is not ours decides that.

        Raises:
            Unstorable: it does not.
        """
        size = len(pickled.stream) + sum(map(len, pickled.buffers))
        if size > _MOST_CHECKED and not whatever_size:
            return
        from ..entry import contents

        buffers = [contents.copied(buffer) for buffer in pickled.buffers]  # what comes of it may write to its own
        try:
            found = self.loads(Verified(pickled.stream, buffers, self._flags(pickled.names), 0.0))
        except Exception as error:
            raise Unstorable(
                f"it pickles, but cannot be unpickled ({in_words(error)})", self._path(result, pickled)
            ) from error
        different = self.difference(result, found)
        if different is not None:
            path, matter = different
            raise Unstorable(matter, abridged(path))

    def _path(self, result: object, pickled: Pickled) -> str:
        return path_to(result, lambda value: type(value) in pickled.own)

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

    def _flags(self, names: bytes) -> int:
        """Say what a reader has to know of a stream; `names` is all of it in which a class can be named."""
        if self._serializer is not None:
            return layout.NOT_PICKLE
        flags = 0
        if not names:
            return flags
        if self._module in MAINS:
            if b"__main__" in names:
                flags |= layout.HOME_AS_MAIN
            if b"__mp_main__" in names:
                flags |= layout.HOME_AS_MP_MAIN
        if self._home.encode() in names:
            flags |= layout.HOME_NAMED
        return flags


def _difference_of_type(original: object, copy: object) -> tuple[str, str] | None:
    return None if type(original) is type(copy) else ("result", "it would come back as something else")
