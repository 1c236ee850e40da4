"""Reading: short and long entries, two threads, mapped files, and files known from before."""

from __future__ import annotations

import builtins
import hashlib
import math
import os
import threading
import time
from pathlib import Path

import pytest

from brinery._store import layout
from brinery._store.entry import chunks, trust
from brinery._store.entry import encoding as entry
from brinery._store.entry.contents import allocate
from brinery._store.entry.encoding import Payload, encode
from brinery._store.entry.reading import Verified, read_entry, read_facts, read_metadata
from brinery._store.entry.trust import note_touch
from brinery._store.signing.signer import Keyring, Signer

KEY = bytes(range(16))
RING = Keyring(Signer(b"s" * 32))
LONG = os.urandom(1 << 20) * 5 + b"and a piece"


def write(path: Path, payload: Payload) -> Path:
    parts = encode(
        KEY, payload, created=time.time() - 1, expires=math.inf, seconds=2.5, metadata=b'{"x": 1}', signer=RING.current
    )
    path.write_bytes(b"".join(parts))
    path.chmod(0o600)
    return path


def read(path: Path, **options) -> Verified | None:
    fd = os.open(path, os.O_RDONLY)
    try:
        status = os.fstat(fd)
        return read_entry(fd, status, KEY, RING, time.time(), None, **options)
    finally:
        os.close(fd)


@pytest.fixture
def long_entry(tmp_path: Path) -> Path:
    trust._verified.clear()
    tmp_path.chmod(0o700)
    return write(tmp_path / "entry", Payload(b"stream", [memoryview(bytearray(LONG)), memoryview(b"r" * 70_000)]))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file count as settled at once."""
    monkeypatch.setattr(trust, "_SETTLED_NS", 0)


def spoil(path: Path, content: bytes = b"and a piece") -> None:
    with path.open("r+b") as file:
        position = path.read_bytes().index(content)
        file.seek(position)
        file.write(bytes(len(content)))


@pytest.mark.parametrize("length", [0, 1, 4096, 2**16 - 300, 2**16, 2**16 + 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_streams_of_any_length(tmp_path, length):
    """A stream comes back whether it is read at one go, or lies apart."""
    stream = os.urandom(length)
    assert bytes(read(write(tmp_path / "entry", Payload(stream, []))).stream) == stream


@pytest.mark.parametrize("length", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 7 * 2**20 + 5])
@pytest.mark.parametrize("blake3", [False, True])
def test_buffers_of_any_length(tmp_path, monkeypatch, length, blake3):
    """A buffer comes back whole, whichever of the two hashes covers it."""
    monkeypatch.setattr(chunks, "has_blake3", lambda: blake3)
    buffer = os.urandom(length)
    path = write(tmp_path / "entry", Payload(b"stream", [memoryview(buffer)]))
    found = read(path)
    assert bytes(found.buffers[0]) == buffer
    assert bool(found.flags & layout.BLAKE3) is blake3


def test_digest_is_of_the_chunks_digests():
    """The digest of a buffer is the hash of the hashes of its pieces of 1 MiB: part of the format."""
    pieces = [LONG[start : start + 2**20] for start in range(0, len(LONG), 2**20)]
    expected = hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).digest()
    assert chunks.digests([LONG, b""], blake3=False) == [expected, hashlib.sha256(b"").digest()]


def test_memory_is_private_writable_and_aligned(long_entry):
    """What is read may be written to, is the reader's own, and is aligned for any kind of number."""
    numpy = pytest.importorskip("numpy")
    first, second = read(long_entry).buffers, read(long_entry).buffers
    assert not first[0].readonly
    assert first[1].readonly
    first[0][:3] = b"\0\0\0"
    assert bytes(second[0][:3]) == LONG[:3]
    assert bytes(read(long_entry).buffers[0]) == LONG
    for buffer in (*first, *second):
        assert numpy.frombuffer(buffer, numpy.uint8).ctypes.data % 64 == 0


def test_memory_is_not_shared_with_forked_children():
    """What a forked child writes into it stays with the child."""
    memory = allocate(8 << 20)
    child = os.fork()
    if child == 0:
        memory[0] = 1
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert memory[0] == 0


def test_a_long_entry_changed_anywhere_is_a_miss(long_entry):
    """Every part of a large buffer is covered."""
    whole = long_entry.read_bytes()
    found = entry.facts(whole[:128], len(whole))
    rows = entry.rows(whole[found.table_start : found.signed_end], found, len(whole))
    for row in rows:
        for position in (row.start, row.start + row.length // 2, row.start + row.length - 1):
            spoilt = bytearray(whole)
            spoilt[position] ^= 1
            long_entry.write_bytes(spoilt)
            assert read(long_entry) is None
    long_entry.write_bytes(whole)
    assert read(long_entry) is not None


def test_facts_without_buffers(long_entry):
    """Asking whether an entry is there reads what is signed, not the large buffers."""
    spoil(long_entry)
    fd = os.open(long_entry, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        assert read_facts(fd, size, KEY, RING, time.time(), None).seconds == 2.5
        assert read_facts(fd, size, KEY, RING, time.time(), 0.5) is None
        assert read_facts(fd, size, bytes(16), RING, time.time(), None) is None
        assert read_metadata(fd, size) == {"x": 1}
    finally:
        os.close(fd)
    assert read(long_entry) is None


def test_a_descriptor_that_cannot_be_read(tmp_path):
    """A folder, or a descriptor for writing only, is a miss and no exception."""
    for fd in (os.open(tmp_path, os.O_RDONLY), os.open(tmp_path / "new", os.O_WRONLY | os.O_CREAT)):
        try:
            assert read_entry(fd, os.fstat(fd), KEY, RING, 0.0, None) is None
            for size in (200, 1 << 20):
                assert read_facts(fd, size, KEY, RING, 0.0, None) is None
                assert read_metadata(fd, size) is None
        finally:
            os.close(fd)


def test_a_file_cut_while_it_is_read(long_entry):
    """A file that ends before its status says so is a miss."""
    with long_entry.open("r+b") as file:
        status = os.fstat(file.fileno())
        file.truncate(status.st_size // 2)
        assert read_entry(file.fileno(), status, KEY, RING, time.time(), None) is None


def test_no_second_thread(long_entry, monkeypatch):
    """Where no thread can be started, one does the work alone."""

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert bytes(read(long_entry).buffers[0]) == LONG


def test_an_error_in_the_second_thread_is_an_error(monkeypatch):
    """What fails in the helping thread fails the whole, and no thread is left."""
    before = threading.active_count()
    monkeypatch.setattr(chunks, "_cpu_count", lambda: 2)
    here = threading.current_thread()
    met = threading.Barrier(2)

    def work(indexes) -> bool:
        next(indexes)
        met.wait()
        if threading.current_thread() is not here:
            raise OSError("the disk is gone")
        return True

    with pytest.raises(OSError, match="the disk is gone"):
        chunks._share(work, range(8))
    assert threading.active_count() == before


def test_blake3_is_not_installed_here(long_entry, monkeypatch):
    """An entry that needs a library which is not there is a miss."""
    genuine = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "blake3":
            raise ImportError(name)
        return genuine(name, *args, **kwargs)

    assert read(long_entry).flags & layout.BLAKE3
    monkeypatch.setattr(builtins, "__import__", without)
    assert read(long_entry) is None


def test_mmap(long_entry):
    """A mapped entry is not hashed, and what is written to it reaches neither the file nor another reader."""
    found = read(long_entry, mmap=True)
    found.buffers[0][:3] = b"\0\0\0"
    assert found.buffers[1].readonly
    assert bytes(read(long_entry, mmap=True).buffers[0]) == LONG
    spoil(long_entry)
    assert read(long_entry) is None
    assert read(long_entry, mmap=True) is not None


def test_mmap_still_checks_what_is_unpickled(long_entry):
    """The stream of a mapped entry is copied and verified as always."""
    spoil(long_entry, b"stream")
    assert read(long_entry, mmap=True) is None


def test_mmap_of_compressed_buffers(tmp_path):
    """Compressed buffers cannot be mapped: they are read, hashed and expanded."""
    tmp_path.chmod(0o700)
    path = write(tmp_path / "entry", Payload(b"s", [memoryview(bytes(200_000))], compress=True))
    assert bytes(read(path, mmap=True).buffers[0]) == bytes(200_000)


def test_trust_unchanged(long_entry, settled):
    """What was hashed once is not hashed again while the file is the same; after any write it is."""
    counted = CountHashing()
    with counted:
        read(long_entry, trust_unchanged=True)
        assert counted.calls == 2
        found = read(long_entry, trust_unchanged=True)
        assert counted.calls == 2
        assert bytes(found.buffers[0]) == LONG
        read(long_entry)
        assert counted.calls == 4
    spoil(long_entry)
    assert read(long_entry, trust_unchanged=True) is None


def test_our_own_touch_is_no_change(long_entry, settled):
    """Setting the file's times ourselves does not make it unknown, somebody else's doing so does."""
    counted = CountHashing()
    with counted:
        read(long_entry, trust_unchanged=True)
        before = long_entry.stat()
        os.utime(long_entry)
        note_touch(before, long_entry.stat())
        read(long_entry, trust_unchanged=True)
        assert counted.calls == 2
        long_entry.chmod(0o400)
        long_entry.chmod(0o600)
        read(long_entry, trust_unchanged=True)
        assert counted.calls == 4


def test_a_touch_of_what_is_not_known(long_entry, settled):
    """A touch makes nothing trusted that was not verified, nor what was changed before it."""
    before = long_entry.stat()
    note_touch(before, before)
    read(long_entry, trust_unchanged=True)
    spoil(long_entry)
    before = long_entry.stat()
    os.utime(long_entry)
    note_touch(before, long_entry.stat())
    assert read(long_entry, trust_unchanged=True) is None


def test_a_file_just_written_is_not_trusted_yet(long_entry, monkeypatch):
    """Within the clock's grain of its last change, a file is not remembered."""
    monkeypatch.setattr(trust, "_SETTLED_NS", 3600 * 10**9)
    counted = CountHashing()
    with counted:
        read(long_entry, trust_unchanged=True)
        read(long_entry, trust_unchanged=True)
        assert counted.calls == 4


def test_memory_of_files_is_bounded(monkeypatch, settled, tmp_path):
    """However many files are read, only so many are remembered."""
    monkeypatch.setattr(trust, "_MOST", 3)
    for number in range(10):
        path = tmp_path / str(number)
        path.touch()
        trust.remember(path.stat(), bytes(32))
        assert trust.is_unchanged(path.stat(), bytes(32))
        assert not trust.is_unchanged(path.stat(), b"x" * 32)
        assert len(trust._verified) <= 3


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o620, 0o700), (0o602, 0o700), (0o600, 0o770), (0o600, 0o707)])
def test_trust_is_refused_where_others_can_write(long_entry, settled, file_mode, folder_mode):
    """Where anybody else could write, mapped and known files are read and hashed like any other."""
    read(long_entry, trust_unchanged=True)
    spoil(long_entry)
    long_entry.chmod(file_mode)
    long_entry.parent.chmod(folder_mode)
    assert read(long_entry, mmap=True) is None
    assert read(long_entry, trust_unchanged=True) is None


def test_trust_is_refused_for_another_users_file(long_entry, monkeypatch):
    """Another user's file is not mapped."""
    spoil(long_entry)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert read(long_entry, mmap=True) is None


class CountHashing:
    """Counts the large buffers that are hashed while they are read."""

    calls = 0

    def __enter__(self) -> None:
        self.genuine = chunks.fill
        chunks.fill = self.fill

    def __exit__(self, *_: object) -> None:
        chunks.fill = self.genuine

    def fill(self, *args: object, **kwargs: object) -> bytes | None:
        self.calls += 1
        return self.genuine(*args, **kwargs)
