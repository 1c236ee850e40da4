"""Arrays with gaps, of which only the part that is being written is copied, while it is hot in the CPU's cache."""

from __future__ import annotations

from ..layout import CHUNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LEAST = 1 << 20  # bytes; what is shorter is copied whole


class Gapped:
    """The elements of an array in C order, without the gaps. The array must be one that `is_worth_it`."""

    __slots__ = ("_array", "_length")

    def __init__(self, array: Any) -> None:
        self._array = array
        self._length: int = array.nbytes

    def __len__(self) -> int:
        return self._length

    def part(self, at: int, length: int) -> memoryview:
        """A copy of some of the bytes; both numbers are multiples of the size of an element."""
        import numpy as np

        size = self._array.dtype.itemsize
        part: Any = np.empty(min(length, self._length - at) // size, self._array.dtype)
        _fill(part, self._array, at // size)
        return memoryview(part.view("u1"))

    def whole(self) -> memoryview:
        """A copy of all."""
        return self.part(0, self._length)


class Token(bytearray):
    """What a pickler is shown in place of a gapped array, for it takes no buffers with gaps."""

    def __init__(self, array: Any) -> None:
        super().__init__(1)
        self.gapped = Gapped(array)


def is_worth_it(array: Any) -> bool:
    """Whether an array of no objects, which has gaps, is large and its elements fill chunks exactly."""
    size = array.dtype.itemsize
    return bool(array.nbytes >= _LEAST and CHUNK % size == 0 and array.flags.writeable)


def _fill(target: Any, array: Any, first: int) -> None:
    """Fill a flat array with elements of another, in C order, from the element number `first` on."""
    if array.ndim == 1:
        target[:] = array[first : first + len(target)]
        return
    size = array[0].size
    row, offset = divmod(first, size)
    done = 0
    if offset:
        done = min(size - offset, len(target))
        _fill(target[:done], array[row], offset)
        row += 1
    count = (len(target) - done) // size
    if count:
        rows = array[row : row + count]
        target[done : done + count * size].reshape(rows.shape)[...] = rows
        done += count * size
    if done < len(target):
        _fill(target[done:], array[row + count], 0)
