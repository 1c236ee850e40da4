"""Large buffers, hashed chunk by chunk by two threads; when reading, each chunk while it is still in the CPU's cache.

The digest of a buffer is the digest of its chunks' digests. Unkeyed: the entry's MAC covers it.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from threading import Thread

from ..._light import Protocol
from ..layout import CHUNK, Bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Sized

_WORTH_A_THREAD = 4  # chunks


def _do_nothing() -> None:
    pass


class _Hash(Protocol):
    def digest(self) -> bytes: ...

    def update(self, data: bytes, /) -> object: ...


@cache
def has_blake3() -> bool:
    """Whether buffers can be digested by BLAKE3, three times as fast as by SHA-256."""
    from importlib.util import find_spec

    return find_spec("blake3") is not None


def digests(
    buffers: Sequence[Sized],
    *,
    blake3: bool,
    part: Callable[[int, int], Bytes] | None = None,
    meanwhile: Callable[[], object] = _do_nothing,
) -> list[bytes]:
    """Digest buffers in memory, from the end on; this thread first does something else, and helps with what is left.

    Args:
        buffers: what to digest.
        blake3: by BLAKE3, and not by SHA-256.
        part: gives the chunk of a buffer, by its number, that begins somewhere; called by both threads.
        meanwhile: what this thread does first.

    Raises:
        Exception: whatever `part` and `meanwhile` raise, once no thread is at work any more.
    """
    algorithm = _algorithm(blake3=blake3)
    places = [(number, at) for number, buffer in enumerate(buffers) for at in range(0, len(buffer), CHUNK)]
    views = [memoryview(buffer) for buffer in buffers] if part is None else []  # type: ignore[arg-type]
    found = [b""] * len(places)

    def work(indexes: Iterator[int]) -> bool:
        for index in indexes:
            number, at = places[index]
            chunk = views[number][at : at + CHUNK] if part is None else part(number, at)
            found[index] = algorithm(chunk).digest()
        return True

    _share(work, range(len(places))[::-1], meanwhile)
    of_chunks = iter(found)
    return [algorithm(b"".join(next(of_chunks) for _ in range(0, len(buffer), CHUNK))).digest() for buffer in buffers]


def fill(view: memoryview, fd: int, start: int, *, blake3: bool) -> bytes | None:
    """Read a file from `start` on until `view` is full, and digest what was read; None if the file ends before.

    Raises:
        OSError: the file cannot be read.
        ImportError: BLAKE3 is asked for and not installed.
    """
    algorithm = _algorithm(blake3=blake3)
    count = -(-len(view) // CHUNK)
    digests = [b""] * count

    def work(indexes: Iterator[int]) -> bool:
        for index in indexes:
            chunk = view[index * CHUNK : (index + 1) * CHUNK]
            if not read_exactly(chunk, fd, start + index * CHUNK):
                return False
            digests[index] = algorithm(chunk).digest()
        return True

    return algorithm(b"".join(digests)).digest() if _share(work, range(count)) else None


def digest_of_file(fd: int, start: int, length: int, *, blake3: bool) -> bytes | None:
    """Digest a part of a file, of which no more than a chunk is held at a time; None if the file ends before."""
    algorithm = _algorithm(blake3=blake3)
    view = memoryview(bytearray(min(length, CHUNK)))
    digests = algorithm(b"")
    for at in range(0, length, CHUNK):
        chunk = view[: length - at]
        if not read_exactly(chunk, fd, start + at):
            return None
        digests.update(algorithm(chunk).digest())
    return digests.digest()


def read_exactly(view: memoryview, fd: int, start: int) -> bool:
    """Fill `view` from the file; False if the file ends before."""
    while view:
        count = os.preadv(fd, [view], start)
        if count == 0:
            return False
        view = view[count:]
        start += count
    return True


def _algorithm(*, blake3: bool) -> Callable[[Bytes], _Hash]:
    if not blake3:
        return sha256
    from blake3 import blake3 as found

    return found


def _share(
    work: Callable[[Iterator[int]], bool], indexes: range, meanwhile: Callable[[], object] = _do_nothing
) -> bool:
    """Let this thread and, if it is worth one, a second one take indexes in turn; whether both answered True.

    The second one begins at once, this one after `meanwhile`.
    """
    shared = iter(indexes)  # a range's iterator, unlike a generator, may be advanced by two threads
    outcome: list[bool | Exception] = []

    def help_out() -> None:
        try:
            outcome.append(work(shared))
        except Exception as error:
            outcome.append(error)

    helper = None
    if len(indexes) >= _WORTH_A_THREAD and _cpu_count() > 1:
        helper = Thread(target=help_out, name="brinery-hash", daemon=True)
        try:
            helper.start()
        except RuntimeError:
            helper = None  # no more threads, or the interpreter is going down
    try:
        meanwhile()
        done = work(shared)
    finally:
        for _ in shared:
            pass  # after an error here, leave the helper nothing to do
        if helper is not None:
            helper.join()
    for other in outcome:
        if isinstance(other, Exception):
            raise other
        done = done and other
    return done


def _cpu_count() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
