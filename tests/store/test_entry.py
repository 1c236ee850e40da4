"""The bytes of an entry: whatever is wrong with them is None."""

from __future__ import annotations

import math
import os
import pickle
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brinery._store import layout
from brinery._store.entry import compression
from brinery._store.entry import encoding as entry
from brinery._store.entry.encoding import Payload, encode, facts, metadata
from brinery._store.entry.reading import Verified, read_entry, read_facts, read_metadata
from brinery._store.layout import HEAD, MAGIC, SIGNED_FROM
from brinery._store.results.payload import Codec
from brinery._store.signing.signer import Keyring, Signer

KEY = bytes(range(16))
SIGNER = Signer(b"s" * 32)
RING = Keyring(SIGNER)
NOW = 1_800_000_000.0


def laid_out(payload: Payload, signer: Signer = SIGNER, **changes) -> bytes:
    options = {"created": NOW - 10, "expires": math.inf, "seconds": 2.5, "metadata": b'{"x": 1}'} | changes
    return b"".join(encode(KEY, payload, signer=signer, **options))


def small() -> bytes:
    return laid_out(Payload(pickle.dumps({"answer": 42}), []))


def with_buffers() -> bytes:
    # Short ones, which `Codec` would leave in the stream: every bit of the file is going to be flipped.
    return laid_out(
        Payload(b"stream", [memoryview(b"first buffer"), memoryview(bytearray(b"")), memoryview(b"3" * 70)])
    )


def read(data: bytes, folder: Path, *, now: float = NOW, ttl: float | None = None, **options) -> Verified | None:
    path = folder / "entry"
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    try:
        status = os.fstat(fd)
        found = read_entry(fd, status, KEY, RING, now, ttl, **options)
        signed = read_facts(fd, status.st_size, KEY, RING, now, ttl)
        if found is not None:
            assert signed is not None
        read_metadata(fd, status.st_size)
        facts(data[: HEAD.size], len(data))
        return found
    finally:
        os.close(fd)


def contents(found: Verified | None):
    return (
        None if found is None else (bytes(found.stream), [bytes(b) for b in found.buffers], found.flags, found.seconds)
    )


def test_round_trip(tmp_path):
    """What is encoded comes back."""
    assert contents(read(small(), tmp_path)) == (pickle.dumps({"answer": 42}), [], 0, 2.5)
    found = read(with_buffers(), tmp_path)
    assert bytes(found.stream) == b"stream"
    assert [bytes(buffer) for buffer in found.buffers] == [b"first buffer", b"", b"3" * 70]
    assert [buffer.readonly for buffer in found.buffers] == [True, False, True]


def test_the_head():
    """The head tells people's tools what they ask for, and takes 128 bytes."""
    found = facts(small()[:128], len(small()))
    assert HEAD.size == 128
    assert found.magic == MAGIC == b"brinery\x01"
    assert (found.key, found.secret_id) == (KEY, SIGNER.secret_id)
    assert (found.created, found.expires, found.seconds, found.flags) == (NOW - 10, math.inf, 2.5, 0)
    assert metadata(small()[-found.metadata_length :], found) == {"x": 1}


def test_a_small_entry_is_one_part():
    """A small entry is written at one go; larger buffers are not copied."""
    assert len(encode(KEY, Payload(b"", []), created=0, expires=1, seconds=0, metadata=b"{}", signer=SIGNER)) == 1
    buffer = memoryview(bytes(100_000))
    parts = encode(KEY, Payload(b"", [buffer]), created=0, expires=1, seconds=0, metadata=b"{}", signer=SIGNER)
    assert any(part is buffer for part in parts)


def test_buffers_are_aligned():
    """Every buffer starts at a multiple of 64 bytes of the file."""
    data = with_buffers()
    assert data.index(b"first buffer") % 64 == 0
    assert data.index(b"3" * 70) % 64 == 0


@pytest.mark.parametrize("make", [small, with_buffers])
def test_cut_short_or_longer(tmp_path, make):
    """A file of any other length is a miss."""
    data = make()
    for length in range(len(data)):
        assert read(data[:length], tmp_path) is None
    assert read(data + b"\0", tmp_path) is None
    assert read(data + data, tmp_path) is None


@pytest.mark.parametrize("make", [small, with_buffers])
def test_every_flipped_bit(tmp_path, make):
    """A flipped bit is a miss, or, in the metadata, no metadata, or, in the padding, without any effect at all."""
    data = make()
    found = facts(data[:128], len(data))
    expected = contents(read(data, tmp_path))
    metadata_start = len(data) - found.metadata_length
    harmless = 0
    for position in range(len(data)):
        for bit in range(8):
            spoilt = bytearray(data)
            spoilt[position] ^= 1 << bit
            outcome = contents(read(bytes(spoilt), tmp_path))
            if position >= metadata_start:
                assert outcome == expected
                assert metadata(bytes(spoilt[metadata_start:]), found) is None
            elif position >= found.signed_end and outcome is not None:
                assert outcome == expected
                assert data[position] == 0
                harmless += 1
            else:
                assert outcome is None
    assert harmless == 8 * sum(1 for position in range(found.signed_end, metadata_start) if is_padding(data, position))


def is_padding(data: bytes, position: int) -> bool:
    found = facts(data[:128], len(data))
    rows = entry.rows(data[found.table_start : found.signed_end], found, len(data))
    return not any(row.start <= position < row.start + row.length for row in rows)


def test_another_key_is_a_miss(tmp_path):
    """An entry moved under another key's name does not count there."""
    path = tmp_path / "entry"
    path.write_bytes(small())
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        assert read_entry(file.fileno(), status, bytes(16), RING, NOW, None) is None


def test_another_secret_is_a_miss(tmp_path):
    """What somebody else signed is not read; what an older secret of ours signed is."""
    other = Signer(b"o" * 32)
    path = tmp_path / "entry"
    path.write_bytes(laid_out(Payload(b"stream", []), signer=other))
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        for ring, expected in ((RING, False), (Keyring(SIGNER, (other,)), True), (Keyring(other), True)):
            file.seek(0)
            found = read_entry(file.fileno(), status, KEY, ring, NOW, None)
            assert (found is not None) is expected


@pytest.mark.parametrize("payload", [Payload(b"s", []), Payload(b"s", [memoryview(b"b")])])
@pytest.mark.parametrize(
    ("created", "expires", "ttl", "fresh"),
    [
        (NOW, math.inf, None, True),
        (NOW, math.inf, 0.0, False),
        (NOW - 9.5, math.inf, 10.0, True),
        (NOW - 10, math.inf, 10.0, False),
        (NOW - 10, NOW, None, False),
        (NOW - 10, NOW + 1, None, True),
        (NOW - 10, NOW + 1, 5.0, False),
        (NOW + 1, math.inf, None, False),
        (math.nan, math.inf, None, False),
        (NOW, math.nan, None, False),
        (NOW, math.inf, math.nan, False),
        (-math.inf, math.inf, 1.0, False),
    ],
)
def test_freshness(tmp_path, payload, created, expires, ttl, fresh):
    """An entry counts from its creation on until it or the ttl in force ends."""
    data = laid_out(payload, created=created, expires=expires)
    assert (read(data, tmp_path, ttl=ttl) is not None) is fresh


def sign_again(data: bytearray, end: int) -> bytes:
    data[8:40] = SIGNER.sign(bytes(data[SIGNED_FROM:end]))
    return bytes(data)


def test_unknown_flags_are_a_miss(tmp_path):
    """A flag of a later release, though signed, is a miss rather than misread."""
    for flag in (256, 1 << 31):
        data = bytearray(small())
        found = facts(bytes(data[:128]), len(data))
        data[88:92] = flag.to_bytes(4, "little")
        assert read(sign_again(data, found.signed_end), tmp_path) is None


@pytest.mark.parametrize("flag", [layout.COMPRESSED, layout.STREAM_APART, layout.COMPRESSED | layout.STREAM_APART])
def test_signed_nonsense_is_a_miss(tmp_path, flag):
    """Even a signed entry whose flags fit nothing in it is only a miss."""
    data = bytearray(small())
    found = facts(bytes(data[:128]), len(data))
    data[88:92] = flag.to_bytes(4, "little")
    assert read(sign_again(data, found.signed_end), tmp_path) is None


@pytest.mark.parametrize(("start", "length"), [(92, 4), (96, 8), (104, 8)])
@pytest.mark.parametrize("number", [0, 1, 7, 2**20, 2**31, 2**63, 2**64 - 1])
def test_lengths_that_do_not_fit(tmp_path, start, length, number):
    """Wrong counts and lengths are a miss, and make the reader allocate next to nothing."""
    data = bytearray(with_buffers())
    genuine = bytes(data[start : start + length])
    wrong = min(number, 256**length - 1).to_bytes(length, "little")
    data[start : start + length] = wrong
    tracemalloc.start()
    try:
        outcome = read(bytes(data), tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outcome is None or wrong == genuine
    assert peak < 1_000_000


@pytest.mark.parametrize("where", ["stream", "metadata"])
def test_a_huge_planted_file_costs_little(tmp_path, where):
    """A planted file of a terabyte, holes all over, makes the reader neither read nor allocate it."""
    path = tmp_path / "entry"
    size = 1 << 40
    lengths = (size - 128, 0) if where == "stream" else (0, size - 128)
    head = HEAD.pack(MAGIC, bytes(32), KEY, SIGNER.secret_id, NOW, math.inf, 0, 0, 0, *lengths, bytes(16))
    path.write_bytes(head)
    os.truncate(path, size)
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        tracemalloc.start()
        try:
            assert read_entry(file.fileno(), status, KEY, RING, NOW, None) is None
            assert read_facts(file.fileno(), size, KEY, RING, NOW, None) is None
            assert read_metadata(file.fileno(), size) is None
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


class Planted:
    """A pickle of this runs code when it is unpickled."""

    ran = 0

    def __reduce__(self):
        return (_run, ())


def _run():
    Planted.ran += 1


def test_a_planted_pickle_is_never_unpickled(tmp_path):
    """However an attacker without the secret dresses a pickle up, it does not run."""
    evil = pickle.dumps(Planted())
    genuine = small()
    stranger = Signer(b"e" * 32)
    dressed = [
        evil,
        evil.ljust(200, b"."),
        laid_out(Payload(evil, []), signer=stranger),
        genuine[:128] + evil,
        genuine[:128] + evil + genuine[128 + len(evil) :],
    ]
    forged = bytearray(laid_out(Payload(evil, []), signer=stranger))
    forged[56:64] = SIGNER.secret_id  # claims to be signed by us
    dressed.append(bytes(forged))
    codec = Codec("pickle", module="here", home_module="here")
    for data in dressed:
        found = read(data, tmp_path)
        if found is not None:
            codec.loads(found)
        assert found is None
    assert Planted.ran == 0
    found = read(laid_out(Payload(evil, [])), tmp_path)
    codec.loads(found)
    assert Planted.ran == 1  # so that the test above means something


@pytest.mark.parametrize(
    "stored", [b"", b"[]", b"1", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000, b'{"a": 1e999999}', b"null"]
)
def test_metadata_of_any_kind(stored):
    """Metadata is a dict or None, whatever stands there."""
    data = laid_out(Payload(b"", []), metadata=stored)
    found = facts(data[:128], len(data))
    assert metadata(stored, found) in (None, {"a": math.inf})


def test_metadata_beyond_measure(tmp_path):
    """Metadata of more than 1 MiB are left out; the result is kept."""
    data = laid_out(Payload(b"stream", []), metadata=b'{"x": "' + b"x" * 2**20 + b'"}')
    assert read(data, tmp_path).stream == b"stream"
    assert metadata(data[-2:], facts(data[:128], len(data))) == {}


def test_compressed(tmp_path):
    """Compression is undone on reading; what is short or does not shrink is left as it is."""
    noise = os.urandom(300_000)
    stream = b"all work and no play " * 1000
    data = laid_out(Payload(stream, [memoryview(bytes(500_000)), memoryview(noise)], compress=True))
    assert 300_000 < len(data) < 310_000
    found = read(data, tmp_path)
    assert contents(found)[:2] == (stream, [bytes(500_000), noise])
    assert found.flags & layout.COMPRESSED
    assert not read(laid_out(Payload(b"a" * 1000, [], compress=True)), tmp_path).flags & layout.COMPRESSED


def test_the_decompressor_keeps_to_the_signed_length():
    """A frame that holds more, less or something else than was signed is None, and never expanded beyond it."""
    zstd = compression.require()
    bomb = zstd.compress(bytes(100_000_000))
    target = bytearray(1000)
    tracemalloc.start()
    try:
        assert not compression.expand(bomb, target)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    frame = zstd.compress(b"x" * 1000)
    assert compression.expand(frame, target)
    assert target == b"x" * 1000
    for wrong in (b"", b"nonsense", frame[:-1], frame + b"x", frame * 2, zstd.compress(b"x" * 999), zstd.compress(b"")):
        assert not compression.expand(wrong, target)
    assert entry.expand_stream(b"short") is None
    assert entry.expand_stream((1 << 60).to_bytes(8, "little") + frame) is None


def test_long_streams_lie_apart(tmp_path):
    """A long stream comes back whole, from among the buffers, and is always hashed."""
    stream = os.urandom(3_000_000)
    data = laid_out(Payload(stream, [memoryview(b"buffer" * 20_000)]))
    found = read(data, tmp_path)
    assert contents(found)[:2] == (stream, [b"buffer" * 20_000])
    spoilt = bytearray(data)
    spoilt[data.index(stream[-100:]) + 50] ^= 1
    assert read(bytes(spoilt), tmp_path) is None
    assert read(bytes(spoilt), tmp_path, mmap=True) is None
    assert read(bytes(spoilt), tmp_path, trust_unchanged=True) is None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=600))
@example(data=b"")
@example(data=MAGIC)
@example(data=MAGIC + b"\xff" * 120)
@example(data=MAGIC + b"\0" * 120)
def test_any_bytes(tmp_path, data):
    """Any bytes whatever are a miss and no exception."""
    assert read(data, tmp_path) is None


numbers = st.integers(0, 2**64 - 1) | st.integers(0, 1000)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flags=st.integers(0, 255) | st.integers(0, 2**32 - 1),
    buffers=st.integers(0, 2**32 - 1) | st.integers(0, 5),
    stream=numbers,
    beside=numbers,
    created=st.floats(),
    expires=st.floats(),
    rest=st.binary(max_size=500),
    signed=st.booleans(),
)
def test_any_head(tmp_path, flags, buffers, stream, beside, created, expires, rest, signed):
    """Any head, even signed by us, and whatever follows it: a result or a miss, and no exception."""
    data = bytearray(
        HEAD.pack(
            MAGIC, bytes(32), KEY, SIGNER.secret_id, created, expires, 0, flags, buffers, stream, beside, bytes(16)
        )
    )
    data += rest
    end = 128 + stream + buffers * 56
    if signed and end <= len(data):
        sign_again(data, end)
    found = read(bytes(data), tmp_path)
    assert found is None or signed


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), patch=st.binary(min_size=1, max_size=40), cut=st.integers(0, 200))
def test_any_patch(tmp_path, position, patch, cut):
    """A genuine entry with any patch in its signed part is a miss."""
    data = bytearray(with_buffers())
    end = facts(bytes(data[:128]), len(data)).signed_end
    position %= end
    data[position : position + cut] = patch
    found = read(bytes(data), tmp_path)
    assert found is None or bytes(data[:end]) == with_buffers()[:end]


def test_time_is_taken_as_given():
    """Encoding asks no clock: the same in, the same out."""
    assert small() == small()
    assert time.time() != NOW
