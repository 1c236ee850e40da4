"""Encode plain containers that are nested too deeply for the C stack, to the same bytes as `pickled`.

How many containers in each other the C pickler can take depends on how much of the stack its caller has left, and a key
must not. So what is too much for it is told here by the definition and written without recursion: slowly, in Python.
"""

from __future__ import annotations

from functools import cache
from itertools import islice

from .plain import CONTAINER_IDS
from .strict_pickler import NESTED, PLAIN_IDS, ROOM, Other, Sink, Strict, items_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_FRAME = 1 << 16  # as many bytes are written in one frame, and a string of that many outside of any
_LEAST_FRAME = 4
_BATCH = 1000  # items of a list or dict are added in batches
_FLAT_IDS = PLAIN_IDS - CONTAINER_IDS - {id(set)}
_TUPLES = (b")", b"\x85", b"\x86", b"\x87", b"t")


class _Written(bytes):
    """Something to be written as it is, among items that are to be pickled."""


class _Open:
    """A container of which some items are measured and others are not yet."""

    __slots__ = ("items", "nesting", "size", "value")

    def __init__(self, value: Any, size: int | None = None) -> None:
        self.value = value
        self.items: Iterator[Any] = iter(items_of(value))
        self.size = sum(len(step) for step in _steps(value) if type(step) is _Written) if size is None else size
        self.nesting = 0


class Tall:
    """Measures and writes containers, each object once, however many lead to it; for the time of one walk."""

    __slots__ = ("_known", "_pickler", "_sink")

    def __init__(self) -> None:
        self._sink = Sink()
        self._pickler = Strict(self._sink)
        self._known: dict[int, tuple[int, int, object]] = {}  # size, lists and dicts in each other; keeps alive

    def is_known_not_to_be_plain(self, value: object) -> bool:
        """Tell whether a container was measured and found too large, too nested or made of other things."""
        known = self._known.get(id(value))
        return known is not None and known[0] > ROOM

    def stream(self, value: Any) -> bytes | None:
        """Return the plain form of a container, None if it has none."""
        if self.measure(value) > ROOM:
            return None
        try:
            return self._pickled(value)
        except Other:
            return None  # with the heads of its frames it is too much

    def measure(self, value: Any) -> int:
        """Return how many bytes a container's plain form takes without frames; more than `ROOM` if it has none."""
        known = self._known
        path, ancestors = [_Open(value)], {id(value)}
        while path:
            here = path[-1]
            for item in here.items:
                number = id(type(item))
                if number not in CONTAINER_IDS:
                    here.size += self._size_of_other(item)
                elif id(item) in known:
                    size, nesting, _ = known[id(item)]
                    here.size += size
                    here.nesting = max(here.nesting, nesting)
                elif id(item) in ancestors:
                    here.size += ROOM + 1
                elif (flat := self._size_of_flat(item)) is not None:
                    self._close(_Open(item, flat), here)
                else:
                    path.append(_Open(item))
                    ancestors.add(id(item))
                    break
            else:
                path.pop()
                self._close(here, path[-1] if path else None)
                ancestors.remove(id(here.value))
        return known[id(value)][0]

    def _close(self, done: _Open, parent: _Open | None) -> None:
        nesting = done.nesting + (type(done.value) is not tuple)
        size = ROOM + 1 if nesting >= NESTED else min(done.size, ROOM + 1)
        self._known[id(done.value)] = size, nesting, done.value
        if parent is not None:
            parent.size += size
            parent.nesting = max(parent.nesting, nesting)

    def _size_of_flat(self, value: Any) -> int | None:
        """Return the same for a container that holds no other, by one pickle of it; None if it may be another."""
        if not _FLAT_IDS.issuperset(map(id, map(type, items_of(value)))):
            return None
        try:
            self._pickler.dump(value)
        except (Other, ValueError, OverflowError):
            self._pickler = Strict(self._sink)
            return None
        finally:
            data = self._sink.taken()
        if len(data) < 3 + _LEAST_FRAME:
            return len(data) - 3
        at, heads = 2, 0
        while data[at : at + 1] == b"\x95":
            at += 9 + int.from_bytes(data[at + 1 : at + 9], "little")
            heads += 9
        return len(data) - 3 - heads if at == len(data) else None  # long strings are outside of frames

    def _size_of_other(self, item: Any) -> int:
        if id(type(item)) not in PLAIN_IDS or (type(item) is set and item):
            return ROOM + 1
        try:
            return len(self._bare(item))
        except (Other, ValueError, OverflowError):
            self._sink.taken()
            self._pickler = Strict(self._sink)
            return ROOM + 1

    def _bare(self, item: Any) -> bytes:
        """Return the pickle of something that is no container, without what stands at its ends."""
        self._pickler.dump(item)
        data = self._sink.taken()
        return data[11:-1] if data[2:3] == b"\x95" else data[2:-1]

    def _pickled(self, value: Any) -> bytes:
        """Write what the C pickler would write if there was no end to its stack."""
        sink, frame = Sink(), bytearray()
        sink.write(b"\x80\x04")
        path = [iter(_steps(value))]
        while path:
            for step in path[-1]:
                if type(step) is _Written:
                    frame += step
                    continue
                if len(frame) >= _FRAME:
                    _end(frame, sink)
                if id(type(step)) in CONTAINER_IDS:
                    path.append(_steps(step))
                    break
                bare = self._bare(step)
                if type(step) in (str, bytes) and len(bare) > _FRAME and _payload(bare) >= _FRAME:
                    _end(frame, sink)
                    sink.write(bare)
                else:
                    frame += bare
            else:
                path.pop()
        frame += b"."
        _end(frame, sink)
        return sink.taken()


def _payload(bare: bytes) -> int:
    """Return the length of a pickled string without what stands before it."""
    return len(bare) - (9 if bare[:1] in (b"\x8d", b"\x8e") else 5)


def _end(frame: bytearray, sink: Sink) -> None:
    if len(frame) >= _LEAST_FRAME:
        sink.write(b"\x95" + len(frame).to_bytes(8, "little"))
    sink.write(bytes(frame))
    frame.clear()


def _steps(value: Any) -> Iterator[Any]:
    """Go through what is written of a container: opcodes, and items to be written between them."""
    kind = type(value)
    if kind is tuple:
        if len(value) > 3:
            yield _Written(b"(")
        yield from value
        yield _Written(_TUPLES[min(len(value), 4)])
        return
    opening, one, several = (b"}", b"s", b"u") if kind is dict else (b"]", b"a", b"e")
    yield _Written(opening)
    rows = iter(value.items() if kind is dict else zip(value))
    if len(value) <= 1:
        for row in rows:
            yield from row
            yield _Written(one)
        return
    for size in _batches(len(value), ends_empty=kind is dict):
        if size == 1 and _ends_singly():
            yield from next(rows)
            yield _Written(one)
            continue
        yield _Written(b"(")
        for row in islice(rows, size):
            yield from row
        yield _Written(several)


def _batches(count: int, *, ends_empty: bool) -> Iterator[int]:
    """Yield how many items are added at once; C code looked for the end of a dict after each batch, before 3.15."""
    while count > 0 or (ends_empty and count == 0 and not _ends_singly()):
        yield min(count, _BATCH)
        ends_empty = ends_empty and count >= _BATCH
        count -= _BATCH


@cache
def _ends_singly() -> bool:
    """Whether the pickler of this Python adds a single item that is left over as one, and not as a batch."""
    sink = Sink()
    Strict(sink).dump([None] * (_BATCH + 1))
    return sink.taken().endswith(b"a.")
