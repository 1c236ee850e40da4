"""A result -> pickle stream and out-of-band buffers. Pickling only: the way back is in `payload`."""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
from contextlib import suppress

from .entry import MOST_BUFFERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Reducer = Callable[[Any], Any]

PROTOCOL = 5
_OUT_OF_BAND = 64 * 1024  # what is shorter is copied into the stream for less than its own place in the file costs
_MUCH_LARGER = 4096  # bytes of a parent that a slice may drag along


class _Buffers(list[memoryview]):
    """Collects the buffers that go out of band."""

    __slots__ = ()

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Pickle's `buffer_callback`: True leaves the buffer in the stream."""
        view = buffer.raw()
        if view.nbytes < _OUT_OF_BAND or len(self) >= MOST_BUFFERS - 1:  # the stream may become one more
            return True
        self.append(view)
        return False


class TooLong(BaseException):
    """The stream is longer than its reader has time for; no error, so nobody explains it."""


class Pieces:
    """What a pickler writes to, frame by frame: at each the interpreter may let other threads go on.

    `pickle.dumps` itself lets nobody go on until it is done.
    """

    def __init__(self, most: int | None = None) -> None:
        self._pieces: list[bytes] = []
        self._left = most

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        if self._left is not None:
            self._left -= len(piece)
            if self._left < 0:
                raise TooLong
        return len(piece)

    def getvalue(self) -> bytes:
        return b"".join(self._pieces)


def dump(result: object, pieces: Pieces | None = None, *, apart: bool = True) -> tuple[bytes, list[memoryview]]:
    """Pickle by plain `pickle`, large buffers apart or all in one; raises whatever that raises."""
    buffers = _Buffers()
    callback = buffers.take if apart else None
    if pieces is None:
        stream = pickle.dumps(result, PROTOCOL, buffer_callback=callback)
    else:
        pickle.Pickler(pieces, PROTOCOL, buffer_callback=callback).dump(result)
        stream = pieces.getvalue()
    if (b"pyarrow" in stream or b"torch" in stream) and (compact := _compacting(stream)):
        buffers.clear()
        file = io.BytesIO()
        pickler = pickle.Pickler(file, PROTOCOL, buffer_callback=buffers.take if apart else None)
        pickler.dispatch_table = {**copyreg.dispatch_table, **compact}
        pickler.dump(result)
        stream = file.getvalue()
    return stream, buffers


def dump_by_cloudpickle(result: object, *, apart: bool = True) -> tuple[bytes, list[memoryview]]:
    """Pickle by cloudpickle: functions and classes that no module has go in by value."""
    import cloudpickle  # type: ignore[import-untyped]

    # A pickler looks for its table of reducers when it is made, so this one has a class of its own.
    table = {**cloudpickle.Pickler.dispatch_table, **_reducers_of_arrow(), **_reducers_of_torch()}
    table.pop(io.TextIOWrapper, None)  # an open file would come back as its text: something else, and no longer a file
    kind = type("Pickler", (cloudpickle.Pickler,), {"dispatch_table": table})
    buffers = _Buffers()
    file = io.BytesIO()
    kind(file, PROTOCOL, buffer_callback=buffers.take if apart else None).dump(result)
    return file.getvalue(), buffers


def is_used_up(result: object) -> bool:
    """Whether reading the result uses it up, so that a copy of it promises what it cannot keep."""
    kind = type(result)
    if kind in (io.BytesIO, io.StringIO):  # files in name only: a copy has all of it, and the position
        return False
    return hasattr(kind, "__next__") or hasattr(kind, "__anext__")


def _compacting(stream: bytes) -> dict[type, Reducer]:
    """Reducers for what the stream shows to be there and would drag a larger parent along."""
    reducers: dict[type, Reducer] = {}
    if "pyarrow" in sys.modules and b"pyarrow" in stream:
        reducers |= _reducers_of_arrow()
    if "torch" in sys.modules and b"torch" in stream:
        reducers |= _reducers_of_torch()
    return reducers


def _reducers_of_arrow() -> dict[type, Reducer]:
    arrow = sys.modules.get("pyarrow")
    if arrow is None:
        return {}

    def reduce_array(array: Any) -> Any:
        if array.get_total_buffer_size() > array.nbytes + _MUCH_LARGER:
            with suppress(Exception):  # a type that cannot be concatenated keeps its parent
                array = arrow.concat_arrays([array, array[:0]])  # of one alone it might give the same back
        return array.__reduce_ex__(PROTOCOL)

    # Tables, batches and chunked arrays pickle their arrays one by one, so these are enough.
    return dict.fromkeys(_subclasses(arrow.Array), reduce_array)


def _reducers_of_torch() -> dict[type, Reducer]:
    torch = sys.modules.get("torch")
    if torch is None:
        return {}

    def reduce_tensor(tensor: Any) -> Any:
        with suppress(Exception):  # sparse, quantised, on no device: as torch pickles it
            if tensor.untyped_storage().nbytes() > tensor.numel() * tensor.element_size() + _MUCH_LARGER:
                tensor = tensor.detach().clone().requires_grad_(tensor.requires_grad)
        return tensor.__reduce_ex__(PROTOCOL)

    return {torch.Tensor: reduce_tensor}


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _subclasses(below)
