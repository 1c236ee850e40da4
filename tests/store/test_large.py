"""Entries with buffers are written and digested at the same time."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from brinery import Cache
from brinery._store.entry import chunks, compression, large
from brinery._store.entry.encoding import Payload, Unsealed
from brinery._store.entry.noncontiguous import Gapped
from brinery._store.entry.reading import Verified, read_entry
from brinery._store.signing.signer import Keyring, Signer

KEY = bytes(range(16))
RING = Keyring(Signer(b"s" * 32))
LONG = os.urandom(1 << 20) * 5 + b"and a piece"


def unsealed(*buffers: memoryview | Gapped, stream: bytes = b"stream", compress: bool = False) -> Unsealed:
    return Unsealed(
        KEY,
        Payload(stream, list(buffers), compress=compress),
        created=time.time() - 1,
        expires=math.inf,
        seconds=2.5,
        metadata=b'{"x": 1}',
        signer=RING.current,
    )


def written(path: Path, entry: Unsealed, before: bytes = b"") -> int:
    path.write_bytes(before)
    fd = os.open(path, os.O_RDWR)
    try:
        return large.write(fd, entry)
    finally:
        os.close(fd)


def read(path: Path) -> Verified | None:
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_entry(fd, os.fstat(fd), KEY, RING, time.time(), None)
    finally:
        os.close(fd)


def gapped() -> Gapped:
    numpy = pytest.importorskip("numpy")
    return Gapped(numpy.frombuffer(LONG[: 5 << 20] * 2, "u4").reshape(64, -1)[:, ::2])


ENTRIES = {
    "one long": lambda: unsealed(memoryview(LONG)),
    "short ones": lambda: unsealed(memoryview(b"abc"), memoryview(b""), memoryview(bytearray(b"d" * 70))),
    "very many": lambda: unsealed(*[memoryview(bytes([number % 251]) * number) for number in range(3000)]),
    "a long stream": lambda: unsealed(stream=LONG),
    "both": lambda: unsealed(memoryview(LONG), memoryview(b"x" * 100_000), stream=LONG),
    "squeezed": lambda: unsealed(memoryview(LONG), memoryview(bytes(3 << 20)), compress=True),
    "with gaps": lambda: unsealed(memoryview(b"abc"), gapped(), memoryview(LONG), gapped(), gapped()),
    "with gaps, squeezed": lambda: unsealed(gapped(), compress=True),
    "a squeezed stream": lambda: unsealed(stream=bytes(10_000), compress=True),
}


@pytest.mark.parametrize("is_blake3", [True, False])
@pytest.mark.parametrize("kind", ENTRIES)
def test_what_is_written_at_once_is_what_is_laid_out(kind, is_blake3, tmp_path, monkeypatch):
    """A file that was written while it was digested is, byte by byte, the entry; and it reads."""
    if "squeezed" in kind and not compression.is_there():
        pytest.skip("needs zstd")
    if is_blake3:
        pytest.importorskip("blake3")
    monkeypatch.setattr(chunks, "has_blake3", lambda: is_blake3)
    entry = ENTRIES[kind]()
    size = written(tmp_path / "entry", entry, before=b"the marker of who has the lock")
    data = (tmp_path / "entry").read_bytes()
    assert data == b"".join(entry.parts())
    assert size == entry.size == len(data)
    assert read(tmp_path / "entry") is not None


def test_the_head_is_written_last(tmp_path, monkeypatch):
    """Until every byte of the buffers stands in the file, it begins with what was there: the marker of its holder."""
    path = tmp_path / "entry"
    seen: list[bytes] = []
    genuine = Unsealed.seal

    def look_first(self: Unsealed, digests: list[bytes]) -> bytes:
        data = path.read_bytes()
        seen.append(data)
        return genuine(self, digests)

    monkeypatch.setattr(Unsealed, "seal", look_first)
    written(path, unsealed(memoryview(LONG)), before=b"marker")
    assert seen[0].startswith(b"marker\0")
    assert LONG in seen[0]


@pytest.mark.parametrize("changes", [True, False])
def test_memory_that_changes_meanwhile_is_a_miss(changes, tmp_path, monkeypatch):
    """If the digest and the file saw different contents, nothing comes back."""
    memory = bytearray(LONG)
    genuine = large._write_buffers
    monkeypatch.setattr(chunks, "_cpu_count", lambda: 1)  # this thread does all: writes, then digests

    def change(*arguments: object) -> None:
        genuine(*arguments)
        memory[-1] ^= changes

    monkeypatch.setattr(large, "_write_buffers", change)
    written(tmp_path / "entry", unsealed(memoryview(memory)))
    assert (read(tmp_path / "entry") is None) is changes


def test_what_changes_step_by_step_is_never_stored_half_old_and_half_new(tmp_path, monkeypatch):
    """Digested from the back while it is written from the front: no mixture of two states passes for one."""
    memory = bytearray(LONG)
    is_digested = threading.Event()
    genuine = chunks._algorithm

    def algorithm(*, blake3: bool):
        found = genuine(blake3=blake3)

        def first_chunk_then_wait(data: memoryview):
            made = found(data)
            if len(data) < chunks.CHUNK:  # the piece at the end, which comes first
                is_digested.set()
            return made

        return first_chunk_then_wait

    def write_slowly(fd: int, parts: list[memoryview]) -> None:
        half = len(LONG) // 2
        place = os.lseek(fd, 0, os.SEEK_CUR)
        assert is_digested.wait(60)
        os.pwrite(fd, memory[:half], place)
        memory[:] = bytes(len(memory))  # another state, after the front was written and the back digested
        os.pwrite(fd, memory[half:] + parts[-1], place + half)

    monkeypatch.setattr(chunks, "_cpu_count", lambda: 2)
    monkeypatch.setattr(chunks, "_algorithm", algorithm)
    monkeypatch.setattr(large, "write_all", write_slowly)
    written(tmp_path / "entry", unsealed(memoryview(memory)))
    assert read(tmp_path / "entry") is None


def test_a_disk_that_is_full_leaves_no_thread(tmp_path, monkeypatch):
    """The error of the write is the one that is raised, and nobody goes on digesting."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(chunks, "_cpu_count", lambda: 2)
    monkeypatch.setattr(large, "write_all", full)
    before = threading.active_count()
    with pytest.raises(OSError, match="No space left"):
        written(tmp_path / "entry", unsealed(memoryview(LONG)))
    assert threading.active_count() == before


def test_one_thread_writes_while_another_digests(tmp_path, monkeypatch):
    """Where there are two processors, digesting begins before the writing has ended."""
    begun = threading.Event()
    genuine_write, genuine_algorithm = large.write_all, chunks._algorithm

    def write_late(fd: int, parts: list[bytes]) -> int:
        assert begun.wait(60)
        return genuine_write(fd, parts)

    def algorithm(*, blake3: bool):
        found = genuine_algorithm(blake3=blake3)

        def note(data: bytes):
            begun.set()
            return found(data)

        return note

    monkeypatch.setattr(chunks, "_cpu_count", lambda: 2)
    monkeypatch.setattr(large, "write_all", write_late)
    monkeypatch.setattr(chunks, "_algorithm", algorithm)
    written(tmp_path / "entry", unsealed(memoryview(LONG)))
    assert read(tmp_path / "entry") is not None


@pytest.mark.parametrize("error", [AttributeError("fallocate64"), OSError(95, "Operation not supported")])
def test_where_no_place_can_be_reserved_it_is_written_all_the_same(error, tmp_path, monkeypatch):
    """Having the place chosen at once is for speed only."""
    import ctypes

    def no_library(*_: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    written(tmp_path / "entry", unsealed(memoryview(LONG)))
    assert read(tmp_path / "entry") is not None


@pytest.mark.parametrize("shape", [(3000,), (3, 1000), (1000, 3), (10, 10, 30), (2, 3, 5, 100), (1, 3000)])
def test_parts_of_an_array_with_gaps_are_its_elements_in_order(shape):
    """Wherever a part begins and ends, in whichever row."""
    numpy = pytest.importorskip("numpy")
    whole = numpy.arange(2 * 3000, dtype="u2").reshape(*shape[:-1], -1)[..., ::2]
    for array in (whole, whole[::-1], whole.T, numpy.broadcast_to(whole, (2, *whole.shape))):
        expected = array.tobytes()
        entry = Gapped(array)
        assert len(entry) == len(expected)
        assert entry.whole() == expected
        for at in (0, 2, 998, 2000, 3002, len(expected) - 2):
            for length in (2, 100, 2002, 1 << 20):
                assert entry.part(at, length) == expected[at : at + length]


def test_arrays_with_gaps_through_a_cache(tmp_path):
    """Stored without a copy of the whole, and in a stream where nothing goes beside it: items of generators."""
    numpy = pytest.importorskip("numpy")
    numbers = numpy.arange(1_000_000.0)
    cache = Cache(tmp_path / "store", secret="0123456789abcdef" * 2)
    calls = []

    @cache(ignore=["calls", "numbers"])
    def whole() -> object:
        calls.append("whole")
        return {"a": numbers[::2], "b": numbers.astype("M8[s]")[::3], "c": numbers.astype("c8")[::2]}

    @cache(ignore=["calls", "numbers"])
    def items() -> Iterator[object]:
        calls.append("items")
        yield numbers[::2]

    for _ in range(2):
        found = whole()
        assert numpy.array_equal(found["a"], numbers[::2])
        assert numpy.array_equal(found["b"], numbers.astype("M8[s]")[::3])
        assert found["b"].dtype == numpy.dtype("M8[s]")
        assert found["c"].flags.writeable
        (item,) = items()
        assert numpy.array_equal(item, numbers[::2])
    assert calls == ["whole", "items"]
