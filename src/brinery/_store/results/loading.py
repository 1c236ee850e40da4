"""A stream and buffers -> a result: what hits need to know of how a function's results are stored.

`Loader.loads` takes nothing but a `Verified`, which only `reading` makes, of bytes whose signature holds; and, to see
whether a result comes back, `payload`, of bytes that it has just pickled.
"""

from __future__ import annotations

import sys

from .. import layout
from ..layout import Bytes, Restored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn, Self

    from ..entry.encoding import Verified
    from .serializers import Serializer

MAINS = ("__main__", "__mp_main__")
_ITEM_HEAD_SIZE = layout.ITEM_HEAD.size


def _unpickle_first(stream: Bytes, *, buffers: Sequence[Restored] = ()) -> Any:
    """Unpickle what is short and plain without the pickler, as long as the program has not loaded that."""
    global unpickle
    if "_pickle" not in sys.modules and not buffers:
        from .plain_stream import UNREADABLE, read

        found = read(stream)
        if found is not UNREADABLE:
            return found
    from .unpickling import loads

    unpickle = loads
    return loads(stream, buffers=buffers)


unpickle: Callable[..., Any] = _unpickle_first


class Loader:
    """How bytes become one function's results again; touches no disk. A `Codec` does both.

    Args:
        serializer: ``"pickle"``, ``"cloudpickle"``, ``"json"``, or an object with `name`, `dumps` and `loads`.
        module: the name under which the function's module lives in this process.
        home_module: the name that stays the same when the module is run as a script.
        compress: try zstd on what is stored.

    Attributes:
        is_plain: whether `load_stream` will do, for entries that are short and have none of the flags `not_short`.

    Raises:
        ValueError: an unknown serializer, or one that is not installed.
        TypeError: an object that is no serializer.
    """

    __slots__ = (
        "_compress",
        "_home",
        "_module",
        "_most",
        "_needs_care",
        "_serializer",
        "_yields",
        "is_plain",
        "name",
        "not_short",
    )

    def __init__(self, serializer: str | object, *, module: str, home_module: str, compress: bool = False) -> None:
        if compress:
            from ..entry import compression

            compression.require()
        self._compress = compress
        self._serializer = None if serializer == "pickle" else _checked(serializer)
        self.is_plain = self._serializer is None
        self.name: str = serializer if isinstance(serializer, str) else serializer.name  # type: ignore[attr-defined]
        self._yields = False
        self._most: int | None = None
        self._module = module
        self._home = home_module
        # The flags of entries that plain `pickle.loads` would get wrong here.
        self._needs_care = layout.NOT_PICKLE | layout.ITEMS
        if module != home_module:
            self._needs_care |= layout.HOME_NAMED
        if module not in MAINS:
            self._needs_care |= layout.HOME_AS_MAIN
        if module != "__mp_main__":
            self._needs_care |= layout.HOME_AS_MP_MAIN
        self.not_short = self._needs_care | layout.COMPRESSED | layout.STREAM_APART

    def yielding(self, most: int | None = None) -> Self:
        """Return a loader that leaves the interpreter to other threads now and then.

        With `most`, a stream of more bytes than that is given up: `Codec.dumps` and `Codec.freeze` raise `TooLong`, at
        once where nobody knows how long it will take.
        """
        from copy import copy

        other = copy(self)
        other._yields, other.is_plain = True, False  # noqa: SLF001  one of ours
        other._most = most  # noqa: SLF001
        return other

    def loads(self, verified: Verified) -> Any:
        """Give the result back; raises whatever unpickling raises."""
        return self._load(verified.stream, verified.buffers, verified.flags)

    def thaw(self, frozen: Bytes) -> Any:
        """Give one item back. Only for what `loads` gave as one of `Items`."""
        return self._load(memoryview(frozen)[_ITEM_HEAD_SIZE:], (), frozen[0])

    def _load(self, stream: Bytes, buffers: Sequence[Restored], flags: int) -> Any:
        try:
            if flags & self._needs_care or not self.is_plain:
                return self._load_with_care(stream, buffers, flags)
            return unpickle(stream, buffers=buffers)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._refuse(error, stream, buffers, flags)

    def load_stream(self, stream: Bytes) -> Any:
        """As `loads`, for a stream that was verified, and is all that there is."""
        try:
            return unpickle(stream)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._refuse(error, stream, (), 0)

    def _refuse(self, error: BaseException, stream: Bytes, buffers: Sequence[Restored], flags: int) -> NoReturn:
        """What asks to end the program while it is unpickled is no request of anybody's, if it does so every time."""
        from .unpickling import raise_unless_stubborn

        raise_unless_stubborn(error, lambda: self._load_with_care(stream, buffers, flags))
        raise RuntimeError(f"unpickling raised {type(error).__name__}") from None

    def _load_with_care(self, stream: Bytes, buffers: Sequence[Restored], flags: int) -> Any:
        if flags & layout.ITEMS:
            from .items import Items, split

            return Items(split(stream))
        if bool(flags & layout.NOT_PICKLE) != (self._serializer is not None):
            raise ValueError("the entry was made by another serializer")
        if self._serializer is not None:
            from . import stack

            return stack.call(self._serializer.loads, bytes(stream))
        from .unpickling import load_at_home

        aliases = self._aliases(flags)
        return load_at_home(stream, buffers, aliases, self._module, self._home, yields=self._yields)

    def _aliases(self, flags: int) -> set[str]:
        """The names in a stream that mean the function's own module."""
        aliases = set()
        if flags & layout.HOME_AS_MAIN:
            aliases.add("__main__")
        if flags & layout.HOME_AS_MP_MAIN:
            aliases.add("__mp_main__")
        if flags & layout.HOME_NAMED:
            aliases.add(self._home)
        return aliases


def _checked(serializer: str | object) -> Serializer | None:
    """Check the option; None where pickle does the work."""
    from .serializers import checked

    return checked(serializer)
