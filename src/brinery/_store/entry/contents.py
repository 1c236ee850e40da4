"""Memory for what stands beside a stream: filled, verified, and then handed out as it is."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from functools import cache

from ..layout import ASCII, BYTEARRAY, BYTES, READONLY, TEXT
from .encoding import Contents
from .noncontiguous import Gapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..layout import Restored


_HUGE = 4 << 20


def allocate(length: int) -> memoryview:
    """Zeroed memory that lives as long as a view of it does."""
    if not length:
        return memoryview(bytearray())
    # Private: a shared anonymous map, mmap's default, would show what a forked child writes.
    memory = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if length >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without huge pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)


_WORTH_CTYPES = 4 << 20  # bytes; to import it takes 2 ms, unless numpy did
_OWN_MAP = 32 << 20  # malloc gives what is longer pages of its own, and back to the system when it is freed


def room(kind: int, length: int) -> tuple[memoryview, Callable[[], Restored]]:
    """Give memory of a length, and what makes an object of that kind of it when it is filled, and right."""
    if kind in (BYTES, BYTEARRAY, ASCII) and (length >= _WORTH_CTYPES or "ctypes" in sys.modules):
        with suppress(ImportError, AttributeError):  # not CPython
            return _made_by_c(kind, length)
    if kind == BYTEARRAY:
        array = bytearray(length)
        return memoryview(array), lambda: array
    view = allocate(length)
    # Another view, which may be released.
    return memoryview(view), lambda: _made_of(kind, view)


def to_store(restored: Restored) -> memoryview | Contents:
    """The way back: what came out of an entry, to be stored in another."""
    if isinstance(restored, memoryview):
        return restored
    if isinstance(restored, str):
        return Contents(restored.encode("utf-8", "surrogatepass"), ASCII if restored.isascii() else TEXT)
    return Contents(restored, BYTES if isinstance(restored, bytes) else BYTEARRAY)


def copied(buffer: memoryview | Contents | Gapped) -> Restored:
    """What a buffer on its way into an entry will come out as, in memory of its own."""
    if isinstance(buffer, Gapped):
        return buffer.whole()
    if isinstance(buffer, memoryview):
        return memoryview(bytes(buffer) if buffer.readonly else bytearray(buffer))
    return bytearray(buffer.data) if buffer.kind == BYTEARRAY else _made_of(buffer.kind, memoryview(buffer.data))


def _made_of(kind: int, view: memoryview) -> Restored:
    if kind == BYTES:
        return bytes(view)
    if kind in (ASCII, TEXT):
        return str(view, "utf-8", "surrogatepass")
    return view.toreadonly() if kind == READONLY else view


def _made_by_c(kind: int, length: int) -> tuple[memoryview, Callable[[], Restored]]:
    import ctypes

    make, address_of = _functions()[kind]
    made = make(length)
    address = address_of(made)
    if length >= _OWN_MAP and hasattr(mmap, "MADV_HUGEPAGE"):
        page = address & -mmap.PAGESIZE
        with suppress(AttributeError, OSError):  # for speed only
            _advise()(page, address + length - page, mmap.MADV_HUGEPAGE)
    memory = (ctypes.c_char * length).from_address(address)
    memory.owner = made  # type: ignore[attr-defined]  # lives as long as any view of it, whatever is interrupted
    return memoryview(memory).cast("B"), lambda: made


@cache
def _functions() -> dict[int, tuple[Callable[[int], Any], Callable[[Any], int]]]:
    """For each kind, what makes an object of a length, its contents whatever was there, and what tells where they are.

    Prototypes of our own: what other libraries set at `ctypes.pythonapi` is set for all.
    """
    from ctypes import PYFUNCTYPE, c_ssize_t, c_uint32, c_void_p, py_object, pythonapi

    make = PYFUNCTYPE(py_object, c_void_p, c_ssize_t)
    make_text = PYFUNCTYPE(py_object, c_ssize_t, c_uint32)(("PyUnicode_New", pythonapi))
    address_of = PYFUNCTYPE(c_void_p, py_object)
    address_of_text = PYFUNCTYPE(c_void_p, py_object, c_void_p)(("PyUnicode_AsUTF8AndSize", pythonapi))
    make_bytes = make(("PyBytes_FromStringAndSize", pythonapi))
    make_array = make(("PyByteArray_FromStringAndSize", pythonapi))
    return {
        BYTES: (lambda length: make_bytes(None, length), address_of(("PyBytes_AsString", pythonapi))),
        BYTEARRAY: (lambda length: make_array(None, length), address_of(("PyByteArray_AsString", pythonapi))),
        ASCII: (lambda length: make_text(length, 127), lambda text: address_of_text(text, None)),
    }


@cache
def _advise() -> Callable[[int, int, int], int]:
    from ctypes import CDLL, CFUNCTYPE, c_int, c_size_t, c_void_p

    advise: Callable[[int, int, int], int] = CFUNCTYPE(c_int, c_void_p, c_size_t, c_int)(("madvise", CDLL(None)))
    return advise
