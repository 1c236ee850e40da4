"""The only place in the package that unpickles; `loading` alone has it do so, of bytes that were verified."""

from __future__ import annotations

import sys
from _pickle import Unpickler, loads  # the C ones themselves, as `pickle` takes 5 ms to import
from io import BytesIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..layout import Bytes, Restored

__all__ = ["load_at_home", "loads", "raise_unless_stubborn"]


def load_at_home(
    stream: Bytes, buffers: Sequence[Restored], aliases: set[str], module: str, home: str, *, yields: bool
) -> Any:
    """Unpickle what may name classes of the function's own module, by one of `aliases`; it is `module` here."""
    file = _Yielding(stream) if yields else BytesIO(stream)
    return _HomeUnpickler(file, buffers, aliases, module, home).load()


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
        if module_name not in self._aliases:
            return super().find_class(module_name, global_name)
        try:
            return super().find_class(self._module, global_name)
        except AttributeError:
            if module_name not in sys.modules or "__main__" in (module_name, self._module):
                raise
            # A function may say that it belongs to a package, and its classes that they belong to the file of both.
            return super().find_class(module_name, global_name)

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
