"""A stream and buffers -> a result: the only place in the package that unpickles.

`loads` takes nothing but a `Verified`, which only `reading` makes, of bytes whose signature holds; and, to see whether
a result comes back, `payload`, of bytes that it has just pickled.
"""

from __future__ import annotations

import sys
from _pickle import Unpickler, loads  # the C ones themselves, as `pickle` takes 5 ms to import
from io import BytesIO
from struct import Struct

from .._light import partial
from ..errors import OptionError
from . import entry
from .entry import Bytes, Restored, Verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn, Self

    from .serializers import Serializer

MAINS = ("__main__", "__mp_main__")
_BUILT_IN = ("pickle", "cloudpickle", "json")
LENGTH = Struct("<Q")
ITEM_FLAGS = Struct("<B")


class Items:
    """What a generator yielded, each item frozen when it was yielded, so that each can be thawed by itself."""

    __slots__ = ("frozen",)

    def __init__(self, frozen: Sequence[Bytes]) -> None:
        self.frozen = frozen


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
            from . import compression

            compression.require()
        self._compress = compress
        self._serializer = _checked(serializer)
        self.is_plain = self._serializer is None
        self.name: str = serializer if isinstance(serializer, str) else serializer.name  # type: ignore[attr-defined]
        self._yields = False
        self._most: int | None = None
        self._module = module
        self._home = home_module
        # The flags of entries that plain `pickle.loads` would get wrong here.
        self._needs_care = entry.NOT_PICKLE | entry.ITEMS
        if module != home_module:
            self._needs_care |= entry.HOME_NAMED
        if module not in MAINS:
            self._needs_care |= entry.HOME_AS_MAIN
        if module != "__mp_main__":
            self._needs_care |= entry.HOME_AS_MP_MAIN
        self.not_short = self._needs_care | entry.COMPRESSED | entry.STREAM_APART

    def yielding(self, most: int | None = None) -> Self:
        """The same for whoever works beside others: it leaves the interpreter to other threads now and then.

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
        stream, buffers, flags, _ = verified
        try:
            if flags & self._needs_care or not self.is_plain:
                return self._load_with_care(stream, buffers, flags)
            return loads(stream, buffers=buffers)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._refuse(error, stream, buffers, flags)

    def load_stream(self, stream: Bytes) -> Any:
        """As `loads`, for a stream that was verified, and is all that there is."""
        try:
            return loads(stream)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._refuse(error, stream, (), 0)

    def _refuse(self, error: BaseException, stream: Bytes, buffers: Sequence[Restored], flags: int) -> NoReturn:
        """What asks to end the program while it is unpickled is no request of anybody's, if it does so every time."""
        raise_unless_stubborn(error, partial(self._load_with_care, stream, buffers, flags))
        raise RuntimeError(f"unpickling raised {type(error).__name__}") from None

    def thaw(self, frozen: Bytes) -> Any:
        """Give one item back. Only for what `loads` gave as one of `Items`."""
        return self.loads(Verified(memoryview(frozen)[ITEM_FLAGS.size :], (), frozen[0], 0.0))

    def _load_with_care(self, stream: Bytes, buffers: Sequence[Restored], flags: int) -> Any:
        if flags & entry.ITEMS:
            return Items(_split(stream))
        if bool(flags & entry.NOT_PICKLE) != (self._serializer is not None):
            raise ValueError("the entry was made by another serializer")
        if self._serializer is not None:
            from . import stack

            return stack.call(self._serializer.loads, bytes(stream))
        file = _Yielding(stream) if self._yields else BytesIO(stream)
        return _HomeUnpickler(file, buffers, self._aliases(flags), self._module, self._home).load()

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


class _HomeUnpickler(Unpickler):
    """Looks for a function's own classes where its module lives now, whatever its name was when they were pickled."""

    def __init__(self, file: BytesIO, buffers: Sequence[Restored], aliases: set[str], module: str, home: str) -> None:
        super().__init__(file, buffers=buffers)
        self._aliases = aliases
        self._module = module
        self._longer = f".{home}" if home in aliases else None

    def find_class(self, module_name: str, global_name: str) -> Any:
        if self._longer is not None and module_name.endswith(self._longer) and self._is_ours(module_name):
            self._aliases.add(module_name)
        return super().find_class(self._module if module_name in self._aliases else module_name, global_name)

    def _is_ours(self, module_name: str) -> bool:
        """Whether a longer name is the function's own module: a folder without ``__init__.py`` is in no home name."""
        from importlib.util import find_spec

        if module_name in sys.modules:
            return False
        try:
            spec = find_spec(module_name)
        except (ImportError, ValueError, AttributeError):
            spec = None
        return spec is None or spec.origin == getattr(sys.modules.get(self._module), "__file__", None)


def raise_unless_stubborn(error: BaseException, again: Callable[[], object]) -> None:
    """Raise an exit that a signal or another thread brought; return if the object itself raises it every time."""
    try:
        again()
    except KeyboardInterrupt:
        raise
    except BaseException as other:
        if type(other) is type(error):
            return
    raise error


def _split(stream: Bytes) -> list[memoryview]:
    """Take a list of frozen items apart; ValueError if it is not one."""
    view = memoryview(stream)
    items = []
    while view:
        if len(view) < LENGTH.size:
            raise ValueError("the list of items is cut short")
        end = LENGTH.size + LENGTH.unpack_from(view)[0]
        if end > len(view) or end == LENGTH.size:
            raise ValueError("the list of items is cut short")
        items.append(view[LENGTH.size : end])
        view = view[end:]
    return items


def _checked(serializer: str | object) -> Serializer | None:
    """Check the option; None where pickle does the work."""
    known = ", ".join(map(repr, _BUILT_IN))
    if isinstance(serializer, str):
        if serializer not in _BUILT_IN:
            from difflib import get_close_matches

            near = get_close_matches(serializer.lower(), _BUILT_IN, 1, 0)
            raise OptionError(f"unknown serializer {serializer!r}: did you mean {near[0]!r}? There are {known}")
        if serializer == "cloudpickle" and not _is_installed("cloudpickle"):
            raise OptionError("serializer='cloudpickle' needs cloudpickle: pip install brinery[cloudpickle]")
        if serializer != "json":
            return None
        from .serializers import Json

        return Json()
    name = getattr(serializer, "name", None)
    dumps, loads = getattr(serializer, "dumps", None), getattr(serializer, "loads", None)
    if not isinstance(name, str) or not callable(dumps) or not callable(loads):
        raise OptionError(
            f"serializer must be one of {known}, or an object with a name (str), dumps and loads, "
            f"not {type(serializer).__qualname__}"
        )
    if not name or name in _BUILT_IN:
        raise OptionError(f"a serializer of your own needs a name of its own, not {name!r}")
    return serializer  # type: ignore[return-value]  # it has what a Serializer has


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None
